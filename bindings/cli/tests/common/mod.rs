//! A reference service of its own, and a wallet on the shell.

use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Command, Stdio};

/// `kabao serve` in a folder of its own; ends when it is dropped.
pub struct Service {
    pub child: Child,
    pub folder: tempfile::TempDir,
    // Kept open: what the service still says must find a reader.
    _output: BufReader<ChildStdout>,
}

impl Service {
    pub fn start() -> Service {
        let folder = tempfile::tempdir().unwrap();
        let mut child = Command::new(env!("CARGO_BIN_EXE_kabao"))
            .args(["serve", "--until-stdin-ends", "--data"])
            .arg(folder.path().join("service"))
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let mut output = BufReader::new(child.stdout.take().unwrap());
        let mut line = String::new();
        output.read_line(&mut line).unwrap();
        assert!(line.starts_with("https://localhost:"), "{line}");
        Service { child, folder, _output: output }
    }

    pub fn file(&self) -> PathBuf {
        self.folder.path().join("service").join("service.json")
    }

    /// Asks the developer's console over a plain socket.
    pub fn dev(&self, method: &str, path: &str, body: &str) -> Value {
        use std::io::Read;
        let info: Value = serde_json::from_slice(&std::fs::read(self.file()).unwrap()).unwrap();
        let address = info["dev_url"].as_str().unwrap().trim_start_matches("http://").to_owned();
        let mut stream = std::net::TcpStream::connect(&address).unwrap();
        let length = body.len();
        let head = format!("{method} {path} HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\ncontent-type: application/json\r\ncontent-length: {length}\r\n\r\n");
        stream.write_all(format!("{head}{body}").as_bytes()).unwrap();
        let mut answer = String::new();
        stream.read_to_string(&mut answer).unwrap();
        let (_, body) = answer.split_once("\r\n\r\n").unwrap();
        serde_json::from_str(body).unwrap()
    }

    pub fn otp(&self, from: &str) -> String {
        let inbox = self.dev("GET", "/dev/inbox?phone=13912340278", "");
        let messages = inbox["messages"].as_array().unwrap();
        messages.iter().rev().find(|sms| sms["from"] == from).unwrap()["otp"].as_str().unwrap().to_owned()
    }
}

impl Drop for Service {
    fn drop(&mut self) {
        drop(self.child.stdin.take());
        let _ = self.child.wait();
    }
}

pub struct Said {
    pub code: i32,
    pub out: String,
    pub err: String,
}

impl Said {
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|_| panic!("{} {}", self.out, self.err))
    }
}

pub fn wallet(profile: &Path, words: &[&str], secret: &str) -> Said {
    let mut child = Command::new(env!("CARGO_BIN_EXE_kabao"))
        .args(["--language", "zh-CN", "wallet", "--dev-file-keys", "--profile"])
        .arg(profile)
        .args(words)
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    // A command that reads nothing may be gone already.
    let _ = writeln!(input, "{secret}");
    drop(input);
    let done = child.wait_with_output().unwrap();
    Said {
        code: done.status.code().unwrap_or(-1),
        out: String::from_utf8(done.stdout).unwrap(),
        err: String::from_utf8(done.stderr).unwrap(),
    }
}

/// A profile with an account, a card and 200.00.
pub fn ready(service: &Service, profile: &Path) {
    let call = |words: &[&str], secret: &str| {
        let said = wallet(profile, &[&["--json"], words].concat(), secret);
        assert_eq!(said.code, 0, "{words:?} {} {}", said.out, said.err);
        said.json()
    };
    call(&["--service", service.file().to_str().unwrap(), "register", "13912340278"], "");
    call(&["enter-otp"], &service.otp("kabao"));
    call(&["choose-pin"], "480273");
    call(&["skip"], "");
    for document in ["terms", "privacy", "real_name", "face", "card_binding"] {
        call(&["consent", document], "");
    }
    let token = service.dev("POST", "/dev/liveness", r#"{"channels":5,"result":"ok"}"#);
    let verified = call(&["verify", "--name", "李小满", "--liveness-token", token["token"].as_str().unwrap()], "110105199207150043");
    assert_eq!(verified["state"], "passed");
    call(&["bind", "--name", "李小满", "--phone", "13912340278"], "6217001234567802");
    call(&["bind-confirm"], &service.otp("bank"));
    let paid = call(&["top-up", "200.00"], "480273");
    assert_eq!((&paid["state"], &paid["amount"]["minor"]), (&Value::from("succeeded"), &Value::from(20000)));
}
