//! What a face check is bound to: a number of the service, for one account or one replacement and a few minutes.

use super::Core;
use crate::error::{Outcome, WalletError};
use crate::service::{Answer, Request};
use kabao_base::{Code, Id, Timestamp};
use serde::Deserialize;

/// What the liveness vendor's library is started with.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Record))]
pub struct FaceRequest {
    /// Binds the face check to this account, or to this replacement, and to this moment: handed back beside the vendor's token.
    pub nonce: String,
    /// Until when the check has to be handed in.
    pub expires_at: Timestamp,
}

#[derive(Deserialize)]
struct Nonce {
    nonce: String,
    expires_at: i64,
}

/// Asks for a nonce.
pub(crate) async fn face_nonce(core: &Core, request: &Request) -> Outcome<FaceRequest> {
    let answer: Answer = core.call(request).await?;
    let made: Nonce = answer.read()?;
    Ok(FaceRequest { nonce: made.nonce, expires_at: Timestamp::from_ms(made.expires_at) })
}

/// A nonce as the app gives it back.
///
/// # Errors
/// `liveness_stale` in the field `liveness_nonce`: not a nonce of the service.
pub(crate) fn read_face_nonce(typed: Option<&str>) -> Outcome<Option<Id>> {
    typed.map(Id::parse).transpose().map_err(|_| WalletError::from(Code::LivenessStale).in_field("liveness_nonce"))
}
