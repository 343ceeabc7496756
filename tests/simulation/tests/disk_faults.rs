//! The disk fails at some of its operations. `cargo xtask sim io` plays all of them.

use kabao_disk::FaultKind;
use kabao_simulation::disk::{Figure, strain};
use kabao_simulation::disk::io::{IoSearch, fail_everywhere};
use kabao_simulation::in_one_thread;
use kabao_simulation::run::Folder;

fn play(name: &str, kinds: &'static [FaultKind], every: u64) -> Figure {
    let folder = Folder::new(&format!("disk-{name}")).unwrap();
    let figure = fail_everywhere(IoSearch { kinds, seed: 1, every }, folder.path()).unwrap();
    println!("{name}: {figure}; {} operations, {} points; {:#?}", figure.operations, figure.points, figure.first);
    figure
}

#[test]
fn a_failing_disk_is_told_by_name_and_loses_nothing_answered() {
    let figure = play("honest", &FaultKind::HONEST, 23);
    assert_eq!(figure.broken, 0);
    assert!(figure.points > 300, "{figure}");
}

/// What this harness is for: a sync that did not happen and said so to nobody is seen as a loss.
#[test]
fn red_a_disk_that_lies_about_a_sync_loses_answers() {
    assert!(play("lying", &[FaultKind::SyncLies], 9).broken > 0, "the harness sees nothing");
}

#[test]
fn a_payment_on_a_failing_disk_is_told_truly_and_made_once() {
    let folder = Folder::new("disk-phone").unwrap();
    let channels = folder.path().join("channels");
    let figure = in_one_thread(strain::fail_everywhere(1, 17, folder.path(), &channels)).unwrap().unwrap();
    println!("{figure}; {} operations, {} points; {:#?}", figure.operations, figure.points, figure.first);
    assert_eq!(figure.broken, 0);
    assert!(figure.points > 10, "{figure}");
}
