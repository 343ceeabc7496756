//! Real processes, really killed: a short run of what `cargo xtask sim kill` and `cargo xtask sim service` do for long.

use crate::common::channels;
use kabao_simulation::process::kill::{Ground, Kills};
use kabao_simulation::process::{in_real_time, people::Person, service};
use kabao_simulation::run::Folder;
use std::path::Path;

const PROGRAM: &str = env!("CARGO_BIN_EXE_kills");

#[test]
fn the_app_killed_in_a_payment_loses_nothing_and_pays_once() {
    let folder = Folder::new("kills").unwrap();
    let mut kills = Kills::default();
    in_real_time(async {
        let mut ground = Ground::new(5, Path::new(PROGRAM), folder.path(), channels(), false).await.unwrap();
        ground.at_random(16, &mut kills).await.unwrap();
    })
    .unwrap();
    assert!(kills.broken.is_empty(), "{:#?}", kills.broken);
    assert!(kills.hits >= 10 && kills.in_flight * 2 >= kills.hits, "{kills:?}");
}

#[test]
fn the_service_killed_under_load_loses_nothing_and_does_nothing_twice() {
    let folder = Folder::new("falls").unwrap();
    let falls = service::kill(5, 6, Path::new(PROGRAM), folder.path(), channels(), false).unwrap();
    assert!(falls.broken.is_empty(), "{:#?}", falls.broken);
    let payments: u64 = falls.ends.values().sum();
    assert!(falls.kills == 6 && payments >= 6, "{falls:?}");
}

/// The examples of the standards: the twelfth person of the list has numbers that other programs take.
#[test]
fn people_have_numbers_with_the_right_check_digits() {
    let person = Person::new(41);
    assert_eq!((person.number.as_str(), person.id_number.as_str()), ("13800000041", "110101198706050418"));
    assert!((0..200).all(|which| kabao_codes::cards::luhn_check_digit(&Person::new(which).card[..18]).is_some_and(|digit| Person::new(which).card.ends_with(digit))));
}
