//! What a person types and what becomes of it, as data. A test of the command line fails for an argument of a call that
//! is not here.

use super::{FieldClass, FieldView};
use crate::words::{Language, say};

/// One argument. Its words are `data.field.<name>.what` and `.why`; what is shown later is `data.mask.<mask>`.
pub(super) struct Field {
    pub(super) name: &'static str,
    pub(super) class: FieldClass,
    /// `data.keep.<keep>`; `call` for what is never kept.
    pub(super) keep: &'static str,
    pub(super) mask: &'static str,
}

const fn field(name: &'static str, class: FieldClass, keep: &'static str, mask: &'static str) -> Field {
    Field { name, class, keep, mask }
}

const fn secret(name: &'static str) -> Field {
    field(name, FieldClass::Secret, "call", "nothing")
}

pub(super) const FIELDS: &[Field] = {
    use FieldClass::{Internal, Personal};
    &[
        field("phone", Personal, "phone", "phone"),
        field("device_model", Internal, "phone", "whole"),
        field("name", Personal, "call", "name"),
        Field { mask: "id", ..secret("id_number") },
        Field { mask: "card", ..secret("card_number") },
        secret("cvv"),
        secret("expiry"),
        field("bank", Internal, "phone", "whole"),
        secret("pin"),
        secret("password"),
        secret("old"),
        field("name_letters", Personal, "call", "nothing"),
        field("name_begins", Personal, "call", "nothing"),
        field("delay_ms", Internal, "phone", "whole"),
        secret("id_tail"),
        secret("factor_code"),
        secret("code"),
        secret("liveness_token"),
        secret("birth_date"),
        field("expires_on", Personal, "replaced", "whole"),
        field("nationality", Personal, "call", "nothing"),
        secret("mrz"),
        secret("guardian_code"),
        field("address", Personal, "call", "contact"),
        field("amount", Personal, "phone", "whole"),
        field("single", Personal, "phone", "whole"),
        field("day", Personal, "phone", "whole"),
        field("order", Personal, "phone", "whole"),
        field("reason", Personal, "phone", "whole"),
        field("text", Personal, "call", "whole"),
        field("tag", Personal, "call", "whole"),
        field("folder", Internal, "phone", "whole"),
        field("room_bytes", Internal, "call", "nothing"),
        field("word", Internal, "call", "nothing"),
        field("document", Internal, "phone", "whole"),
        field("version", Internal, "phone", "whole"),
    ]
};

/// The catalogue in words.
pub(super) fn views(language: Language) -> Vec<FieldView> {
    FIELDS
        .iter()
        .map(|field| FieldView {
            name: field.name.to_owned(),
            class: field.class,
            what: say(language, &format!("data.field.{}.what", field.name), &[]),
            why: say(language, &format!("data.field.{}.why", field.name), &[]),
            keep_text: say(language, &format!("data.keep.{}", field.keep), &[]),
            mask_text: say(language, &format!("data.mask.{}", field.mask), &[]),
            never_kept: field.keep == "call",
        })
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_field_has_words_and_no_secret_is_kept() {
        for language in [Language::ZhCn, Language::En] {
            for view in views(language) {
                for text in [&view.what, &view.why, &view.keep_text, &view.mask_text] {
                    assert!(!text.starts_with("data."), "{text}");
                }
                assert!(view.class != FieldClass::Secret || view.never_kept, "{}", view.name);
            }
        }
        let mut names: Vec<_> = FIELDS.iter().map(|field| field.name).collect();
        names.sort_unstable();
        names.dedup();
        assert_eq!(names.len(), FIELDS.len());
    }
}
