//! What a person does, as data: reading it (`format`, `values`), carrying it out (`run` with the `world` around the
//! wallet), and writing down what came of it (`transcript`). The wallet is this program's (`own`) or another's (`told`).

pub mod books;
pub mod device;
pub mod export;
pub mod format;
pub mod own;
pub mod phone;
pub mod relay;
pub mod run;
pub mod service;
pub mod told;
pub mod transcript;
pub mod values;
pub mod watch;
pub mod world;
