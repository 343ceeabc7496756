//! The generator for every language: `uniffi-bindgen generate --language kotlin LIBRARY`.
//!
//! It is a program of this workspace so that its version is the one the library was built with.
fn main() {
    uniffi::uniffi_bindgen_main();
}
