//! Telling the service which build of the app this is: with every enrolment, and whenever it is another one.

use super::Core;
use crate::BuildIdentity;
use crate::error::{Outcome, WalletError};
use crate::service::wire;
use crate::tables::marks;
use kabao_base::{Code, Id};
use rusqlite::Connection;
use serde_json::{Value, json};

/// The version of the core in this build.
const CORE: &str = env!("CARGO_PKG_VERSION");
/// What the service says of a build that may not be used.
const OF_BUILD: [Code; 2] = [Code::BuildWithdrawn, Code::BuildUnknown];

/// Whether an app may name itself so.
pub(crate) fn is_build(build: &BuildIdentity) -> bool {
    let shape = |text: &str, most: usize, fits: fn(u8) -> bool| (1..=most).contains(&text.len()) && text.bytes().all(fits);
    shape(&build.package, 100, |byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte))
        && build.signing_digest.len() == 64
        && shape(&build.signing_digest, 64, |byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte))
        && shape(&build.channel, 32, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_')
}

impl Core {
    /// The build as the wire carries it; nothing where the app names none.
    pub(crate) fn build(&self) -> Option<Value> {
        let build = self.settings.build.as_ref()?;
        Some(json!({
            "package": build.package, "signing_digest": build.signing_digest, "channel": build.channel, "core_version": CORE,
        }))
    }

    /// Puts the build into the body of an enrolment.
    pub(crate) fn with_build(&self, mut body: Value) -> Vec<u8> {
        if let Some(build) = self.build() {
            body["build"] = build;
        }
        body.to_string().into_bytes()
    }
}

/// Whether an error says that this build may not be used.
pub(crate) fn is_of_build(error: &WalletError) -> bool {
    OF_BUILD.into_iter().any(|code| error.is(code))
}

/// Why the service lets this build pay nothing, as it said with the account. What it said of the build before an update of the app
/// says nothing of the one after it.
pub(crate) fn why_not_build(ledger: &Connection, known: &wire::Account, device: Option<Id>, build: Option<&Value>) -> Outcome<Option<Code>> {
    let reasons = known.channels.iter().filter_map(|channel| Code::parse(channel.reason.as_deref()?));
    let Some(code) = reasons.into_iter().find(|code| OF_BUILD.contains(code)) else { return Ok(None) };
    let (Some(build), Some(device)) = (build, device) else { return Ok(Some(code)) };
    let same = marks::get(ledger, marks::BUILD_TOLD)?.is_none_or(|told| told == mark(device, build));
    Ok(same.then_some(code))
}

fn mark(device: Id, build: &Value) -> String {
    format!("{device} {build}")
}

/// Tells the service, if it does not know this build of this device yet. Telling again changes nothing. Gives whether it was told now.
pub(crate) async fn tell_build(core: &Core) -> Outcome<bool> {
    let (Ok(own), Some(build)) = (core.identity(), core.build()) else { return Ok(false) };
    let told = mark(own.device_id, &build);
    if core.open_files(|files| files.ledger(|conn| marks::get(conn, marks::BUILD_TOLD))).await?.as_ref() == Some(&told) {
        return Ok(false);
    }
    let request = core.request("PUT", "/v1/devices/this/build".to_owned(), build.to_string().into_bytes())?;
    let answer = core.call(&request).await?;
    answer.accepted()?;
    let at = answer.time;
    core.files(move |files| {
        files.commit(at, |tx, log| {
            marks::set(tx, marks::BUILD_TOLD, &told)?;
            log.append(tx, "account", "build_told", b"")
        })
    })
    .await?;
    Ok(true)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_build_is_named_in_plain_letters_and_within_bounds() {
        let good = BuildIdentity { package: "app.kabao.wallet".to_owned(), signing_digest: "0a".repeat(32), channel: "app_store".to_owned() };
        assert!(is_build(&good));
        let megabyte = "a".repeat(1 << 20);
        for text in ["", "包", "a b", "a\u{202e}b", "ａ", "🏦", "a\u{200b}", megabyte.as_str()] {
            assert!(!is_build(&BuildIdentity { package: text.to_owned(), ..good.clone() }), "{}", text.len());
            assert!(!is_build(&BuildIdentity { signing_digest: text.to_owned(), ..good.clone() }), "{}", text.len());
            assert!(!is_build(&BuildIdentity { channel: text.to_owned(), ..good.clone() }), "{}", text.len());
        }
        assert!(!is_build(&BuildIdentity { signing_digest: "0A".repeat(32), ..good.clone() }));
        assert!(!is_build(&BuildIdentity { channel: "App".to_owned(), ..good }));
    }
}
