//! `kills kill|service [--seed N] [--count M] [--every K] [--write FILE]`: the app, or the service, is a process that is killed M times at
//! random, and the app also at every K-th call that writes (0: not). Ends with 1 and the seed when a promise was broken; the last line is
//! the figure. `kills app` and `kills server` are the processes themselves.

use kabao_simulation::phone::Told;
use kabao_simulation::process::kill::{Ground, Kills};
use kabao_simulation::process::app::FLOWS;
use kabao_simulation::process::{app, in_real_time, service as fall};
use kabao_simulation::run::Folder;
use kabao_simulation::page::{self, RELEASE};
use std::path::PathBuf;
use std::process::ExitCode;
use std::time::Instant;

/// So many kills a phone: its whole history is verified after each, and a new one keeps that from growing with the run. A multiple of
/// the number of movements.
const ROUND: u64 = 36 * FLOWS.len() as u64;

struct Wish {
    seed: u64,
    count: u64,
    every: u64,
    write: Option<PathBuf>,
}

fn wish(words: &[String]) -> Told<Wish> {
    let mut wish = Wish { seed: 1, count: 40, every: 0, write: None };
    for pair in words.chunks(2) {
        let [name, value] = pair else { return Err(format!("{} needs a value", pair.join(" "))) };
        let number = || value.parse::<u64>().map_err(|_| format!("{value} is not a number"));
        match name.as_str() {
            "--seed" => wish.seed = number()?,
            "--count" => wish.count = number()?,
            "--every" => wish.every = number()?,
            "--write" => wish.write = Some(PathBuf::from(value)),
            other => return Err(format!("{other} is not known")),
        }
    }
    Ok(wish)
}

fn kill(wish: &Wish) -> Told<bool> {
    let (folder, channels) = (folder("kill")?, folder("kill-channels")?);
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let began = Instant::now();
    let (random, writes) = in_real_time(async {
        let (mut random, mut writes) = (Kills::default(), Kills::default());
        let mut rounds = 0u64;
        let mut ground = async || {
            rounds += 1;
            Ground::new(wish.seed.wrapping_add(rounds - 1), &program, &folder.path().join(rounds.to_string()), channels.path(), true).await
        };
        let mut left = wish.count;
        while left > 0 && random.broken.is_empty() {
            ground().await?.at_random(left.min(ROUND), &mut random).await?;
            left = left.saturating_sub(ROUND);
        }
        for flow in FLOWS {
            if wish.every > 0 && random.broken.is_empty() && writes.broken.is_empty() {
                ground().await?.at_every_write(flow, wish.every, &mut writes).await?;
            }
        }
        Ok::<_, String>((random, writes))
    })
    .map_err(|error| error.to_string())??;
    let seconds = began.elapsed().as_secs_f64();
    random.print("killed at random");
    if wish.every > 0 {
        writes.print("killed at a call that writes");
    }
    let broken: Vec<&String> = random.broken.iter().chain(&writes.broken).collect();
    if !broken.is_empty() {
        broken.iter().for_each(|sentence| println!("{sentence}"));
        println!("seed {}: {} broken promises", wish.seed, broken.len());
        return Ok(false);
    }
    if let Some(file) = &wish.write {
        let command = format!("cargo xtask sim kill --seed {} --count {} --every {}{RELEASE}", wish.seed, wish.count, wish.every);
        page::put(file, "kill", &Kills::text(&command, &random, &writes, wish.seed, seconds))?;
    }
    println!("{}", Kills::figure(&random, &writes, wish.seed, seconds));
    Ok(random.in_flight * 10 >= random.hits * 9)
}

fn service(wish: &Wish) -> Told<bool> {
    let (folder, channels) = (folder("service")?, folder("service-channels")?);
    let program = std::env::current_exe().map_err(|error| error.to_string())?;
    let began = Instant::now();
    let falls = fall::kill(wish.seed, wish.count, &program, folder.path(), channels.path(), true)?;
    let seconds = began.elapsed().as_secs_f64();
    falls.print();
    if !falls.broken.is_empty() {
        falls.broken.iter().for_each(|sentence| println!("{sentence}"));
        println!("seed {}: {} broken promises", wish.seed, falls.broken.len());
        return Ok(false);
    }
    if let Some(file) = &wish.write {
        let command = format!("cargo xtask sim service --seed {} --count {}{RELEASE}", wish.seed, wish.count);
        page::put(file, "service", &falls.text(&command, wish.seed, seconds))?;
    }
    println!("{}", falls.figure(wish.seed, seconds));
    Ok(true)
}

fn folder(name: &str) -> Told<Folder> {
    Folder::new(name).map_err(|error| error.to_string())
}

fn run(words: &[String]) -> Told<bool> {
    match words.split_first() {
        Some((what, [orders])) if what == "app" => {
            let orders = serde_json::from_str(orders).map_err(|error| error.to_string())?;
            in_real_time(app::run(&orders)).map_err(|error| error.to_string())?.map(|()| true)
        }
        Some((what, [orders])) if what == "server" => fall::run(&serde_json::from_str(orders).map_err(|error| error.to_string())?).map(|()| true),
        Some((what, rest)) if what == "service" => service(&wish(rest)?),
        Some((what, rest)) if what == "kill" => kill(&wish(rest)?),
        _ => Err("kill or service?".to_owned()),
    }
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
