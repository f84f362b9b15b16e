//! The codes of otto's device (RFC 6238): SHA-1, six digits, half a minute.

use std::time::SystemTime;

use aws_lc_rs::hmac;

/// The code that it shows now.
pub fn code() -> String {
    let step = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap().as_secs() / 30;
    let key = hmac::Key::new(hmac::HMAC_SHA1_FOR_LEGACY_USE_ONLY, SECRET);
    let mac = hmac::sign(&key, &step.to_be_bytes());
    let offset = usize::from(mac.as_ref()[19] & 0x0f);
    let number = u32::from_be_bytes(mac.as_ref()[offset..offset + 4].try_into().unwrap()) & 0x7fff_ffff;
    format!("{:06}", number % 1_000_000)
}

/// Otto's key in `keycloak/users.dev.json`.
const SECRET: &[u8] = b"doorward-otp-secret0";
