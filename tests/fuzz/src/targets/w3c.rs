//! W3C credentials and presentations: documents, and tokens around them.

use std::sync::LazyLock;

use serde_json::{Value, json};
use symbolon_credential::data_integrity::ContextTable;
use symbolon_credential::w3c::cose::{self, CoseCredential};
use symbolon_credential::w3c::jose::{
    ExpectedPresentation, JwtCredential, JwtPresentation, PresentationToSign, prepare_credential,
};
use symbolon_credential::w3c::{
    DateTimeStamp, EnvelopeType, EnvelopedCredential, EnvelopedPresentation, LanguageText,
    VerifiableCredential, VerifiablePresentation, W3cBudget,
};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::cose::Tagging;
use symbolon_crypto::encoding::json::{JsonBudget, parse_value};
use symbolon_did::{Did, DidUrl, did_key};

use super::{armour, for_part, one_of, with_text};
use crate::seeds::{DAY, NOW, TRUSTING_PROVIDER, WORLD};
use crate::{Reading, Target};

/// Credentials, presentations, envelopes, texts in a language, dates.
pub(super) const DOCUMENTS: Target = Target {
    name: "w3c_documents",
    run: |input| {
        one_of(
            &[
                |input| {
                    let credential = VerifiableCredential::parse(input, W3cBudget::DEFAULT);
                    if let Ok(credential) = &credential {
                        look_at(credential);
                        let written = Value::Object(credential.document().clone());
                        let again = VerifiableCredential::from_value(written);
                        assert!(again.is_ok(), "a document that is written reads again");
                    }
                    Reading::of(&credential.map(|_| ()))
                },
                |input| {
                    let presentation = VerifiablePresentation::parse(input, W3cBudget::DEFAULT);
                    if let Ok(presentation) = &presentation {
                        let _ = (
                            presentation.holder(),
                            presentation.credentials().len(),
                            presentation.proofs(),
                        );
                    }
                    Reading::of(&presentation.map(|_| ()))
                },
                |input| {
                    json_of(input, |value| {
                        let envelope = EnvelopedCredential::from_value(&value);
                        if let Ok(envelope) = &envelope {
                            let again = EnvelopedCredential::from_value(&envelope.to_value());
                            let again = again.expect("an envelope that is written reads again");
                            assert_eq!(again.bytes(), envelope.bytes());
                        }
                        Reading::of(&envelope.map(|_| ()))
                    })
                },
                |input| {
                    json_of(input, |value| {
                        let envelope = EnvelopedPresentation::from_value(&value);
                        if let Ok(envelope) = &envelope {
                            assert!(EnvelopedPresentation::from_value(&envelope.to_value()).is_ok());
                        }
                        Reading::of(&envelope.map(|_| ()))
                    })
                },
                |input| {
                    json_of(input, |value| {
                        let texts = LanguageText::parse_all(&value);
                        if let Some(texts) = texts.as_ref().filter(|texts| !texts.is_empty()) {
                            let written = LanguageText::to_values(texts)
                                .and_then(|value| LanguageText::parse_all(&value));
                            assert_eq!(
                                written.as_ref(),
                                Some(texts),
                                "texts that are written read the same"
                            );
                        }
                        Reading::of_some(texts.as_ref())
                    })
                },
                |input| with_text(input, |text| Reading::of(&DateTimeStamp::parse(text))),
            ],
            input,
        )
    },
    seeds: || {
        let credential = credential();
        let jwt = tokens().first().cloned().unwrap_or_default();
        let enveloped = json!({
            "@context": "https://www.w3.org/ns/credentials/v2", "type": "EnvelopedVerifiableCredential",
            "id": format!("data:application/vc+jwt,{jwt}")
        });
        let enveloped_presentation = json!({
            "@context": "https://www.w3.org/ns/credentials/v2", "type": "EnvelopedVerifiablePresentation",
            "id": format!("data:application/vp+jwt,{}", tokens().get(1).cloned().unwrap_or_default())
        });
        let presentation = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"], "type": ["VerifiablePresentation"],
            "holder": holder_did().as_str(),
            "verifiableCredential": [credential, enveloped]
        });
        vec![
            for_part(0, credential.to_string()),
            for_part(0, legacy_credential().to_string()),
            for_part(1, presentation.to_string()),
            for_part(2, enveloped.to_string()),
            for_part(3, enveloped_presentation.to_string()),
            for_part(
                4,
                json!([{"@value": "Asha", "@language": "en"}, {"@value": "آشا", "@language": "ar", "@direction": "rtl"}])
                    .to_string(),
            ),
            for_part(5, "2026-11-28T00:30:00.5-01:00"),
        ]
    },
};

/// `vc+jwt`, `vp+jwt`, JWTs of VCDM 1.1, and `vc+cose`.
pub(super) const TOKENS: Target = Target {
    name: "w3c_tokens",
    run: |input| {
        one_of(
            &[
                |input| {
                    let Some(text) = armour::jws(input) else {
                        return Reading::NOT_FOR_THE_TARGET;
                    };
                    let credential = match JwtCredential::parse(&text, W3cBudget::DEFAULT) {
                        Ok(credential) => credential,
                        Err(error) => return Reading::refused(&error),
                    };
                    let _ = (credential.issuer_key(), credential.holder_binding());
                    let verified =
                        credential.verify_issuer_signature(WORLD.issuer.public(), &TRUSTING_PROVIDER);
                    if let Ok(credential) = verified {
                        look_at(credential.credential());
                    }
                    Reading::Accepted
                },
                |input| {
                    let Some(text) = armour::jws(input) else {
                        return Reading::NOT_FOR_THE_TARGET;
                    };
                    let presentation = match JwtPresentation::parse(&text, W3cBudget::DEFAULT) {
                        Ok(presentation) => presentation,
                        Err(error) => return Reading::refused(&error),
                    };
                    let expected = ExpectedPresentation {
                        audience: super::sd_jwt::AUDIENCE,
                        nonce: super::sd_jwt::NONCE,
                        now: NOW,
                        max_age: DAY,
                        max_clock_skew: DAY,
                    };
                    let _ = presentation.verify_holder(WORLD.holder.public(), &expected, &TRUSTING_PROVIDER);
                    Reading::Accepted
                },
                |input| {
                    let credential = match CoseCredential::parse(input, W3cBudget::DEFAULT) {
                        Ok(credential) => credential,
                        Err(error) => return Reading::refused(&error),
                    };
                    let _ = credential.issuer_key();
                    let _ = credential.verify_issuer_signature(WORLD.issuer.public(), &TRUSTING_PROVIDER);
                    Reading::Accepted
                },
            ],
            input,
        )
    },
    seeds: || {
        let mut seeds: Vec<Vec<u8>> = tokens()
            .iter()
            .zip([0, 1, 0, 1])
            .map(|(token, part)| for_part(part, armour::parts_of_jws(token)))
            .collect();
        seeds.push(for_part(2, message()));
        seeds
    },
};

/// Contexts with everything that says what a type means.
static CONTEXTS: LazyLock<ContextTable> = LazyLock::new(|| {
    let document = json!({"@context": [{
        "@vocab": "https://registry.example/terms#", "base": "https://registry.example/", "@version": 1.1,
        "IdentityCredential": {"@id": "base:Identity", "@protected": true}, "Alias": "IdentityCredential", "Nothing": null
    }]});
    ContextTable::from_documents([("https://registry.example/contexts/1".to_owned(), document)])
        .expect("a table")
});

fn look_at(credential: &VerifiableCredential) {
    let _ = (
        credential.issuer_did(),
        credential.subjects(),
        credential.holder_binding(),
    );
    let _ = (
        credential.bitstring_status_entries().count(),
        credential.schemas().len(),
    );
    for resource in credential.related_resources() {
        let _ = resource.check(b"document");
    }
    let _ = credential.check_for_issuance();
    let _ = credential.expanded_types(&CONTEXTS);
}

fn json_of(input: &[u8], read: impl FnOnce(Value) -> Reading) -> Reading {
    match parse_value(input, JsonBudget::DEFAULT) {
        Ok(value) => read(value),
        Err(error) => Reading::refused(&error),
    }
}

/// The DID of the issuer of the seeds.
pub(super) fn issuer_did() -> Did {
    did_key(WORLD.issuer.public()).expect("a P-256 key has a DID")
}

/// The DID of the holder of the seeds.
pub(super) fn holder_did() -> Did {
    did_key(WORLD.holder.public()).expect("a P-256 key has a DID")
}

/// The URL of the issuer's key.
pub(super) fn issuer_key_url() -> DidUrl {
    key_url(&issuer_did())
}

/// The URL of the key that a `did:key` is.
pub(super) fn key_url(did: &Did) -> DidUrl {
    let fragment = did.method_specific_identifier();
    DidUrl::parse(&format!("{did}#{fragment}")).expect("a DID and a fragment are a URL")
}

/// A credential with everything in it.
pub(super) fn credential() -> Value {
    json!({
        "@context": ["https://www.w3.org/ns/credentials/v2", "https://www.w3.org/ns/credentials/undefined-terms/v2"],
        "id": "urn:uuid:58172aac-d8ba-11ed-83dd-0b3aef56cc33",
        "type": ["VerifiableCredential", "IdentityCredential"],
        "name": [{"@value": "Identity", "@language": "en"}, {"@value": "هوية", "@language": "ar", "@direction": "rtl"}],
        "description": "An identity",
        "issuer": {"id": issuer_did().as_str(), "name": "Registry"},
        "validFrom": "2026-01-01T00:00:00Z",
        "validUntil": "2036-01-01T00:00:00+05:30",
        "credentialSubject": {
            "id": holder_did().as_str(), "given": "Asha", "age": 36,
            "address": {"locality": "Pune", "lines": ["1", "2"]}
        },
        "credentialStatus": [{
            "id": "https://registry.example/status/1#7", "type": "BitstringStatusListEntry",
            "statusPurpose": "revocation", "statusListIndex": "7",
            "statusListCredential": "https://registry.example/status/1"
        }, {
            "type": "BitstringStatusListEntry", "statusPurpose": "message", "statusSize": 2,
            "statusMessage": [{"status": "0x0", "message": "a"}, {"status": "0x1", "message": "b"},
                {"status": "0x2", "message": "c"}, {"status": "0x3", "message": "d"}],
            "statusListIndex": "8", "statusListCredential": "https://registry.example/status/2"
        }],
        "credentialSchema": {"id": "https://registry.example/schema", "type": "JsonSchema"},
        "relatedResource": [{
            "id": "https://registry.example/contexts/1", "mediaType": "application/ld+json",
            "digestSRI": "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU="
        }],
        "evidence": {"type": "Evidence"}, "termsOfUse": [{"type": "Terms"}],
        "refreshService": {"type": "Refresh"}
    })
}

fn legacy_credential() -> Value {
    json!({
        "@context": ["https://www.w3.org/2018/credentials/v1"], "type": ["VerifiableCredential"],
        "issuer": issuer_did().as_str(), "issuanceDate": "2026-01-01T00:00:00Z",
        "expirationDate": "2036-01-01T00:00:00Z",
        "credentialSubject": {"id": holder_did().as_str(), "given": "Asha"}
    })
}

/// A credential in COSE.
pub(super) fn message() -> Vec<u8> {
    let document = VerifiableCredential::from_value(credential()).expect("a credential");
    let prepared = cose::prepare_credential(&document, SignatureAlgorithm::Es256, &issuer_key_url());
    let prepared = prepared.expect("a message is prepared");
    prepared
        .finish(vec![7; 64], Tagging::Tagged)
        .expect("a message is finished")
}

/// A credential, a presentation, and both in the form of VCDM 1.1.
pub(super) fn tokens() -> &'static [String] {
    static TOKENS: LazyLock<Vec<String>> = LazyLock::new(make_tokens);
    &TOKENS
}

fn make_tokens() -> Vec<String> {
    let document = VerifiableCredential::from_value(credential()).expect("a credential");
    let prepared =
        prepare_credential(&document, SignatureAlgorithm::Es256, &issuer_key_url(), &[]).expect("a token");
    let signature = WORLD.issuer.sign(prepared.signing_input().as_bytes());
    let issued = prepared.finish(&signature);

    let holder = holder_did();
    let credentials = [EnvelopedCredential::from_text(EnvelopeType::VcJwt, &issued).expect("an envelope")];
    let to_sign = PresentationToSign {
        credentials: &credentials,
        key_id: &key_url(&holder),
        audience: super::sd_jwt::AUDIENCE,
        nonce: super::sd_jwt::NONCE,
        issued_at: NOW,
    };
    let prepared = to_sign
        .prepare(SignatureAlgorithm::Es256)
        .expect("a presentation");
    let signature = WORLD.holder.sign(prepared.signing_input().as_bytes());
    let presented = prepared.finish(&signature);

    let sign = |header: Value, claims: Value| {
        let header = header.as_object().cloned().unwrap_or_default();
        let prepared = symbolon_crypto::jose::jws::prepare(
            SignatureAlgorithm::Es256,
            &header,
            claims.to_string().as_bytes(),
        );
        prepared.finish(&[7; 64])
    };
    let legacy = sign(
        json!({"typ": "JWT", "kid": issuer_key_url().to_string()}),
        json!({
            "iss": issuer_did().as_str(), "sub": holder.as_str(), "nbf": NOW.seconds(), "exp": NOW.plus(DAY).seconds(),
            "jti": "urn:uuid:1", "vc": {
                "@context": ["https://www.w3.org/2018/credentials/v1"], "type": ["VerifiableCredential"],
                "credentialSubject": {"id": holder.as_str(), "given": "Asha"}
            }
        }),
    );
    let legacy_presentation = sign(
        json!({"typ": "JWT", "kid": key_url(&holder).to_string()}),
        json!({
            "iss": holder.as_str(), "aud": super::sd_jwt::AUDIENCE, "nonce": super::sd_jwt::NONCE, "iat": NOW.seconds(),
            "vp": {
                "@context": ["https://www.w3.org/2018/credentials/v1"], "type": ["VerifiablePresentation"],
                "verifiableCredential": [legacy]
            }
        }),
    );
    vec![issued, presented, legacy, legacy_presentation]
}
