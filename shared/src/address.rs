//! Where a server is: `HOST`, `HOST:PORT`, or a link `parlor://HOST:PORT/ROOM?pin=…&invite=…`.

use crate::{
    identity::{Pin, base64url_is},
    limits::{self, DEFAULT_PORT},
    room::RoomName,
};
use std::fmt;

/// A server's address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Address {
    /// A name, or an IP address (an IPv6 one without brackets).
    pub host: String,
    /// Its port.
    pub port: u16,
    /// The room that a link names.
    pub room: Option<RoomName>,
    /// The certificate that a link asks for.
    pub pin: Option<Pin>,
    /// What a link lets one in with.
    pub invite: Option<Box<str>>,
}

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no address; one looks like chat.example.org, 127.0.0.1:12231, [::1]:12231 or parlor://chat.example.org/room"
)]
pub struct AddressError(String);

impl Address {
    /// An address without anything that a link adds.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self { host: host.into(), port, room: None, pin: None, invite: None }
    }

    /// Reads an address as people write it.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let text = text.trim();
        let found = match text.strip_prefix("parlor://") {
            Some(link) => Self::of_link(link),
            None => Self::of_place(text),
        };
        found.ok_or_else(|| AddressError(text.to_owned()))
    }

    fn of_link(link: &str) -> Option<Self> {
        let (path, query) = link.split_once('?').unwrap_or((link, ""));
        let (place, room) = path.split_once('/').unwrap_or((path, ""));
        let mut address = Self::of_place(place)?;
        if !room.is_empty() {
            address.room = Some(RoomName::parse(&format!("#{}", percent_decoded(room)?)).ok()?);
        }
        for (key, value) in query.split('&').filter_map(|pair| pair.split_once('=')) {
            match key {
                // A pin that can't be checked is worse than none: it would be taken for one.
                "pin" => address.pin = Some(Pin::parse(value)?),
                "invite" => {
                    let is_token = base64url_is(value) && value.len() <= limits::INVITE;
                    address.invite = Some(Some(value).filter(|_| is_token)?.into());
                }
                _ => {}
            }
        }
        Some(address)
    }

    fn of_place(place: &str) -> Option<Self> {
        let (host, port) = if let Some(rest) = place.strip_prefix('[') {
            let (host, rest) = rest.split_once(']')?;
            (host, rest.strip_prefix(':'))
        } else if place.matches(':').count() > 1 {
            (place, None)
        } else {
            place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port)))
        };
        let port = port.map_or(Some(DEFAULT_PORT), |port| port.parse().ok())?;
        let is_host = |c: char| c.is_alphanumeric() || "-_.:%".contains(c);
        (!host.is_empty() && host.chars().all(is_host)).then(|| Self::new(host, port))
    }

    /// True if it names this machine.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse().is_ok_and(|ip: std::net::IpAddr| ip.to_canonical().is_loopback())
    }

    /// The link that says all of it.
    pub fn link(&self) -> String {
        let room = self.room.as_ref().map_or("", |room| room.as_str().trim_start_matches('#'));
        let pin = self.pin.as_ref().map(|pin| format!("pin={pin}"));
        let invite = self.invite.as_ref().map(|invite| format!("invite={invite}"));
        let query: Vec<String> = pin.into_iter().chain(invite).collect();
        let mark = if query.is_empty() { "" } else { "?" };
        format!("parlor://{self}/{}{mark}{}", percent_encoded(room), query.join("&"))
    }
}

/// What is no unreserved character of RFC 3986 is written by its bytes.
fn percent_encoded(text: &str) -> String {
    let encoded = |byte: u8| match byte {
        b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'-' | b'.' | b'_' | b'~' => char::from(byte).to_string(),
        _ => format!("%{byte:02X}"),
    };
    text.bytes().map(encoded).collect()
}

/// `None` where what stands behind a percent sign is no byte, or the whole no text.
fn percent_decoded(text: &str) -> Option<String> {
    let (mut bytes, mut rest) = (Vec::new(), text.as_bytes());
    while let Some((first, behind)) = rest.split_first() {
        let (byte, behind) = match (first, behind) {
            (b'%', [high, low, behind @ ..]) => {
                let digit = |byte: u8| char::from(byte).to_digit(16).and_then(|digit| u8::try_from(digit).ok());
                (digit(*high)? << 4 | digit(*low)?, behind)
            }
            (b'%', _) => return None,
            (byte, behind) => (*byte, behind),
        };
        bytes.push(byte);
        rest = behind;
    }
    String::from_utf8(bytes).ok()
}

impl fmt::Display for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.host.contains(':') {
            write!(f, "[{}]:{}", self.host, self.port)
        } else {
            write!(f, "{}:{}", self.host, self.port)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[test]
    fn addresses_as_people_write_them() {
        let parse = |text| Address::parse(text).map(|address| address.to_string());
        assert_eq!(parse("chat.example.org").as_deref(), Ok("chat.example.org:12231"));
        assert_eq!(parse(" 127.0.0.1:99 ").as_deref(), Ok("127.0.0.1:99"));
        assert_eq!(parse("::1").as_deref(), Ok("[::1]:12231"));
        assert_eq!(parse("[::1]:7").as_deref(), Ok("[::1]:7"));
        assert!(parse("").is_err() && parse("a b").is_err() && parse("host:port").is_err());
        let link = Address::parse("parlor://chat.example.org:5/dev?more=x").unwrap();
        assert_eq!((link.port, link.room.unwrap().as_str()), (5, "#dev"));
    }

    #[test]
    fn a_link_says_all_and_a_damaged_one_is_refused() {
        let address = Address {
            room: Some(RoomName::parse("#日志").unwrap()),
            pin: Some(Pin::new([7; 32])),
            invite: Some("abc-_9".into()),
            ..Address::new("2001:db8::1", 5)
        };
        let link = address.link();
        assert!(link.starts_with("parlor://[2001:db8::1]:5/%E6%97%A5"), "{link}");
        assert_eq!(Address::parse(&link), Ok(address));
        assert!(Address::parse("parlor://a/b?pin=short").is_err(), "a pin that can't be checked is no pin");
        assert!(Address::parse("parlor://a/b?invite=no%20token").is_err());
        assert!(Address::parse("parlor://a/%E6").is_err());
    }

    proptest! {
        #[test]
        fn no_text_is_too_strange(text in "(parlor://)?\\PC{0,80}") {
            if let Ok(address) = Address::parse(&text) {
                let again = Address::parse(&address.link());
                prop_assert_eq!(again, Ok(address));
            }
        }
    }
}
