//! Who runs the wallet; limits and fees.

use super::{Arguments, CallError};
use crate::views::Json;
use kabao_core::Wallet;
use kabao_core::limits::{LimitsRequest, PrecheckRequest, ProofWay};
use serde_json::{Value, json};

/// The names that [`call`] knows.
pub const CALLS: &[&str] = &[
    "wallet_profile", "wallet_profile_refresh", "limits", "limits_refresh", "max_allowed_now", "precheck", "balance", "ready_to_pay", "own_caps", "rules",
    "rules_refresh",
];

/// Makes one call.
pub async fn call(wallet: &Wallet, name: &str, mut with: Arguments) -> Result<Value, CallError> {
    let (operator, limits) = (wallet.operator(), wallet.limits());
    let args = &mut with;
    match name {
        "limits" => {
            let request = LimitsRequest { amount: args.maybe_text("amount")?, channel: args.maybe_text("channel")?, source: args.maybe_text("source")? };
            with.end()?;
            Ok(limits.limits_explained(request).await?.json())
        }
        "max_allowed_now" => {
            let (channel, source) = (args.text("channel")?, args.maybe_text("source")?);
            with.end()?;
            let most = limits.max_allowed_now(channel, source).await?;
            Ok(most.map_or_else(|| json!({}), |most| json!({ "most": most.json() })))
        }
        "balance" => Ok(limits.balance().await?.json()),
        "precheck" => {
            let request = PrecheckRequest {
                amount: args.text("amount")?,
                channel: args.text("channel")?,
                source: args.maybe_text("source")?,
                payee_id: args.maybe_text("payee_id")?,
                payee_name: args.maybe_text("payee_name")?,
                order: args.maybe_text("order")?,
                proof: args.maybe_text("proof")?.map(|way| proof_way(&way)).transpose()?,
            };
            with.end()?;
            Ok(limits.precheck(request).await?.json())
        }
        "own_caps" => {
            let (single, day, pin) = (args.maybe_text("single")?, args.maybe_text("day")?, args.maybe_text("pin")?);
            with.end()?;
            Ok(limits.set_own_caps(single, day, pin).await?.json())
        }
        _ => {
            with.end()?;
            Ok(match name {
                "wallet_profile" => operator.wallet_profile().await?.json(),
                "wallet_profile_refresh" => operator.refresh_profile().await?.json(),
                "limits_refresh" => limits.refresh().await?.json(),
                "ready_to_pay" => limits.ready_to_pay().await?.json(),
                "rules" => limits.rules().await?.json(),
                "rules_refresh" => limits.refresh_rules().await?.json(),
                _ => return Err(CallError::Written(format!("no call is named {name}"))),
            })
        }
    }
}

/// `pin`, or `approval` (finger or face).
fn proof_way(name: &str) -> Result<ProofWay, CallError> {
    match name {
        "pin" => Ok(ProofWay::Pin),
        "approval" => Ok(ProofWay::Approval),
        _ => Err(CallError::Written("proof is `pin` or `approval`".to_owned())),
    }
}
