//! Whether clients will take the certificates of `[server.tls]`.

use std::sync::Arc;

use super::{Check, Finding, Remedy, span};
use crate::clock::{Clock, Timestamp};
use crate::config::{CertificateFiles, Server};
use crate::listener::Certificate;

/// One finding a certificate.
#[must_use]
pub fn certificates(server: &Server, clock: &Clock) -> Vec<Finding> {
    let files = server.tls.iter().flat_map(|tls| &tls.certificates);
    files.map(|files| examine(files, clock.wall())).collect()
}

fn examine(files: &CertificateFiles, now: Timestamp) -> Finding {
    let (check, file) = (Check::Certificate, files.certificate.display().to_string());
    let anew =
        || Remedy::advice(format!("write a new certificate to {file}; a gateway that runs takes it up by itself"));
    let loaded = match Certificate::load(files) {
        Ok(loaded) => loaded,
        Err(error) => return Finding::fail(check, error.to_string()).remedy(anew()).about(&Arc::from(file)),
    };
    let name: Arc<str> = loaded.names().iter().next().unwrap_or(&file).into();
    let finding = match loaded.expires().since(now).as_secs() / DAY {
        _ if loaded.expires() <= now => {
            let ago = span(now.since(loaded.expires()).as_secs() / HOUR * HOUR);
            Finding::fail(check, format!("expired {ago} ago: clients refuse it")).remedy(anew())
        }
        days if days < SOON => Finding::warn(check, format!("expires in {}", days_of(days))).remedy(anew()),
        days => Finding::ok(check, format!("good for {}", days_of(days))),
    };
    finding.about(&name)
}

fn days_of(days: u64) -> String {
    match days {
        0 => "less than a day".to_owned(),
        1 => "1 day".to_owned(),
        days => format!("{days} days"),
    }
}

const HOUR: u64 = 3600;
const DAY: u64 = 86400;
/// In days: who renews by machine does so a month before.
const SOON: u64 = 14;
