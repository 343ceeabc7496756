//! docs/data.md says of every column what it is, why it is kept, how long and who gets it. A column without a line, and
//! a line without a column, fail.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use std::collections::BTreeSet;
use std::path::Path;

/// Table and column of every column of a schema.
fn columns(file: &str, sql: &str) -> BTreeSet<String> {
    let mut found = BTreeSet::new();
    let text: String = sql.lines().map(|line| line.split("--").next().unwrap_or_default()).collect::<Vec<_>>().join("\n");
    for statement in text.split(';') {
        let statement = statement.trim();
        let Some(rest) = statement.strip_prefix("CREATE TABLE ") else { continue };
        let rest = rest.strip_prefix("IF NOT EXISTS ").unwrap_or(rest);
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
            let first = part.split_whitespace().next().unwrap_or_default();
            if first.is_empty() || ["PRIMARY", "UNIQUE", "CHECK", "FOREIGN", "CONSTRAINT"].contains(&first) || first.starts_with("CHECK(") || first.starts_with("UNIQUE(") {
                continue;
            }
            found.insert(format!("{file} {} {first}", table.trim()));
        }
    }
    found
}

/// The same out of the tables of the page: `| column | class | purpose | retention | who |` below `### file table`.
fn documented(page: &str) -> BTreeSet<String> {
    let (mut heading, mut found) = (String::new(), BTreeSet::new());
    for line in page.lines() {
        if let Some(title) = line.strip_prefix("### ") {
            heading = title.replace('`', "");
        } else if line.starts_with("| `") {
            let cells: Vec<&str> = line.trim_matches('|').split('|').map(str::trim).collect();
            assert_eq!(cells.len(), 5, "{heading}: {line}");
            assert!(["C1", "C2"].contains(&cells[1]), "{heading}: class C3 is never kept, and no other class is known: {line}");
            assert!(cells.iter().all(|cell| !cell.is_empty()), "{heading}: {line}");
            for column in cells[0].split(',') {
                found.insert(format!("{heading} {}", column.trim().trim_matches('`')));
            }
        }
    }
    found
}

#[test]
fn every_column_is_explained() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("../..");
    let read = |path: &str| std::fs::read_to_string(root.join(path)).unwrap_or_else(|error| panic!("{path}: {error}"));
    let mut columns_now = BTreeSet::new();
    for (file, path) in [
        ("ledger.db", "core/wallet/src/tables/ledger-1.sql"),
        ("mine.db", "core/wallet/src/tables/mine-1.sql"),
        ("cache.db", "core/wallet/src/tables/cache-1.sql"),
    ] {
        columns_now.extend(columns(file, &read(path)));
    }
    assert!(columns_now.len() > 90, "the schemas were not read: {}", columns_now.len());
    let page = documented(&read("docs/data.md"));
    let missing: Vec<_> = columns_now.difference(&page).collect();
    let gone: Vec<_> = page.difference(&columns_now).filter(|line| !line.starts_with("service")).collect();
    assert!(missing.is_empty(), "docs/data.md lacks {missing:#?}");
    assert!(gone.is_empty(), "docs/data.md names columns that are gone: {gone:#?}");
}
