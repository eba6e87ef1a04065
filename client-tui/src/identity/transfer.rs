//! A key as a file that travels: an OpenSSH private key (PROTOCOL.key), sealed with a passphrase by bcrypt-pbkdf and
//! AES-256-CTR. `ssh-keygen` reads what is written here, and what it writes is read here.

use super::{Passphrase, Secret, read};
use anyhow::Error;
use shared::identity::Identity;
use ssh_key::{
    Algorithm, Cipher, Error as SshError, Kdf, LineEnding, PrivateKey,
    private::{Ed25519Keypair, Ed25519PrivateKey, KeypairData},
    public::Ed25519PublicKey,
};
use zeroize::Zeroizing;

/// What a file of a private key begins with.
const BEGIN: &[u8] = b"-----BEGIN OPENSSH PRIVATE KEY-----";
/// Rounds of bcrypt-pbkdf for a new file. Each makes guessing dearer; all of them take about half a second.
const ROUNDS: u32 = 64;
/// Rounds of a file that is read, at most: a number out of a damaged file must not keep the person waiting for ever.
const MOST_ROUNDS: u32 = 4096;
/// Bytes of a file, at most. A key is a hundredth of it.
pub const MOST_BYTES: u64 = 65_536;

/// Why a file gives no key.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum KeyFileError {
    /// It is something else.
    #[error("it is no private key as `parlor key export` or `ssh-keygen -t ed25519` writes it")]
    Unknown,
    /// It is the half of a key that everybody may have.
    #[error("it is a public key; the file beside it without .pub is the private one")]
    Public,
    /// It is a key for something else.
    #[error("it is a key of the kind {0}; Parlor's keys are ssh-ed25519")]
    Kind(String),
    /// It is a key of a kind, or sealed in a way, that nobody here has heard of.
    #[error("it is of a kind that is not known here; Parlor's keys are ssh-ed25519")]
    Algorithm,
    /// It is a key whose bytes are not what they should be.
    #[error("it is damaged ({0})")]
    Damaged(String),
    /// Nobody would want to wait for it.
    #[error(
        "to open it takes {0} rounds; up to {MOST_ROUNDS} are done (`ssh-keygen -p -a {ROUNDS} -f FILE` writes it anew)"
    )]
    Rounds(u32),
    /// The passphrase does not open it.
    #[error("the passphrase is wrong, or the file is damaged")]
    Passphrase,
}

/// A key file that has been read.
pub enum KeyFile {
    /// It was not protected: this is the key.
    Open(Secret),
    /// It takes a passphrase.
    Sealed(Sealed),
}

/// A key under a passphrase.
pub struct Sealed(Box<PrivateKey>);

impl KeyFile {
    /// Reads what a file holds.
    pub fn parse(bytes: &[u8]) -> Result<Self, KeyFileError> {
        let bytes = bytes.trim_ascii();
        // What a data directory holds, so that a key that was kept aside comes back the same way.
        if let Ok(secret) = read(bytes) {
            return Ok(Self::Open(secret));
        }
        if !bytes.starts_with(BEGIN) {
            let is_public = [&b"ssh-"[..], b"ecdsa-", b"sk-"].iter().any(|head| bytes.starts_with(head));
            return Err(if is_public { KeyFileError::Public } else { KeyFileError::Unknown });
        }
        let key = PrivateKey::from_openssh(bytes).map_err(|error| match error {
            SshError::AlgorithmUnknown => KeyFileError::Algorithm,
            error => KeyFileError::Damaged(error.to_string()),
        })?;
        if key.algorithm() != Algorithm::Ed25519 {
            return Err(KeyFileError::Kind(key.algorithm().to_string()));
        }
        if key.is_encrypted() { Ok(Self::Sealed(Sealed(key.into()))) } else { secret(&key).map(Self::Open) }
    }
}

impl Sealed {
    /// The key, if this is the passphrase.
    pub fn open(&self, passphrase: &Passphrase) -> Result<Secret, KeyFileError> {
        match self.0.kdf() {
            Kdf::Bcrypt { rounds, .. } if *rounds > MOST_ROUNDS => return Err(KeyFileError::Rounds(*rounds)),
            // The library would take it for a wrong passphrase.
            _ if self.0.cipher() == Cipher::TDesCbc => return Err(KeyFileError::Algorithm),
            _ => {}
        }
        let key = self.0.decrypt(passphrase.as_bytes()).map_err(|error| match error {
            SshError::Crypto => KeyFileError::Passphrase,
            error => KeyFileError::Damaged(error.to_string()),
        })?;
        secret(&key)
    }
}

/// The secret half; the file says the public one as well, and they must belong together.
fn secret(key: &PrivateKey) -> Result<Secret, KeyFileError> {
    let pair = key.key_data().ed25519().ok_or(KeyFileError::Unknown)?;
    let secret = Secret::new(pair.private.to_bytes());
    if Identity::from_secret(&secret).public().as_bytes() != pair.public.as_ref() {
        return Err(KeyFileError::Damaged("its halves do not belong together".into()));
    }
    Ok(secret)
}

/// A key as the text of a file, which only the passphrase opens.
pub fn seal(secret: &Secret, passphrase: &Passphrase) -> anyhow::Result<Zeroizing<String>> {
    let mut random = [0; 20];
    getrandom::fill(&mut random)?;
    let (salt, check) = random.split_at(16);
    let public = Identity::from_secret(secret).public();
    let pair =
        Ed25519Keypair { public: Ed25519PublicKey(*public.as_bytes()), private: Ed25519PrivateKey::from_bytes(secret) };
    let key = PrivateKey::new(KeypairData::Ed25519(pair), "parlor").map_err(Error::msg)?;
    let kdf = Kdf::Bcrypt { salt: salt.to_vec(), rounds: ROUNDS };
    let check = u32::from_be_bytes(check.try_into()?);
    let sealed = key.encrypt_with(Cipher::Aes256Ctr, kdf, check, passphrase.as_bytes()).map_err(Error::msg)?;
    sealed.to_openssh(LineEnding::LF).map_err(Error::msg)
}
