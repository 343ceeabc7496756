//! The commands, one file for each.

pub mod check;
pub mod day;
pub mod journey;
pub mod read;
pub mod serve;
pub mod show;
pub mod verify;
pub mod wallet;
