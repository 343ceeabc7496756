//! Old copies and edits: a short run of what `cargo xtask sim rollback` does for long.

use crate::common::channels;
use kabao_simulation::in_one_thread;
use kabao_simulation::rollback::{Noticed, Searched, search};

fn searched(every: u64, only: &str) -> Searched {
    let mut found = Searched::default();
    in_one_thread(search(3, every, only, channels(), &mut found)).unwrap().unwrap();
    assert!(found.broken.is_empty(), "{:#?}", found.broken);
    found
}

#[test]
fn whole_files_pages_and_fields_are_noticed_or_without_effect() {
    let found = searched(40, "");
    assert!(found.files >= 8 && found.fields >= 8, "{} {}", found.files, found.fields);
    for (class, noticed) in [
        ("whole files: ledger.db", Noticed::AtOpening("rolled_back".to_owned())),
        ("whole files: ledger.db, mine.db, cache.db, the key store", Noticed::AtFirstAnswer("rolled_back".to_owned())),
        ("whole files: cache.db", Noticed::WithoutEffect),
    ] {
        assert_eq!(found.classes.get(&(class.to_owned(), noticed)), Some(&1), "{class}: {:?}", found.classes);
    }
}

#[test]
fn payments_that_somebody_with_the_key_changes_are_noticed() {
    for column in ["`intents.kind`", "`intents.minor`", "`intents.fee_minor`", "`intents.terms`", "`intents.event`"] {
        let found = searched(2, column);
        let noticed = found.classes.iter().filter(|((class, noticed), _)| class.contains(column) && matches!(noticed, Noticed::WhenRead(_) | Noticed::AtOpening(_)));
        assert!(noticed.map(|(_, count)| count).sum::<u64>() >= 2, "{column}: {:?}", found.classes);
    }
}
