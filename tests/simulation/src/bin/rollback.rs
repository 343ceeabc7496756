//! `rollback [--seed N] [--count M] [--every K] [--only WORDS] [--write FILE]`: old files, old pages, flipped bits and edited fields, every
//! K-th of them (of the classes whose name holds WORDS), from seed N on. Ends with 1 and the seed when something was not noticed and not without effect; the last line is the figure.

use kabao_simulation::phone::Told;
use kabao_simulation::rollback::{Searched, search};
use kabao_simulation::run::Folder;
use kabao_simulation::in_one_thread;
use kabao_simulation::page::{self, RELEASE};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

fn run(words: &[String]) -> Told<bool> {
    let (mut seed, mut count, mut every, mut write) = (1u64, 1u64, 1u64, None);
    let mut only = String::new();
    for pair in words.chunks(2) {
        let [name, value] = pair else { return Err(format!("{} needs a value", pair.join(" "))) };
        let number = || value.parse::<u64>().map_err(|_| format!("{value} is not a number"));
        match name.as_str() {
            "--seed" => seed = number()?,
            "--count" => count = number()?.max(1),
            "--every" => every = number()?.max(1),
            "--only" => only.clone_from(value),
            "--write" => write = Some(PathBuf::from(value)),
            other => return Err(format!("{other} is not known")),
        }
    }
    let channels = Folder::new("rollback-channels").map_err(|error| error.to_string())?;
    let (began, mut searched) = (Instant::now(), Searched::default());
    for seed in seed..seed.saturating_add(count) {
        in_one_thread(search(seed, every, &only, channels.path(), &mut searched)).map_err(|error| error.to_string())??;
    }
    let seconds = began.elapsed().as_secs_f64();
    searched.print();
    searched.broken.iter().for_each(|sentence| println!("{sentence}"));
    let seeds = format!("seeds {seed} to {}", seed.saturating_add(count).saturating_sub(1));
    if let Some(file) = &write {
        let command = format!("cargo xtask sim rollback --seed {seed} --count {count} --every {every}{RELEASE}");
        page::put(file, "rollback", &searched.text(&command, &seeds, seconds))?;
    }
    println!("{}", searched.figure(&seeds, seconds));
    Ok(searched.broken.is_empty())
}

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match run(&words) {
        Ok(true) => ExitCode::SUCCESS,
        Ok(false) => ExitCode::FAILURE,
        Err(reason) => {
            eprintln!("{reason}");
            ExitCode::from(2)
        }
    }
}
