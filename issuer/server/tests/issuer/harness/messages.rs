//! What goes over the wire: offers, proofs, requests and records.

use super::*;

/// An offer as the wallet sees it.
pub(crate) struct Offer {
    pub(crate) code: String,
    pub(crate) tx_code: Option<String>,
}

impl Offer {
    pub(crate) fn of(created: OfferCreated) -> Self {
        let OfferLink::ByValue(offer) = OfferLink::parse(&created.link, UrlPolicy::Development).unwrap()
        else {
            panic!("an offer by value was ordered");
        };
        let grant = offer.pre_authorized_code().unwrap();
        assert_eq!(grant.tx_code.is_some(), created.tx_code.is_some());
        Self {
            code: grant.pre_authorized_code.expose().to_owned(),
            tx_code: created.tx_code,
        }
    }
}

/// Where an offer by reference is fetched, of what the interface answered.
pub(crate) fn address_of(created: &Value) -> String {
    let link = reqwest::Url::parse(created["link"].as_str().unwrap()).unwrap();
    let uri = link
        .query_pairs()
        .find(|(name, _)| name == "credential_offer_uri");
    uri.unwrap().1.into_owned()
}

pub(crate) fn proof_for(key: &SecretKey, issuer: &str, nonce: Option<&str>, at: UnixTime) -> String {
    let nonce = nonce.map(|nonce| CNonce::parse(nonce).unwrap());
    let issuer = IssuerIdentifier::parse(issuer).unwrap();
    let prepared = proof::prepare(&key.public_key(), &issuer, nonce.as_ref(), None, at);
    let signature = RustCryptoProvider
        .sign(key, prepared.signing_input().as_bytes())
        .unwrap();
    prepared.finish(&signature)
}

pub(crate) const PRE_AUTHORIZED: &str = "urn:ietf:params:oauth:grant-type:pre-authorized_code";

pub(crate) fn wanted(proofs: &[String]) -> Value {
    wanted_of("NationalIdentity", proofs)
}

pub(crate) fn wanted_of(configuration: &str, proofs: &[String]) -> Value {
    json!({ "credential_configuration_id": configuration, "proofs": { "jwt": proofs } })
}

pub(crate) async fn error_of(response: Response) -> String {
    let body: Value = response.json().await.unwrap();
    body["error"].as_str().unwrap().to_owned()
}

pub(crate) fn record(uin: &str, name: &str) -> Value {
    let text = |value: &str| json!([{ "language": "eng", "value": value }]);
    json!({
        "IDSchemaVersion": 0.1,
        "UIN": uin,
        "fullName": text(name),
        "dateOfBirth": "1987/11/25",
        "gender": text("MLE"),
        "addressLine1": text("12 Cedar Street"),
        "addressLine2": text("Old Town"),
        "addressLine3": text("Third floor"),
        "region": text("Rabat"),
        "province": text("Kenitra"),
        "city": text("Kenitra"),
        "zone": text("Ben Mansour"),
        "postalCode": "14022",
        "phone": "6352000101",
        "email": "someone@example.org",
        "proofOfIdentity": { "format": "pdf", "type": "CIN", "value": "proofOfIdentity", "refNumber": null },
        "individualBiometrics": { "format": "cbeff", "version": 1, "value": "individualBiometrics_bio_CBEFF" },
    })
}
