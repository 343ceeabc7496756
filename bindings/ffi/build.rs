//! Android maps libraries in pages of 16 KiB: the parts of the shared library are aligned to that, on Linux too, so that
//! the alignment can be measured where there is no Android.

fn main() {
    println!("cargo::rerun-if-changed=build.rs");
    if matches!(std::env::var("CARGO_CFG_TARGET_OS").as_deref(), Ok("linux" | "android")) {
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,max-page-size=16384");
        // Half a megabyte of addresses to adjust, packed (Android 11, glibc 2.36).
        println!("cargo::rustc-link-arg-cdylib=-Wl,-z,pack-relative-relocs");
    }
}
