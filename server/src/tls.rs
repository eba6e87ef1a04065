//! The server's certificate: one of its own, made once and kept, or the operator's.

use anyhow::{Context, ensure};
use rustls::{
    ServerConfig,
    crypto::ring::default_provider,
    pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject},
    server::NoServerSessionStorage,
    version::TLS13,
};
use sha2::{Digest, Sha256};
use std::{
    fs::{self, File},
    io::{ErrorKind, Write},
    os::unix::fs::OpenOptionsExt,
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

/// The certificate that the server makes for itself, in its data directory,
pub const OWN_CERT: &str = "tls-cert.pem";
/// and its key.
pub const OWN_KEY: &str = "tls-key.pem";

/// Where the certificate comes from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Source {
    /// None is used: TLS is not spoken.
    Off,
    /// The server's own, made on the first start.
    Own,
    /// The operator's files, in PEM.
    Files {
        /// The certificate, and those between it and a root.
        cert: PathBuf,
        /// Its private key.
        key: PathBuf,
    },
}

/// What TLS is spoken with.
#[derive(Clone)]
pub struct Certificate {
    /// For new connections.
    pub config: Arc<ServerConfig>,
    /// SHA-256 of the certificate (DER): what clients pin.
    pub fingerprint: [u8; 32],
    /// It stands alone: nobody else vouches for it, and it is not renewed every few weeks. Such a one is put into links.
    pub stands_alone: bool,
}

impl std::fmt::Debug for Certificate {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Certificate")
            .field("fingerprint", &shared::identity::base64url(&self.fingerprint))
            .finish_non_exhaustive()
    }
}

/// When the operator's files were written, the certificate and its key.
pub type Written = [Option<SystemTime>; 2];

/// To be asked before the files are read: what is written later is seen to be new.
pub fn written(source: &Source) -> Written {
    let time = |path: &Path| fs::metadata(path).and_then(|file| file.modified()).ok();
    match source {
        Source::Files { cert, key } => [time(cert), time(key)],
        Source::Off | Source::Own => [None, None],
    }
}

/// Loads the certificate of a source, or makes the server's own. `None`: TLS is off.
pub fn load(source: &Source, data_dir: &Path) -> anyhow::Result<Option<Certificate>> {
    let (cert, key) = match source {
        Source::Off => return Ok(None),
        Source::Own => {
            let files = (data_dir.join(OWN_CERT), data_dir.join(OWN_KEY));
            if !files.0.exists() {
                make_own(data_dir, &files.0, &files.1).context("the server's own certificate can't be made")?;
            }
            files
        }
        Source::Files { cert, key } => (cert.clone(), key.clone()),
    };
    read(&cert, &key).map(Some)
}

fn read(cert: &Path, key: &Path) -> anyhow::Result<Certificate> {
    let wrong = |path: &Path| format!("the file {} can't be read as PEM", path.display());
    let chain = CertificateDer::pem_file_iter(cert)
        .and_then(Iterator::collect::<Result<Vec<_>, _>>)
        .with_context(|| wrong(cert))?;
    let first = chain.first().with_context(|| format!("{} holds no certificate", cert.display()))?;
    let fingerprint = Sha256::digest(first).into();
    let stands_alone = chain.len() == 1;
    let secret = PrivateKeyDer::from_pem_file(key).with_context(|| wrong(key))?;
    let mut config = ServerConfig::builder_with_provider(Arc::new(default_provider()))
        .with_protocol_versions(&[&TLS13])?
        .with_no_client_auth()
        .with_single_cert(chain, secret)
        .with_context(|| format!("{} and {} do not belong together", cert.display(), key.display()))?;
    // Nothing is kept of a session that is over: a login is bound to its own handshake, and a client has one connection.
    config.session_storage = Arc::new(NoServerSessionStorage {});
    config.send_tls13_tickets = 0;
    Ok(Certificate { config: Arc::new(config), fingerprint, stands_alone })
}

/// Makes a certificate that its clients know by its fingerprint. The key is durable before the certificate is there.
fn make_own(data_dir: &Path, cert: &Path, key: &Path) -> anyhow::Result<()> {
    let rcgen::CertifiedKey { cert: made, signing_key } =
        rcgen::generate_simple_self_signed(vec!["parlor".to_owned(), "localhost".to_owned()])?;
    // A key without a certificate is the rest of a start that did not come to its end.
    match fs::remove_file(key) {
        Err(error) if error.kind() != ErrorKind::NotFound => return Err(error.into()),
        _ => {}
    }
    write_private(key, &signing_key.serialize_pem())?;
    let new = cert.with_extension("new");
    let _ = fs::remove_file(&new);
    write_private(&new, &made.pem())?;
    fs::rename(&new, cert)?;
    File::open(data_dir)?.sync_all()?;
    Ok(())
}

fn write_private(path: &Path, text: &str) -> anyhow::Result<()> {
    ensure!(!text.is_empty(), "nothing to write");
    let mut file = File::options().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(text.as_bytes())?;
    file.sync_all()?;
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::os::unix::fs::PermissionsExt;

    #[test]
    fn the_own_certificate_is_made_once_and_is_private() {
        let directory = tempfile::tempdir().unwrap();
        let load = || load(&Source::Own, directory.path()).unwrap().unwrap().fingerprint;
        let first = load();
        assert_eq!(first, load());
        let mode = fs::metadata(directory.path().join(OWN_KEY)).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o600);
        fs::remove_file(directory.path().join(OWN_CERT)).unwrap();
        assert_ne!(first, load(), "a key alone is not used");
    }

    #[test]
    fn files_that_are_wrong_are_named() {
        let directory = tempfile::tempdir().unwrap();
        load(&Source::Own, directory.path()).unwrap();
        let (cert, key) = (directory.path().join(OWN_CERT), directory.path().join("nothing.pem"));
        let error = load(&Source::Files { cert: cert.clone(), key }, directory.path()).unwrap_err();
        assert!(format!("{error:#}").contains("nothing.pem"), "{error:#}");
        let error = load(&Source::Files { cert: cert.clone(), key: cert }, directory.path()).unwrap_err();
        assert!(format!("{error:#}").contains(OWN_CERT), "{error:#}");
    }
}
