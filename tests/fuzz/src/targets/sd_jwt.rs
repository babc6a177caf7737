//! SD-JWT, SD-JWT VC and type metadata.

use serde_json::{Map, Value, json};
use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_credential::sd_jwt::{
    Decoys, KeyBindingClaims, SdJwt, SdJwtBudget, process, select, to_compact,
};
use symbolon_credential::sd_jwt_vc::{
    CredentialToIssue, CredentialView, ExpectedKeyBinding, ExpectedTransactionData, Integrity,
    IssuerKeyReference, IssuerMetadata, IssuerScheme, KnownTypeMetadata, SdJwtVc, TypeMetadata,
    TypeMetadataReference, VerifiableCredentialType, check_issuer_binding, issuer_metadata_url,
    resolve_type_metadata,
};
use symbolon_credential::status::StatusReference;
use symbolon_crypto::SignatureAlgorithm;

use super::{armour, for_part, one_of, with_text};
use crate::seeds::{DAY, ISSUER, NOW, Repeating, TRUSTING_PROVIDER, WORLD};
use crate::{Reading, Target};

/// An SD-JWT in its parts: parsing, processing, selecting.
pub(super) const SD_JWT: Target = Target {
    name: "sd_jwt",
    run: |input| {
        one_of(
            &[
                |input| {
                    armour::sd_jwt(input)
                        .map_or(Reading::NOT_FOR_THE_TARGET, |text| process_and_select(&text))
                },
                |input| {
                    with_text(input, |text| match to_compact(text, SdJwtBudget::DEFAULT) {
                        Ok(compact) => process_and_select(&compact),
                        Err(error) => Reading::refused(&error),
                    })
                },
            ],
            input,
        )
    },
    seeds: || {
        let mut seeds = Vec::new();
        for token in tokens() {
            seeds.push(for_part(0, armour::parts_of_sd_jwt(token)));
            seeds.push(for_part(0, token));
            seeds.push(for_part(1, in_json(token)));
        }
        seeds
    },
};

/// The JWS JSON serialization of an SD-JWT.
fn in_json(token: &str) -> String {
    let mut parts = token.split('~');
    let jws: Vec<&str> = parts.next().unwrap_or_default().split('.').collect();
    let mut disclosures: Vec<&str> = parts.collect();
    let mut header = Map::new();
    if let Some(key_binding) = disclosures.pop().filter(|text| !text.is_empty()) {
        header.insert("kb_jwt".to_owned(), json!(key_binding));
    }
    header.insert("disclosures".to_owned(), json!(disclosures));
    let [protected, payload, signature] = jws.as_slice() else {
        return String::new();
    };
    let signature = json!({"protected": protected, "signature": signature, "header": header});
    json!({"payload": payload, "signatures": [signature]}).to_string()
}

fn process_and_select(text: &str) -> Reading {
    let sd_jwt = match SdJwt::parse(text, SdJwtBudget::DEFAULT) {
        Ok(sd_jwt) => sd_jwt,
        Err(error) => return Reading::refused(&error),
    };
    assert_eq!(sd_jwt.text(), text, "a credential is kept as it came");
    let processed = match process(&sd_jwt) {
        Ok(processed) => processed,
        Err(error) => return Reading::refused(&error),
    };
    let paths: Vec<ClaimsPath> = processed
        .disclosed
        .iter()
        .step_by(2)
        .map(|claim| claim.path.clone())
        .collect();
    if let Ok(selection) = select(&sd_jwt, &paths) {
        let shown = selection.without_key_binding();
        let again = SdJwt::parse(&shown, SdJwtBudget::DEFAULT).expect("what was selected is an SD-JWT");
        let again = process(&again).expect("what was selected can be processed");
        // Elements move up when others before them are withheld, so only names say where something is.
        let by_names = |path: &&ClaimsPath| path.parts().iter().all(|part| matches!(part, PathPart::Key(_)));
        for path in paths.iter().filter(by_names) {
            assert!(path.select(&again.claims).is_ok(), "what was selected is shown");
        }
    }
    Reading::Accepted
}

/// An SD-JWT VC as a verifier reads it.
pub(super) const SD_JWT_VC: Target = Target {
    name: "sd_jwt_vc",
    run: |input| {
        let Some(text) = armour::sd_jwt(input) else {
            return Reading::NOT_FOR_THE_TARGET;
        };
        let _ = SdJwtVc::parse_received(&text, SdJwtBudget::DEFAULT);
        let credential = match SdJwtVc::parse(&text, SdJwtBudget::DEFAULT) {
            Ok(credential) => credential,
            Err(error) => return Reading::refused(&error),
        };
        let _ = credential.type_integrity();
        let _ = credential.validity().check(NOW, DAY);
        if let Some(issuer) = credential.issuer() {
            let _ = check_issuer_binding(issuer, WORLD.leaf.san_uris(), WORLD.leaf.san_dns());
        }
        let Ok(credential) = credential.verify_issuer_signature(WORLD.issuer.public(), &TRUSTING_PROVIDER)
        else {
            return Reading::Accepted;
        };
        let expected = ExpectedKeyBinding {
            audience: AUDIENCE,
            nonce: NONCE,
            now: NOW,
            max_age: DAY,
            max_clock_skew: DAY,
            transaction_data: ExpectedTransactionData::None,
        };
        let _ = credential.verify_key_binding(&expected, &TRUSTING_PROVIDER);
        Reading::Accepted
    },
    seeds: || {
        tokens()
            .iter()
            .flat_map(|token| [armour::parts_of_sd_jwt(token), token.clone().into_bytes()])
            .collect()
    },
};

/// Type metadata, what it makes of a credential, and integrity strings.
pub(super) const TYPE_METADATA: Target = Target {
    name: "type_metadata",
    run: |input| {
        one_of(
            &[
                |input| {
                    let metadata = TypeMetadata::parse(input);
                    if let Ok(metadata) = &metadata {
                        for token in tokens() {
                            if let Ok(credential) = SdJwtVc::parse(token, SdJwtBudget::DEFAULT) {
                                let _ = metadata.check(&credential, CredentialView::Issued);
                            }
                        }
                    }
                    Reading::of(&metadata)
                },
                |input| {
                    let metadata = IssuerMetadata::parse(input, ISSUER, IssuerScheme::Https);
                    if let Ok(metadata) = &metadata {
                        let written = metadata.to_value().to_string();
                        let again = IssuerMetadata::parse(written.as_bytes(), ISSUER, IssuerScheme::Https);
                        let again = again.expect("metadata that is written reads again");
                        assert_eq!(again.to_value(), metadata.to_value());
                    }
                    Reading::of(&metadata.map(|_| ()))
                },
                |input| {
                    with_text(input, |text| {
                        Reading::of(&issuer_metadata_url(text, IssuerScheme::HttpOnLoopback))
                    })
                },
                |input| {
                    // A chain that extends itself must come to an end.
                    let vct = VerifiableCredentialType::parse(TYPE).expect("a type");
                    let reference = TypeMetadataReference { vct, integrity: None };
                    let resolved =
                        resolve_type_metadata(reference, |_| Some(KnownTypeMetadata::Served(input)));
                    Reading::of(&resolved)
                },
                |input| {
                    with_text(input, |text| {
                        let integrity = Integrity::parse(text);
                        if let Ok(integrity) = &integrity {
                            let _ = integrity.matches(b"document");
                        }
                        Reading::of(&integrity)
                    })
                },
            ],
            input,
        )
    },
    seeds: || {
        let integrity = "sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
        let metadata = json!({
            "vct": TYPE, "name": "Identity", "description": "A national identity",
            "display": [{"locale": "en", "name": "Identity", "rendering": {"simple": {
                "logo": {"uri": "https://registry.example/logo.png", "uri#integrity": integrity, "alt_text": "Logo"},
                "background_color": "#12107c", "text_color": "#FFFFFF"}}}],
            "claims": [
                {"path": ["given_name"], "display": [{"locale": "en", "label": "Name"}], "sd": "always", "mandatory": true},
                {"path": ["address", "locality"], "sd": "allowed", "svg_id": "locality"},
                {"path": ["nationalities", null], "sd": "never"},
                {"path": ["nationalities", 1]}
            ]
        });
        let issuer_metadata = json!({
            "issuer": ISSUER, "jwks": {"keys": [WORLD.issuer.public().to_jwk(), {"kty": "RSA", "n": "AQ", "e": "AQAB"}]}
        });
        vec![
            for_part(0, metadata.to_string()),
            for_part(1, issuer_metadata.to_string()),
            for_part(2, "https://registry.example/tenant"),
            for_part(3, metadata.to_string()),
            for_part(4, integrity),
        ]
    },
};

/// The type of the seeds.
const TYPE: &str = "https://registry.example/types/identity";
/// The verifier that the seeds are shown to.
pub(super) const AUDIENCE: &str = "x509_san_dns:clinic.example";
/// Its nonce.
pub(super) const NONCE: &str = "n-0S6_WzA2Mj";

/// Credentials and presentations, as text.
pub(super) fn tokens() -> &'static [String] {
    static TOKENS: std::sync::LazyLock<Vec<String>> = std::sync::LazyLock::new(make_tokens);
    &TOKENS
}

fn make_tokens() -> Vec<String> {
    let claims = json!({
        "given_name": "Asha", "birthdate": "1990-02-03",
        "address": {"locality": "Pune", "country": "IN"},
        "nationalities": ["IN", "DE"],
        "fullName": [{"language": "eng", "value": "Asha"}, {"language": "hin", "value": "आशा"}],
    });
    let path = |parts: &[&str]| {
        ClaimsPath::new(
            parts
                .iter()
                .map(|part| PathPart::Key((*part).to_owned()))
                .collect(),
        )
        .expect("a path")
    };
    let every =
        ClaimsPath::new(vec![PathPart::Key("nationalities".to_owned()), PathPart::All]).expect("a path");
    let to_issue = CredentialToIssue {
        vct: VerifiableCredentialType::parse(TYPE).expect("a type"),
        issuer: Some(ISSUER.to_owned()),
        issued_at: Some(NOW),
        not_before: Some(NOW),
        expires: Some(NOW.plus(DAY)),
        status: StatusReference::new("https://registry.example/status/1", 7).ok(),
        holder: Some(WORLD.holder.public().clone()),
        claims: claims.as_object().cloned().unwrap_or_default(),
        selectable: vec![
            path(&["given_name"]),
            path(&["address"]),
            path(&["address", "locality"]),
            every,
        ],
        decoys: Decoys::PerObject(1),
    };
    let chain = IssuerKeyReference::CertificateChain(vec![WORLD.leaf.der().to_vec()]);
    let prepared = to_issue
        .prepare(SignatureAlgorithm::Es256, &chain, &Repeating::new(11))
        .expect("a credential is prepared");
    let signature = WORLD.issuer.sign(prepared.signing_input().as_bytes());
    let issued = prepared.finish(&signature);
    let presented = {
        let sd_jwt = SdJwt::parse(&issued, SdJwtBudget::DEFAULT).expect("a credential reads back");
        let shown = [path(&["given_name"]), path(&["address", "locality"])];
        let selection = select(&sd_jwt, &shown).expect("claims are selected");
        let prepared = selection.prepare_key_binding(&KeyBindingClaims {
            algorithm: SignatureAlgorithm::Es256,
            audience: AUDIENCE.to_owned(),
            nonce: NONCE.to_owned(),
            issued_at: NOW,
            transaction_data: None,
        });
        let signature = WORLD.holder.sign(prepared.signing_input().as_bytes());
        prepared.finish(&signature)
    };
    let plain: Map<String, Value> = Map::new();
    let bare = CredentialToIssue {
        holder: None,
        status: None,
        claims: plain,
        selectable: Vec::new(),
        decoys: Decoys::None,
        ..to_issue
    };
    let prepared = bare
        .prepare(
            SignatureAlgorithm::Es256,
            &IssuerKeyReference::KeyId("1".to_owned()),
            &Repeating::new(12),
        )
        .expect("a credential is prepared");
    let signature = WORLD.issuer.sign(prepared.signing_input().as_bytes());
    vec![issued, presented, prepared.finish(&signature)]
}
