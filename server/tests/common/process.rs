//! A server process that may refuse to start, or end by itself: what it says is kept, and it is never waited for without
//! a deadline.

use super::DEADLINE;
use std::{
    fs::File,
    io::{BufRead, BufReader, Read, Seek},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
    sync::mpsc::{Receiver, RecvTimeoutError, channel},
};

/// A server that listens. Killed when it is dropped.
pub struct Process {
    pub address: SocketAddr,
    over: Over,
}

/// How a server ended.
#[derive(Debug)]
pub struct End {
    /// None: by a signal.
    pub code: Option<i32>,
    pub stderr: String,
}

/// A child with what it says.
struct Over {
    child: Child,
    /// Its standard output; it ends when the process does.
    stdout: Receiver<String>,
    stderr: File,
}

impl Process {
    /// Starts one over a directory; `Err`: it ended before it listened.
    pub fn start(directory: &Path, prepare: impl FnOnce(&mut Command)) -> Result<Self, End> {
        let mut command = Command::new(env!("CARGO_BIN_EXE_parlor-server"));
        // No configuration of the person who runs the tests.
        let config = tempfile::NamedTempFile::new().unwrap();
        command.args(["--listen", "127.0.0.1:0", "--data-dir"]).arg(directory).arg("--config").arg(config.path());
        command.env("PARLOR_LOG", "warn");
        prepare(&mut command);
        let stderr = tempfile::tempfile().unwrap();
        let mut child =
            command.stdout(Stdio::piped()).stderr(Stdio::from(stderr.try_clone().unwrap())).spawn().unwrap();
        let lines = BufReader::new(child.stdout.take().unwrap()).lines();
        let (to, stdout) = channel();
        std::thread::spawn(move || lines.map_while(Result::ok).try_for_each(|line| to.send(line)));
        let over = Over { child, stdout, stderr };
        match over.stdout.recv_timeout(DEADLINE) {
            Ok(line) => {
                let address = line.strip_prefix("listening on ").expect("a ready line").parse().unwrap();
                Ok(Self { address, over })
            }
            Err(RecvTimeoutError::Disconnected) => Err(over.end()),
            Err(RecvTimeoutError::Timeout) => panic!("the server neither starts nor ends: {:?}", over.kill()),
        }
    }

    /// Waits until it ends by itself.
    pub fn end(self) -> End {
        self.over.end()
    }

    /// Asks it to end, and waits for it.
    pub fn terminate(self) -> End {
        self.over.signal("-TERM");
        self.over.end()
    }

    /// Ends it the hard way.
    pub fn kill(self) -> End {
        self.over.kill()
    }
}

impl Over {
    fn signal(&self, signal: &str) {
        // Where it has ended already nobody is there to hear it; it is not waited for yet, so the number is its own.
        let _ = Command::new("kill").args([signal, &self.child.id().to_string()]).stderr(Stdio::null()).status();
    }

    fn kill(mut self) -> End {
        let _ = self.child.kill();
        self.end()
    }

    fn end(mut self) -> End {
        loop {
            match self.stdout.recv_timeout(DEADLINE) {
                Ok(_) => {}
                Err(RecvTimeoutError::Disconnected) => break,
                Err(RecvTimeoutError::Timeout) => panic!("the server does not end; it says {}", self.said()),
            }
        }
        let code = self.child.wait().unwrap().code();
        End { code, stderr: self.said() }
    }

    fn said(&mut self) -> String {
        let mut said = Vec::new();
        self.stderr.rewind().unwrap();
        self.stderr.read_to_end(&mut said).unwrap();
        String::from_utf8_lossy(&said).into_owned()
    }
}

impl Drop for Over {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
