//! Sizes in bytes as people write them: `32KiB`, `10MiB`.

use super::Fault;

/// Reads a number with a unit of 1024; a bare number is bytes.
pub(super) fn parse(text: &str) -> Result<u64, Fault> {
    let digits = text.find(|letter: char| !letter.is_ascii_digit()).unwrap_or(text.len());
    let (number, unit) = text.split_at(digits);
    let factor = match unit.trim_start() {
        "" | "B" => 1,
        "KiB" => 1 << 10,
        "MiB" => 1 << 20,
        "GiB" => 1 << 30,
        _ => return Err(fault()),
    };
    number.parse::<u64>().ok().and_then(|number| number.checked_mul(factor)).ok_or_else(fault)
}

pub(super) fn show(bytes: u64) -> String {
    let units = [(1 << 30, "GiB"), (1 << 20, "MiB"), (1 << 10, "KiB")];
    match units.into_iter().find(|(factor, _)| bytes >= *factor && bytes.is_multiple_of(*factor)) {
        Some((factor, unit)) => format!("{}{unit}", bytes / factor),
        None => bytes.to_string(),
    }
}

fn fault() -> Fault {
    Fault::new("not a size", r#"write bytes as a number, or a whole number of KiB, MiB or GiB, such as "10MiB""#)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_are_read_and_shown() {
        for (text, bytes) in [("32KiB", 32 << 10), ("10MiB", 10 << 20), ("1GiB", 1 << 30), ("1500", 1500)] {
            assert_eq!(parse(text), Ok(bytes));
            assert_eq!(show(bytes), text);
        }
        assert_eq!(parse("10 MiB"), Ok(10 << 20));
        assert_eq!(parse("7B"), Ok(7));
        for text in ["", "MiB", "-1", "1.5MiB", "10MB", "10mib", "99999999999GiB", "+1"] {
            assert!(parse(text).is_err(), "{text}");
        }
    }
}
