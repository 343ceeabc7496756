//! A service of another process: every connection is one question. `/dev` is its console, `/tick` moves its clock's work.

use super::line;
use crate::phone::Told;
use axum::Router;
use kabao_service::Service;
use std::os::unix::net::{UnixListener, UnixStream};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, AtomicU8, Ordering};
use std::time::{Duration, Instant};

/// What is seen of the questions, and how long answers about payments are held.
pub struct Desk {
    began: Instant,
    hold_us: AtomicI64,
    /// When the last payment arrived, in microseconds since the beginning.
    arrived_us: AtomicI64,
    answered_us: AtomicI64,
    /// Which of [`Sought`] is timed.
    sought: AtomicU8,
    /// Says on its standard output that money is asked to move.
    speaks: bool,
}

/// What counts as the arrival: what moves the money of a movement, or stops it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sought {
    /// A payment of a phone.
    Payment,
    /// A charge of a till.
    Charge,
    /// A transfer that is called back.
    CallBack,
}

impl Sought {
    /// Of one of [`super::app::FLOWS`].
    #[must_use]
    pub fn of(flow: &str) -> Sought {
        match flow {
            "payer_code" => Sought::Charge,
            "call_back" => Sought::CallBack,
            _ => Sought::Payment,
        }
    }
}

impl Default for Desk {
    fn default() -> Desk {
        Desk { began: Instant::now(), hold_us: AtomicI64::new(0), arrived_us: AtomicI64::new(-1), answered_us: AtomicI64::new(-1), sought: AtomicU8::new(0), speaks: false }
    }
}

impl Desk {
    /// One that writes a line for every payment and every charge that arrives.
    #[must_use]
    pub fn speaking() -> Desk {
        Desk { speaks: true, ..Desk::default() }
    }

    /// From now on this is timed, its answers are held so long, and nothing has arrived.
    pub fn clear(&self, sought: Sought, hold_us: i64) {
        self.sought.store(sought as u8, Ordering::Release);
        self.hold_us.store(hold_us, Ordering::Release);
        self.arrived_us.store(-1, Ordering::Release);
        self.answered_us.store(-1, Ordering::Release);
    }

    fn seeks(&self, sought: Sought) -> bool {
        self.sought.load(Ordering::Acquire) == sought as u8
    }

    /// When what is timed arrived since, and when it was answered, in microseconds since the beginning.
    pub fn seen(&self) -> (Option<i64>, Option<i64>) {
        let of = |at: &AtomicI64| Some(at.load(Ordering::Acquire)).filter(|at| *at >= 0);
        (of(&self.arrived_us), of(&self.answered_us))
    }

    /// Now, in the same count.
    #[must_use]
    pub fn now_us(&self) -> i64 {
        i64::try_from(self.began.elapsed().as_micros()).unwrap_or(i64::MAX)
    }
}

/// Answers until the process ends.
///
/// # Errors
/// The socket cannot be made.
pub fn serve(socket: &Path, service: &Arc<Service>, api: Router, dev: Router, desk: &Arc<Desk>) -> Told<()> {
    let _ = std::fs::remove_file(socket);
    let listener = UnixListener::bind(socket).map_err(|error| error.to_string())?;
    for stream in listener.incoming().flatten() {
        let (service, api, dev, desk) = (Arc::clone(service), api.clone(), dev.clone(), Arc::clone(desk));
        std::thread::spawn(move || {
            // Whoever asks is gone: nobody to tell.
            let _ = one(stream, &service, api, dev, &desk);
        });
    }
    Ok(())
}

fn one(mut stream: UnixStream, service: &Arc<Service>, api: Router, dev: Router, desk: &Desk) -> std::io::Result<()> {
    let asked = line::read(&mut stream)?;
    if asked.target == "/tick" {
        service.tick(service.now());
        return line::write(&mut stream, &line::Parcel { status: 204, ..line::Parcel::default() });
    }
    let pays = asked.method == "PUT" && asked.target.starts_with("/v1/payments/");
    let charges = asked.target == "/dev/till/charge";
    let calls_back = asked.target.starts_with("/v1/transfers/") && asked.target.ends_with("/cancel");
    if desk.speaks && (pays || charges) {
        println!("arrived");
    }
    let timed = pays && desk.seeks(Sought::Payment) || charges && desk.seeks(Sought::Charge) || calls_back && desk.seeks(Sought::CallBack);
    if timed {
        desk.arrived_us.store(desk.now_us(), Ordering::Release);
    }
    let router = if asked.target.starts_with("/dev/") { dev } else { api };
    let answer = super::in_real_time(line::answer(router, asked))??;
    if timed {
        let hold = u64::try_from(desk.hold_us.load(Ordering::Acquire)).unwrap_or(0);
        std::thread::sleep(Duration::from_micros(hold));
    }
    line::write(&mut stream, &answer)?;
    if timed {
        desk.answered_us.store(desk.now_us(), Ordering::Release);
    }
    Ok(())
}
