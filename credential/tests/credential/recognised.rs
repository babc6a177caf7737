//! What is it that somebody holds up.

use crate::support::{credential, holder_key, issue, issuer_key, jwt, key_binding_claims, present};
use serde_json::json;
use symbolon_credential::claim169::{Claim169Error, Claim169KeyReference, Cwt, IdentityData, prepare};
use symbolon_credential::sd_jwt_vc::SdJwtVcError;
use symbolon_credential::status::CredentialStatus;
use symbolon_credential::{NotRecognised, Presented, Validity, recognise};
use symbolon_crypto::SignatureAlgorithm;

fn error(text: &str) -> NotRecognised {
    recognise(text).map(drop).unwrap_err()
}

#[test]
fn an_sd_jwt_credential_is_recognised_with_and_without_a_key_binding() {
    let issued = issue(&credential(), &issuer_key());
    let presented = present(&issued, &[], &key_binding_claims(), &holder_key());
    for text in [
        issued.clone(),
        presented,
        format!("{issued}\r\n"),
        format!("\u{feff} {issued} \n"),
    ] {
        assert!(matches!(recognise(&text), Ok(Presented::SdJwtVc(_))));
    }
}

#[test]
fn a_claim_169_text_is_recognised() {
    let cwt = Cwt {
        issuer: None,
        subject: None,
        validity: Validity::default(),
        identity: IdentityData::default(),
        status: CredentialStatus::NotTracked,
        confirmation: None,
        unknown: Vec::new(),
    };
    let key = Claim169KeyReference::KeyId(vec![1]);
    let signed = prepare(&cwt, SignatureAlgorithm::EdDsa, &key)
        .unwrap()
        .finish(vec![0; 64])
        .unwrap();
    let text = signed.qr_text();
    assert!(matches!(recognise(&text), Ok(Presented::Claim169(_))));
    assert!(matches!(
        recognise(&format!("{text}\n")),
        Ok(Presented::Claim169(_))
    ));
}

#[test]
fn anything_else_is_said_to_be_what_it_is() {
    assert_eq!(error(""), NotRecognised::Empty);
    assert_eq!(error(" \n"), NotRecognised::Empty);
    assert_eq!(error("openid4vp://?client_id=x"), NotRecognised::WalletLink);
    assert_eq!(error("OPENID-CREDENTIAL-OFFER://?x"), NotRecognised::WalletLink);
    assert_eq!(error("INJI_OVP://x"), NotRecognised::WalletLink);
    assert_eq!(
        error(&jwt(&issuer_key(), json!({}), &json!({}))),
        NotRecognised::PlainJwt
    );
    assert_eq!(error("{\"credential\":{}}"), NotRecognised::UnknownForm);
    assert_eq!(error("BB8"), NotRecognised::Claim169(Claim169Error::NotZlib));
    let other = jwt(&issuer_key(), json!({"typ": "vc+sd-jwt"}), &json!({"vct": "x"})) + "~";
    assert_eq!(error(&other), NotRecognised::SdJwtVc(SdJwtVcError::WrongType));
}
