//! HTTP: one router for phones and tills, signatures both ways, faults on switches.

pub mod auth;
pub mod errors;
pub mod faults;
pub mod outer;
pub mod routes;
pub mod wire_fault;

pub use routes::router;
