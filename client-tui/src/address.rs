//! Where a server is: `HOST`, `HOST:PORT` or `parlor://HOST:PORT/ROOM`.

use shared::{RoomName, limits::DEFAULT_PORT};
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
}

/// Why an address is refused.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(
    "{0:?} is no address; one looks like chat.example.org, 127.0.0.1:12231, [::1]:12231 or parlor://chat.example.org/room"
)]
pub struct AddressError(String);

impl Address {
    /// Reads an address as people write it.
    pub fn parse(text: &str) -> Result<Self, AddressError> {
        let wrong = || AddressError(text.to_owned());
        let text = text.trim();
        let (place, room) = match text.strip_prefix("parlor://") {
            Some(link) => {
                let link = link.split('?').next().unwrap_or(link);
                let (place, room) = link.split_once('/').unwrap_or((link, ""));
                let room = if room.is_empty() { None } else { Some(RoomName::parse(&format!("#{room}"))) };
                (place, room.transpose().map_err(|_| wrong())?)
            }
            None => (text, None),
        };
        let (host, port) = if let Some(rest) = place.strip_prefix('[') {
            let (host, rest) = rest.split_once(']').ok_or_else(wrong)?;
            (host, rest.strip_prefix(':'))
        } else if place.matches(':').count() > 1 {
            (place, None)
        } else {
            place.split_once(':').map_or((place, None), |(host, port)| (host, Some(port)))
        };
        let port = port.map_or(Ok(DEFAULT_PORT), str::parse).map_err(|_| wrong())?;
        let is_host = |c: char| c.is_alphanumeric() || "-_.:%".contains(c);
        if host.is_empty() || !host.chars().all(is_host) {
            return Err(wrong());
        }
        Ok(Self { host: host.to_owned(), port, room })
    }

    /// True if it names this machine.
    pub fn is_loopback(&self) -> bool {
        self.host == "localhost" || self.host.parse().is_ok_and(|ip: std::net::IpAddr| ip.to_canonical().is_loopback())
    }
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

    #[test]
    fn addresses_as_people_write_them() {
        let parse = |text| Address::parse(text).map(|address| address.to_string());
        assert_eq!(parse("chat.example.org").as_deref(), Ok("chat.example.org:12231"));
        assert_eq!(parse(" 127.0.0.1:99 ").as_deref(), Ok("127.0.0.1:99"));
        assert_eq!(parse("::1").as_deref(), Ok("[::1]:12231"));
        assert_eq!(parse("[::1]:7").as_deref(), Ok("[::1]:7"));
        assert!(parse("").is_err() && parse("a b").is_err() && parse("host:port").is_err());
        let link = Address::parse("parlor://chat.example.org:5/dev?pin=x").unwrap();
        assert_eq!((link.port, link.room.unwrap().as_str()), (5, "#dev"));
    }
}
