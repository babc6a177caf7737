use super::*;
use crate::openid4vci::encryption::tests::wanted;
use crate::openid4vci::identifiers::{NotificationId, TransactionId};

#[test]
fn a_request_reads_back() {
    for selector in [
        CredentialSelector::Configuration(ConfigurationId::parse("a").unwrap()),
        CredentialSelector::Identifier(CredentialIdentifier::parse("a").unwrap()),
    ] {
        let request = CredentialRequest {
            selector,
            proofs: Some(Proofs::Jwt(vec!["x.y.z".to_owned()])),
            response_encryption: None,
        };
        assert_eq!(
            CredentialRequest::parse(&serde_json::to_vec(&request).unwrap()),
            Ok(request)
        );
    }
}

#[test]
fn every_kind_of_proof_reads_back() {
    let presentation = Map::from_iter([("type".to_owned(), "VerifiablePresentation".into())]);
    for proofs in [
        Proofs::Jwt(vec!["a.b.c".to_owned(), "d.e.f".to_owned()]),
        Proofs::Attestation("a.b.c".to_owned()),
        Proofs::DiVp(vec![presentation]),
    ] {
        let request = CredentialRequest {
            selector: CredentialSelector::Configuration(ConfigurationId::parse("a").unwrap()),
            proofs: Some(proofs),
            response_encryption: None,
        };
        assert_eq!(
            CredentialRequest::parse(&serde_json::to_vec(&request).unwrap()),
            Ok(request)
        );
    }
}

#[test]
fn only_an_encrypted_request_asks_for_an_encrypted_response() {
    let request = CredentialRequest {
        selector: CredentialSelector::Configuration(ConfigurationId::parse("a").unwrap()),
        proofs: None,
        response_encryption: Some(wanted()),
    };
    let body = serde_json::to_vec(&request).unwrap();
    assert_eq!(
        CredentialRequest::parse_carried(&body, RequestCarriage::Encrypted),
        Ok(request)
    );
    let refused = CredentialRequest::parse(&body).unwrap_err();
    assert_eq!(
        refused,
        CredentialRequestError::ResponseEncryption(InvalidResponseEncryption::PlainRequest)
    );
    assert_eq!(refused.code(), CredentialErrorCode::InvalidEncryptionParameters);
}

#[test]
fn each_broken_request_gets_its_code() {
    use CredentialErrorCode as Code;
    for (body, code) in [
        ("[]", Code::InvalidCredentialRequest),
        ("{}", Code::InvalidCredentialRequest),
        (
            r#"{"credential_identifier":"a","credential_configuration_id":"b"}"#,
            Code::InvalidCredentialRequest,
        ),
        (
            r#"{"credential_configuration_id":1}"#,
            Code::InvalidCredentialRequest,
        ),
        (
            r#"{"credential_configuration_id":""}"#,
            Code::UnknownCredentialConfiguration,
        ),
        (
            r#"{"credential_configuration_id":"a","proofs":{}}"#,
            Code::InvalidProof,
        ),
        (
            r#"{"credential_configuration_id":"a","proofs":{"jwt":[]}}"#,
            Code::InvalidProof,
        ),
        (
            r#"{"credential_configuration_id":"a","proofs":{"jwt":[1]}}"#,
            Code::InvalidProof,
        ),
        (
            r#"{"credential_configuration_id":"a","proofs":{"jwt":["a"],"di_vp":[]}}"#,
            Code::InvalidProof,
        ),
        (
            r#"{"credential_configuration_id":"a","proofs":{"di_vp":["a"]}}"#,
            Code::InvalidProof,
        ),
        (
            r#"{"credential_configuration_id":"a","proofs":{"attestation":["a","b"]}}"#,
            Code::InvalidProof,
        ),
        (
            r#"{"credential_configuration_id":"a","proofs":{"ldp_vp":["a"]}}"#,
            Code::InvalidProof,
        ),
        (
            r#"{"credential_configuration_id":"a","credential_response_encryption":{}}"#,
            Code::InvalidEncryptionParameters,
        ),
    ] {
        let error = CredentialRequest::parse(body.as_bytes()).unwrap_err();
        assert_eq!(error.code(), code, "{body}: {error}");
    }
}

#[test]
fn names_the_draft_that_it_does_not_speak() {
    for body in [
        r#"{"format":"vc+sd-jwt","vct":"a","proof":{"proof_type":"jwt","jwt":"a"}}"#,
        r#"{"credential_configuration_id":"a","proof":{"proof_type":"jwt","jwt":"a"}}"#,
    ] {
        assert_eq!(
            CredentialRequest::parse(body.as_bytes()),
            Err(CredentialRequestError::DraftShape)
        );
    }
}

#[test]
fn a_response_reads_back() {
    let issued = CredentialResponse::Issued {
        credentials: vec![
            IssuedCredential::Text("a~".to_owned()),
            IssuedCredential::Object(Map::from_iter([(
                "type".to_owned(),
                "VerifiableCredential".into(),
            )])),
        ],
        notification_id: NotificationId::parse("n"),
    };
    let deferred = CredentialResponse::Deferred {
        transaction_id: TransactionId::parse("t").unwrap(),
        interval: 5,
    };
    for response in [issued, deferred] {
        assert_eq!(
            CredentialResponse::parse(&serde_json::to_vec(&response).unwrap()),
            Ok(response)
        );
    }
}

#[test]
fn refuses_a_response_that_is_both_or_neither() {
    for (body, error) in [
        (
            r#"{"credentials":[{"credential":"a"}],"transaction_id":"t","interval":1}"#,
            "NotOneOutcome",
        ),
        (r#"{"credential":"a"}"#, "NotOneOutcome"),
        (r#"{"credentials":[]}"#, "NoCredentials"),
        (r#"{"transaction_id":"t"}"#, "NoInterval"),
        (r#"{"transaction_id":"t","interval":0}"#, "NoInterval"),
    ] {
        assert_eq!(
            format!("{:?}", CredentialResponse::parse(body.as_bytes()).unwrap_err()),
            error
        );
    }
}
