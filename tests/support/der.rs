//! The little of DER (X.690) that keys and certificates need.

/// One element: tag, length, content.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut out = vec![tag];
    match content.len() {
        length @ 0..128 => out.push(length as u8),
        length @ 128..256 => out.extend([0x81, length as u8]),
        length => out.extend([0x82, (length >> 8) as u8, length as u8]),
    }
    out.extend(content);
    out
}

/// A SEQUENCE of elements.
pub fn sequence(elements: &[&[u8]]) -> Vec<u8> {
    element(0x30, &elements.concat())
}

/// The contents of the elements in `der`, one after the other, without their tags.
pub fn contents(mut der: &[u8]) -> Vec<&[u8]> {
    let mut found = Vec::new();
    while der.len() > 1 {
        let (start, length) = match der[1] {
            short @ 0..=127 => (2, usize::from(short)),
            0x81 => (3, usize::from(der[2])),
            _ => (4, usize::from(der[2]) << 8 | usize::from(der[3])),
        };
        found.push(&der[start..start + length]);
        der = &der[start + length..];
    }
    found
}

/// The contents of the elements in the SEQUENCE that `der` is.
pub fn members(der: &[u8]) -> Vec<&[u8]> {
    contents(contents(der)[0])
}

/// A positive INTEGER's bytes without its leading zero.
pub fn unsigned(content: &[u8]) -> &[u8] {
    match content {
        [0, rest @ ..] if !rest.is_empty() => rest,
        all => all,
    }
}

/// A self-signed certificate for host names or addresses (a comma between), until then (`YYYYMMDDhhmmssZ`); `sign` signs with the algorithm that `algorithm` names.
pub fn certificate(
    hosts: &str,
    until: &str,
    spki: &[u8],
    algorithm: &[u8],
    sign: impl Fn(&[u8]) -> Vec<u8>,
) -> Vec<u8> {
    let name =
        sequence(&[&element(0x31, &sequence(&[&element(0x06, &[0x55, 4, 3]), &element(0x0c, hosts.as_bytes())]))]);
    let validity = sequence(&[&element(0x17, b"200101000000Z"), &element(0x18, until.as_bytes())]);
    let alternative = |host: &str| match host.parse::<std::net::Ipv4Addr>() {
        Ok(address) => element(0x87, &address.octets()),
        Err(_) => element(0x82, host.as_bytes()),
    };
    let alternatives: Vec<u8> = hosts.split(',').flat_map(alternative).collect();
    let extension = sequence(&[&element(0x06, &[0x55, 0x1d, 0x11]), &element(0x04, &sequence(&[&alternatives]))]);
    let extensions = element(0xa3, &sequence(&[&extension]));
    let version = element(0xa0, &element(0x02, &[2]));
    let serial = element(0x02, &[1]);
    let body = sequence(&[&version, &serial, algorithm, &name, &validity, &name, spki, &extensions]);
    let mut signature = vec![0];
    signature.extend(sign(&body));
    sequence(&[&body, algorithm, &element(0x03, &signature)])
}

/// `ecdsa-with-SHA256` (RFC 5758 §3.2).
pub fn ecdsa_with_sha256() -> Vec<u8> {
    sequence(&[&element(0x06, &[0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 2])])
}

/// `sha256WithRSAEncryption` (RFC 4055 §5).
pub fn sha256_with_rsa() -> Vec<u8> {
    sequence(&[&element(0x06, &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 11]), &element(0x05, &[])])
}
