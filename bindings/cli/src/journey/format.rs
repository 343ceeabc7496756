//! The format of a journey; `tests/journeys/README.md` says it for people.

use serde::Deserialize;
use serde_json::{Map, Value};
use std::collections::BTreeMap;
use std::path::Path;

/// A sentence in the languages of the wallet.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Words {
    /// Chinese.
    #[serde(rename = "zh-CN")]
    pub zh: String,
    /// English.
    pub en: String,
}

impl Words {
    /// The sentence in one language.
    pub fn in_language(&self, language: kabao_core::words::Language) -> &str {
        match language {
            kabao_core::words::Language::ZhCn => &self.zh,
            kabao_core::words::Language::En => &self.en,
        }
    }
}

/// A journey.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Journey {
    /// Its name.
    pub name: String,
    /// What it shows.
    pub about: Words,
    /// The language of the person, unless the one who runs it chooses another.
    #[serde(default)]
    pub language: Option<String>,
    /// A journey that is gone before this one, as a path beside it; what it saved is at hand.
    #[serde(default)]
    pub begin: Option<String>,
    /// What happens.
    pub steps: Vec<Step>,
}

/// One step: a call of the wallet, an action of the world, or a heading.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Step {
    /// What to do; a step without it only tells.
    #[serde(rename = "do", default)]
    pub action: Option<String>,
    /// The arguments.
    #[serde(default)]
    pub with: Map<String, Value>,
    /// What the outcome must hold.
    #[serde(default)]
    pub expect: Option<Value>,
    /// The error that must come.
    #[serde(default)]
    pub fails: Option<Fails>,
    /// Names for parts of the outcome: name → path.
    #[serde(default)]
    pub save: BTreeMap<String, String>,
    /// Asks again until the outcome is as expected, at most 20 seconds: for what others do in their own time.
    #[serde(default)]
    pub until: bool,
    /// What comes depends on how far something under way is: the transcript says what was expected of it and no more.
    #[serde(default)]
    pub in_flight: bool,
    /// The same step with other arguments, one after the other.
    #[serde(default)]
    pub cases: Vec<Case>,
    /// A heading above the step.
    #[serde(default)]
    pub chapter: Option<Words>,
    /// A sentence about what came of it; `{path}` is a part of the outcome, `{$name}` something saved.
    #[serde(default)]
    pub tell: Option<Words>,
    /// How to show the outcome: `step`, `refusal`, `timeline`, `ways`, `code`, `receipt`, `history`, `month`, `sources`.
    #[serde(default)]
    pub show: Option<Show>,
}

/// Other arguments for a step, and what must come of them. Arguments are added to those of the step.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Case {
    /// The arguments.
    #[serde(default)]
    pub with: Map<String, Value>,
    /// What the outcome must hold.
    #[serde(default)]
    pub expect: Option<Value>,
    /// The error that must come.
    #[serde(default)]
    pub fails: Option<Fails>,
}

/// The error that a step must give. What is not named is not compared.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Fails {
    /// The code of the catalogue.
    pub code: String,
    /// `certain` or `unknown`.
    #[serde(default)]
    pub certainty: Option<String>,
    /// The next step.
    #[serde(default)]
    pub remedy: Option<String>,
    /// Who acts: `person`, `wallet`, `service`, `app`.
    #[serde(default)]
    pub actor: Option<String>,
    /// Whether it says when a retry makes sense.
    #[serde(default)]
    pub waits: Option<bool>,
    /// The field of the form.
    #[serde(default)]
    pub field: Option<String>,
    /// The tries that are left.
    #[serde(default)]
    pub attempts_left: Option<u32>,
}

/// How the outcome of a step is shown in the story.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Show {
    /// The next step of the set-up and why.
    Step,
    /// What the person is told about an error.
    Refusal,
    /// The way of the money.
    Timeline,
    /// The ways to pay.
    Ways,
    /// The payer code.
    Code,
    /// The receipt.
    Receipt,
    /// The list.
    History,
    /// The sums of a month.
    Month,
    /// Where the money may come from.
    Sources,
}

impl Journey {
    /// Reads a journey from a file, with the one that it begins with.
    ///
    /// # Errors
    /// The text to show.
    pub fn load(path: &Path) -> Result<Journey, String> {
        let said = |error: String| format!("{}: {error}", path.display());
        let text = std::fs::read_to_string(path).map_err(|error| said(error.to_string()))?;
        let mut journey = Journey::read(&text).map_err(said)?;
        if let Some(begin) = journey.begin.take() {
            let before = Journey::load(&path.with_file_name(begin))?;
            journey.steps = [before.steps, journey.steps].concat();
        }
        Ok(journey)
    }

    /// Reads a journey. What is unknown in it is an error, with its place.
    ///
    /// # Errors
    /// The text to show.
    pub fn read(text: &str) -> Result<Journey, String> {
        let journey: Journey = serde_json::from_str(text).map_err(|error| error.to_string())?;
        for (number, step) in journey.steps.iter().enumerate() {
            step.check().map_err(|error| format!("step {}: {error}", number + 1))?;
        }
        Ok(journey)
    }
}

impl Step {
    fn check(&self) -> Result<(), String> {
        let Some(action) = &self.action else {
            return match self.chapter.is_some() || self.tell.is_some() {
                true => Ok(()),
                false => Err("neither does nor tells anything".to_owned()),
            };
        };
        if !crate::calls::is_call(action) && !super::world::ACTIONS.contains(&action.as_str()) {
            return Err(format!("nothing is named {action}"));
        }
        let both = |expect: &Option<Value>, fails: &Option<Fails>| expect.is_some() && fails.is_some();
        let either = self.cases.iter().all(|case| case.expect.is_some() || case.fails.is_some());
        if both(&self.expect, &self.fails) || self.cases.iter().any(|case| both(&case.expect, &case.fails)) {
            return Err("cannot both succeed and fail".to_owned());
        }
        if !either {
            return Err("a case says neither what to expect nor how it fails".to_owned());
        }
        if self.in_flight && self.expect.is_none() {
            return Err("in flight, and nothing is expected".to_owned());
        }
        if self.until && self.expect.is_none() && self.fails.is_none() {
            return Err("waits for nothing".to_owned());
        }
        Ok(())
    }

    /// The step once for each of its cases; the step itself when it has none.
    pub fn unfolded(&self) -> Vec<Step> {
        if self.cases.is_empty() {
            return vec![self.clone()];
        }
        let last = self.cases.len() - 1;
        let cases = self.cases.iter().enumerate().map(|(index, case)| {
            let mut with = self.with.clone();
            with.extend(case.with.clone());
            Step {
                with,
                expect: case.expect.clone(),
                fails: case.fails.clone(),
                cases: Vec::new(),
                chapter: self.chapter.clone().filter(|_| index == 0),
                tell: self.tell.clone().filter(|_| index == last),
                ..self.clone()
            }
        });
        cases.collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn journey(steps: &str) -> Result<Journey, String> {
        Journey::read(&format!(r#"{{"name": "x", "about": {{"zh-CN": "一", "en": "one"}}, "steps": [{steps}]}}"#))
    }

    #[test]
    fn a_mistake_is_found_before_anything_runs() {
        assert!(journey(r#"{"do": "register", "with": {"phone": "1"}, "fails": {"code": "phone_invalid"}}"#).is_ok());
        for (wrong, said) in [
            (r#"{"do": "regster"}"#, "nothing is named regster"),
            (r#"{"do": "sync", "expects": {}}"#, "unknown field"),
            (r#"{"do": "sync", "expect": {}, "fails": {"code": "x"}}"#, "cannot both"),
            (r#"{"do": "sync", "until": true}"#, "waits for nothing"),
            (r#"{"do": "sync", "in_flight": true}"#, "nothing is expected"),
            (r#"{"do": "sync", "cases": [{"with": {}}]}"#, "a case says neither"),
            ("{}", "neither does nor tells"),
        ] {
            let error = journey(wrong).err().unwrap();
            assert!(error.contains(said), "{wrong}: {error}");
        }
    }

    #[test]
    fn cases_take_the_arguments_of_their_step() {
        let text = r#"{"do": "register", "with": {"phone": "1", "device_model": "a"}, "cases": [
            {"with": {"phone": ""}, "fails": {"code": "empty_input"}}, {"expect": {"otp_length": 6}}]}"#;
        let steps = journey(text).unwrap().steps[0].unfolded();
        assert_eq!(steps.len(), 2);
        assert_eq!((&steps[0].with["phone"], &steps[0].with["device_model"]), (&Value::from(""), &Value::from("a")));
        assert_eq!(steps[1].with["phone"], Value::from("1"));
        assert!(steps[0].fails.is_some() && steps[1].fails.is_none() && steps[1].expect.is_some());
    }
}
