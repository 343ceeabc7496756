//! Step one: the document and its form, judged on the phone.

use super::types::{DocumentForm, FormView, NameNoteView, VerifyRequest};
use super::IdentityClient;
use crate::error::{Outcome, WalletError};
use crate::words::say;
use kabao_base::{Code, FoldKind, fold};
use kabao_codes::Day;
use kabao_codes::names::NameNote;
use kabao_codes::papers::{self, DocumentKind, Paper, PaperField, PaperForm};

/// The longest liveness token of a vendor, in bytes.
const TOKEN: usize = 4096;
/// Younger persons have no account; younger than [`ALONE`] ones need a guardian; younger than [`OF_AGE`] ones stay in class I.
const YOUNGEST: u32 = 8;
const ALONE: u32 = 16;
const OF_AGE: u32 = 18;

impl IdentityClient {
    /// The documents that can be used, with the fields of each form. Works without network.
    pub fn documents(&self) -> Vec<DocumentForm> {
        let language = self.core.settings.language;
        let form = |document: DocumentKind| {
            let mut optional = Vec::new();
            if document == DocumentKind::ResidentCard {
                optional.push(PaperField::ExpiresOn.as_str().to_owned());
            }
            if document == DocumentKind::ForeignPassport {
                optional.push(PaperField::Mrz.as_str().to_owned());
            }
            DocumentForm {
                document,
                title: say(language, &format!("document.{}", document.as_str()), &[]),
                fields: document.fields().iter().map(|field| field.as_str().to_owned()).collect(),
                optional,
            }
        };
        DocumentKind::ALL.into_iter().map(form).collect()
    }

    /// Reads a form without sending anything: what the name becomes, how old the person is, what else is needed. For the
    /// moment after scanning, and for telling early what the service would refuse.
    ///
    /// # Errors
    /// A code of the catalogue in the field that is meant. The liveness token is not looked at.
    pub fn read_form(&self, request: VerifyRequest) -> Outcome<FormView> {
        let (paper, today) = self.read(&request)?;
        let (age, language) = (paper.age(today), self.core.settings.language);
        let note = |note: &NameNote| {
            let name = match note {
                NameNote::PrivateCharacter => "private_character",
                NameNote::Separator => "separator",
                NameNote::Radical => "radical",
                NameNote::Plain => "plain",
            };
            NameNoteView { note: name.to_owned(), text: say(language, &format!("name_note.{name}"), &[]) }
        };
        old_enough(&paper, age)?;
        Ok(FormView {
            document: paper.kind,
            name: paper.name.as_str().to_owned(),
            name_notes: paper.name_notes.iter().map(note).collect(),
            id_masked: paper.masked(),
            birth_date: paper.birth.iso(),
            age,
            expires_on: paper.expires.map(Day::iso),
            nationality: paper.nationality.clone(),
            highest_class: if age < OF_AGE { 1 } else { 3 },
            needs_guardian: age < ALONE,
        })
    }

    /// The document of a request.
    pub(super) fn read(&self, request: &VerifyRequest) -> Outcome<(Paper, Day)> {
        let today = Day::in_china(self.core.now()).ok_or(Code::Internal)?;
        let form = PaperForm {
            kind: request.document.unwrap_or(DocumentKind::ResidentCard),
            name: &request.name,
            id_number: &request.id_number,
            birth_date: request.birth_date.as_deref(),
            expires_on: request.expires_on.as_deref(),
            nationality: request.nationality.as_deref(),
            mrz: request.mrz.as_deref(),
        };
        let paper = papers::read(&form, today).map_err(|error| WalletError::from(error.code).in_field(error.field.as_str()))?;
        Ok((paper, today))
    }
}

fn old_enough(paper: &Paper, age: u32) -> Outcome<()> {
    if age >= YOUNGEST {
        return Ok(());
    }
    let by_number = !paper.kind.fields().contains(&PaperField::BirthDate);
    let field = if by_number { PaperField::IdNumber } else { PaperField::BirthDate };
    Err(WalletError::from(Code::UnderAge).in_field(field.as_str()))
}

/// What the rule of age asks for: nothing, or a guardian's code of eight digits.
pub(super) fn guardian_code(paper: &Paper, today: Day, typed: Option<&str>) -> Outcome<Option<String>> {
    let age = paper.age(today);
    old_enough(paper, age)?;
    let typed = typed.filter(|text| !text.trim().is_empty());
    match typed {
        _ if age >= ALONE => Ok(None),
        None => Err(WalletError::from(Code::GuardianNeeded).in_field("guardian_code")),
        Some(text) => {
            let code = fold(text, FoldKind::Otp).ok().filter(|code| code.len() == 8);
            code.map(Some).ok_or_else(|| WalletError::from(Code::GuardianCode).in_field("guardian_code"))
        }
    }
}

pub(super) fn check_token(token: &str) -> Outcome<()> {
    let code = match token {
        "" => Code::EmptyInput,
        token if token.len() > TOKEN => Code::InputTooLong,
        token if !token.bytes().all(|byte| byte.is_ascii_graphic()) => Code::HiddenCharacter,
        _ => return Ok(()),
    };
    Err(WalletError::from(code).in_field("liveness_token"))
}
