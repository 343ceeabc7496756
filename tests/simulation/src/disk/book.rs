//! What a wallet said and sent, beside the journal of its disk: whatever stands here must be there after the power came
//! back.

use crate::net::{Came, Meddler};
use crate::phone::{Told, told};
use kabao_core::Wallet;
use kabao_core::host::{HttpRequest, TransportError};
use kabao_core::pay::PaymentView;
use kabao_disk::Disk;
use kabao_money::onboarding::OnboardingStepKind;
use kabao_money::payment::PaymentState;
use std::collections::{BTreeMap, BTreeSet};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

/// Everything that was said by one moment.
#[derive(Clone, Debug, Default)]
pub struct Facts {
    /// The key store, which has a disk of its own.
    pub secrets: BTreeMap<String, Vec<u8>>,
    /// The number of the newest event that a request named or the wallet told.
    pub events: u64,
    /// Payments that were sent, with the last word that was given about each.
    pub payments: BTreeMap<String, Option<PaymentState>>,
    /// Payer codes that were shown.
    pub shown: BTreeSet<String>,
    /// The steps of the set-up that were named, in their order.
    pub steps: Vec<OnboardingStepKind>,
}

/// Writes it down, with a mark on the disk at each line.
pub struct Book {
    disk: Arc<Disk>,
    facts: Mutex<Vec<Facts>>,
    lose: AtomicBool,
}

impl Book {
    /// An empty book beside a disk.
    #[must_use]
    pub fn new(disk: Arc<Disk>) -> Arc<Book> {
        Arc::new(Book { disk, facts: Mutex::default(), lose: AtomicBool::new(false) })
    }

    fn hold(&self) -> MutexGuard<'_, Vec<Facts>> {
        self.facts.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// From now on every answer about a payment is lost, or none any more.
    pub fn lose_answers(&self, lose: bool) {
        self.lose.store(lose, Ordering::Release);
    }

    /// One more line.
    pub fn note(&self, change: impl FnOnce(&mut Facts)) {
        let mut all = self.hold();
        let mut facts = all.last().cloned().unwrap_or_default();
        change(&mut facts);
        self.disk.mark(all.len());
        all.push(facts);
    }

    /// All lines.
    #[must_use]
    pub fn lines(&self) -> Vec<Facts> {
        self.hold().clone()
    }

    /// What a wallet shows now: the step of its set-up and the number of its events.
    pub async fn look(&self, wallet: &Wallet) -> Told<()> {
        let step = wallet.account().onboarding_next().await.map_err(told)?.kind;
        let events = wallet.history().verify().await.map_err(told)?.events;
        self.note(|facts| {
            facts.events = facts.events.max(events);
            if facts.steps.last() != Some(&step) {
                facts.steps.push(step);
            }
        });
        Ok(())
    }

    /// What a person was told about a payment.
    pub fn told(&self, view: &PaymentView) {
        self.note(|facts| {
            facts.payments.insert(view.intent_id.clone(), Some(view.state));
        });
    }
}

/// On the way to the service: what is sent must have been on the disk before.
impl Meddler for Book {
    fn instead(&self, request: &HttpRequest) -> Option<Came> {
        let head = request.headers.iter().find(|(name, _)| name == "kabao-head");
        let events = head.and_then(|(_, text)| text.split_once(';')?.0.parse::<u64>().ok()).unwrap_or(0);
        let payment = request.target.strip_prefix("/v1/payments/").filter(|_| request.method == "PUT");
        self.note(|facts| {
            facts.events = facts.events.max(events);
            if let Some(id) = payment {
                facts.payments.entry(id.to_owned()).or_insert(None);
            }
        });
        None
    }

    fn change(&self, request: &HttpRequest, answer: Came) -> Came {
        let lost = self.lose.load(Ordering::Acquire) && request.target.starts_with("/v1/payments/");
        if lost { Err(TransportError::Cut) } else { answer }
    }
}
