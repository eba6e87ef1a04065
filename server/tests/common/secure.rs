//! A client inside TLS 1.3. It takes any certificate, and says which one it was shown.

use super::DEADLINE;
use rustls::{
    ClientConfig, ClientConnection, DigitallySignedStruct, Error, SignatureScheme, StreamOwned,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{ring::default_provider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    version::TLS13,
};
use serde_json::{Value, json};
use sha2::{Digest, Sha256};
use shared::identity::{EXPORTER_BYTES, EXPORTER_LABEL, Identity};
use std::{
    io::{ErrorKind, Read, Write},
    net::{Shutdown, SocketAddr, TcpStream},
    sync::Arc,
    time::{Duration, Instant},
};

/// Takes whatever certificate is shown.
#[derive(Debug)]
struct Anybody;

impl ServerCertVerifier for Anybody {
    fn verify_server_cert(
        &self,
        _: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &default_provider().signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &default_provider().signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        default_provider().signature_verification_algorithms.supported_schemes()
    }
}

/// The client's half of TLS, before anything is sent.
pub fn half() -> ClientConnection {
    let config = ClientConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13])
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anybody))
        .with_no_client_auth();
    ClientConnection::new(Arc::new(config), ServerName::try_from("localhost").unwrap()).unwrap()
}

/// What the server said when it ended the connection.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// That it is done.
    Clean,
    /// Nothing.
    Cut,
}

/// A native client inside TLS, over a socket or something that wraps one.
pub struct Secure<S: Read + Write = TcpStream> {
    pub tls: StreamOwned<ClientConnection, S>,
    /// The same socket, for its times and its end.
    pub socket: TcpStream,
    bytes: Vec<u8>,
}

impl Secure {
    /// Connects; the handshake is over.
    pub fn connect(address: SocketAddr) -> Self {
        Self::over(TcpStream::connect(address).unwrap())
    }

    /// The same over a socket that is connected.
    pub fn over(stream: TcpStream) -> Self {
        stream.set_nodelay(true).unwrap();
        let socket = stream.try_clone().unwrap();
        Self::start(half(), stream, socket).expect("a handshake")
    }

    /// A guest who has logged in.
    pub fn guest(address: SocketAddr, nickname: &str) -> Self {
        let mut client = Self::connect(address);
        client.hello();
        client.send(&json!({"type": "login", "nickname": nickname}));
        assert_eq!(client.expect("login")["success"], true);
        client
    }

    /// A guest in a room.
    pub fn member(address: SocketAddr, nickname: &str, room: &str) -> Self {
        let mut client = Self::guest(address, nickname);
        client.send(&json!({"type": "join", "room": room, "last": 0}));
        client.expect("joined");
        client
    }
}

impl<S: Read + Write> Secure<S> {
    /// Brings a handshake to its end.
    pub fn start(mut half: ClientConnection, mut stream: S, socket: TcpStream) -> std::io::Result<Self> {
        socket.set_read_timeout(Some(DEADLINE))?;
        while half.is_handshaking() || half.wants_write() {
            half.complete_io(&mut stream)?;
        }
        Ok(Self { tls: StreamOwned::new(half, stream), socket, bytes: Vec::new() })
    }

    /// What logins on it are bound to.
    pub fn exporter(&self) -> [u8; EXPORTER_BYTES] {
        self.tls.conn.export_keying_material([0; EXPORTER_BYTES], EXPORTER_LABEL, None).unwrap()
    }

    /// SHA-256 of the certificate that it was shown.
    pub fn fingerprint(&self) -> [u8; 32] {
        Sha256::digest(&self.tls.conn.peer_certificates().unwrap()[0]).into()
    }

    pub fn send(&mut self, request: &Value) {
        self.send_bytes(format!("{request}\n").as_bytes());
    }

    pub fn send_all(&mut self, requests: &[Value]) {
        let lines: String = requests.iter().flat_map(|request| [request.to_string(), "\n".to_owned()]).collect();
        self.send_bytes(lines.as_bytes());
    }

    pub fn send_bytes(&mut self, bytes: &[u8]) {
        self.tls.write_all(bytes).unwrap();
        self.tls.flush().unwrap();
    }

    /// Says inside TLS that nothing more comes.
    pub fn close_notify(&mut self) {
        self.tls.conn.send_close_notify();
        self.tls.flush().unwrap();
    }

    /// Ends its half of the socket.
    pub fn shut(&self) {
        self.socket.shutdown(Shutdown::Write).unwrap();
    }

    /// Says hello; gives the welcome.
    pub fn hello(&mut self) -> Value {
        self.send(&json!({"type": "hello", "version": 1}));
        self.expect("welcome")
    }

    /// Logs in with a key, signed for that challenge and that exporter; gives the answer.
    pub fn log_in(&mut self, nickname: &str, identity: &Identity, challenge: &Value, exporter: &[u8]) -> Value {
        self.send(&login(nickname, identity, challenge, exporter));
        self.expect("login")
    }

    /// The next line within `wait`; `Err`: the connection has ended.
    pub fn line_within(&mut self, wait: Duration) -> Result<Option<Value>, End> {
        let end = Instant::now() + wait;
        loop {
            if let Some(at) = self.bytes.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = self.bytes.drain(..=at).collect();
                return Ok(Some(serde_json::from_slice(&line).expect("an object")));
            }
            if self.read_within(end.saturating_duration_since(Instant::now()))? == 0 {
                return Ok(None);
            }
        }
    }

    /// Reads once, as it comes; 0: nothing in time.
    fn read_within(&mut self, wait: Duration) -> Result<usize, End> {
        if wait.is_zero() {
            return Ok(0);
        }
        self.socket.set_read_timeout(Some(wait)).unwrap();
        let mut buffer = vec![0; 65_536];
        match self.tls.read(&mut buffer) {
            Ok(0) => Err(End::Clean),
            Ok(count) => {
                self.bytes.extend_from_slice(&buffer[..count]);
                Ok(count)
            }
            Err(error) if matches!(error.kind(), ErrorKind::WouldBlock | ErrorKind::TimedOut) => Ok(0),
            Err(_) => Err(End::Cut),
        }
    }

    /// The next line.
    pub fn next(&mut self) -> Value {
        self.line_within(DEADLINE).expect("the connection goes on").expect("an event in time")
    }

    /// The next line of that type; what comes before it is passed over.
    pub fn expect(&mut self, kind: &str) -> Value {
        let mut passed = Vec::new();
        loop {
            match self.line_within(DEADLINE) {
                Ok(Some(event)) if event["type"] == kind => return event,
                Ok(Some(event)) => passed.push(event),
                Ok(None) => panic!("no {kind} came, but {:?}", kinds(&passed)),
                Err(end) => panic!("it has ended ({end:?}) without {kind}, but with {:?}", kinds(&passed)),
            }
        }
    }

    /// Everything up to the end of the connection, and how it ended.
    pub fn rest(&mut self) -> (Vec<Value>, End) {
        let mut events = Vec::new();
        loop {
            match self.line_within(DEADLINE) {
                Ok(Some(event)) => events.push(event),
                Ok(None) => panic!("the connection did not end; it said {:?}", kinds(&events)),
                Err(end) => return (events, end),
            }
        }
    }

    /// The bytes of the next text that is no line of its own.
    pub fn bytes_within(&mut self, wait: Duration) -> Vec<u8> {
        if self.bytes.is_empty() {
            let _ = self.read_within(wait);
        }
        std::mem::take(&mut self.bytes)
    }
}

/// The request that logs in with a key, signed for that challenge and that exporter.
pub fn login(nickname: &str, identity: &Identity, challenge: &Value, exporter: &[u8]) -> Value {
    let signature = identity.sign_login(challenge.as_str().unwrap(), exporter, nickname).unwrap().to_string();
    json!({"type": "login", "nickname": nickname, "key": identity.public().to_string(), "signature": signature})
}

/// What events are: some are too long to be shown.
fn kinds(events: &[Value]) -> Vec<&Value> {
    events.iter().map(|event| &event["type"]).collect()
}
