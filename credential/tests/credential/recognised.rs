//! What is it that somebody holds up.

use crate::mdoc;
use crate::support::{credential, holder_key, issue, issuer_key, jwt, key_binding_claims, present};
use serde_json::json;
use symbolon_credential::claim169::{Claim169Error, Claim169KeyReference, Cwt, IdentityData, prepare};
use symbolon_credential::mdoc::MdocError;
use symbolon_credential::sd_jwt_vc::SdJwtVcError;
use symbolon_credential::status::CredentialStatus;
use symbolon_credential::{Input, NotRecognised, Presented, Validity, pixelpass};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::encoding::base64url;

fn error(text: &str) -> NotRecognised {
    error_of(text.as_bytes())
}

fn error_of(bytes: &[u8]) -> NotRecognised {
    match Input::open(bytes) {
        Ok(input) => input.read().map(drop).unwrap_err(),
        Err(error) => error,
    }
}

/// What the form is called.
fn form(bytes: &[u8]) -> String {
    let input = Input::open(bytes).unwrap();
    let debug = format!("{input:?}");
    match input.read() {
        Ok(_) => debug,
        Err(error) => format!("{debug}: {error}"),
    }
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
        let input = Input::of_text(&text).unwrap();
        assert!(matches!(input.read(), Ok(Presented::SdJwtVc(_))));
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
    let with_line_break = format!("{text}\n");
    let in_credential =
        json!({ "credentialSubject": { "claim169": { "identityQRCode": text } } }).to_string();
    let packed = pixelpass::encode(&in_credential, "").unwrap();
    for text in [text.as_str(), &with_line_break, &in_credential, &packed] {
        assert_eq!(form(text.as_bytes()), "Input(Claim169)", "{text}");
    }
    // Untagged bytes, as a file.
    assert_eq!(form(signed.cose()), "Input(Claim169)");
}

#[test]
fn an_mdoc_is_recognised_as_bytes_base64url_hexadecimal_and_in_pixelpass() {
    let device = mdoc::support::secret(SignatureAlgorithm::Es256, 9);
    let authority = mdoc::support::Authority::new(20);
    let issued = authority.issue(&mdoc::support::to_issue(&device));
    let transcript = mdoc::support::transcript("n");
    let response = mdoc::support::present(
        &issued,
        &[(mdoc::support::SPACE, "given_name")],
        &device,
        &transcript,
    );
    for (bytes, name) in [
        (&issued, "Input(IssuerSigned)"),
        (&response, "Input(DeviceResponse)"),
    ] {
        let text = base64url::encode(bytes);
        let hexadecimal: String = bytes.iter().map(|byte| format!("{byte:02x}")).collect();
        let packed = pixelpass::encode(&text, "").unwrap();
        for input in [
            bytes.as_slice(),
            text.as_bytes(),
            hexadecimal.as_bytes(),
            packed.as_bytes(),
        ] {
            assert_eq!(form(input), name);
        }
    }
}

#[test]
fn what_inji_wrote_before_2026_is_refused_with_the_rule_that_it_breaks() {
    let device = mdoc::support::secret(SignatureAlgorithm::Es256, 9);
    let authority = mdoc::support::Authority::new(20);
    let issued = authority.issue(&mdoc::support::to_issue(&device));
    // {"docType": "x", "issuerSigned": IssuerSigned}
    let wrapped = [b"\xa2gdocTypeaxlissuerSigned".as_slice(), &issued].concat();
    assert_eq!(error_of(&wrapped), NotRecognised::Mdoc(MdocError::Wrapped));
    assert_eq!(
        error(&base64url::encode(&wrapped)),
        NotRecognised::Mdoc(MdocError::Wrapped)
    );
    let at = issued.windows(10).position(|part| part == b"issuerAuth").unwrap() + 10;
    let tagged = [&issued[..at], &[0xd2], &issued[at..]].concat();
    assert_eq!(
        error_of(&tagged),
        NotRecognised::Mdoc(MdocError::TaggedIssuerAuth)
    );
}

#[test]
fn w3c_documents_are_recognised_plain_enveloped_and_in_pixelpass() {
    let credential = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiableCredential", "X"],
        "issuer": "did:web:issuer.example", "credentialSubject": { "id": "urn:x:1" },
    });
    let presentation = json!({
        "@context": ["https://www.w3.org/ns/credentials/v2"], "type": "VerifiablePresentation",
        "verifiableCredential": [credential],
    });
    let header =
        json!({ "typ": "vc+jwt", "kid": "did:web:issuer.example#1", "iss": "did:web:issuer.example" });
    let token = jwt(&issuer_key(), header, &credential);
    let envelope = json!({
        "@context": "https://www.w3.org/ns/credentials/v2", "type": "EnvelopedVerifiableCredential",
        "id": format!("data:application/vc+jwt,{token}"),
    });
    for (text, name) in [
        (credential.to_string(), "Input(Credential)"),
        (presentation.to_string(), "Input(Presentation)"),
        (token, "Input(Jwt)"),
        (envelope.to_string(), "Input(Jwt)"),
    ] {
        let packed = pixelpass::encode(&text, "").unwrap();
        for text in [text, packed] {
            assert_eq!(form(text.as_bytes()), name, "{text}");
        }
    }
    let empty =
        json!({ "@context": ["https://www.w3.org/ns/credentials/v2"], "type": "VerifiablePresentation" });
    assert_eq!(error(&empty.to_string()), NotRecognised::NoCredential);
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
