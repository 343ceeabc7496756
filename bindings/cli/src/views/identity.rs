//! The person behind the account, as JSON.

use super::{Json, maybe, object, snake};
use kabao_core::VerificationView;
use kabao_core::identity::{ClassesView, DocumentForm, FormView, IdentityView, RemedyCard};
use serde_json::{Value, json};

impl Json for VerificationView {
    fn json(&self) -> Value {
        object(json!({
            "state": self.state, "code": self.code, "retriable": self.retriable, "account_class": self.account_class,
            "name_masked": self.name_masked, "id_masked": self.id_masked, "attempts_left": self.attempts_left,
            "review_by": self.review_by.map(|by| by.json()),
        }))
    }
}

impl Json for DocumentForm {
    fn json(&self) -> Value {
        json!({ "document": self.document.as_str(), "title": self.title, "fields": self.fields, "optional": self.optional })
    }
}

impl Json for FormView {
    fn json(&self) -> Value {
        let notes = self.name_notes.iter().map(|note| json!({ "note": note.note, "text": note.text }));
        object(json!({
            "document": self.document.as_str(), "name": self.name, "name_notes": notes.collect::<Vec<_>>(), "id_masked": self.id_masked,
            "birth_date": self.birth_date, "age": self.age, "expires_on": self.expires_on, "nationality": self.nationality,
            "highest_class": self.highest_class, "needs_guardian": self.needs_guardian,
        }))
    }
}

impl Json for RemedyCard {
    fn json(&self) -> Value {
        json!({ "code": self.code, "text": self.text, "next": self.next, "remedy": snake(self.remedy) })
    }
}

impl Json for IdentityView {
    fn json(&self) -> Value {
        let reverify = self.reverify.as_ref().map(|due| json!({ "overdue": due.overdue, "by": due.by, "text": due.text }));
        object(json!({
            "verification": self.verification.json(), "renewal": maybe(self.renewal.as_ref()), "document": self.document,
            "document_text": self.document_text, "expires_on": self.expires_on, "reverify": reverify, "remedy": maybe(self.remedy.as_ref()),
        }))
    }
}

impl Json for ClassesView {
    fn json(&self) -> Value {
        let classes = self.classes.iter().map(|need| {
            json!({
                "account_class": need.account_class, "text": need.text, "needs": need.needs, "missing": need.missing, "allowed": need.allowed,
            })
        });
        let checks = self.checks.iter().map(|check| json!({ "source": check.source, "text": check.text, "at": check.at }));
        let sources = self.sources.iter().map(|source| {
            object(json!({ "source": source.source, "text": source.text, "reason": maybe(source.reason.as_ref()) }))
        });
        object(json!({
            "account_class": self.account_class, "highest": self.highest, "highest_text": self.highest_text, "next_text": self.next_text,
            "classes": classes.collect::<Vec<_>>(), "checks": checks.collect::<Vec<_>>(), "sources": sources.collect::<Vec<_>>(), "at": self.at,
        }))
    }
}
