//! Names of roles, permissions, scopes and the like.

use super::Fault;

/// A name that fits in a comma-joined identity header: not empty, no comma, no control character, no space at its ends.
pub(super) fn parse(text: &str) -> Result<String, Fault> {
    if text.is_empty() {
        return Err(Fault::new("an empty name", "write the name or remove it"));
    }
    if text.contains(',') {
        return Err(Fault::new("a name holds no comma", "write a list of names, each in its own quotes"));
    }
    if text.contains(char::is_control) || text.trim() != text {
        return Err(Fault::new("a name holds no control character and no space at its ends", "remove it"));
    }
    Ok(text.to_owned())
}

/// A name for metrics, logs and paths; a letter or digit comes first, so that it is no dot segment.
pub(super) fn parse_label(text: &str) -> Result<String, Fault> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    let begins = text.starts_with(|letter: char| letter.is_ascii_alphanumeric());
    match begins && text.len() <= 64 && text.bytes().all(plain) {
        true => Ok(text.to_owned()),
        false => Err(Fault::new(
            "not a short name of letters, digits, '-', '_' and '.'",
            "take another: it appears in logs and metrics",
        )),
    }
}
