//! Planted bugs: patches that are applied to a copy of the sources.

use std::path::Path;

/// A file as a patch changes it.
#[derive(Debug)]
pub struct Planted {
    /// The file, from the root of the tree.
    pub path: String,
    /// Its new text.
    pub text: String,
}

/// Applies a patch (`diff -u` or `git diff`, files from the root of the tree) to the sources below
/// `tree`, and returns the changed files. Line numbers do not matter; every block of old lines must
/// stand in its file exactly once.
///
/// # Errors
///
/// A sentence that names the file and the block that does not fit.
pub fn planted(patch: &str, tree: &Path) -> Result<Vec<Planted>, String> {
    let mut files: Vec<Planted> = Vec::new();
    let mut block: Option<(String, String)> = None;
    for line in patch.lines().chain(["@@"]) {
        if let Some(path) = line.strip_prefix("+++ b/") {
            finish(&mut files, block.take())?;
            let text = std::fs::read_to_string(tree.join(path)).map_err(|error| format!("{path}: {error}"))?;
            files.push(Planted { path: path.to_owned(), text });
        } else if line.starts_with("@@") || line.starts_with("diff ") || line.starts_with("--- a/") {
            finish(&mut files, block.take())?;
            block = line.starts_with("@@").then(Default::default);
        } else if let Some((old, new)) = &mut block {
            let (first, rest) = line.split_at_checked(1).unwrap_or((" ", ""));
            if first != "+" {
                *old += &format!("{rest}\n");
            }
            if first != "-" {
                *new += &format!("{rest}\n");
            }
        }
    }
    if files.is_empty() { Err("the patch names no file".into()) } else { Ok(files) }
}

fn finish(files: &mut [Planted], block: Option<(String, String)>) -> Result<(), String> {
    let Some((old, new)) = block.filter(|(old, new)| !old.is_empty() || !new.is_empty()) else { return Ok(()) };
    let file = files.last_mut().ok_or("a block before the name of its file")?;
    match file.text.matches(&old).count() {
        1 if old != new => {
            file.text = file.text.replacen(&old, &new, 1);
            Ok(())
        }
        1 => Err(format!("{}: a block that changes nothing", file.path)),
        count => Err(format!("{}: these lines stand there {count} times, not once:\n{old}", file.path)),
    }
}
