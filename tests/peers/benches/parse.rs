//! Time for one merchant code of 300 bytes: our reader, and one peer, in the same run.
//!
//!     cargo bench --manifest-path tests/peers/Cargo.toml
//!
//! Ours reads more than the peer (checksum, hidden characters, duplicates); the figure is the ratio of the medians.

use std::hint::black_box;
use std::time::Instant;

const BYTES: usize = 300;
const ROUNDS: usize = 41;
const TIMES: u32 = 2_000;

/// A lawful code of exactly [`BYTES`] ASCII bytes: static, one template, additional data that fills it up.
fn code() -> String {
    let field = |id: &str, value: &str| format!("{id}{:02}{value}", value.len());
    let template = field("00", "app.kabao") + &field("01", "M0001") + &field("02", "A17");
    let head = field("00", "01") + &field("01", "12") + &field("26", &template) + &field("52", "5812") + &field("53", "156")
        + &field("54", "23.50") + &field("58", "CN") + &field("59", "NOODLE HOUSE") + &field("60", "SHANGHAI");
    let mut text = head;
    for id in ["80", "81", "82"] {
        let left = BYTES - 8 - text.len();
        if left > 4 {
            text += &field(id, &"7".repeat((left - 4).min(80)));
        }
    }
    text += "6304";
    let sum = kabao_codes::emv::crc(text.as_bytes());
    text + &format!("{sum:04X}")
}

/// The median time of one call, in nanoseconds.
fn median(mut work: impl FnMut()) -> f64 {
    let mut rounds: Vec<f64> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            (0..TIMES).for_each(|_| work());
            start.elapsed().as_nanos() as f64 / f64::from(TIMES)
        })
        .collect();
    rounds.sort_by(f64::total_cmp);
    rounds[ROUNDS / 2]
}

fn main() {
    let text = code();
    assert_eq!(text.len(), BYTES);
    assert!(kabao_codes::emv::read(&text).is_ok());
    let context = kabao_codes::ReadContext { payer_prefix: Some("97".to_owned()), ..kabao_codes::ReadContext::new("app.kabao") };
    let ours = median(|| drop(black_box(kabao_codes::emv::read(black_box(&text)))));
    let verdict = median(|| drop(black_box(kabao_codes::read(black_box(&text), &context))));
    let theirs = median(|| drop(black_box(promptparse::parse(black_box(&text), true, true))));
    println!("a merchant code of {BYTES} bytes, median of {ROUNDS} x {TIMES}:");
    println!("  promptparse 1.2.0, strict, checksum  {theirs:>8.0} ns");
    println!("  emv::read                            {ours:>8.0} ns   {:.2} x", ours / theirs);
    println!("  read, the whole verdict              {verdict:>8.0} ns   {:.2} x", verdict / theirs);
}
