//! One cipher is compiled in, its hardware and plain code agree, and the library is the encrypting one.
#![allow(clippy::unwrap_used, clippy::panic, reason = "the whole file is tests")]

use std::path::Path;

use rusqlite::Connection;

fn keyed(path: &Path) -> Connection {
    let connection = Connection::open(path).unwrap();
    kabao_vault_sys::key(&connection, &[9; 32]).unwrap();
    connection
}

#[test]
fn the_library_is_the_pinned_one() {
    assert_eq!(kabao_vault_sys::version(), "SQLite3 Multiple Ciphers 2.6.1");
    assert_eq!(rusqlite::version(), "3.54.0");
}

#[test]
fn no_other_cipher_is_accepted() {
    let temp = tempfile::tempdir().unwrap();
    let connection = keyed(&temp.path().join("a.db"));
    let known: Vec<_> = [
        "aes128cbc",
        "aes256cbc",
        "sqlcipher",
        "rc4",
        "ascon128",
        "aegis",
        "chacha20",
    ]
    .into_iter()
    .filter(|name| {
        connection
            .query_row("SELECT sqlite3mc_config('cipher', ?1)", [name], |row| {
                row.get::<_, String>(0)
            })
            .is_ok_and(|answer| answer == *name)
    })
    .collect();
    assert_eq!(known, ["chacha20"]);
}

#[test]
fn the_key_is_the_raw_32_bytes() {
    let temp = tempfile::tempdir().unwrap();
    let path = temp.path().join("a.db");
    keyed(&path)
        .execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (1)")
        .unwrap();
    // The same key in the other spelling of a raw key opens the same file; a passphrase spelling does not.
    let count = |key: &str| {
        let connection = Connection::open(&path).unwrap();
        connection.pragma_update(None, "key", key).ok();
        connection.query_row("SELECT count(*) FROM t", [], |row| row.get::<_, i64>(0))
    };
    assert_eq!(count(&format!("raw:{}", "09".repeat(32))), Ok(1));
    assert!(count(&"09".repeat(32)).is_err());
    assert!(count(&format!("raw:{}", "0a".repeat(32))).is_err());
}

#[test]
fn hardware_and_plain_code_read_each_other() {
    let temp = tempfile::tempdir().unwrap();
    for (writing, reading) in [("max", "off"), ("off", "max"), ("auto", "off")] {
        let path = temp.path().join(format!("{writing}-{reading}.db"));
        let connection = keyed(&path);
        connection
            .execute_batch(&format!("PRAGMA mc_chacha20_hwaccel = {writing}"))
            .unwrap();
        connection
            .execute_batch("CREATE TABLE t (a); INSERT INTO t VALUES (zeroblob(9000))")
            .unwrap();
        drop(connection);
        let connection = keyed(&path);
        connection
            .execute_batch(&format!("PRAGMA mc_chacha20_hwaccel = {reading}"))
            .unwrap();
        assert_eq!(
            connection.query_row("SELECT sum(length(a)) FROM t", [], |row| row
                .get::<_, i64>(0)),
            Ok(9000)
        );
    }
}

#[test]
fn the_library_is_compiled_as_stated() {
    let connection = Connection::open_in_memory().unwrap();
    let mut statement = connection.prepare("PRAGMA compile_options").unwrap();
    let options: Vec<String> = statement
        .query_map([], |row| row.get(0))
        .unwrap()
        .collect::<Result<_, _>>()
        .unwrap();
    for wanted in [
        "TEMP_STORE=3",
        "THREADSAFE=1",
        "DEFAULT_WAL_SYNCHRONOUS=2",
        "DEFAULT_FOREIGN_KEYS",
        "DQS=0",
        "ENABLE_FTS5",
        "OMIT_LOAD_EXTENSION",
        "OMIT_SHARED_CACHE",
        "MAX_EXPR_DEPTH=0",
    ] {
        assert!(
            options.iter().any(|option| option == wanted),
            "{wanted} is not in {options:?}"
        );
    }
    // Not in the list of options; the default shows it.
    assert_eq!(
        connection.pragma_query_value(None, "trusted_schema", |row| row.get::<_, i64>(0)),
        Ok(0)
    );
}
