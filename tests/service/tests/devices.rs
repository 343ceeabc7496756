//! What a device says of itself: the device that asks, and no other.

use crate::common::{Town, ok, refused};
use serde_json::{Value, json};

#[tokio::test]
async fn a_device_says_what_it_has_and_only_of_itself() {
    let mut town = Town::new();
    let (mut phone, _) = town.person().await;
    let (other, _) = town.person().await;
    let tell = async |phone: &kabao_service::kit::Phone, body: Value| phone.call("PUT", "/v1/devices/this", Some(body)).await.unwrap();
    let listed = async |phone: &kabao_service::kit::Phone| phone.call("GET", "/v1/devices", None).await.unwrap().json["devices"][0].clone();
    assert_eq!(listed(&phone).await["capabilities"], json!([]));
    for _ in 0..2 {
        ok(&tell(&phone, json!({"form": "watch", "capabilities": ["sim", "nfc"]})).await);
        let seen = listed(&phone).await;
        assert_eq!((&seen["form"], &seen["capabilities"]), (&json!("watch"), &json!(["nfc", "sim"])));
    }
    assert_eq!(listed(&other).await["capabilities"], json!([]), "another account's device is another device");
    for (body, code) in [
        (json!({"form": "phone"}), "bad_argument"), (json!({"capabilities": []}), "bad_argument"), (json!({"form": "phone", "capabilities": "nfc"}), "bad_argument"),
        (json!({"form": "toaster", "capabilities": []}), "bad_argument"), (json!({"form": "ｐｈｏｎｅ", "capabilities": []}), "bad_argument"),
        (json!({"form": "9".repeat(50_000), "capabilities": []}), "bad_argument"), (json!({"form": "\u{202e}phone", "capabilities": []}), "bad_argument"),
        (json!({"form": "phone", "capabilities": ["nfc", "nfc"]}), "bad_argument"), (json!({"form": "phone", "capabilities": ["NFC"]}), "bad_argument"),
        (json!({"form": "phone", "capabilities": [""]}), "bad_argument"), (json!({"form": "phone", "capabilities": vec!["nfc"; 5_000]}), "bad_argument"),
        (json!({"form": "phone", "capabilities": ["📷"]}), "bad_argument"), (json!({"form": "phone", "capabilities": [1]}), "bad_argument"),
        (json!({"form": "phone", "capabilities": [], "device_id": "ab".repeat(16)}), "bad_argument"), (Value::Null, "bad_argument"), (json!([]), "bad_argument"),
    ] {
        refused(&tell(&phone, body).await, 400, code);
    }
    town.restart();
    town.again(&mut phone);
    assert_eq!(listed(&phone).await["capabilities"], json!(["nfc", "sim"]));
    ok(&tell(&phone, json!({"form": "phone", "capabilities": []})).await);
    assert_eq!(listed(&phone).await["capabilities"], json!([]));
}
