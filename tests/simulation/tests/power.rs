//! The power goes at every operation. `cargo xtask sim power` does the same at length.

use crate::common::channels;
use kabao_disk::Folder as Model;
use kabao_simulation::disk::{Figure, aside, wallet};
use kabao_simulation::disk::vault::{Levels, Search, cut_everywhere, record};
use kabao_simulation::run::Folder;
use kabao_simulation::in_one_thread;
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

/// The same search as its red twin below: a short one, for who wants to know soon.
#[test]
fn a_ledger_that_is_synced_loses_no_answer() {
    let search = Search { every: 7, judged: &["ledger.db"], ..Search::all(Model::Posix, 1) };
    let figure = vault("synced", Levels::WALLET, search);
    assert_eq!(figure.broken, 0);
    assert!(figure.distinct() > 100, "{figure}");
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

#[test]
fn a_wallet_knows_after_the_power_cut_whatever_it_said() {
    let (folder, channels) = (Folder::new("power-day").unwrap(), channels());
    let figure = in_one_thread(async {
        let tape = wallet::record(1, folder.path(), channels).await.unwrap();
        let (payments, codes) = tape.at_stake();
        assert!(payments >= 4 && codes == 2, "{payments} {codes}");
        wallet::cut_everywhere(&tape, Model::Posix, 1, 1, 61, &folder.path().join("scratch")).await.unwrap()
    })
    .unwrap();
    println!("{figure}; {} operations; {:#?}", figure.operations, figure.first);
    assert_eq!(figure.broken, 0);
    assert!(figure.points > 50, "{figure}");
}

/// What the judge of a day is for: without syncs it sees the loss.
#[test]
fn red_a_day_on_a_disk_that_lies_about_syncs_is_forgotten() {
    let (folder, channels) = (Folder::new("power-lies").unwrap(), channels());
    let figure = in_one_thread(async {
        let tape = wallet::record(1, folder.path(), channels).await.unwrap().on_a_lying_disk();
        wallet::cut_everywhere(&tape, Model::Posix, 1, 1, 301, &folder.path().join("scratch")).await.unwrap()
    })
    .unwrap();
    println!("{figure}; {:#?}", figure.first);
    assert!(figure.broken > 0, "the harness sees nothing");
}

#[test]
fn a_replacement_is_resumed_after_the_power_cut() {
    let (folder, channels) = (Folder::new("power-replacement").unwrap(), channels());
    let figure = in_one_thread(async {
        let tape = wallet::record_replacement(1, folder.path(), channels).await.unwrap();
        wallet::cut_everywhere(&tape, Model::Posix, 1, 1, 29, &folder.path().join("scratch")).await.unwrap()
    })
    .unwrap();
    println!("{figure}; {} operations; {:#?}", figure.operations, figure.first);
    assert_eq!(figure.broken, 0);
    assert!(figure.points > 30, "{figure}");
}

/// Whatever was moved when the power went: every byte of the old files is still there under one of its names.
#[test]
fn setting_files_aside_loses_no_byte_wherever_it_is_cut() {
    let folder = Folder::new("power-aside").unwrap();
    let figure = in_one_thread(aside::cut_everywhere(1, 2, folder.path())).unwrap().unwrap();
    println!("{figure}; {:#?}", figure.first);
    assert!(figure.first.iter().all(|line| !line.contains("is gone")), "{:#?}", figure.first);
    assert!(figure.distinct() >= 10, "{figure}");
}
