//! The figures: that they can be read, that they are right, and that whoever asks for them harms nobody.

use crate::common::{Server, secure::Secure};
use prometheus_parse::{Scrape, Value};
use serde_json::json;
use shared::identity::Identity;
use std::{
    collections::BTreeMap,
    io::{Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    thread,
    time::{Duration, Instant},
};

/// A server with figures, and where they are.
fn server() -> (Server, SocketAddr) {
    let free = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    (Server::start_with(&format!("metrics = \"{free}\"\n")), free)
}

/// What is answered to these bytes: the head and the body.
fn answer(address: SocketAddr, request: &[u8]) -> (String, String) {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
    stream.write_all(request).unwrap();
    let mut said = String::new();
    stream.read_to_string(&mut said).unwrap();
    let (head, body) = said.split_once("\r\n\r\n").expect("a head");
    (head.to_owned(), body.to_owned())
}

fn get(address: SocketAddr, path: &str) -> (String, String) {
    answer(address, format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept: */*\r\n\r\n").as_bytes())
}

fn figures(address: SocketAddr) -> BTreeMap<String, f64> {
    let (head, body) = get(address, "/metrics");
    assert!(head.starts_with("HTTP/1.1 200 "), "{head}");
    let scrape = Scrape::parse(body.lines().map(|line| Ok(line.to_owned()))).unwrap();
    let number = |value: &Value| match value {
        Value::Counter(number) | Value::Gauge(number) | Value::Untyped(number) => *number,
        other => panic!("{other:?}"),
    };
    scrape.samples.iter().map(|sample| (sample.metric.clone(), number(&sample.value))).collect()
}

#[test]
fn the_figures_are_in_the_form_of_open_metrics() {
    let (_server, address) = server();
    let (head, body) = get(address, "/metrics");
    let head = head.to_lowercase();
    assert!(head.contains("content-type: application/openmetrics-text; version=1.0.0; charset=utf-8"), "{head}");
    assert!(head.contains(&format!("content-length: {}", body.len())), "{head}");
    // What the form demands beyond what older readers look at.
    assert!(body.ends_with("\n# EOF\n") && body.matches("# EOF").count() == 1, "{body}");
    let mut family = ("", "");
    let (mut samples, mut families) = (0, 0);
    for line in body.lines().filter(|line| *line != "# EOF") {
        let words: Vec<&str> = line.splitn(4, ' ').collect();
        match words[..] {
            ["#", "TYPE", name, kind] => {
                assert!(["counter", "gauge"].contains(&kind), "{line}");
                family = (name, kind);
                families += 1;
            }
            ["#", "HELP", _, text] => assert!(text.ends_with('.') && !text.trim().is_empty(), "{line}"),
            ["#", "UNIT", name, unit] => assert!(name.ends_with(&format!("_{unit}")), "{line}"),
            [name, value] => {
                let suffix = if family.1 == "counter" { "_total" } else { "" };
                assert_eq!(name, format!("{}{suffix}", family.0), "{line}");
                assert!(name.starts_with("parlor_") && value.parse::<f64>().is_ok_and(|value| value >= 0.0), "{line}");
                samples += 1;
            }
            _ => panic!("{line}"),
        }
    }
    assert_eq!(samples, families);
    assert!(samples > 10, "{body}");
}

#[test]
fn the_figures_are_right() {
    let (server, address) = server();
    let is = |expected: &[(&str, f64)]| {
        let end = Instant::now() + crate::common::DEADLINE;
        loop {
            let now = figures(address);
            let wrong = expected.iter().find(|(name, value)| now.get(*name) != Some(value));
            match wrong {
                None => return now,
                // What is just over is counted a little later.
                Some(_) if Instant::now() < end => thread::sleep(Duration::from_millis(50)),
                Some((name, value)) => panic!("{name} is to be {value}: {now:#?}"),
            }
        }
    };
    is(&[("parlor_connections", 0.0), ("parlor_people", 0.0), ("parlor_entries_total", 0.0)]);
    let (mut ann, mut bob) = (server.connect(), Secure::member(server.address, "bob", "#r"));
    assert_eq!(ann.log_in("ann", &Identity::from_secret(&[1; 32]))["success"], true);
    ann.send(&json!({"type": "join", "room": "#s"}));
    ann.expect("joined");
    for n in 0..3 {
        bob.send(&json!({"type": "broadcast", "room": "#r", "id": format!("m{n}"), "msg": "counted"}));
        bob.expect("ack");
    }
    // The same again is no second entry.
    bob.send(&json!({"type": "broadcast", "room": "#r", "id": "m0", "msg": "counted"}));
    bob.expect("ack");
    let mut carol = server.connect();
    carol.hello();
    carol.send(&json!({"type": "login", "nickname": "ann"}));
    carol.expect("login");
    let expected = [
        ("parlor_connections", 3.0),
        ("parlor_tls_connections", 1.0),
        ("parlor_people", 2.0),
        ("parlor_claims", 1.0),
        ("parlor_rooms", 2.0),
        ("parlor_sanctions", 0.0),
        ("parlor_alert_level", 0.0),
        ("parlor_accepted_total", 3.0),
        ("parlor_refused_total", 0.0),
        ("parlor_logins_total", 2.0),
        ("parlor_failed_logins_total", 1.0),
        ("parlor_entries_total", 3.0),
        ("parlor_slowed_total", 0.0),
        ("parlor_unsent_bytes", 0.0),
    ];
    let before = is(&expected);
    assert!(before["parlor_tails_bytes"] > 100.0 && before["parlor_up_seconds"] < 60.0, "{before:#?}");
    bob.send(&json!({"type": "ping"}));
    bob.expect("pong");
    let after = figures(address);
    for (name, length) in [("received", "{\"type\":\"ping\"}\n".len()), ("sent", "{\"type\":\"pong\"}\n".len())] {
        let name = format!("parlor_{name}_bytes_total");
        #[expect(clippy::cast_precision_loss, reason = "a short line")]
        let expected = before[&name] + length as f64;
        assert!((after[&name] - expected).abs() < 0.5, "{name}: {} before {}", before[&name], after[&name]);
    }
    // Who says goodbye has gone at once; whose connection breaks would be awaited for a while.
    ann.send(&json!({"type": "bye"}));
    ann.rest();
    drop(carol);
    is(&[("parlor_connections", 1.0), ("parlor_people", 1.0), ("parlor_claims", 1.0), ("parlor_accepted_total", 3.0)]);
}

#[test]
fn health_and_what_is_not_there() {
    let (_server, address) = server();
    let (head, body) = get(address, "/health");
    assert!(head.starts_with("HTTP/1.1 200 ") && body == "ok\n", "{head} {body}");
    for path in ["/", "/metric", "/metrics/", "/metricsx", "/healthy", "//", "/../metrics", "*"] {
        let (head, body) = get(address, path);
        assert!(head.starts_with("HTTP/1.1 404 ") && body.contains("/metrics"), "{path}: {head}");
    }
    for method in ["POST /metrics", "PUT /", "DELETE /health", "get /metrics", "OPTIONS *", ""] {
        let (head, _) = answer(address, format!("{method} HTTP/1.1\r\n\r\n").as_bytes());
        assert!(head.starts_with("HTTP/1.1 405 "), "{method}: {head}");
    }
    // A query is no other page for whoever scrapes with one; whatever is answered is an answer.
    let (head, _) = get(address, "/metrics?x=1");
    assert!(head.starts_with("HTTP/1.1 "), "{head}");
}

#[test]
fn slow_and_huge_requests_harm_nobody() {
    let (server, address) = server();
    let before = server.memory("VmRSS");
    let slow: Vec<TcpStream> = (0..200)
        .map(|n| {
            let mut stream = TcpStream::connect(address).unwrap();
            stream.write_all(if n % 2 == 0 { b"GET /metr" } else { b"" }).unwrap();
            stream
        })
        .collect();
    let mut huge = TcpStream::connect(address).unwrap();
    huge.set_write_timeout(Some(Duration::from_secs(5))).unwrap();
    let line = vec![b'x'; 1 << 16];
    for _ in 0..256 {
        if huge.write_all(&line).is_err() {
            break;
        }
    }
    let start = Instant::now();
    assert!(get(address, "/health").0.starts_with("HTTP/1.1 200 "));
    let mut ann = server.member("ann", "#r");
    ann.send(&json!({"type": "broadcast", "room": "#r", "id": "m1", "msg": "undisturbed"}));
    ann.expect("ack");
    assert!(start.elapsed() < Duration::from_secs(2), "{:?}", start.elapsed());
    let grown = server.memory("VmRSS").saturating_sub(before);
    assert!(grown < 8 << 10, "{grown} KiB");
    // They are not waited for any longer than five seconds.
    for mut stream in slow.into_iter().take(4) {
        stream.set_read_timeout(Some(Duration::from_secs(10))).unwrap();
        let ended = stream.read(&mut [0; 64]);
        assert!(
            matches!(ended, Ok(0)) || ended.as_ref().is_err_and(|e| e.kind() == std::io::ErrorKind::ConnectionReset),
            "{ended:?}"
        );
    }
    assert!(start.elapsed() < Duration::from_secs(9), "{:?}", start.elapsed());
}

#[test]
fn a_port_that_is_in_use_is_said() {
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap();
    let directory = tempfile::tempdir().unwrap();
    let config = directory.path().join("config.toml");
    std::fs::write(&config, format!("metrics = \"{address}\"")).unwrap();
    let mut command = crate::common::command(directory.path(), "127.0.0.1:0");
    let output = command.arg("--config").arg(&config).output().unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success() && output.stdout.is_empty(), "it does not start");
    assert!(said.contains(&address.to_string()) && said.contains("metrics"), "{said}");
}
