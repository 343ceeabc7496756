//! Runs other programs: output seen, kept and bounded in time.

use std::ffi::OsStr;
use std::fmt::Write as _;
use std::io::{BufRead, BufReader, Write as _};
use std::path::Path;
use std::process::{Command, ExitStatus};

/// What a program left behind.
pub struct Outcome {
    /// How it ended; none when it could not be started.
    pub status: Option<ExitStatus>,
    /// Standard output and error, in the order they came.
    pub text: String,
}

impl Outcome {
    /// Whether it ended well.
    pub fn ok(&self) -> bool {
        self.status.is_some_and(|status| status.success())
    }

    /// The exit code; none when a signal ended it or it did not start.
    pub fn code(&self) -> Option<i32> {
        self.status.and_then(|status| status.code())
    }
}

/// Whether the output is shown while it comes.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Show {
    /// Line by line, as it comes.
    Live,
    /// Kept for the caller to show.
    Kept,
}

/// A command whose arguments are given at once.
pub fn command<S: AsRef<OsStr>>(program: impl AsRef<OsStr>, args: &[S], dir: &Path) -> Command {
    let mut command = Command::new(program);
    command.args(args).current_dir(dir);
    command
}

/// The same command, ended after so many seconds (with the whole group of processes it started).
///
/// A machine without coreutils' `timeout` runs it without a bound.
pub fn bounded(seconds: u32, command: &Command) -> Command {
    if !exists("timeout") {
        return rebuilt(command.get_program(), command);
    }
    let mut outer = Command::new("timeout");
    outer.args(["-k", "20", &seconds.to_string()]).arg(command.get_program());
    copy_into(&mut outer, command);
    outer
}

fn rebuilt(program: &OsStr, command: &Command) -> Command {
    let mut copy = Command::new(program);
    copy_into(&mut copy, command);
    copy
}

fn copy_into(to: &mut Command, from: &Command) {
    to.args(from.get_args());
    if let Some(dir) = from.get_current_dir() {
        to.current_dir(dir);
    }
    for (name, value) in from.get_envs() {
        match value {
            Some(value) => to.env(name, value),
            None => to.env_remove(name),
        };
    }
}

/// Runs it to its end. Both streams go through one pipe, so that their order is kept.
pub fn run(command: &mut Command, show: Show) -> Outcome {
    match run_piped(command, show) {
        Ok(outcome) => outcome,
        Err(error) => {
            let text = format!("{}: {error}\n", command.get_program().to_string_lossy());
            if show == Show::Live {
                eprint!("{text}");
            }
            Outcome { status: None, text }
        }
    }
}

fn run_piped(command: &mut Command, show: Show) -> std::io::Result<Outcome> {
    let (reader, writer) = std::io::pipe()?;
    command.stdin(std::process::Stdio::null()).stdout(writer.try_clone()?).stderr(writer);
    let mut child = command.spawn()?;
    // The command holds our ends of the pipe; without letting go of them the end would never be read.
    command.stdout(std::process::Stdio::null()).stderr(std::process::Stdio::null());
    let mut text = String::new();
    let mut line = Vec::new();
    let mut reader = BufReader::new(reader);
    while reader.read_until(b'\n', &mut line)? > 0 {
        let piece = String::from_utf8_lossy(&line);
        if show == Show::Live {
            let mut out = std::io::stdout().lock();
            out.write_all(piece.as_bytes())?;
            out.flush()?;
        }
        text.push_str(&piece);
        line.clear();
    }
    let status = child.wait()?;
    if status.code() == Some(124) {
        let _ = writeln!(text, "(ended: it took too long)");
    }
    Ok(Outcome { status: Some(status), text })
}

/// Whether a program of that name is on the path, or where root's path would find it.
pub fn exists(program: &str) -> bool {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let system = ["/usr/sbin", "/sbin"].map(Into::into);
    std::env::split_paths(&path).chain(system).any(|dir| dir.join(program).is_file())
}

/// Whether it starts and ends well, output dropped.
pub fn works(program: &str, args: &[&str]) -> bool {
    run(Command::new(program).args(args), Show::Kept).ok()
}
