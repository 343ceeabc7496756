//! Writes the first inputs of a target into a folder: `seeds TARGET FOLDER`. `seeds` alone names the targets.

use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    match words.as_slice() {
        [] => println!("{}", kabao_fuzz::names()),
        [name, folder] => {
            let Some(target) = kabao_fuzz::target(name) else {
                eprintln!("{name} is none of: {}", kabao_fuzz::names());
                return ExitCode::FAILURE;
            };
            for (number, seed) in kabao_fuzz::seeds(target).iter().enumerate() {
                if let Err(error) = std::fs::write(std::path::Path::new(folder).join(format!("case-{number:03}")), seed) {
                    eprintln!("{folder}: {error}");
                    return ExitCode::FAILURE;
                }
            }
        }
        _ => {
            eprintln!("seeds [TARGET FOLDER]");
            return ExitCode::FAILURE;
        }
    }
    ExitCode::SUCCESS
}
