//! The quote and a proof become a payment: one commit, then the network.

use super::{ConfirmRequest, PayClient, PaymentProof, PaymentView};
use crate::error::{Outcome, WalletError};
use crate::host::{HostError, KeyRole};
use crate::intents::{self, Approved};
use crate::service::wire::{Approval, Put};
use crate::tables::marks;
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use crate::shared::read_pin;
use kabao_base::{Code, Id};
use kabao_proof::{MoveKind, Signature, Terms};
use zeroize::Zeroizing;

impl PayClient {
    /// Pays what was quoted. Gives how the payment stands as soon as there is an answer, or none: *unknown* is not a
    /// failure, and the wallet goes on asking by itself. Dropping the call changes nothing about the payment.
    pub async fn confirm(&self, request: ConfirmRequest) -> Outcome<PaymentView> {
        let proof = Proof::of(request.proof);
        let identity = self.core.identity()?;
        let quote_id = Id::parse(&request.quote_id).map_err(|_| WalletError::from(Code::BadId).in_field("quote_id"))?;
        let quote = self.core.quotes.get(quote_id).ok_or(Code::QuoteUnknown)?;
        if request.total_minor != quote.total.minor {
            return Err(Code::QuoteAltered.into());
        }
        if self.core.now() >= quote.expires_at {
            self.core.quotes.forget(quote_id);
            return Err(Code::QuoteExpired.into());
        }
        let source = quote.sources.iter().find(|(source, _)| super::quote::name(*source) == request.source);
        let source = match source {
            Some((source, Ok(()))) => *source,
            Some((_, Err(why))) => return Err(WalletError::from(*why).in_field("source")),
            // Whoever names a card means something that these ways do not have.
            None if matches!(quote.kind, MoveKind::Withdraw | MoveKind::Transfer) && Id::parse(&request.source).is_ok() => return Err(WalletError::from(Code::BalanceOnly).in_field("source")),
            None => return Err(WalletError::from(Code::BadArgument).in_field("source")),
        };
        if matches!(quote.kind, MoveKind::Withdraw | MoveKind::Transfer) && matches!(proof, Proof::Approval) {
            // The service would refuse this quote for good.
            return Err(WalletError::from(Code::PinAlways).in_field("pin"));
        }
        let terms = Terms {
            intent_id: self.core.new_id()?,
            kind: quote.kind,
            quote_id,
            account_id: identity.account_id,
            payee_id: quote.payee_id,
            order: quote.order.clone(),
            amount: quote.amount,
            fee: quote.fee,
            source,
            delay_ms: quote.delay_ms,
            expires_at: quote.expires_at,
            challenge: quote.challenge,
        };
        let approval = self.approve(proof, &terms.digest()).await?;
        let body = serde_json::to_vec(&Put { terms: &terms, approval }).map_err(|_| Code::Internal)?;
        let approved = Approved {
            payee_key: intents::payee_key(&terms),
            payee_name: quote.payee_name,
            terms,
            body,
            again: request.again,
            instead_of: quote.instead_of,
        };
        let row = intents::start(&self.core, approved).await?;
        // A quote pays once; the service would refuse it a second time.
        self.core.quotes.forget(quote_id);
        // What became of the payment is known: a file that cannot be read now takes nothing of that away.
        let plain = super::watch::view(self.core.settings.language, &row);
        Ok(self.viewed(&row).await.unwrap_or(plain))
    }

    async fn approve(&self, proof: Proof, digest: &[u8; 32]) -> Outcome<Approval> {
        match proof {
            Proof::Pin(typed) => {
                let pin = read_pin(&typed)?;
                Ok(Approval::PinBox(self.core.seal_pin(&pin, digest).await?))
            }
            Proof::Approval => {
                // A key that the service does not know yet would refuse this payment for good.
                let renewing = self.core.files(|files| files.ledger(|conn| marks::get(conn, marks::APPROVE_RENEWAL))).await?;
                if renewing.is_some() {
                    return Err(Code::ApprovalLost.into());
                }
                let signed = self.core.host.keys().sign(KeyRole::Approve, digest.to_vec()).map_err(|error| match error {
                    HostError::Lost => Code::ApprovalLost,
                    HostError::Cancelled => Code::ApprovalCancelled,
                    HostError::Unavailable => Code::ApprovalBlocked,
                    HostError::Failed => Code::ApprovalFault,
                })?;
                let signature = Signature::read(&signed).map_err(|_| Code::ApprovalLost)?;
                Ok(Approval::ApproveSignature(URL_SAFE_NO_PAD.encode(signature.as_bytes())))
            }
        }
    }
}

/// The proof as it is held here: what was typed is wiped on every way out.
enum Proof {
    Pin(Zeroizing<String>),
    Approval,
}

impl Proof {
    fn of(proof: PaymentProof) -> Proof {
        match proof {
            PaymentProof::Pin { pin } => Proof::Pin(Zeroizing::new(pin)),
            PaymentProof::Approval => Proof::Approval,
        }
    }
}
