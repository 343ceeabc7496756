//! Ends a journey that stands still. A call that blocks its thread cannot be given up from inside; that it does is a
//! defect, and is told with the name of its step.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

/// Longer than every wait that a call or a step may have.
const PATIENCE: Duration = Duration::from_secs(90);
const LOOK: Duration = Duration::from_millis(500);

/// Where a journey stands.
#[derive(Clone)]
pub struct Watch(Arc<Mutex<(Instant, String)>>);

impl Watch {
    /// Begins to watch, on a thread of its own, until every copy of this value is gone.
    pub fn begin() -> Watch {
        let watch = Watch(Arc::new(Mutex::new((Instant::now(), String::new()))));
        let weak = Arc::downgrade(&watch.0);
        std::thread::spawn(move || {
            while let Some(place) = weak.upgrade() {
                let (since, step) = place.lock().unwrap_or_else(PoisonError::into_inner).clone();
                drop(place);
                if since.elapsed() > PATIENCE {
                    eprintln!("{step}: stands still for {} s", PATIENCE.as_secs());
                    std::process::exit(1);
                }
                std::thread::sleep(LOOK);
            }
        });
        watch
    }

    /// A step begins.
    pub fn at(&self, step: &str) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = (Instant::now(), step.to_owned());
    }
}
