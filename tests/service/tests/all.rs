//! Every test against the service over its wire, in one program: one link, and no core that waits for the last test of a file.
#![allow(missing_docs, clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

mod bank_errs;
mod bank_transfers;
mod builds;
mod cards;
mod claims;
mod closing;
mod codes;
mod common;
mod consents;
mod contacts;
mod day;
mod devices;
mod drawn_out;
mod faces;
mod feeds;
mod forgotten;
mod hostile;
mod limits;
mod locked_pin;
mod numbers;
mod payments;
mod people;
mod pin_resets;
mod put_back;
mod refund_asks;
mod renewal;
mod replacement;
mod secure;
mod sockets;
mod taken;
mod transfers;
mod withdrawals;
