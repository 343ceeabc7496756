//! Merchant codes and payer codes after EMVCo.

use super::{Asks, Danger, Family, LimitClass, PayWay, ReadContext, Scheme, Verdict};
use crate::collection::CollectionCode;
use crate::cpm;
use crate::emv::{self, MerchantCode};
use crate::mcc::Mcc;
use kabao_base::{Code, Money};

/// Base64 of `85 05 "CPV01"`, as far as all codes share it.
const PAYER_BEGINNING: &str = "hQVDUFYwMW";
/// The specification allows 512 characters.
const LAWFUL: usize = 512;

pub(super) fn judge(text: &str, context: &ReadContext) -> Option<Verdict> {
    if text.starts_with(PAYER_BEGINNING) {
        return Some(payer(text, context));
    }
    if !text.starts_with("0002") {
        return None;
    }
    let mut verdict = match emv::read(text) {
        Ok(code) => merchant(&code, context),
        Err(error) => Verdict::refused(Family::Damaged, error.code()),
    };
    if text.chars().count() > LAWFUL {
        verdict.warn(Danger::TooLong);
    }
    Some(verdict)
}

/// A code that is presented by the payer. Of its numbers nothing leaves: they are a card's.
fn payer(text: &str, context: &ReadContext) -> Verdict {
    let Ok(code) = cpm::read(text) else { return Verdict::refused(Family::Damaged, Code::CodeDamaged) };
    let view = code.view(&context.table);
    let owner = view.applications.iter().find_map(|application| context.table.owner_of_guid(&application.aid));
    Verdict { owner: owner.cloned(), ..Verdict::refused(Family::EmvPayer, Code::CodeIsPayerCode) }
}

fn merchant(code: &MerchantCode, context: &ReadContext) -> Verdict {
    let asks = asks(code);
    match CollectionCode::of(code, &context.guid) {
        Err(error) => Verdict { asks, ..Verdict::refused(Family::OurCollection, error.code()).of(Scheme::Ours) },
        Ok(Some(collection)) => ours(Family::OurCollection, collection, asks),
        Ok(None) => {
            let owner = owner_of(code, context);
            let verdict = Verdict { asks, ..Verdict::refused(Family::EmvMerchant, Code::CodeNotPayable).of(owner.clone()) };
            if !code.duplicates.is_empty() {
                // Two amounts, two payees: one is shown and the other is paid.
                return Verdict { refusal: Some(Code::CodeHostile), ..verdict };
            }
            if code.value("54").is_some() && verdict.asks.amount_text.is_none() {
                return Verdict { refusal: Some(Code::CodeDamaged), ..verdict };
            }
            // A tip or a fee that comes on top is not shown here; the scheme's own app asks for it.
            let on_top = ["55", "56", "57"].iter().any(|id| code.value(id).is_some());
            if !on_top && context.channels.contains(&owner) {
                return Verdict { pay: PayWay::Channel { scheme: owner }, refusal: None, ..verdict };
            }
            // The only scheme of these whose app is at home here; no link opens it with a merchant code.
            let pay = if owner == Scheme::UnionPay { PayWay::HandOver { app: owner, link: None } } else { PayWay::No };
            Verdict { pay, ..verdict }
        }
    }
}

/// A collection code of ours: what it asks is what the template says, and not what else is printed.
pub(super) fn ours(family: Family, collection: CollectionCode, asks: Asks) -> Verdict {
    let asks = Asks {
        amount: collection.amount,
        amount_text: collection.amount.map(Money::plain),
        currency: Some(collection.currency.code().to_owned()),
        order: collection.order.clone(),
        token: Some(collection.payee_code.clone()),
        is_static: Some(!collection.dynamic),
        limit_class: (!collection.dynamic).then_some(LimitClass::D),
        amount_editable: Some(collection.amount.is_none()),
        ..asks
    };
    Verdict {
        family,
        owner: Some(Scheme::Ours),
        asks,
        pay: PayWay::Direct,
        dangers: Vec::new(),
        refusal: None,
        collection: Some(collection),
        document: None,
        masked: None,
    }
}

fn asks(code: &MerchantCode) -> Asks {
    let sub = |id: &str, sub: &str| {
        let parts = emv::parts(code.value(id)?).ok()?;
        emv::value(&parts, sub).map(str::to_owned)
    };
    let is_static = match code.value("01") {
        Some("11") => Some(true),
        Some("12") => Some(false),
        _ => None,
    };
    let (amount, amount_text, currency) = super::amount::printed(code.value("54"), code.value("53"));
    Asks {
        payee: sub("64", "01").or_else(|| code.value("59").map(str::to_owned)).filter(|name| !name.trim().is_empty()),
        amount_editable: super::amount::is_editable(code.value("54"), amount_text.as_deref()),
        amount,
        amount_text,
        currency,
        order: sub("62", "01").or_else(|| sub("62", "05")),
        token: None,
        is_static,
        limit_class: (is_static == Some(true)).then_some(LimitClass::D),
        expires: None,
        category: code.value("52").and_then(|digits| Mcc::read(digits).ok()).filter(|mcc| mcc.is_known()).map(Mcc::category),
    }
}

/// UnionPay has identifiers 15 and 16 and its application; then the template's identifier, the
/// identifiers of card schemes, and the country, in this order.
fn owner_of(code: &MerchantCode, context: &ReadContext) -> Scheme {
    if ["15", "16"].iter().any(|id| code.value(id).is_some()) {
        return Scheme::UnionPay;
    }
    let owners: Vec<&Scheme> = templates(code).filter_map(|guid| context.table.owner_of_guid(&guid)).collect();
    if let Some(owner) = owners.iter().find(|owner| ***owner == Scheme::UnionPay).or(owners.first()) {
        return (*owner).clone();
    }
    if let Some(owner) = code.owners(&context.table).into_iter().next() {
        return owner;
    }
    let by_country = || code.value("58").and_then(|country| context.table.owner_of_country(country));
    let unnamed = || Scheme::Other { name: "emv".to_owned() };
    by_country().cloned().unwrap_or_else(unnamed)
}

/// The identifiers of the templates 26 to 51.
fn templates(code: &MerchantCode) -> impl Iterator<Item = String> {
    code.fields.iter().filter(|field| ("26"..="51").contains(&field.id.as_str())).filter_map(|field| {
        let parts = emv::parts(&field.value).ok()?;
        emv::value(&parts, "00").map(str::to_owned)
    })
}
