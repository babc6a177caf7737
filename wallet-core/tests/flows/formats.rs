//! Every format is received, held, shown in the holder's language and presented.

use serde_json::{Value, json};
use symbolon_crypto::encoding::base64url;
use symbolon_protocol::format::CredentialFormat;
use symbolon_protocol::openid4vp::response::Presentation;
use symbolon_wallet_core::hold::{Disclosable, ShownClaim};
use symbolon_wallet_core::present::{Answerable, ConsentRequest, Decision, PresentOutcome, Retention};
use symbolon_wallet_core::receive::{ReceiptProblem, ReceiveOutcome};
use symbolon_wallet_core::record::{HeldContent, HistoryEvent, StatusListKind};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{Languages, WalletStore as _};

use crate::support::formats::{DOCTYPE, NAMESPACE, W3C_TYPE};
use crate::support::issuer::CONFIGURATION;
use crate::support::world::french;
use crate::support::{Kind, World};

fn ask(world: &World, query: Value) -> ConsentRequest {
    world.verifier.set_query(json!({ "credentials": [query] }));
    block_on(
        world
            .wallet()
            .present(&world.verifier.request(), &french(), world.now),
    )
    .unwrap()
}

fn share(world: &World, request: &ConsentRequest) -> Value {
    let choice = request.smallest_choice().expect("what is asked for is held");
    let outcome = block_on(
        world
            .wallet()
            .answer_request(request.flow, Decision::Share(choice), world.now),
    )
    .unwrap();
    assert!(matches!(outcome, PresentOutcome::Presented { .. }), "{outcome:?}");
    Value::Object(world.verifier.answers().pop().unwrap().pop().unwrap())
}

fn claim<'c>(claims: &'c [ShownClaim], path: &Value) -> &'c ShownClaim {
    let path = serde_json::from_value(path.clone()).unwrap();
    claims.iter().find(|claim| claim.path == path).unwrap()
}

#[test]
fn each_format_is_received_and_kept_as_it_came() {
    for kind in Kind::ALL {
        let world = World::new();
        let id = world.receive_kind(kind);
        assert_eq!(world.held(), (1, 1), "{kind:?}");
        let held = block_on(world.store.credential(id)).unwrap().unwrap();
        assert_eq!(held.content.format().as_str(), kind.format(), "{kind:?}");
        assert!(held.expires.is_some(), "{kind:?}");
        let purposes: Vec<_> = held.status.iter().map(|place| place.list.clone()).collect();
        let bitstring = |purpose: &str| StatusListKind::Bitstring {
            purpose: purpose.to_owned(),
        };
        match &held.content {
            HeldContent::MsoMdoc { issuer_signed } => {
                assert_eq!(held.credential_type, DOCTYPE);
                assert_eq!(purposes, [StatusListKind::Token]);
                assert!(base64url::encode(issuer_signed).len() > 500);
            }
            HeldContent::LdpVc { document, types } => {
                assert_eq!(held.credential_type, W3C_TYPE);
                assert_eq!(purposes, [bitstring("revocation"), bitstring("suspension")]);
                let document: Value = serde_json::from_str(document).unwrap();
                assert!(document["proof"]["proofValue"].is_string());
                assert_eq!(types.len(), 2);
            }
            HeldContent::JwtVcJson { jwt, types } => {
                assert_eq!(held.credential_type, W3C_TYPE);
                assert_eq!(purposes, [bitstring("revocation"), bitstring("suspension")]);
                assert_eq!(jwt.split('.').count(), 3);
                assert_eq!(types.len(), 2);
            }
            HeldContent::SdJwtVc { .. } => panic!("another format"),
        }
    }
}

#[test]
fn each_format_is_shown_in_the_order_and_the_words_of_its_issuer() {
    for kind in Kind::ALL {
        let world = World::new();
        let id = world.receive_kind(kind);
        let shown = block_on(world.wallet().show(id, &french(), world.now)).unwrap();
        assert_eq!(shown.summary.name, "Identité nationale", "{kind:?}");
        let names: Vec<&str> = shown
            .claims
            .iter()
            .take(2)
            .map(|claim| claim.name.as_str())
            .collect();
        assert_eq!(names, ["Nom", "Prénom"], "{kind:?}");
        let number = claim(&shown.claims, &kind.path(&["document_number"]));
        assert_eq!(
            (number.name.as_str(), &number.value),
            ("document_number", &json!("D-123456789")),
            "{kind:?}"
        );
        let disclosable = |parts: &[&str]| claim(&shown.claims, &kind.path(parts)).disclosable;
        let (name, number) = match kind {
            Kind::Mdoc => (Disclosable::Selectively, Disclosable::Selectively),
            Kind::EcdsaSd => (Disclosable::Selectively, Disclosable::Always),
            _ => (Disclosable::Always, Disclosable::Always),
        };
        assert_eq!(disclosable(&["given_name"]), name, "{kind:?}");
        assert_eq!(disclosable(&["document_number"]), number, "{kind:?}");
        let technical = |claim: &&ShownClaim| {
            matches!(
                claim.path.to_string().as_str(),
                "issuer" | "issuer.id" | "validFrom" | "credentialSubject.id" | "type"
            ) || claim.path.to_string().contains("proof")
        };
        assert_eq!(shown.claims.iter().find(technical), None, "{kind:?}");
    }
}

#[test]
fn a_name_in_several_languages_is_shown_in_the_holders_and_every_one_is_there() {
    for kind in Kind::ALL {
        let world = World::new();
        let id = world.receive_kind(kind);
        for (language, expected) in [
            ("fr", "Amina Diallo"),
            ("ara", "أمينة ديالو"),
            ("hi", "Amina Diallo"),
        ] {
            let languages = Languages::new([language]);
            let shown = block_on(world.wallet().show(id, &languages, world.now)).unwrap();
            let name = claim(&shown.claims, &kind.path(&["full_name"]));
            assert_eq!(name.value, json!(expected), "{kind:?} {language}");
            let tags: Vec<_> = name
                .languages
                .iter()
                .map(|one| one.language.as_deref().unwrap())
                .collect();
            assert_eq!(tags, ["fr", "ar"], "{kind:?}");
        }
    }
}

#[test]
fn each_format_is_presented_bound_to_the_request() {
    for kind in Kind::ALL {
        let world = World::new();
        world.receive_kind(kind);
        let query = kind.query("identity", &[kind.path(&["given_name"])]);
        let request = ask(&world, query);
        let candidate = &request.asked[0].candidates[0];
        let shows_all = !matches!(kind, Kind::Mdoc | Kind::EcdsaSd);
        assert_eq!(candidate.is_shown_whole(), shows_all, "{kind:?}");
        assert_eq!(request.asked[0].claims[0].name, "Prénom", "{kind:?}");
        assert_eq!(
            candidate.credential.format,
            CredentialFormat::from_identifier(kind.format())
        );
        let claims = share(&world, &request);
        let framing = match kind {
            Kind::Mdoc => NAMESPACE,
            _ => "credentialSubject",
        };
        assert_eq!(claims[framing]["given_name"], "Amina", "{kind:?}");
        assert_eq!(claims[framing].get("address").is_some(), shows_all, "{kind:?}");
        let token = world.verifier.tokens().pop().unwrap();
        let presentation = token.0.values().next().unwrap();
        assert_eq!(
            matches!(presentation.as_slice(), [Presentation::Object(_)]),
            kind.format() == "ldp_vc",
            "{kind:?}"
        );
        let history = block_on(world.wallet().history()).unwrap();
        let HistoryEvent::Presented { disclosed, .. } = &history[0].event else {
            panic!("{:?}", history[0])
        };
        let given_name = format!("{framing}.given_name");
        assert!(disclosed[0].claims.contains(&given_name), "{kind:?}");
        assert_eq!(disclosed[0].claims.len() > 1, shows_all, "{kind:?}");
    }
}

#[test]
fn a_jwt_of_vcdm_1_1_is_received_and_presented_as_it_came() {
    let world = World::new();
    let id = world.receive_kind(Kind::LegacyJwt);
    let shown = block_on(world.wallet().show(id, &french(), world.now)).unwrap();
    assert_eq!(
        claim(&shown.claims, &Kind::LegacyJwt.path(&["given_name"])).value,
        "Amina"
    );
    let query = Kind::LegacyJwt.query("identity", &[Kind::LegacyJwt.path(&["given_name"])]);
    let request = ask(&world, query);
    assert!(request.asked[0].candidates[0].is_shown_whole());
    let claims = share(&world, &request);
    assert_eq!(claims["credentialSubject"]["given_name"], "Amina");
    assert_eq!(claims["@context"][0], "https://www.w3.org/2018/credentials/v1");
}

#[test]
fn a_wallet_without_json_ld_leaves_such_credentials_to_others() {
    let mut world = World::new();
    world.json_ld = None;
    let wallet = world.wallet();
    let link = world.issuer.offer_of(&["eddsa-rdfc-2022", "jwt"]);
    let offer = block_on(wallet.receive_offer(&link, world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    let ReceiveOutcome::Stored {
        credentials,
        not_supported,
    } = outcome
    else {
        panic!("{outcome:?}")
    };
    assert_eq!(credentials.len(), 1);
    assert_eq!(not_supported[0].as_str(), "eddsa-rdfc-2022");
    let link = world.issuer.offer_of(&["ecdsa-sd-2023"]);
    let offer = block_on(wallet.receive_offer(&link, world.now)).unwrap();
    let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    assert!(matches!(
        outcome,
        ReceiveOutcome::Refused {
            problem: ReceiptProblem::NothingSupported,
            ..
        }
    ));
}

#[test]
fn a_configuration_that_binds_in_another_way_is_not_requested() {
    let world = World::new();
    let mut configurations = json!({});
    for kind in Kind::ALL {
        configurations[kind.configuration()] = kind.metadata();
        configurations[kind.configuration()]["cryptographic_binding_methods_supported"] =
            json!(["did:example"]);
    }
    configurations["unknown"] = Kind::EddsaRdfc.metadata();
    configurations["unknown"]["credential_signing_alg_values_supported"] = json!(["bbs-2023"]);
    configurations["untyped"] = Kind::Jwt.metadata();
    configurations["untyped"]["credential_definition"]["type"] = json!(["VerifiableCredential"]);
    let names: Vec<String> = configurations.as_object().unwrap().keys().cloned().collect();
    world.issuer.set_configurations(configurations);
    let wallet = world.wallet();
    for name in names {
        let offer = block_on(wallet.receive_offer(&world.issuer.offer_of(&[&name]), world.now)).unwrap();
        let outcome = block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
        assert!(
            matches!(
                outcome,
                ReceiveOutcome::Refused {
                    problem: ReceiptProblem::NothingSupported,
                    ..
                }
            ),
            "{name}: {outcome:?}"
        );
    }
}

#[test]
fn each_way_of_naming_the_key_in_the_proof_leads_to_a_credential() {
    for (kind, method) in [
        (Kind::Mdoc, "jwk"),
        (Kind::Jwt, "did:key"),
        (Kind::Jwt, "did:jwk"),
        (Kind::EddsaRdfc, "did:jwk"),
        (Kind::EddsaRdfc, "jwk"),
    ] {
        let world = World::new();
        let mut metadata = kind.metadata();
        metadata["cryptographic_binding_methods_supported"] = json!([method]);
        world
            .issuer
            .set_configurations(json!({ kind.configuration(): metadata }));
        world.receive_kind(kind);
        assert_eq!(world.held(), (1, 1), "{kind:?} {method}");
    }
}

#[test]
fn a_verifier_that_does_not_read_a_format_or_its_algorithms_is_not_shown_it() {
    let jose = |algorithm: &str| json!({ "jwt_vc_json": { "alg_values": [algorithm] } });
    for (kind, formats) in [
        (Kind::Mdoc, jose("ES256")),
        (
            Kind::Mdoc,
            json!({ "mso_mdoc": { "issuerauth_alg_values": [-8] } }),
        ),
        (
            Kind::Mdoc,
            json!({ "mso_mdoc": { "deviceauth_alg_values": [-8] } }),
        ),
        (Kind::Jwt, jose("EdDSA")),
        (Kind::Jwt, json!({ "mso_mdoc": {} })),
        (Kind::EddsaRdfc, jose("ES256")),
        (
            Kind::EddsaRdfc,
            json!({ "ldp_vc": { "cryptosuite_values": ["ecdsa-rdfc-2019"] } }),
        ),
        // The holder's own proof is one too.
        (
            Kind::EddsaRdfc,
            json!({ "ldp_vc": { "cryptosuite_values": ["eddsa-rdfc-2022"] } }),
        ),
        (
            Kind::EcdsaSd,
            json!({ "ldp_vc": { "proof_type_values": ["Ed25519Signature2020"] } }),
        ),
    ] {
        let world = World::new();
        world.receive_kind(kind);
        world.verifier.set_formats(formats.clone());
        let request = ask(&world, kind.query("identity", &[]));
        assert!(
            matches!(request.answerable, Answerable::No { .. }),
            "{kind:?} {formats}"
        );
    }
    let world = World::new();
    world.receive_kind(Kind::EddsaRdfc);
    let suites = json!(["eddsa-rdfc-2022", "ecdsa-rdfc-2019"]);
    world
        .verifier
        .set_formats(json!({ "ldp_vc": { "cryptosuite_values": suites } }));
    let request = ask(&world, Kind::EddsaRdfc.query("identity", &[]));
    assert!(matches!(request.answerable, Answerable::With(_)));
}

#[test]
fn one_request_is_answered_with_credentials_of_several_formats() {
    let world = World::new();
    let link = world
        .issuer
        .offer_of(&[CONFIGURATION, "mdoc", "jwt", "ecdsa-sd-2023"]);
    let wallet = world.wallet();
    let offer = block_on(wallet.receive_offer(&link, world.now)).unwrap();
    block_on(wallet.accept_offer(offer.flow, None, world.now)).unwrap();
    assert_eq!(world.held(), (4, 4));
    let given_name = |kind: Kind| [kind.path(&["given_name"])];
    world.verifier.set_query(json!({ "credentials": [
        crate::support::verifier::credential_query(
            "sd_jwt",
            crate::support::issuer::TYPE,
            &[json!({ "path": ["given_name"] })],
        ),
        Kind::Mdoc.query("mdoc", &given_name(Kind::Mdoc)),
        Kind::Jwt.query("jwt", &given_name(Kind::Jwt)),
        Kind::EcdsaSd.query("ldp", &given_name(Kind::EcdsaSd)),
    ] }));
    let request = block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap();
    assert_eq!(request.asked.len(), 4);
    let choice = request.smallest_choice().unwrap();
    let outcome = block_on(wallet.answer_request(request.flow, Decision::Share(choice), world.now)).unwrap();
    assert!(matches!(outcome, PresentOutcome::Presented { .. }), "{outcome:?}");
    assert_eq!(world.verifier.answers().pop().unwrap().len(), 4);
}

#[test]
fn what_a_verifier_means_to_keep_is_part_of_what_is_shown() {
    let world = World::new();
    world.receive_kind(Kind::Mdoc);
    let paths = ["given_name", "family_name", "birth_date"].map(|name| Kind::Mdoc.path(&[name]));
    let mut query = Kind::Mdoc.query("identity", &paths);
    query["claims"][0]["intent_to_retain"] = json!(true);
    query["claims"][1]["intent_to_retain"] = json!(false);
    let request = ask(&world, query);
    let retention: Vec<_> = request.asked[0]
        .claims
        .iter()
        .map(|claim| claim.retention)
        .collect();
    assert_eq!(
        retention,
        [Retention::Intended, Retention::NotIntended, Retention::NotStated]
    );
}
