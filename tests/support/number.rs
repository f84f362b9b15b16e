//! Whole numbers as big-endian bytes: what a forged signature is computed with.

/// `base ^ exponent mod modulus`, as long as the (odd) modulus.
pub fn mod_pow(base: &[u8], exponent: &[u8], modulus: &[u8]) -> Vec<u8> {
    let n = limbs(modulus);
    let inverse = negated_inverse(n[0]);
    let mut r_squared = vec![0_u32; n.len()];
    r_squared[0] = 1;
    for _ in 0..2 * 32 * n.len() {
        double(&mut r_squared, &n);
    }
    let mut one = vec![0_u32; n.len()];
    one[0] = 1;
    let mut padded = limbs(base);
    padded.resize(n.len(), 0);
    let base = multiply(&padded, &r_squared, &n, inverse);
    let mut result = multiply(&one, &r_squared, &n, inverse);
    for bit in exponent.iter().flat_map(|byte| (0..8).rev().map(move |bit| byte >> bit & 1)) {
        result = multiply(&result, &result, &n, inverse);
        if bit == 1 {
            result = multiply(&result, &base, &n, inverse);
        }
    }
    bytes(&multiply(&result, &one, &n, inverse), modulus.len())
}

/// `left + right`, one byte longer than the longer of the two.
pub fn add(left: &[u8], right: &[u8]) -> Vec<u8> {
    let length = left.len().max(right.len()) + 1;
    let mut carry = 0_u16;
    let mut sum = vec![0_u8; length];
    for index in 0..length {
        let digit = |number: &[u8]| number.iter().rev().nth(index).copied().map_or(0, u16::from);
        carry += digit(left) + digit(right);
        sum[length - 1 - index] = (carry & 0xff) as u8;
        carry >>= 8;
    }
    sum
}

/// `left - right`, as long as `left`, which must not be smaller.
pub fn subtract(left: &[u8], right: &[u8]) -> Vec<u8> {
    let mut difference = left.to_vec();
    let mut borrow = 0_i16;
    for index in 0..left.len() {
        let at = left.len() - 1 - index;
        let digit = i16::from(left[at]) - right.iter().rev().nth(index).copied().map_or(0, i16::from) - borrow;
        borrow = i16::from(digit < 0);
        difference[at] = digit.rem_euclid(256) as u8;
    }
    difference
}

/// The order of P-256 (FIPS 186-4 D.1.2.3).
pub const P256_ORDER: [u8; 32] = [
    0xff, 0xff, 0xff, 0xff, 0x00, 0x00, 0x00, 0x00, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xbc, 0xe6, 0xfa,
    0xad, 0xa7, 0x17, 0x9e, 0x84, 0xf3, 0xb9, 0xca, 0xc2, 0xfc, 0x63, 0x25, 0x51,
];

fn limbs(bytes: &[u8]) -> Vec<u32> {
    bytes.rchunks(4).map(|chunk| chunk.iter().fold(0, |limb, byte| limb << 8 | u32::from(*byte))).collect()
}

fn bytes(limbs: &[u32], length: usize) -> Vec<u8> {
    let all: Vec<u8> = limbs.iter().rev().flat_map(|limb| limb.to_be_bytes()).collect();
    all[all.len() - length..].to_vec()
}

fn negated_inverse(limb: u32) -> u32 {
    let mut inverse = 1_u32;
    for _ in 0..5 {
        inverse = inverse.wrapping_mul(2_u32.wrapping_sub(limb.wrapping_mul(inverse)));
    }
    inverse.wrapping_neg()
}

/// Montgomery multiplication: `left * right / 2^(32 * limbs) mod n`.
fn multiply(left: &[u32], right: &[u32], n: &[u32], inverse: u32) -> Vec<u32> {
    let mut sum = vec![0_u32; n.len() + 2];
    for &digit in right {
        accumulate(&mut sum, left, digit);
        let factor = sum[0].wrapping_mul(inverse);
        accumulate(&mut sum, n, factor);
        sum.remove(0);
        sum.push(0);
    }
    reduce(&mut sum, n);
    sum.truncate(n.len());
    sum
}

fn accumulate(sum: &mut [u32], number: &[u32], factor: u32) {
    let mut carry = 0_u64;
    for (index, limb) in sum.iter_mut().enumerate() {
        let product = number.get(index).map_or(0, |limb| u64::from(*limb) * u64::from(factor));
        carry += u64::from(*limb) + product;
        *limb = carry as u32;
        carry >>= 32;
    }
}

fn double(number: &mut Vec<u32>, n: &[u32]) {
    let mut carry = 0;
    for limb in number.iter_mut() {
        let next = *limb >> 31;
        *limb = *limb << 1 | carry;
        carry = next;
    }
    number.push(carry);
    reduce(number, n);
    number.truncate(n.len());
}

/// Subtracts `n` once if `number` is not smaller.
fn reduce(number: &mut [u32], n: &[u32]) {
    let digit = |index: usize| n.get(index).copied().unwrap_or(0);
    let smaller = (0..number.len()).rev().find(|&index| number[index] != digit(index));
    if smaller.is_some_and(|index| number[index] < digit(index)) {
        return;
    }
    let mut borrow = 0_i64;
    for (index, limb) in number.iter_mut().enumerate() {
        let difference = i64::from(*limb) - i64::from(digit(index)) - borrow;
        borrow = i64::from(difference < 0);
        *limb = difference as u32;
    }
}

#[test]
fn a_power_is_what_pencil_and_paper_say() {
    assert_eq!(mod_pow(&[0, 0, 0, 0, 4], &[13], &[0, 0, 0, 1, 241]), [0, 0, 0, 1, 189]);
    assert_eq!(add(&[0xff], &[1]), [1, 0]);
    assert_eq!(subtract(&[1, 0], &[1]), [0, 0xff]);
}
