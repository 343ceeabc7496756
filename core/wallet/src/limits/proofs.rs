//! Whether the person can confirm: with the PIN, by finger or face, or not at all.

use super::facts::Facts;
use super::types::ProofWay;
use kabao_base::Code;
use kabao_money::rules::PayChannel;

/// What stands in the way of confirming, and what is only to be known.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Proofs {
    pub(super) blockers: Vec<Code>,
    pub(super) notes: Vec<&'static str>,
}

impl Facts {
    /// `needs_pin`: so much is confirmed with the PIN alone.
    pub(super) fn proofs(&self, channel: PayChannel, wanted: Option<ProofWay>, needs_pin: bool) -> Proofs {
        // A payer code is shown without either.
        if channel == PayChannel::PayerCode {
            return Proofs::default();
        }
        judge(channel, wanted, needs_pin, self.pin_locked, self.approval_lost)
    }
}

fn judge(channel: PayChannel, wanted: Option<ProofWay>, needs_pin: bool, pin_locked: bool, approval_lost: bool) -> Proofs {
    let mut found = Proofs::default();
    let by_pin = pin_locked.then_some(Code::PinLocked);
    let pin_alone = match channel {
        PayChannel::Withdraw | PayChannel::Transfer => Code::PinAlways,
        _ => Code::StepUpPin,
    };
    match wanted {
        Some(ProofWay::Pin) => found.blockers.extend(by_pin),
        Some(ProofWay::Approval) => {
            found.blockers.extend(approval_lost.then_some(Code::ApprovalLost));
            found.blockers.extend(needs_pin.then_some(pin_alone));
        }
        None if needs_pin => found.blockers.extend(by_pin),
        // One of both is enough.
        None if pin_locked && approval_lost => found.blockers.extend([Code::PinLocked, Code::ApprovalLost]),
        None => {
            found.notes.extend(pin_locked.then_some("pin_locked"));
            found.notes.extend(approval_lost.then_some("approval_lost"));
        }
    }
    if needs_pin && wanted != Some(ProofWay::Approval) {
        found.notes.push(match channel {
            PayChannel::Withdraw => "withdraw_pin",
            PayChannel::Transfer => "transfer_pin",
            _ => "needs_pin",
        });
    }
    found
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_blocks_is_what_the_person_needs() {
        use ProofWay::{Approval, Pin};
        let pay = |wanted, needs_pin, pin_locked, lost| judge(PayChannel::PrintedCode, wanted, needs_pin, pin_locked, lost).blockers;
        for (wanted, needs_pin, pin_locked, lost, blockers) in [
            (None, false, false, true, vec![]),
            (None, false, true, false, vec![]),
            (None, false, true, true, vec![Code::PinLocked, Code::ApprovalLost]),
            (None, true, true, false, vec![Code::PinLocked]),
            (None, true, false, true, vec![]),
            (Some(Pin), false, true, false, vec![Code::PinLocked]),
            (Some(Pin), false, false, true, vec![]),
            (Some(Approval), false, true, false, vec![]),
            (Some(Approval), true, true, true, vec![Code::ApprovalLost, Code::StepUpPin]),
        ] {
            assert_eq!(pay(wanted, needs_pin, pin_locked, lost), blockers, "{wanted:?} {needs_pin} {pin_locked} {lost}");
        }
        assert_eq!(judge(PayChannel::Transfer, Some(Approval), true, false, false).blockers, [Code::PinAlways]);
        assert_eq!(judge(PayChannel::PrintedCode, None, false, false, true).notes, ["approval_lost"]);
        assert_eq!(judge(PayChannel::Transfer, None, true, true, false), Proofs { blockers: vec![Code::PinLocked], notes: vec!["transfer_pin"] });
    }
}
