//! What a person does, as data: reading it (`format`, `values`), carrying it out (`run` with the `world` around the
//! wallet), and writing down what came of it (`transcript`).

pub mod books;
pub mod device;
pub mod export;
pub mod format;
pub mod phone;
pub mod run;
pub mod service;
pub mod transcript;
pub mod values;
pub mod watch;
pub mod world;
