//! Carries a journey out, step by step, and compares.

use super::format::{Fails, Journey, Step};
use super::transcript::Transcript;
use super::values::{Saved, at, compare, resolve, resolve_all};
use super::watch::Watch;
use super::world::{ActError, World};
use crate::calls::{Arguments, CallError, call, is_call};
use crate::show::story::Story;
use crate::views;
use kabao_core::WalletError;
use kabao_core::words::{Language, explain};
use serde_json::{Map, Value, json};
use std::time::Duration;
use tokio::time::Instant;

/// How long a step with `until` is asked again.
const PATIENCE: Duration = Duration::from_secs(20);
/// The pause between two of its questions.
const PAUSE: Duration = Duration::from_millis(60);

/// What came of one step.
enum Came {
    /// An outcome.
    Gave(Value),
    /// An error of the wallet.
    Failed(WalletError),
}

/// Runs a journey in a world, to its first surprise or, with `keep_going`, through all of them.
///
/// # Errors
/// The step that did not come out as expected, and how.
pub async fn run(journey: &Journey, world: &mut World, language: Language, story: &mut Story, keep_going: bool) -> Result<Transcript, String> {
    let mut transcript = Transcript::default();
    let (mut wrong, watch) = (Vec::new(), Watch::begin());
    let mut saved = Saved::new();
    for (number, step) in journey.steps.iter().enumerate() {
        for (part, step) in step.unfolded().iter().enumerate() {
            let part = if part > 0 { format!(".{}", part + 1) } else { String::new() };
            let place = format!("{} step {}{part} ({})", journey.name, number + 1, step.action.as_deref().unwrap_or("tell"));
            watch.at(&place);
            if let Err(error) = one(step, world, language, story, &mut saved, &mut transcript).await {
                wrong.push(format!("{place}: {error}"));
                if !keep_going {
                    return Err(wrong.concat());
                }
            }
        }
    }
    if wrong.is_empty() { Ok(transcript) } else { Err(wrong.join("\n")) }
}

async fn one(
    step: &Step,
    world: &mut World,
    language: Language,
    story: &mut Story,
    saved: &mut Saved,
    transcript: &mut Transcript,
) -> Result<(), String> {
    if let Some(chapter) = &step.chapter {
        story.chapter(chapter.in_language(language));
    }
    let Some(action) = &step.action else {
        story.tell(step, language, &json!({}), saved);
        return Ok(());
    };
    let with = resolve_all(&step.with, saved)?;
    let expect = step.expect.as_ref().map(|expect| resolve(expect, saved)).transpose()?;
    let deadline = Instant::now() + PATIENCE;
    let came = loop {
        let came = story.waiting(action, perform(action, with.clone(), world, language)).await?;
        let judged = judge(&came, expect.as_ref(), step.fails.as_ref(), language);
        match judged {
            Ok(()) => break came,
            Err(_) if step.until && Instant::now() < deadline => tokio::time::sleep(PAUSE).await,
            Err(error) => return Err(error),
        }
    };
    match came {
        Came::Gave(value) => {
            remember(world, action, &with, &value);
            for (name, path) in &step.save {
                let part = at(&value, path).cloned().ok_or_else(|| format!("the outcome has no {path:?} to save as {name}"))?;
                transcript.name(name, &part);
                saved.insert(name.clone(), part);
            }
            transcript.gave(action, &value);
            story.step(action);
            story.tell(step, language, &value, saved);
        }
        Came::Failed(error) => {
            let failure = views::error(language, &error);
            transcript.failed(action, &failure);
            story.step(action);
            story.tell(step, language, &failure, saved);
        }
    }
    Ok(())
}

async fn perform(action: &str, with: Map<String, Value>, world: &mut World, language: Language) -> Result<Came, String> {
    if is_call(action) {
        let wallet = world.wallet().ok_or("the wallet is not open")?;
        return match call(&wallet, language, action, Arguments::new(with)).await {
            Ok(value) => Ok(Came::Gave(value)),
            Err(CallError::Wallet(error)) => Ok(Came::Failed(error)),
            Err(CallError::Written(text)) => Err(text),
        };
    }
    match world.act(action, with).await {
        Ok(value) => Ok(Came::Gave(value)),
        Err(ActError::Wallet(error)) => Ok(Came::Failed(error)),
        Err(ActError::Said(text)) => Err(text),
    }
}

fn judge(came: &Came, expect: Option<&Value>, fails: Option<&Fails>, language: Language) -> Result<(), String> {
    match (came, expect, fails) {
        (Came::Gave(value), Some(expect), _) => compare(expect, Some(value), ""),
        (Came::Gave(_), None, None) => Ok(()),
        (Came::Gave(_), None, Some(fails)) => Err(format!("expected {}, and it succeeded", fails.code)),
        (Came::Failed(error), _, None) => Err(format!("failed: {}", views::error(language, error))),
        (Came::Failed(error), _, Some(fails)) => failed_as(error, fails, language),
    }
}

fn failed_as(error: &WalletError, fails: &Fails, language: Language) -> Result<(), String> {
    let failure = error.failure();
    let seen = views::error(language, error);
    let named = |wanted: &Option<String>, key: &str| wanted.is_none() || wanted.as_deref() == seen.get(key).and_then(Value::as_str);
    let same = failure.code == fails.code
        && named(&fails.certainty, "certainty")
        && named(&fails.remedy, "remedy")
        && named(&fails.actor, "actor")
        && fails.waits.is_none_or(|waits| waits == failure.retry_after_ms.is_some_and(|ms| ms > 0))
        && named(&fails.field, "field")
        && (fails.attempts_left.is_none() || fails.attempts_left == failure.attempts_left);
    if !same {
        return Err(format!("expected {fails:?}, and it failed: {seen}"));
    }
    // Every failure has a sentence and a next step, in both languages.
    let wordless = [Language::ZhCn, Language::En].into_iter().map(|language| explain(language, failure)).any(|words| words.text.is_empty() || words.next.is_empty());
    if wordless { Err(format!("{} has no words", failure.code)) } else { Ok(()) }
}

/// What succeeded with a secret makes that secret one to look for.
fn remember(world: &mut World, action: &str, with: &Map<String, Value>, value: &Value) {
    match action {
        "choose_pin" | "confirm" | "card_unbind" | "own_caps" => world.remember("PIN", with.get("pin")),
        "renew_approval" => {
            world.remember("PIN", with.get("pin"));
            world.remember("one-time code", with.get("code"));
        }
        "contact_remove" | "close_account" => world.remember("PIN", with.get("pin")),
        "contact_confirm" => world.remember("one-time code", with.get("code")),
        "replace_prove" | "change_phone_prove" => {
            world.remember("PIN", with.get("pin"));
            world.remember("identity number", with.get("id_number"));
        }
        "enter_otp" | "replace_otp" | "sign_in_otp" | "change_phone_otp" | "bind_confirm" => world.remember("one-time code", with.get("code")),
        "set_password" | "change_password" => world.remember("login password", with.get("password")),
        "factor_begin" => world.remember("authenticator key", value.get("typed_key")),
        "factor_confirm" | "backup_codes" => {
            for code in value.get("backup_codes").and_then(Value::as_array).into_iter().flatten() {
                world.remember("backup code", Some(code));
            }
        }
        "verify" => {
            world.remember("identity number", with.get("id_number"));
            world.remember("guardian's code", with.get("guardian_code"));
            // The second line begins with the number.
            let line = with.get("mrz").and_then(Value::as_str).and_then(|lines| lines.split('\n').nth(1));
            let number = line.and_then(|line| line.get(..9)).map(|number| number.trim_end_matches('<').into());
            world.remember("passport number", number.as_ref());
        }
        "bind" | "card_replace" | "card_look" => world.remember("card number", with.get("card_number")),
        "make_recovery_sheet" => world.remember("recovery sheet code", value.get("code")),
        _ => {}
    }
}
