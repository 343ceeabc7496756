//! Plants a bug: `plant PATCH TREE` changes the sources below the tree.

use std::path::Path;
use std::process::ExitCode;

fn main() -> ExitCode {
    let words: Vec<String> = std::env::args().skip(1).collect();
    let [patch, tree] = words.as_slice() else {
        eprintln!("plant PATCH TREE");
        return ExitCode::FAILURE;
    };
    let done = std::fs::read_to_string(patch).map_err(|error| error.to_string()).and_then(|text| {
        for file in kabao_fuzz::bugs::planted(&text, Path::new(tree))? {
            std::fs::write(Path::new(tree).join(&file.path), file.text).map_err(|error| error.to_string())?;
        }
        Ok(())
    });
    match done {
        Ok(()) => ExitCode::SUCCESS,
        Err(reason) => {
            eprintln!("{patch}: {reason}");
            ExitCode::FAILURE
        }
    }
}
