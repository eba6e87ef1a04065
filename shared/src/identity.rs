//! A person's Ed25519 key, and what a login signs with it (RFC 8032; strict verification, weak keys refused).

use base64::{Engine, engine::general_purpose::URL_SAFE_NO_PAD};
use ed25519_dalek::{Signature, Signer, SigningKey, VerifyingKey};
use std::fmt;

/// What the bytes of a login begin with.
const CONTEXT: &[u8] = b"parlor-login-v1\0";

/// Bytes of a challenge, of a key, of a secret.
pub const KEY_BYTES: usize = 32;

/// What both ends of a TLS connection derive for a login on it (RFC 8446, section 7.5): without context,
pub const EXPORTER_LABEL: &[u8] = b"EXPORTER-parlor-login-v1";
/// and so many bytes.
pub const EXPORTER_BYTES: usize = 32;

/// `bytes` in base64url without padding (RFC 4648, section 5).
pub fn base64url(bytes: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(bytes)
}

/// True if the text is made of the characters of base64url, and not empty.
pub(crate) fn base64url_is(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
}

/// SHA-256 of a server's certificate (DER): what a client knows the server by. Written as base64url.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Pin([u8; 32]);

impl Pin {
    /// From its 32 bytes.
    pub fn new(bytes: [u8; 32]) -> Self {
        Self(bytes)
    }

    /// From base64url without padding.
    pub fn parse(text: &str) -> Option<Self> {
        from_base64url(text).map(Self)
    }
}

impl fmt::Display for Pin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url(&self.0))
    }
}

fn from_base64url<const N: usize>(text: &str) -> Option<[u8; N]> {
    URL_SAFE_NO_PAD.decode(text).ok()?.try_into().ok()
}

/// The bytes that a login signs: context, challenge, TLS exporter (empty without TLS), nickname as it is sent.
fn login_bytes(challenge: &[u8; KEY_BYTES], exporter: &[u8], nickname: &str) -> Vec<u8> {
    [CONTEXT, challenge, exporter, nickname.as_bytes()].concat()
}

/// The secret half of a person's key.
pub struct Identity(SigningKey);

impl Identity {
    /// The key of 32 random bytes.
    pub fn from_secret(secret: &[u8; KEY_BYTES]) -> Self {
        Self(SigningKey::from_bytes(secret))
    }

    /// The half that is shown.
    pub fn public(&self) -> PublicKey {
        PublicKey(self.0.verifying_key().to_bytes())
    }

    /// Signs a login. `challenge` as the server wrote it; `None` if it is no challenge.
    pub fn sign_login(&self, challenge: &str, exporter: &[u8], nickname: &str) -> Option<LoginSignature> {
        let bytes = login_bytes(&from_base64url(challenge)?, exporter, nickname);
        Some(LoginSignature(Box::new(self.0.sign(&bytes).to_bytes())))
    }
}

impl fmt::Debug for Identity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Identity({})", base64url(&self.public().0))
    }
}

/// The public half of a person's key. May be a weak one; [`PublicKey::verify_login`] refuses those.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct PublicKey([u8; KEY_BYTES]);

impl PublicKey {
    /// From base64url without padding.
    pub fn parse(text: &str) -> Option<Self> {
        from_base64url(text).map(Self)
    }

    /// From its 32 bytes.
    pub fn from_bytes(bytes: [u8; KEY_BYTES]) -> Self {
        Self(bytes)
    }

    /// Its 32 bytes.
    pub fn as_bytes(&self) -> &[u8; KEY_BYTES] {
        &self.0
    }

    /// True if this key signed that login.
    pub fn verify_login(
        &self,
        challenge: &[u8; KEY_BYTES],
        exporter: &[u8],
        nickname: &str,
        signature: &LoginSignature,
    ) -> bool {
        let Ok(key) = VerifyingKey::from_bytes(&self.0) else { return false };
        let bytes = login_bytes(challenge, exporter, nickname);
        !key.is_weak() && key.verify_strict(&bytes, &Signature::from_bytes(&signature.0)).is_ok()
    }
}

impl fmt::Display for PublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url(&self.0))
    }
}

/// An Ed25519 signature over a login.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LoginSignature(Box<[u8; 64]>);

impl LoginSignature {
    /// From base64url without padding.
    pub fn parse(text: &str) -> Option<Self> {
        from_base64url(text).map(Box::new).map(Self)
    }
}

impl fmt::Display for LoginSignature {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&base64url(&*self.0))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_signature_holds_for_its_challenge_exporter_and_nickname_alone() {
        let (identity, challenge) = (Identity::from_secret(&[7; 32]), [9; 32]);
        let signature = identity.sign_login(&base64url(&challenge), b"", "alice").unwrap();
        let verify = |challenge, exporter, name| identity.public().verify_login(challenge, exporter, name, &signature);
        assert!(verify(&challenge, b"", "alice"));
        assert!(!verify(&[8; 32], b"", "alice"));
        assert!(!verify(&challenge, &[1; 32], "alice"));
        assert!(!verify(&challenge, b"", "Alice"));
        assert_eq!(PublicKey::parse(&identity.public().to_string()), Some(identity.public()));
        assert_eq!(LoginSignature::parse(&signature.to_string()), Some(signature));
    }

    #[test]
    fn a_weak_key_signs_nothing() {
        // Under the identity point, R = identity and S = 0 pass lax verification for every message.
        let mut identity_point = [0; 32];
        identity_point[0] = 1;
        let mut forged = [0; 64];
        forged[0] = 1;
        let signature = LoginSignature(Box::new(forged));
        assert!(!PublicKey::from_bytes(identity_point).verify_login(&[9; 32], b"", "alice", &signature));
    }
}
