//! `kabao show …`: codes for people to scan, on the terminal, as a file, as a sheet for the counter.

use super::verify::document;
use super::wallet::answer::Answer;
use super::wallet::{self, WalletArgs, Word};
use crate::paper::files::{Drawn, Files, keep};
use crate::paper::font;
use crate::paper::sheet::{Paper, Sheet};
use crate::setup::ServiceFile;
use crate::show::visible::visible;
use clap::{Args, Subcommand};
use kabao_base::{Code, Currency, Money};
use kabao_codes::carrier::{self, CarrierKind};
use kabao_codes::collection::link;
use kabao_codes::draw::{BAR_QUIET, Ink, QR_QUIET};
use kabao_codes::emv::EmvError;
use kabao_codes::{CollectionCode, CollectionRequest, make_collection_code};
use kabao_core::WalletError;
use kabao_core::words::{Language, say};
use kabao_proof::{Document, cose};
use serde_json::json;
use std::io::{IsTerminal, Read};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

/// What is shown.
#[derive(Args)]
pub struct ShowArgs {
    /// Answers in JSON, for scripts.
    #[arg(long, global = true)]
    json: bool,
    #[command(subcommand)]
    what: What,
}

#[derive(Subcommand)]
enum What {
    /// A payer code of a wallet: a till scans it. The same as `kabao wallet show-code`.
    PayerCode(PayerCode),
    /// A collection code: who scans it pays this payee.
    Collection(Box<Collection>),
    /// A receipt, as another phone or `kabao verify` reads it.
    Receipt(Receipt),
    /// Any text, as it is.
    Text(Text),
}

#[derive(Args)]
struct PayerCode {
    /// The way to pay.
    #[arg(default_value = "lakala")]
    way: String,
    /// The profile's folder.
    #[arg(long)]
    profile: PathBuf,
    /// The service's service.json. Needed once; the profile remembers it.
    #[arg(long)]
    service: Option<PathBuf>,
    /// DEV ONLY: keeps the keys in a file of the profile, also when there is a keyring.
    #[arg(long)]
    dev_file_keys: bool,
    #[command(flatten)]
    files: Files,
}

#[derive(Args)]
struct Collection {
    /// Names the payee to the service: 1 to 64 letters, digits, `-_.`.
    #[arg(long)]
    payee: String,
    /// The payee's name as people read it, at most 25 characters, Chinese or ASCII.
    #[arg(long)]
    name: String,
    /// The name in ASCII for readers without Chinese; without it, the name itself or the payee's code.
    #[arg(long, value_name = "NAME")]
    latin: Option<String>,
    /// The payee's city in ASCII, at most 15 characters.
    #[arg(long, default_value = "CHINA")]
    city: String,
    /// The amount; without it, who pays types it.
    #[arg(long)]
    amount: Option<String>,
    /// The order that is paid: the code is good for one payment.
    #[arg(long)]
    order: Option<String>,
    /// Merchant category, four digits.
    #[arg(long, value_name = "MCC", default_value = "0000")]
    category: String,
    /// The link form: a web link of this host, or of the one in service.json, that says the same. It carries no name; the
    /// service has it.
    #[arg(long, value_name = "HOST", num_args = 0..=1)]
    link: Option<Option<String>>,
    /// What codes of the service carry as GUID.
    #[arg(long, default_value = "app.kabao")]
    guid: String,
    /// service.json: gives the GUID and the host of links.
    #[arg(long, conflicts_with = "guid")]
    service: Option<PathBuf>,
    #[command(flatten)]
    files: Files,
    #[command(flatten)]
    paper: PaperArgs,
}

#[derive(Args)]
struct Receipt {
    /// The receipt: COSE bytes, the same as base64url, or the text of its QR code.
    file: PathBuf,
    #[command(flatten)]
    files: Files,
}

#[derive(Args)]
struct Text {
    /// The text; `-` reads the standard input.
    #[arg(allow_hyphen_values = true)]
    text: String,
    #[command(flatten)]
    files: Files,
}

/// A sheet for the counter.
#[derive(Args)]
struct PaperArgs {
    /// Writes a sheet for the counter as PDF; without a name, into a new file of this folder.
    #[arg(long, value_name = "FILE", num_args = 0..=1)]
    pdf: Option<Option<PathBuf>>,
    /// The size of the sheet.
    #[arg(long, value_enum, ignore_case = true, default_value = "a5")]
    paper: Paper,
    /// The font of the sheet: TrueType or OpenType with Chinese; without it, one of this machine.
    #[arg(long, value_name = "FILE")]
    font: Option<PathBuf>,
}

/// Why nothing is shown.
enum Stop {
    /// An entry of the catalogue.
    Refused(WalletError),
    /// What was typed cannot be a code.
    Typed(String),
    /// A file, a font.
    Said(String),
}

impl From<String> for Stop {
    fn from(text: String) -> Stop {
        Stop::Said(text)
    }
}

/// Something drawn, ready to be shown.
struct Shown {
    kind: &'static str,
    text: String,
    drawn: Drawn,
    written: Vec<PathBuf>,
}

/// Shows. 0: done; 1: a file could not be read or written; 2: refused; 64: what was typed cannot be a code.
pub fn run(args: ShowArgs, language: &str) -> ExitCode {
    let tongue = Language::from_tag(language);
    let shown = match args.what {
        What::PayerCode(code) => return payer_code(code, args.json, language),
        What::Collection(collection) => show_collection(&collection, tongue),
        What::Receipt(receipt) => show_receipt(&receipt, tongue),
        What::Text(text) => show_text(&text),
    };
    match shown {
        Ok(shown) => {
            print(&shown, args.json, tongue);
            ExitCode::SUCCESS
        }
        Err(Stop::Refused(error)) => Answer::new(args.json, tongue).refused(&error),
        Err(Stop::Typed(text)) => {
            eprintln!("{text}");
            ExitCode::from(crate::USAGE)
        }
        Err(Stop::Said(text)) => {
            eprintln!("{text}");
            ExitCode::FAILURE
        }
    }
}

fn payer_code(code: PayerCode, json: bool, language: &str) -> ExitCode {
    let PayerCode { way, profile, service, dev_file_keys, files } = code;
    wallet::run(&WalletArgs { profile, service, dev_file_keys, json, word: Word::ShowCode { way, files } }, language)
}

fn show_text(args: &Text) -> Result<Shown, Stop> {
    let text = match args.text.as_str() {
        "-" => {
            let mut text = String::new();
            // One byte more than the longest code: what is longer is seen to be too long.
            std::io::stdin().lock().take(8 << 10).read_to_string(&mut text).map_err(|error| format!("-: {error}"))?;
            text
        }
        text => text.to_owned(),
    };
    let drawn = args.files.draw(&text).map_err(|error| Stop::Refused(error.code().into()))?;
    let written = args.files.write(&drawn, "QR")?;
    Ok(Shown { kind: "text", text, drawn, written })
}

fn show_receipt(args: &Receipt, language: Language) -> Result<Shown, Stop> {
    let named = |error: &dyn std::fmt::Display| format!("{}: {error}", args.file.display());
    let bytes = std::fs::read(&args.file).map_err(|error| named(&error))?;
    let document = document(bytes)?;
    // Nobody vouches for what is drawn; that it is a receipt at all is seen here, that it holds by `kabao verify`.
    let claimed = cose::read(&document).ok().and_then(|cose| <kabao_proof::Receipt as Document>::decode(&cose.payload).ok());
    claimed.ok_or_else(|| named(&"not a receipt"))?;
    let text = carrier::make(CarrierKind::Receipt, &document).map_err(|error| Stop::Refused(error.code().into()))?;
    let drawn = args.files.draw(&text).map_err(|error| Stop::Refused(error.code().into()))?;
    let written = args.files.write(&drawn, &say(language, "receipt.title", &[]))?;
    Ok(Shown { kind: "receipt", text, drawn, written })
}

fn show_collection(args: &Collection, language: Language) -> Result<Shown, Stop> {
    let service = args.service.as_deref().map(ServiceFile::read).transpose()?;
    let request = request(args, service.as_ref())?;
    let text = match &args.link {
        Some(host) => {
            let host = host.as_deref().or(service.as_ref().and_then(|service| service.link_host.as_deref()));
            let host = host.ok_or_else(|| Stop::Typed("--link: a HOST, or --service with one that has a link_host".to_owned()))?;
            link::make(&request.code, host).map_err(|error| Stop::Typed(format!("--link: {error}")))?
        }
        None => make_collection_code(&request).map_err(|error| Stop::Typed(wrong(error)))?,
    };
    let drawn = args.files.draw(&text).map_err(|error| Stop::Refused(error.code().into()))?;
    let title = say(language, "sheet.svg_title", &[("payee", &args.name)]);
    let mut written = args.files.write(&drawn, &title)?;
    if let Some(file) = &args.paper.pdf {
        let Drawn::Qr(picture) = &drawn else { return Err(Stop::Typed("--pdf: a sheet carries a QR code, not bars".to_owned())) };
        let amount = request.code.amount.map(|amount| amount.text());
        let both = |key: &str| [Language::ZhCn, Language::En].map(|language| say(language, key, &[]));
        let payee = say(Language::ZhCn, "sheet.payee", &[("payee", &request.code.payee_code)]);
        let sheet = Sheet {
            title: args.name.clone(),
            lines: both(if amount.is_some() { "sheet.scan_fixed" } else { "sheet.scan_open" }).into(),
            amount,
            picture: picture.clone(),
            foot: both("sheet.check").into_iter().chain([payee]).collect(),
        };
        let font = font::find(&sheet.text(), args.paper.font.as_deref()).map_err(|error| error.to_string())?;
        let pdf = sheet.pdf(args.paper.paper, font).map_err(|error| error.to_string())?;
        let file = file.clone().unwrap_or_else(|| new_name(&request.code));
        written.push(keep(&file, &pdf)?);
    }
    Ok(Shown { kind: "collection", text, drawn, written })
}

fn request(args: &Collection, service: Option<&ServiceFile>) -> Result<CollectionRequest, Stop> {
    let amount = match &args.amount {
        Some(text) => {
            let amount = Money::parse(text, Currency::Cny).map_err(|error| Stop::Refused(error.into()))?;
            if amount.minor == 0 {
                return Err(Stop::Refused(Code::AmountZero.into()));
            }
            Some(amount)
        }
        None => None,
    };
    let guid = service.map_or_else(|| args.guid.clone(), |service| service.guid.clone());
    let latin = match &args.latin {
        Some(latin) => latin.clone(),
        None if args.name.is_ascii() => args.name.clone(),
        None => args.payee.chars().take(25).collect(),
    };
    let code = CollectionCode {
        payee_code: args.payee.clone(),
        order: args.order.clone(),
        amount,
        currency: Currency::Cny,
        dynamic: args.order.is_some(),
    };
    let local_name = (!args.name.is_ascii()).then(|| args.name.clone());
    Ok(CollectionRequest { guid, code, name: latin, city: args.city.clone(), local_name, category: args.category.clone() })
}

/// Which option cannot stand in a code.
fn wrong(error: EmvError) -> String {
    let option = match error {
        EmvError::Value { id: 0 } => "--guid: 1 to 32 letters, digits, -_.",
        EmvError::Value { id: 1 } => "--payee: 1 to 64 letters, digits, -_.",
        EmvError::Value { id: 2 } => "--order: 1 to 64 letters, digits, -_.",
        EmvError::Value { id: 26 } => "--guid, --payee and --order: together longer than a code may hold",
        EmvError::Value { id: 52 } => "--category: four digits",
        EmvError::Value { id: 54 } => "--amount: more than a code may hold",
        EmvError::Value { id: 59 } => "--name, --latin: 1 to 25 ASCII characters that can be seen",
        EmvError::Value { id: 60 } => "--city: 1 to 15 ASCII characters that can be seen",
        EmvError::Value { id: 64 } => "--name: 1 to 25 characters that can be seen",
        other => return other.to_string(),
    };
    option.to_owned()
}

/// A name that no file of this folder has.
fn new_name(code: &CollectionCode) -> PathBuf {
    let amount = code.amount.map(|amount| format!("-{}", amount.plain())).unwrap_or_default();
    let stem = format!("collection-{}{amount}", code.payee_code);
    let mut names = std::iter::once(format!("{stem}.pdf")).chain((2..10_000).map(|count| format!("{stem}-{count}.pdf")));
    names.find(|name| !Path::new(name).exists()).unwrap_or_else(|| format!("{stem}.pdf")).into()
}

fn print(shown: &Shown, as_json: bool, language: Language) {
    if as_json {
        let files: Vec<String> = shown.written.iter().map(|path| path.display().to_string()).collect();
        let size = match &shown.drawn {
            Drawn::Qr(picture) => picture.size as usize,
            Drawn::Bars(picture) => picture.modules().len(),
        };
        println!("{}", json!({ "kind": shown.kind, "text": shown.text, "modules": size, "files": files }));
        return;
    }
    for file in &shown.written {
        println!("{}", say(language, "show.written", &[("file", &visible(&file.display().to_string()))]));
    }
    if shown.written.is_empty() {
        picture(&shown.drawn, language);
        println!("\n{}", visible(&shown.text));
    }
}

/// The code on the terminal, when it is wide enough: a code broken over two lines is none.
fn picture(drawn: &Drawn, language: Language) {
    let terminal = std::io::stdout().is_terminal();
    let ink = if terminal { Ink::Colours } else { Ink::LightTerminal };
    let needed = match drawn {
        Drawn::Qr(picture) => picture.size as usize + 2 * QR_QUIET,
        Drawn::Bars(picture) => (picture.modules().len() + 2 * BAR_QUIET).div_ceil(2),
    };
    let columns = terminal_size::terminal_size().map(|(terminal_size::Width(columns), _)| usize::from(columns));
    if terminal && columns.is_some_and(|columns| columns < needed) {
        println!("{}", say(language, "show.too_wide", &[("columns", &needed.to_string())]));
        return;
    }
    match drawn {
        Drawn::Qr(picture) => print!("{}", picture.terminal(ink)),
        Drawn::Bars(picture) => print!("{}", picture.terminal(ink, 6)),
    }
}
