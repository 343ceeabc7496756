//! The generator for Swift, which can also write the C headers and the module map apart.
fn main() {
    uniffi::uniffi_bindgen_swift();
}
