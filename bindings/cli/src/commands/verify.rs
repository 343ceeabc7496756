//! `kabao verify RECEIPT`: checks a receipt against a key set that the offline root signed. Needs no network when the
//! key set is at hand.

use crate::setup::ServiceFile;
use crate::show::table::Lines;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use kabao_codes::carrier::{self, CarrierError, CarrierKind};
use kabao_core::host::{HttpRequest, Transport};
use kabao_core::words::{Language, say};
use kabao_proof::{Document, KeySet, PublicKey, Receipt, Source, cose};
use std::path::PathBuf;

/// What is verified against what.
#[derive(clap::Args)]
pub struct VerifyArgs {
    /// The receipt: COSE bytes, the same as base64url, or the text of its QR code.
    pub receipt: PathBuf,
    /// The offline root's public key (base64url), for use with --keys.
    #[arg(long, requires = "keys", conflicts_with = "service")]
    pub root: Option<String>,
    /// The signed key set, a file as `--save-keys` writes it.
    #[arg(long)]
    pub keys: Option<PathBuf>,
    /// service.json: gives the root key, and the key set by asking the service when --keys is not given.
    #[arg(long)]
    pub service: Option<PathBuf>,
    /// Keeps the key set that was used, for later use without network.
    #[arg(long)]
    pub save_keys: Option<PathBuf>,
}

/// Verifies, prints the fields, and says whether the signature holds.
///
/// # Errors
/// The text to show when files cannot be read.
pub fn run(args: &VerifyArgs, language: Language) -> Result<bool, String> {
    let (root, keys) = keys(args)?;
    let root = PublicKey::parse(root.trim()).map_err(|_| "the root key cannot be read".to_owned())?;
    let set = KeySet::open(&keys, &root).map_err(|error| format!("the key set does not hold: {error}"))?;
    if let Some(path) = &args.save_keys {
        std::fs::write(path, &keys).map_err(|error| format!("{}: {error}", path.display()))?;
    }
    let bytes = std::fs::read(&args.receipt).map_err(|error| format!("{}: {error}", args.receipt.display()))?;
    let document = document(bytes).map_err(|error| format!("{}: {error}", args.receipt.display()))?;
    let opened = Receipt::open(&document, &set);
    match &opened {
        Ok(receipt) => print!("{}", table(receipt, language, true)),
        Err(error) => {
            // What it claims is shown, and that nobody vouches for it.
            let claimed = cose::read(&document).ok().and_then(|cose| Receipt::decode(&cose.payload).ok());
            if let Some(receipt) = claimed {
                print!("{}", table(&receipt, language, false));
            }
            eprintln!("{}: {error}", say(language, "receipt.not_verified", &[]));
        }
    }
    Ok(opened.is_ok())
}

/// The document in any of its three forms. A QR text that is damaged or holds something else is named, not tried as another form.
pub(super) fn document(bytes: Vec<u8>) -> Result<Vec<u8>, String> {
    match std::str::from_utf8(&bytes).map(carrier::read) {
        Ok(Ok(carried)) if carried.kind == CarrierKind::Receipt => Ok(carried.bytes),
        Ok(Ok(_)) => Err("the text of the QR code holds another document than a receipt".to_owned()),
        Ok(Err(CarrierError::NotCarrier)) | Err(_) => Ok(URL_SAFE_NO_PAD.decode(bytes.trim_ascii()).unwrap_or(bytes)),
        Ok(Err(error)) => Err(error.to_string()),
    }
}

fn keys(args: &VerifyArgs) -> Result<(String, Vec<u8>), String> {
    let read = |path: &PathBuf| std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()));
    match (&args.service, &args.root, &args.keys) {
        (Some(service), _, Some(keys)) => Ok((ServiceFile::read(service)?.root_key, read(keys)?)),
        (None, Some(root), Some(keys)) => Ok((root.clone(), read(keys)?)),
        (Some(service), _, None) => {
            let service = ServiceFile::read(service)?;
            let keys = fetch(&service)?;
            Ok((service.root_key, keys))
        }
        _ => Err("give --root and --keys, or --service".to_owned()),
    }
}

/// The key set as the service gives it. Nothing of it is believed before the root's signature was checked.
fn fetch(service: &ServiceFile) -> Result<Vec<u8>, String> {
    let transport = service.transport()?;
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().map_err(|error| error.to_string())?;
    let request = HttpRequest { method: "GET", target: "/v1/keys".to_owned(), headers: Vec::new(), body: Vec::new(), timeout_ms: 10_000 };
    let answer = runtime.block_on(transport.send(request)).map_err(|error| error.to_string())?;
    if answer.status == 200 { Ok(answer.body) } else { Err(format!("the service answered {}", answer.status)) }
}

fn table(receipt: &Receipt, language: Language, verified: bool) -> String {
    let word = |name: &str| say(language, &format!("receipt.{name}"), &[]);
    let source = match receipt.source {
        Source::Balance => say(language, "way.balance", &[]),
        Source::Card(id) => id.to_string(),
    };
    let shows = receipt.shows().as_str();
    let mut lines = Lines::titled(&word(&format!("of.{shows}.title")));
    lines.add(&word(&format!("of.{shows}.payee")), &receipt.payee_name);
    lines.add(&word("amount"), &receipt.amount.text());
    lines.add(&word("fee"), &receipt.fee.text());
    lines.add(&word("route"), &say(language, &format!("way.{}", receipt.route), &[]));
    lines.add(&word("source"), &source);
    lines.add(&word("our_order"), &receipt.our_order);
    for (name, value) in [("acquirer_order", &receipt.acquirer_order), ("merchant_order", &receipt.order)] {
        if let Some(value) = value {
            lines.add(&word(name), value);
        }
    }
    lines.add(&word("time"), &receipt.at.china_text());
    if let Some(at) = receipt.arrives_at {
        lines.add(&word("arrives"), &say(language, "receipt.arrives_at", &[("at", &at.china_text())]));
    }
    lines.end(&word(if verified { "verified" } else { "not_verified" }));
    lines.to_string()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_document_comes_in_three_forms() {
        let bytes = vec![0xd2, 0x84, 0x43, 0xa1, 0x00];
        let text = carrier::make(CarrierKind::Receipt, &bytes).unwrap();
        for form in [bytes.clone(), URL_SAFE_NO_PAD.encode(&bytes).into_bytes(), text.clone().into_bytes(), format!("{text}\r\n").into_bytes()] {
            assert_eq!(document(form).unwrap(), bytes);
        }
        let sheet = carrier::make(CarrierKind::RecoverySheet, &bytes).unwrap();
        let cut = text.get(..text.len() - 1).unwrap().to_owned();
        for wrong in [sheet, cut, "KB1R:bb8".to_owned(), "KB1R:".to_owned()] {
            assert!(document(wrong.clone().into_bytes()).is_err(), "{wrong}");
        }
    }
}
