//! Clients without certificates.

use symbolon_did::did_jwk;

use super::*;
use crate::openid4vp::client_metadata::JwkSet;
use crate::openid4vp::registered::RegisteredClient;

const ADDRESS: &str = "https://clinic.example/responses/1";

fn expecting<'a>(client_id: &'a ClientId, clients: KnownClients<'a>) -> RequestExpectations<'a> {
    RequestExpectations {
        client_id,
        clients,
        urls: UrlPolicy::Public,
        issuer: None,
        wallet_nonce: None,
        now: NOW,
    }
}

const fn nobody() -> KnownClients<'static> {
    KnownClients::anchored_by(&[], ResponseUriRule::NamedInCertificate)
}

/// An object of `client_id` that `key` signs, naming it so.
fn signed(client_id: &ClientId, key: &SoftwareKey, signer: SignerReference<'_>) -> String {
    let verifier = verifier(10);
    let validity = RequestValidity {
        issued_at: NOW,
        expires_at: NOW.plus(Duration::from_secs(300)),
    };
    let request = verifier.request(client_id);
    let prepared = prepare(&request, signer, SignatureAlgorithm::Es256, validity, None).unwrap();
    let signature = RustCryptoProvider
        .sign(key.secret_key(), prepared.signing_input().as_bytes())
        .unwrap();
    prepared.finish(&signature)
}

fn registration(keys: Vec<symbolon_crypto::Jwk>) -> RegisteredClient {
    RegisteredClient {
        client_id: ClientId::parse("clinic").unwrap(),
        name: "Clinic".to_owned(),
        response_uris: vec![HttpUrl::parse(ADDRESS).unwrap()],
        request_object_keys: JwkSet { keys },
        client_metadata: ClientMetadata::for_encrypted_response(software_key(77).public_key(), None),
    }
}

fn parameters(client_id: &ClientId) -> Map<String, Value> {
    verifier(10).request(client_id).to_claims().unwrap()
}

#[test]
fn a_did_proves_itself_by_the_key_that_kid_names() {
    let key = software_key(40);
    let did = did_jwk(key.public_key()).unwrap();
    let id = ClientId::decentralized_identifier(&did);
    let method = did.with_fragment("0").unwrap();
    let object = signed(&id, &key, SignerReference::VerificationMethod(&method));
    let verified = verify(&object, &expecting(&id, nobody()), &RustCryptoProvider).unwrap();
    assert_eq!(
        verified.proof(),
        &ClientProof::DecentralizedIdentifier(did.clone())
    );
    assert!(verified.refuse(PresentationErrorCode::AccessDenied).is_some());

    let stranger = did_jwk(software_key(41).public_key()).unwrap();
    for (reference, signer, reason) in [
        (
            SignerReference::VerificationMethod(&stranger.with_fragment("0").unwrap()),
            &key,
            RequestObjectError::NoKey,
        ),
        (SignerReference::KeyId("0"), &key, RequestObjectError::NoKey),
        (
            SignerReference::VerificationMethod(&method),
            &software_key(41),
            RequestObjectError::Signature,
        ),
        (
            SignerReference::Certificates(&[verifier(10).leaf]),
            &key,
            RequestObjectError::NoKey,
        ),
    ] {
        let object = signed(&id, signer, reference);
        let refused = verify(&object, &expecting(&id, nobody()), &RustCryptoProvider).unwrap_err();
        assert_eq!(refused, RequestRefused { reason, tell: None });
    }
}

#[test]
fn the_document_of_a_did_says_which_keys_may_sign() {
    let key = software_key(40);
    let did = Did::parse("did:web:clinic.example").unwrap();
    let id = ClientId::decentralized_identifier(&did);
    let method = did.with_fragment("key-1").unwrap();
    let object = signed(&id, &key, SignerReference::VerificationMethod(&method));
    let document = |relationship: &str, of: &Did| {
        let document = json!({
            "id": of,
            "verificationMethod": [{
                "id": method, "type": "JsonWebKey", "controller": of, "publicKeyJwk": key.public_key().to_jwk(),
            }],
            relationship: [method],
        });
        PublishedDocument::from_value(&document, of).unwrap()
    };
    let other = Did::parse("did:web:other.example").unwrap();
    for (document, accepted) in [
        (Some(document("authentication", &did)), true),
        (Some(document("assertionMethod", &did)), true),
        (Some(document("keyAgreement", &did)), false),
        (Some(document("authentication", &other)), false),
        (None, false),
    ] {
        let clients = KnownClients {
            did_document: document.as_ref(),
            ..nobody()
        };
        let verified = verify(&object, &expecting(&id, clients), &RustCryptoProvider);
        assert_eq!(verified.is_ok(), accepted, "{document:?}");
    }
}

#[test]
fn a_registered_client_signs_as_it_was_registered() {
    let key = software_key(50);
    let jwk = symbolon_crypto::Jwk {
        kid: Some("one".to_owned()),
        ..key.public_key().to_jwk()
    };
    let id = ClientId::parse("clinic").unwrap();
    let (signing, silent) = ([registration(vec![jwk])], [registration(Vec::new())]);
    let object = signed(&id, &key, SignerReference::KeyId("one"));
    let with = |registered| KnownClients {
        registered,
        ..nobody()
    };
    let check = |object: &str, registered| {
        verify(object, &expecting(&id, with(registered)), &RustCryptoProvider)
            .map(|verified| verified.proof().clone())
            .map_err(|refused| (refused.reason, refused.tell.is_some()))
    };
    let proof = ClientProof::Registered {
        name: "Clinic".to_owned(),
        request: RegisteredRequest::Signed,
    };
    assert_eq!(check(&object, &signing), Ok(proof));
    assert_eq!(
        check(&object, &[]),
        Err((RequestObjectError::NotRegistered, false))
    );
    assert_eq!(check(&object, &silent), Err((RequestObjectError::Signed, false)));
    let foreign = signed(&id, &software_key(51), SignerReference::KeyId("one"));
    assert_eq!(
        check(&foreign, &signing),
        Err((RequestObjectError::Signature, false))
    );
    let unknown = signed(&id, &key, SignerReference::KeyId("two"));
    assert_eq!(check(&unknown, &signing), Err((RequestObjectError::NoKey, false)));

    let unsigned = |registered| {
        verify_unsigned(&parameters(&id), &expecting(&id, with(registered)))
            .map(|verified| verified.proof().clone())
            .map_err(|refused| refused.reason)
    };
    let proof = ClientProof::Registered {
        name: "Clinic".to_owned(),
        request: RegisteredRequest::Unsigned,
    };
    assert_eq!(unsigned(&silent), Ok(proof));
    assert_eq!(unsigned(&signing), Err(RequestObjectError::Unsigned));
    assert_eq!(unsigned(&[]), Err(RequestObjectError::NotRegistered));
}

#[test]
fn the_answers_of_a_registered_client_go_where_it_was_registered_for() {
    let id = ClientId::parse("clinic").unwrap();
    let registered = [registration(Vec::new())];
    let clients = KnownClients {
        registered: &registered,
        ..nobody()
    };
    for address in [
        "https://clinic.example/responses/2",
        "https://clinic.example/responses/1/",
    ] {
        let mut parameters = parameters(&id);
        parameters.insert("response_uri".to_owned(), json!(address));
        let refused = verify_unsigned(&parameters, &expecting(&id, clients)).unwrap_err();
        assert_eq!(
            refused,
            RequestRefused {
                reason: RequestObjectError::ForeignResponseUri,
                tell: None
            }
        );
    }
    // The address is registered, so that it may be told what is wrong.
    let mut parameters = parameters(&id);
    parameters.insert("response_type".to_owned(), json!("code"));
    let refused = verify_unsigned(&parameters, &expecting(&id, clients)).unwrap_err();
    assert_eq!(
        refused.tell.unwrap().answer.error,
        PresentationErrorCode::UnsupportedResponseType
    );
}

#[test]
fn whoever_proves_nothing_is_told_nothing() {
    let id = ClientId::redirect_uri(&HttpUrl::parse(ADDRESS).unwrap());
    let verified = verify_unsigned(&parameters(&id), &expecting(&id, nobody())).unwrap();
    assert_eq!(verified.proof(), &ClientProof::Nothing);
    assert_eq!(verified.refuse(PresentationErrorCode::AccessDenied), None);
    for (name, value, reason) in [
        (
            "nonce",
            json!("a b"),
            RequestObjectError::Parameters(RequestDefect::Nonce),
        ),
        (
            "response_uri",
            json!("https://other.example/"),
            RequestObjectError::ForeignResponseUri,
        ),
        ("client_id", json!("clinic"), RequestObjectError::ClientIdMismatch),
    ] {
        let mut parameters = parameters(&id);
        parameters.insert(name.to_owned(), value);
        let refused = verify_unsigned(&parameters, &expecting(&id, nobody())).unwrap_err();
        assert_eq!(refused, RequestRefused { reason, tell: None });
    }
}

#[test]
fn whoever_must_sign_is_refused_without_a_signature() {
    let verifier = verifier(10);
    let anchors = [verifier.anchor.clone()];
    let did = did_jwk(software_key(40).public_key()).unwrap();
    for id in [
        verifier.hash_id(),
        ClientId::parse("x509_san_dns:clinic.example").unwrap(),
        ClientId::decentralized_identifier(&did),
    ] {
        let clients = KnownClients::anchored_by(&anchors, ResponseUriRule::NamedInCertificate);
        let refused = verify_unsigned(&parameters(&id), &expecting(&id, clients)).unwrap_err();
        assert_eq!(
            refused,
            RequestRefused {
                reason: RequestObjectError::Unsigned,
                tell: None
            }
        );
    }
}
