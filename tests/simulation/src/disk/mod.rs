//! Power that goes, and disks that fail: the wallet's files on a disk that remembers every operation.
//!
//! A flow runs once on a watched folder. Then, for every operation in its journal, the power goes there: the bytes that
//! survive are laid down in a new folder, opened as the app opens them, and judged by what had been answered until then.

pub mod aside;
pub mod book;
pub mod figure;
pub mod io;
pub mod page;
pub mod points;
pub mod strain;
pub mod vault;
pub mod wallet;

pub use figure::Figure;
pub use points::{Point, Points};
