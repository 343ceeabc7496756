//! The service of a journey: a child process of this same program, which keeps its PIN vault as a child of its own.

use crate::setup::ServiceFile;
use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// A service of one's own, or one that runs already.
pub struct Service {
    data: PathBuf,
    file: ServiceFile,
    log: Option<PathBuf>,
    child: Option<(Child, BufReader<ChildStdout>)>,
}

impl Service {
    /// Starts a service with everything below `data`; what it says goes to `log`.
    pub fn start(data: &Path, log: &Path) -> Result<Service, String> {
        let child = spawn(data, log, None)?;
        let file = ServiceFile::read(&data.join("service.json"))?;
        Ok(Service { data: data.to_owned(), file, log: Some(log.to_owned()), child: Some(child) })
    }

    /// A service that runs already.
    pub fn running(path: &Path) -> Result<Service, String> {
        let data = path.parent().unwrap_or(Path::new(".")).to_owned();
        Ok(Service { data, file: ServiceFile::read(path)?, log: None, child: None })
    }

    /// What it tells of itself.
    pub fn file(&self) -> &ServiceFile {
        &self.file
    }

    /// The folder of its files.
    pub fn data(&self) -> &Path {
        &self.data
    }

    /// Kills it, as a power cut would.
    pub fn kill(&mut self) -> Result<(), String> {
        let (mut child, _) = self.child.take().ok_or("this service is not ours to kill")?;
        child.kill().and_then(|()| child.wait()).map(|_| ()).map_err(|error| error.to_string())
    }

    /// Ends it in its own way, if it runs.
    pub fn stop(&mut self) {
        if let Some((child, _)) = self.child.take() {
            stop(child);
        }
    }

    /// Starts it again on the same files and addresses.
    pub fn restart(&mut self) -> Result<(), String> {
        let log = self.log.clone().ok_or("this service is not ours to start")?;
        self.stop();
        let listen = |url: &str| url.rsplit(':').next().map(|port| format!("127.0.0.1:{port}"));
        let addresses = listen(&self.file.url).zip(listen(&self.file.dev_url)).ok_or("service.json names no ports")?;
        self.child = Some(spawn(&self.data, &log, Some(addresses))?);
        self.file = ServiceFile::read(&self.data.join("service.json"))?;
        Ok(())
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        self.stop();
    }
}

/// Ends it in its own way: its input ends.
fn stop(mut child: Child) {
    drop(child.stdin.take());
    let _ = child.wait();
}

fn spawn(data: &Path, log: &Path, addresses: Option<(String, String)>) -> Result<(Child, BufReader<ChildStdout>), String> {
    let said = |error: std::io::Error| format!("the service cannot be started: {error}");
    let log_file: File = OpenOptions::new().create(true).append(true).open(log).map_err(said)?;
    let mut command = Command::new(std::env::current_exe().map_err(said)?);
    command.arg("serve").arg("--data").arg(data).arg("--until-stdin-ends");
    if let Some((listen, dev_listen)) = addresses {
        command.args(["--listen", &listen, "--dev-listen", &dev_listen]);
    }
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(log_file);
    let mut child = command.spawn().map_err(said)?;
    let mut output = BufReader::new(child.stdout.take().ok_or("the service has no output")?);
    let mut line = String::new();
    // The first line means that it listens; the end of the output, that it does not.
    match output.read_line(&mut line) {
        Ok(bytes) if bytes > 0 => Ok((child, output)),
        _ => {
            stop(child);
            let told = std::fs::read_to_string(log).unwrap_or_default();
            Err(format!("the service does not start: {}", told.lines().last().unwrap_or("it says nothing")))
        }
    }
}
