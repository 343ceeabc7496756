//! Which build of the app asks.

use crate::refusal::{Outcome, Refusal};
use serde::{Deserialize, Serialize};
use utoipa::ToSchema;

/// A build as the app names itself.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, ToSchema)]
#[serde(deny_unknown_fields)]
pub struct BuildIn {
    /// The name of the package: `app.kabao.wallet`.
    #[schema(pattern = "^[A-Za-z0-9._-]{1,100}$")]
    pub package: String,
    /// SHA-256 of the certificate that the package is signed with, hexadecimal.
    #[schema(pattern = "^[0-9a-f]{64}$")]
    pub signing_digest: String,
    /// Where it was installed from: `app_store`, `google_play`, `appgallery`, `site`.
    #[schema(pattern = "^[a-z0-9_]{1,32}$")]
    pub channel: String,
    /// The version of the core in it: `0.1.0`.
    #[schema(pattern = "^[0-9A-Za-z.+-]{1,32}$")]
    pub core_version: String,
}

impl BuildIn {
    /// Checks the shape of every field.
    pub fn check(&self) -> Outcome<()> {
        let shape = |text: &str, most: usize, fits: fn(u8) -> bool| (1..=most).contains(&text.len()) && text.bytes().all(fits);
        let fields = [
            (shape(&self.package, 100, |byte| byte.is_ascii_alphanumeric() || b"._-".contains(&byte)), "package"),
            (self.signing_digest.len() == 64 && shape(&self.signing_digest, 64, |byte| byte.is_ascii_digit() || (b'a'..=b'f').contains(&byte)), "signing_digest"),
            (shape(&self.channel, 32, |byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_'), "channel"),
            (shape(&self.core_version, 32, |byte| byte.is_ascii_alphanumeric() || b".+-".contains(&byte)), "core_version"),
        ];
        fields.iter().find(|(fits, _)| !fits).map_or(Ok(()), |(_, field)| Err(Refusal::argument(field)))
    }
}
