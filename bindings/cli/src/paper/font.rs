//! A font with the characters of a sheet. One is handed in or found on the machine; a sheet with empty boxes in place of
//! characters is never made.

use skrifa::raw::FileRef;
use skrifa::string::StringId;
use skrifa::{FontRef, MetadataProvider};
use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

/// Why no font was found.
#[derive(Debug)]
pub enum FontError {
    /// The file that was handed in cannot be read, or is no TrueType or OpenType font.
    NotAFont {
        /// The file.
        file: PathBuf,
    },
    /// The font that was handed in lacks characters.
    Lacks {
        /// The file.
        file: PathBuf,
        /// The characters, each once.
        characters: Vec<char>,
    },
    /// No font of the machine has every character.
    NoneFound {
        /// Characters that the fonts lack that come closest; all of them where there is no font at all.
        characters: Vec<char>,
    },
}

impl std::fmt::Display for FontError {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            FontError::NotAFont { file } => write!(formatter, "{}: not a TrueType or OpenType font that can be read", file.display()),
            FontError::Lacks { file, characters } => {
                write!(formatter, "{}: the font has no {}; give another with --font", file.display(), named(characters))
            }
            FontError::NoneFound { characters } => write!(
                formatter,
                "no font of this machine has {}; install a Chinese font (Debian: fonts-noto-cjk or fonts-wqy-microhei) or give one with --font FILE",
                named(characters)
            ),
        }
    }
}

impl std::error::Error for FontError {}

/// A few of the characters, and where they stand in Unicode; nothing that could act on a terminal.
fn named(characters: &[char]) -> String {
    let shown = characters.iter().take(5).map(|character| match kabao_base::fold::hidden_kind(*character) {
        None if !character.is_control() => format!("{character} (U+{:04X})", u32::from(*character)),
        _ => format!("U+{:04X}", u32::from(*character)),
    });
    let more = if characters.len() > 5 { ", …" } else { "" };
    format!("{}{more}", shown.collect::<Vec<_>>().join(", "))
}

/// A font file whose font `index` has every character that was asked for.
pub struct Found {
    /// The file's content.
    pub bytes: Vec<u8>,
    /// The font's place in a collection.
    pub index: u32,
}

/// A font file larger than this is not read.
const LARGEST: u64 = 64 << 20;
/// Folders below folders, and entries, that are looked at.
const DEEPEST: usize = 5;
const MOST_ENTRIES: usize = 20_000;

/// How names of files with Chinese fonts begin, the best first: forms of the mainland before those of other regions.
const NAMES: [&str; 20] = [
    "NotoSansCJKsc-Regular", "NotoSansSC-Regular", "NotoSansSC", "SourceHanSansSC-Regular", "SourceHanSansCN-Regular", "NotoSansCJK-Regular", "PingFang",
    "Hiragino Sans GB", "STHeiti Light", "msyh.", "wqy-microhei", "wqy-zenhei", "simhei", "simsun", "DroidSansFallbackFull", "DroidSansFallback",
    "NotoSerifCJK-Regular", "NotoSerifSC-Regular", "uming", "ukai",
];

/// The font for `text`: the one of `file`, else the first of the machine that has every character.
///
/// # Errors
/// What is missing, and what to do.
pub fn find(text: &str, file: Option<&Path>) -> Result<Found, FontError> {
    match file {
        Some(file) => handed_in(text, file),
        None => search(text, &folders()),
    }
}

fn handed_in(text: &str, file: &Path) -> Result<Found, FontError> {
    let bytes = read(file).ok_or_else(|| FontError::NotAFont { file: file.to_owned() })?;
    match fitting(&bytes, text) {
        None => Err(FontError::NotAFont { file: file.to_owned() }),
        Some(Ok(index)) => Ok(Found { bytes, index }),
        Some(Err(characters)) => Err(FontError::Lacks { file: file.to_owned(), characters }),
    }
}

fn search(text: &str, folders: &[PathBuf]) -> Result<Found, FontError> {
    let mut closest: Option<Vec<char>> = None;
    for file in candidates(folders) {
        let Some(bytes) = read(&file) else { continue };
        match fitting(&bytes, text) {
            Some(Ok(index)) => return Ok(Found { bytes, index }),
            Some(Err(lacks)) if closest.as_ref().is_none_or(|least| lacks.len() < least.len()) => closest = Some(lacks),
            _ => {}
        }
    }
    let every = || text.chars().filter(|character| !character.is_ascii()).collect::<BTreeSet<_>>().into_iter().collect();
    Err(FontError::NoneFound { characters: closest.unwrap_or_else(every) })
}

fn read(file: &Path) -> Option<Vec<u8>> {
    let data = std::fs::metadata(file).ok()?;
    if !data.is_file() || data.len() > LARGEST {
        return None;
    }
    std::fs::read(file).ok()
}

/// The font of the file that has every character, or the characters that its best font lacks; `None` when it is no font.
fn fitting(bytes: &[u8], text: &str) -> Option<Result<u32, Vec<char>>> {
    let fonts: Vec<FontRef<'_>> = FileRef::new(bytes).ok()?.fonts().filter_map(Result::ok).collect();
    // A collection holds the forms of several regions under one cover.
    let mainland = fonts.iter().position(is_mainland).unwrap_or(0);
    let font = fonts.get(mainland)?;
    let charmap = font.charmap();
    let lacks: BTreeSet<char> = text.chars().filter(|character| charmap.map(*character).is_none_or(|glyph| glyph.to_u32() == 0)).collect();
    let index = u32::try_from(mainland).ok()?;
    Some(if lacks.is_empty() { Ok(index) } else { Err(lacks.into_iter().collect()) })
}

fn is_mainland(font: &FontRef<'_>) -> bool {
    let mut names = font.localized_strings(StringId::FAMILY_NAME).chain(font.localized_strings(StringId::FULL_NAME));
    names.any(|name| {
        let name: String = name.chars().collect();
        name.split(' ').any(|word| word == "SC" || word == "CN" || word == "GB")
    })
}

fn folders() -> Vec<PathBuf> {
    let fixed = [
        "/usr/share/fonts", "/usr/local/share/fonts", "/System/Library/Fonts", "/Library/Fonts", "C:\\Windows\\Fonts",
    ];
    let home = std::env::var_os("HOME").map(PathBuf::from);
    let own = home.iter().flat_map(|home| [".fonts", ".local/share/fonts", "Library/Fonts"].map(|folder| home.join(folder)));
    own.chain(fixed.map(PathBuf::from)).collect()
}

/// Files with known names, the best first.
fn candidates(folders: &[PathBuf]) -> Vec<PathBuf> {
    let mut found: Vec<(usize, PathBuf)> = Vec::new();
    let mut waiting: Vec<(usize, PathBuf)> = folders.iter().map(|folder| (0, folder.clone())).collect();
    let mut seen = 0;
    while let Some((depth, folder)) = waiting.pop() {
        for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
            seen += 1;
            if seen > MOST_ENTRIES {
                break;
            }
            let path = entry.path();
            if path.is_dir() && depth < DEEPEST {
                waiting.push((depth + 1, path));
                continue;
            }
            let name = entry.file_name().to_string_lossy().into_owned();
            let kind = path.extension().is_some_and(|kind| ["ttf", "ttc", "otf", "otc"].iter().any(|known| kind.eq_ignore_ascii_case(known)));
            if let (true, Some(place)) = (kind, NAMES.iter().position(|known| name.starts_with(known))) {
                found.push((place, path));
            }
        }
    }
    found.sort();
    found.into_iter().map(|(_, path)| path).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_font_it_is_said_what_to_do() {
        let empty = tempfile::tempdir().unwrap();
        let Err(error) = search("面馆 1", &[empty.path().to_owned()]) else { panic!("a font was found") };
        let text = error.to_string();
        assert!(text.contains("面 (U+9762), 馆 (U+9986);") && text.contains("fonts-noto-cjk") && text.contains("--font"), "{text}");
        let many = search("一二三四五六", &[empty.path().join("missing")]).err().unwrap().to_string();
        assert!(many.contains(", …;"), "{many}");
    }

    #[test]
    fn what_is_no_font_is_not_used() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("truetype").join("wqy");
        std::fs::create_dir_all(&deep).unwrap();
        for (name, content) in [("wqy-microhei.ttc", b"ttcf\0\x01".as_slice()), ("wqy-zenhei.ttf", b""), ("other.ttf", b"x")] {
            std::fs::write(deep.join(name), content).unwrap();
        }
        let found = candidates(&[folder.path().to_owned()]);
        assert_eq!(found, [deep.join("wqy-microhei.ttc"), deep.join("wqy-zenhei.ttf")]);
        assert!(matches!(search("面", &[folder.path().to_owned()]), Err(FontError::NoneFound { .. })));
        assert!(matches!(find("面", Some(&deep.join("other.ttf"))), Err(FontError::NotAFont { .. })));
        assert!(matches!(find("面", Some(folder.path())), Err(FontError::NotAFont { .. })));
    }

    #[test]
    fn an_error_holds_nothing_that_acts_on_a_terminal() {
        let error = FontError::NoneFound { characters: vec!['\u{1b}', '\u{202e}', '面'] };
        assert!(error.to_string().contains("U+001B, U+202E, 面 (U+9762)"));
    }
}
