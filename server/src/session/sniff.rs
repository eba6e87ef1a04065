//! What a connection speaks, by its first bytes.

use shared::{
    classic::{FirstObject, first_object},
    limits,
};

/// What the first bytes say.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Sniff {
    /// Not enough of them yet.
    Wait,
    /// A TLS handshake.
    Tls,
    /// The wire.
    Native,
    /// The PyChatting dialect.
    Classic,
    /// A protocol that is not served here: say this line and close.
    Foreign(&'static str),
}

const IRC: &str = "ERROR :This is a Parlor server; IRC is not served here\r\n";
const HTTP: &str = "HTTP/1.0 400 This is a Parlor server\r\n\r\n";
const FOREIGN: [(&[u8], &str); 6] =
    [(b"NICK ", IRC), (b"USER ", IRC), (b"CAP ", IRC), (b"PASS ", IRC), (b"GET ", HTTP), (b"POST ", HTTP)];

/// Decides by the first bytes; `waited` when the time to say something is over.
pub(crate) fn sniff(bytes: &[u8], waited: bool) -> Sniff {
    match bytes.first() {
        None if waited => Sniff::Classic,
        None => Sniff::Wait,
        Some(0x16) => Sniff::Tls,
        Some(b'{') => match first_object(bytes) {
            FirstObject::Classic => Sniff::Classic,
            FirstObject::Native => Sniff::Native,
            FirstObject::Incomplete if bytes.len() > limits::CLIENT_LINE_BEFORE_LOGIN => Sniff::Native,
            FirstObject::Incomplete => Sniff::Wait,
        },
        Some(_) => {
            if let Some((_, line)) = FOREIGN.iter().find(|(word, _)| bytes.starts_with(word)) {
                return Sniff::Foreign(line);
            }
            let may_become = FOREIGN.iter().any(|(word, _)| word.starts_with(bytes));
            if may_become && !waited { Sniff::Wait } else { Sniff::Classic }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_first_bytes_decide() {
        assert_eq!(sniff(b"", false), Sniff::Wait);
        assert_eq!(sniff(b"", true), Sniff::Classic);
        assert_eq!(sniff(b"\x16\x03", false), Sniff::Tls);
        assert_eq!(sniff(b"{\"type\":\"hello\",\"version\":1}\n", false), Sniff::Native);
        assert_eq!(sniff(b"{\"type\":\"login\",\"msg\":\"bob\"}", false), Sniff::Classic);
        assert_eq!(sniff(b"{\"type\":", true), Sniff::Wait);
        assert_eq!(sniff(b"hello", false), Sniff::Classic);
        assert_eq!(sniff(b"NI", false), Sniff::Wait);
        assert_eq!(sniff(b"NI", true), Sniff::Classic);
        assert_eq!(sniff(b"NICK bob\r\n", false), Sniff::Foreign(IRC));
        assert_eq!(sniff(b"GET / HTTP/1.1", false), Sniff::Foreign(HTTP));
    }
}
