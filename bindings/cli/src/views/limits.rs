//! Who runs the wallet; limits and fees.

use super::{Json, maybe, object};
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
