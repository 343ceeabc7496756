//! Whether a point lies on P-256 (SEC 1, section 3.2.2.1). Points are public, so that nothing here
//! hides its timing. The group has prime order: a point on the curve, other than infinity, is valid.

type Number = [u64; 4];

/// p = 2^256 − 2^224 + 2^192 + 2^96 − 1, lowest word first.
const PRIME: Number = [0xffff_ffff_ffff_ffff, 0x0000_0000_ffff_ffff, 0, 0xffff_ffff_0000_0001];
/// The constant b of the curve y² = x³ − 3x + b.
const B: Number = [0x3bce_3c3e_27d2_604b, 0x651d_06b0_cc53_b0f6, 0xb3eb_bd55_7698_86bc, 0x5ac6_35d8_aa3a_93e7];

/// Whether `point` (0x04, then x and y of 32 bytes each) lies on the curve.
pub(crate) fn is_on_p256(point: &[u8; 65]) -> bool {
    let (x, y) = (read(&point[1..33]), read(&point[33..]));
    if point[0] != 4 || !less(&x, &PRIME) || !less(&y, &PRIME) {
        return false;
    }
    let cube = multiply(&multiply(&x, &x), &x);
    let three_x = add(&add(&x, &x), &x);
    // y² + 3x = x³ + b, which needs no subtraction.
    add(&multiply(&y, &y), &three_x) == add(&cube, &B)
}

fn read(bytes: &[u8]) -> Number {
    let mut out = [0u64; 4];
    for (slot, word) in out.iter_mut().rev().zip(bytes.chunks_exact(8)) {
        *slot = word.iter().fold(0, |sum, byte| sum << 8 | u64::from(*byte));
    }
    out
}

fn less(left: &Number, right: &Number) -> bool {
    left.iter().rev().lt(right.iter().rev())
}

/// The sum modulo p of two numbers below p.
fn add(left: &Number, right: &Number) -> Number {
    let mut sum = [0u64; 4];
    let mut carry = false;
    for index in 0..4 {
        let (partial, first) = left[index].overflowing_add(right[index]);
        let (word, second) = partial.overflowing_add(u64::from(carry));
        (sum[index], carry) = (word, first || second);
    }
    if !carry && less(&sum, &PRIME) {
        return sum;
    }
    let mut borrow = false;
    for index in 0..4 {
        let (partial, first) = sum[index].overflowing_sub(PRIME[index]);
        let (word, second) = partial.overflowing_sub(u64::from(borrow));
        (sum[index], borrow) = (word, first || second);
    }
    sum
}

/// The product modulo p, bit by bit: some microseconds, spent once for a key.
fn multiply(left: &Number, right: &Number) -> Number {
    let mut product = [0u64; 4];
    for bit in (0..256).rev() {
        product = add(&product, &product);
        if right[bit / 64] >> (bit % 64) & 1 == 1 {
            product = add(&product, left);
        }
    }
    product
}

#[cfg(test)]
mod tests {
    use super::*;
    use p256::elliptic_curve::sec1::ToSec1Point;

    fn point(scalar: [u8; 32]) -> [u8; 65] {
        let key = p256::SecretKey::from_slice(&scalar).unwrap();
        key.public_key().to_sec1_point(false).as_bytes().try_into().unwrap()
    }

    proptest::proptest! {
        #![proptest_config(proptest::prelude::ProptestConfig::with_cases(64))]
        #[test]
        fn agrees_with_another_implementation(scalar in 1u128.., byte in 1usize..65, flip in 1u8..) {
            let mut bytes = [0u8; 32];
            bytes[8..24].copy_from_slice(&scalar.to_be_bytes());
            let mut good = point(bytes);
            proptest::prop_assert!(is_on_p256(&good));
            good[byte] ^= flip;
            proptest::prop_assert_eq!(is_on_p256(&good), p256::PublicKey::from_sec1_bytes(&good).is_ok());
        }
    }

    #[test]
    fn refuses_what_is_not_a_point() {
        let mut other_form = point([1; 32]);
        other_form[0] = 6;
        assert!(!is_on_p256(&other_form));
        for byte in [0u8, 0xff] {
            let mut filled = [byte; 65];
            filled[0] = 4;
            assert!(!is_on_p256(&filled));
        }
    }
}
