//! `[revocation]`.

use crate::config::raw::Section;
use crate::config::{Fault, Revocation, WhenBlind};

/// Reads the section.
pub(super) fn read<'s>(section: &'s Section<'s>) -> Option<Revocation> {
    let when_blind = section.parsed_or("when_blind", WhenBlind::Introspect, when_blind);
    Some(Revocation { when_blind: when_blind? })
}

fn when_blind(text: &str) -> Result<WhenBlind, Fault> {
    match text {
        "introspect" => Ok(WhenBlind::Introspect),
        "refuse" => Ok(WhenBlind::Refuse),
        _ => Err(Fault::new("not a way to go on", r#"take "introspect" or "refuse""#)),
    }
}
