//! `kabao show` as it is typed: what stands in the files is read by a decoder that shares no code with the drawing.

// A test program may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::path::Path;
use std::process::{Command, Output};

fn kabao(folder: &Path, words: &[&str]) -> Output {
    Command::new(env!("CARGO_BIN_EXE_kabao")).args(words).current_dir(folder).env("LC_ALL", "en_GB.UTF-8").output().unwrap()
}

fn json(output: &Output) -> Value {
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// What stands in a PNG of one bit a pixel.
fn scanned(file: &Path) -> String {
    let mut decoder = png::Decoder::new(std::io::BufReader::new(std::fs::File::open(file).unwrap()));
    decoder.set_transformations(png::Transformations::EXPAND);
    let mut reader = decoder.read_info().unwrap();
    let mut data = vec![0; reader.output_buffer_size().unwrap()];
    let info = reader.next_frame(&mut data).unwrap();
    let (wide, high) = (info.width as usize, info.height as usize);
    let mut image = rqrr::PreparedImage::prepare_from_greyscale(wide, high, |x, y| data[y * wide + x]);
    let grids = image.detect_grids();
    assert_eq!(grids.len(), 1);
    grids[0].decode().unwrap().1
}

#[test]
fn a_collection_code_is_what_was_asked_for() {
    let folder = tempfile::tempdir().unwrap();
    for level in ["l", "M", "q", "H"] {
        let words = ["show", "--json", "collection", "--payee", "M0001", "--name", "面馆", "--city", "Beijing", "--amount", "12.5", "--level", level, "--png", "a.png", "--svg", "a.svg"];
        let shown = json(&kabao(folder.path(), &words));
        let text = shown["text"].as_str().unwrap();
        assert_eq!(scanned(&folder.path().join("a.png")), text);
        assert_eq!(shown["files"], serde_json::json!(["a.svg", "a.png"]));
        let code = kabao_codes::emv::read(text).unwrap();
        assert_eq!((code.value("54"), code.value("60"), code.value("01")), (Some("12.50"), Some("Beijing"), Some("11")));
        assert!(code.value("64").unwrap().ends_with("面馆"));
    }
    let svg = std::fs::read_to_string(folder.path().join("a.svg")).unwrap();
    assert!(svg.contains("<title>Collection code of 面馆</title>"), "{svg}");
    let order = json(&kabao(folder.path(), &["show", "collection", "--json", "--payee", "M0001", "--name", "Noodles", "--order", "A-1"]));
    let code = kabao_codes::emv::read(order["text"].as_str().unwrap()).unwrap();
    assert_eq!((code.value("54"), code.value("59"), code.value("01"), code.value("64")), (None, Some("Noodles"), Some("12"), None));
}

#[test]
fn what_cannot_be_a_code_is_said_by_the_name_of_the_option() {
    let folder = tempfile::tempdir().unwrap();
    let long = "名".repeat(26);
    for (wrong, option) in [
        (["--payee", "M 1", "--name", "x", "--city", "x"], "--payee"),
        (["--payee", "M1", "--name", "x", "--city", "上海"], "--city"),
        (["--payee", "M1", "--name", &long, "--city", "x"], "--name"),
        (["--payee", "M1", "--name", "a\u{202e}b", "--city", "x"], "--name"),
        (["--payee", "M1", "--name", "x", "--category", "12"], "--category"),
    ] {
        let words = [["show", "collection"].as_slice(), &wrong].concat();
        let output = kabao(folder.path(), &words);
        let said = String::from_utf8_lossy(&output.stderr).into_owned();
        assert!(output.status.code() == Some(64) && said.starts_with(option), "{said}");
    }
    for (amount, code) in [("0", "amount_zero"), ("1.234", "amount_decimals"), ("x", "amount_malformed")] {
        let output = kabao(folder.path(), &["show", "collection", "--payee", "M1", "--name", "x", "--amount", amount]);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(code));
    }
    assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 0);
}

#[test]
fn a_sheet_without_a_font_for_its_name_is_refused() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("no.ttf"), b"not a font").unwrap();
    let output = kabao(folder.path(), &["show", "collection", "--payee", "M1", "--name", "面馆", "--pdf", "--font", "no.ttf"]);
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(output.status.code() == Some(1) && said.contains("no.ttf"), "{said}");
    assert!(!folder.path().join("collection-M1.pdf").exists());
    let bars = kabao(folder.path(), &["show", "collection", "--payee", "M1", "--name", "x", "--bars"]);
    assert_eq!(bars.status.code(), Some(2));
}

#[test]
fn any_text_is_shown_and_none_acts_on_the_terminal() {
    let folder = tempfile::tempdir().unwrap();
    let output = kabao(folder.path(), &["show", "text", "最佳运输\u{1b}[2J\u{202e}"]);
    let said = String::from_utf8(output.stdout).unwrap();
    assert!(said.contains("█▀▀▀▀▀█") && said.ends_with("最佳运输\\u{1b}[2J\\u{202e}\n"), "{said}");
    assert!(!said.contains('\u{1b}'));
    let text = json(&kabao(folder.path(), &["show", "text", "最佳运输", "--png", "t.png", "--scale", "3", "--json"]));
    assert_eq!((text["text"].as_str(), scanned(&folder.path().join("t.png"))), (Some("最佳运输"), "最佳运输".to_owned()));
    let bars = json(&kabao(folder.path(), &["show", "text", "971234567890166296851979", "--bars", "--json"]));
    assert_eq!(bars["modules"], 167);
    for (words, code) in [(vec!["show", "text", "12a", "--bars"], "not_digits"), (vec!["show", "text", &"1".repeat(7090)], "input_too_long")] {
        let output = kabao(folder.path(), &words);
        assert_eq!(output.status.code(), Some(2));
        assert!(String::from_utf8_lossy(&output.stderr).contains(code));
    }
    assert_eq!(kabao(folder.path(), &["show", "text", "x", "--png", "no/such/folder.png"]).status.code(), Some(1));
}

#[test]
fn the_link_form_takes_its_host_from_the_service() {
    let folder = tempfile::tempdir().unwrap();
    let fixture = Path::new(env!("CARGO_MANIFEST_DIR")).join("../fixtures/nobody.json");
    let mut service: Value = serde_json::from_slice(&std::fs::read(&fixture).unwrap()).unwrap();
    service["link_host"] = "pay.example".into();
    std::fs::write(folder.path().join("service.json"), service.to_string()).unwrap();
    let shown = |more: &[&str]| kabao(folder.path(), &[&["show", "--json", "collection", "--payee", "M0001", "--name", "A"], more].concat());
    let text = |more: &[&str]| json(&shown(more))["text"].as_str().unwrap().to_owned();
    let ours = text(&["--link", "--service", "service.json"]);
    assert_eq!(ours, "https://pay.example/c/1?p=M0001&c=CNY");
    // A host that is typed counts.
    assert_eq!(text(&["--link", "other.example", "--service", "service.json"]), "https://other.example/c/1?p=M0001&c=CNY");
    for without in [vec!["--link"], vec!["--link", "--service", fixture.to_str().unwrap()]] {
        let refused = shown(&without);
        assert_eq!(refused.status.code(), Some(64));
        assert!(String::from_utf8_lossy(&refused.stderr).contains("--link"));
    }
    // The same file makes it a code that can be paid; without it the link is anybody's.
    let read = |more: &[&str]| kabao(folder.path(), &[&["read", "--json"], more, &[&ours]].concat());
    assert_eq!(json(&read(&["--service", "service.json"]))["codes"][0]["family"], "our_collection_link");
    let stranger: Value = serde_json::from_slice(&read(&[]).stdout).unwrap();
    assert_eq!(stranger["codes"][0]["family"], "web_link");
}
