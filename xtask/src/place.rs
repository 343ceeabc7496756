//! Where things are: the repository, cargo's target folder, the cache.

use std::env;
use std::path::{Path, PathBuf};

/// The repository and the folders that the commands use.
pub struct Place {
    /// The repository's root.
    pub root: PathBuf,
    /// Where cargo builds: `CARGO_TARGET_DIR`, else `target`.
    pub target: PathBuf,
    /// What survives between runs and clones: `KABAO_CACHE`, else `~/.cache/kabao`.
    pub cache: PathBuf,
}

impl Place {
    /// Finds the folders from the environment that cargo gives.
    pub fn find() -> Result<Place, String> {
        let root = match env::var_os("CARGO_MANIFEST_DIR") {
            Some(dir) => Path::new(&dir).parent().map(Path::to_path_buf),
            None => env::current_dir().ok(),
        };
        let root = root
            .filter(|root| root.join("xtask/Cargo.toml").is_file())
            .ok_or("run it as `cargo xtask` inside the repository")?;
        let target = match env::var_os("CARGO_TARGET_DIR") {
            Some(dir) => root.join(dir),
            None => root.join("target"),
        };
        let cache = match (env::var_os("KABAO_CACHE"), env::var_os("HOME")) {
            (Some(dir), _) => root.join(dir),
            (None, Some(home)) => Path::new(&home).join(".cache/kabao"),
            (None, None) => return Err("set KABAO_CACHE: there is no HOME".into()),
        };
        Ok(Place { root, target, cache })
    }

    /// The folder of the debug build.
    pub fn debug(&self) -> PathBuf {
        self.target.join("debug")
    }

    /// The built program that reads pictures, made by the stage `pictures`.
    pub fn pictures(&self) -> PathBuf {
        self.debug().join("kabao-pictures")
    }

    /// Logs and scratch of a test run; made new by each run.
    pub fn scratch(&self) -> PathBuf {
        self.target.join("xtask")
    }
}
