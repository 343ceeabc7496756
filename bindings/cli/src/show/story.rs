//! The journey as a person reads it: chapters, sentences, and what the screen of a phone would show.

use super::table::{COLUMNS, Lines, Side, Table, pad, width, wrap};
use crate::journey::format::{Show, Step};
use crate::journey::values::{Saved, at};
use kabao_core::words::{Language, say};
use serde_json::{Map, Value};
use std::future::Future;
use std::io::{IsTerminal, Write};
use std::time::Duration;

/// How much is told.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Detail {
    /// Chapters, sentences and pictures.
    Story,
    /// A word for each step.
    Steps,
    /// Nothing.
    Nothing,
}

/// Tells a journey on standard output.
pub struct Story {
    detail: Detail,
    language: Language,
    terminal: bool,
    chapters: u32,
    steps: u32,
}

/// What the widest bar code takes.
const BAR_COLUMNS: usize = 94;

const SPINNER: [char; 10] = ['⠋', '⠙', '⠹', '⠸', '⠼', '⠴', '⠦', '⠧', '⠇', '⠏'];

impl Story {
    /// A story that begins.
    pub fn new(detail: Detail, language: Language) -> Story {
        Story { detail, language, terminal: std::io::stdout().is_terminal(), chapters: 0, steps: 0 }
    }

    /// How many steps were done.
    pub fn steps(&self) -> u32 {
        self.steps
    }

    /// Shows that something goes on until it is there, on a terminal.
    pub async fn waiting<T>(&mut self, action: &str, work: impl Future<Output = T>) -> T {
        let mut work = std::pin::pin!(work);
        if !self.terminal || self.detail == Detail::Nothing {
            return work.await;
        }
        // What is there at once needs no sign of progress.
        let mut tick = tokio::time::interval(Duration::from_millis(90));
        tick.tick().await;
        let mut turns = 0usize;
        let done = loop {
            tokio::select! {
                done = &mut work => break done,
                _ = tick.tick() => {
                    turns += 1;
                    if turns > 1 {
                        print!("\r  {} {action} ", SPINNER[turns % SPINNER.len()]);
                        let _ = std::io::stdout().flush();
                    }
                }
            }
        };
        if turns > 1 {
            print!("\r{}\r", " ".repeat(action.len() + 5));
        }
        done
    }

    /// A heading.
    pub fn chapter(&mut self, title: &str) {
        if self.detail != Detail::Story {
            return;
        }
        self.chapters += 1;
        let head = format!("── {} {title} ", self.chapters);
        let rule: String = std::iter::repeat_n('─', COLUMNS.saturating_sub(width(&head))).collect();
        let (bold, plain) = if self.terminal { ("\u{1b}[1m", "\u{1b}[0m") } else { ("", "") };
        println!("\n{bold}{head}{rule}{plain}\n");
    }

    /// A step was done and came out as expected.
    pub fn step(&mut self, action: &str) {
        self.steps += 1;
        if self.detail == Detail::Steps {
            println!("{:>4} {action}", self.steps);
        }
    }

    /// What a step has to tell and to show.
    pub fn tell(&mut self, step: &Step, language: Language, outcome: &Value, saved: &Saved) {
        if self.detail != Detail::Story {
            return;
        }
        if let Some(words) = &step.tell {
            for line in wrap(&fill(words.in_language(language), outcome, saved), COLUMNS - 4) {
                println!("  {line}");
            }
        }
        if let Some(show) = step.show {
            self.show(show, outcome);
        }
    }

    /// A line outside the journey.
    pub fn line(&self, text: &str) {
        if self.detail != Detail::Nothing {
            wrap(text, COLUMNS).iter().for_each(|line| println!("{line}"));
        }
    }

    /// Shows an outcome as the screen of a phone would.
    pub fn show(&self, show: Show, outcome: &Value) {
        // In one piece: in pieces it would wait in the buffer of the standard output, and a payer code would stay there.
        print!("{}", zeroize::Zeroizing::new(self.shown(show, outcome)).as_str());
    }

    fn shown(&self, show: Show, outcome: &Value) -> String {
        let text = |path: &str| at(outcome, path).and_then(Value::as_str).unwrap_or_default().to_owned();
        let items = |path: &str| at(outcome, path).and_then(Value::as_array).cloned().unwrap_or_default();
        match show {
            Show::Step => told("→", &format!("{} — {}", text("title"), text("why"))),
            Show::Refusal => {
                let failure = if outcome.get("failure").is_some() { self.failure(outcome) } else { (text("text"), text("next")) };
                told("✗", &format!("{} — {}", failure.0, failure.1))
            }
            Show::Timeline => {
                let stages: Vec<String> = items("timeline").iter().map(|stage| part(stage, "text")).collect();
                told("✓", &format!("{} · {}", text("state_text"), stages.join(" → ")))
            }
            Show::Ways => self.choices(&items(""), "text"),
            Show::Sources => self.choices(&items("sources"), "text"),
            Show::Code => self.code(&text("picture_coloured"), &text("bars_coloured"), &text("grouped"), &text("picture")),
            Show::Receipt => self.receipt(outcome),
            Show::History => history(&[items("open"), items("items")].concat()),
            Show::Month => {
                let month = at(outcome, "month").map(Value::to_string).unwrap_or_default();
                told("Σ", &format!("{month}: −{} / +{} ({})", text("spent.text"), text("received.text"), outcome.get("count").cloned().unwrap_or_default()))
            }
        }
    }

    /// The words of a failure that stands inside another outcome.
    fn failure(&self, outcome: &Value) -> (String, String) {
        let code = at(outcome, "failure.code").and_then(Value::as_str).unwrap_or_default();
        let words = |part: &str| say(self.language, &format!("error.{code}.{part}"), &[]);
        (words("text"), words("next"))
    }

    fn choices(&self, items: &[Value], name: &str) -> String {
        let mut table = Table::new(&[Side::Left, Side::Left, Side::Left]);
        for item in items {
            let usable = item.get("usable").and_then(Value::as_bool).unwrap_or(false);
            let code = at(item, "reason.code").and_then(Value::as_str);
            let reason = code.map(|code| say(self.language, &format!("error.{code}.text"), &[])).unwrap_or_default();
            table.row(&[if usable { "●" } else { "○" }, &part(item, name), &reason]);
        }
        table.to_string()
    }

    fn code(&self, coloured: &str, bars: &str, digits: &str, plain: &str) -> String {
        // Colours make black on white whatever the theme; without a terminal the plain picture is the readable one.
        let picture = if self.terminal { coloured } else { plain };
        let mut out: String = picture.lines().flat_map(|line| ["      ", line, "\n"]).collect();
        out.push('\n');
        // The bars of 24 digits are 94 columns wide; broken over two lines they are no bars.
        let columns = terminal_size::terminal_size().map_or(0, |(terminal_size::Width(columns), _)| usize::from(columns));
        if self.terminal && columns >= BAR_COLUMNS {
            out.extend(bars.lines().flat_map(|line| [line, "\n"]));
            out.push('\n');
        }
        out.push_str(&format!("      {digits}\n\n"));
        out
    }

    fn receipt(&self, outcome: &Value) -> String {
        let word = |name: &str| say(self.language, &format!("receipt.{name}"), &[]);
        let own = |key: &str, other: &str| outcome.get(key).and_then(Value::as_str).map_or_else(|| word(other), str::to_owned);
        let mut lines = Lines::titled(&own("title", "title"));
        lines.add(&own("payee_label", "payee"), &part(outcome, "payee_name"));
        for (name, path) in [
            ("amount", "amount.text"), ("fee", "fee.text"), ("route", "route_text"),
            ("our_order", "our_order"), ("acquirer_order", "acquirer_order"), ("merchant_order", "merchant_order"), ("time", "at_text"),
            ("arrives", "arrives_text"),
        ] {
            if let Some(value) = at(outcome, path).and_then(Value::as_str) {
                lines.add(&word(name), value);
            }
        }
        let verified = outcome.get("verified").and_then(Value::as_bool).unwrap_or(false);
        lines.end(&word(if verified { "verified" } else { "not_verified" }));
        lines.to_string()
    }
}

/// The list as a table.
pub fn history(items: &[Value]) -> String {
    let mut table = Table::new(&[Side::Left, Side::Left, Side::Left, Side::Left, Side::Right]);
    for item in items {
        let time = part(item, "at_text");
        let amount = at(item, "amount.text").and_then(Value::as_str).unwrap_or_default();
        table.row(&[time.get(..16).unwrap_or(&time), &part(item, "kind_text"), &part(item, "title"), &part(item, "state_text"), amount]);
    }
    table.to_string()
}

fn part(value: &Value, key: &str) -> String {
    value.get(key).and_then(Value::as_str).unwrap_or_default().to_owned()
}

fn told(mark: &str, text: &str) -> String {
    let lines = wrap(text, COLUMNS - 6).into_iter().enumerate();
    lines.map(|(index, line)| format!("  {} {line}\n", if index == 0 { pad(mark, 1) } else { " ".to_owned() })).collect()
}

/// The sentence with `{path}` and `{$name.path}` filled in.
fn fill(sentence: &str, outcome: &Value, saved: &Saved) -> String {
    let saved = Value::Object(saved.iter().map(|(name, value)| (name.clone(), value.clone())).collect::<Map<_, _>>());
    let mut out = String::new();
    let mut rest = sentence;
    while let Some((before, tail)) = rest.split_once('{') {
        out.push_str(before);
        let Some((path, after)) = tail.split_once('}') else {
            out.push('{');
            rest = tail;
            continue;
        };
        let value = match path.strip_prefix('$') {
            Some(path) => at(&saved, path),
            None => at(outcome, path),
        };
        match value {
            Some(Value::String(text)) => out.push_str(text),
            Some(value) => out.push_str(&value.to_string()),
            None => out.push('?'),
        }
        rest = after;
    }
    out.push_str(rest);
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    #[test]
    fn sentences_take_parts_of_the_outcome_and_of_what_was_saved() {
        let saved = Saved::from([("till".to_owned(), json!({"text_read": "97"}))]);
        let outcome = json!({"amount": {"text": "¥23.50"}, "count": 2});
        assert_eq!(fill("{amount.text} × {count}: {$till.text_read} {x} {", &outcome, &saved), "¥23.50 × 2: 97 ? {");
    }

    #[test]
    fn the_list_fits_the_terminal() {
        let item = json!({"at_text": "2026-11-22 12:19:09", "kind_text": "付款码付款", "title": "很长的商户名称".repeat(9), "state_text": "已完成", "amount": {"text": "-¥1,023.50"}});
        let text = history(&[item.clone(), item]);
        assert!(text.lines().all(|line| width(line) <= COLUMNS), "{text}");
        assert!(text.lines().all(|line| line.ends_with("-¥1,023.50") && line.contains("2026-11-22 12:19 ")), "{text}");
    }
}
