//! Who is told what happened. Each subscription has a queue of its own, so that a slow listener delays nobody; nothing
//! is called under a lock.

use crate::host::Host;
use std::collections::BTreeMap;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::sync::mpsc;

/// What happened. The first event of a subscription is [`WalletEvent::State`], the present state.
#[derive(Debug, Clone, PartialEq, Eq)]
#[cfg_attr(feature = "uniffi", derive(uniffi::Enum))]
pub enum WalletEvent {
    /// The wallet is open to the person, or locked.
    State {
        /// Whether it is locked.
        locked: bool,
    },
    /// A payment that this phone started changed its state.
    PaymentChanged {
        /// The payment.
        intent_id: String,
    },
    /// The history has a new or changed record.
    RecordArrived {
        /// The record.
        record_id: String,
    },
    /// A merchant asks for more than a payer code may pay by itself.
    AskArrived {
        /// The question.
        ask_id: String,
    },
    /// A sentence for the person, ready to be shown as a notification.
    Notice {
        /// The heading.
        title: String,
        /// The sentence.
        body: String,
        /// The record it is about, where there is one.
        record_id: Option<String>,
    },
    /// The service was restored from an older copy; open payments are being asked for.
    ServiceRestored,
}

/// Told what happened, one event at a time, from a thread of the core. Implemented by the app.
#[cfg_attr(feature = "uniffi", uniffi::export(foreign))]
pub trait WalletListener: Send + Sync {
    /// One event. Must return soon; long work belongs to a thread of the app.
    fn on_event(&self, event: WalletEvent);
}

#[derive(Default)]
struct Queues {
    next: u64,
    open: BTreeMap<u64, mpsc::UnboundedSender<WalletEvent>>,
}

/// The subscriptions of one wallet.
#[derive(Default)]
pub(crate) struct Listeners(Arc<Mutex<Queues>>);

impl Listeners {
    /// Adds a listener; `first` is told before anything else.
    pub(crate) fn add(&self, host: &dyn Host, listener: Arc<dyn WalletListener>, first: WalletEvent) -> Subscription {
        let (sender, mut events) = mpsc::unbounded_channel();
        let _ = sender.send(first);
        let number = {
            let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
            queues.next = queues.next.wrapping_add(1);
            let number = queues.next;
            queues.open.insert(number, sender);
            number
        };
        host.spawn(Box::pin(async move {
            while let Some(event) = events.recv().await {
                listener.on_event(event);
            }
        }));
        Subscription { number, queues: Arc::clone(&self.0) }
    }

    /// Tells everyone.
    pub(crate) fn tell(&self, event: WalletEvent) {
        let mut queues = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        queues.open.retain(|_, queue| queue.send(event.clone()).is_ok());
    }
}

/// Ends when it is cancelled or dropped.
pub struct Subscription {
    number: u64,
    queues: Arc<Mutex<Queues>>,
}

impl Subscription {
    /// No event is queued after this; one that is queued already may still arrive.
    pub fn cancel(&self) {
        self.queues.lock().unwrap_or_else(PoisonError::into_inner).open.remove(&self.number);
    }
}

impl Drop for Subscription {
    fn drop(&mut self) {
        self.cancel();
    }
}
