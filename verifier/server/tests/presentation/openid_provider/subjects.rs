//! Who a customer is to a bank.

use http::Method;
use serde_json::{Value, json};

use super::{Banks, Browser, insert_party, location, parameter, party, told};

impl Banks {
    /// The subject of a person at a client.
    async fn subject(&self, client: &str, credential: &str) -> Value {
        let sent_to = self.sign_in_with(&self.request(client, &[]), credential).await;
        let tokens = self.tokens(client, &parameter(&sent_to, "code").unwrap()).await;
        self.id_token(&tokens).await["sub"].clone()
    }
}

#[tokio::test]
async fn copies_of_one_persons_credential_are_one_customer_at_one_bank_and_strangers_between_banks() {
    let banks = Banks::new().await;
    let at_bank = banks.subject("bank", &banks.credential("784-1", 5)).await;
    // A second copy, and the one that replaces both: other salts, other signatures, the same number.
    assert_eq!(
        banks.subject("bank", &banks.credential("784-1", 6)).await,
        at_bank
    );
    banks.world.advance(3600);
    banks.world.publish(symbolon_trust::status_list::Status::Valid);
    assert_eq!(
        banks.subject("bank", &banks.credential("784-1", 7)).await,
        at_bank
    );
    let neighbour = banks.subject("bank", &banks.credential("784-2", 5)).await;
    assert_ne!(neighbour, at_bank);
    let at_broker = banks.subject("broker", &banks.credential("784-1", 5)).await;
    assert_ne!(at_broker, at_bank);
    let text = at_bank.as_str().unwrap();
    assert!(!text.contains("784") && text.len() == 43);
}

#[tokio::test]
async fn banks_of_one_sector_share_their_customers() {
    let banks = Banks::with(|configuration, _| {
        for name in ["bank", "broker"] {
            insert_party(
                configuration,
                name,
                party(name, json!({"sector": "first.example"})),
            );
        }
    })
    .await;
    let credential = banks.credential("784-1", 5);
    assert_eq!(
        banks.subject("bank", &credential).await,
        banks.subject("broker", &credential).await
    );
}

/// OpenID Connect Core 1.0 §5.5.1 and §5.5.1.1: whoever is not the person, or has not the level, is not signed in.
#[tokio::test]
async fn a_bank_that_demands_a_person_or_a_level_gets_nobody_else() {
    let banks = Banks::new().await;
    let credential = banks.credential("784-1", 5);
    let own = banks.subject("bank", &credential).await;
    let demands =
        |claims: Value| banks.request("bank", &[("claims", &json!({"id_token": claims}).to_string())]);
    for (claims, signed_in) in [
        (json!({"sub": {"value": own}}), true),
        (json!({"sub": {"value": "somebody else"}}), false),
        (json!({"acr": {"essential": true, "values": ["high"]}}), true),
        (json!({"acr": {"essential": true, "value": "low"}}), false),
        (json!({"acr": {"values": ["unheard of"]}}), true),
    ] {
        let sent_to = banks.sign_in_with(&demands(claims.clone()), &credential).await;
        assert_eq!(parameter(&sent_to, "code").is_some(), signed_in, "{claims}");
        let expected = (!signed_in).then(|| "access_denied".to_owned());
        assert_eq!(parameter(&sent_to, "error"), expected, "{claims}");
    }
    // A level that there is not needs no wallet to fail.
    let unheard = demands(json!({"acr": {"essential": true, "values": ["unheard of"]}}));
    let sent = banks.authorize(&mut Browser::default(), &unheard).await;
    assert_eq!(told(&banks, &sent), "access_denied");
}

#[tokio::test]
async fn a_credential_without_a_number_identifies_nobody() {
    let banks = Banks::new().await;
    let claims = json!({"given_name": "Amina", "family_name": "Diallo", "personal_number": "  "});
    let credential = banks.world.credential_saying(claims, 5);
    let mut browser = Browser::default();
    let page = banks.begin(&mut browser, &banks.request("bank", &[])).await;
    let link = banks.cross_device_link(&page, "bank").await;
    banks.present(&link, &credential).await;
    let sent = browser.send(&banks.world, Method::GET, &page.url, None).await;
    assert_eq!(told(&banks, &sent), "access_denied");
    assert_eq!(
        parameter(&location(&sent), "error_description").unwrap(),
        "what was shown does not identify the person"
    );
}
