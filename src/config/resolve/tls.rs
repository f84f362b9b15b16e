//! `[server.tls]` and every `[[server.tls.sni]]`.

use std::net::SocketAddr;
use std::path::PathBuf;

use super::server::{address, takes};
use crate::clock::Clock;
use crate::config::raw::Section;
use crate::config::{CertificateFiles, Fault, Tls};
use crate::listener::{Certificate, Names};

/// Reads the sections, and the files that they name; nothing at all where there is no TLS.
pub(super) fn read<'s>(section: &'s Section<'s>, others: [Option<SocketAddr>; 2]) -> Option<Option<Tls>> {
    if !section.is_present() {
        return Some(None);
    }
    let listen = section.needed_parsed("listen", r#"write an address such as "0.0.0.0:8443""#, address);
    let taken = |listen| others.into_iter().flatten().any(|other| takes(other, listen) || takes(listen, other));
    if let Some(entry) = section.entry("listen").filter(|_| listen.is_some_and(taken)) {
        entry.complain(Fault::new("two listeners would take one address", "give one of them another port"));
    }
    let more = section.many("sni");
    let mut certificates = vec![certificate(section)];
    certificates.extend(more.iter().map(|section| section.read(certificate)));
    Some(Some(Tls { listen: listen?, certificates: certificates.into_iter().collect::<Option<_>>()? }))
}

fn certificate<'s>(section: &'s Section<'s>) -> Option<CertificateFiles> {
    let file = |text: &str| Ok(PathBuf::from(text));
    let names = section.filled_list("names", name).unwrap_or_default();
    let certificate = section.needed_parsed("certificate", "write the file of the chain, in PEM", file);
    let key = section.needed_parsed("key", "write the file of the private key, in PEM", file);
    let names = Names::parse(names.iter().map(String::as_str))?;
    let files = CertificateFiles { names, certificate: certificate?, key: key? };
    let entry = section.entry("certificate")?;
    match Certificate::load(&files) {
        Ok(certificate) => {
            if certificate.expires() <= Clock::system().wall() {
                entry.warn(Fault::new("the certificate has expired", "clients refuse it; write a new one there"));
            }
            Some(files)
        }
        Err(error) => {
            let remedy = "write a chain with the certificate first, and its key, both in PEM";
            entry.refuse(Fault::new(error.to_string(), remedy))
        }
    }
}

fn name(text: &str) -> Result<String, Fault> {
    let remedy = r#"write it as in "app.example.com" or "*.example.com""#;
    Names::parse([text]).map(|_| text.to_owned()).ok_or_else(|| Fault::new("not a host name", remedy))
}
