//! `kabao wallet …`: every public call from the shell. The state lies in a profile folder. What is secret (PIN, card and
//! identity number, one-time code, recovery sheet) is read from the standard input, one line each, and is never an
//! argument: arguments can be seen by every program of the machine.

pub mod answer;
mod args;
mod cards;
mod change;
mod limits;
mod plain;
mod refunds;
mod secure;
mod shell;
mod typed;
mod words;

pub use args::WalletArgs;
pub use words::Word;

use crate::calls::{Arguments, CallError, call};
use crate::keys;
use crate::paper::files::{Drawn, can_keep, keep};
use crate::paper::font;
use crate::paper::sheet::{Paper, Sheet};
use crate::setup::{self, ServiceFile};
use answer::Answer;
use kabao_core::host::Host;
use kabao_core::words::{Language, say};
use kabao_core::{Wallet, WalletError, WalletEvent, WalletListener};
use serde_json::{Map, Value, json};
use std::io::IsTerminal;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;

/// Why a command ends early.
enum Stop {
    /// The wallet says so.
    Wallet(WalletError),
    /// Something around it.
    Said(String),
    /// It cannot be run: the name of the sentence, and what it is about.
    Unusable(&'static str, String),
}

impl From<WalletError> for Stop {
    fn from(error: WalletError) -> Stop {
        Stop::Wallet(error)
    }
}

impl From<String> for Stop {
    fn from(text: String) -> Stop {
        Stop::Said(text)
    }
}

impl From<CallError> for Stop {
    fn from(error: CallError) -> Stop {
        match error {
            CallError::Wallet(error) => Stop::Wallet(error),
            CallError::Written(text) => Stop::Said(text),
        }
    }
}

/// Runs one command. 0: done; 1: could not be run; 2: the wallet says no, for certain; 3: the outcome is not known.
pub fn run(args: &WalletArgs, language: &str) -> ExitCode {
    let answer = Answer::new(args.json, Language::from_tag(language));
    match work(args, language, &answer) {
        Ok(code) => code,
        Err(Stop::Wallet(error)) => answer.refused(&error),
        Err(Stop::Said(text)) => answer.unusable("not_run", &text),
        Err(Stop::Unusable(why, about)) => answer.unusable(why, &about),
    }
}

fn work(args: &WalletArgs, language: &str, answer: &Answer) -> Result<ExitCode, Stop> {
    let service = service(args)?;
    let opened = keys::open(&args.profile, args.dev_file_keys);
    if let Some(warning) = opened.warning {
        eprintln!("{warning}");
    }
    let host = setup::host(Arc::new(service.transport().map_err(|about| Stop::Unusable("service_file", about))?), opened.store)?;
    let runtime = host.handle().ok_or_else(|| "the host does not start".to_owned())?;
    let settings = service.settings(&args.profile, language);
    runtime.block_on(async {
        let host: Arc<dyn Host> = host.clone();
        if matches!(args.word, Word::SetAsideLost) {
            let names = Wallet::set_aside_lost(settings.folder, host).await?;
            return Ok(answer.gave(&args.word, &json!(names)));
        }
        let wallet = Wallet::open(settings, host).await?;
        let listening = wallet.subscribe(Arc::new(Notices { quiet: args.json }));
        // What the last run left open is said before anything else happens.
        for payment in wallet.pay().open_payments().await? {
            let payee = payment.payee_name.unwrap_or_default();
            eprintln!("{}: {payee} {} ({})", payment.state_text, payment.amount.text, payment.intent_id);
        }
        let came = match &args.word {
            Word::Shell => shell::run(&wallet, answer).await,
            word => carry_out(word, &wallet, answer).await,
        };
        listening.cancel();
        // What the call said stands, whatever closing says: after money moved, "the disk is full, try again" would be a lie.
        if let Err(error) = wallet.close().await {
            answer.beside(&error);
        }
        came
    })
}

/// The service of the profile: the one that is named, which is then remembered, or the remembered one.
fn service(args: &WalletArgs) -> Result<ServiceFile, Stop> {
    let read = |path: &Path| ServiceFile::read(path).map_err(|about| Stop::Unusable("service_file", about));
    let remembered = args.profile.join("service.json");
    let Some(path) = &args.service else {
        return match remembered.exists() {
            true => read(&remembered),
            false => Err(Stop::Unusable("which_service", String::new())),
        };
    };
    let service = read(path)?;
    remember(&args.profile, path, &remembered).map_err(|error| Stop::Unusable("profile", format!("{}: {error}", args.profile.display())))?;
    Ok(service)
}

fn remember(profile: &Path, from: &Path, to: &Path) -> std::io::Result<()> {
    #[cfg(unix)]
    {
        use std::os::unix::fs::DirBuilderExt;
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(profile)?;
    }
    #[cfg(not(unix))]
    std::fs::create_dir_all(profile)?;
    std::fs::write(to, std::fs::read(from)?)
}

struct Notices {
    quiet: bool,
}

impl WalletListener for Notices {
    fn on_event(&self, event: WalletEvent) {
        if let (WalletEvent::Notice { title, body, .. }, false) = (event, self.quiet) {
            eprintln!("{title}: {body}");
        }
    }
}

/// A secret: typed unseen, or a line of the standard input.
fn secret(what: &str) -> Result<Value, Stop> {
    let mut line = typed::secret(what).map_err(|error| error.to_string())?;
    Ok(Value::String(std::mem::take(&mut *line)))
}

/// Two secret lines: those at the foot of a passport's page.
fn lines_of_a_passport() -> Result<String, Stop> {
    let lines = [secret("first line")?, secret("second line")?];
    Ok(lines.iter().filter_map(Value::as_str).collect::<Vec<_>>().join("\n"))
}

fn with(pairs: impl IntoIterator<Item = (&'static str, Value)>) -> Map<String, Value> {
    pairs.into_iter().filter(|(_, value)| !value.is_null()).map(|(name, value)| (name.to_owned(), value)).collect()
}

async fn ask(wallet: &Wallet, answer: &Answer, name: &str, with: Map<String, Value>) -> Result<Value, Stop> {
    Ok(call(wallet, answer.language, name, Arguments::new(with)).await?)
}

async fn carry_out(word: &Word, wallet: &Wallet, answer: &Answer) -> Result<ExitCode, Stop> {
    let none = Map::new();
    let value = match word {
        Word::Status => {
            let mut status = json!({ "onboarding": ask(wallet, answer, "onboarding_next", none.clone()).await? });
            match ask(wallet, answer, "account", none).await {
                Ok(account) => status["account"] = account,
                Err(Stop::Wallet(error)) if error.is(kabao_base::Code::NotRegistered) => {}
                Err(other) => return Err(other),
            }
            status
        }
        Word::Register { phone, device_model } => {
            ask(wallet, answer, "register", with([("phone", json!(phone)), ("device_model", json!(device_model))])).await?
        }
        Word::EnterOtp => ask(wallet, answer, "enter_otp", with([("code", secret("SMS code")?)])).await?,
        Word::ReplaceBegin { phone, device_model } => {
            ask(wallet, answer, "replace_begin", with([("phone", json!(phone)), ("device_model", json!(device_model))])).await?
        }
        Word::ReplaceOtp => ask(wallet, answer, "replace_otp", with([("code", secret("SMS code")?)])).await?,
        Word::ReplaceProve { name, liveness_token, nonce, without_pin } => {
            let pin = if *without_pin { Value::Null } else { secret("PIN")? };
            let number = if name.is_some() { secret("identity number")? } else { Value::Null };
            let proof = [
                ("pin", pin), ("name", json!(name)), ("id_number", number), ("liveness_token", json!(liveness_token)), ("liveness_nonce", json!(nonce)),
            ];
            let given = with(proof.into_iter().filter(|(what, _)| *what == "pin" || name.is_some()));
            ask(wallet, answer, "replace_prove", given).await?
        }
        Word::Refund(word) => refunds::carry_out(word, wallet, answer).await?,
        Word::Card(word) => cards::carry_out(word, wallet, answer).await?,
        Word::Limit(word) => limits::carry_out(word, wallet, answer).await?,
        Word::Change(word) => change::carry_out(word, wallet, answer).await?,
        Word::RenewApproval => {
            let code = secret("SMS code")?;
            ask(wallet, answer, "renew_approval", with([("code", code), ("pin", secret("PIN")?)])).await?
        }
        Word::ChoosePin => ask(wallet, answer, "choose_pin", with([("pin", secret("PIN")?)])).await?,
        Word::SheetMake { pdf, font, files } => {
            // A new sheet voids the one before it: what cannot be drawn or written is said first.
            if files.bars {
                return Err("--bars".to_owned().into());
            }
            if pdf.is_some() {
                let lines = ["recovery", "recovery_when", "recovery_how", "recovery_then", "recovery_keep", "recovery_only"];
                let text = lines.map(|line| say(answer.language, &format!("sheet.{line}"), &[])).concat();
                font::find(&text, font.as_deref()).map_err(|error| error.to_string())?;
            }
            [&files.svg, &files.png, pdf].into_iter().flatten().try_for_each(|path| can_keep(path))?;
            let made = ask(wallet, answer, "make_recovery_sheet", none).await?;
            let text = |name: &str| made[name].as_str().unwrap_or_default().to_owned();
            if files.any() {
                let drawn = files.draw(&text("qr_text")).map_err(|error| error.to_string())?;
                files.write(&drawn, &text("title"))?;
            }
            if let Some(file) = pdf {
                let Drawn::Qr(picture) = files.draw(&text("qr_text")).map_err(|error| error.to_string())? else { return Err("--bars".to_owned().into()) };
                let lines = made["lines"].as_array().into_iter().flatten().filter_map(|line| line.as_str().map(str::to_owned)).collect();
                let sheet = Sheet { title: text("title"), amount: Some(text("code")), picture, lines, foot: Vec::new() };
                let font = font::find(&sheet.text(), font.as_deref()).map_err(|error| error.to_string())?;
                keep(file, &sheet.pdf(Paper::A5, font).map_err(|error| error.to_string())?)?;
            }
            made
        }
        Word::SheetConfirm { with_pin } => {
            let code = secret("recovery sheet")?;
            let pin = if *with_pin { secret("PIN")? } else { Value::Null };
            ask(wallet, answer, "confirm_recovery_sheet", with([("code", code), ("pin", pin)])).await?
        }
        Word::Consent { document, version } => {
            // What is consented to was shown: the wallet holds to that.
            let shown = ask(wallet, answer, "consent_document", with([("document", json!(document))])).await?;
            let version = version.as_ref().map_or_else(|| shown["version"].clone(), |version| json!(version));
            ask(wallet, answer, "give_consent", with([("document", json!(document)), ("version", version)])).await?
        }
        Word::Verify { name, liveness_token, document, form, nonce, guardian } => {
            let number = if form.mrz { Value::Null } else { secret("identity number")? };
            let mrz = if form.mrz { json!(lines_of_a_passport()?) } else { Value::Null };
            let code = if *guardian { secret("guardian's code")? } else { Value::Null };
            let given = with([
                ("name", json!(name)), ("id_number", number), ("liveness_token", json!(liveness_token)), ("document", json!(document)),
                ("birth_date", json!(form.birth_date)), ("expires_on", json!(form.expires_on)), ("nationality", json!(form.nationality)),
                ("mrz", mrz), ("liveness_nonce", json!(nonce)), ("guardian_code", code),
            ]);
            ask(wallet, answer, "verify", given).await?
        }
        Word::TopUp { amount, card_id, agree } | Word::WithdrawToCard { amount, card_id, agree } => {
            let call = if matches!(word, Word::TopUp { .. }) { "quote_top_up" } else { "quote_withdraw" };
            let card = match card_id {
                Some(id) => json!(id),
                None => ask(wallet, answer, "cards", none).await?[0]["card_id"].clone(),
            };
            if card.is_null() {
                // Who has no account yet hears that first.
                ask(wallet, answer, "account", Map::new()).await?;
                return Err(Stop::Unusable("no_card", String::new()));
            }
            let quote = ask(wallet, answer, call, with([("amount", json!(amount)), ("card_id", card)])).await?;
            agree_to(wallet, answer, &quote, agree).await?
        }
        Word::Payee { phone, name_begins } => {
            ask(wallet, answer, "payee_by_phone", with([("phone", json!(phone)), ("name_begins", json!(name_begins))])).await?
        }
        Word::Transfer { payee_id, amount, delay_ms, agree } => {
            let what = with([("payee_id", json!(payee_id)), ("amount", json!(amount)), ("delay_ms", json!(delay_ms))]);
            let quote = ask(wallet, answer, "quote_transfer", what).await?;
            agree_to(wallet, answer, &quote, agree).await?
        }
        Word::Pay { payee_id, amount, order, agree } => {
            let what = with([("payee_id", json!(payee_id)), ("amount", json!(amount)), ("order", json!(order))]);
            let quote = ask(wallet, answer, "quote_pay", what).await?;
            agree_to(wallet, answer, &quote, agree).await?
        }
        Word::PayOtherSource { intent_id, card_id, agree } => {
            let quote = ask(wallet, answer, "quote_other_source", with([("intent_id", json!(intent_id)), ("card_id", json!(card_id))])).await?;
            agree_to(wallet, answer, &quote, agree).await?
        }
        Word::AskConfirm { ask_id, agree } => {
            let quote = ask(wallet, answer, "quote_ask", with([("ask_id", json!(ask_id))])).await?;
            agree_to(wallet, answer, &quote, agree).await?
        }
        Word::Quote { payee_id, amount, order } => {
            let what = with([("payee_id", json!(payee_id)), ("amount", json!(amount)), ("order", json!(order))]);
            ask(wallet, answer, "quote_pay", what).await?
        }
        Word::Export { folder, room } => {
            let what = with([("folder", json!(folder.display().to_string())), ("room_bytes", json!(room))]);
            export(wallet, answer, what).await?
        }
        Word::EraseThisPhone { despite_open } => {
            let word = secret(&format!("{:?}", wallet.data().erase_word()))?;
            ask(wallet, answer, "erase_this_phone", with([("word", word), ("despite_open", json!(despite_open))])).await?
        }
        Word::Balance => ask(wallet, answer, "balance", none).await?,
        Word::Month { month } => ask(wallet, answer, "month", with([("month", json!(month))])).await?,
        Word::History { cursor } => ask(wallet, answer, "history", with([("cursor", json!(cursor))])).await?,
        Word::NextPicture { showing_id, way } => {
            ask(wallet, answer, "next_picture", with([("showing_id", json!(showing_id)), ("way", json!(way))])).await?
        }
        Word::Secure(word) => return secure::carry_out(word, wallet, answer).await,
        Word::LockAfter { time: Some(time) } => {
            let seconds = match time.as_str() {
                "never" => Value::Null,
                time => json!(time.parse::<u32>().unwrap_or(0)),
            };
            ask(wallet, answer, "set_lock_after", with([("seconds", seconds)])).await?
        }
        other => {
            let (name, argument) = other.plain();
            ask(wallet, answer, name, with(argument.map(|(name, value)| (name, json!(value))))).await?
        }
    };
    answer.keep(word, &value)?;
    Ok(answer.gave(word, &value))
}

/// Exports, and says on a terminal how far it is.
async fn export(wallet: &Wallet, answer: &Answer, what: Map<String, Value>) -> Result<Value, Stop> {
    let mut work = std::pin::pin!(ask(wallet, answer, "export", what));
    let terminal = std::io::stderr().is_terminal();
    let mut tick = tokio::time::interval(std::time::Duration::from_millis(250));
    tick.tick().await;
    loop {
        tokio::select! {
            done = &mut work => return done,
            _ = tick.tick() => {
                if let Some(progress) = wallet.data().export_progress().filter(|_| terminal) {
                    eprint!("\r{} / {}\r", progress.done, progress.total);
                }
            }
        }
    }
}

/// Shows what it costs, asks for the proof, and confirms.
async fn agree_to(wallet: &Wallet, answer: &Answer, quote: &Value, agree: &args::Agree) -> Result<Value, Stop> {
    answer.quote(quote);
    let proposed = quote["sources"].as_array().into_iter().flatten().find(|source| source["proposed"] == json!(true));
    let source = match (&agree.source, proposed) {
        (Some(source), _) => json!(source),
        (None, Some(source)) => source["source"].clone(),
        (None, None) => return Err(WalletError::from(kabao_base::Code::BalanceLow).into()),
    };
    let pin = if agree.approve_key { Value::Null } else { secret("PIN")? };
    let confirm = with([
        ("quote_id", quote["quote_id"].clone()), ("total_minor", quote["total"]["minor"].clone()), ("source", source), ("pin", pin),
        ("again", json!(agree.again)),
    ]);
    let payment = ask(wallet, answer, "confirm", confirm).await?;
    if payment["state"] == json!("succeeded") {
        // The program ends with this command: record and balance are fetched now. Without an answer the next sync brings them.
        let _ = wallet.history().sync().await;
    }
    Ok(payment)
}
