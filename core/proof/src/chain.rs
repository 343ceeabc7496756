//! Chains: each link covers the one before, so that nothing can be taken out, put in or reordered
//! without changing every later link.

use crate::digest::{sha256, sha256_of};
use kabao_base::Id;
use ring::hmac;

/// The link before the first entry of an account's history: SHA-256("kabao-history-1" ‖ 16 bytes
/// of the account id).
pub fn genesis(account_id: &Id) -> [u8; 32] {
    sha256_of(&[b"kabao-history-1", account_id.as_bytes()])
}

/// The next link of a history: SHA-256(prev ‖ SHA-256(body)).
pub fn next_hash(prev: &[u8; 32], body: &[u8]) -> [u8; 32] {
    sha256_of(&[prev, &sha256(body)])
}

/// The link after all of `bodies`, from `prev` on.
pub fn fold<'a>(prev: &[u8; 32], bodies: impl IntoIterator<Item = &'a [u8]>) -> [u8; 32] {
    bodies.into_iter().fold(*prev, |link, body| next_hash(&link, body))
}

/// The link before the first event of the phone's own event table: HMAC-SHA256(key, "kabao-events-0").
pub fn event_genesis(key: &[u8; 32]) -> [u8; 32] {
    tag(key, &[b"kabao-events-0"])
}

/// The link of event number `seq`: HMAC-SHA256(key, "kabao-events-1" ‖ prev ‖ seq (8 bytes,
/// big-endian) ‖ SHA-256(body)). Without the key nobody can continue or repair the chain.
pub fn mac(key: &[u8; 32], prev: &[u8; 32], seq: u64, body: &[u8]) -> [u8; 32] {
    tag(key, &[b"kabao-events-1", prev, &seq.to_be_bytes(), &sha256(body)])
}

/// Whether two links are the same; takes the same time wherever they differ.
pub fn same(left: &[u8; 32], right: &[u8; 32]) -> bool {
    left.iter().zip(right).fold(0u8, |differ, (one, other)| differ | (one ^ other)) == 0
}

fn tag(key: &[u8; 32], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    for part in parts {
        context.update(part);
    }
    let mut out = [0u8; 32];
    for (slot, byte) in out.iter_mut().zip(context.sign().as_ref()) {
        *slot = *byte;
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::hex;
    use std::collections::HashSet;

    #[test]
    fn links_are_what_the_contract_says() {
        let id = Id::from_bytes([0xab; 16]);
        let start = genesis(&id);
        assert_eq!(start, sha256(&[&b"kabao-history-1"[..], &[0xab; 16]].concat()));
        assert_eq!(next_hash(&start, b"one"), sha256(&[start, sha256(b"one")].concat()));
        assert_eq!(fold(&start, [&b"one"[..], b"two"]), next_hash(&next_hash(&start, b"one"), b"two"));
    }

    #[test]
    fn the_mac_is_an_hmac() {
        // The layout of the message is written out here a second time.
        let key = hmac::Key::new(hmac::HMAC_SHA256, &[3; 32]);
        let message = [&b"kabao-events-1"[..], &[1; 32], &7u64.to_be_bytes(), &sha256(b"body")].concat();
        assert_eq!(hex(&mac(&[3; 32], &[1; 32], 7, b"body")), hex(hmac::sign(&key, &message).as_ref()));
    }

    #[test]
    fn every_input_counts() {
        let links = [
            mac(&[0; 32], &[0; 32], 0, b""),
            mac(&[1; 32], &[0; 32], 0, b""),
            mac(&[0; 32], &[1; 32], 0, b""),
            mac(&[0; 32], &[0; 32], 1, b""),
            mac(&[0; 32], &[0; 32], 0, b"x"),
            event_genesis(&[0; 32]),
            next_hash(&[0; 32], b""),
            next_hash(&[1; 32], b""),
            next_hash(&[0; 32], b"x"),
        ];
        assert_eq!(links.iter().collect::<HashSet<_>>().len(), links.len());
        let mut other = links[0];
        other[31] ^= 1;
        assert!(same(&links[0], &links[0].clone()) && !same(&links[0], &other));
    }
}
