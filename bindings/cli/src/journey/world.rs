//! Everything around the wallet: the service and its switches, the till, short messages, phones, the network.

use super::{books, device};
use super::phone::{ActError, Holder, Phone};
use super::service::Service;
use crate::scan::{Needle, scan};
use crate::camera;
use kabao_core::BuildIdentity;
use kabao_base::{Currency, Money, Timestamp};
use kabao_codes::otp;
use kabao_codes::table::Table;
use serde_json::{Map, Value, json};
use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::time::Duration;

/// The names that [`World::act`] knows.
pub const ACTIONS: &[&str] = &[
    "phone", "network_off", "network_on", "restart_wallet", "files_keep", "files_put_back", "keys_lost", "new_fingerprint", "phone_wiped", "set_aside_lost", "file_left", "phone_clock", "approval_fault", "other_program", "await_event", "sms_inbox",
    "liveness_token", "make_merchant", "bank_card", "bank_card_state", "bank_faults", "bank_settle", "bank_incoming", "vendor_faults", "vendor_number",
    "vendor_holder", "vendor_reviews", "vendor_decide", "reverify", "release_number", "phone_rule", "acquirer_faults", "till_read", "till_charge", "till_query", "till_refund", "till_revoke",
    "till_notifications", "fault", "clear_faults", "clock_advance", "set_periods", "set_fee", "hold_money", "lift_hold", "kill_service", "restart_service",
    "publish_codes", "codes_fault", "publish_feed", "feed_fault", "service_snapshot", "service_restore", "service_rebuild", "authenticator", "tokens", "notices", "ledger_check", "history_equals_service", "scan_files",
    "export_place", "export_check", "consent_version", "put_build", "claims", "claim_pay", "refund_answer", "refund_requests", "clock_to_midnight", "put_account",
];

/// How long an event is waited for.
const PATIENCE: Duration = Duration::from_secs(20);

/// The world of one journey.
pub struct World {
    folder: PathBuf,
    language: String,
    holder: Holder,
    service: Service,
    console: reqwest::Client,
    phones: BTreeMap<String, Phone>,
    current: String,
    /// What must not be found in any file.
    pub needles: Vec<Needle>,
}

impl World {
    /// A world with one phone and an open wallet on it. Phones lie below `folder`.
    pub async fn new(folder: PathBuf, service: Service, language: &str, holder: Holder) -> Result<World, String> {
        // The console speaks plain HTTP on loopback; the client wants to know its cryptography all the same.
        let _ = rustls::crypto::ring::default_provider().install_default();
        let console = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(30)).build().map_err(|error| error.to_string())?;
        let mut world = World {
            folder,
            language: language.to_owned(),
            holder,
            service,
            console,
            phones: BTreeMap::new(),
            current: String::new(),
            needles: Vec::new(),
        };
        world.take_phone("first").await.map_err(|error| error.to_string())?;
        Ok(world)
    }

    /// Makes one call of the wallet on the phone in hand.
    ///
    /// # Errors
    /// The wallet's error, or the text to show.
    pub async fn call(&self, name: &str, with: Map<String, Value>) -> Result<Value, ActError> {
        self.phones.get(&self.current).ok_or("no phone is at hand")?.call(name, with).await
    }

    fn phone(&mut self) -> Result<&mut Phone, ActError> {
        self.phones.get_mut(&self.current).ok_or_else(|| "no phone is at hand".into())
    }

    async fn take_phone(&mut self, name: &str) -> Result<(), ActError> {
        if !self.phones.contains_key(name) {
            let folder = self.folder.join(format!("phone-{name}"));
            let mut phone = Phone::new(folder, self.service.file(), &self.language, &self.holder).await?;
            phone.open(self.service.file()).await?;
            self.phones.insert(name.to_owned(), phone);
        }
        self.current = name.to_owned();
        Ok(())
    }

    /// Closes every wallet.
    pub async fn end(&mut self) {
        for phone in self.phones.values_mut() {
            let _ = phone.close().await;
        }
    }

    async fn ask(&self, method: reqwest::Method, path: &str, body: Option<&Value>) -> Result<Value, ActError> {
        let mut request = self.console.request(method, format!("{}{path}", self.service.file().dev_url));
        if let Some(body) = body {
            request = request.json(body);
        }
        let answer = request.send().await.map_err(|error| format!("the console does not answer: {error}"))?;
        let status = answer.status();
        let body = answer.bytes().await.map_err(|error| error.to_string())?;
        match status.is_success() {
            true if body.is_empty() => Ok(json!({})),
            true => serde_json::from_slice(&body).map_err(|error| ActError::Said(error.to_string())),
            false => Err(format!("the console answers {status}: {}", String::from_utf8_lossy(&body)).into()),
        }
    }

    async fn get(&self, path: &str) -> Result<Value, ActError> {
        self.ask(reqwest::Method::GET, path, None).await
    }

    async fn post(&self, path: &str, body: Value) -> Result<Value, ActError> {
        self.ask(reqwest::Method::POST, path, Some(&body)).await
    }

    /// Carries out one action.
    ///
    /// # Errors
    /// The wallet's error, or the text to show.
    pub async fn act(&mut self, name: &str, with: Map<String, Value>) -> Result<Value, ActError> {
        match name {
            "phone" | "network_off" | "network_on" | "restart_wallet" | "files_keep" | "files_put_back" | "keys_lost" | "new_fingerprint" | "phone_wiped"
            | "set_aside_lost" | "file_left" | "phone_clock" | "approval_fault" | "other_program" | "await_event" => {
                self.act_on_phone(name, &with).await
            }
            "ledger_check" | "history_equals_service" | "scan_files" | "export_place" | "export_check" => self.check(name, &with).await,
            "till_read" | "till_charge" | "till_query" | "till_refund" | "till_revoke" | "till_notifications" => self.act_at_till(name, with).await,
            _ => self.act_on_service(name, with).await,
        }
    }

    async fn act_on_phone(&mut self, name: &str, with: &Map<String, Value>) -> Result<Value, ActError> {
        match name {
            "phone" => self.take_phone(text(with, "name")?).await?,
            "network_off" | "network_on" => self.phone()?.set_network(name == "network_on").await,
            "phone_clock" => self.phone()?.set_clock(with.get("days").and_then(Value::as_i64).ok_or("phone_clock needs days")?)?,
            "approval_fault" => self.phone()?.set_approval(with.get("fault").and_then(Value::as_str)).await?,
            "other_program" => {
                let file = self.service.file().clone();
                self.phone()?.other_program(&file, flag(with, "holds")).await?;
            }
            "restart_wallet" => {
                let mut file = self.service.file().clone();
                if flag(with, "other_pins") {
                    file.spki_pins = vec!["0".repeat(64)];
                }
                if let Some(host) = with.get("link_host") {
                    file.link_host = host.as_str().map(str::to_owned);
                }
                if let Some(build) = with.get("build") {
                    let of = |name: &str| build.get(name).and_then(Value::as_str).unwrap_or_default().to_owned();
                    file.build = Some(BuildIdentity { package: of("package"), signing_digest: of("signing_digest"), channel: of("channel") });
                }
                if let Some(way) = with.get("way").and_then(Value::as_str) {
                    file.url = device::url_of(way, &file)?;
                }
                let rewire = flag(with, "other_pins") || flag(with, "right_pins") || with.contains_key("way");
                let phone = self.phone()?;
                phone.close().await?;
                if rewire {
                    phone.rewire(&file)?;
                }
                phone.open(&file).await?;
            }
            "files_keep" => self.phone()?.keep_files(text(with, "name")?)?,
            "files_put_back" => {
                let (copy, keys) = (text(with, "name")?.to_owned(), flag(with, "keys"));
                let phone = self.phone()?;
                phone.close().await?;
                phone.put_back_files(&copy, keys)?;
            }
            "keys_lost" | "phone_wiped" => {
                let phone = self.phone()?;
                phone.close().await?;
                phone.lose(name == "phone_wiped")?;
            }
            "new_fingerprint" => self.phone()?.lose_approval()?,
            "file_left" => self.phone()?.leave_file(text(with, "name")?, !flag(with, "gone"))?,
            "set_aside_lost" => {
                let file = self.service.file().clone();
                let phone = self.phone()?;
                phone.close().await?;
                return Ok(json!({ "files": phone.set_aside_lost(&file).await? }));
            }
            _ => {
                let wanted = Value::Object(with.clone());
                let phone = self.phone()?;
                return match tokio::time::timeout(PATIENCE, phone.wait_for(&wanted)).await {
                    Ok(event) => event,
                    Err(_) => Err(format!("no such event came: {wanted}").into()),
                };
            }
        }
        Ok(json!({}))
    }

    async fn act_on_service(&mut self, name: &str, with: Map<String, Value>) -> Result<Value, ActError> {
        let body = Value::Object(with.clone());
        match name {
            "sms_inbox" => self.inbox(&with).await,
            "liveness_token" => {
                let made = self.post("/dev/liveness", body).await?;
                Ok(json!({ "liveness_token": made.get("token") }))
            }
            "make_merchant" => {
                let made = self.post("/dev/merchants", body).await?;
                Ok(json!({ "payee_id": made.get("payee_id"), "payee_code": made.get("payee_code"), "collection_code": made.get("collection_code_text") }))
            }
            "bank_card" => {
                self.remember("card number", with.get("pan"));
                self.post("/dev/bank/cards", body).await
            }
            "bank_card_state" => self.post("/dev/bank/state", body).await,
            "bank_faults" => self.post("/dev/bank/faults", body).await,
            "bank_incoming" => self.post("/dev/bank/incoming", body).await,
            "bank_settle" => self.post("/dev/bank/settle", body).await,
            "claims" => self.get("/dev/claims").await,
            "refund_answer" => self.post("/dev/refunds", body).await.map(|_| json!({})),
            "refund_requests" => self.get("/dev/refunds").await,
            "claim_pay" => self.post("/dev/claims", body).await,
            "put_build" => self.post("/dev/builds", body).await,
            "consent_version" => self.post("/dev/consents", body).await,
            "vendor_faults" => self.post("/dev/vendor/faults", body).await,
            "vendor_number" => self.post("/dev/vendor/numbers", body).await,
            "vendor_holder" => self.post("/dev/vendor/holders", body).await,
            "vendor_reviews" => self.get("/dev/vendor/reviews").await,
            "vendor_decide" => self.post("/dev/vendor/reviews", body).await,
            "reverify" => self.post("/dev/reverify", body).await,
            "release_number" => self.post("/dev/numbers/release", body).await,
            "phone_rule" => self.post("/dev/phone-rules", body).await,
            "acquirer_faults" => self.post("/dev/acquirer/faults", body).await,
            "fault" => self.post("/dev/faults", body).await,
            "clear_faults" => self.ask(reqwest::Method::DELETE, "/dev/faults", None).await,
            "clock_advance" => {
                let seconds = with.get("seconds").and_then(Value::as_i64).ok_or("clock_advance needs seconds")?;
                self.post("/dev/clock", json!({ "advance_ms": seconds.saturating_mul(1000) })).await.map(|_| json!({}))
            }
            "set_periods" => self.post("/dev/periods", body).await,
            "clock_to_midnight" => {
                let seconds = with.get("seconds").and_then(Value::as_i64).ok_or("clock_to_midnight needs seconds")?;
                self.post("/dev/clock", json!({ "to_china_midnight_ms": seconds.saturating_mul(1000) })).await.map(|_| json!({}))
            }
            "hold_money" => self.post("/dev/holds", body).await,
            "lift_hold" => self.post("/dev/holds/lift", body).await,
            "set_fee" => self.post("/dev/fees", body).await,
            "kill_service" => {
                self.service.kill()?;
                Ok(self.service_gone().await)
            }
            "restart_service" => {
                self.service.stop();
                self.service_gone().await;
                Ok(self.service.restart().map(|()| json!({}))?)
            }
            "publish_codes" => {
                // The app's own table at another version, with rows beside its own.
                let mut table: Value = serde_json::from_slice(Table::shipped_bytes()).map_err(|error| error.to_string())?;
                table["version"] = with.get("version").cloned().ok_or("publish_codes needs a version")?;
                for (section, rows) in with.get("add").and_then(Value::as_object).into_iter().flatten() {
                    let known = table.get_mut(section).and_then(Value::as_array_mut).ok_or("no such section of the table")?;
                    known.splice(0..0, rows.as_array().cloned().unwrap_or_default());
                }
                self.post("/dev/feeds/codes", json!({ "table": table })).await
            }
            "codes_fault" => self.post("/dev/feeds/codes/fault", json!({ "fault": with.get("fault") })).await,
            "put_account" => self.post("/dev/limits", body).await,
            "publish_feed" => {
                let name = text(&with, "name")?.to_owned();
                let mut body = with;
                body.remove("name");
                self.post(&format!("/dev/feeds/{name}"), Value::Object(body)).await
            }
            "feed_fault" => {
                let name = text(&with, "name")?;
                self.post(&format!("/dev/feeds/{name}/fault"), json!({ "fault": with.get("fault") })).await
            }
            "service_snapshot" => self.post("/dev/snapshot", body).await,
            "service_restore" => self.post("/dev/restore", body).await,
            "service_rebuild" => self.post("/dev/rebuild", body).await,
            "authenticator" => {
                // The app on another phone, at the service's time or beside it.
                let now = self.post("/dev/clock", json!({ "advance_ms": 0 })).await?.get("now").and_then(Value::as_i64).ok_or("no time")?;
                let beside = with.get("seconds_off").and_then(Value::as_i64).unwrap_or(0).saturating_mul(1000);
                let read = otp::Enrolment::read(text(&with, "uri")?).map_err(|error| error.to_string())?;
                let code = otp::totp(&read.key, Timestamp::from_ms(now.saturating_add(beside)), read.settings).map_err(|error| error.to_string())?;
                Ok(json!({ "factor_code": code.expose("it is typed by the person of the journey") }))
            }
            "tokens" => self.get("/dev/tokens").await,
            "notices" => self.get("/dev/notices").await,
            _ => Err(format!("nothing is named {name}").into()),
        }
    }

    async fn service_gone(&self) -> Value {
        for phone in self.phones.values() {
            phone.service_gone().await;
        }
        json!({})
    }

    /// The newest message to a phone: from `kabao`, or from the `bank`.
    async fn inbox(&mut self, with: &Map<String, Value>) -> Result<Value, ActError> {
        let phone = text(with, "phone")?.to_owned();
        let from = with.get("from").and_then(Value::as_str).unwrap_or("kabao").to_owned();
        let inbox = self.get(&format!("/dev/inbox?phone={phone}")).await?;
        let messages = inbox.get("messages").and_then(Value::as_array).cloned().unwrap_or_default();
        let mine: Vec<&Value> = messages.iter().filter(|message| message.get("from").and_then(Value::as_str) == Some(&from)).collect();
        let newest = mine.last().ok_or("no message came")?;
        let otp = newest.get("otp").cloned().unwrap_or_default();
        self.remember("one-time code", Some(&otp));
        let mut told = json!({ "otp": otp, "from": from, "count": mine.len() });
        // The text of a notice; that of a code would bring the code into the transcript.
        if otp.as_str().is_none_or(str::is_empty) {
            told["text"] = newest.get("text").cloned().unwrap_or_default();
        }
        Ok(told)
    }

    async fn act_at_till(&mut self, name: &str, mut with: Map<String, Value>) -> Result<Value, ActError> {
        if let Some(amount) = with.remove("amount") {
            let money = Money::parse(amount.as_str().unwrap_or_default(), Currency::Cny).map_err(|error| error.to_string())?;
            with.insert("amount_fen".to_owned(), json!(money.minor));
        }
        let body = Value::Object(with);
        match name {
            "till_read" => {
                let picture = body.get("picture").and_then(Value::as_str).ok_or("till_read needs a picture")?;
                let read = camera::read(picture).map_err(|error| format!("the till cannot read the code: {error}"))?;
                Ok(json!({ "text_read": read }))
            }
            "till_charge" => self.post("/dev/till/charge", body).await.map(|answer| books::till_saw(&answer)),
            "till_query" => self.post("/dev/till/query", body).await.map(|answer| books::till_saw(&answer)),
            "till_refund" => self.post("/dev/till/refund", body).await.map(|answer| books::till_saw(&answer)),
            "till_revoke" => self.post("/dev/till/revoke", body).await.map(|answer| books::till_saw(&answer)),
            _ => self.get("/dev/till/notifications").await,
        }
    }

    async fn check(&mut self, name: &str, with: &Map<String, Value>) -> Result<Value, ActError> {
        match name {
            "ledger_check" => {
                let book = self.get("/dev/ledger").await?;
                Ok(books::ledger(&book, with.get("of").and_then(Value::as_str)))
            }
            "export_place" => {
                let path = self.folder.join(text(with, "name")?);
                if flag(with, "file") {
                    std::fs::write(&path, b"in the way").map_err(|error| error.to_string())?;
                }
                // What a half-written export would be called.
                let names = std::fs::read_dir(&self.folder).map_err(|error| error.to_string())?.flatten();
                let beside = names.filter(|entry| entry.file_name().to_string_lossy().contains(".part-")).count();
                Ok(json!({ "path": path.display().to_string(), "there": path.exists(), "beside": beside }))
            }
            "export_check" => {
                let root = self.service.file().root_key.clone();
                Ok(super::export::check(Path::new(text(with, "folder")?), &root)?)
            }
            "history_equals_service" => {
                let view = self.call("account", Map::new()).await?;
                let account = view.get("account_id").and_then(Value::as_str).ok_or("no account")?;
                let book = self.get(&format!("/dev/history/{account}")).await?;
                books::compare_history(self, account, &book).await
            }
            _ => {
                if self.needles.is_empty() {
                    return Err("nothing secret was used".into());
                }
                let found = scan(&[&self.folder, self.service.data()], &self.needles).map_err(|error| error.to_string())?;
                if let Some((what, file)) = found.finds.first() {
                    return Err(format!("found a {what} in {file}").into());
                }
                Ok(json!({ "files": found.files, "bytes": found.bytes, "secrets": self.needles.len(), "finds": 0 }))
            }
        }
    }

    /// Remembers something that must not be found.
    pub fn remember(&mut self, what: &'static str, value: Option<&Value>) {
        let Some(text) = value.and_then(Value::as_str) else { return };
        let plain: String = text.chars().filter(|letter| !matches!(letter, ' ' | '-')).collect();
        let usable = (6..=40).contains(&plain.len()) && plain.bytes().all(|byte| byte.is_ascii_alphanumeric());
        for text in [plain, text.to_owned()] {
            if usable && !self.needles.iter().any(|needle| needle.text == text) {
                self.needles.push(Needle { what, text });
            }
        }
    }
}

fn text<'a>(with: &'a Map<String, Value>, name: &str) -> Result<&'a str, ActError> {
    with.get(name).and_then(Value::as_str).ok_or_else(|| format!("a text named {name} is missing").into())
}

fn flag(with: &Map<String, Value>, name: &str) -> bool {
    with.get(name).and_then(Value::as_bool).unwrap_or(false)
}
