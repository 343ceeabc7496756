//! Carries a journey out, step by step, and compares.

use super::format::{Fails, Journey, Step};
use super::transcript::Transcript;
use super::values::{Saved, at, compare, resolve, resolve_all};
use super::watch::Watch;
use super::phone::ActError;
use super::world::World;
use crate::calls::is_call;
use crate::show::story::Story;
use kabao_base::{Code, Failure};
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
    /// A failure of the wallet, with its words.
    Failed(Value),
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
        let came = story.waiting(action, perform(action, with.clone(), world)).await?;
        let judged = judge(&came, expect.as_ref(), step.fails.as_ref());
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
            // What depends on the moment is written as it was expected.
            transcript.gave(action, expect.as_ref().filter(|_| step.in_flight).unwrap_or(&value));
            story.step(action);
            story.tell(step, language, &value, saved);
        }
        Came::Failed(failure) => {
            transcript.failed(action, &failure);
            story.step(action);
            story.tell(step, language, &failure, saved);
        }
    }
    Ok(())
}

async fn perform(action: &str, with: Map<String, Value>, world: &mut World) -> Result<Came, String> {
    let came = if is_call(action) { world.call(action, with).await } else { world.act(action, with).await };
    match came {
        Ok(value) => Ok(Came::Gave(value)),
        Err(ActError::Refused(failure)) => Ok(Came::Failed(failure)),
        Err(ActError::Said(text)) => Err(text),
    }
}

fn judge(came: &Came, expect: Option<&Value>, fails: Option<&Fails>) -> Result<(), String> {
    match (came, expect, fails) {
        (Came::Gave(value), Some(expect), _) => compare(expect, Some(value), ""),
        (Came::Gave(_), None, None) => Ok(()),
        (Came::Gave(_), None, Some(fails)) => Err(format!("expected {}, and it succeeded", fails.code)),
        (Came::Failed(seen), _, None) => Err(format!("failed: {seen}")),
        (Came::Failed(seen), _, Some(fails)) => failed_as(seen, fails),
    }
}

fn failed_as(seen: &Value, fails: &Fails) -> Result<(), String> {
    let text = |key: &str| seen.get(key).and_then(Value::as_str);
    let named = |wanted: &Option<String>, key: &str| wanted.is_none() || wanted.as_deref() == text(key);
    let left = seen.get("attempts_left").and_then(Value::as_u64);
    let same = text("code") == Some(fails.code.as_str())
        && named(&fails.certainty, "certainty")
        && named(&fails.remedy, "remedy")
        && named(&fails.actor, "actor")
        && fails.waits.is_none_or(|waits| waits == seen.get("retry_after_ms").and_then(Value::as_u64).is_some_and(|ms| ms > 0))
        && named(&fails.field, "field")
        && (fails.attempts_left.is_none() || fails.attempts_left.map(u64::from) == left);
    if !same {
        return Err(format!("expected {fails:?}, and it failed: {seen}"));
    }
    // Every failure has a sentence and a next step, in both languages.
    let said = |key: &str| text(key).is_some_and(|words| !words.is_empty());
    let failure = Code::parse(&fails.code).map(Failure::of).ok_or_else(|| format!("{} is no code", fails.code))?;
    let worded = [Language::ZhCn, Language::En].into_iter().map(|language| explain(language, &failure)).all(|words| !words.text.is_empty() && !words.next.is_empty());
    if said("text") && said("next") && worded { Ok(()) } else { Err(format!("{} has no words", fails.code)) }
}

/// What succeeded with a secret makes that secret one to look for.
fn remember(world: &mut World, action: &str, with: &Map<String, Value>, value: &Value) {
    match action {
        "choose_pin" | "confirm" | "card_unbind" | "own_caps" => world.remember("PIN", with.get("pin")),
        "renew_approval" => {
            world.remember("PIN", with.get("pin"));
            world.remember("one-time code", with.get("code"));
        }
        "contact_remove" | "close_account" | "confirm_recovery_sheet" => world.remember("PIN", with.get("pin")),
        "contact_confirm" => world.remember("one-time code", with.get("code")),
        "replace_prove" | "change_phone_prove" | "pin_reset_finish" | "replace_new_pin" => {
            world.remember("PIN", with.get("pin"));
            world.remember("identity number", with.get("id_number"));
        }
        "enter_otp" | "replace_otp" | "sign_in_otp" | "change_phone_otp" | "pin_reset_otp" | "bind_confirm" => world.remember("one-time code", with.get("code")),
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
