//! A wallet that another program holds: each call is a line of JSON to it, and each answer a line back. So a journey is
//! carried out through the API of another language, and nothing of the journey has to be written twice.
//!
//! A question: `{"phone": FOLDER, "language": TAG, "do": NAME, "with": {…}}`. An answer: `{"gives": …}` with the record under the names of its
//! fields in `snake_case`, `{"fails": {…}}` with the failure and its words, `{"says": TEXT}` for a call that is not known.
//! Beside the calls there are `open` (folder, store, language, service), `shut`, `set_aside_lost` (as `open`; gives `files`),
//! `events` (what was told since the last time) and `approval_fault` (what asking for finger or face ends with: `cancelled`,
//! `blocked`, `fault`, nothing).

use super::phone::ActError;
use super::relay::Relay;
use crate::keys::DEV_FILE;
use crate::setup::ServiceFile;
use crate::views;
use serde_json::{Map, Value, json};
use std::io::{BufRead, Write};
use std::path::PathBuf;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

/// The pause between two looks at the events.
const PAUSE: Duration = Duration::from_millis(25);

/// The way to the program that holds the wallets: standard output there, standard input back.
#[derive(Default)]
pub struct Line(Mutex<()>);

impl Line {
    async fn ask(self: &Arc<Line>, question: &Value) -> Result<Value, ActError> {
        let (line, text) = (Arc::clone(self), question.to_string());
        let answer = tokio::task::spawn_blocking(move || line.exchange(&text)).await.map_err(|error| error.to_string())??;
        let answer: Value = serde_json::from_str(&answer).map_err(|error| format!("no answer but {answer:?}: {error}"))?;
        let part = |name: &str| answer.get(name).cloned();
        match (part("gives"), part("fails"), part("says")) {
            (Some(value), ..) => Ok(views::lean(value)),
            (_, Some(failure), _) => Err(ActError::Refused(views::lean(failure))),
            (.., said) => Err(ActError::Said(said.as_ref().and_then(Value::as_str).unwrap_or("an answer without content").to_owned())),
        }
    }

    fn exchange(&self, text: &str) -> Result<String, String> {
        let _held = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let away = |error: std::io::Error| format!("the program with the wallets: {error}");
        let mut out = std::io::stdout().lock();
        writeln!(out, "{text}").and_then(|()| out.flush()).map_err(away)?;
        let mut answer = String::new();
        match std::io::stdin().lock().read_line(&mut answer).map_err(away)? {
            0 => Err("the program with the wallets went away".to_owned()),
            _ => Ok(answer),
        }
    }
}

/// A wallet at the other end of the line, behind a relay that can be switched off.
pub struct Told {
    line: Arc<Line>,
    folder: PathBuf,
    language: String,
    pins: Vec<String>,
    relay: Relay,
    right: String,
    other: Option<String>,
    heard: Mutex<Vec<Value>>,
    open: bool,
}

impl Told {
    /// Nothing is opened yet.
    pub async fn new(line: Arc<Line>, folder: PathBuf, service: &ServiceFile, language: &str) -> Result<Told, String> {
        let relay = Relay::start(&service.url).await?;
        let (language, pins, right) = (language.to_owned(), service.spki_pins.clone(), service.url.clone());
        Ok(Told { line, folder, language, pins, relay, right, other: None, heard: Mutex::default(), open: false })
    }

    /// Opens the wallet.
    pub async fn open(&mut self, service: &ServiceFile) -> Result<(), ActError> {
        self.ask("open", self.settings(service)).await?;
        self.open = true;
        Ok(())
    }

    /// Closes the wallet.
    pub async fn close(&mut self) -> Result<(), ActError> {
        if std::mem::take(&mut self.open) {
            self.ask("shut", Map::new()).await?;
        }
        Ok(())
    }

    /// Goes on with the pins and the address of this file.
    pub fn rewire(&mut self, service: &ServiceFile) {
        self.pins.clone_from(&service.spki_pins);
        self.other = Some(service.url.clone()).filter(|url| *url != self.right);
    }

    /// What asking for finger or face ends with from now on.
    pub async fn set_approval(&self, fault: Option<&str>) -> Result<(), ActError> {
        let with = Map::from_iter([("fault".to_owned(), json!(fault))]);
        self.ask("approval_fault", with).await.map(|_| ())
    }

    /// Switches the network.
    pub async fn set_network(&self, on: bool) {
        self.relay.set(on).await;
    }

    /// The service is gone: the wallet has no connection to it any more.
    pub async fn service_gone(&self) {
        self.relay.ended().await;
    }

    /// Sets the files of a lost key aside. Gives how many.
    pub async fn set_aside_lost(&self, service: &ServiceFile) -> Result<usize, ActError> {
        let made = self.ask("set_aside_lost", self.settings(service)).await?;
        let files = made.get("files").and_then(Value::as_u64).and_then(|files| usize::try_from(files).ok());
        files.ok_or_else(|| "the answer names no files".into())
    }

    /// Makes one call.
    pub async fn call(&self, name: &str, with: Map<String, Value>) -> Result<Value, ActError> {
        if !self.open {
            return Err("the wallet is not open".into());
        }
        Ok(views::drawn(self.ask(name, with).await?))
    }

    /// Waits for an event, and takes it. Events that nobody asked for stay.
    pub async fn wait_for(&self, wanted: &Value) -> Result<Value, ActError> {
        loop {
            let more = self.ask("events", Map::new()).await?;
            {
                let mut heard = self.heard.lock().unwrap_or_else(PoisonError::into_inner);
                heard.extend(more.as_array().cloned().unwrap_or_default());
                if let Some(event) = super::values::take(&mut heard, wanted) {
                    return Ok(event);
                }
            }
            tokio::time::sleep(PAUSE).await;
        }
    }

    fn settings(&self, service: &ServiceFile) -> Map<String, Value> {
        let settings = service.settings(&self.folder, &self.language);
        let to = &settings.service;
        let service = json!({
            "url": self.other.as_deref().unwrap_or(self.relay.url()), "tls_ca_pem": to.tls_ca_pem, "spki_pins": self.pins, "root_key": to.root_key, "guid": to.guid,
            "link_host": to.link_host,
        });
        let store = self.folder.join(DEV_FILE).display().to_string();
        let build = settings.build.map(|build| json!({ "package": build.package, "signing_digest": build.signing_digest, "channel": build.channel }));
        let pairs = [("build", json!(build)), ("folder", json!(settings.folder)), ("store", json!(store)), ("language", json!(self.language)), ("service", service)];
        pairs.into_iter().map(|(name, value)| (name.to_owned(), value)).collect()
    }

    async fn ask(&self, action: &str, with: Map<String, Value>) -> Result<Value, ActError> {
        self.line.ask(&json!({ "phone": self.folder.display().to_string(), "language": self.language, "do": action, "with": with })).await
    }
}
