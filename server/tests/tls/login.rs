//! Logins inside TLS: a signature is good for one connection, and only for its two ends.

use crate::common::{
    Client, Server,
    secure::{Secure, login},
    stream::Stream,
};
use rustls::{
    ServerConfig, ServerConnection, StreamOwned,
    crypto::ring::default_provider,
    pki_types::{PrivateKeyDer, PrivatePkcs8KeyDer},
};
use serde_json::{Value, json};
use shared::{
    classic::GREETING,
    identity::{EXPORTER_BYTES, EXPORTER_LABEL, Identity, base64url},
};
use std::{
    io::{BufRead, BufReader, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    sync::Arc,
    thread,
    time::{Duration, Instant},
};

fn key(byte: u8) -> Identity {
    Identity::from_secret(&[byte; 32])
}

fn refused(answer: &Value) -> &str {
    assert_eq!(answer["success"], false, "{answer}");
    answer["code"].as_str().unwrap()
}

#[test]
fn people_talk_whether_inside_tls_or_not() {
    let server = Server::start();
    let (mut ann, mut bob) = (Secure::member(server.address, "ann", "#r"), server.member("bob", "#r"));
    for n in 1..=20 {
        ann.send(&json!({"type": "broadcast", "room": "#r", "id": format!("a{n}"), "msg": "through TLS"}));
        bob.send(&json!({"type": "broadcast", "room": "#r", "id": format!("b{n}"), "msg": "as it is"}));
        ann.expect("ack");
        bob.expect("ack");
    }
    ann.send(&json!({"type": "history", "room": "#r", "limit": 200}));
    assert_eq!(ann.expect("history")["entries"].as_array().unwrap().len(), 40);
}

#[test]
fn the_silent_are_greeted_inside_tls_after_half_a_second() {
    let server = Server::start();
    let mut silent = Secure::connect(server.address);
    let start = Instant::now();
    let greeting = silent.bytes_within(Duration::from_secs(5));
    let waited = start.elapsed();
    assert_eq!(String::from_utf8(greeting).unwrap(), GREETING);
    assert!((Duration::from_millis(400)..Duration::from_secs(3)).contains(&waited), "{waited:?}");
    silent.send_bytes(json!({"type": "login", "msg": "silent"}).to_string().as_bytes());
    let answer = String::from_utf8(silent.bytes_within(Duration::from_secs(5))).unwrap();
    assert!(answer.contains("\"success\":true") || answer.contains("\"success\": true"), "{answer}");
}

#[test]
fn a_key_logs_in_when_it_signs_for_this_connection() {
    let server = Server::start();
    let mut first = Secure::connect(server.address);
    let (challenge, exporter) = (first.hello()["challenge"].clone(), first.exporter());
    let answer = first.log_in("ann", &key(1), &challenge, &exporter);
    assert_eq!((&answer["success"], &answer["claimed"]), (&json!(true), &json!(true)), "{answer}");
    // She is the same person outside of TLS, too.
    let answer = server.connect_plainly().log_in("ann", &key(1));
    assert_eq!(answer["success"], true, "{answer}");
}

#[test]
fn a_signature_for_no_connection_or_for_another_one_is_refused() {
    let server = Server::start();
    let (mut mine, mut other) = (Secure::connect(server.address), Secure::connect(server.address));
    let (challenge, strange) = (mine.hello()["challenge"].clone(), other.hello()["challenge"].clone());
    let (exporter, foreign) = (mine.exporter(), other.exporter());
    assert_ne!((&challenge, exporter), (&strange, foreign));
    for (challenge, exporter) in [
        (&challenge, &[][..]),
        (&challenge, &foreign[..]),
        (&challenge, &[0; EXPORTER_BYTES][..]),
        (&strange, &exporter[..]),
        (&strange, &foreign[..]),
    ] {
        let answer = mine.log_in("ann", &key(1), challenge, exporter);
        assert_eq!(refused(&answer), "bad_signature");
    }
    // Nor is a signature with an exporter good where there is no TLS.
    let mut plain = server.connect_plainly();
    let welcome = plain.hello();
    plain.send(&login("ann", &key(1), &welcome["challenge"], &exporter));
    assert_eq!(refused(&plain.expect("login")), "bad_signature");
    // None of it has claimed the nickname or used up the challenge.
    assert_eq!(mine.log_in("ann", &key(1), &challenge, &exporter)["success"], true);
}

#[test]
fn a_login_that_was_heard_is_good_for_no_second_connection() {
    let server = Server::start();
    let mut first = Secure::connect(server.address);
    let (challenge, exporter) = (first.hello()["challenge"].clone(), first.exporter());
    let heard = login("ann", &key(1), &challenge, &exporter);
    first.send(&heard);
    assert_eq!(first.expect("login")["success"], true);
    let mut second = Secure::connect(server.address);
    second.hello();
    second.send(&heard);
    assert_eq!(refused(&second.expect("login")), "bad_signature");
    let mut plain = server.connect_plainly();
    plain.hello();
    plain.send(&heard);
    assert_eq!(refused(&plain.expect("login")), "bad_signature");
}

/// Somebody with a certificate of their own who passes on every line, each way, between a victim and the server.
fn man_in_the_middle(server: SocketAddr) -> SocketAddr {
    let rcgen::CertifiedKey { cert, signing_key } =
        rcgen::generate_simple_self_signed(vec!["localhost".to_owned()]).unwrap();
    let secret = PrivateKeyDer::from(PrivatePkcs8KeyDer::from(signing_key.serialize_der()));
    let config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_safe_default_protocol_versions()
        .unwrap()
        .with_no_client_auth()
        .with_single_cert(vec![cert.der().clone()], secret)
        .unwrap();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    thread::spawn(move || {
        let (stream, _) = listener.accept().unwrap();
        let tls = ServerConnection::new(Arc::new(config)).unwrap();
        let mut victim = BufReader::new(StreamOwned::new(tls, stream));
        let mut real = Secure::connect(server);
        loop {
            let mut line = String::new();
            if victim.read_line(&mut line).unwrap_or(0) == 0 {
                return;
            }
            real.send_bytes(line.as_bytes());
            let answer = format!("{}\n", real.next());
            victim.get_mut().write_all(answer.as_bytes()).unwrap();
            victim.get_mut().flush().unwrap();
        }
    });
    address
}

#[test]
fn a_man_in_the_middle_can_not_use_what_he_passes_on() {
    let server = Server::start();
    let mut owner = server.connect_plainly();
    assert_eq!(owner.log_in("ann", &key(1))["success"], true);
    let mut victim = Secure::connect(man_in_the_middle(server.address));
    let challenge = victim.hello()["challenge"].clone();
    let exporter = victim.exporter();
    let answer = victim.log_in("ann", &key(1), &challenge, &exporter);
    assert_eq!(refused(&answer), "bad_signature");
}

#[test]
fn a_signature_is_bound_by_this_label_and_without_a_context() {
    let server = Server::start();
    let mut client = Secure::connect(server.address);
    let challenge = client.hello()["challenge"].clone();
    let export = |client: &Secure, label: &[u8], context| {
        client.tls.conn.export_keying_material([0; EXPORTER_BYTES], label, context).unwrap()
    };
    assert_eq!(EXPORTER_LABEL, b"EXPORTER-parlor-login-v1");
    for (label, context) in [(&b"EXPORTER-Channel-Binding"[..], None), (EXPORTER_LABEL, Some(&b"x"[..]))] {
        let exporter = export(&client, label, context);
        assert_eq!(refused(&client.log_in("ann", &key(1), &challenge, &exporter)), "bad_signature");
    }
    let exporter = export(&client, b"EXPORTER-parlor-login-v1", None);
    assert_eq!(client.log_in("ann", &key(1), &challenge, &exporter)["success"], true);
}

#[test]
fn ten_failed_logins_end_a_connection_cleanly() {
    let server = Server::start();
    let mut client = Secure::connect(server.address);
    let challenge = client.hello()["challenge"].clone();
    for _ in 0..10 {
        client.send(&login("ann", &key(1), &challenge, b""));
    }
    let (events, end) = client.rest();
    assert_eq!(events.len(), 10, "{events:?}");
    assert!(events.iter().all(|event| event["code"] == "bad_signature"), "{events:?}");
    assert_eq!(end, crate::common::secure::End::Clean);
}

#[test]
fn each_connection_has_a_challenge_and_an_exporter_of_its_own() {
    let server = Server::start();
    let mut seen = std::collections::HashSet::new();
    for _ in 0..50 {
        let mut client = Secure::connect(server.address);
        let challenge = client.hello()["challenge"].as_str().unwrap().to_owned();
        assert!(seen.insert(challenge) && seen.insert(base64url(&client.exporter())));
    }
    let stream = TcpStream::connect(server.address).unwrap();
    let mut plain = Client::over(Stream::Plain(stream));
    let welcome = plain.hello();
    plain.send(&plain.stream.keyed_login(&welcome, "ann", &key(1)));
    assert_eq!(plain.expect("login")["success"], true);
}
