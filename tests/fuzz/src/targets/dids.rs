//! DIDs, their URLs and the documents that others publish.

use serde_json::json;
use symbolon_did::webvh::{WebvhLog, WebvhVersionQuery, verify_webvh_log, webvh_log_url, webvh_witness_url};
use symbolon_did::{
    Did, DidUrl, PublishedDocument, WebScheme, did_jwk, did_key, resolve, verification_key, web_did_of,
    web_document_url,
};

use super::{for_part, one_of, with_text};
use crate::seeds::{NOW, TRUSTING_PROVIDER, WORLD};
use crate::{Reading, Target};

/// A log of the test suite of did:webvh behind the DID that it is of.
const PRE_ROTATION: &str = concat!(
    "did:webvh:QmUQVmu7yyX6x9jCUH863pBacUmg8Wuu4ZZtsdfv7Uv5iD:example.com\n",
    include_str!("../../../../did/tests/webvh/figures/pre-rotation-consume.jsonl")
);
/// Another, whose entries witnesses must have approved.
const WITNESSED: &str = concat!(
    "did:webvh:QmaaKkr6nu7uSTpjSfAr3r7xBezNZGpWu6Gwtgqr6A4ynC:example.com\n",
    include_str!("../../../../did/tests/webvh/figures/witness-threshold.jsonl")
);

fn first_line(input: &[u8]) -> Option<(Did, &[u8])> {
    let end = input.iter().position(|byte| *byte == b'\n')?;
    let did = core::str::from_utf8(input.get(..end)?).ok()?;
    Some((Did::parse(did).ok()?, input.get(end + 1..)?))
}

/// Syntax, self-contained methods, places on the web, documents.
pub(super) const DIDS: Target = Target {
    name: "dids",
    run: |input| {
        one_of(
            &[
                |input| {
                    with_text(input, |text| {
                        let did = Did::parse(text);
                        if let Ok(did) = &did {
                            assert_eq!(did.as_str(), text, "a DID is kept as it came");
                            for scheme in [WebScheme::Https, WebScheme::HttpOnLocalhost] {
                                if let Ok(url) = web_document_url(did, scheme) {
                                    assert!(url.ends_with("/did.json"));
                                }
                            }
                            let resolved = resolve(did);
                            if let Ok(document) = &resolved {
                                let _ = document.to_json();
                            }
                            return Reading::of(&resolved.map(|_| ()));
                        }
                        Reading::of(&did)
                    })
                },
                |input| {
                    with_text(input, |text| {
                        let url = DidUrl::parse(text);
                        if let Ok(url) = &url {
                            assert_eq!(url.to_string(), text, "a DID URL is kept as it came");
                            let _ = verification_key(url);
                        }
                        Reading::of(&url)
                    })
                },
                |input| {
                    with_text(input, |text| {
                        let did = web_did_of(text);
                        if let Ok(did) = &did {
                            assert!(web_document_url(did, WebScheme::HttpOnLocalhost).is_ok());
                        }
                        Reading::of(&did)
                    })
                },
                |input| {
                    let did = Did::parse("did:web:registry.example").expect("a DID");
                    Reading::of(&PublishedDocument::parse(input, &did).map(|_| ()))
                },
                // The DID stands in the first line. Each entry is hashed and signed, so what changes is mostly read and refused.
                |input| {
                    let Some((did, log)) = first_line(input) else {
                        return Reading::NOT_FOR_THE_TARGET;
                    };
                    let verified = verify_webvh_log(&did, log, NOW, &TRUSTING_PROVIDER);
                    if let Ok(WebvhLog::Verified(history)) = &verified {
                        let _ = (history.metadata(), history.version(WebvhVersionQuery::Latest));
                        for version in history.versions() {
                            let _ = version.document();
                        }
                    }
                    Reading::of(&verified.map(|_| ()))
                },
                |input| {
                    let (did, log) = first_line(WITNESSED.as_bytes()).expect("the log has a DID");
                    let verified = verify_webvh_log(&did, log, NOW, &TRUSTING_PROVIDER);
                    let Ok(WebvhLog::NeedsWitnessProofs(log)) = verified else {
                        return Reading::NOT_FOR_THE_TARGET;
                    };
                    Reading::of(&log.witnessed(input, &TRUSTING_PROVIDER).map(|_| ()))
                },
                |input| {
                    with_text(input, |text| {
                        let Ok(did) = Did::parse(text) else {
                            return Reading::NOT_FOR_THE_TARGET;
                        };
                        let _ = webvh_witness_url(&did, WebScheme::HttpOnLocalhost);
                        Reading::of(&webvh_log_url(&did, WebScheme::Https))
                    })
                },
            ],
            input,
        )
    },
    seeds: || {
        let (key, jwk) = (did_key(WORLD.issuer.public()), did_jwk(WORLD.issuer.public()));
        let (key, jwk) = (key.expect("a key has a DID"), jwk.expect("a key has a DID"));
        let edwards = did_key(WORLD.edwards.public()).expect("a key has a DID");
        let id = "did:web:registry.example";
        let document = json!({
            "@context": ["https://www.w3.org/ns/did/v1"], "id": id,
            "verificationMethod": [
                {"id": format!("{id}#1"), "type": "JsonWebKey", "controller": id,
                 "publicKeyJwk": WORLD.issuer.public().to_jwk()},
                {"id": "#2", "type": "Multikey", "controller": id,
                 "publicKeyMultibase": edwards.method_specific_identifier()}
            ],
            "assertionMethod": [format!("{id}#1"), "#2"],
            "authentication": [{"id": format!("{id}#3"), "type": "Multikey", "controller": id,
                "publicKeyMultibase": key.method_specific_identifier()}],
            "service": [{"id": "#s", "type": "Service", "serviceEndpoint": "https://registry.example"}]
        });
        vec![
            for_part(0, key.as_str()),
            for_part(0, edwards.as_str()),
            for_part(0, jwk.as_str()),
            for_part(1, format!("{jwk}#0")),
            for_part(1, "did:web:registry.example%3A8080:a:b/path?query=1#key-1"),
            for_part(2, "http://127.0.0.1:8080/tenant"),
            for_part(3, document.to_string()),
            for_part(4, PRE_ROTATION),
            for_part(4, WITNESSED),
            for_part(
                5,
                include_str!("../../../../did/tests/webvh/figures/witness-threshold-proofs.json"),
            ),
            for_part(6, PRE_ROTATION.split('\n').next().unwrap_or_default()),
        ]
    },
};
