//! TLS to a server, and whether it is the one that it was before.
//!
//! A certificate that is pinned must be that very one. Otherwise a public authority may vouch for it; and one that
//! nobody vouches for is taken at the first connection, and pinned.

use super::trust::Known;
use rustls::{
    CertificateError, ClientConfig, DigitallySignedStruct, Error, InvalidMessage, SignatureScheme,
    client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier},
    crypto::{CryptoProvider, ring::default_provider, verify_tls12_signature, verify_tls13_signature},
    pki_types::{CertificateDer, ServerName, UnixTime},
    version::TLS13,
};
use rustls_platform_verifier::Verifier;
use sha2::{Digest, Sha256};
use shared::identity::{EXPORTER_BYTES, EXPORTER_LABEL, Pin};
use std::{
    io,
    sync::{Arc, Mutex},
};
use tokio::net::TcpStream;
use tokio_rustls::{TlsConnector, client::TlsStream};

/// What a certificate turned out to be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Verdict {
    /// It is what was expected, or may be.
    Fits(Known),
    /// It is another one than before.
    Changed(Pin),
    /// A public authority's, and not good for this: why.
    Bad(String),
}

/// A TLS connection.
pub(super) struct Secured {
    pub(super) stream: TlsStream<TcpStream>,
    /// What the server is known by from now on.
    pub(super) known: Known,
    /// What logins are bound to.
    pub(super) exporter: [u8; EXPORTER_BYTES],
}

/// Why there is none.
#[derive(Debug)]
pub(super) enum Refused {
    /// The certificate is not the one that is expected.
    Changed(Pin),
    /// Something else; what.
    Failed(String),
}

/// Makes a connection secure. `known`: what the server has been known by.
pub(super) async fn secure(stream: TcpStream, host: &str, known: Option<Known>) -> Result<Secured, Refused> {
    let failed = |error: &dyn std::fmt::Display| Refused::Failed(error.to_string());
    // A name with a zone, as fe80::1%eth0, is none for TLS.
    let host = host.split('%').next().unwrap_or(host);
    let name = ServerName::try_from(host.to_owned()).map_err(|error| failed(&error))?;
    let provider = Arc::new(default_provider());
    let judge = Arc::new(Judge { provider: provider.clone(), known, verdict: Mutex::new(None) });
    let config = ClientConfig::builder_with_provider(provider)
        // Only there is a login safely bound to its connection (RFC 9266).
        .with_protocol_versions(&[&TLS13])
        .map_err(|error| failed(&error))?
        .dangerous()
        .with_custom_certificate_verifier(judge.clone())
        .with_no_client_auth();
    let result = TlsConnector::from(Arc::new(config)).connect(name, stream).await;
    match (result, judge.verdict()) {
        (_, Some(Verdict::Changed(pin))) => Err(Refused::Changed(pin)),
        (_, Some(Verdict::Bad(reason))) => Err(Refused::Failed(reason)),
        (Ok(stream), Some(Verdict::Fits(known))) => {
            let exporter = stream.get_ref().1.export_keying_material([0; EXPORTER_BYTES], EXPORTER_LABEL, None);
            Ok(Secured { exporter: exporter.map_err(|error| failed(&error))?, stream, known })
        }
        (Ok(_), None) => Err(Refused::Failed("it showed no certificate".into())),
        (Err(error), _) => Err(Refused::Failed(said(&error))),
    }
}

/// An end in the middle of a handshake is what a server without TLS makes of it; one that is full answers without.
fn said(error: &io::Error) -> String {
    let of_tls = error.get_ref().and_then(|inner| inner.downcast_ref::<Error>());
    if let Some(Error::InvalidMessage(InvalidMessage::InvalidContentType)) = of_tls {
        return "it answered without TLS: it is full, or it speaks none".into();
    }
    let is_end = error.kind() == io::ErrorKind::UnexpectedEof || error.kind() == io::ErrorKind::ConnectionReset;
    if is_end { "it closed the connection: it may speak no TLS".into() } else { error.to_string() }
}

/// Judges the certificate that a server shows.
#[derive(Debug)]
struct Judge {
    provider: Arc<CryptoProvider>,
    known: Option<Known>,
    verdict: Mutex<Option<Verdict>>,
}

impl Judge {
    fn verdict(&self) -> Option<Verdict> {
        self.verdict.lock().map_or(None, |verdict| verdict.clone())
    }

    fn judge(&self, pin: Pin, is_vouched_for: impl FnOnce() -> Result<(), Error>) -> Verdict {
        if let Some(known @ Known::Pinned(before)) = self.known {
            return if before == pin { Verdict::Fits(known) } else { Verdict::Changed(pin) };
        }
        match (is_vouched_for(), self.known) {
            (Ok(()), _) => Verdict::Fits(Known::Public(pin)),
            // Whoever can show a public one does not fall back to one that nobody vouches for.
            (Err(_), Some(_)) => Verdict::Changed(pin),
            // Nobody vouches for it, be it that it is its own authority.
            (
                Err(
                    Error::InvalidCertificate(CertificateError::UnknownIssuer | CertificateError::Other(_))
                    | Error::General(_),
                ),
                None,
            ) => Verdict::Fits(Known::Pinned(pin)),
            (Err(error), None) => Verdict::Bad(error.to_string()),
        }
    }
}

impl ServerCertVerifier for Judge {
    fn verify_server_cert(
        &self,
        certificate: &CertificateDer<'_>,
        between: &[CertificateDer<'_>],
        name: &ServerName<'_>,
        stapled: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let pin = Pin::new(Sha256::digest(certificate).into());
        let verdict = self.judge(pin, || {
            // A machine without any roots has nobody who vouches.
            let platform = Verifier::new(self.provider.clone())?;
            platform.verify_server_cert(certificate, between, name, stapled, now).map(|_| ())
        });
        let fits = matches!(verdict, Verdict::Fits(_));
        if let Ok(mut place) = self.verdict.lock() {
            *place = Some(verdict);
        }
        if fits {
            Ok(ServerCertVerified::assertion())
        } else {
            Err(CertificateError::ApplicationVerificationFailure.into())
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls12_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        verify_tls13_signature(message, certificate, signature, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn judge(known: Option<Known>, pin: u8, vouched: Result<(), CertificateError>) -> Verdict {
        let provider = Arc::new(default_provider());
        let judge = Judge { provider, known, verdict: Mutex::new(None) };
        judge.judge(Pin::new([pin; 32]), || vouched.map_err(Error::from))
    }

    #[test]
    fn whom_to_believe() {
        let pin = |byte| Pin::new([byte; 32]);
        let stranger = || Err(CertificateError::UnknownIssuer);
        // The first connection.
        assert_eq!(judge(None, 1, stranger()), Verdict::Fits(Known::Pinned(pin(1))));
        assert_eq!(judge(None, 1, Ok(())), Verdict::Fits(Known::Public(pin(1))));
        assert!(matches!(judge(None, 1, Err(CertificateError::Expired)), Verdict::Bad(_)));
        assert!(matches!(judge(None, 1, Err(CertificateError::NotValidForName)), Verdict::Bad(_)));
        // A later one.
        let pinned = Some(Known::Pinned(pin(1)));
        assert_eq!(judge(pinned, 1, Err(CertificateError::Expired)), Verdict::Fits(Known::Pinned(pin(1))));
        assert_eq!(judge(pinned, 2, Ok(())), Verdict::Changed(pin(2)));
        let public = Some(Known::Public(pin(1)));
        assert_eq!(judge(public, 2, Ok(())), Verdict::Fits(Known::Public(pin(2))));
        assert_eq!(judge(public, 1, stranger()), Verdict::Changed(pin(1)));
    }
}
