//! Networks of addresses, as `10.0.0.0/8` (RFC 4632; RFC 4291 for IPv6).

use std::{
    fmt,
    net::{IpAddr, Ipv6Addr},
    str::FromStr,
};

/// A network; a lone address is a network of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Network {
    address: IpAddr,
    prefix: u32,
}

/// Why a text is no network.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0:?} is no network; one looks like 10.0.0.0/8, ::1 or fd00::/8")]
pub struct NetworkError(String);

impl Network {
    /// A network of `prefix` bits; `None` if the address has not so many.
    pub fn new(address: IpAddr, prefix: u32) -> Option<Self> {
        let width = if address.is_ipv4() { 32 } else { 128 };
        (prefix <= width).then_some(Self { address, prefix })
    }

    /// What one household has: an IPv4 address, or a /64 of IPv6.
    pub fn household(address: IpAddr) -> Self {
        match address.to_canonical() {
            IpAddr::V6(address) => {
                let block = Ipv6Addr::from_bits(address.to_bits() >> 64 << 64);
                Self { address: block.into(), prefix: 64 }
            }
            address @ IpAddr::V4(_) => Self { address, prefix: 32 },
        }
    }

    /// True if the address lies in it.
    pub fn contains(&self, address: IpAddr) -> bool {
        let (a, b, width) = match (self.address, address.to_canonical()) {
            (IpAddr::V4(a), IpAddr::V4(b)) => (u128::from(a.to_bits()), u128::from(b.to_bits()), 32),
            (IpAddr::V6(a), IpAddr::V6(b)) => (a.to_bits(), b.to_bits(), 128),
            _ => return false,
        };
        let host_bits = width - self.prefix;
        host_bits >= 128 || a >> host_bits == b >> host_bits
    }
}

impl FromStr for Network {
    type Err = NetworkError;

    fn from_str(text: &str) -> Result<Self, NetworkError> {
        let (address, prefix) = text.split_once('/').map_or((text, None), |(address, prefix)| (address, Some(prefix)));
        let parsed = || {
            let address: IpAddr = address.parse().ok()?;
            let width = if address.is_ipv4() { 32 } else { 128 };
            Self::new(address, prefix.map_or(Some(width), |prefix| prefix.parse().ok())?)
        };
        parsed().ok_or_else(|| NetworkError(text.to_owned()))
    }
}

impl fmt::Display for Network {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.address, self.prefix)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn networks_contain_their_addresses() {
        let network: Network = "127.0.0.0/8".parse().unwrap();
        assert!(network.contains("127.3.2.1".parse().unwrap()));
        assert!(network.contains("::ffff:127.0.0.1".parse().unwrap()));
        assert!(!network.contains("128.0.0.1".parse().unwrap()));
        assert!("fd00::/8".parse::<Network>().unwrap().contains("fd12::1".parse().unwrap()));
        assert!("::/0".parse::<Network>().unwrap().contains("::1".parse().unwrap()));
        let household = Network::household("2001:db8:1:2:3::4".parse().unwrap());
        assert_eq!(household.to_string(), "2001:db8:1:2::/64");
        assert!("10.0.0.0/33".parse::<Network>().is_err());
    }
}
