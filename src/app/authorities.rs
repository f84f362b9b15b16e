//! Whom upstreams are believed by: the system's authorities, and those that `SSL_CERT_FILE` adds.

use std::fs::File;
use std::io::{self, Write};
use std::os::fd::AsRawFd;
use std::path::Path;

use base64::Engine;
use base64::prelude::BASE64_STANDARD;
use rustix::fs::{MemfdFlags, memfd_create};
use rustls::RootCertStore;
use rustls::pki_types::CertificateDer;
use rustls::pki_types::pem::PemObject;

/// A file in memory with all of them, for as long as it is held: Pingora reads either the system's or one file.
#[derive(Debug)]
pub(super) struct Authorities(File);

impl Authorities {
    /// The system's authorities and those of the file. What is no authority is left out: Pingora would not start.
    pub(super) fn with(file: &Path) -> io::Result<Self> {
        let mut all = File::from(memfd_create("authorities", MemfdFlags::CLOEXEC)?);
        let system = SYSTEM_BUNDLES.iter().find_map(|bundle| std::fs::read(bundle).ok()).unwrap_or_default();
        for pem in [system, std::fs::read(file)?] {
            for certificate in CertificateDer::pem_slice_iter(&pem).flatten() {
                if RootCertStore::empty().add(certificate.clone()).is_ok() {
                    write_pem(&mut all, &certificate)?;
                }
            }
        }
        Ok(Self(all))
    }

    /// Where it can be read in this process.
    pub(super) fn path(&self) -> String {
        format!("/proc/self/fd/{}", self.0.as_raw_fd())
    }
}

fn write_pem(file: &mut File, certificate: &[u8]) -> io::Result<()> {
    let text = BASE64_STANDARD.encode(certificate);
    file.write_all(b"-----BEGIN CERTIFICATE-----\n")?;
    for line in text.as_bytes().chunks(64) {
        file.write_all(line)?;
        file.write_all(b"\n")?;
    }
    file.write_all(b"-----END CERTIFICATE-----\n")
}

const SYSTEM_BUNDLES: [&str; 3] =
    ["/etc/ssl/certs/ca-certificates.crt", "/etc/pki/tls/certs/ca-bundle.crt", "/etc/ssl/cert.pem"];

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_no_authority_is_left_out() {
        let directory = tempfile::tempdir().unwrap();
        let file = directory.path().join("more.pem");
        let mut written = File::create(&file).unwrap();
        write_pem(&mut written, b"not X.509").unwrap();
        written.write_all(b"-----BEGIN PRIVATE KEY-----\nAAAA\n-----END PRIVATE KEY-----\n").unwrap();
        let all = Authorities::with(&file).unwrap();
        let read = std::fs::read(all.path()).unwrap();
        assert!(CertificateDer::pem_slice_iter(&read).all(|read| read.is_ok_and(|one| one.as_ref() != b"not X.509")));
        assert!(Authorities::with(&directory.path().join("none.pem")).is_err());
    }
}
