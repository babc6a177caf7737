//! What a query may ask for, from the request to what is sent: several credentials, alternatives, authorities, no proof.

use serde_json::{Value, json};
use symbolon_protocol::dcql::{HolderBinding, PresentationCount, QueryId};
use symbolon_protocol::openid4vp::response::Presentation;
use symbolon_trust::trust_list::EtsiTrustedList;
use symbolon_wallet_core::present::{
    Choice, ConsentRequest, Decision, Lack, Need, PresentOutcome, Retention,
};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{CredentialId, WalletError, WalletStore as _};

use crate::support::certificates::certificates;
use crate::support::endpoint::Offered;
use crate::support::formats::NAMESPACE;
use crate::support::issuer::TYPE;
use crate::support::verifier::credential_query;
use crate::support::world::french;
use crate::support::{Kind, World};

fn ask(world: &World, query: Value) -> ConsentRequest {
    world.verifier.set_query(query);
    let wallet = world.wallet();
    block_on(wallet.present(&world.verifier.request(), &french(), world.now)).unwrap()
}

fn share(world: &World, request: &ConsentRequest, choice: Choice) -> Result<PresentOutcome, WalletError> {
    let decision = Decision::Share(choice);
    block_on(world.wallet().answer_request(request.flow, decision, world.now))
}

/// What was sent last, by query.
fn sent(world: &World) -> Value {
    serde_json::to_value(world.verifier.tokens().last().unwrap()).unwrap()
}

fn id(text: &str) -> QueryId {
    QueryId::parse(text).unwrap()
}

fn path(text: &str) -> Value {
    json!({ "path": [text] })
}

#[test]
fn a_query_for_several_gets_those_that_the_person_chooses_each_once() {
    let world = World::new();
    let (first, second) = (world.receive(), world.receive());
    let mut several = credential_query("identity", TYPE, &[path("given_name")]);
    several["multiple"] = json!(true);
    let request = ask(&world, json!({ "credentials": [several] }));
    assert_eq!(request.asked[0].count, PresentationCount::Several);
    assert_eq!(request.asked[0].candidates.len(), 2);
    let smallest = request.smallest_choice().unwrap();
    assert_eq!(
        smallest.credentials(&id("identity")).len(),
        1,
        "no more than is needed"
    );
    let choose = |ids: &[CredentialId]| {
        let choice = Choice::default();
        ids.iter()
            .fold(choice, |choice, one| choice.with_another(id("identity"), *one))
    };
    for wrong in [
        choose(&[first, first]),
        choose(&[]),
        choose(&[first, second, first]),
    ] {
        assert_eq!(share(&world, &request, wrong), Err(WalletError::InvalidChoice));
    }
    let outcome = share(&world, &request, choose(&[first, second])).unwrap();
    assert!(matches!(outcome, PresentOutcome::Presented { .. }));
    assert_eq!(sent(&world)["identity"].as_array().map(Vec::len), Some(2));
    assert_eq!(world.verifier.answers()[0].len(), 2, "each is bound and verified");

    let one = json!({ "credentials": [credential_query("identity", TYPE, &[path("given_name")])] });
    let request = ask(&world, one);
    let both = choose(&[first, second]);
    assert_eq!(share(&world, &request, both), Err(WalletError::InvalidChoice));
}

#[test]
fn of_alternatives_the_one_is_shown_that_discloses_least_unless_the_person_chooses_another() {
    let world = World::new();
    world.receive();
    let more = credential_query("more", TYPE, &[path("given_name"), path("birth_date")]);
    let less = credential_query("less", TYPE, &[path("age_over_18")]);
    let asked =
        || json!({ "credentials": [more, less], "credential_sets": [{ "options": [["more"], ["less"]] }] });
    let request = ask(&world, asked());
    let needs: Vec<Need> = request.asked.iter().map(|asked| asked.need).collect();
    assert_eq!(needs, [Need::Alternative, Need::Required]);
    let held = request.asked[0].candidates[0].credential.id;
    let smallest = request.smallest_choice().unwrap();
    assert_eq!(smallest.credentials(&id("less")), [held]);
    let both = smallest.clone().with(id("more"), held);
    assert_eq!(share(&world, &request, both), Err(WalletError::InvalidChoice));
    let other = smallest.without(&id("less")).with(id("more"), held);
    share(&world, &request, other).unwrap();
    let shown = &world.verifier.answers()[0][0];
    assert!(shown.contains_key("birth_date") && !shown.contains_key("age_over_18"));
}

#[test]
fn why_nothing_fits_is_told_to_the_person_and_to_nobody_else() {
    let world = World::new();
    world.receive();
    let values = |value: &str| json!([{ "path": ["given_name"], "values": [value] }]);
    let identity = |claims: Value, authorities: Value| {
        let mut query = credential_query("identity", TYPE, claims.as_array().unwrap());
        if !authorities.is_null() {
            query["trusted_authorities"] = authorities;
        }
        json!({ "credentials": [query] })
    };
    let aki = json!([{ "type": "aki", "values": ["AQID"] }]);
    let federation = json!([{ "type": "openid_federation", "values": ["https://federation.example"] }]);
    let other = credential_query("identity", "https://roads.example/types/licence", &[]);
    for (query, lack) in [
        (identity(values("Mariam"), Value::Null), Lack::Values),
        (identity(json!([path("portrait")]), Value::Null), Lack::Claims),
        (identity(values("Amina"), aki), Lack::Authority),
        (identity(values("Amina"), federation), Lack::Authority),
        (json!({ "credentials": [other] }), Lack::NotHeld),
    ] {
        let before = world.verifier.errors().len();
        let request = ask(&world, query.clone());
        assert_eq!(request.asked[0].lack, Some(lack), "{query}");
        assert_eq!(request.smallest_choice(), None);
        assert_eq!(
            world.verifier.errors().len(),
            before,
            "nobody is told before the person"
        );
        let wallet = world.wallet();
        block_on(wallet.answer_request(request.flow, Decision::Decline, world.now)).unwrap();
    }
    let request = ask(&world, identity(values("Amina"), Value::Null));
    assert_eq!(request.asked[0].lack, None);
    let wallet = world.wallet();
    block_on(wallet.answer_request(request.flow, Decision::Decline, world.now)).unwrap();
    // What is missing and what is declined look the same.
    assert_eq!(world.verifier.errors(), ["access_denied"; 6]);
}

#[test]
fn an_authority_is_named_by_its_key_or_by_a_list_that_has_it() {
    const LIST: &str = "https://lists.example/tl";
    let mut world = World::new();
    world.receive_kind(Kind::Mdoc);
    world.receive();
    let authorities = |kind: &str, value: &str| json!([{ "type": kind, "values": [value] }]);
    let fits = |world: &World, authorities: &Value| {
        let mut identity = credential_query("identity", TYPE, &[path("given_name")]);
        let mut mdoc = Kind::Mdoc.query("mdoc", &[Kind::Mdoc.path(&["given_name"])]);
        for query in [&mut identity, &mut mdoc] {
            query["trusted_authorities"] = authorities.clone();
        }
        let request = ask(world, json!({ "credentials": [identity, mdoc] }));
        let fits: Vec<bool> = request.asked.iter().map(|asked| asked.lack.is_none()).collect();
        (fits[0], fits[1])
    };
    let key = |identity: &symbolon_crypto::x509::Certificate| {
        symbolon_crypto::encoding::base64url::encode(identity.subject_key_identifier().unwrap())
    };
    let known = certificates();
    assert_eq!(
        fits(&world, &authorities("aki", &key(&known.issuer.root))),
        (true, false)
    );
    assert_eq!(
        fits(&world, &authorities("aki", &key(&known.document_signer.root))),
        (false, true)
    );
    assert_eq!(fits(&world, &authorities("etsi_tl", LIST)), (false, false));
    for (certificate, expected) in [
        (&known.issuer.root, (true, false)),
        (&known.issuer.certificate, (true, false)),
        (&known.document_signer.root, (false, true)),
        (&known.neighbour.root, (false, false)),
        (&known.verifier.root, (false, false)),
    ] {
        world.policy.etsi_trusted_lists = vec![EtsiTrustedList {
            identifier: LIST.to_owned(),
            certificates: vec![certificate.clone()],
        }];
        assert_eq!(fits(&world, &authorities("etsi_tl", LIST)), expected);
        let other = authorities("etsi_tl", "https://lists.example/other");
        assert_eq!(fits(&world, &other), (false, false));
    }
    let lists = world
        .requests()
        .into_iter()
        .filter(|line| line.contains("lists.example"));
    assert_eq!(lists.count(), 0, "a list is a name and not fetched");
}

#[test]
fn a_credential_of_a_type_that_extends_the_one_asked_for_is_shown_by_the_metadata_of_the_policy() {
    const BASE: &str = "https://registry.example/types/person";
    let mut world = World::new();
    world.receive();
    let query = || json!({ "credentials": [credential_query("identity", BASE, &[path("given_name")])] });
    assert_eq!(ask(&world, query()).asked[0].lack, Some(Lack::NotHeld));
    let extending = json!({ "vct": TYPE, "extends": BASE });
    world.policy.type_metadata.insert(TYPE.to_owned(), extending);
    world
        .policy
        .type_metadata
        .insert(BASE.to_owned(), json!({ "vct": BASE }));
    let request = ask(&world, query());
    let choice = request.smallest_choice().unwrap();
    share(&world, &request, choice).unwrap();
    assert_eq!(world.verifier.answers()[0][0]["given_name"], "Amina");
}

#[test]
fn where_no_proof_is_asked_for_none_is_made_and_an_mdoc_makes_one_all_the_same() {
    let unproven = |mut query: Value| {
        query["require_cryptographic_holder_binding"] = json!(false);
        json!({ "credentials": [query] })
    };
    let world = World::new();
    world.receive();
    let signatures = world.keys.signatures();
    let query = credential_query("id", TYPE, &[path("given_name")]);
    let request = ask(&world, unproven(query));
    assert_eq!(request.asked[0].holder_binding, HolderBinding::Absent);
    let choice = request.smallest_choice().unwrap();
    share(&world, &request, choice).unwrap();
    assert_eq!(world.keys.signatures(), signatures, "nothing is signed");
    let text = sent(&world)["id"][0].as_str().unwrap().to_owned();
    assert!(text.ends_with('~'), "without a key binding");
    assert_eq!(text.matches('~').count(), 2, "and with one disclosure");

    for kind in [Kind::EddsaRdfc, Kind::EcdsaSd, Kind::Jwt, Kind::Mdoc] {
        let world = World::new();
        world.receive_kind(kind);
        let signatures = world.keys.signatures();
        let request = ask(&world, unproven(kind.query("id", &[kind.path(&["given_name"])])));
        let choice = request.smallest_choice().unwrap();
        share(&world, &request, choice).unwrap();
        let made = world.keys.signatures() - signatures;
        let presentation = world
            .verifier
            .tokens()
            .pop()
            .unwrap()
            .0
            .remove(&id("id"))
            .unwrap()
            .remove(0);
        match (kind, presentation) {
            (Kind::Mdoc, Presentation::Text(_)) => assert_eq!(made, 1),
            (Kind::Jwt, Presentation::Text(text)) => {
                let header = symbolon_crypto::jose::jws::CompactJws::parse(&text, 1 << 16)
                    .unwrap()
                    .header;
                assert_eq!((header.typ.as_deref(), made), (Some("vc+jwt"), 0));
            }
            (_, Presentation::Object(document)) => {
                let is_credential = document["type"]
                    .as_array()
                    .unwrap()
                    .contains(&json!("VerifiableCredential"));
                assert!(is_credential && document.contains_key("proof"));
                assert_eq!(made, 0);
                let names = document["credentialSubject"].as_object().unwrap();
                assert!(names.contains_key("given_name"));
                assert_eq!(
                    names.contains_key("family_name"),
                    kind != Kind::EcdsaSd,
                    "the least"
                );
            }
            (kind, other) => panic!("{kind:?}: {other:?}"),
        }
    }
}

#[test]
fn what_the_verifier_means_to_keep_is_known_before_consent() {
    let world = World::new();
    world.receive_kind(Kind::Mdoc);
    let mut query = Kind::Mdoc.query("id", &[]);
    query["claims"] = json!([
        { "path": [NAMESPACE, "given_name"], "intent_to_retain": true },
        { "path": [NAMESPACE, "family_name"], "intent_to_retain": false }
    ]);
    let request = ask(&world, json!({ "credentials": [query] }));
    let retention: Vec<Retention> = request.asked[0]
        .claims
        .iter()
        .map(|claim| claim.retention)
        .collect();
    assert_eq!(retention, [Retention::Intended, Retention::NotIntended]);
}

#[test]
fn one_copy_answers_every_query_of_a_request_and_is_then_replaced() {
    let mut world = World::new();
    world.issuer.endpoint.set(Offered {
        batch_size: Some(4),
        ..Offered::default()
    });
    world.copies = 3;
    world.receive();
    let copies = |world: &World| block_on(world.store.credentials()).unwrap()[0].copies.len();
    assert_eq!(copies(&world), 2);
    let both = json!({ "credentials": [
        credential_query("name", TYPE, &[path("given_name")]),
        credential_query("age", TYPE, &[path("age_over_18")]),
    ]});
    let request = ask(&world, both);
    let choice = request.smallest_choice().unwrap();
    share(&world, &request, choice).unwrap();
    let sent = sent(&world);
    let issued = |query: &str| {
        sent[query][0]
            .as_str()
            .unwrap()
            .split('~')
            .next()
            .unwrap()
            .to_owned()
    };
    assert_eq!(
        issued("name"),
        issued("age"),
        "one credential, shown twice to one verifier"
    );
    assert_eq!(copies(&world), 1, "and used up once");
    assert_eq!(world.held(), (1, 2), "its key is gone, and no other");
    let shown = world.verifier.answers();
    let claims = shown[0].iter().map(|claims| claims.contains_key("given_name"));
    assert_eq!(
        claims.filter(|has| *has).count(),
        1,
        "each shows what its query asks for"
    );
}

/// The largest query that is read, against credentials of every format: answered at once.
#[test]
fn a_query_as_large_as_they_come_is_weighed_without_a_search() {
    let world = World::new();
    for kind in [Kind::Mdoc, Kind::Jwt] {
        world.receive_kind(kind);
    }
    for _ in 0..3 {
        world.receive();
    }
    let claims: Vec<Value> = (0..8)
        .map(|at| json!({ "id": format!("c{at}"), "path": [format!("x{at}")] }))
        .collect();
    let mut last = claims.clone();
    last.push(json!({ "id": "name", "path": ["given_name"] }));
    let sets: Vec<Value> = (0..31)
        .map(|at| json!([format!("c{}", at % 8), "name"]))
        .chain([json!(["name"])])
        .collect();
    let credentials: Vec<Value> = (0..32)
        .map(|at| json!({
            "id": format!("q{at}"), "format": "dc+sd-jwt", "meta": {}, "multiple": true, "claims": last, "claim_sets": sets
        }))
        .collect();
    let option = |at: usize| json!([format!("q{at}"), format!("q{}", (at + 1) % 32)]);
    let options: Vec<Value> = (0..32).map(option).collect();
    let sets: Vec<Value> = (0..32).map(|_| json!({ "options": options })).collect();
    let query = json!({ "credentials": credentials, "credential_sets": sets });
    assert!(query.to_string().len() < symbolon_protocol::dcql::MAX_QUERY_BYTES);
    let request = ask(&world, query);
    let choice = request.smallest_choice().unwrap();
    assert_eq!(choice.iter().count(), 2, "one option does for all");
}
