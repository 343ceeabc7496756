//! `kabao read`: says what a code is: a text, or every code of a picture. Nothing is opened, followed or sent.

use crate::pictures::{self, Decoder, FoundCode};
use crate::setup::ServiceFile;
use crate::show::table::{COLUMNS, cut, pad, width, wrap};
use crate::show::visible::{visible, visible_json};
use crate::views::{bytes_of, snake};
use clap::Args;
use kabao_codes::read::{Asks, LIMIT, PayWay};
use kabao_codes::{ReadContext, Verdict, ndef, read_bytes};
use kabao_core::words::{self, CodeWords, Language, say};
use serde_json::{Value, json};
use std::ffi::OsString;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What is read, and what counts as ours.
#[derive(Args)]
pub struct ReadArgs {
    /// The text of a code, or a file with a picture of codes; `-` reads either from the standard input.
    #[arg(allow_hyphen_values = true)]
    what: OsString,
    /// What is given are the bytes of an NDEF message in hexadecimal, as a phone gets them from a tag.
    #[arg(long)]
    tag: bool,
    /// Answers in JSON, for scripts.
    #[arg(long)]
    json: bool,
    /// What codes of our service carry as GUID.
    #[arg(long, default_value = "app.kabao")]
    guid: String,
    /// service.json: gives the GUID and the host of collection links.
    #[arg(long, conflicts_with = "guid")]
    service: Option<PathBuf>,
    /// The prefix of our payer codes.
    #[arg(long, value_name = "DIGITS")]
    payer_prefix: Option<String>,
    /// The host of our collection links.
    #[arg(long, value_name = "HOST")]
    link_host: Option<String>,
    /// Who looks for codes in a picture; others than all are for comparison.
    #[arg(long, value_enum, default_value = "all", hide = true)]
    decoder: Decoder,
}

/// The wallet says no, for certain.
const REFUSED: u8 = 2;

/// Reads and tells. 0: one code, and this wallet can pay it; 2: it cannot, or there are several codes or none; 1: the
/// picture could not be read.
///
/// # Errors
/// The text to show when a file or a picture cannot be read.
pub fn run(args: &ReadArgs, language: Language) -> Result<ExitCode, String> {
    let (guid, service_host) = match &args.service {
        Some(path) => ServiceFile::read(path).map(|service| (service.guid, service.link_host))?,
        None => (args.guid.clone(), None),
    };
    let link_host = args.link_host.clone().or(service_host);
    let context = ReadContext { payer_prefix: args.payer_prefix.clone(), link_host, ..ReadContext::new(&guid) };
    let codes = match given(&args.what)? {
        Given::Text(bytes) => vec![FoundCode { symbol: String::new(), bytes }],
        Given::Picture(_) if args.tag => return Err("--tag takes hexadecimal digits, not a picture".to_owned()),
        Given::Picture(file) => pictures::read(&file, args.decoder).map_err(|error| error.to_string())?,
    };
    let judge = |code: FoundCode| {
        if !args.tag {
            return Ok((read_bytes(&code.bytes, &context), code));
        }
        let bytes = std::str::from_utf8(&code.bytes).ok().and_then(|text| bytes_of(text.trim())).ok_or("--tag takes hexadecimal digits, two for each byte")?;
        // What stands in the tag is shown as a scan of it would be.
        let text = ndef::read(&bytes).and_then(|message| message.payment_text()).map(String::into_bytes).unwrap_or_default();
        Ok((ndef::tap(&bytes, &context), FoundCode { symbol: code.symbol, bytes: text }))
    };
    let judged: Vec<(FoundCode, Verdict)> = codes.into_iter().map(judge).map(|judged| judged.map(|(verdict, code)| (code, verdict))).collect::<Result<_, String>>()?;
    let payable = matches!(judged.as_slice(), [(_, verdict)] if verdict.refusal.is_none());
    if args.json {
        let codes: Vec<Value> = judged.iter().map(|(code, verdict)| as_json(code, verdict, language)).collect();
        println!("{}", visible_json(&json!({ "payable": payable, "codes": codes }).to_string()));
    } else {
        tell(&judged, language);
    }
    Ok(if payable { ExitCode::SUCCESS } else { ExitCode::from(REFUSED) })
}

enum Given {
    Text(Vec<u8>),
    Picture(Vec<u8>),
}

/// A picture is known by its first bytes, not by its name; a text that is also the name of some file stays a text.
fn given(what: &OsString) -> Result<Given, String> {
    let bounded = |from: &mut dyn Read, name: &str| {
        let mut bytes = Vec::new();
        from.take(pictures::LARGEST + 1).read_to_end(&mut bytes).map(|_| bytes).map_err(|error| format!("{name}: {error}"))
    };
    if what == "-" {
        let bytes = bounded(&mut std::io::stdin().lock(), "-")?;
        return Ok(if pictures::is_picture(&bytes) { Given::Picture(bytes) } else { Given::Text(bytes) });
    }
    let path = Path::new(what);
    if std::fs::metadata(path).is_ok_and(|data| data.is_file()) {
        let name = visible(&path.display().to_string());
        let bytes = bounded(&mut std::fs::File::open(path).map_err(|error| format!("{name}: {error}"))?, &name)?;
        if pictures::is_picture(&bytes) {
            return Ok(Given::Picture(bytes));
        }
    }
    Ok(Given::Text(what.as_encoded_bytes().to_vec()))
}

/// What stands in the code, when it may be shown: numbers that may be a person's or a card's may not, and what is longer
/// than any code is not repeated.
fn content<'a>(code: &'a FoundCode, verdict: &Verdict) -> Option<&'a str> {
    std::str::from_utf8(&code.bytes).ok().filter(|text| verdict.masked.is_none() && text.len() <= 4 * LIMIT)
}

fn tell(judged: &[(FoundCode, Verdict)], language: Language) {
    let columns = terminal_size::terminal_size().map_or(COLUMNS, |(terminal_size::Width(columns), _)| usize::from(columns));
    let columns = if std::io::stdout().is_terminal() { columns.clamp(24, 100) } else { COLUMNS };
    match judged {
        [] => println!("{}", say(language, "show.no_code", &[])),
        [_] => {}
        many => println!("{}", say(language, "show.several_codes", &[("count", &many.len().to_string())])),
    }
    for (code, verdict) in judged {
        print!("{}", told(&words::code(language, verdict), content(code, verdict), columns));
    }
}

/// The longest content that is shown, in lines.
const CONTENT_LINES: usize = 3;

/// A box: what it is; what it says; what is dangerous, why not, what to do; what stands in it.
fn told(words: &CodeWords, content: Option<&str>, columns: usize) -> String {
    let room = columns.saturating_sub(4).max(8);
    let broken = |text: &str| wrap(&visible(text), room);
    let marked = |mark: &str, text: &str| broken(&format!("{mark} {text}"));
    let warned = words.dangers.iter().flat_map(|danger| marked("⚠", danger));
    let refused = words.refusal.iter().flat_map(|refusal| marked("✗", refusal));
    // One character more than can be shown tells that there is more.
    let most = room * CONTENT_LINES + 1;
    let mut held = content.map(|content| wrap(&visible(&content.chars().take(most).collect::<String>()), room)).unwrap_or_default();
    if held.len() > CONTENT_LINES {
        held.truncate(CONTENT_LINES);
        if let Some(last) = held.last_mut() {
            *last = format!("{}…", cut(last, room.saturating_sub(2)).trim_end_matches('…'));
        }
    }
    let parts = [
        broken(&words.title),
        words.lines.iter().flat_map(|line| broken(line)).collect(),
        warned.chain(refused).chain(broken(&words.next)).collect::<Vec<_>>(),
        held,
    ];
    let parts: Vec<Vec<String>> = parts.into_iter().filter(|part| part.iter().any(|line| !line.is_empty())).collect();
    let inner = parts.iter().flatten().map(|line| width(line)).max().unwrap_or(0);
    let rule = |left: char, right: char| format!("{left}{}{right}\n", "─".repeat(inner + 2));
    let mut text = rule('┌', '┐');
    for (place, part) in parts.iter().enumerate() {
        if place > 0 {
            text.push_str(&rule('├', '┤'));
        }
        for line in part {
            text.push_str(&format!("│ {} │\n", pad(line, inner)));
        }
    }
    text + &rule('└', '┘')
}

fn as_json(code: &FoundCode, verdict: &Verdict, language: Language) -> Value {
    let words = words::code(language, verdict);
    let symbol = Some(&code.symbol).filter(|symbol| !symbol.is_empty());
    without_nulls(json!({
        "symbol": symbol, "text": content(code, verdict), "masked": verdict.masked,
        "family": verdict.family.name(), "owner": verdict.owner.as_ref().map(|owner| owner.name()),
        "asks": asks(&verdict.asks), "pay": pay(&verdict.pay),
        "dangers": verdict.dangers.iter().map(|danger| danger.name()).collect::<Vec<_>>(),
        "refusal": verdict.refusal.map(|code| code.as_str()),
        "words": without_nulls(json!({ "title": words.title, "lines": words.lines, "dangers": words.dangers, "refusal": words.refusal, "next": words.next })),
    }))
}

fn asks(asks: &Asks) -> Value {
    without_nulls(json!({
        "payee": asks.payee, "amount": asks.amount.map(|amount| amount.plain()), "amount_text": asks.amount_text,
        "currency": asks.currency, "order": asks.order, "static": asks.is_static, "limit_class": asks.limit_class.map(snake),
        "amount_editable": asks.amount_editable, "expires": asks.expires, "category": asks.category.map(|category| category.key()),
    }))
}

fn pay(way: &PayWay) -> Value {
    without_nulls(match way {
        PayWay::Direct => json!({ "way": "direct" }),
        PayWay::Channel { scheme } => json!({ "way": "channel", "scheme": scheme.name() }),
        PayWay::HandOver { app, link } => json!({ "way": "hand_over", "app": app.name(), "link": link }),
        PayWay::AskService { host, routes } => {
            json!({ "way": "ask_service", "host": host, "routes": routes.iter().map(|route| route.name()).collect::<Vec<_>>() })
        }
        PayWay::No => json!({ "way": "no" }),
    })
}

fn without_nulls(value: Value) -> Value {
    match value {
        Value::Object(map) => Value::Object(map.into_iter().filter(|(_, value)| !value.is_null()).collect()),
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use kabao_codes::read;

    fn texts() -> Vec<String> {
        let long = "最佳".repeat(300);
        ["https://qr.alipay.com/fkx00000aaaa", "110101199003078670", "\u{1b}[2J\u{1b}]0;x\u{7}", "", "hello\u{202e}", &long, "https://xn--pple-43d.com/pay"].map(str::to_owned).into()
    }

    #[test]
    fn every_line_fits_and_nothing_acts() {
        let context = ReadContext::new("app.kabao");
        for text in texts() {
            let verdict = read(&text, &context);
            let code = FoundCode { symbol: String::new(), bytes: text.clone().into_bytes() };
            for (language, columns) in [(Language::ZhCn, 24), (Language::En, 40), (Language::ZhCn, 100), (Language::En, 24)] {
                let shown = told(&words::code(language, &verdict), content(&code, &verdict), columns);
                let widths: Vec<usize> = shown.lines().map(width).collect();
                assert!(widths.iter().all(|width| *width <= columns && *width == widths[0]), "{columns}\n{shown}");
                assert!(!shown.chars().any(|character| character != '\n' && (character.is_control() || character == '\u{202e}')), "{shown}");
            }
        }
    }

    #[test]
    fn a_number_of_a_person_is_not_repeated() {
        let verdict = read("110101199003078670", &ReadContext::new("app.kabao"));
        let code = FoundCode { symbol: String::new(), bytes: b"110101199003078670".to_vec() };
        let shown = told(&words::code(Language::En, &verdict), content(&code, &verdict), 80) + &as_json(&code, &verdict, Language::En).to_string();
        assert!(!shown.contains("110101199003078670") && !shown.contains("19900307"), "{shown}");
    }
}
