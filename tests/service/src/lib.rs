//! The reference wallet service: what an app team builds against, and what the tests believe.
//!
//! `http` takes requests and signs answers, `api` reads one path each, `pay` and `codes` move money, `store` is the
//! book, `vault` the PIN vault (a process of its own), `dev` the developer's console, `serve` the listeners,
//! `proxy` signs for tools that cannot, `kit` is a phone for tests and tools.

mod api;
pub mod client;
pub mod builds;
mod claims;
mod closing;
mod freezing;
mod holds;
mod codes;
pub mod config;
mod dev;
mod feeds;
pub mod http;
mod keys;
pub mod kit;
mod listen;
mod number;
mod opened;
mod openapi;
mod pay;
mod pin_reset;
mod proxy;
mod refunds;
pub mod refusal;
mod replace;
mod rules;
mod seal;
mod serve;
mod service;
mod sign_in;
mod store;
mod tell;
mod tls;
pub mod vault;
mod ways;
pub mod wire;
pub mod world;

pub use config::{ServiceConfig, ServiceInfo};
pub use dev::{Acquirer, dev_router};
pub use http::router;
pub use http::wire_fault::{Cut, WireFault};
pub use kabao_outside::World;
pub use openapi::openapi;
pub use proxy::{Proxy, sign_proxy};
pub use serve::{Running, serve};
pub use service::Service;
pub use vault::{VaultConnection, run_vault};
pub use world::RealWorld;
