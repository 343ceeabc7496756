//! `kabao serve`: the reference service for developers of apps; its PIN vault as a child of its own; and `sign-proxy`.

use crate::setup::ServiceFile;
use kabao_service::{RealWorld, ServiceConfig, ServiceInfo, VaultConnection};
use std::io::{Read, Write};
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::sync::Arc;

/// How the service is set up.
#[derive(clap::Args)]
pub struct ServeArgs {
    /// The folder of everything that it keeps.
    #[arg(long, default_value = "kabao-service")]
    pub data: PathBuf,
    /// Where phones and tills reach it, over HTTPS; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Where the developer's console listens, plain HTTP on loopback.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub dev_listen: SocketAddr,
    /// The folder of the acquirer's keys; without it, in the data folder.
    #[arg(long)]
    pub channel_keys: Option<PathBuf>,
    /// A further host name in the certificate.
    #[arg(long = "host")]
    pub hosts: Vec<String>,
    /// Ends when the standard input ends: for a program that starts it.
    #[arg(long, hide = true)]
    pub until_stdin_ends: bool,
}

/// Runs the service until it is told to stop.
///
/// # Errors
/// The text to show.
pub fn serve(args: &ServeArgs) -> Result<(), String> {
    let said = |error: std::io::Error| format!("the service cannot start: {error}");
    std::fs::create_dir_all(&args.data).map_err(said)?;
    let program = std::env::current_exe().map_err(said)?;
    let vault_args = ["pin-vault".to_owned(), "--data".to_owned(), args.data.display().to_string()];
    let vault = VaultConnection::spawn(&program, &vault_args).map_err(said)?;
    let mut config = ServiceConfig::on_loopback(&args.data);
    (config.listen, config.dev_listen, config.hosts) = (args.listen, args.dev_listen, args.hosts.clone());
    if let Some(keys) = &args.channel_keys {
        config.channel_keys = keys.clone();
    }
    runtime()?.block_on(async {
        let running = kabao_service::serve(config, vault, Arc::new(RealWorld)).await.map_err(said)?;
        let file = args.data.join("service.json");
        say(&format!("{}\ndeveloper's console  {}\nfor wallets          {}\n", running.url, running.dev_url, file.display()));
        wait_for_end(args.until_stdin_ends).await;
        running.stop().await;
        Ok(())
    })
}

/// The life of the PIN vault's process.
///
/// # Errors
/// The text to show.
pub fn pin_vault(data: &Path) -> Result<(), String> {
    // A signal from the keyboard goes to the whole group; the vault ends when the service closes its pipe.
    let _quiet = ignore_interrupts();
    kabao_service::run_vault(data, std::io::stdin().lock(), std::io::stdout().lock()).map_err(|error| format!("the PIN vault ends: {error}"))
}

fn ignore_interrupts() -> Option<tokio::runtime::Runtime> {
    let runtime = tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().ok()?;
    runtime.spawn(async {
        while tokio::signal::ctrl_c().await.is_ok() {}
    });
    Some(runtime)
}

/// How the signing proxy is set up.
#[derive(clap::Args)]
pub struct ProxyArgs {
    /// The service.json of the service.
    #[arg(long, default_value = "kabao-service/service.json")]
    pub service: PathBuf,
    /// Where unsigned requests are taken; loopback only.
    #[arg(long, default_value = "127.0.0.1:0")]
    pub listen: SocketAddr,
    /// Where the test device is kept; without it, beside service.json.
    #[arg(long)]
    pub device: Option<PathBuf>,
    /// Ends when the standard input ends: for a program that starts it.
    #[arg(long, hide = true)]
    pub until_stdin_ends: bool,
}

/// Runs the signing proxy until it is told to stop.
///
/// # Errors
/// The text to show.
pub fn sign_proxy(args: &ProxyArgs) -> Result<(), String> {
    // Read once for its errors, which name the file.
    ServiceFile::read(&args.service)?;
    let bytes = std::fs::read(&args.service).map_err(|error| error.to_string())?;
    let info: ServiceInfo = serde_json::from_slice(&bytes).map_err(|error| error.to_string())?;
    let device = args.device.clone().unwrap_or_else(|| args.service.with_file_name("sign-proxy-device.json"));
    runtime()?.block_on(async {
        let proxy = kabao_service::sign_proxy(args.listen, &info, &device).await.map_err(|error| format!("the proxy cannot start: {error}"))?;
        say(&format!("{}\naccount {}\n", proxy.url, proxy.account));
        wait_for_end(args.until_stdin_ends).await;
        proxy.stop().await;
        Ok(())
    })
}

/// Says it in one piece. A reader that went away after the first line does not end the service.
fn say(text: &str) {
    let mut output = std::io::stdout().lock();
    let _ = output.write_all(text.as_bytes()).and_then(|()| output.flush());
}

fn runtime() -> Result<tokio::runtime::Runtime, String> {
    tokio::runtime::Builder::new_multi_thread().worker_threads(2).enable_all().build().map_err(|error| error.to_string())
}

async fn wait_for_end(until_stdin_ends: bool) {
    let interrupted = tokio::signal::ctrl_c();
    if !until_stdin_ends {
        let _ = interrupted.await;
        return;
    }
    let ended = async {
        let (sender, receiver) = tokio::sync::oneshot::channel();
        // A thread of its own: a read of the standard input cannot be given up, and must not hold up the end.
        std::thread::spawn(move || {
            let _ = std::io::copy(&mut std::io::stdin().lock().take(u64::MAX), &mut std::io::sink());
            let _ = sender.send(());
        });
        let _ = receiver.await;
    };
    tokio::select! {
        _ = interrupted => {}
        () = ended => {}
    }
}
