//! The figures of design 12: ratios against plain SQLite and one fdatasync, measured in one run, and counts of pages
//! and frames, which do not depend on the machine; an export of 100,000 records, its time, memory and bytes.
//! `cargo bench -p kabao-core --features figures,software-keys`, with `-- screen`, `-- intent` or `-- export` one of them.
#![allow(clippy::unwrap_used, clippy::expect_used, clippy::disallowed_methods, missing_docs)]

use kabao_base::Timestamp;
use kabao_core::data::ExportRequest;
use kabao_core::host::real::{HttpsTransport, RealHost};
use kabao_core::host::software::SoftwareKeys;
use kabao_core::host::{HostError, HttpRequest, HttpResponse, NoBackground, SecretStore, Transport, TransportError};
use kabao_core::{ServiceSettings, Wallet, WalletSettings};
use kabao_proof::documents::ALGORITHM_SIGN;
use kabao_proof::{Document, KeyPurpose, KeySet, SetKey, SoftwareKey};
use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex};
use std::time::Instant;

#[derive(Default)]
struct Memory(Mutex<BTreeMap<String, Vec<u8>>>);

impl SecretStore for Memory {
    fn load(&self, name: String) -> Result<Option<Vec<u8>>, HostError> {
        Ok(self.0.lock().unwrap().get(&name).cloned())
    }
    fn store(&self, name: String, value: Vec<u8>) -> Result<(), HostError> {
        self.0.lock().unwrap().insert(name, value);
        Ok(())
    }
    fn remove(&self, name: String) -> Result<(), HostError> {
        self.0.lock().unwrap().remove(&name);
        Ok(())
    }
}

struct Nowhere;

#[async_trait::async_trait]
impl Transport for Nowhere {
    fn authority(&self) -> String {
        "nowhere.test".to_owned()
    }
    async fn send(&self, _: HttpRequest) -> Result<HttpResponse, TransportError> {
        Err(TransportError::Unreachable)
    }
}

struct Bench {
    host: Arc<RealHost>,
    folder: PathBuf,
}

impl Bench {
    fn new(folder: &Path) -> Bench {
        let secrets: Arc<dyn SecretStore> = Arc::new(Memory::default());
        let keys = SoftwareKeys::new(Arc::clone(&secrets), Arc::new(|bytes: &mut [u8]| {
            bytes.fill(7);
            Ok(())
        }));
        let host = RealHost::start(Arc::new(Nowhere), secrets, Arc::new(keys), Arc::new(NoBackground)).unwrap();
        Bench { host: Arc::new(host), folder: folder.to_owned() }
    }

    fn run<T>(&self, work: impl std::future::Future<Output = T>) -> T {
        self.host.handle().unwrap().block_on(work)
    }

    async fn open(&self) -> Wallet {
        let root = SoftwareKey::from_secret(&[3; 32]).unwrap().public().to_string();
        let service = ServiceSettings {
            url: "https://nowhere.test".to_owned(),
            tls_ca_pem: String::new(),
            spki_pins: Vec::new(),
            root_key: root,
            guid: "app.kabao".to_owned(),
            link_host: None,
        };
        let settings = WalletSettings {
            build: None,
            folder: self.folder.to_str().unwrap().to_owned(),
            service,
            language: "zh-CN".to_owned(),
        };
        Wallet::open(settings, Arc::clone(&self.host) as _).await.unwrap()
    }
}

/// The same files without encryption: the schemas of the core, the same rows.
fn plain_copy(folder: &Path, rows: u64) -> PathBuf {
    let plain = folder.join("plain");
    std::fs::create_dir_all(&plain).unwrap();
    for (name, schema) in [
        ("ledger.db", include_str!("../src/tables/ledger-1.sql")),
        ("mine.db", include_str!("../src/tables/mine-1.sql")),
        ("cache.db", include_str!("../src/tables/cache-1.sql")),
    ] {
        let file = rusqlite::Connection::open(plain.join(name)).unwrap();
        file.execute_batch("PRAGMA journal_mode = WAL;").unwrap();
        file.execute_batch(schema).unwrap();
        if name == "cache.db" {
            let tx = file.unchecked_transaction().unwrap();
            for number in 0..rows {
                let at = kabao_core::figures::FIRST + i64::try_from(number).unwrap() * 600_000;
                tx.prepare_cached(
                    "INSERT INTO records VALUES (?1, ?2, ?3, 'payer_code', 'done', ?4, ?5, 0, 'CNY', 'lakala', ?6, ?7, ?8,
                     NULL, ?9, NULL, ?10, ?10)",
                )
                .unwrap()
                .execute(rusqlite::params![
                    at << 20, format!("{number:032x}"), number as i64 + 1, format!("Corner shop {}", number % 97),
                    -(number as i64 % 10_000), format!("M{number}"), format!("K{number}"), format!("L{number}"),
                    format!("{number:011}"), at
                ])
                .unwrap();
                tx.prepare_cached("INSERT INTO documents VALUES (?1, ?2)")
                    .unwrap()
                    .execute(rusqlite::params![at << 20, vec![7u8; 400]])
                    .unwrap();
            }
            tx.commit().unwrap();
        }
        file.execute_batch("PRAGMA wal_checkpoint(TRUNCATE);").unwrap();
    }
    plain
}

/// Opens the three plain files and reads what a first screen reads.
fn plain_first_screen(folder: &Path) -> usize {
    let open = |name: &str| {
        let file = rusqlite::Connection::open(folder.join(name)).unwrap();
        file.execute_batch("PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;").unwrap();
        file
    };
    let (ledger, mine, cache) = (open("ledger.db"), open("mine.db"), open("cache.db"));
    let _: i64 = mine.query_row("SELECT number FROM revision", [], |row| row.get(0)).unwrap();
    for query in [
        "SELECT seq FROM events ORDER BY seq DESC LIMIT 1",
        "SELECT intent_id FROM intents WHERE state NOT IN ('succeeded', 'failed')",
        "SELECT account_id FROM account",
        "SELECT value FROM marks WHERE name = 'clock'",
        "SELECT intent_id FROM intents ORDER BY number DESC LIMIT 50",
    ] {
        let mut select = ledger.prepare(query).unwrap();
        let mut rows = select.query([]).unwrap();
        while rows.next().unwrap().is_some() {}
    }
    let mut select = cache.prepare("SELECT * FROM records WHERE key < ?1 ORDER BY key DESC LIMIT 51").unwrap();
    let mut rows = select.query([i64::MAX]).unwrap();
    let mut count = 0;
    while let Some(row) = rows.next().unwrap() {
        let _: String = row.get(5).unwrap();
        count += 1;
    }
    count
}

fn median(mut times: Vec<f64>) -> f64 {
    times.sort_by(f64::total_cmp);
    times[times.len() / 2]
}

fn first_screen(rows: u64) {
    let folder = std::env::temp_dir().join(format!("kabao-figures-{}-{rows}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let bench = Bench::new(&folder.join("wallet"));
    bench.run(async {
        let wallet = bench.open().await;
        let mut from = 0;
        while from < rows {
            wallet.fill(from, (from + 5_000).min(rows)).await.unwrap();
            from += 5_000;
        }
        wallet.close().await.unwrap();
    });
    let plain = plain_copy(&folder, rows);
    let (mut ours, mut theirs, mut pages, mut opened) = (Vec::new(), Vec::new(), Vec::new(), Vec::new());
    for round in 0..41 {
        // In pairs and in turns, so that what else the machine does falls on both.
        let mut measure_ours = || {
            let start = Instant::now();
            let wallet = bench.run(async {
                let wallet = bench.open().await;
                opened.push(start.elapsed().as_secs_f64() * 1e3);
                assert_eq!(wallet.history().list(None).await.unwrap().items.len(), 50);
                wallet
            });
            ours.push(start.elapsed().as_secs_f64() * 1e3);
            pages = bench.run(async {
                let costs = wallet.costs().await.unwrap();
                wallet.close().await.unwrap();
                costs
            });
        };
        if round % 2 == 0 {
            measure_ours();
        }
        let start = Instant::now();
        assert_eq!(plain_first_screen(&plain), 51);
        theirs.push(start.elapsed().as_secs_f64() * 1e3);
        if round % 2 == 1 {
            measure_ours();
        }
    }
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "open + first 50 rows, {rows} rows: {ours:.2} ms (open alone {:.2}), plain SQLite {theirs:.2} ms, ratio {:.2}; pages read: ledger {}, mine {}, cache {}",
        median(opened), ours / theirs, pages[0][0], pages[1][0], pages[2][0]
    );
    std::fs::remove_dir_all(&folder).unwrap();
}

fn durable_intent() {
    let folder = std::env::temp_dir().join(format!("kabao-figures-{}-intent", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let bench = Bench::new(&folder.join("wallet"));
    let wallet = bench.run(bench.open());
    // The file's first pages are there already when a person pays.
    (0..20).for_each(|number| bench.run(wallet.one_intent(number)).unwrap());
    let before = bench.run(wallet.costs()).unwrap()[0];
    let (mut ours, mut theirs) = (Vec::new(), Vec::new());
    let mut file = std::fs::File::create(folder.join("one-fdatasync")).unwrap();
    file.write_all(&vec![0; 4 << 20]).unwrap();
    file.sync_all().unwrap();
    let rounds = 100u64;
    for number in 0..rounds {
        let start = Instant::now();
        bench.run(wallet.one_intent(1000 + number)).unwrap();
        ours.push(start.elapsed().as_secs_f64() * 1e6);
        use std::os::unix::fs::FileExt;
        let start = Instant::now();
        file.write_all_at(&[1; 4096], (number % 1024) * 4096).unwrap();
        file.sync_data().unwrap();
        theirs.push(start.elapsed().as_secs_f64() * 1e6);
    }
    let after = bench.run(wallet.costs()).unwrap()[0];
    let frames = (after[1] - before[1]) as f64 / rounds as f64;
    let commits = (after[2] - before[2]) as f64 / rounds as f64;
    let (ours, theirs) = (median(ours), median(theirs));
    println!(
        "durable intent: {ours:.0} us, one fdatasync of 4 KiB {theirs:.0} us, ratio {:.2}; commits {commits}, WAL frames {frames:.2}",
        ours / theirs
    );
    bench.run(wallet.close()).unwrap();
    std::fs::remove_dir_all(&folder).unwrap();
}

/// What the system says of this process, in KiB: `VmHWM` is the most memory it had at once, `VmRSS` what it has now.
fn memory(name: &str) -> u64 {
    let status = std::fs::read_to_string("/proc/self/status").unwrap_or_default();
    let line = status.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(':'));
    line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok()).unwrap_or(0)
}

/// An export of so many records with their receipts: time, memory and bytes; then one that is cut short in the middle.
fn export(rows: u64) {
    let folder = std::env::temp_dir().join(format!("kabao-figures-{}-export-{rows}", std::process::id()));
    let _ = std::fs::remove_dir_all(&folder);
    std::fs::create_dir_all(&folder).unwrap();
    let bench = Bench::new(&folder.join("wallet"));
    let wallet = bench.run(async {
        let wallet = bench.open().await;
        let (root, key) = (SoftwareKey::from_secret(&[3; 32]).unwrap(), SoftwareKey::from_secret(&[4; 32]).unwrap());
        let signs = SetKey {
            kid: "documents-1".to_owned(),
            purpose: KeyPurpose::Documents,
            algorithm: ALGORITHM_SIGN.to_owned(),
            public: key.public().to_bytes().to_vec(),
            not_before: Timestamp::from_ms(0),
            not_after: Timestamp::from_ms(4_000_000_000_000),
        };
        let waiting = KeySet { version: 1, keys: vec![signs] }.to_sign("root-1").unwrap();
        let signature = root.sign(&waiting.tbs);
        wallet.keep_key_set(waiting.finish(&signature).unwrap()).await.unwrap();
        let mut from = 0;
        while from < rows {
            let key = key.clone();
            wallet.fill_signed(from, (from + 5_000).min(rows), move |bytes| key.sign(bytes)).await.unwrap();
            from += 5_000;
        }
        wallet.close().await.unwrap();
        bench.open().await
    });
    let request = |name: &str| ExportRequest { folder: folder.join(name).to_str().unwrap().to_owned(), room_bytes: None };
    // From here on the peak is this export's.
    let _ = std::fs::write("/proc/self/clear_refs", "5");
    let before = memory("VmRSS");
    let start = Instant::now();
    let report = bench.run(wallet.data().export(request("whole"))).unwrap();
    let (took, peak) = (start.elapsed(), memory("VmHWM"));
    assert!(report.receipts == rows && report.wrong_receipts.is_empty() && report.first_wrong_event.is_none(), "{report:?}");
    let bytes = |name: &str| std::fs::metadata(folder.join("whole").join(name)).unwrap().len();
    println!(
        "export, {rows} records: {:.2} s ({:.0} us a record, receipts verified); memory {before} KiB before, {peak} KiB at the most; {} files, {} bytes: history.csv {}, history.json {}, SHA256SUMS {}",
        took.as_secs_f64(), took.as_secs_f64() * 1e6 / rows as f64, report.files, report.bytes, bytes("history.csv"), bytes("history.json"), bytes("SHA256SUMS")
    );
    let cut = bench.run(async { tokio::time::timeout(took / 3, wallet.data().export(request("cut"))).await });
    assert!(cut.is_err(), "it was not cut short");
    bench.run(wallet.close()).unwrap();
    let left: Vec<_> = std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().file_name()).filter(|name| *name != "whole" && *name != "wallet").collect();
    assert!(left.is_empty(), "an export that was cut short left {left:?}");
    println!("export, {rows} records, cut short after {:.2} s: nothing is left", took.as_secs_f64() / 3.0);
    std::fs::remove_dir_all(&folder).unwrap();
}

fn main() {
    // Kept in the list of what a real start builds, so that the transport's cost is not forgotten.
    let _ = HttpsTransport::new("https://nowhere.test", "", Vec::new()).is_ok();
    let wanted = std::env::args().nth(1).filter(|word| !word.starts_with("--"));
    let wants = |word: &str| wanted.as_deref().is_none_or(|wanted| wanted == word);
    if wants("screen") {
        first_screen(10_000);
        first_screen(100_000);
    }
    if wants("intent") {
        durable_intent();
    }
    if wants("export") {
        for rows in [1_000, 10_000, 100_000] {
            export(rows);
        }
    }
}
