//! Which certificate authorities are believed, read once for all who believe them: those of a system
//! are a hundred and more.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;

use rustls::ClientConfig;
use rustls::crypto::{CryptoProvider, aws_lc_rs};
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::{self, PemObject};
use rustls_platform_verifier::Verifier;

/// Which certificate authorities are believed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsRoots {
    /// Those of the operating system.
    Platform,
    /// Those of the operating system and those in a PEM file.
    PlatformAnd {
        /// The file.
        ca_pem: PathBuf,
    },
}

/// Why no engine could be made.
#[derive(Debug, thiserror::Error)]
pub enum EngineError {
    /// The file of authorities could not be read.
    #[error("failed to read the certificate authorities in `{}`", path.display())]
    ReadRoots {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: io::Error,
    },
    /// It is not PEM.
    #[error("failed to parse the certificate authorities in `{}`", path.display())]
    ParseRoots {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: pem::Error,
    },
    /// It holds no certificate.
    #[error("`{}` holds no certificate", path.display())]
    NoRoots {
        /// The file.
        path: PathBuf,
    },
    /// The verifier refused the authorities, or the system has none.
    #[error("failed to set up certificate verification")]
    Verifier(#[source] rustls::Error),
    /// The TLS library refused its own defaults.
    #[error("failed to set up TLS versions")]
    Versions(#[source] rustls::Error),
}

/// Verifies certificates for whoever shares it. Cheap to clone.
#[derive(Clone, Debug)]
pub struct Trust {
    provider: Arc<CryptoProvider>,
    verifier: Arc<Verifier>,
}

impl Trust {
    /// Reads the authorities.
    pub fn new(roots: &TlsRoots) -> Result<Self, EngineError> {
        let provider = Arc::new(aws_lc_rs::default_provider());
        let extra = match roots {
            TlsRoots::Platform => Vec::new(),
            TlsRoots::PlatformAnd { ca_pem } => read_roots(ca_pem)?,
        };
        let verifier = Verifier::new_with_extra_roots(extra, Arc::clone(&provider));
        Ok(Self {
            provider,
            verifier: Arc::new(verifier.map_err(EngineError::Verifier)?),
        })
    }

    /// TLS for a client of HTTP/2 and HTTP/1.1, with sessions of its own.
    pub fn client(&self) -> Result<ClientConfig, EngineError> {
        let verifier = Arc::clone(&self.verifier);
        let mut tls = ClientConfig::builder_with_provider(Arc::clone(&self.provider))
            .with_safe_default_protocol_versions()
            .map_err(EngineError::Versions)?
            .dangerous() // The verifier is the platform's; the name warns of those that are not.
            .with_custom_certificate_verifier(verifier)
            .with_no_client_auth();
        tls.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
        Ok(tls)
    }
}

fn read_roots(path: &PathBuf) -> Result<Vec<CertificateDer<'static>>, EngineError> {
    let bytes = std::fs::read(path).map_err(|source| EngineError::ReadRoots {
        path: path.clone(),
        source,
    })?;
    let roots = CertificateDer::pem_slice_iter(&bytes)
        .collect::<Result<Vec<_>, _>>()
        .map_err(|source| EngineError::ParseRoots {
            path: path.clone(),
            source,
        })?;
    if roots.is_empty() {
        return Err(EngineError::NoRoots { path: path.clone() });
    }
    Ok(roots)
}
