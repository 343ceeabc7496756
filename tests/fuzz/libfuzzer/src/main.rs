//! libFuzzer calls this with one input after the other; `KABAO_FUZZ_TARGET` names the reader.
#![no_main]

use std::sync::LazyLock;

static TARGET: LazyLock<Option<&kabao_fuzz::Target>> =
    LazyLock::new(|| std::env::var("KABAO_FUZZ_TARGET").ok().and_then(|name| kabao_fuzz::target(&name)));

libfuzzer_sys::fuzz_target!(|data: &[u8]| {
    match *TARGET {
        Some(target) => kabao_fuzz::run_measured(target, data),
        None => {
            eprintln!("KABAO_FUZZ_TARGET names none of: {}", kabao_fuzz::names());
            std::process::exit(2);
        }
    }
});
