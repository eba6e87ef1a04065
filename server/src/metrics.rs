//! Figures for Prometheus, and a word on whether the server is well: a listener of its own, which is off by default.

use crate::admin::{Commands, Order, Status, ask};
use prometheus_client::{
    encoding::text::encode,
    metrics::{counter::ConstCounter, gauge::ConstGauge},
    registry::{Registry, Unit},
};
use std::time::Duration;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    time::timeout,
};

/// Bytes of a request, of which the first line is read.
const REQUEST_BYTES: usize = 8 << 10;
/// How long a request may take.
const REQUEST: Duration = Duration::from_secs(5);

/// Answers until the loop has ended.
pub(crate) async fn serve(listener: TcpListener, commands: Commands) {
    loop {
        match listener.accept().await {
            Ok((stream, _)) => {
                let commands = commands.clone();
                tokio::spawn(async move {
                    // Whoever does not read has no figures.
                    let _ = timeout(REQUEST, answer(stream, &commands)).await;
                });
            }
            Err(error) => {
                tracing::warn!(%error, "metrics_accept_failed");
                tokio::time::sleep(REQUEST).await;
            }
        }
    }
}

async fn answer(mut stream: TcpStream, commands: &Commands) -> std::io::Result<()> {
    let mut request = Vec::new();
    while !request.windows(4).any(|end| end == b"\r\n\r\n") && request.len() < REQUEST_BYTES {
        if stream.read_buf(&mut request).await? == 0 {
            break;
        }
    }
    let line = request.split(|byte| *byte == b'\r').next().unwrap_or_default();
    let (code, kind, body) = match line {
        line if line.starts_with(b"GET /metrics ") => match ask(commands, Order::Status).await.status {
            Some(status) => ("200 OK", OPEN_METRICS, text(&status)),
            None => ("503 Service Unavailable", PLAIN, "ending\n".into()),
        },
        // Whoever is answered by the loop is served by it.
        line if line.starts_with(b"GET /health ") => match ask(commands, Order::Status).await.status {
            Some(_) => ("200 OK", PLAIN, "ok\n".into()),
            None => ("503 Service Unavailable", PLAIN, "ending\n".into()),
        },
        line if line.starts_with(b"GET ") => ("404 Not Found", PLAIN, "there are /metrics and /health\n".into()),
        _ => ("405 Method Not Allowed", PLAIN, "only GET is answered\n".into()),
    };
    let head = format!(
        "HTTP/1.1 {code}\r\ncontent-type: {kind}\r\ncontent-length: {}\r\nconnection: close\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).await?;
    stream.write_all(body.as_bytes()).await?;
    stream.shutdown().await
}

const PLAIN: &str = "text/plain; charset=utf-8";
const OPEN_METRICS: &str = "application/openmetrics-text; version=1.0.0; charset=utf-8";

/// The figures as text, in the format of `OpenMetrics`.
pub fn text(status: &Status) -> String {
    let mut registry = Registry::with_prefix("parlor");
    let number = |count: usize| ConstGauge::new(i64::try_from(count).unwrap_or(i64::MAX));
    registry.register("connections", "Connections now", number(status.connections));
    registry.register("tls_connections", "Connections now that speak TLS", number(status.tls));
    registry.register("people", "People that are here now", number(status.people));
    registry.register("claims", "Claimed nicknames", number(status.claims));
    registry.register("rooms", "Rooms", number(status.rooms));
    registry.register("sanctions", "Bans and mutes that are kept", number(status.sanctions));
    registry.register("alert_level", "How careful the server is, from 0 to 3", number(status.alert.into()));
    registry.register_with_unit("unsent", "Answers that are not sent", Unit::Bytes, number(status.unsent_bytes));
    registry.register_with_unit("tails", "The newest entries in memory", Unit::Bytes, number(status.tail_bytes));
    let up = ConstGauge::new(i64::try_from(status.up_s).unwrap_or(i64::MAX));
    registry.register_with_unit("up", "Since the start", Unit::Seconds, up);
    registry.register("accepted", "Connections since the start", ConstCounter::new(status.accepted_total));
    registry.register("refused", "Connections without room since the start", ConstCounter::new(status.refused_total));
    registry.register("logins", "Logins since the start", ConstCounter::new(status.logins_total));
    registry.register("failed_logins", "Failed logins since the start", ConstCounter::new(status.failed_logins_total));
    registry.register("entries", "Entries stored since the start", ConstCounter::new(status.entries_total));
    registry.register("slowed", "Requests refused for being too many", ConstCounter::new(status.slowed_total));
    let (received, sent) = (status.received_bytes_total, status.sent_bytes_total);
    registry.register_with_unit("received", "Read since the start", Unit::Bytes, ConstCounter::new(received));
    registry.register_with_unit("sent", "Written since the start", Unit::Bytes, ConstCounter::new(sent));
    let mut text = String::new();
    // Writing to memory does not fail.
    let _ = encode(&mut text, &registry);
    text
}
