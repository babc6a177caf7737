//! Types that extend types, from the first document to the rules in force (draft-25 §4.3 to §4.5).

use std::collections::BTreeMap;

use serde_json::{Value, json};
use symbolon_credential::sd_jwt_vc::{
    Integrity, KnownTypeMetadata, SelectiveDisclosure, TypeMetadata, TypeMetadataError,
    TypeMetadataReference, TypeMetadataResolution, VerifiableCredentialType, resolve_type_metadata,
};
use symbolon_crypto::encoding::base64;

const CHILD: &str = "https://example.com/custom-type-metadata";
const BASE: &str = "https://example.com/base-type-metadata";

fn reference(vct: &str) -> TypeMetadataReference {
    TypeMetadataReference {
        vct: VerifiableCredentialType::parse(vct).unwrap(),
        integrity: None,
    }
}

/// Resolves with documents that are served under their own types.
fn resolve(documents: &[Value]) -> Result<TypeMetadataResolution, TypeMetadataError> {
    let served: BTreeMap<String, Vec<u8>> = documents
        .iter()
        .map(|document| {
            let vct = document["vct"].as_str().unwrap().to_owned();
            (vct, document.to_string().into_bytes())
        })
        .collect();
    let first = documents[0]["vct"].as_str().unwrap();
    resolve_type_metadata(reference(first), |wanted| {
        let document = served.get(wanted.vct.as_str())?;
        Some(KnownTypeMetadata::Served(document))
    })
}

fn merged(documents: &[Value]) -> TypeMetadata {
    match resolve(documents) {
        Ok(TypeMetadataResolution::Done(metadata)) => metadata,
        other => panic!("{other:?}"),
    }
}

fn refused(documents: &[Value]) -> TypeMetadataError {
    resolve(documents).unwrap_err()
}

/// The documents of the example in §4.5.5.2.
fn example() -> [Value; 2] {
    [
        json!({
            "vct": CHILD,
            "extends": BASE,
            "claims": [
                {"path": ["address", "city"], "display": [{"label": "Town", "locale": "en"}]},
                {"path": ["nationalities"], "display": [{"label": "Nationalities", "locale": "en"}]}
            ]
        }),
        json!({
            "vct": BASE,
            "claims": [
                {"path": ["name"], "display": [{"label": "Full Name", "locale": "en"}]},
                {"path": ["address", "city"], "display": [{"label": "City", "locale": "en"}]}
            ]
        }),
    ]
}

#[test]
fn the_published_example_has_the_published_claims() {
    let metadata = merged(&example());
    let claims: Vec<(String, Option<&str>)> = (metadata.claims.iter())
        .map(|claim| {
            let label = claim.display.first().map(|display| display.label.as_str());
            (claim.path.to_string(), label)
        })
        .collect();
    assert_eq!(
        claims,
        [
            ("name".to_owned(), Some("Full Name")),
            ("address.city".to_owned(), Some("Town")),
            ("nationalities".to_owned(), Some("Nationalities")),
        ]
    );
    assert_eq!(metadata.vct.as_str(), CHILD);
    assert_eq!(
        metadata
            .extended
            .iter()
            .map(|vct| vct.as_str())
            .collect::<Vec<_>>(),
        [BASE]
    );
}

#[test]
fn each_missing_document_is_asked_for_in_turn_and_nothing_is_used_before_all_are_there() {
    let [child, base] = example();
    let nothing = resolve_type_metadata(reference(CHILD), |_| None);
    assert_eq!(nothing, Ok(TypeMetadataResolution::Wants(reference(CHILD))));
    assert_eq!(
        resolve(&[child]),
        Ok(TypeMetadataResolution::Wants(reference(BASE)))
    );
    assert_eq!(reference(BASE).url().unwrap().as_str(), BASE);
    for named in ["urn:eudi:pid:1", "http://example.com/type", "national-identity"] {
        assert_eq!(reference(named).url(), None, "{named}");
    }
    let vouched = resolve_type_metadata(reference(BASE), |_| Some(KnownTypeMetadata::Vouched(&base)));
    assert!(matches!(vouched, Ok(TypeMetadataResolution::Done(_))));
}

#[test]
fn integrity_strings_bind_each_document_of_the_chain() {
    use sha2::{Digest as _, Sha256, Sha384};
    let [mut child, base] = example();
    let base = base.to_string().into_bytes();
    let sha384 = format!("sha384-{}", base64::encode(&Sha384::digest(&base)));
    let wrong_sha256 = format!("sha256-{}", base64::encode(&Sha256::digest(b"another")));
    let resolve = |child: &Value, integrity: Option<&str>| {
        let child = child.to_string().into_bytes();
        let first = TypeMetadataReference {
            integrity: integrity.map(|text| Integrity::parse(text).unwrap()),
            ..reference(CHILD)
        };
        resolve_type_metadata(first, |wanted| {
            Some(KnownTypeMetadata::Served(if wanted.vct.as_str() == CHILD {
                &child
            } else {
                &base
            }))
        })
        .map(drop)
    };
    // The strongest algorithm decides, so the wrong weaker hash is of no account.
    child["extends#integrity"] = json!(format!("{wrong_sha256} {sha384}"));
    assert_eq!(resolve(&child, None), Ok(()));
    let own = format!("sha256-{}", base64::encode(&Sha256::digest(child.to_string())));
    assert_eq!(resolve(&child, Some(&own)), Ok(()));
    assert_eq!(
        resolve(&child, Some(&wrong_sha256)),
        Err(TypeMetadataError::Integrity)
    );
    child["extends#integrity"] = json!(wrong_sha256);
    assert_eq!(resolve(&child, None), Err(TypeMetadataError::Integrity));
    child["extends#integrity"] = json!("md5-AAAA");
    assert_eq!(resolve(&child, None), Err(TypeMetadataError::Malformed));
}

#[test]
fn circles_are_refused_however_long_and_so_are_long_chains() {
    let document = |vct: &str, extends: &str| json!({"vct": vct, "extends": extends});
    assert_eq!(refused(&[document("a", "a")]), TypeMetadataError::Circular);
    assert_eq!(
        refused(&[document("a", "b"), document("b", "c"), document("c", "a")]),
        TypeMetadataError::Circular
    );
    assert_eq!(
        refused(&[document("a", "b"), document("b", "c"), document("c", "b")]),
        TypeMetadataError::Circular
    );
    let mut chain: Vec<Value> = (0..8)
        .map(|n| document(&format!("t{n}"), &format!("t{}", n + 1)))
        .collect();
    chain.push(json!({"vct": "t8"}));
    assert_eq!(refused(&chain), TypeMetadataError::OverBudget);
    assert_eq!(merged(&chain[1..]).extended.len(), 7);
    let large = |vct: &str, extends: &str| json!({"vct": vct, "extends": extends, "description": "x".repeat(200 << 10)});
    assert_eq!(
        refused(&[large("a", "b"), large("b", "c"), large("c", "d")]),
        TypeMetadataError::OverBudget
    );
}

#[test]
fn a_document_must_be_of_the_type_it_was_asked_for_by() {
    let other = json!({"vct": BASE}).to_string().into_bytes();
    assert_eq!(
        resolve_type_metadata(reference(CHILD), |_| Some(KnownTypeMetadata::Served(&other))),
        Err(TypeMetadataError::OtherType)
    );
}

#[test]
fn an_extending_type_tightens_and_never_loosens() {
    let with = |base: Value, child: Value| {
        resolve(&[
            json!({"vct": "child", "extends": "base", "claims": [{"path": ["other"]}, child]}),
            json!({"vct": "base", "claims": [base]}),
        ])
        .map(|resolution| match resolution {
            TypeMetadataResolution::Done(metadata) => {
                let claim = metadata.claims.into_iter().next().unwrap();
                (claim.sd, claim.mandatory)
            }
            TypeMetadataResolution::Wants(_) => panic!("all documents are there"),
        })
    };
    let claim = |rules: Value| {
        let mut claim = json!({"path": ["name"]});
        claim
            .as_object_mut()
            .unwrap()
            .extend(rules.as_object().cloned().unwrap());
        claim
    };
    let loosened = Err(TypeMetadataError::Loosened { position: 1 });
    for (base, child, expected) in [
        (json!({}), json!({}), Ok((SelectiveDisclosure::Allowed, false))),
        (
            json!({}),
            json!({"sd": "always", "mandatory": true}),
            Ok((SelectiveDisclosure::Always, true)),
        ),
        (
            json!({"sd": "allowed"}),
            json!({"sd": "never"}),
            Ok((SelectiveDisclosure::Never, false)),
        ),
        // What is not said again stays in force.
        (
            json!({"sd": "always", "mandatory": true}),
            json!({}),
            Ok((SelectiveDisclosure::Always, true)),
        ),
        (
            json!({"sd": "never"}),
            json!({"sd": "never"}),
            Ok((SelectiveDisclosure::Never, false)),
        ),
        (json!({"sd": "always"}), json!({"sd": "allowed"}), loosened),
        (json!({"sd": "always"}), json!({"sd": "never"}), loosened),
        (json!({"sd": "never"}), json!({"sd": "always"}), loosened),
        (json!({"mandatory": true}), json!({"mandatory": false}), loosened),
    ] {
        assert_eq!(
            with(claim(base.clone()), claim(child.clone())),
            expected,
            "{base} {child}"
        );
    }
}

#[test]
fn display_is_inherited_whole_or_replaced_whole() {
    let display = |name: &str, locale: &str| json!([{"locale": locale, "name": name}]);
    let base = json!({"vct": "base", "display": [
        {"locale": "en", "name": "Base", "rendering": {"simple": {"background_color": "#123456", "text_color": "red;x"}}},
        {"locale": "fr", "name": "Fondement"}
    ]});
    let inherits = merged(&[json!({"vct": "child", "extends": "base"}), base.clone()]);
    assert_eq!(inherits.display[1].name, "Fondement");
    assert_eq!(inherits.display[0].name, "Base");
    let simple = inherits.display[0].rendering().simple.unwrap();
    assert_eq!(simple.background_color.as_deref(), Some("#123456"));
    assert_eq!(simple.text_color, None);
    let replaces = merged(&[
        json!({"vct": "child", "extends": "base", "display": display("Enfant", "fr")}),
        base,
    ]);
    let names: Vec<&str> = replaces
        .display
        .iter()
        .map(|display| display.name.as_str())
        .collect();
    assert_eq!(names, ["Enfant"]);
}

#[test]
fn template_placeholders_are_unique_over_the_whole_chain() {
    let base = json!({"vct": "base", "claims": [{"path": ["name"], "svg_id": "name"}]});
    let child = |claims: Value| json!({"vct": "child", "extends": "base", "claims": claims});
    let metadata = merged(&[
        child(json!([{"path": ["name"], "svg_id": "full_name"}, {"path": ["a"], "svg_id": "name"}])),
        base.clone(),
    ]);
    let placeholders: Vec<Option<&str>> = metadata
        .claims
        .iter()
        .map(|claim| claim.svg_id.as_deref())
        .collect();
    assert_eq!(placeholders, [Some("full_name"), Some("name")]);
    assert_eq!(
        refused(&[child(json!([{"path": ["a"], "svg_id": "name"}])), base]),
        TypeMetadataError::Malformed
    );
}

#[test]
fn pictures_and_templates_are_read_with_their_hashes() {
    use sha2::{Digest as _, Sha256};
    let hash = format!("sha256-{}", base64::encode(&Sha256::digest(b"picture")));
    let metadata = TypeMetadata::from_value(json!({"vct": "t", "display": [{"locale": "en", "name": "T", "rendering": {
        "simple": {
            "logo": {"uri": "https://example.com/logo.png", "uri#integrity": hash, "alt_text": "A logo"},
            "background_image": {"uri": "http://example.com/background.png"}
        },
        "svg_templates": [
            {"uri": "data:image/svg+xml,%3Csvg/%3E", "properties": {"orientation": "portrait", "color_scheme": "dark", "contrast": "high"}},
            {"uri": "https://example.com/t.svg", "uri#integrity": "md5-AAAA"},
            "no template"
        ]
    }}]}))
    .unwrap();
    let rendering = metadata.display[0].rendering();
    let simple = rendering.simple.unwrap();
    let logo = simple.logo.unwrap();
    assert!(logo.check(b"picture").is_ok());
    assert!(logo.check(b"another").is_err());
    assert_eq!(simple.logo_alternative_text.as_deref(), Some("A logo"));
    assert_eq!(simple.background_image, None);
    assert_eq!(rendering.svg_templates.len(), 1);
    assert!(rendering.svg_templates[0].resource.check(b"anything").is_ok());
}
