//! Compiles SQLite with its encryption layer. One C file, one cipher, no network, nothing taken from the machine.
//!
//! Every define is stated here and none is inherited, because each one is part of what a file on a phone means.

/// SQLite itself: thread-safe, no temporary files, no loadable code, no deprecated interfaces.
const SQLITE: &[(&str, Option<&str>)] = &[
    ("SQLITE_CORE", None),
    ("SQLITE_THREADSAFE", Some("1")),
    // 3 = always in memory: a temporary file would not be encrypted.
    ("SQLITE_TEMP_STORE", Some("3")),
    ("SQLITE_DQS", Some("0")),
    ("SQLITE_DEFAULT_FOREIGN_KEYS", Some("1")),
    // 2 = FULL: NORMAL can lose an acknowledged commit at a power cut.
    ("SQLITE_DEFAULT_WAL_SYNCHRONOUS", Some("2")),
    ("SQLITE_DEFAULT_MEMSTATUS", Some("0")),
    ("SQLITE_ENABLE_API_ARMOR", None),
    ("SQLITE_ENABLE_FTS5", None),
    ("SQLITE_ENABLE_COLUMN_METADATA", None),
    ("SQLITE_TRUSTED_SCHEMA", Some("0")),
    ("SQLITE_OMIT_LOAD_EXTENSION", None),
    ("SQLITE_OMIT_DEPRECATED", None),
    ("SQLITE_OMIT_SHARED_CACHE", None),
    ("SQLITE_LIKE_DOESNT_MATCH_BLOBS", None),
    ("SQLITE_USE_ALLOCA", None),
    ("SQLITE_MAX_EXPR_DEPTH", Some("0")),
    ("HAVE_USLEEP", Some("1")),
    ("HAVE_ISNAN", None),
    ("HAVE_LOCALTIME_R", None),
];

/// The encryption layer: ChaCha20-Poly1305 and nothing else. A cipher left undefined would default to on.
const CIPHER: &[(&str, Option<&str>)] = &[
    ("HAVE_CIPHER_AES_128_CBC", Some("0")),
    ("HAVE_CIPHER_AES_256_CBC", Some("0")),
    ("HAVE_CIPHER_SQLCIPHER", Some("0")),
    ("HAVE_CIPHER_RC4", Some("0")),
    ("HAVE_CIPHER_ASCON128", Some("0")),
    ("HAVE_CIPHER_AEGIS", Some("0")),
    ("HAVE_CIPHER_CHACHA20", Some("1")),
    ("CODEC_TYPE", Some("CODEC_TYPE_CHACHA20")),
    // Memory can be overwritten before it is freed; every connection turns it on before it has a key.
    ("SQLITE3MC_SECURE_MEMORY", Some("1")),
];

fn main() {
    println!("cargo:rerun-if-changed=build.rs");
    let folder = sqlite3mc_src::source_dir();
    let source = folder.join(sqlite3mc_src::SOURCE_FILE);
    println!("cargo:rerun-if-changed={}", source.display());

    // Stated, not inherited: the workspace's "z" would slow pages down. Level 0 compiles in 5 CPU-seconds where level 1
    // takes 14, and makes commits, opening and reading about twice as slow in a development build.
    let release = std::env::var("PROFILE").is_ok_and(|profile| profile == "release");
    let mut build = cc::Build::new();
    build
        .file(&source)
        .include(folder)
        .opt_level_str(if release { "s" } else { "0" })
        .debug(false)
        .warnings(false)
        .flag_if_supported("-ffunction-sections")
        .flag_if_supported("-fdata-sections")
        .flag_if_supported("-fvisibility=hidden");
    for (name, value) in SQLITE.iter().chain(CIPHER) {
        build.define(name, *value);
    }
    build.compile("kabao_vault");
}
