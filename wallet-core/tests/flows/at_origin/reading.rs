//! What an answer says to whoever asked.

use serde_json::{Map, Value};
use symbolon_credential::mdoc::{DeviceAuthentication, SessionTranscript};
use symbolon_credential::sd_jwt::SdJwtBudget;
use symbolon_credential::sd_jwt_vc::{ExpectedKeyBinding, ExpectedTransactionData, SdJwtVc};
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::jose::jwe::{JweCodec as _, PureJwe};
use symbolon_protocol::digital_credentials::DigitalCredentialMessage;
use symbolon_protocol::digital_credentials::openid4vp::OriginAnswer;
use symbolon_protocol::openid4vp::response::{Presentation, VpToken};

use super::*;
use crate::support::World;
use crate::support::certificates::certificates;
use crate::support::presentation::only_document;

pub(super) fn opened(answer: &DigitalCredentialMessage) -> VpToken {
    let OriginAnswer::Encrypted(jwe) = OriginAnswer::parse(&answer.data).unwrap() else {
        panic!("encrypted")
    };
    let lookup = |_: Option<&str>| Some(key());
    let opened = PureJwe::new(&RustCryptoProvider)
        .decrypt(&jwe, &lookup, 1 << 20)
        .unwrap();
    match OriginAnswer::parse_decrypted(&opened.payload).unwrap() {
        OriginAnswer::Presented(token) => token,
        other => panic!("{other:?}"),
    }
}

/// The claims of an SD-JWT VC that is bound to the page.
pub(super) fn sd_jwt_claims(
    world: &World,
    answer: &DigitalCredentialMessage,
    audience: &str,
) -> Map<String, Value> {
    let token = opened(answer);
    let Presentation::Text(text) = &token.0.values().next().unwrap()[0] else {
        panic!("a text")
    };
    let credential = SdJwtVc::parse(text, SdJwtBudget::DEFAULT).unwrap();
    let issuer = certificates().issuer.certificate.public_key();
    let verified = credential
        .verify_issuer_signature(issuer, &RustCryptoProvider)
        .unwrap();
    let expected = ExpectedKeyBinding {
        audience,
        nonce: NONCE,
        now: world.now,
        max_age: core::time::Duration::from_secs(300),
        max_clock_skew: core::time::Duration::from_secs(60),
        transaction_data: ExpectedTransactionData::None,
    };
    verified
        .verify_key_binding(&expected, &RustCryptoProvider)
        .unwrap();
    verified.claims().clone()
}

/// The claims of the one document of a response that its device authenticated in this session.
pub(super) fn mdoc_claims(
    world: &World,
    response: &[u8],
    transcript: &SessionTranscript,
) -> Map<String, Value> {
    let accepted = DeviceAuthentication::SignatureOnly;
    let document = only_document(response, transcript, accepted, world.now);
    document.issuer_signed().claims()
}
