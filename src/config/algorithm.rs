//! Signature algorithms that a token may carry.

use jsonwebtoken::Algorithm;

use super::Fault;

/// Reads the name of an asymmetric algorithm (RFC 7518 §3.1, RFC 8037 §3.1).
pub(super) fn parse(text: &str) -> Result<Algorithm, Fault> {
    match text {
        "RS256" => Ok(Algorithm::RS256),
        "PS256" => Ok(Algorithm::PS256),
        "ES256" => Ok(Algorithm::ES256),
        "ES384" => Ok(Algorithm::ES384),
        "EdDSA" => Ok(Algorithm::EdDSA),
        "none" => Err(refused("a token without a signature proves nothing (RFC 8725 §3.1)")),
        "HS256" | "HS384" | "HS512" => {
            Err(refused("whoever can check a symmetric signature can also make one (RFC 8725 §3.1)"))
        }
        _ => Err(refused("not an algorithm that is accepted")),
    }
}

fn refused(problem: &str) -> Fault {
    Fault::new(problem, "take RS256, PS256, ES256, ES384 or EdDSA")
}
