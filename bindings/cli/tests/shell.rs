//! The shell's face of the wallet, each call a process of its own, as a person or a script types it.

// A test program may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

mod common;

use common::{Service, ready, wallet};
use serde_json::Value;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;
use std::process::{Command, Stdio};

#[test]
fn a_person_at_the_shell() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("profile");
    ready(&service, &profile);

    // The history, the receipt, and the receipt checked by somebody else, first with and then without the service.
    let sync = wallet(&profile, &["--json", "sync"], "");
    assert_eq!(sync.json()["complete"], true);
    let history = wallet(&profile, &["history"], "");
    assert!(history.out.contains("充值") && history.out.contains("¥200.00"), "{}", history.out);
    assert!(history.err.contains("DEV ONLY"));
    let record = wallet(&profile, &["--json", "history"], "").json()["items"][0]["record_id"].as_str().unwrap().to_owned();
    let receipt = folder.path().join("receipt.cose");
    let shown = wallet(&profile, &["receipt", &record, "--out", receipt.to_str().unwrap()], "");
    assert!(shown.out.contains("充值凭证") && shown.out.contains("已验证签名"), "{}", shown.out);
    let verify = |more: &[&str], file: &Path| {
        let done = Command::new(env!("CARGO_BIN_EXE_kabao")).args(["--language", "en", "verify"]).arg(file).args(more).output().unwrap();
        (done.status.code().unwrap(), String::from_utf8(done.stdout).unwrap())
    };
    let (file, keys) = (service.file(), folder.path().join("keys.cose"));
    let (code, told) = verify(&["--service", file.to_str().unwrap(), "--save-keys", keys.to_str().unwrap()], &receipt);
    assert!(code == 0 && told.contains("Signature verified") && told.contains("200.00"), "{told}");
    let info: Value = serde_json::from_slice(&std::fs::read(&file).unwrap()).unwrap();
    let root = info["root_key"].as_str().unwrap().to_owned();
    let offline = ["--root", &root, "--keys", keys.to_str().unwrap()];
    assert_eq!(verify(&offline, &receipt).0, 0);
    let bytes = std::fs::read(&receipt).unwrap();
    let altered = folder.path().join("altered.cose");
    for place in [bytes.len() / 2, bytes.len() - 1] {
        let mut other = bytes.clone();
        other[place] ^= 1;
        std::fs::write(&altered, other).unwrap();
        assert_eq!(verify(&offline, &altered).0, 1, "{place}");
    }
    let other_root = kabao_proof_root();
    assert_eq!(verify(&["--root", &other_root, "--keys", keys.to_str().unwrap()], &receipt).0, 1);

    // A payer code: the picture on the terminal, and the picture in a file.
    let svg = folder.path().join("code.svg");
    assert_eq!(wallet(&profile, &["--json", "prepare-codes"], "").json()["codes_left"], 10);
    let codes = wallet(&profile, &["codes"], "");
    assert!(codes.code == 0 && codes.out.contains("随应用附带") && codes.out.contains("version"), "{} {}", codes.out, codes.err);
    assert_eq!(wallet(&profile, &["--json", "codes", "--refresh"], "").json()["source"], "app");
    let operator = wallet(&profile, &["profile"], "");
    assert!(operator.code == 0 && operator.out.contains("运营机构已核实") && operator.out.contains("Z0000000000000"), "{} {}", operator.out, operator.err);
    let limits = wallet(&profile, &["limits", "--refresh"], "");
    assert!(limits.code == 0 && limits.out.contains("静态收款码每日限额"), "{} {}", limits.out, limits.err);
    assert_eq!(wallet(&profile, &["--json", "precheck", "500.01"], "").json()["sources"][0]["blockers"][0]["failure"]["code"], "limit_static_code");
    assert_eq!(wallet(&profile, &["--json", "ready"], "").json()["ready"], true);
    assert_eq!(wallet(&profile, &["--json", "own-caps", "--single", "100"], "").json()["own"]["single"]["minor"], 10_000);
    assert_eq!(wallet(&profile, &["--json", "rules", "--refresh"], "").json()["source"], "app");
    let code = wallet(&profile, &["show-code", "lakala", "--svg", svg.to_str().unwrap()], "");
    assert!(code.out.contains("█▀▀▀▀▀█") && code.out.contains("showing_id"), "{}", code.out);
    assert!(std::fs::read_to_string(&svg).unwrap().starts_with("<svg"));
}

/// A key that is a point of the curve and nobody's root here (the generator of P-256).
fn kabao_proof_root() -> String {
    "BGsX0fLhLEJH-Lzm5WOkQPJ3A32BLeszoPShOUXYmMKWT-NC4v4af5uO5-tKfA-eFivOM1drMV7Oy7ZAaDe_UfU".to_owned()
}

#[test]
fn exit_codes_say_how_certain_it_is() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("profile");
    // Before a service is known, and before there is an account.
    let none = wallet(&profile, &["status"], "");
    assert!(none.code == 1 && none.err.contains("--service"), "{}", none.err);
    let file = service.file();
    let refused = wallet(&profile, &["--service", file.to_str().unwrap(), "account"], "");
    assert_eq!(refused.code, 2);
    assert!(refused.err.contains("这部手机还没有开通钱包\n请先用手机号开通。\n(not_registered, certain)"), "{}", refused.err);
    ready(&service, &profile);

    // What cannot be undone says what it waits for, in the words of who types.
    let unsure = wallet(&profile, &["--json", "close-account"], "480273");
    let failure = unsure.json()["failure"].clone();
    assert!(unsure.code == 1 && failure["code"] == "not_confirmed" && failure["next"].as_str().unwrap().contains("--confirmed"), "{failure}");

    // A wrong PIN is certain, and says how many tries are left.
    let wrong = wallet(&profile, &["--json", "top-up", "5.00"], "480274");
    assert_eq!((wrong.code, wrong.json()["failure"]["attempts_left"].clone()), (2, Value::from(4)));

    // A lost answer is not: exit code 3; the next start says so by itself, and then there is the truth.
    service.dev("POST", "/dev/faults", r#"{"path_prefix":"/v1/payments","method":"PUT","times":1,"action":"drop_after"}"#);
    service.dev("POST", "/dev/faults", r#"{"path_prefix":"/v1/payments","method":"GET","action":"drop_before"}"#);
    let lost = wallet(&profile, &["--json", "top-up", "6.00"], "480273");
    assert_eq!((lost.code, lost.json()["state"].clone()), (3, Value::from("unknown")));
    let intent = lost.json()["intent_id"].as_str().unwrap().to_owned();
    let next = wallet(&profile, &["--json", "payment", &intent], "");
    assert!(next.code == 3 && next.err.contains("结果待确认") && next.err.contains(&intent), "{}", next.err);
    service.dev("DELETE", "/dev/faults", "");
    let truth = wallet(&profile, &["--json", "resolve", &intent], "");
    assert_eq!((truth.code, truth.json()["state"].clone()), (0, Value::from("succeeded")));
    let ledger = service.dev("GET", "/dev/ledger", "");
    let times = ledger["executions"].as_array().unwrap().iter().find(|entry| entry["intent_id"] == intent.as_str()).unwrap()["count"].clone();
    assert_eq!((ledger["sum"].clone(), times), (Value::from(0), Value::from(1)));
    assert_eq!(wallet(&profile, &["no-such-word"], "").code, 64);
    // A transfer waits for so long as the service has it.
    let odd = wallet(&profile, &["transfer", &"0".repeat(32), "1.00", "--delay-ms", "1"], "");
    assert!(odd.code == 64 && odd.err.contains("7200000"), "{}", odd.err);
    // A document that there is not is named, and those that there are.
    for words in [vec!["withdraw", "nonsense"], vec!["consent", "nonsense"], vec!["consent-text", "nonsense"]] {
        let odd = wallet(&profile, &words, "");
        assert!(odd.code == 64 && odd.err.contains("nonsense") && odd.err.contains("terms, privacy, real_name, face, card_binding"), "{words:?} {}", odd.err);
    }
    let unknown = wallet(&profile, &["--json", "transfer", &"0".repeat(32), "1.00"], "480273").json()["failure"].clone();
    assert_eq!((&unknown["code"], &unknown["remedy"]), (&Value::from("person_unknown"), &Value::from("correct_input")));
}

#[test]
fn a_sheet_that_cannot_be_written_voids_no_other() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("profile");
    ready(&service, &profile);
    let path = |name: &str| folder.path().join(name).to_str().unwrap().to_owned();
    let made = wallet(&profile, &["--json", "sheet-make", "--png", &path("sheet.png")], "");
    assert_eq!(made.code, 0, "{}", made.err);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = std::fs::metadata(path("sheet.png")).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "who reads the file can freeze the account");
    }
    std::fs::write(path("no.ttf"), b"no font").unwrap();
    for words in [vec!["--png", "/no/such/sheet.png"], vec!["--bars"], vec!["--pdf", &path("a.pdf"), "--font", &path("no.ttf")]] {
        let refused = wallet(&profile, &[&["--json", "sheet-make"], words.as_slice()].concat(), "");
        assert_eq!(refused.code, 1, "{words:?} {}", refused.out);
    }
    let kept = wallet(&profile, &["--json", "sheet-confirm"], made.json()["code"].as_str().unwrap());
    assert_eq!(kept.code, 0, "{} {}", kept.out, kept.err);
}

#[test]
fn a_second_program_and_a_lost_key_are_told_apart() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let profile = folder.path().join("profile");
    ready(&service, &profile);
    let keys = profile.join("dev-only-keys");
    let kept = std::fs::read(&keys).unwrap();

    std::fs::remove_file(&keys).unwrap();
    let lost = wallet(&profile, &["--json", "status"], "");
    assert_eq!((lost.code, lost.json()["failure"]["code"].clone()), (2, Value::from("key_lost")));
    std::fs::write(&keys, &kept).unwrap();
    assert_eq!(wallet(&profile, &["--json", "status"], "").code, 0);

    // One program waits for its PIN with the wallet open; another one is told.
    let mut first = Command::new(env!("CARGO_BIN_EXE_kabao"))
        .args(["wallet", "--dev-file-keys", "--profile"])
        .arg(&profile)
        .args(["top-up", "7.00"])
        .stdin(Stdio::piped())
        .stdout(Stdio::null())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut shown = BufReader::new(first.stderr.take().unwrap());
    let mut line = String::new();
    while !line.contains("quote_id") {
        line.clear();
        assert!(shown.read_line(&mut line).unwrap() > 0, "the quote is shown before the PIN is asked for");
    }
    let second = wallet(&profile, &["--json", "status"], "");
    assert_eq!((second.code, second.json()["failure"]["code"].clone()), (2, Value::from("in_use")));
    drop(first.stdin.take());
    first.wait().unwrap();

    // Nothing is set aside that can be opened.
    let kept = wallet(&profile, &["set-aside-lost"], "");
    assert!(kept.code == 2 && kept.err.contains("直接打开钱包就能继续使用。") && kept.err.contains("(key_present, certain)"), "{}", kept.err);
    assert_eq!(wallet(&profile, &["--json", "status"], "").code, 0);

    std::fs::remove_file(&keys).unwrap();
    let aside = wallet(&profile, &["--json", "set-aside-lost"], "");
    assert_eq!((aside.code, aside.json().as_array().unwrap().is_empty()), (0, false));
    let anew = wallet(&profile, &["--json", "status"], "");
    assert_eq!(anew.json()["onboarding"]["step"], "register");
}

#[test]
fn the_proxy_signs_for_tools_that_cannot() {
    use std::io::Read;
    let service = Service::start();
    let mut proxy = Command::new(env!("CARGO_BIN_EXE_kabao"))
        .args(["sign-proxy", "--until-stdin-ends", "--service"])
        .arg(service.file())
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut output = BufReader::new(proxy.stdout.take().unwrap());
    let mut url = String::new();
    output.read_line(&mut url).unwrap();
    let address = url.trim().trim_start_matches("http://").to_owned();
    let mut stream = std::net::TcpStream::connect(&address).unwrap();
    stream.write_all(format!("GET /v1/account HTTP/1.1\r\nhost: {address}\r\nconnection: close\r\n\r\n").as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200") && answer.contains("\"account_id\""), "{answer}");
    drop(proxy.stdin.take());
    assert!(proxy.wait().unwrap().success());
}

#[test]
fn one_process_takes_words_line_by_line_and_lives_on_locked() {
    let service = Service::start();
    let profile = tempfile::tempdir().unwrap();
    let mut child = Command::new(env!("CARGO_BIN_EXE_kabao"))
        .args(["--language", "zh-CN", "wallet", "--json", "--dev-file-keys", "--profile"])
        .arg(profile.path())
        .arg("--service")
        .arg(service.file())
        .arg("shell")
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = BufReader::new(child.stdout.take().unwrap());
    let mut tell = |lines: &str| -> Value {
        writeln!(input, "{lines}").unwrap();
        let mut answer = String::new();
        output.read_line(&mut answer).unwrap();
        serde_json::from_str(&answer).unwrap_or_else(|_| panic!("{lines}: {answer}"))
    };
    assert_eq!(tell("onboarding-next")["step"], "register");
    tell("register 13912340278 --device-model '书房 电脑'");
    // The secret is the next line, and what follows it is the next word.
    tell(&format!("\n# a remark\nenter-otp\n{}", service.otp("kabao")));
    assert_eq!(tell("onboarding-next")["step"], "choose_pin");
    assert_eq!(tell("lock")["locked"], true);
    assert_eq!(tell("onboarding-next")["failure"]["code"], "locked");
    assert_eq!(tell("choose-pin\n480273")["failure"]["code"], "locked");
    assert_eq!(tell("lock")["locked"], true);
    assert_eq!(tell("unlock")["locked"], false);
    assert_eq!(tell("unlock")["locked"], false);
    assert_eq!(tell("onboarding-next")["step"], "choose_pin");
    // What is no word is said with its line, and not repeated: it may be a secret.
    for odd in ["480273", "read 'x", "pay", "set-aside-lost", "shell"] {
        let said = tell(odd);
        assert!(said["said"].is_string() && !said.to_string().contains("480273"), "{odd}: {said}");
    }
    writeln!(input, "quit").unwrap();
    let done = child.wait_with_output().unwrap();
    // The last word was refused: the exit code of a shell is that of its last word.
    assert_eq!(done.status.code(), Some(1), "{}", String::from_utf8_lossy(&done.stderr));
    assert!(!String::from_utf8_lossy(&done.stderr).contains("480273"));
}

#[test]
fn reasons_and_what_cannot_be_run_are_said_in_the_language_of_the_person() {
    let service = Service::start();
    let folder = tempfile::tempdir().unwrap();
    let nowhere = folder.path().join("nowhere");
    // Nothing was asked of a wallet, and it is said in words and as JSON all the same.
    let said = wallet(&nowhere, &["--json", "status"], "");
    assert_eq!((said.code, &said.json()["failure"]["code"]), (1, &Value::from("which_service")));
    assert!(said.json()["failure"]["text"].as_str().unwrap().contains("钱包服务"), "{}", said.out);
    assert!(wallet(&nowhere, &["status"], "").err.contains("钱包服务"));
    let broken = folder.path().join("broken.json");
    std::fs::write(&broken, "{").unwrap();
    let said = wallet(&nowhere, &["--service", broken.to_str().unwrap(), "status"], "");
    assert!(said.code == 1 && said.err.contains("服务的文件不能用"), "{}", said.err);
    let profile = folder.path().join("profile");
    ready(&service, &profile);
    let said = wallet(&profile, &["--json", "bind-confirm"], "123456");
    assert_eq!((said.code, &said.json()["failure"]["code"]), (1, &Value::from("no_binding")));
    assert!(wallet(&profile, &["bind-confirm"], "123456").err.contains("银行卡"));
    // Every reason has its sentence beside its code.
    for words in [&["precheck", "99999.00"][..], &["limits", "99999.00"], &["ready"]] {
        let json = wallet(&profile, &[&["--json"], words].concat(), "");
        let failures = failures(&json.json());
        assert!(words[0] == "ready" || !failures.is_empty(), "{words:?} {}", json.out);
        let told = wallet(&profile, words, "").out;
        for failure in failures {
            let (text, next) = (failure["text"].as_str().unwrap(), failure["next"].as_str().unwrap());
            assert!(!text.is_empty() && !next.is_empty() && told.contains(text), "{words:?} {text}\n{told}");
        }
    }
    // A language without words is an error that names those that have them.
    let other = Command::new(env!("CARGO_BIN_EXE_kabao")).args(["--language", "fr", "check", "regulation"]).output().unwrap();
    let told = String::from_utf8(other.stderr).unwrap();
    assert!(other.status.code() == Some(64) && told.contains("zh-CN and en"), "{told}");
}

/// Everything that is a reason, wherever it stands.
fn failures(value: &Value) -> Vec<Value> {
    match value {
        Value::Array(items) => items.iter().flat_map(failures).collect(),
        Value::Object(map) if map.contains_key("remedy") => vec![value.clone()],
        Value::Object(map) => map.values().flat_map(failures).collect(),
        _ => Vec::new(),
    }
}
