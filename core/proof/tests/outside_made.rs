//! What libraries that are not ours signed (`interop/made.json`, from `interop/check.py --make`)
//! is read and verified here: PyPI http-message-signatures 3.0.0 and pycose 1.1.0.

#[cfg(test)]
mod tests {
    use kabao_proof::{Headers, PublicKey, cose, http};
    use serde::Deserialize;

    #[derive(Deserialize)]
    struct Made {
        request: Vec<(String, String)>,
        cose: String,
    }

    fn made() -> Made {
        serde_json::from_str(include_str!("interop/made.json")).unwrap()
    }

    /// The public half of the secret number that consists of 32 bytes of 21.
    fn key() -> PublicKey {
        let secret = p256::SecretKey::from_slice(&[21; 32]).unwrap();
        PublicKey::from_bytes(&secret.public_key().to_sec1_bytes()).unwrap()
    }

    #[test]
    fn a_request_that_python_signed() {
        let headers = Headers::new(made().request.iter().map(|(name, value)| (name, value))).unwrap();
        let body = br#"{"amount":2350}"#;
        let read = |path| http::read_request("PUT", "wallet.example", path, Some("watch=1"), &headers, body);
        let request = read("/v1/payments/0a").unwrap();
        assert_eq!((request.keyid.as_str(), request.nonce.as_str(), request.head.as_deref()), ("device-1", "n-1", Some("7:ab")));
        assert_eq!(request.verify(&key()), Ok(()));
        assert!(read("/v1/payments/0b").unwrap().verify(&key()).is_err());
    }

    #[test]
    fn an_object_that_pycose_signed() {
        let text = made().cose;
        let bytes: Vec<u8> =
            (0..text.len()).step_by(2).map(|index| u8::from_str_radix(&text[index..index + 2], 16).unwrap()).collect();
        let read = cose::read(&bytes).unwrap();
        assert_eq!((read.kid.as_str(), read.payload.as_slice()), ("doc-1", &b"payload"[..]));
        assert_eq!(read.verify(&key()), Ok(()));
    }
}
