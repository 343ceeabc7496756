//! Which builds of the app may open accounts and pay: the operator's list, in a file of its own, so that an older copy of the book
//! brings no withdrawn build back. What an app says of itself is believed: the list keeps honest people off repackaged and
//! withdrawn builds, and stops nobody who lies.

use crate::config::write_private;
use crate::refusal::{Outcome, Refusal};
use crate::store::one;
use crate::wire::BuildIn;
use kabao_base::{Code, Id};
use rusqlite::Connection;
use serde::{Deserialize, Serialize};
use std::io;
use std::path::{Path, PathBuf};

/// At most so many lines.
const LINES: usize = 1_000;

/// A line of the list. What is absent fits everything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct BuildLine {
    /// The package; empty for apps that name no build.
    pub package: String,
    /// The digest of its certificate.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub signing_digest: Option<String>,
    /// The channel.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub channel: Option<String>,
    /// The version of the core.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub core_version: Option<String>,
    /// Whether it was taken back.
    #[serde(default)]
    pub withdrawn: bool,
}

impl BuildLine {
    fn fits(&self, build: Option<&BuildIn>) -> bool {
        let Some(build) = build else { return self.package.is_empty() };
        let same = |line: &Option<String>, said: &str| line.as_deref().is_none_or(|line| line == said);
        self.package == build.package
            && same(&self.signing_digest, &build.signing_digest)
            && same(&self.channel, &build.channel)
            && same(&self.core_version, &build.core_version)
    }

    fn is_same_place(&self, other: &BuildLine) -> bool {
        let place = |line: &BuildLine| (line.package.clone(), line.signing_digest.clone(), line.channel.clone(), line.core_version.clone());
        place(self) == place(other)
    }
}

/// The list.
pub struct Builds {
    file: PathBuf,
    lines: Vec<BuildLine>,
}

impl Builds {
    /// Reads the list, or begins it: the program of this repository, and apps that name no build.
    pub fn open(data: &Path) -> io::Result<Builds> {
        let file = data.join("builds.json");
        let line = |package: &str, digest: Option<String>| BuildLine {
            package: package.to_owned(),
            signing_digest: digest,
            channel: None,
            core_version: None,
            withdrawn: false,
        };
        match std::fs::read(&file) {
            Ok(bytes) => Ok(Builds { file, lines: serde_json::from_slice(&bytes)? }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {
                let lines = vec![line("", None), line("app.kabao.cli", Some("0".repeat(64)))];
                let builds = Builds { file, lines };
                builds.write(&builds.lines)?;
                Ok(builds)
            }
            Err(error) => Err(error),
        }
    }

    fn write(&self, lines: &[BuildLine]) -> io::Result<()> {
        write_private(&self.file, &serde_json::to_vec_pretty(lines)?)
    }

    /// The lines.
    pub fn lines(&self) -> &[BuildLine] {
        &self.lines
    }

    /// Puts a line in, in the place of the one for the same build; on disk before it counts.
    pub fn put(&mut self, line: BuildLine) -> Outcome<()> {
        let mut lines = self.lines.clone();
        lines.retain(|known| !known.is_same_place(&line));
        if lines.len() >= LINES {
            return Err(Refusal::argument("package"));
        }
        lines.push(line);
        self.write(&lines).map_err(|_| Refusal::down())?;
        self.lines = lines;
        Ok(())
    }

    /// Why a build may not be used; nothing for one that may. A line that withdraws it counts whatever others say.
    pub fn why_not(&self, build: Option<&BuildIn>) -> Option<Code> {
        let mut fitting = self.lines.iter().filter(|line| line.fits(build)).peekable();
        if fitting.peek().is_none() {
            return Some(Code::BuildUnknown);
        }
        fitting.any(|line| line.withdrawn).then_some(Code::BuildWithdrawn)
    }

    /// Refuses to open an account or to take one over with a build that may not be used. Asked before anything is sent to a person.
    pub fn admit(&self, build: Option<&BuildIn>) -> Outcome<()> {
        if let Some(build) = build {
            build.check()?;
        }
        self.why_not(build).map_or(Ok(()), |code| Err(Refusal::of(403, code)))
    }

    /// Why a device pays nothing, by the build that it named last.
    pub fn why_not_device(&self, db: &Connection, device: Id) -> Outcome<Option<Code>> {
        let text: String = one(db, "SELECT build FROM devices WHERE device_id = ?1", [device.to_string()], |row| row.get(0))?.unwrap_or_default();
        Ok(self.why_not(serde_json::from_str(&text).ok().as_ref()))
    }

    /// The same as a refusal.
    pub fn may_pay(&self, db: &Connection, device: Id) -> Outcome<()> {
        self.why_not_device(db, device)?.map_or(Ok(()), |code| Err(Refusal::of(403, code)))
    }
}
