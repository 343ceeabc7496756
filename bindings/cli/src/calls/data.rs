//! The calls about what is kept: inventory, fields, erasing.

use super::{Arguments, CallError};
use crate::views::Json;
use kabao_core::Wallet;
use kabao_core::data::{EraseRequest, ExportRequest};
use serde_json::{Value, json};

/// The names that [`call`] knows.
pub const CALLS: &[&str] = &["inventory", "fields", "consents", "consents_refresh", "consent_document", "give_consent", "withdraw_consent", "export", "export_progress", "erase_word", "erase_this_phone"];

/// Makes one of these calls.
pub async fn call(wallet: &Wallet, name: &str, mut with: Arguments) -> Result<Value, CallError> {
    let data = wallet.data();
    match name {
        "erase_this_phone" => {
            let request = EraseRequest { word: with.text("word")?, despite_open: with.flag("despite_open")? };
            with.end()?;
            Ok(data.erase_this_phone(request).await?.json())
        }
        "export" => {
            let room = with.number("room_bytes")?.map(|bytes| u64::try_from(bytes).unwrap_or(0));
            let request = ExportRequest { folder: with.text("folder")?, room_bytes: room };
            with.end()?;
            Ok(data.export(request).await?.json())
        }
        "export_progress" => {
            with.end()?;
            Ok(data.export_progress().map_or_else(|| json!({}), |progress| json!({ "done": progress.done, "total": progress.total })))
        }
        "consent_document" => {
            let document = with.text("document")?;
            with.end()?;
            Ok(data.consent_text(document).await?.json())
        }
        "give_consent" => {
            let (document, version) = (with.text("document")?, with.text("version")?);
            with.end()?;
            Ok(data.give_consent(document, version).await?.json())
        }
        "withdraw_consent" => {
            let document = with.text("document")?;
            with.end()?;
            Ok(data.withdraw_consent(document).await?.json())
        }
        "consents" => {
            with.end()?;
            Ok(data.consents().await?.json())
        }
        "consents_refresh" => {
            with.end()?;
            Ok(data.refresh_consents().await?.json())
        }
        "inventory" => {
            with.end()?;
            Ok(data.inventory().await?.json())
        }
        "fields" => {
            with.end()?;
            Ok(data.fields().json())
        }
        _ => {
            with.end()?;
            Ok(json!({ "word": data.erase_word() }))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::path::Path;

    /// Names of things that were given out before, amounts in minor units, switches: nothing that a person types.
    const NOT_TYPED: &[&str] = &[
        "payee_id", "payee_name", "proof", "card_id", "ask_id", "quote_id", "intent_id", "record_id", "binding_id", "showing_id", "total_minor",
        "source", "again", "way", "cursor", "month", "despite_open", "ndef",
        "old_number_reachable", "document", "liveness_nonce", "contact_id", "kind", "confirmed", "device_id", "channel", "form", "seconds", "other_id", "always",
    ];

    /// Every name in `args.text("…")` and its kin, and in `texts!(…)`.
    fn arguments(source: &str) -> Vec<String> {
        let mut names = Vec::new();
        for call in [".text(\"", ".maybe_text(\"", ".number(\"", ".flag(\""] {
            names.extend(source.split(call).skip(1).filter_map(|rest| rest.split('"').next()).map(str::to_owned));
        }
        for rest in source.split("texts!(").skip(1) {
            let inside = rest.split(')').next().unwrap_or_default();
            names.extend(inside.split(',').map(|name| name.trim().to_owned()));
        }
        names
    }

    #[test]
    fn every_argument_is_in_the_catalogue_of_fields() {
        let fields = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../../core/wallet/src/data/fields.rs")).unwrap();
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src");
        let mut sources = vec![folder.join("calls.rs")];
        sources.extend(std::fs::read_dir(folder.join("calls")).unwrap().map(|entry| entry.unwrap().path()));
        let mut seen = 0;
        for path in sources {
            let source = std::fs::read_to_string(&path).unwrap();
            for name in arguments(source.split("#[cfg(test)]").next().unwrap()) {
                seen += 1;
                let known = NOT_TYPED.contains(&name.as_str()) || fields.contains(&format!("(\"{name}\""));
                assert!(known, "{}: `{name}` is typed by a person and has no line in core/wallet/src/data/fields.rs", path.display());
            }
        }
        assert!(seen > 25, "{seen}");
    }
}
