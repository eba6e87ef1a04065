//! How long a server takes to be there, with an empty journal and with a long one.

use crate::{Run, sample::Sample, servers, servers::Server, table::Row};
use anyhow::ensure;
use std::{
    io::{BufRead, BufReader, Write},
    net::TcpStream,
    path::Path,
    time::Instant,
};

/// Measures both, each start of the one beside one of the other.
pub(crate) fn measure(server: Server, run: &mut Run) -> anyhow::Result<()> {
    let empty = tempfile::tempdir()?;
    let full = run.archive()?.path().to_owned();
    let (mut with_nothing, mut with_all) = (Sample::default(), Sample::default());
    // The first ones make the tables, and bring what is read into memory.
    start(server, run, empty.path())?;
    start(server, run, &full)?;
    for _ in 0..run.plan.starts {
        with_nothing.push(start(server, run, empty.path())?);
        with_all.push(start(server, run, &full)?);
    }
    for (row, sample) in [(Row::StartEmpty, with_nothing), (Row::StartFull, with_all)] {
        if let Some(figure) = sample.median() {
            run.table.push(row, server, figure);
        }
    }
    Ok(())
}

/// From the start of the process until it welcomes somebody, in milliseconds.
fn start(server: Server, run: &Run, directory: &Path) -> anyhow::Result<f64> {
    let start = Instant::now();
    let (mut child, address) = servers::start(server, run.machine, directory)?;
    let mut stream = TcpStream::connect(address)?;
    stream.write_all(b"{\"type\":\"hello\",\"version\":1}\n")?;
    let mut line = String::new();
    BufReader::new(&stream).read_line(&mut line)?;
    let took = start.elapsed().as_secs_f64() * 1000.0;
    drop(stream);
    servers::stop(&mut child);
    ensure!(line.contains("\"welcome\""), "no welcome but {line}");
    Ok(took)
}
