//! Codes that only holders of a key can read, and cards of several codes.

use super::{card, ed25519, full, key_reference, noise, read, signed, webp};
use crate::support::PROVIDER;
use ciborium::{Value, cbor};
use symbolon_credential::claim169::{
    Biometric, Claim169Budget, Claim169Error, Claim169Message, Cwt, EncryptedClaim169, ImageKind,
    LockedClaim169, NotOneCard, NothingJoins, ParsedClaim169, SignedClaim169, UnlockError,
    encrypted_face_bytes_within, face_bytes_within, join, prepare,
};
use symbolon_credential::status::CredentialStatus;
use symbolon_crypto::cose::{self, ContentEncryption, ContentKey, NamedContentKey, Tagging};
use symbolon_crypto::encoding::cbor::encode;
use symbolon_crypto::signing::KeyHandle;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, SignatureAlgorithm, UnixTime};

fn content_key(name: &str, seed: u64) -> NamedContentKey {
    let key = ContentKey::make(ContentEncryption::A256Gcm, &SeededRandomness::new(seed)).unwrap();
    NamedContentKey::new(name, key).unwrap()
}

fn sign(cwt: &Cwt) -> SignedClaim169 {
    let key = ed25519();
    let prepared = prepare(cwt, SignatureAlgorithm::EdDsa, &key_reference(&key)).unwrap();
    let signature = PROVIDER
        .sign(&key, &prepared.request(KeyHandle::new("k")).bytes)
        .unwrap();
    prepared.finish(signature).unwrap()
}

fn encrypt(cwt: &Cwt, key: &NamedContentKey) -> EncryptedClaim169 {
    sign(cwt).encrypt(key, &SeededRandomness::new(5)).unwrap()
}

fn locked(text: &str) -> LockedClaim169 {
    match Claim169Message::parse_qr_text(text, Claim169Budget::DEFAULT).unwrap() {
        Claim169Message::Encrypted(locked) => locked,
        Claim169Message::Signed(_) => panic!("it is encrypted"),
    }
}

fn locked_cose(cose: &[u8]) -> LockedClaim169 {
    match Claim169Message::parse_cose(cose, Claim169Budget::DEFAULT).unwrap() {
        Claim169Message::Encrypted(locked) => locked,
        Claim169Message::Signed(_) => panic!("it is encrypted"),
    }
}

fn from_hex(text: &str) -> Vec<u8> {
    let digit = |at: usize| u8::from_str_radix(&text[at..at + 2], 16).unwrap();
    (0..text.len()).step_by(2).map(digit).collect()
}

#[test]
fn an_encrypted_code_opens_with_its_key_and_verifies_as_the_signed_one() {
    let key = content_key("face-2026", 1);
    let encrypted = encrypt(&full(), &key);
    assert_eq!(encrypted.cose()[..3], [0xd8, 61, 0xd0]);
    let text = encrypted.qr_text();
    assert_eq!(
        ParsedClaim169::parse_qr_text(&text, Claim169Budget::DEFAULT).unwrap_err(),
        Claim169Error::Encrypted
    );
    let locked = locked(&text);
    assert_eq!(locked.key_id(), Some(b"face-2026".as_slice()));
    assert_eq!(locked.algorithm(), ContentEncryption::A256Gcm);
    let card = locked.unlock_with(&[content_key("other", 2), key]).unwrap();
    let cwt = card.verify(&ed25519().public_key(), &PROVIDER).unwrap();
    assert_eq!(cwt.into_inner(), full());
}

#[test]
fn another_key_a_changed_message_and_a_key_of_another_name_open_nothing() {
    let key = content_key("face-2026", 1);
    let encrypted = encrypt(&card(), &key);
    let text = encrypted.qr_text();
    let refused = |keys: &[NamedContentKey]| locked(&text).unlock_with(keys).unwrap_err();
    assert_eq!(refused(&[]), UnlockError::NoSuchKey);
    assert_eq!(refused(&[content_key("face-2027", 1)]), UnlockError::NoSuchKey);
    assert_eq!(refused(&[content_key("face-2026", 2)]), UnlockError::WrongKey);
    let short = ContentKey::from_bytes(&[7; 16]).unwrap();
    assert_eq!(locked(&text).unlock(&short).unwrap_err(), UnlockError::WrongKey);
    for place in [50, encrypted.cose().len() - 1] {
        let mut changed = encrypted.cose().to_vec();
        changed[place] ^= 1;
        let opened = locked_cose(&changed).unlock(key.key());
        assert_eq!(opened.unwrap_err(), UnlockError::WrongKey);
    }
}

#[test]
fn what_is_encrypted_must_be_signed_and_is_encrypted_once() {
    let key = content_key("k", 1);
    let seal = |inside: &[u8]| {
        cose::encrypt(&key, inside, &[], Tagging::Untagged, &SeededRandomness::new(1)).unwrap()
    };
    // Claims without a signature: whoever has the key could have made them.
    let unsigned = seal(&encode(&cbor!({169 => {4 => "Mallory"}}).unwrap()));
    assert_eq!(
        locked_cose(&unsigned).unlock(key.key()).unwrap_err(),
        UnlockError::Content(Claim169Error::NotSigned)
    );
    let twice = seal(&seal(b"anything"));
    assert_eq!(
        locked_cose(&twice).unlock(key.key()).unwrap_err(),
        UnlockError::Content(Claim169Error::Encrypted)
    );
    // A CWT tag within is read as well.
    let signed = signed(&cbor!({169 => {4 => "Asha"}}).unwrap(), &ed25519());
    let tagged = seal(&[&[0xd8, 61], signed.as_slice()].concat());
    assert!(locked_cose(&tagged).unlock(key.key()).is_ok());
}

/// A code that another implementation made (jeremi/claim-169, vector `encrypted-signed`), with no `kid` and no tag 61.
#[test]
fn an_encrypted_code_of_another_implementation_is_read() {
    let text = "6BFCA0410DFWXQG.FKTK06U0 DKAPKT K33LMEL-PLV9BIQFGWFU2G8 N.BGZF1VSIYEV7Q3FLRS3AJNDF.3Z0N+ZE:MD1D8R22LF3WC9*9O-P9VYJ3NGZ%3L9BTN0/5LOP0X2RL0ERSVBHVN EUZUQ2C$Y05CLKYU+9653893EU%2ICEALJ864MHB:QK 2SSTKGY6EPJFFS:R0OBF7O57NDH$12PBS1GOQGKY2BDW0Z02NPQO0SPGZ1REG0GPGV6OCRN0RI$IN751T%2SO2TFI2DSV431V5TYUW5H9 9QJU.JN7M6$95:1FJKF9P84DRF/P:0";
    let key = from_hex("101112131415161718191a1b1c1d1e1f202122232425262728292a2b2c2d2e2f");
    let key = NamedContentKey::new("any", ContentKey::from_bytes(&key).unwrap()).unwrap();
    let issuer = from_hex("994c54604862f73d4bce14120b318f720119c6498b59257fb89cbead939ba0f5");
    let issuer = symbolon_crypto::PublicKey::from_jwk(&symbolon_crypto::Jwk {
        kty: "OKP".to_owned(),
        crv: "Ed25519".to_owned(),
        x: symbolon_crypto::encoding::base64url::encode(&issuer),
        y: None,
        kid: None,
        alg: None,
        use_: None,
    })
    .unwrap();
    let card = locked(text).unlock_with(&[key]).unwrap();
    let cwt = card.verify(&issuer, &PROVIDER).unwrap();
    assert_eq!(cwt.identity.id.as_deref(), Some("ID-ENC-SIGN-001"));
    assert_eq!(
        cwt.identity.full_name.as_deref(),
        Some("Encrypted Signed Test Person")
    );
    assert_eq!(cwt.validity.expires, Some(UnixTime::from_seconds(1_800_000_000)));
}

#[test]
fn the_size_of_an_encrypted_code_is_known_before_it_is_signed() {
    let (key, signer) = (content_key("face-2026", 1), ed25519());
    let reference = key_reference(&signer);
    let algorithm = SignatureAlgorithm::EdDsa;
    let face = full().split_face().unwrap().face.unwrap();
    let size = prepare(&face, algorithm, &reference)
        .unwrap()
        .encrypted_size(&key)
        .unwrap();
    assert_eq!(encrypt(&face, &key).qr_text().len(), size.characters);

    let mut without = face;
    without.identity.biometrics.clear();
    without.identity.image = None;
    without.identity.image_format = None;
    let within =
        |limit| encrypted_face_bytes_within(limit, &without, ImageKind::Webp, algorithm, &reference, &key);
    let bytes = within(1000).unwrap().unwrap();
    let plain = face_bytes_within(1000, &without, ImageKind::Webp, algorithm, &reference);
    assert!(bytes < plain.unwrap().unwrap(), "encryption takes room");
    let with_face = |bytes| {
        let mut cwt = without.clone();
        cwt.identity = cwt
            .identity
            .with_face(Biometric::image(noise(bytes), ImageKind::Webp));
        encrypt(&cwt, &key).qr_text().len()
    };
    assert!(with_face(bytes) <= 1000 && with_face(bytes + 2) > 1000);
    assert_eq!(within(100).unwrap(), None);
}

#[test]
fn a_card_of_two_codes_says_what_one_code_would_say() {
    let key = ed25519();
    let claims = full().split_face().unwrap();
    let face = claims.face.unwrap();
    assert_eq!(claims.identity.identity.face(), None);
    assert_eq!(face.identity.face(), Some(webp(420).as_slice()));
    assert_eq!(face.identity.full_name, None);
    let read = |cwt: &Cwt| read(sign(cwt).cose(), &key.public_key());
    for (first, second) in [(&claims.identity, &face), (&face, &claims.identity)] {
        let mut joined = join(read(first), read(second)).unwrap().into_inner();
        let mut expected = full();
        joined.identity.unknown.sort_by_key(|(key, _)| encode(key));
        expected.identity.unknown.sort_by_key(|(key, _)| encode(key));
        assert_eq!(joined, expected);
    }
    let no_face = card().split_face().unwrap();
    assert_eq!((no_face.identity, no_face.face), (card(), None));
}

#[test]
fn the_face_of_one_person_is_not_joined_to_the_name_of_another() {
    let key = ed25519();
    let claims = full().split_face().unwrap();
    let read = |cwt: &Cwt| read(sign(cwt).cose(), &key.public_key());
    let refused = |edit: &dyn Fn(&mut Cwt)| {
        let mut face = claims.face.clone().unwrap();
        edit(&mut face);
        join(read(&claims.identity), read(&face)).unwrap_err()
    };
    assert_eq!(
        refused(&|face| face.identity.id = Some("another".to_owned())),
        NotOneCard::Contradiction
    );
    assert_eq!(
        refused(&|face| face.subject = Some("another".to_owned())),
        NotOneCard::Contradiction
    );
    assert_eq!(
        refused(&|face| {
            face.status = CredentialStatus::StatusList(
                symbolon_credential::status::StatusReference::new("https://issuer.example/status/7", 1)
                    .unwrap(),
            );
        }),
        NotOneCard::Contradiction
    );
    assert_eq!(refused(&|face| face.issuer = None), NotOneCard::OtherIssuer);
    assert_eq!(
        refused(&|face| face.issuer = Some("https://other.example".to_owned())),
        NotOneCard::OtherIssuer
    );
    assert_eq!(
        refused(&|face| {
            face.identity.id = None;
            face.subject = None;
            face.status = CredentialStatus::NotTracked;
        }),
        NotOneCard::NothingShared
    );
    assert_eq!(
        refused(&|face| face.identity.full_name = Some("Mallory".to_owned())),
        NotOneCard::Contradiction
    );
}

#[test]
fn joined_codes_are_valid_only_while_both_are_and_keep_a_status_that_is_not_known() {
    let key = ed25519();
    let claims = full().split_face().unwrap();
    let mut face = claims.face.unwrap();
    face.validity.expires = Some(UnixTime::from_seconds(1_760_000_000));
    let first = read(sign(&claims.identity).cose(), &key.public_key());
    let joined = join(first, read(sign(&face).cose(), &key.public_key())).unwrap();
    assert_eq!(joined.validity.expires, face.validity.expires);
    let other = signed(
        &cbor!({1 => "https://issuer.example", 2 => "subject", 169 => {}, 65535 => {"other" => 1}}).unwrap(),
        &key,
    );
    let first = read(sign(&claims.identity).cose(), &key.public_key());
    let joined = join(first, read(&other, &key.public_key())).unwrap();
    assert_eq!(joined.status, CredentialStatus::OtherMechanism);
}

#[test]
fn a_face_that_nothing_would_join_is_not_split_off() {
    let mut cwt = full();
    cwt.subject = None;
    cwt.identity.id = None;
    cwt.status = CredentialStatus::NotTracked;
    assert_eq!(cwt.split_face(), Err(NothingJoins));
}

#[test]
fn an_encrypted_code_over_its_budget_is_refused() {
    let message = Value::Array(vec![
        Value::Bytes(vec![0xa1, 1, 3]),
        cbor!({5 => Value::Bytes(vec![0; 12])}).unwrap(),
        Value::Bytes(vec![0; 70_000]),
    ]);
    let parsed = Claim169Message::parse_cose(&encode(&message), Claim169Budget::DEFAULT);
    assert_eq!(parsed.unwrap_err(), Claim169Error::OverBudget);
}
