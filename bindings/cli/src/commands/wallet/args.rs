//! What stands beside the words of `kabao wallet`: the profile, and what several of them take.

use super::words::Word;
use clap::Args;
use std::path::PathBuf;

/// Which wallet, and what to do with it.
#[derive(Args)]
pub struct WalletArgs {
    /// The profile's folder: files and, without a keyring, keys of one wallet.
    #[arg(long)]
    pub profile: PathBuf,
    /// The service's service.json. Needed once; the profile remembers it.
    #[arg(long)]
    pub service: Option<PathBuf>,
    /// DEV ONLY: keeps the keys in a file of the profile, also when there is a keyring.
    #[arg(long)]
    pub dev_file_keys: bool,
    /// Answers in JSON, for scripts.
    #[arg(long)]
    pub json: bool,
    /// What to do.
    #[command(subcommand)]
    pub word: Word,
}

/// How the person agrees to a payment.
#[derive(Args)]
pub struct Agree {
    /// `balance` or a card's id; without it, the one that the wallet proposes.
    #[arg(long)]
    pub source: Option<String>,
    /// Approves with the approval key (finger or face on a phone) instead of the PIN.
    #[arg(long)]
    pub approve_key: bool,
    /// The same was paid minutes ago, and it is meant.
    #[arg(long)]
    pub again: bool,
}

/// What a document says beside name and number.
#[derive(Args)]
pub struct Form {
    /// Date of birth, year first: 1989-04-12.
    #[arg(long)]
    pub birth_date: Option<String>,
    /// The last day of validity, year first; `long_term` on a resident card that is valid for good.
    #[arg(long)]
    pub expires_on: Option<String>,
    /// Three letters as the passport prints them.
    #[arg(long)]
    pub nationality: Option<String>,
    /// The two lines at the foot of the passport's page are read in the place of the number.
    #[arg(long)]
    pub mrz: bool,
}
