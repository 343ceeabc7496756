//! What the service answers when it does not do what was asked.

use kabao_base::Code;
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// The body of every error.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
pub struct ErrorBody {
    /// A name of the catalogue, or `clock_skew`, `signature_invalid`, `method_not_allowed`.
    pub code: String,
    /// The field that is meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub field: Option<String>,
    /// When a retry makes sense.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_ms: Option<i64>,
    /// How many tries are left.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub attempts_left: Option<u32>,
}

/// A refusal on its way to the caller: a status and a code. Nothing of the request is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The HTTP status.
    pub status: u16,
    /// What the body says.
    pub body: ErrorBody,
}

/// The result of everything that answers a request.
pub type Outcome<T> = Result<T, Refusal>;

impl Refusal {
    /// A refusal with a code that the catalogue does not hold.
    pub fn named(status: u16, code: &str) -> Refusal {
        let body = ErrorBody { code: code.to_owned(), field: None, retry_after_ms: None, attempts_left: None };
        Refusal { status, body }
    }

    /// A refusal with a code of the catalogue.
    pub fn of(status: u16, code: Code) -> Refusal {
        Refusal::named(status, code.as_str())
    }

    /// 422: refused by a rule.
    pub fn rule(code: Code) -> Refusal {
        Refusal::of(422, code)
    }

    /// 400: a request that cannot be read.
    pub fn argument(field: &str) -> Refusal {
        Refusal::of(400, Code::BadArgument).field(field)
    }

    /// 503: cannot now. The cause stays here; it may hold what the caller must not see.
    pub fn down() -> Refusal {
        Refusal::of(503, Code::ServiceDown).retry_after(1_000)
    }

    /// Names the field.
    pub fn field(mut self, field: &str) -> Refusal {
        self.body.field = Some(field.to_owned());
        self
    }

    /// Says when a retry makes sense.
    pub fn retry_after(mut self, ms: i64) -> Refusal {
        self.body.retry_after_ms = Some(ms.max(0));
        self
    }

    /// Says how many tries are left.
    pub fn left(mut self, attempts: u32) -> Refusal {
        self.body.attempts_left = Some(attempts);
        self
    }
}

impl From<rusqlite::Error> for Refusal {
    fn from(_: rusqlite::Error) -> Refusal {
        Refusal::down()
    }
}
