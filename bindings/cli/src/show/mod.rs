//! What a person sees on the terminal.

pub mod data;
pub mod fields;
pub mod story;
pub mod table;
pub mod visible;
