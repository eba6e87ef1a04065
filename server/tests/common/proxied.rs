//! A server behind a proxy that says where people come from.

use super::{
    Client,
    house::{House, Somebody, identity},
};
use serde_json::{Value, json};

/// Every connection is one of the proxy.
pub struct Proxied(pub House);

impl Proxied {
    pub fn new(config: &str) -> Self {
        let any = r#"["0.0.0.0/0", "::/0"]"#;
        let here = format!("allow_plain = true\nproxies = [\"127.0.0.0/8\"]\n{config}\n[limits]\nexempt = {any}");
        Self(House::new(&here))
    }

    /// Somebody from an address, with the nickname's own key or as a guest; and what their login came to.
    pub fn come(&self, from: &str, nickname: &str, is_keyed: bool) -> (Somebody, Value) {
        let mut client = Client::connect(self.0.server.address);
        let (family, to) = if from.contains(':') { ("TCP6", "::1") } else { ("TCP4", "127.0.0.1") };
        client.send_bytes(format!("PROXY {family} {from} {to} 4000 12231\r\n").as_bytes());
        let key = is_keyed.then(|| identity(nickname));
        Somebody::log_in(client, nickname, key.as_ref(), &json!({}))
    }

    pub fn guest(&self, from: &str, nickname: &str) -> Somebody {
        let (somebody, login) = self.come(from, nickname, false);
        assert_eq!(login["success"], true, "{login}");
        somebody
    }

    /// With what a login is refused.
    pub fn refused(&self, from: &str, nickname: &str, is_keyed: bool) -> String {
        self.come(from, nickname, is_keyed).1["code"].as_str().unwrap_or("none").to_owned()
    }
}
