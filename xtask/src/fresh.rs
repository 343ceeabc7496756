//! Kotlin's incremental compiler in Maven sees what changed in a module, not what changed in those that the module uses: its
//! classes would go on calling what is gone, and a source that no longer fits would not be noticed.

use std::fs;
use std::hash::{DefaultHasher, Hash, Hasher};
use std::path::{Path, PathBuf};

/// The Kotlin modules, each before those that use it, with the folders and files of their sources.
const MODULES: [(&str, &[&str]); 10] = [
    ("bindings/kotlin/ffi", &["target/generated-sources"]),
    ("bindings/kotlin/kit", &["src/main"]),
    ("bindings/kotlin/fake", &["src/main", "target/generated-sources"]),
    // Its labels are made of the words.
    ("android/model", &["src/main", "../../core/wallet/src/words/zh-CN.toml", "../../core/wallet/src/words/en.toml"]),
    ("android/screens", &["src/main"]),
    ("android/bridge", &["src/main"]),
    ("android/platform", &["src/main"]),
    ("android/app", &["src/main"]),
    ("android/desktop", &["src/main"]),
    ("android/checks", &["../../bindings/kotlin/kit/src/test/kotlin/app/kabao/kit"]),
];

/// Lets every module be compiled whole whose own sources, or those of a module before it, are not those of the last time. What
/// changes in tests alone stays incremental.
pub fn forget_what_changed(root: &Path) -> Result<(), String> {
    let mut seen = DefaultHasher::new();
    for (module, sources) in MODULES {
        let folder = root.join(module);
        for source in sources {
            take_in(&folder.join(source), &mut seen).map_err(|error| format!("{module}/{source}: {error}"))?;
        }
        let (now, noted) = (format!("{:016x}", seen.finish()), folder.join("target/compiled-with"));
        if fs::read_to_string(&noted).is_ok_and(|before| before == now) {
            continue;
        }
        let forgotten = fs::remove_dir_all(folder.join("target/kotlin-ic"));
        if let Err(error) = forgotten.or_else(|error| if error.kind() == std::io::ErrorKind::NotFound { Ok(()) } else { Err(error) }) {
            return Err(format!("{module}: {error}"));
        }
        fs::create_dir_all(folder.join("target")).and_then(|()| fs::write(&noted, &now)).map_err(|error| format!("{module}: {error}"))?;
    }
    Ok(())
}

/// The names and contents of everything below a place, in the order of their names. What is not there is nothing.
fn take_in(place: &Path, into: &mut DefaultHasher) -> std::io::Result<()> {
    if place.is_dir() {
        let mut entries: Vec<PathBuf> = fs::read_dir(place)?.map(|entry| entry.map(|entry| entry.path())).collect::<Result<_, _>>()?;
        entries.sort();
        return entries.iter().try_for_each(|entry| take_in(entry, into));
    }
    if place.is_file() {
        place.file_name().hash(into);
        fs::read(place)?.hash(into);
    }
    Ok(())
}

#[cfg(test)]
#[allow(clippy::unwrap_used, reason = "tests")]
mod tests {
    use super::*;

    /// Which modules are compiled whole, as numbers; afterwards all have been compiled.
    fn whole(root: &Path) -> Vec<usize> {
        forget_what_changed(root).unwrap();
        let cache = |module: &str| root.join(module).join("target/kotlin-ic");
        let found = MODULES.iter().enumerate().filter(|(_, (module, _))| !cache(module).is_dir()).map(|(at, _)| at).collect();
        for (module, _) in MODULES {
            fs::create_dir_all(cache(module)).unwrap();
        }
        found
    }

    #[test]
    fn who_uses_what_changed_is_compiled_whole_and_nobody_else() {
        let root = std::env::temp_dir().join(format!("xtask-fresh-{}", std::process::id()));
        let write = |path: &str, text: &str| {
            fs::create_dir_all(root.join(path).parent().unwrap()).unwrap();
            fs::write(root.join(path), text).unwrap();
        };
        write("bindings/kotlin/ffi/target/generated-sources/a/ffi.kt", "1");
        write("android/screens/src/main/kotlin/Home.kt", "1");
        let all: Vec<usize> = (0..MODULES.len()).collect();
        assert_eq!(whole(&root), all);
        assert_eq!(whole(&root), []);
        write("android/screens/src/test/kotlin/HomeTest.kt", "2");
        assert_eq!(whole(&root), []);
        write("android/screens/src/main/kotlin/Home.kt", "2");
        assert_eq!(whole(&root), all.split_at(4).1);
        write("bindings/kotlin/ffi/target/generated-sources/a/ffi.kt", "2");
        assert_eq!(whole(&root), all);
        fs::remove_dir_all(&root).unwrap();
    }
}
