//! Prints one of each proof as JSON, for readers that are not ours (`tests/interop/check.py`).
//! Keys and times are fixed, so that two runs print the same.

use kabao_base::{Id, Money, Timestamp};
use kabao_proof::{
    AnswerParts, BoxPrivateKey, Document, FnRng, Receipt, RecordKind, RequestParts, SigningParams, SoftwareKey, Source,
    boxes, hex, http,
};

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let (phone, service) = (SoftwareKey::from_secret(&[21; 32])?, SoftwareKey::from_secret(&[22; 32])?);
    let request = RequestParts {
        method: "PUT",
        authority: "wallet.example",
        path: "/v1/payments/0a",
        query: Some("watch=1"),
        body: br#"{"amount":2350}"#,
        head: Some("7:ab"),
    };
    let params = SigningParams { created: 1_795_276_800, nonce: "n-1", keyid: "device-1" };
    let waiting = http::sign_request(&request, &params)?;
    let signature = phone.sign(&waiting.base);
    let request_headers = waiting.finish(&signature);
    let answer = AnswerParts {
        status: 200,
        content_type: "application/json",
        body: b"{}",
        time_ms: 1_795_276_800_123,
        epoch: 4,
        last_head: Some("8:cd"),
    };
    let echo = request.echo(Some(signature))?;
    let params = SigningParams { keyid: "answers-1", ..params };
    let waiting = http::sign_answer(&answer, &echo, &params)?;
    let signature = service.sign(&waiting.base);
    let answer_headers = waiting.finish(&signature);

    let receipt = Receipt {
        receipt_id: Id::from_bytes([1; 16]),
        record_id: Id::from_bytes([2; 16]),
        intent_id: None,
        terms_digest: Some([4; 32]),
        token_id: None,
        kind: RecordKind::Pay,
        account_id: Id::from_bytes([5; 16]),
        payee_id: None,
        payee_name: "老王豆浆".to_owned(),
        amount: Money::fen(2350),
        fee: Money::fen(0),
        source: Source::Balance,
        route: "lakala".to_owned(),
        order: Some("A-1".to_owned()),
        our_order: "K-1".to_owned(),
        acquirer_order: None,
        original: None,
        arrives_at: None,
        at: Timestamp::from_ms(1_795_276_800_000),
        epoch: 4,
    };
    let waiting = receipt.to_sign("doc-1")?;
    let signature = service.sign(&waiting.tbs);
    let cose = waiting.finish(&signature)?;

    // Without associated data, because the outside reader does not take any.
    let secret = BoxPrivateKey::from_bytes("pin-1", &[23; 32])?;
    let mut rng = FnRng(|slice: &mut [u8]| slice.fill(24));
    let sealed = boxes::seal(&secret.public()?, boxes::INFO_PIN, b"", b"135790", &mut rng)?;

    let samples = serde_json::json!({
        "phone": hex(&phone.public().to_bytes()),
        "service": hex(&service.public().to_bytes()),
        "request": request_headers,
        "answer": answer_headers,
        "cose": hex(&cose),
        "box": sealed,
        "box_secret": hex(&secret.to_bytes()[..]),
    });
    println!("{}", serde_json::to_string_pretty(&samples)?);
    Ok(())
}
