//! A code as a file: SVG, PNG, and a sheet of paper as PDF.

pub mod files;
pub mod font;
pub mod png;
pub mod sheet;
