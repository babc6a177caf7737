//! Cards.

use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_credential::Verified;
use symbolon_credential::claim169::{Claim169Budget, Claim169Message, Cwt, ParsedClaim169, join};
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::cose::{ContentEncryption, ContentKey, NamedContentKey};
use symbolon_crypto::encoding::base64;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_issuer::record::CalendarDate;
use symbolon_issuer::sample::People;

use crate::harness::{HASSAN, World, record};

async fn world() -> World {
    let world = World::start().await;
    let today = CalendarDate::new(2026, 11, 23).unwrap();
    let person = People::new(7, today).next().unwrap();
    let face = symbolon_issuer_server::card::draw_face(person.portrait()).unwrap();
    let mut hassan = record(HASSAN, "Hassan Ali");
    hassan["face"] = json!(symbolon_issuer_server::card::picture_data_uri(&face).unwrap());
    world.import(&[hassan]).await;
    world
}

async fn status(world: &World, id: &Value) -> (Value, Value) {
    let page = world
        .ordered("/credentials/list", json!({ "record": HASSAN }))
        .await;
    let found = page["credentials"]
        .as_array()
        .unwrap()
        .iter()
        .find(|credential| credential["id"] == *id)
        .unwrap();
    (found["status"].clone(), found["replaced_by"].clone())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_card_is_booked_drawn_and_readable_and_its_reprint_ends_it() {
    let world = world().await;
    let card = world
        .ordered("/cards", json!({ "record": HASSAN, "format": "png" }))
        .await;
    assert!(
        base64::decode(card["document"].as_str().unwrap())
            .unwrap()
            .starts_with(b"\x89PNG")
    );
    let text = card["qr_text"].as_str().unwrap();
    assert!(text.len() <= symbolon_issuer_server::CARD_QR_MAX_CHARACTERS);
    let parsed = ParsedClaim169::parse_qr_text(text, Claim169Budget::DEFAULT).unwrap();
    let issuer = world.root_of_trust.trust_list.issuer(&world.base).unwrap();
    let key = issuer.claim169_key(parsed.key_id()).unwrap();
    let cwt = parsed.verify(&key, &RustCryptoProvider).unwrap();
    assert_eq!(cwt.identity.full_name.as_deref(), Some("Hassan Ali"));
    assert!(cwt.identity.face().unwrap().len() >= symbolon_issuer_server::MIN_CARD_FACE_BYTES);
    assert!(cwt.status.reference().unwrap().uri().starts_with(&world.base));
    assert_eq!(status(&world, &card["credential"]).await.0, "valid");

    let order = json!({ "record": HASSAN, "format": "pdf", "replaces": card["credential"] });
    let reprint = world.ordered("/cards", order.clone()).await;
    assert!(
        base64::decode(reprint["document"].as_str().unwrap())
            .unwrap()
            .starts_with(b"%PDF")
    );
    let (old_status, successor) = status(&world, &card["credential"]).await;
    assert_eq!(old_status, "revoked");
    assert_eq!(successor, reprint["credential"]);
    let twice = world.order("/cards").json(&order).send().await.unwrap();
    assert_eq!(twice.status(), StatusCode::CONFLICT);
    let page = world
        .ordered("/credentials/list", json!({ "record": HASSAN }))
        .await;
    assert_eq!(
        page["credentials"].as_array().unwrap().len(),
        2,
        "a refused reprint leaves nothing in the books"
    );
}

fn read(world: &World, text: &str) -> Verified<Cwt> {
    let parsed = ParsedClaim169::parse_qr_text(text, Claim169Budget::DEFAULT).unwrap();
    let issuer = world.root_of_trust.trust_list.issuer(&world.base).unwrap();
    let key = issuer.claim169_key(parsed.key_id()).unwrap();
    parsed.verify(&key, &RustCryptoProvider).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_face_of_its_own_code_is_larger_and_one_credential_with_the_name() {
    let world = world().await;
    let order = json!({ "record": HASSAN, "format": "png", "face": "second-code" });
    let card = world.ordered("/cards", order).await;
    let (name, face) = (
        read(&world, card["qr_text"].as_str().unwrap()),
        read(&world, card["face_qr_text"].as_str().unwrap()),
    );
    assert_eq!(name.identity.face(), None);
    let joined = join(name, face).unwrap();
    let one = world
        .ordered("/cards", json!({ "record": HASSAN, "format": "png" }))
        .await;
    let one = read(&world, one["qr_text"].as_str().unwrap());
    let (larger, smaller) = (joined.identity.face().unwrap(), one.identity.face().unwrap());
    assert!(
        larger.len() > smaller.len(),
        "{} and {}",
        larger.len(),
        smaller.len()
    );
    let page = world
        .ordered("/credentials/list", json!({ "record": HASSAN }))
        .await;
    assert_eq!(
        page["credentials"].as_array().unwrap().len(),
        2,
        "each card is one credential"
    );
    let order =
        json!({ "record": HASSAN, "format": "pdf", "face": "second-code", "replaces": card["credential"] });
    world.ordered("/cards", order).await;
    assert_eq!(status(&world, &card["credential"]).await.0, "revoked");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_face_is_encrypted_for_the_key_of_the_order_and_a_bad_key_is_refused() {
    let world = world().await;
    let key = ContentKey::make(ContentEncryption::A128Gcm, &SeededRandomness::new(6)).unwrap();
    let key = NamedContentKey::new("clinics", key).unwrap();
    let order = json!({ "record": HASSAN, "format": "pdf", "face": { "encrypted-for": *key.to_jwk() } });
    let card = world.ordered("/cards", order).await;
    let text = card["face_qr_text"].as_str().unwrap();
    assert!(text.len() <= symbolon_issuer_server::CARD_QR_MAX_CHARACTERS);
    let message = Claim169Message::parse_qr_text(text, Claim169Budget::DEFAULT).unwrap();
    let Claim169Message::Encrypted(locked) = message else {
        panic!("the face is encrypted");
    };
    assert!(locked.unlock_with(&[key]).is_ok());
    for bad in ["", "{}", "not a key"] {
        let order = json!({ "record": HASSAN, "format": "pdf", "face": { "encrypted-for": bad } });
        let refused = world.order("/cards").json(&order).send().await.unwrap();
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
        assert!(refused.text().await.unwrap().contains("invalid_face_key"));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_name_that_no_font_writes_is_told_and_nothing_is_booked() {
    let world = World::start().await;
    // Linear B, which the built-in fonts do not have.
    world
        .import(&[record(HASSAN, "\u{10000}\u{10001}\u{10002}")])
        .await;
    let response = world
        .order("/cards")
        .json(&json!({ "record": HASSAN, "format": "png" }))
        .send()
        .await
        .unwrap();
    assert_eq!(response.status(), StatusCode::CONFLICT);
    assert!(response.text().await.unwrap().contains("Linear"));
    let page = world.ordered("/credentials/list", json!({})).await;
    assert_eq!(page["credentials"], json!([]));
}
