//! The calls about the person behind the account.

use super::{Arguments, CallError};
use crate::views::Json;
use kabao_core::identity::{DocumentKind, IdentityClient, VerifyRequest};
use serde_json::{Value, json};

/// The names that [`call`] knows.
pub const CALLS: &[&str] = &[
    "verify", "read_form", "verify_check", "documents", "face_begin", "identity", "remedies", "classes", "ask_source", "guardian_code",
];

/// Makes one call.
pub async fn call(identity: &IdentityClient, name: &str, mut with: Arguments) -> Result<Value, CallError> {
    let args = &mut with;
    match name {
        "verify" | "read_form" => {
            let mrz = args.maybe_text("mrz")?;
            // The lines of a passport have name and number.
            let (person, number) = match mrz {
                Some(_) => (args.maybe_text("name")?.unwrap_or_default(), args.maybe_text("id_number")?.unwrap_or_default()),
                None => (args.text("name")?, args.text("id_number")?),
            };
            let document = args.maybe_text("document")?;
            let request = VerifyRequest {
                name: person,
                id_number: number,
                liveness_token: if name == "verify" { args.text("liveness_token")? } else { String::new() },
                document: document.map(|word| DocumentKind::parse(&word).ok_or_else(|| CallError::Written(format!("no document is named {word}")))).transpose()?,
                birth_date: args.maybe_text("birth_date")?,
                expires_on: args.maybe_text("expires_on")?,
                nationality: args.maybe_text("nationality")?,
                mrz,
                liveness_nonce: args.maybe_text("liveness_nonce")?,
                guardian_code: args.maybe_text("guardian_code")?,
            };
            with.end()?;
            Ok(if name == "verify" { identity.verify(request).await?.json() } else { identity.read_form(request)?.json() })
        }
        "ask_source" => {
            let source = args.text("source")?;
            with.end()?;
            Ok(identity.ask_source(source).await?.json())
        }
        _ => {
            with.end()?;
            Ok(match name {
                "verify_check" => identity.check().await?.json(),
                "documents" => identity.documents().json(),
                "face_begin" => {
                    let begun = identity.face_begin().await?;
                    json!({ "nonce": begun.nonce, "expires_at": begun.expires_at })
                }
                "identity" => identity.view().await?.json(),
                "remedies" => identity.remedies().json(),
                "classes" => identity.classes().await?.json(),
                "guardian_code" => {
                    let made = identity.guardian_code().await?;
                    json!({ "code": made.code, "expires_at": made.expires_at })
                }
                _ => return Err(CallError::Written(format!("no call is named {name}"))),
            })
        }
    }
}
