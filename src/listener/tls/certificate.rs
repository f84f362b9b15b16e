//! A certificate with its key, from two files.

use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::crypto::aws_lc_rs;
use rustls::pki_types::pem::{self, PemObject};
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::sign::CertifiedKey;
use x509_parser::parse_x509_certificate;

use super::Names;
use crate::clock::Timestamp;
use crate::config::CertificateFiles;

/// A chain that a client can be shown, and what is known of its first certificate.
#[derive(Clone, Debug)]
pub struct Certificate {
    pub(super) key: Arc<CertifiedKey>,
    pub(super) names: Arc<Names>,
    expires: Timestamp,
}

/// Why two files are no certificate with its key.
#[derive(Debug, thiserror::Error)]
pub enum CertificateError {
    /// A file cannot be read.
    #[error("{} cannot be read: {source}", file.display())]
    Unreadable {
        /// The file.
        file: PathBuf,
        /// What the system said.
        source: io::Error,
    },
    /// A file holds something else, or nothing.
    #[error("{} holds no {what} in PEM", file.display())]
    NotThere {
        /// The file.
        file: PathBuf,
        /// What was looked for.
        what: &'static str,
    },
    /// The first certificate is not X.509.
    #[error("the certificate in {} cannot be read", .0.display())]
    Malformed(PathBuf),
    /// The key is of a kind that TLS does not use, or of another certificate.
    #[error("the key in {} does not belong to the certificate in {}: {source}", key.display(), certificate.display())]
    Mismatch {
        /// The file of the key.
        key: PathBuf,
        /// The file of the certificate.
        certificate: PathBuf,
        /// What rustls said.
        source: rustls::Error,
    },
    /// Nobody could ask for it.
    #[error("the certificate in {} names no host, and neither do `names`", .0.display())]
    Nameless(PathBuf),
}

impl Certificate {
    /// Reads both files. Without names in the configuration, those of the certificate count.
    pub fn load(files: &CertificateFiles) -> Result<Self, CertificateError> {
        let (certificate, key) = (read(&files.certificate)?, read(&files.key)?);
        Self::parse(files, &certificate, &key)
    }

    pub(super) fn parse(files: &CertificateFiles, certificate: &[u8], key: &[u8]) -> Result<Self, CertificateError> {
        let chain: Result<Vec<_>, pem::Error> = CertificateDer::pem_slice_iter(certificate).collect();
        let chain = chain.ok().filter(|chain| !chain.is_empty());
        let chain = chain.ok_or_else(|| not_there(&files.certificate, "certificate"))?;
        let key = PrivateKeyDer::from_pem_slice(key).map_err(|_| not_there(&files.key, "private key"))?;
        let (own, expires) = leaf(&chain).ok_or_else(|| CertificateError::Malformed(files.certificate.clone()))?;
        let names = if files.names == Names::default() { own } else { files.names.clone() };
        if names == Names::default() {
            return Err(CertificateError::Nameless(files.certificate.clone()));
        }
        let key = CertifiedKey::from_der(chain, key, &aws_lc_rs::default_provider());
        let key = key.map_err(|source| CertificateError::Mismatch {
            key: files.key.clone(),
            certificate: files.certificate.clone(),
            source,
        })?;
        Ok(Self { key: Arc::new(key), names: Arc::new(names), expires })
    }

    /// When clients stop to accept it.
    #[must_use]
    pub fn expires(&self) -> Timestamp {
        self.expires
    }

    /// The hosts that it stands for.
    #[must_use]
    pub fn names(&self) -> &Names {
        &self.names
    }
}

/// Names and end of the first certificate.
fn leaf(chain: &[CertificateDer<'_>]) -> Option<(Names, Timestamp)> {
    let (_, leaf) = parse_x509_certificate(chain.first()?).ok()?;
    let names = leaf.subject_alternative_name().ok()?;
    let names = names.map_or_else(Names::default, |names| Names::of(&names.value.general_names));
    Some((names, Timestamp(u64::try_from(leaf.validity().not_after.timestamp()).unwrap_or(0))))
}

pub(super) fn read(file: &Path) -> Result<Vec<u8>, CertificateError> {
    std::fs::read(file).map_err(|source| CertificateError::Unreadable { file: file.to_owned(), source })
}

fn not_there(file: &Path, what: &'static str) -> CertificateError {
    CertificateError::NotThere { file: file.to_owned(), what }
}
