//! DIDs, their URLs and the documents that others publish.

use serde_json::json;
use symbolon_did::{
    Did, DidUrl, PublishedDocument, WebScheme, did_jwk, did_key, resolve, verification_key, web_did_of,
    web_document_url,
};

use super::{for_part, one_of, with_text};
use crate::seeds::WORLD;
use crate::{Reading, Target};

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
        ]
    },
};
