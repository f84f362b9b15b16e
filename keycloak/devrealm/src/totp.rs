//! A shared key and an instant into a one-time code (RFC 6238, SHA-1, 6 digits, 30 s).

use aws_lc_rs::hmac;

/// The time steps whose code is `code`, the present one and its neighbours: Keycloak looks one step around.
pub(crate) fn matching_step(key: &str, code: &str, now: i64) -> Option<i64> {
    let present = now.div_euclid(PERIOD_SECONDS);
    (present - 1..=present + 1).find(|step| code_of(key, *step) == code)
}

/// The code that a user's device shows at `now`.
pub(crate) fn code_at(key: &str, now: i64) -> String {
    code_of(key, now.div_euclid(PERIOD_SECONDS))
}

fn code_of(key: &str, step: i64) -> String {
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, key.as_bytes());
    let tag = hmac::sign(&key, &step.to_be_bytes());
    let offset = usize::from(tag.as_ref().last().copied().unwrap_or_default() & 0x0f);
    let window = tag.as_ref().iter().skip(offset).take(4);
    let number = window.fold(0_u32, |number, byte| (number << 8) | u32::from(*byte)) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

const PERIOD_SECONDS: i64 = 30;

#[cfg(test)]
mod tests {
    use super::{code_at, matching_step};

    #[test]
    fn the_codes_are_those_of_rfc_6238_appendix_b() {
        let key = "12345678901234567890";
        assert_eq!(code_at(key, 59), "287082");
        assert_eq!(code_at(key, 1_111_111_109), "081804");
        assert_eq!(code_at(key, 20_000_000_000), "353130");
    }

    #[test]
    fn a_code_is_good_one_step_around_its_own() {
        let code = code_at("key", 900);
        assert_eq!(matching_step("key", &code, 925), Some(30));
        assert_eq!(matching_step("key", &code, 931), Some(30));
        assert_eq!(matching_step("key", &code, 1000), None);
    }
}
