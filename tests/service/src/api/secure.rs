//! The login password and the second factor of a phone that is signed in. Passwords and codes come in boxes for the vault; here
//! stand who may ask, whose proof it was, and who is told.

use super::App;
use super::account::phone_of;
use crate::http::errors::{Answer, Common, Sent};
use crate::pay::accept::check_pin;
use crate::refusal::{Outcome, Refusal};
use crate::service::{self, Caller, Service, Sms};
use crate::store::people::account;
use crate::store::run;
use crate::vault::{LOGIN_DOMAIN, LoginState, LoginVerdict, VaultAnswer, VaultCall};
use crate::wire::{self, BackupsIn, BackupsOut, BoxIn, EnrolmentIn, EnrolmentOut, FactorOut, FactorProofIn, PasswordIn, SecurityOut};
use axum::extract::{Path, State};
use kabao_base::{Code, Id, Timestamp};
use kabao_proof::digest::sha256_of;
use kabao_proof::{Digest32, SealedBox, Signature};
use rusqlite::params;

/// How long an enrolment can be confirmed.
const OFFER_MS: i64 = 10 * 60_000;

/// What a box of a proof is bound to.
pub(super) fn digest(parts: &[String]) -> [u8; 32] {
    sha256_of(&[parts.join("\0").as_bytes()])
}

/// What an account signs in with.
pub(crate) fn login_state(service: &Service, account: Id) -> Outcome<LoginState> {
    match service.ask_vault(VaultCall::Login { account })? {
        VaultAnswer::Login(state) => Ok(state),
        _ => Err(Refusal::down()),
    }
}

/// Believes a verdict of the vault with its signature only, for this account, this digest and this sort of proof.
pub(super) fn believe(service: &Service, account: Id, digest: [u8; 32], what: &str, answer: VaultAnswer) -> Outcome<()> {
    let (payload, signature) = match answer {
        VaultAnswer::Verdict { payload, signature } => (payload, signature),
        VaultAnswer::Refused { code, .. } => return Err(Refusal::named(422, &code).field(what)),
        _ => return Err(Refusal::down()),
    };
    let signature = wire::bytes(&signature, "verdict").ok().and_then(|bytes| Signature::from_raw(&bytes).ok()).ok_or_else(Refusal::down)?;
    let signed = [LOGIN_DOMAIN, payload.as_bytes()].concat();
    service.keys.vault.verdict_key.verify(&signed, &signature).map_err(|_| Refusal::down())?;
    let verdict: LoginVerdict = serde_json::from_str(&payload).map_err(|_| service::internal())?;
    if verdict.account != account || verdict.digest != Digest32(digest).to_string() || verdict.what != what {
        return Err(Refusal::down());
    }
    match verdict.verdict.as_str() {
        "right" => Ok(()),
        code @ ("password_locked" | "factor_locked") => Err(Refusal::named(403, code).field(what).retry_after(verdict.retry_after_ms).left(0)),
        code @ ("password_wrong" | "factor_wrong" | "factor_time") => Err(Refusal::named(422, code).field(what).left(verdict.attempts_left)),
        code => Err(Refusal::named(422, code).field(what)),
    }
}

/// Judges a password.
pub(super) fn check_password(service: &Service, account: Id, digest: [u8; 32], sealed: SealedBox) -> Outcome<()> {
    let call = VaultCall::CheckPassword { account, digest: Digest32(digest).to_string(), sealed };
    believe(service, account, digest, "password", service.ask_vault(call)?)
}

/// Judges a code of the second factor.
pub(super) fn check_factor(service: &Service, account: Id, digest: [u8; 32], sealed: SealedBox) -> Outcome<()> {
    let call = VaultCall::CheckFactor { account, digest: Digest32(digest).to_string(), sealed };
    believe(service, account, digest, "factor", service.ask_vault(call)?)
}

/// Judges a PIN; a locked one is remembered in the book.
pub(super) fn prove_pin(service: &Service, state: &service::State, account: Id, digest: [u8; 32], sealed: SealedBox) -> Outcome<()> {
    let Some((code, left)) = check_pin(service, account, digest, sealed)? else { return Ok(()) };
    let locked = code == Code::PinLocked.as_str();
    if locked {
        run(&state.db, "UPDATE accounts SET pin_locked = 1 WHERE account_id = ?1", [account.to_string()])?;
    }
    let refusal = Refusal::named(if locked { 403 } else { 422 }, &code).field("pin");
    Err(left.map_or(refusal.clone(), |left| refusal.left(left)))
}

/// Tells the person: a notice of the account and an SMS to the number, whoever changed it.
pub(crate) fn tell(service: &Service, state: &mut service::State, of: Id, device: Id, kind: &str, text: &str, now: Timestamp) {
    let sql = "INSERT INTO notices VALUES (?1, ?2, ?3, ?4, ?5)";
    let _ = run(&state.db, sql, params![service.make_id().to_string(), of.to_string(), kind, device.to_string(), now.as_ms()]);
    if let Ok(phone) = account(&state.db, of).and_then(|who| phone_of(service, &who)) {
        let text = format!("【卡包】{text}如非本人操作，请立即冻结账户并联系客服。");
        state.memory.inbox.entry(phone).or_default().push(Sms { text, otp: String::new(), at: now });
    }
}

/// What the account signs in with.
#[utoipa::path(get, path = "/v1/account/security", responses((status = 200, body = SecurityOut), Common))]
pub async fn view(State(service): App, caller: Caller) -> Outcome<Answer> {
    let state = login_state(&service, caller.account)?;
    let factor = state.factor.map(|factor| FactorOut { enrolment_id: factor.enrolment.to_string(), at: factor.at, backups_left: factor.backups_left });
    let password_change = state.password_change.map(|id| id.to_string());
    Answer::json(200, &SecurityOut { password_at: state.password_at, password_change, factor })
}

/// Chooses the login password, or another one. The proof is the password in use or the payment PIN; an account that has neither
/// needs none. The PIN is the way for who forgot the password.
#[utoipa::path(put, path = "/v1/account/password", request_body = PasswordIn, responses((status = 204, description = "Chosen"), Common))]
pub async fn set_password(State(service): App, caller: Caller, Sent(body): Sent<PasswordIn>) -> Outcome<Answer> {
    let change = wire::id(&body.change_id, "change_id")?;
    let proof = wire::maybe_id(body.proof_id.as_deref(), "proof_id")?;
    let sealed = body.password_box.read("password_box")?;
    let old = body.old_box.as_ref().map(|old| old.read("old_box")).transpose()?;
    let pin = body.pin_box.as_ref().map(|pin| pin.read("pin_box")).transpose()?;
    let now = service.now();
    let mut state = service.state();
    let who = account(&state.db, caller.account)?;
    let phone = phone_of(&service, &who)?;
    let refused = |code: &str| match code {
        "id_reused" => Refusal::of(409, Code::IdReused),
        code => Refusal::named(422, code).field("password"),
    };
    let weigh = VaultCall::WeighPassword { account: caller.account, device: caller.device, phone: phone.clone(), change, sealed: sealed.clone() };
    match service.ask_vault(weigh)? {
        VaultAnswer::Weighed { repeat: true } => return Ok(Answer::empty()),
        VaultAnswer::Weighed { repeat: false } => {}
        VaultAnswer::Refused { code, .. } => return Err(refused(&code)),
        _ => return Err(Refusal::down()),
    }
    let known = login_state(&service, caller.account)?.password_at.is_some();
    let parts = |kind: &str| {
        let proof = proof.ok_or_else(|| Refusal::argument("proof_id"))?;
        Ok::<_, Refusal>(digest(&[kind.to_owned(), change.to_string(), proof.to_string(), caller.account.to_string(), caller.device.to_string()]))
    };
    match (old, pin) {
        (Some(old), None) if known => check_password(&service, caller.account, parts("kabao-password-old-1")?, old)?,
        (None, Some(pin)) if who.pin_set => prove_pin(&service, &state, caller.account, parts("kabao-password-pin-1")?, pin)?,
        (None, None) if !known && !who.pin_set => {}
        (None, None) => return Err(Refusal::argument(if who.pin_set { "pin_box" } else { "old_box" })),
        (Some(_), None) => return Err(Refusal::of(409, Code::PasswordNotSet).field("password")),
        (None, Some(_)) => return Err(Refusal::of(409, Code::PinNotSet).field("pin")),
        (Some(_), Some(_)) => return Err(Refusal::argument("old_box")),
    }
    match service.ask_vault(VaultCall::SetPassword { account: caller.account, device: caller.device, phone, change, sealed })? {
        VaultAnswer::Done => {
            tell(&service, &mut state, caller.account, caller.device, "password_set", "你的登录密码已设置或修改。", now);
            Ok(Answer::empty())
        }
        VaultAnswer::Refused { code, .. } => Err(refused(&code)),
        _ => Err(Refusal::down()),
    }
}

/// Makes a secret for an authenticator app, to be confirmed by its first code.
#[utoipa::path(post, path = "/v1/second-factor", request_body = EnrolmentIn, responses((status = 200, body = EnrolmentOut), Common))]
pub async fn enrol(State(service): App, caller: Caller, Sent(body): Sent<EnrolmentIn>) -> Outcome<Answer> {
    let enrolment = wire::id(&body.enrolment_id, "enrolment_id")?;
    let now = service.now();
    let _state = service.state();
    match service.ask_vault(VaultCall::OfferFactor { account: caller.account, device: caller.device, enrolment })? {
        VaultAnswer::FactorSecret(secret) => Answer::json(200, &EnrolmentOut { secret, expires_at: now.plus_ms(OFFER_MS).as_ms() }),
        VaultAnswer::Refused { code, .. } => Err(Refusal::named(409, &code)),
        _ => Err(Refusal::down()),
    }
}

fn factor_digest(kind: &str, caller: &Caller, of: &str, proof: Id) -> [u8; 32] {
    digest(&["kabao-factor-1".to_owned(), kind.to_owned(), of.to_owned(), proof.to_string(), caller.account.to_string(), caller.device.to_string()])
}

fn read_proof(proof_id: &str, sealed: &BoxIn) -> Outcome<(Id, SealedBox)> {
    Ok((wire::id(proof_id, "proof_id")?, sealed.read("factor_box")?))
}

/// Turns the second factor on by its first code; gives ten backup codes, once.
#[utoipa::path(put, path = "/v1/second-factor/{enrolment_id}", params(("enrolment_id" = String, Path, pattern = "^[0-9a-f]{32}$")),
    request_body = FactorProofIn, responses((status = 200, body = BackupsOut), Common))]
pub async fn confirm(State(service): App, caller: Caller, Path(id): Path<String>, Sent(body): Sent<FactorProofIn>) -> Outcome<Answer> {
    let enrolment = wire::id(&id, "enrolment_id")?;
    let (proof, sealed) = read_proof(&body.proof_id, &body.factor_box)?;
    let now = service.now();
    let mut state = service.state();
    let before = login_state(&service, caller.account)?.factor.is_some();
    let digest = factor_digest("confirm", &caller, &enrolment.to_string(), proof);
    let call = VaultCall::ConfirmFactor { account: caller.account, device: caller.device, enrolment, digest: Digest32(digest).to_string(), sealed };
    match service.ask_vault(call)? {
        VaultAnswer::BackupCodes(backup_codes) => {
            if !before {
                tell(&service, &mut state, caller.account, caller.device, "factor_on", "登录动态码已开启。", now);
            }
            Answer::json(200, &BackupsOut { backup_codes })
        }
        VaultAnswer::Refused { code, .. } => Err(Refusal::named(409, &code)),
        verdict => believe(&service, caller.account, digest, "factor", verdict).and_then(|()| Err(Refusal::down())),
    }
}

/// Ten new backup codes; those before are worth nothing from then on.
#[utoipa::path(post, path = "/v1/second-factor/backup-codes", request_body = BackupsIn, responses((status = 200, body = BackupsOut), Common))]
pub async fn backups(State(service): App, caller: Caller, Sent(body): Sent<BackupsIn>) -> Outcome<Answer> {
    let issue = wire::id(&body.issue_id, "issue_id")?;
    let (proof, sealed) = read_proof(&body.proof_id, &body.factor_box)?;
    let now = service.now();
    let mut state = service.state();
    let again = match service.ask_vault(VaultCall::IsIssued { account: caller.account, issue })? {
        VaultAnswer::Weighed { repeat } => repeat,
        _ => return Err(Refusal::down()),
    };
    if !again {
        check_factor(&service, caller.account, factor_digest("backups", &caller, &issue.to_string(), proof), sealed)?;
    }
    match service.ask_vault(VaultCall::IssueBackups { account: caller.account, device: caller.device, issue })? {
        VaultAnswer::BackupCodes(backup_codes) => {
            if !again {
                tell(&service, &mut state, caller.account, caller.device, "backups_issued", "登录备用码已更换，原来的全部作废。", now);
            }
            Answer::json(200, &BackupsOut { backup_codes })
        }
        VaultAnswer::Refused { code, .. } => Err(Refusal::named(409, &code)),
        _ => Err(Refusal::down()),
    }
}

/// Turns the second factor off. One that is off is off.
#[utoipa::path(post, path = "/v1/second-factor/off", request_body = FactorProofIn, responses((status = 204, description = "Off"), Common))]
pub async fn off(State(service): App, caller: Caller, Sent(body): Sent<FactorProofIn>) -> Outcome<Answer> {
    let (proof, sealed) = read_proof(&body.proof_id, &body.factor_box)?;
    let now = service.now();
    let mut state = service.state();
    if login_state(&service, caller.account)?.factor.is_none() {
        return Ok(Answer::empty());
    }
    check_factor(&service, caller.account, factor_digest("off", &caller, "", proof), sealed)?;
    match service.ask_vault(VaultCall::DropFactor { account: caller.account })? {
        VaultAnswer::Done => {
            tell(&service, &mut state, caller.account, caller.device, "factor_off", "登录动态码已关闭。", now);
            Ok(Answer::empty())
        }
        _ => Err(Refusal::down()),
    }
}
