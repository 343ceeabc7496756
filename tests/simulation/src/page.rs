//! Parts of the page on reliability, each between two marks of its own; the rest of the page stays.

use std::path::Path;

/// What a command on the page ends with when this program is one that was built for speed.
pub const RELEASE: &str = if cfg!(debug_assertions) { "" } else { " --release" };

/// Puts `text` between the marks `<!-- NAME -->` and `<!-- end of NAME -->`.
///
/// # Errors
/// The file cannot be read or written, or one of the marks is missing.
pub fn put(file: &Path, name: &str, text: &str) -> Result<(), String> {
    let say = |error: std::io::Error| format!("{}: {error}", file.display());
    let page = std::fs::read_to_string(file).map_err(say)?;
    let (begin, end) = (format!("<!-- {name} -->\n"), format!("<!-- end of {name} -->"));
    let (head, rest) = page.split_once(&begin).ok_or_else(|| format!("{} has no {begin}", file.display()))?;
    let (_, tail) = rest.split_once(&end).ok_or_else(|| format!("{} has no {end}", file.display()))?;
    std::fs::write(file, format!("{head}{begin}{text}{end}{tail}")).map_err(say)
}
