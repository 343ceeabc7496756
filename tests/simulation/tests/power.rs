//! The power goes at every operation. `cargo xtask sim power` does the same at length.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, reason = "tests")]

use kabao_disk::Folder as Model;
use kabao_simulation::disk::Figure;
use kabao_simulation::disk::vault::{Levels, Search, cut_everywhere, record};
use kabao_simulation::run::Folder;
use kabao_vault::Durability;

fn vault(name: &str, levels: Levels, search: Search) -> Figure {
    let folder = Folder::new(&format!("power-{name}")).unwrap();
    let recorded = record(&folder.path().join("flow"), levels).unwrap();
    let figure = cut_everywhere(&recorded, search, &folder.path().join("scratch")).unwrap();
    println!("{name}: {figure}; {} operations, {} points; {:#?}", figure.operations, figure.points, figure.first);
    figure
}

#[test]
fn nothing_answered_is_lost_and_no_file_is_refused() {
    let figure = vault("wallet", Levels::WALLET, Search::all(Model::Posix, 1));
    assert_eq!(figure.broken, 0);
    assert!(figure.distinct() > 1000, "{figure}");
}

#[test]
fn the_ledger_outlives_a_disk_that_keeps_no_removal_of_itself() {
    let search = Search { every: 3, judged: &["ledger.db"], ..Search::all(Model::Strict, 1) };
    let figure = vault("strict", Levels::WALLET, search);
    assert_eq!(figure.broken, 0);
    assert!(figure.distinct() > 500, "{figure}");
}

/// What this harness is for: with a weaker level it sees the loss.
#[test]
fn red_a_ledger_that_is_not_synced_loses_answers() {
    let search = Search { every: 7, judged: &["ledger.db"], ..Search::all(Model::Posix, 1) };
    let figure = vault("normal", Levels { ledger: Durability::Normal, ..Levels::WALLET }, search);
    assert!(figure.broken > 0, "the harness sees nothing");
}

/// The journal of the file's own making comes back and takes everything with it.
#[test]
fn red_a_ledger_made_without_extra_loses_answers() {
    let search = Search { every: 7, judged: &["ledger.db"], ..Search::all(Model::Strict, 1) };
    let figure = vault("without-extra", Levels { ledger: Durability::Full, mine: Durability::Full }, search);
    assert!(figure.broken > 0, "the harness sees nothing");
}
