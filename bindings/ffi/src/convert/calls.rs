use kabao_base::Code;
use kabao_core::WalletError;
use kabao_core::error::Outcome;
use std::future::Future;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use tokio::runtime::Handle;

/// A part of the wallet together with the threads on which its calls run.
pub(crate) struct Calls<C> {
    part: C,
    threads: Handle,
}

impl<C: Clone> Calls<C> {
    pub(crate) fn new(part: C, threads: &Handle) -> Calls<C> {
        Calls { part, threads: threads.clone() }
    }

    /// Runs one call on the wallet's threads and waits for it. The call goes on when nobody waits any more.
    pub(crate) async fn run<T, F>(&self, call: impl FnOnce(C) -> F) -> Outcome<T>
    where
        T: Send + 'static,
        F: Future<Output = Outcome<T>> + Send + 'static,
    {
        on_threads(&self.threads, call(self.part.clone())).await
    }

    pub(crate) fn part(&self) -> &C {
        &self.part
    }

    pub(crate) fn threads(&self) -> &Handle {
        &self.threads
    }
}

/// Runs `work` on the wallet's threads. A panic in it is `internal`; threads that have ended are `closed`.
pub(crate) async fn on_threads<T: Send + 'static>(
    threads: &Handle,
    work: impl Future<Output = Outcome<T>> + Send + 'static,
) -> Outcome<T> {
    let place = Arc::new(Mutex::new(None));
    let result = Arc::clone(&place);
    // In a box, because a task is compiled anew for each kind of future: a tenth of the library, once.
    let task: Pin<Box<dyn Future<Output = ()> + Send>> = Box::pin(async move {
        let outcome = work.await;
        *result.lock().unwrap_or_else(PoisonError::into_inner) = Some(outcome);
    });
    let ended = match threads.spawn(task).await {
        Err(error) if !error.is_panic() => Code::Closed,
        // Nothing was left behind: it panicked.
        _ => Code::Internal,
    };
    place.lock().unwrap_or_else(PoisonError::into_inner).take().unwrap_or_else(|| Err(WalletError::from(ended)))
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::pin::pin;
    use std::task::{Context, Poll, Waker};
    use std::time::Duration;
    use tokio::runtime::Runtime;
    use tokio::sync::oneshot;

    #[test]
    fn a_call_goes_on_when_nobody_waits_any_more() {
        let runtime = Runtime::new().unwrap();
        let (go, gate) = oneshot::channel::<()>();
        let (done, finished) = oneshot::channel::<&str>();
        {
            let call = on_threads(runtime.handle(), async move {
                gate.await.unwrap();
                done.send("recorded").unwrap();
                Ok(())
            });
            let mut call = pin!(call);
            let polled = call.as_mut().poll(&mut Context::from_waker(Waker::noop()));
            assert!(matches!(polled, Poll::Pending));
        }
        go.send(()).unwrap();
        let end = runtime.block_on(async { tokio::time::timeout(Duration::from_secs(10), finished).await });
        assert_eq!(end.unwrap(), Ok("recorded"));
    }

    #[test]
    fn a_panic_is_an_error_and_leaves_the_threads_alive() {
        let runtime = Runtime::new().unwrap();
        let calls = Calls::new((), runtime.handle());
        let fault: Outcome<()> = runtime.block_on(calls.run(|()| async { panic!("6222 0212") }));
        assert!(fault.unwrap_err().is(Code::Internal));
        assert_eq!(runtime.block_on(calls.run(|()| async { Ok(7) })), Ok(7));
    }

    #[test]
    fn threads_that_ended_say_closed() {
        let runtime = Runtime::new().unwrap();
        let calls = Calls::new((), runtime.handle());
        runtime.shutdown_background();
        let late = Runtime::new().unwrap().block_on(calls.run(|()| async { Ok(()) }));
        assert!(late.unwrap_err().is(Code::Closed));
    }
}
