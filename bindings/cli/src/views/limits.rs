//! Who runs the wallet; limits and fees.

use super::{Json, all, maybe, object};
use kabao_core::limits::{BalanceView, BlockerView, LimitView, LimitsView, OwnCapsView, PrecheckView, ReadyCheckView, ReadyView, RulesView, SourceCheckView};
use kabao_core::operator::OperatorView;
use serde_json::{Value, json};

impl Json for OperatorView {
    fn json(&self) -> Value {
        let channels = self.channels.iter().map(|known| json!({ "channel": known.channel, "name": known.name }));
        object(json!({
            "standing": self.standing, "standing_text": self.standing_text, "reason": maybe(self.reason.as_ref()),
            "operator": self.operator,
            "licence": self.licence.as_ref().map(|licence| json!({ "number": licence.number, "scope": licence.scope, "valid_until": licence.valid_until })),
            "channels": channels.collect::<Vec<_>>(), "rules_version": self.rules_version, "hotline": self.hotline, "site": self.site,
            "version": self.version, "issued_at": self.issued_at.map(|at| at.json()), "age_text": self.age_text,
            "valid_until": self.valid_until.map(|at| at.json()), "refused": maybe(self.refused.as_ref()),
        }))
    }
}

impl Json for LimitView {
    fn json(&self) -> Value {
        object(json!({
            "rule": self.rule, "rule_text": self.rule_text, "cap": self.cap.json(), "used": self.used.json(), "reserved": self.reserved.json(),
            "left": self.left.json(), "resets_at": self.resets_at.map(|at| at.json()), "resets_text": self.resets_text, "bites": self.bites,
            "failure": maybe(self.failure.as_ref()),
        }))
    }
}

impl Json for OwnCapsView {
    fn json(&self) -> Value {
        object(json!({ "single": maybe(self.single.as_ref()), "day": maybe(self.day.as_ref()), "from": self.from.map(|at| at.json()) }))
    }
}

impl Json for LimitsView {
    fn json(&self) -> Value {
        object(json!({
            "lines": all(&self.lines), "max_now": maybe(self.max_now.as_ref()), "counted_at": self.counted_at.map(|at| at.json()),
            "age_text": self.age_text, "stale": self.stale, "rules_version": self.rules_version, "own": self.own.json(),
            "own_next": maybe(self.own_next.as_ref()), "pin_from": maybe(self.pin_from.as_ref()),
        }))
    }
}

impl Json for BlockerView {
    fn json(&self) -> Value {
        object(json!({ "failure": self.failure.json(), "most": maybe(self.most.as_ref()) }))
    }
}

impl Json for SourceCheckView {
    fn json(&self) -> Value {
        json!({ "source": self.source, "text": self.text, "usable": self.usable, "fee": self.fee.json(), "blockers": all(&self.blockers) })
    }
}

impl Json for PrecheckView {
    fn json(&self) -> Value {
        let notes = self.notes.iter().map(|note| json!({ "note": note.note, "text": note.text }));
        object(json!({
            "blocked": self.blocked, "first": maybe(self.first.as_ref()), "amount": maybe(self.amount.as_ref()), "general": all(&self.general),
            "sources": all(&self.sources), "notes": notes.collect::<Vec<_>>(), "counted_at": self.counted_at.map(|at| at.json()),
        }))
    }
}

impl Json for BalanceView {
    fn json(&self) -> Value {
        object(json!({
            "total": maybe(self.total.as_ref()), "available": maybe(self.available.as_ref()), "held": maybe(self.held.as_ref()),
            "in_flight": self.in_flight.json(), "leaving": self.leaving.json(), "arriving": self.arriving.json(), "at": self.at.map(|at| at.json()),
            "age_text": self.age_text,
        }))
    }
}

impl Json for ReadyCheckView {
    fn json(&self) -> Value {
        object(json!({ "check": self.check, "text": self.text, "well": self.well, "failure": maybe(self.failure.as_ref()) }))
    }
}

impl Json for ReadyView {
    fn json(&self) -> Value {
        object(json!({
            "ready": self.ready, "checks": all(&self.checks), "codes_left": self.codes_left, "clock_trusted": self.clock_trusted,
            "network": self.network.as_str(), "network_text": self.network_text, "network_failure": maybe(self.network_failure.as_ref()),
            "offer_text": self.offer_text,
        }))
    }
}

impl Json for RulesView {
    fn json(&self) -> Value {
        let fees = self.fees.iter().map(|fee| {
            object(json!({
                "kind": fee.kind, "card": fee.card, "rate_ppm": fee.rate_ppm, "min": fee.min.json(), "max": maybe(fee.max.as_ref()),
                "free": fee.free.json(), "text": fee.text,
            }))
        });
        let maintenance = self.maintenance.iter().map(|rest| json!({ "from": rest.from, "until": rest.until, "channels": rest.channels, "banks": rest.banks, "text": rest.text }));
        object(json!({
            "version": self.version, "source": self.source, "source_text": self.source_text, "issued_at": self.issued_at.map(|at| at.json()),
            "age_text": self.age_text, "outdated": self.outdated, "refused": maybe(self.refused.as_ref()), "fees": fees.collect::<Vec<_>>(),
            "maintenance": maintenance.collect::<Vec<_>>(),
        }))
    }
}
