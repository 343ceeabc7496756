//! What a card number says of itself while it is typed, and what to look at again when a bank does not say what is wrong.
//! Nothing is sent for either.

use super::{BindRequest, CardDoubtView, CardLookState, CardLookView, CardsClient};
use crate::error::Outcome;
use crate::words::say;
use kabao_base::{Code, Failure, FoldKind, fold};
use kabao_codes::cards::{self, CardError, CardIssuer, CardType};
use zeroize::Zeroizing;

/// The longest card number.
const LONGEST: usize = 19;

impl CardsClient {
    /// Brand, bank, kind and length of a number while it is typed, with a warning where its check digit does not agree
    /// and a refusal where that cannot be. Spaces, hyphens and full-width digits are folded. Works without network and
    /// before anything is set up; the number is neither sent nor kept.
    pub fn look(&self, number: String) -> CardLookView {
        let typed = Zeroizing::new(number);
        let mut view = CardLookView {
            state: CardLookState::Empty,
            digits: 0,
            brand: None,
            bank_code: None,
            bank_name: None,
            kind: None,
            kind_text: None,
            asks_printed: false,
            problem: None,
        };
        let digits = match fold(&typed, FoldKind::Card).map(Zeroizing::new) {
            Ok(digits) => digits,
            Err(kabao_base::FoldError::Empty) => return view,
            Err(error) => return refused(view, kabao_codes::fold_code(error)),
        };
        view.digits = u32::try_from(digits.len()).unwrap_or(u32::MAX);
        let issuers = self.core.issuers();
        let exact = issuers.issuer(&digits);
        let beginning = issuers.issuer_of_beginning(&digits);
        if let Some(CardIssuer { bank_code, bank_name, card_type }) = exact.clone().or_else(|| beginning.clone()) {
            (view.bank_code, view.bank_name) = (bank_code, bank_name);
            view.kind = card_type.map(|kind| kind_name(kind).to_owned());
            view.kind_text = view.kind.as_deref().map(|kind| self.kind_text(kind));
            view.asks_printed = matches!(card_type, Some(CardType::Credit | CardType::QuasiCredit));
        }
        view.brand = cards::brand_of(&digits).and_then(|brand| brand.name()).map(str::to_owned);
        if digits.len() > LONGEST {
            return refused(view, Code::CardLength);
        }
        // Known cards that begin like this are longer: whatever the check digit says, it is not the last digit yet.
        let more = digits.len() < LONGEST && exact.is_none() && beginning.is_some();
        match cards::read_with(&digits, &issuers) {
            _ if more => view.state = CardLookState::Typing,
            Ok((_, shape)) => {
                view.brand = shape.brand.name().map(str::to_owned);
                view.state = if shape.check_digit_agrees { CardLookState::Good } else { CardLookState::Doubtful };
            }
            Err(CardError::Length) if digits.len() < LONGEST => view.state = CardLookState::Typing,
            Err(CardError::CheckDigit) if cards::progress(&digits).potentially_valid => view.state = CardLookState::Doubtful,
            Err(error) => return refused(view, error.code()),
        }
        if view.state == CardLookState::Doubtful {
            view.problem = Some(Failure::of(Code::CardCheckDigit).in_field("card_number"));
        }
        view
    }

    /// What to look at again when a bank says only that the check failed (`card_refused`), the likeliest first. It is a
    /// question and no judgement: the wallet does not know either. Nothing is sent or kept.
    pub async fn doubts(&self, request: BindRequest) -> Outcome<Vec<CardDoubtView>> {
        let typed = Zeroizing::new(request.card_number);
        let agrees = cards::read(&typed).is_ok_and(|(_, shape)| shape.check_digit_agrees);
        drop(typed);
        let own = self.core.account_row().await?.phone;
        let phone = kabao_codes::phones::read(&request.phone).ok().map(|phone| phone.e164());
        let other_phone = own.is_some() && phone != own;
        let number = ("card_number", if agrees { "read_again" } else { "check_digit" });
        let phone = ("phone", if other_phone { "other_phone" } else { "old_phone" });
        let mut doubts = match (agrees, other_phone) {
            (false, _) => vec![number, phone],
            _ => vec![phone, number],
        };
        doubts.push(("name", "as_at_bank"));
        if request.expiry.is_some() || request.cvv.is_some() {
            doubts.extend([("expiry", "as_printed"), ("cvv", "as_printed")]);
        }
        doubts.push(("identity", "own_card"));
        let language = self.core.settings.language;
        let view = |(field, hint): (&str, &str)| CardDoubtView {
            field: field.to_owned(),
            hint: hint.to_owned(),
            text: say(language, &format!("card.doubt.{hint}"), &[]),
        };
        Ok(doubts.into_iter().map(view).collect())
    }
}

fn refused(view: CardLookView, code: Code) -> CardLookView {
    CardLookView { state: CardLookState::Refused, problem: Some(Failure::of(code).in_field("card_number")), ..view }
}

fn kind_name(kind: CardType) -> &'static str {
    match kind {
        CardType::Debit => "debit",
        CardType::Credit => "credit",
        CardType::QuasiCredit => "quasi_credit",
        CardType::Prepaid => "prepaid",
    }
}
