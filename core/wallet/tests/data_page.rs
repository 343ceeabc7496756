//! docs/data.md says of every column what it is, why it is kept, how long and who gets it: of the wallet's files and of
//! the reference service's. A column without a line, and a line without a column, fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Which source text makes the tables of which file.
const SCHEMAS: [(&str, &str); 11] = [
    ("ledger.db", "core/wallet/src/tables/ledger-1.sql"),
    ("ledger.db", "core/wallet/src/tables/ledger-2.sql"),
    ("mine.db", "core/wallet/src/tables/mine-1.sql"),
    ("mine.db", "core/wallet/src/tables/mine-2.sql"),
    ("cache.db", "core/wallet/src/tables/cache-1.sql"),
    ("cache.db", "core/wallet/src/tables/cache-2.sql"),
    ("service.db", "tests/service/src/store/schema.sql"),
    ("vault.db", "tests/service/src/vault/engine.rs"),
    ("bank.db", "tests/service/outside/src/bank/mod.rs"),
    ("vendor.db", "tests/service/outside/src/identity.rs"),
    ("acquirer.db", "tests/service/outside/src/lakala/book.rs"),
];

/// The one way in which a later version of a schema changes a table.
const ADD_COLUMN: &str = " ADD COLUMN ";

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    std::fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// The part of a source text that is not tests.
fn product(text: &str) -> &str {
    text.split("#[cfg(test)]\nmod tests {").next().unwrap_or_default()
}

/// `file table column` of every table that a text makes, be it SQL or SQL inside Rust.
fn columns(file: &str, text: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let text: String = product(text).lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    for statement in text.split("CREATE TABLE ").skip(1) {
        let rest = statement.strip_prefix("IF NOT EXISTS ").unwrap_or(statement);
        let (table, body) = rest.split_once('(').unwrap();
        let (mut depth, mut part, mut parts) = (0, String::new(), Vec::new());
        for sign in body.chars() {
            match sign {
                '(' => depth += 1,
                ')' if depth == 0 => break,
                ')' => depth -= 1,
                _ => {}
            }
            if sign == ',' && depth == 0 { parts.push(std::mem::take(&mut part)) } else { part.push(sign) }
        }
        parts.push(part);
        for part in parts {
            let first = part.split([' ', '\n', '(']).find(|word| !word.is_empty()).unwrap_or_default();
            if !["", "PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT"].contains(&first) {
                found.insert(format!("{file} {} {first}", table.trim()));
            }
        }
    }
    for statement in text.split("ALTER TABLE ").skip(1) {
        let (table, column) = statement.split_once(ADD_COLUMN).unwrap_or_else(|| panic!("{file}: teach this test ALTER TABLE {statement}"));
        found.insert(format!("{file} {} {}", table.trim(), column.split_whitespace().next().unwrap_or_default()));
    }
    found
}

/// Why a class may not stand where it stands.
fn refused(class: &str, place: &str, column: &str) -> Option<&'static str> {
    match class {
        "C1" | "C2" => None,
        "C3 encrypted" if place.starts_with("vault.db ") && column.ends_with("_sealed") => None,
        "C3 keyed hash" if ["vault.db pins verifier", "vault.db passwords verifier", "vault.db backup_codes mark"].contains(&format!("{place} {column}").as_str()) => None,
        "C3" => Some("class C3 is not kept in plain"),
        "C3 encrypted" | "C3 keyed hash" => Some("class C3 is kept in the vault's file only, sealed, or as a verifier or a mark"),
        _ => Some("no such class"),
    }
}

/// The same out of the tables of the page: `| column | class | purpose | retention | who |` below `### file table`.
fn documented(page: &str) -> BTreeSet<String> {
    let (mut heading, mut found) = (String::new(), BTreeSet::new());
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            heading = title.replace('`', "");
        } else if line.starts_with('#') {
            heading.clear();
        } else if line.starts_with("| `") && !heading.is_empty() {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            assert_eq!(cells.len(), 5, "{heading}: {line}");
            assert!(cells.iter().all(|cell| !cell.is_empty()), "{heading}: {line}");
            for column in cells[0].split(',').map(|column| column.trim().trim_matches('`')) {
                if let Some(why) = refused(cells[1], &heading, column) {
                    panic!("{heading} {column}: {why}");
                }
                assert!(found.insert(format!("{heading} {column}")), "{heading} {column} stands twice");
            }
        }
    }
    found
}

/// `file table` of every table that the catalogue of the inventory names, and the ids of its items.
fn inventoried(source: &str) -> (Vec<String>, BTreeSet<String>) {
    let quoted = |text: &str| text.split('"').skip(1).step_by(2).map(str::to_owned).collect::<Vec<_>>();
    let list = source.split("const ITEMS").nth(1).unwrap().split("#[cfg(test)]").next().unwrap();
    let (mut tables, mut ids) = (Vec::new(), BTreeSet::new());
    for line in list.lines().map(str::trim) {
        if let Some(rest) = line.strip_prefix("table(") {
            let (head, names) = rest.split_once("&[").unwrap();
            let place = head.split(',').nth(1).unwrap().trim().to_lowercase();
            tables.extend(quoted(names.split(']').next().unwrap()).into_iter().map(|name| format!("{place}.db {name}")));
            ids.extend(quoted(head));
        } else if let Some(rest) = line.strip_prefix("outside(") {
            let first = rest.split(',').next().unwrap();
            ids.insert(quoted(first).pop().unwrap_or_else(|| first.to_lowercase()));
        }
    }
    (tables, ids)
}

/// Every source text below a folder.
fn sources(folder: &Path, found: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display())) {
        let path = entry.unwrap().path();
        if path.is_dir() {
            sources(&path, found);
        } else if path.extension().is_some_and(|kind| kind == "rs" || kind == "sql") {
            found.push(path);
        }
    }
}

#[test]
fn every_column_is_explained() {
    let mut columns_now = BTreeSet::new();
    for (file, path) in SCHEMAS {
        let of_file = columns(file, &read(&root().join(path)));
        assert!(!of_file.is_empty(), "{path} was not read");
        columns_now.extend(of_file);
    }
    assert!(columns_now.len() > 300, "the schemas were not read: {}", columns_now.len());
    let page = documented(&read(&root().join("docs/data.md")));
    let missing: Vec<_> = columns_now.difference(&page).collect();
    let gone: Vec<_> = page.difference(&columns_now).collect();
    assert!(missing.is_empty(), "docs/data.md lacks {missing:#?}");
    assert!(gone.is_empty(), "docs/data.md names columns that are gone: {gone:#?}");
}

#[test]
fn the_inventory_names_every_table_of_the_phone_once_and_the_page_every_item() {
    let mut tables_now = BTreeSet::new();
    for (file, path) in SCHEMAS.iter().filter(|(_, path)| path.starts_with("core/wallet")) {
        let place = |column: &String| column.rsplit_once(' ').map(|(table, _)| table.to_owned());
        tables_now.extend(columns(file, &read(&root().join(path))).iter().filter_map(place));
    }
    assert!(tables_now.len() > 15, "{tables_now:?}");
    let (mut tables, ids) = inventoried(&read(&root().join("core/wallet/src/data/catalogue.rs")));
    tables.sort();
    let named: BTreeSet<_> = tables.iter().cloned().collect();
    assert_eq!(named.len(), tables.len(), "a table stands twice in core/wallet/src/data/catalogue.rs: {tables:?}");
    let missing: Vec<_> = tables_now.difference(&named).collect();
    let gone: Vec<_> = named.difference(&tables_now).collect();
    assert!(missing.is_empty() && gone.is_empty(), "core/wallet/src/data/catalogue.rs lacks {missing:?} and names {gone:?}, which is gone");
    let page = read(&root().join("docs/data.md"));
    let section = page.split("\n## The inventory").nth(1).unwrap().split("\n## ").next().unwrap();
    let on_page: BTreeSet<String> = section.lines().filter_map(|line| line.strip_prefix("| `")?.split('`').next().map(str::to_owned)).collect();
    assert_eq!(on_page, ids, "docs/data.md, The inventory");
}

#[test]
fn no_schema_is_overlooked() {
    let mut found = Vec::new();
    for folder in ["core/wallet/src", "tests/service/src", "tests/service/outside/src"] {
        sources(&root().join(folder), &mut found);
    }
    assert!(found.len() > 100, "the sources were not read: {}", found.len());
    for path in found {
        let (text, known) = (read(&path), SCHEMAS.iter().any(|(_, schema)| path.ends_with(schema)));
        assert!(known || !product(&text).contains("CREATE TABLE "), "{} makes tables that docs/data.md does not know", path.display());
        assert!(known || !product(&text).contains("ALTER TABLE "), "{} changes tables where docs/data.md does not look", path.display());
    }
}

#[test]
fn secrets_have_few_places() {
    assert!(refused("C3", "service.db cards", "pan").is_some());
    assert!(refused("C3", "vault.db cards", "pan").is_some());
    assert!(refused("C3 encrypted", "service.db cards", "pan_sealed").is_some());
    assert!(refused("C3 encrypted", "vault.db cards", "pan").is_some());
    assert!(refused("C3 encrypted", "vault.db cards", "pan_sealed").is_none());
    assert!(refused("C3 keyed hash", "vault.db cards", "mark").is_some());
    assert!(refused("C4", "vault.db cards", "mark").is_some());
}

#[test]
fn tables_are_read_out_of_sql_and_out_of_rust() {
    let sql = "CREATE TABLE a (x TEXT CHECK (x IN ('p', 'q')), -- why, so\n y INTEGER, PRIMARY KEY (x, y)) STRICT;\nCREATE INDEX i ON a (y);";
    assert_eq!(columns("f", sql).into_iter().collect::<Vec<_>>(), ["f a x", "f a y"]);
    let later = "CREATE TABLE a (x TEXT) STRICT;\nALTER TABLE a ADD COLUMN z INTEGER NOT NULL DEFAULT 0;";
    assert_eq!(columns("f", later).into_iter().collect::<Vec<_>>(), ["f a x", "f a z"]);
    let rust = "const T: &str = \"\nCREATE TABLE IF NOT EXISTS b(\n    z BLOB, UNIQUE(z)) STRICT;\n\";\n#[cfg(test)]\nmod tests {\nconst U: &str = \"CREATE TABLE c (q TEXT)\";}";
    assert_eq!(columns("f", rust).into_iter().collect::<Vec<_>>(), ["f b z"]);
}
