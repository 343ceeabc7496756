//! `kabao read` as it is typed: texts, bytes that are no text, and pictures where this build has a decoder.

// A test program may stop at the first surprise.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic)]

use serde_json::Value;
use std::io::Write;
use std::path::Path;
use std::process::{Command, Output, Stdio};

fn kabao(folder: &Path, words: &[&str], input: &[u8]) -> Output {
    let mut line = Command::new(env!("CARGO_BIN_EXE_kabao"));
    line.args(words).current_dir(folder).env("LC_ALL", "zh_CN.UTF-8");
    let mut child = line.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped()).spawn().unwrap();
    // A program that does not ask for its input may be gone before it is written.
    let _ = child.stdin.take().unwrap().write_all(input);
    child.wait_with_output().unwrap()
}

fn json(output: &Output) -> Value {
    serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{error}: {}", String::from_utf8_lossy(&output.stderr)))
}

/// Nothing but lines of text: no character that acts on a terminal or turns its direction.
fn harmless(output: &Output) -> String {
    let text = String::from_utf8(output.stdout.clone()).unwrap();
    assert!(!text.chars().any(|character| (character.is_control() && character != '\n') || ('\u{202a}'..='\u{202e}').contains(&character)), "{text:?}");
    text
}

fn collection(folder: &Path, words: &[&str]) -> String {
    let words = [["show", "collection", "--json", "--payee", "M0001", "--name", "面馆"].as_slice(), words].concat();
    json(&kabao(folder, &words, b""))["text"].as_str().unwrap().to_owned()
}

#[test]
fn a_collection_code_can_be_paid() {
    let folder = tempfile::tempdir().unwrap();
    let text = collection(folder.path(), &["--amount", "12.50"]);
    for input in [vec!["read", text.as_str()], vec!["read", "-"]] {
        let output = kabao(folder.path(), &input, format!("{text}\r\n").as_bytes());
        assert_eq!(output.status.code(), Some(0), "{}", String::from_utf8_lossy(&output.stderr));
        let said = harmless(&output);
        assert!(said.contains("¥12.50") && said.contains("面馆"), "{said}");
    }
    let verdict = &json(&kabao(folder.path(), &["read", "--json", &text], b""))["codes"][0];
    assert_eq!((verdict["family"].as_str(), verdict["asks"]["amount"].as_str()), (Some("our_collection"), Some("12.50")));
    assert_eq!(verdict["text"].as_str(), Some(text.as_str()));
    // Another service's code is not ours.
    assert_eq!(kabao(folder.path(), &["read", "--guid", "app.other", &text], b"").status.code(), Some(2));
}

#[test]
fn what_cannot_be_paid_has_its_own_exit_code_and_reasons() {
    let folder = tempfile::tempdir().unwrap();
    for (text, word) in [
        ("wxp://f2f0AAAA", "微信"), ("https://qr.alipay.com@evil.example/x", "evil.example"), ("hello", "hello"), ("\u{1b}[2J\u{1b}]0;owned\u{7}", "\\u{1b}"), ("", ""),
    ] {
        let output = kabao(folder.path(), &["read", "--", text], b"");
        assert_eq!(output.status.code(), Some(2), "{text:?}");
        let said = harmless(&output);
        assert!(said.contains(word) && said.contains('✗'), "{said}");
        let output = kabao(folder.path(), &["read", "--json", "--", text], b"");
        assert!(harmless(&output).contains("\"refusal\""));
        assert_eq!(json(&output)["codes"][0]["text"].as_str(), Some(text));
    }
    let english = kabao(folder.path(), &["read", "--lang", "en", "wxp://f2f0AAAA"], b"");
    assert!(harmless(&english).contains("WeChat"));
}

#[test]
fn bytes_that_are_no_text_have_an_answer() {
    let folder = tempfile::tempdir().unwrap();
    for input in [b"\xff\xfe\x00".as_slice(), &[0x80; 5000], b"\x1b\xff", &vec![b'9'; 10 << 20]] {
        let output = kabao(folder.path(), &["read", "--json", "-"], input);
        assert_eq!(output.status.code(), Some(2));
        assert!(json(&output)["codes"][0]["refusal"].is_string());
        harmless(&kabao(folder.path(), &["read", "-"], input));
    }
}

#[test]
fn a_file_is_a_picture_by_its_first_bytes() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::write(folder.path().join("hello"), "what this file holds is not read").unwrap();
    let text = kabao(folder.path(), &["read", "--json", "hello"], b"");
    assert_eq!(json(&text)["codes"][0]["text"].as_str(), Some("hello"));
    std::fs::write(folder.path().join("cut.png"), b"\x89PNG\r\n\x1a\n").unwrap();
    let output = kabao(folder.path(), &["read", "cut.png"], b"");
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert_eq!(output.status.code(), Some(1));
    let word = if cfg!(feature = "pictures") { "cannot be read" } else { "--features pictures" };
    assert!(said.contains(word), "{said}");
}

#[cfg(feature = "pictures")]
mod pictures {
    use super::*;
    use image::{GrayImage, ImageFormat};

    fn drawn(folder: &Path, text: &str, file: &str) -> GrayImage {
        assert!(kabao(folder, &["show", "text", "--png", file, "--", text], b"").status.success());
        image::open(folder.join(file)).unwrap().into_luma8()
    }

    #[test]
    fn a_picture_gives_the_verdict_of_its_code() {
        let folder = tempfile::tempdir().unwrap();
        let text = collection(folder.path(), &["--amount", "12.50", "--png", "ours.png"]);
        let output = kabao(folder.path(), &["read", "--json", "ours.png"], b"");
        assert_eq!(output.status.code(), Some(0));
        assert_eq!((json(&output)["codes"][0]["text"].as_str(), json(&output)["codes"][0]["symbol"].as_str()), (Some(text.as_str()), Some("QR Code")));
        let through = kabao(folder.path(), &["read", "-"], &std::fs::read(folder.path().join("ours.png")).unwrap());
        assert!(through.status.success() && harmless(&through).contains("¥12.50"));
        for (name, format) in [("a.jpg", ImageFormat::Jpeg), ("a.webp", ImageFormat::WebP), ("a.gif", ImageFormat::Gif), ("a.bmp", ImageFormat::Bmp)] {
            let file = folder.path().join(name);
            image::open(folder.path().join("ours.png")).unwrap().to_rgb8().save_with_format(&file, format).unwrap();
            assert_eq!(kabao(folder.path(), &["read", name], b"").status.code(), Some(0), "{name}");
        }
    }

    #[test]
    fn of_two_codes_none_is_chosen() {
        let folder = tempfile::tempdir().unwrap();
        let one = collection(folder.path(), &["--png", "one.png"]);
        let first = image::open(folder.path().join("one.png")).unwrap().into_luma8();
        let second = drawn(folder.path(), "https://evil.example/\u{1b}[2J", "two.png");
        let mut both = GrayImage::from_pixel(first.width() + second.width(), first.height().max(second.height()), image::Luma([255]));
        image::imageops::replace(&mut both, &first, 0, 0);
        image::imageops::replace(&mut both, &second, i64::from(first.width()), 0);
        both.save(folder.path().join("both.png")).unwrap();
        let output = kabao(folder.path(), &["read", "--json", "both.png"], b"");
        assert_eq!(output.status.code(), Some(2));
        let codes: Vec<String> = json(&output)["codes"].as_array().unwrap().iter().map(|code| code["text"].as_str().unwrap().to_owned()).collect();
        assert!(codes.len() == 2 && codes.contains(&one) && codes.contains(&"https://evil.example/\u{1b}[2J".to_owned()), "{codes:?}");
        assert!(harmless(&kabao(folder.path(), &["read", "both.png"], b"")).contains("2 个码"));
    }

    #[test]
    fn a_picture_without_a_code_says_so() {
        let folder = tempfile::tempdir().unwrap();
        GrayImage::from_pixel(300, 200, image::Luma([200])).save(folder.path().join("empty.png")).unwrap();
        let output = kabao(folder.path(), &["read", "empty.png"], b"");
        assert_eq!(output.status.code(), Some(2));
        assert!(harmless(&output).contains("没有找到码"));
        assert_eq!(json(&kabao(folder.path(), &["read", "--json", "empty.png"], b"")), serde_json::json!({ "payable": false, "codes": [] }));
    }
}
