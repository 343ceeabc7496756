//! The switchboard: which requests are answered badly, and how.

use serde::{Deserialize, Serialize};

/// What is done to a request that a rule meets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Action {
    /// The answer leaves so many milliseconds late.
    DelayMs(u64),
    /// The request waits so many milliseconds before it is handled.
    HoldMs(u64),
    /// The connection is closed and nothing is handled.
    DropBefore,
    /// The request is handled, then the connection is closed.
    DropAfter,
    /// Half of the body, then the connection is closed.
    Cut,
    /// The request is handled twice; the second answer is sent.
    Duplicate,
    /// A web page instead of the answer.
    Html,
    /// The answer without its signature.
    Unsigned,
    /// The answer with a signature that does not fit.
    BadlySigned,
    /// A signed *not found*, and nothing is handled.
    LieNotFound,
    /// This status, with a signed error, and nothing is handled.
    Status(u16),
}

/// One rule.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Rule {
    /// The paths that it meets begin so.
    pub path_prefix: String,
    /// The method that it meets; every one when absent.
    #[serde(default)]
    pub method: Option<String>,
    /// It meets from so many matching requests on: 1 is the next one.
    #[serde(default)]
    pub nth: Option<u64>,
    /// How often it acts; for ever when absent.
    #[serde(default)]
    pub times: Option<u64>,
    /// What it does.
    pub action: Action,
}

/// The rules and how often each has matched.
#[derive(Debug, Default)]
pub struct Switchboard {
    rules: Vec<(Rule, u64)>,
}

impl Switchboard {
    /// Adds a rule.
    pub fn add(&mut self, rule: Rule) {
        self.rules.push((rule, 0));
    }

    /// Takes every rule away.
    pub fn clear(&mut self) {
        self.rules.clear();
    }

    /// The rules.
    pub fn rules(&self) -> Vec<Rule> {
        self.rules.iter().map(|(rule, _)| rule.clone()).collect()
    }

    /// What happens to this request. Every rule that matches counts; the first that is due acts.
    pub fn meet(&mut self, method: &str, path: &str) -> Option<Action> {
        let mut action = None;
        for (rule, seen) in &mut self.rules {
            let matches = path.starts_with(&rule.path_prefix) && rule.method.as_deref().is_none_or(|wanted| wanted.eq_ignore_ascii_case(method));
            if !matches {
                continue;
            }
            *seen = seen.saturating_add(1);
            let first = rule.nth.unwrap_or(1).max(1);
            let due = *seen >= first && rule.times.is_none_or(|times| seen.saturating_sub(first) < times);
            if due && action.is_none() {
                action = Some(rule.action.clone());
            }
        }
        action
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rule_acts_on_the_nth_and_so_often() {
        let mut board = Switchboard::default();
        let rule = r#"{"path_prefix":"/v1/payments","method":"PUT","nth":2,"times":1,"action":"drop_after"}"#;
        board.add(serde_json::from_str(rule).unwrap());
        let put = |board: &mut Switchboard| board.meet("PUT", "/v1/payments/1");
        assert_eq!((put(&mut board), board.meet("GET", "/v1/payments/1")), (None, None));
        assert_eq!((put(&mut board), put(&mut board)), (Some(Action::DropAfter), None));
        assert!(serde_json::from_str::<Rule>(r#"{"path_prefix":"/","action":{"delay_ms":50},"x":1}"#).is_err());
    }
}
