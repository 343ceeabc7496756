//! The whole wallet and the whole service in one thread, from one seed: real encrypted files, scripted network, clock
//! and crashes. The same seed gives the same trace, so that what went wrong once can be watched again.

pub mod book;
pub mod console;
pub mod disk;
pub mod host;
pub mod liar;
pub mod net;
pub mod page;
pub mod phone;
pub mod process;
pub mod rollback;
pub mod run;
pub mod storm;
pub mod witness;
pub mod world;

pub use console::Console;
pub use host::SimHost;
pub use liar::Liar;
pub use net::{Came, Meddler, Net, Weather};
pub use phone::Phone;
pub use world::SimWorld;

/// Runs `work` on one thread with a clock that stands still while anything can go on, and jumps when nothing can.
pub fn in_one_thread<T>(work: impl Future<Output = T>) -> std::io::Result<T> {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().start_paused(true).build()?;
    Ok(tokio::task::LocalSet::new().block_on(&runtime, work))
}
