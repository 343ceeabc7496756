//! Merchant codes: reading, judging, naming, and input that nobody should send.

mod bad_input;
mod judging;
mod meaning;
mod reading;
