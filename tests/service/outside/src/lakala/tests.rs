//! The endpoint as a till sees it, over a wallet service of a few lines.

mod doors;
mod orders;
mod telling;
mod wallet;

use super::*;
use crate::port::{WalletService, World};
use crate::testing::TestWorld;
use kabao_base::Timestamp;
use std::ffi::OsString;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use tempfile::TempDir;
use wallet::FakeWallet;

/// A code that the wallet service accepts once.
const CODE: &str = "970000000000000000000001";

/// A folder with keys. They are slow to make: every folder holds the same ones, made once.
fn key_folder() -> TempDir {
    static FILES: OnceLock<Vec<(OsString, Vec<u8>)>> = OnceLock::new();
    let files = FILES.get_or_init(|| {
        let folder = tempfile::tempdir().unwrap();
        ChannelKeys::open(folder.path(), &TestWorld::new(1)).unwrap();
        let file = |entry: std::fs::DirEntry| (entry.file_name(), std::fs::read(entry.path()).unwrap());
        std::fs::read_dir(folder.path()).unwrap().map(|entry| file(entry.unwrap())).collect()
    });
    let folder = tempfile::tempdir().unwrap();
    for (name, bytes) in files {
        std::fs::write(folder.path().join(name), bytes).unwrap();
    }
    folder
}

fn keys() -> Arc<ChannelKeys> {
    static KEYS: OnceLock<Arc<ChannelKeys>> = OnceLock::new();
    KEYS.get_or_init(|| Arc::new(ChannelKeys::open(key_folder().path(), &TestWorld::new(1)).unwrap())).clone()
}

/// Merchant, acquirer and wallet service in one room.
struct Shop {
    world: Arc<TestWorld>,
    wallet: Arc<FakeWallet>,
    acquirer: Acquirer,
    till: Till,
}

impl Shop {
    fn open() -> Shop {
        Shop::at(None, Arc::new(FakeWallet::default()), Arc::new(TestWorld::new(7)))
    }

    fn at(path: Option<&Path>, wallet: Arc<FakeWallet>, world: Arc<TestWorld>) -> Shop {
        let acquirer = Acquirer::open(path, world.clone(), keys()).unwrap();
        let service: Arc<dyn WalletService> = wallet.clone();
        acquirer.set_wallet(Arc::downgrade(&service));
        Shop { till: Till::new(keys(), world.clone()), world, wallet, acquirer }
    }

    fn now(&self) -> Timestamp {
        self.world.now()
    }

    /// Posts a request and reads the signed answer.
    fn send(&self, request: &SignedRequest) -> TillAnswer {
        let response = self.acquirer.handle(request.path, &request.headers, &request.body, self.now());
        self.till.read_answer(response.status, &response.headers, &response.body).unwrap()
    }

    fn charge(&self, order: &str, code: &str, fen: i64) -> TillAnswer {
        let notify_url = Some("http://127.0.0.1:9/notify");
        let order = Micropay { out_trade_no: order, auth_code: code, amount_fen: fen, subject: "豆浆", notify_url };
        self.send(&self.till.micropay(&order).unwrap())
    }

    fn state(&self, order: &str) -> String {
        let answer = self.send(&self.till.query(order).unwrap());
        assert_eq!(answer.code, "BBS00000");
        answer.data["trade_state"].as_str().unwrap().to_owned()
    }

    fn refund(&self, number: &str, origin: &str, fen: i64) -> TillAnswer {
        self.send(&self.till.refund(number, origin, fen, "").unwrap())
    }

    fn revoke(&self, number: &str, origin: &str) -> TillAnswer {
        self.send(&self.till.revoke(number, origin).unwrap())
    }
}
