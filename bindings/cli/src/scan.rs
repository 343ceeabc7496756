//! The byte scan: looks through every file of folders for what must not be there.

use memchr::memmem::Finder;
use std::fs;
use std::io;
use std::path::Path;

/// One thing that must not be found, and what to call it without showing it.
#[derive(Clone)]
pub struct Needle {
    /// `card number`, `PIN` …
    pub what: &'static str,
    /// The thing itself.
    pub text: String,
}

/// What was found, and how much was looked at.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Found {
    /// Files that were read.
    pub files: usize,
    /// Bytes that were read.
    pub bytes: u64,
    /// `what` and the file, for each find.
    pub finds: Vec<(&'static str, String)>,
}

/// Looks for the needles in every file below the folders, whatever its name.
///
/// # Errors
/// When a file cannot be read: what was not looked at was not found clean.
pub fn scan(folders: &[&Path], needles: &[Needle]) -> io::Result<Found> {
    let mut found = Found::default();
    for folder in folders {
        walk(folder, needles, &mut found)?;
    }
    Ok(found)
}

fn walk(path: &Path, needles: &[Needle], found: &mut Found) -> io::Result<()> {
    let kind = match fs::symlink_metadata(path) {
        Ok(data) => data.file_type(),
        // A journal that ended between listing and reading holds nothing any more.
        Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
    };
    if kind.is_dir() {
        for entry in fs::read_dir(path)? {
            walk(&entry?.path(), needles, found)?;
        }
    } else if kind.is_file() {
        let bytes = match fs::read(path) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Ok(()),
            Err(error) => return Err(error),
        };
        found.files += 1;
        found.bytes += bytes.len() as u64;
        // The public table of the beginnings of card numbers is full of six digits, and the acquirer's number of its merchant has fifteen
        // that were drawn: there only what is longer is a find.
        let table = path.parent().is_some_and(|folder| folder.ends_with("feeds")) || path.ends_with("channels/lkl.json");
        for needle in needles.iter().filter(|needle| !(table && needle.text.len() <= 8) && holds(&bytes, needle.text.as_bytes())) {
            found.finds.push((needle.what, path.display().to_string()));
        }
    }
    Ok(())
}

fn holds(bytes: &[u8], needle: &[u8]) -> bool {
    if needle.is_empty() {
        return false;
    }
    let finder = Finder::new(needle);
    let mut from = 0;
    while let Some(step) = bytes.get(from..).and_then(|rest| finder.find(rest)) {
        let at = from + step;
        // Six digits occur by chance in the text of a random id, a digest or a moment; what lies inside of one is none.
        if needle.len() > 8 || !(inside_an_id(bytes, at, needle.len()) || inside_a_moment(bytes, at, needle.len())) {
            return true;
        }
        from = at + 1;
    }
    false
}

/// How many bytes of a kind stand before and after a place.
fn around(bytes: &[u8], at: usize, length: usize, kind: impl Fn(&u8) -> bool) -> (usize, usize) {
    let before = bytes.get(..at).map_or(0, |part| part.iter().rev().take_while(|byte| kind(byte)).count());
    let after = bytes.get(at + length..).map_or(0, |part| part.iter().take_while(|byte| kind(byte)).count());
    (before, after)
}

/// Whether the place lies inside one of the 32 lower-case hexadecimal signs of an id or of a part of a digest, or where two of them meet.
/// The database puts texts side by side, so a stretch may go on with letters of another word behind the ids or begin with some before them;
/// a code of its own that stands after an id, before one or between two is inside of none: it leaves whole ids on both sides.
fn inside_an_id(bytes: &[u8], at: usize, length: usize) -> bool {
    const ID: usize = 32;
    let (before, after) = around(bytes, at, length, |byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
    if before % ID == 0 && after % ID == 0 {
        return false;
    }
    let whole = before + length + after;
    // The ids that the place touches, counted from either end, all stand in the stretch.
    let from_start = (before + length).div_ceil(ID) * ID <= whole;
    let from_end = after > 0 && (after + length).div_ceil(ID) * ID <= whole;
    let stretch = bytes.get(at - before..at + length + after).unwrap_or_default();
    (from_start || from_end) && stretch.iter().any(u8::is_ascii_lowercase)
}

/// Whether the place lies inside the thirteen digits of a moment in milliseconds.
fn inside_a_moment(bytes: &[u8], at: usize, length: usize) -> bool {
    let (before, after) = around(bytes, at, length, u8::is_ascii_digit);
    before + length + after == 13 && bytes.get(at - before) == Some(&b'1')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn needle(text: &str) -> Needle {
        Needle { what: "PIN", text: text.to_owned() }
    }

    #[test]
    fn finds_in_any_file_and_says_where() {
        let folder = tempfile::tempdir().unwrap();
        let deep = folder.path().join("a").join("b");
        fs::create_dir_all(&deep).unwrap();
        fs::write(deep.join("x-wal"), [b"\0\xff138000".as_slice(), b"907314", b"\0"].concat()).unwrap();
        fs::write(folder.path().join("clean"), b"90731 4").unwrap();
        let found = scan(&[folder.path()], &[needle("907314"), needle("111222")]).unwrap();
        assert_eq!((found.files, found.finds.len()), (2, 1));
        assert!(found.finds[0].1.ends_with("x-wal"));
        let feeds = folder.path().join("feeds");
        fs::create_dir_all(&feeds).unwrap();
        fs::write(feeds.join("cards-1.cose"), b"622202,907314,6222020000000018").unwrap();
        let found = scan(&[&feeds], &[needle("907314"), needle("6222020000000018")]).unwrap();
        assert_eq!(found.finds.len(), 1);
        let channels = folder.path().join("channels");
        fs::create_dir_all(&channels).unwrap();
        fs::write(channels.join("lkl.json"), b"822990731473464").unwrap();
        assert_eq!(scan(&[&channels], &[needle("907314")]).unwrap().finds, []);
        fs::write(channels.join("other.json"), b"822990731473464").unwrap();
        assert_eq!(scan(&[&channels], &[needle("907314")]).unwrap().finds.len(), 1);
    }

    #[test]
    fn an_id_that_holds_six_digits_by_chance_is_no_find() {
        assert!(!holds(b"\0a1b2c3d4e5f60718907314aabbccddee\0", b"907314"));
        assert!(holds(b"\0a1b2c3d4e5f60718a1b2c3d4aabb907314\0", b"907314"));
        assert!(holds(b"\0{\"otp\":\"907314\"}", b"907314"));
        assert!(holds(b"a1b2c3d4e5f60718a1b2c3d4aabbccdd907314", b"907314"));
        assert!(holds(b"a1b2c3d4e5f60718a1b2c3d4aabbccdd907314\0accepted", b"907314"));
        // The word beside the id begins or ends with letters of ids.
        assert!(!holds(b"\0a1b2c3d4e5f60718907314aabbccddeeaccepted", b"907314"));
        assert!(!holds(b"decodea1b2c3d4e5f60718907314aabbccddee\0", b"907314"));
        assert!(holds(b"\0907314a1b2c3d4e5f60718a1b2c3d4aabbccdd\0", b"907314"));
        assert!(holds(b"a1b2c3d4e5f60718a1b2c3d4aabbccdd907314b2c3d4e5f60718a1b2c3d4aabbccddee\0", b"907314"));
        // Where two ids meet; where the second is not whole, a code of its own may stand after the first.
        assert!(!holds(b"\0a1b2c3d4e5f60718a1b2c3d4aabbc907314b2c3d4e5f60718a1b2c3d4aabbccd\0", b"907314"));
        assert!(!holds(b"\0a1b2c3d4e5f60718a1b2c3d4aabbc907314b2c3d4e5f60718a1b2c3d4aabbccdcredit", b"907314"));
        assert!(holds(b"\0a1b2c3d4e5f60718a1b2c3d4aabbc907314b2c3d4e5f60718a1b2c3d4aabbcc\0", b"907314"));
        assert!(!holds(b"\"at\":1790731412345,", b"907314"));
        assert!(holds(b"\"at\":2790731412345,", b"907314") && holds(b"17907314", b"907314"));
        assert!(holds(b"aaaaaaa6222020000000018aaaaaaaaa", b"6222020000000018"));
    }
}
