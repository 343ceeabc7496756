//! The network of a wallet in another program: it reaches the service through here, and here it is switched off.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinHandle;

/// How long a connection is idle before switching off ends it: an answer that is on its way arrives.
const IDLE: Duration = Duration::from_millis(30);
/// How often the number of open connections is looked at.
const LOOK: Duration = Duration::from_millis(2);
/// How long is waited for the connections to end: one with a question that nobody answers does not.
const PATIENCE: Duration = Duration::from_secs(5);
const PIECE: usize = 16 * 1024;

/// A port that leads to the service. It ends with this value.
pub struct Relay {
    url: String,
    on: watch::Sender<bool>,
    open: Arc<AtomicUsize>,
    accepting: JoinHandle<()>,
}

impl Relay {
    /// Listens on a port of its own for what goes to `url` (`https://host:port`).
    pub async fn start(url: &str) -> Result<Relay, String> {
        let (host, port) = url.trim_end_matches('/').rsplit_once(':').ok_or("the service's address has no port")?;
        let target: u16 = port.parse().map_err(|_| "the service's address has no port")?;
        let listener = TcpListener::bind(("127.0.0.1", 0)).await.map_err(|error| error.to_string())?;
        let own = listener.local_addr().map_err(|error| error.to_string())?.port();
        let (on, seen) = watch::channel(true);
        let open = Arc::new(AtomicUsize::new(0));
        let counted = Arc::clone(&open);
        let accepting = tokio::spawn(async move {
            while let Ok((phone, _)) = listener.accept().await {
                // Without a network nothing is connected: the phone finds the connection gone before it said anything.
                if *seen.borrow() {
                    let (seen, counted) = (seen.clone(), Arc::clone(&counted));
                    tokio::spawn(async move {
                        counted.fetch_add(1, Ordering::SeqCst);
                        serve(phone, target, seen).await;
                        counted.fetch_sub(1, Ordering::SeqCst);
                    });
                }
            }
        });
        Ok(Relay { url: format!("{host}:{own}"), on, open, accepting })
    }

    /// Where the wallet finds the service.
    pub fn url(&self) -> &str {
        &self.url
    }

    /// Switches it. What is asked already is answered; nothing new is.
    pub async fn set(&self, on: bool) {
        let _ = self.on.send(on);
        if !on {
            self.ended().await;
        }
    }

    /// Waits until every connection has ended on the phone's side as well: its next call makes a new one.
    pub async fn ended(&self) {
        let ended = async {
            while self.open.load(Ordering::SeqCst) > 0 {
                tokio::time::sleep(LOOK).await;
            }
        };
        let _ = tokio::time::timeout(PATIENCE, ended).await;
    }
}

impl Drop for Relay {
    fn drop(&mut self) {
        self.accepting.abort();
    }
}

/// Carries what a phone says and hears, tells it the end, and waits until it ends its side: a phone that has not read the end yet would
/// send its next question into a connection that leads nowhere.
async fn serve(mut phone: TcpStream, target: u16, on: watch::Receiver<bool>) {
    carry(&mut phone, target, on).await;
    let _ = phone.shutdown().await;
    let mut rest = [0; 64];
    let ends = async { while phone.read(&mut rest).await.is_ok_and(|bytes| bytes > 0) {} };
    let _ = tokio::time::timeout(PATIENCE, ends).await;
}

/// Carries bytes both ways, until one side ends or, idle, the network is switched off.
async fn carry(phone: &mut TcpStream, target: u16, mut on: watch::Receiver<bool>) {
    let Ok(mut service) = TcpStream::connect(("127.0.0.1", target)).await else { return };
    let _ = (phone.set_nodelay(true), service.set_nodelay(true));
    let (mut there, mut back) = (vec![0; PIECE], vec![0; PIECE]);
    let mut asked = true;
    loop {
        let off = !*on.borrow_and_update();
        tokio::select! {
            read = phone.read(&mut there) => match read {
                Ok(bytes) if bytes > 0 && service.write_all(there.get(..bytes).unwrap_or_default()).await.is_ok() => asked = true,
                _ => return,
            },
            read = service.read(&mut back) => match read {
                Ok(bytes) if bytes > 0 && phone.write_all(back.get(..bytes).unwrap_or_default()).await.is_ok() => asked = false,
                _ => return,
            },
            () = tokio::time::sleep(IDLE), if off && !asked => return,
            changed = on.changed() => if changed.is_err() { return },
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn what_was_asked_is_answered_and_then_nothing_is() {
        let service = TcpListener::bind(("127.0.0.1", 0)).await.unwrap();
        let url = format!("https://127.0.0.1:{}", service.local_addr().unwrap().port());
        let relay = Relay::start(&url).await.unwrap();
        let address = relay.url().strip_prefix("https://").unwrap().to_owned();
        let mut phone = TcpStream::connect(&address).await.unwrap();
        phone.write_all(b"ask").await.unwrap();
        let (mut there, _) = service.accept().await.unwrap();
        let mut read = [0; 3];
        there.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"ask");
        // Off while the question is open: it is answered all the same, and the connection ends behind it.
        tokio::join!(relay.set(false), async {
            there.write_all(b"yes").await.unwrap();
            phone.read_exact(&mut read).await.unwrap();
            assert_eq!(&read, b"yes");
            assert_eq!(phone.read(&mut read).await.unwrap(), 0);
            assert_eq!(relay.open.load(Ordering::SeqCst), 1, "the phone has not let go yet");
            drop(phone);
        });
        assert_eq!(relay.open.load(Ordering::SeqCst), 0);
        let mut later = TcpStream::connect(&address).await.unwrap();
        assert_eq!(later.read(&mut read).await.unwrap_or(0), 0);
        relay.set(true).await;
        let mut again = TcpStream::connect(&address).await.unwrap();
        again.write_all(b"ask").await.unwrap();
        let (mut there, _) = service.accept().await.unwrap();
        there.read_exact(&mut read).await.unwrap();
        assert_eq!(&read, b"ask");
    }
}
