//! The client of the wallet service (docs/service-api): signs every request, believes only signed answers, keeps the
//! key set and the epoch.

mod boxes;
mod client;
mod keys;
mod standing;
mod way;
pub(crate) mod wire;

pub(crate) use client::{Answer, Client, Request, Signer};
pub use way::NetworkState;
