//! Connections that come through a proxy: where they really come from stands before everything else (the PROXY protocol,
//! versions 1 and 2). Only listed proxies are believed, and they must say it.

use super::{Engine, Socket};
use crate::ids::SessionId;
use ppp::{HeaderResult, PartialResult, v1, v2};
use std::net::IpAddr;

/// What the first bytes of a proxy say.
#[derive(Debug, PartialEq, Eq)]
enum Said {
    /// Not enough of them yet.
    Wait,
    /// So many bytes: it comes from there, or from the proxy itself.
    From(usize, Option<IpAddr>),
    /// Something else.
    Nonsense,
}

/// The longest line of version 1, with its end.
const LINE: usize = 107;

fn read(bytes: &[u8]) -> Said {
    // In the middle of an address a line looks wrong that has only not come to its end.
    if bytes.starts_with(b"PROXY ") && !bytes.windows(2).any(|end| end == b"\r\n") {
        return if bytes.len() < LINE { Said::Wait } else { Said::Nonsense };
    }
    match HeaderResult::parse(bytes) {
        HeaderResult::V1(Ok(header)) => {
            let from = match header.addresses {
                v1::Addresses::Unknown => None,
                v1::Addresses::Tcp4(addresses) => Some(addresses.source_address.into()),
                v1::Addresses::Tcp6(addresses) => Some(addresses.source_address.into()),
            };
            Said::From(header.header.len(), from)
        }
        HeaderResult::V2(Ok(header)) => {
            let from = match header.addresses {
                v2::Addresses::IPv4(addresses) => Some(addresses.source_address.into()),
                v2::Addresses::IPv6(addresses) => Some(addresses.source_address.into()),
                v2::Addresses::Unspecified | v2::Addresses::Unix(_) => None,
            };
            Said::From(header.len(), from)
        }
        result if result.is_incomplete() && is_beginning(bytes) => Said::Wait,
        _ => Said::Nonsense,
    }
}

/// True if the bytes may become a header: nobody waits for more of something else.
fn is_beginning(bytes: &[u8]) -> bool {
    const MOST: usize = 1_024;
    let starts = |with: &[u8]| with.starts_with(&bytes[..bytes.len().min(with.len())]);
    bytes.len() < MOST && (starts(b"PROXY ") || starts(v2::PROTOCOL_PREFIX))
}

impl<S: Socket> Engine<S> {
    /// Takes a proxy's header off what was read. False: it is not there yet, or never will be.
    pub(super) fn unwrap_proxy(&mut self, id: SessionId) -> bool {
        let Some(peer) = self.peers.get_mut(id) else { return false };
        if !peer.connection.is_proxied {
            return true;
        }
        match read(&peer.connection.unread) {
            Said::Wait => false,
            Said::Nonsense => {
                self.drop_peer(id, "a proxy that does not say for whom");
                false
            }
            Said::From(length, from) => {
                peer.connection.is_proxied = false;
                peer.connection.unread.drain(..length);
                let address = from.unwrap_or(peer.address);
                self.comes_from(id, address)
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn both_versions_say_where_from() {
        let line = b"PROXY TCP4 192.0.2.7 198.51.100.1 50000 12231\r\n{\"type\"";
        assert_eq!(read(line), Said::From(line.len() - 7, "192.0.2.7".parse().ok()));
        assert_eq!(read(&line[..20]), Said::Wait);
        assert_eq!(read(b"PROXY UNKNOWN\r\nx"), Said::From(15, None));
        let addresses = v2::IPv4::new([192, 0, 2, 7], [198, 51, 100, 1], 50_000, 12_231);
        let header =
            v2::Builder::with_addresses(v2::Version::Two | v2::Command::Proxy, v2::Protocol::Stream, addresses);
        let header = header.build().unwrap();
        assert_eq!(read(&header), Said::From(header.len(), "192.0.2.7".parse().ok()));
        assert_eq!(read(&header[..14]), Said::Wait);
        assert_eq!(read(b"{\"type\":\"hello\"}"), Said::Nonsense);
        assert_eq!(read(&[b'P'; 2_000]), Said::Nonsense);
    }

    #[test]
    fn a_header_may_be_cut_anywhere() {
        let addresses = v2::IPv4::new([192, 0, 2, 7], [198, 51, 100, 1], 50_000, 12_231);
        let header =
            v2::Builder::with_addresses(v2::Version::Two | v2::Command::Proxy, v2::Protocol::Stream, addresses);
        let lines = [
            b"PROXY TCP4 192.0.2.7 198.51.100.1 50000 12231\r\n".to_vec(),
            b"PROXY TCP6 2001:db8::7 2001:db8::1 50000 12231\r\n".to_vec(),
            b"PROXY UNKNOWN\r\n".to_vec(),
            header.build().unwrap(),
        ];
        for whole in lines {
            (0..whole.len()).for_each(|cut| assert_eq!(read(&whole[..cut]), Said::Wait, "{cut} of {whole:?}"));
            assert!(matches!(read(&whole), Said::From(length, _) if length == whole.len()));
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_strange(bytes in prop::collection::vec(any::<u8>(), 0..300), start in 0_usize..3) {
            let all = [[b"PROXY TCP4 ".as_slice(), v2::PROTOCOL_PREFIX, b""][start], &bytes].concat();
            if let Said::From(length, _) = read(&all) {
                prop_assert!(length <= all.len());
            }
        }
    }
}
