//! Queries and their answers over HTTP: several presentations, options, no proof, and whatever was not asked for.

use http::Method;
use serde_json::{Value, json};
use symbolon_protocol::dcql::QueryId;
use symbolon_protocol::openid4vp::request_object::VerifiedRequest;
use symbolon_protocol::openid4vp::response::{AuthorizationResponse, Presentation, VpToken};

use crate::world::formats::{publish, selective, whole};
use crate::world::{TYPE, World, context_url, json_of, vct};

/// One credential of a query, by its name, for the given name.
fn identity(world: &World, id: &str, more: &Value) -> Value {
    let mut query = json!({
        "id": id, "format": "dc+sd-jwt", "meta": { "vct_values": [vct(&world.issuer)] },
        "claims": [{ "path": ["given_name"] }]
    });
    for (name, value) in more.as_object().unwrap() {
        query[name] = value.clone();
    }
    query
}

/// Asks, answers with these presentations, and returns what became of it.
async fn answer(
    world: &World,
    query: &Value,
    present: impl Fn(&VerifiedRequest) -> Vec<(&'static str, Vec<Presentation>)>,
) -> Value {
    let (id, link) = world.make_request(&json!({ "dcql_query": query })).await;
    let request = world.open(&link).await;
    let presented = present(&request).into_iter();
    let presented = presented.map(|(query, presentations)| (QueryId::parse(query).unwrap(), presentations));
    let answer = AuthorizationResponse {
        vp_token: VpToken(presented.collect()),
        state: request.request().state.clone(),
    };
    let posted = world.post(&request, &world.encrypt(&request, &answer)).await;
    let result = world.result(&id).await["result"]["outcome"]["presented"].clone();
    let good =
        result["answer"] == "as_asked" && outcome(&result).0.iter().all(|verdict| *verdict != "invalid");
    let refused = String::from_utf8_lossy(&posted.body);
    assert_eq!(posted.status, if good { 200 } else { 400 }, "{refused}");
    result
}

fn show(world: &World, request: &VerifiedRequest, credential: &str, names: &[&str]) -> Presentation {
    let request = request.request();
    let (audience, nonce) = (request.client_id.as_str(), request.nonce.as_str());
    Presentation::Text(world.present_credential(credential, audience, nonce, names))
}

/// The verdicts, and what became of the answer.
fn outcome(result: &Value) -> (Vec<&str>, &str) {
    let reports = result["reports"].as_array().unwrap();
    let verdicts = reports
        .iter()
        .map(|one| one["report"]["verdict"].as_str().unwrap());
    (verdicts.collect(), result["answer"].as_str().unwrap())
}

#[tokio::test]
async fn several_credentials_answer_a_query_for_several_and_one_is_not_several() {
    let world = World::new().await;
    let (one, other) = (world.credential(), world.credential_of(6));
    let several = json!({ "credentials": [identity(&world, "id", &json!({ "multiple": true }))] });
    let single = json!({ "credentials": [identity(&world, "id", &json!({}))] });
    for (query, credentials, said) in [
        (&several, vec![&one, &other], "as_asked"),
        (&several, vec![&one], "as_asked"),
        (&several, vec![&one, &one], "repeated_credential"),
        (&single, vec![&one, &other], "several_presentations"),
    ] {
        let result = answer(&world, query, |request| {
            let shown = credentials
                .iter()
                .map(|it| show(&world, request, it, &["given_name"]));
            vec![("id", shown.collect())]
        })
        .await;
        let verdicts = vec!["valid"; credentials.len()];
        assert_eq!(outcome(&result), (verdicts, said), "{result}");
    }
}

#[tokio::test]
async fn each_thing_that_was_not_asked_for_has_a_code_of_its_own() {
    let world = World::new().await;
    let credential = world.credential();
    let aki = json!({ "trusted_authorities": [{ "type": "aki", "values": ["AQID"] }] });
    let list = json!({ "trusted_authorities": [{ "type": "etsi_tl", "values": ["https://lists.example"] }] });
    let value = json!({ "claims": [{ "path": ["given_name"], "values": ["Mariam"] }] });
    let two = |sets: Value| {
        json!({
            "credentials": [identity(&world, "id", &json!({})), identity(&world, "more", &json!({}))],
            "credential_sets": sets
        })
    };
    let one = |more: &Value| json!({ "credentials": [identity(&world, "id", more)] });
    let either = json!([{ "options": [["id"], ["more"]] }]);
    let both = json!([{ "options": [["id", "more"]] }]);
    for (query, answered, names, said) in [
        (one(&json!({})), vec!["id"], vec!["given_name"], "as_asked"),
        (
            one(&json!({})),
            vec!["id"],
            vec!["given_name", "family_name"],
            "unasked_claims",
        ),
        (one(&json!({})), vec!["id"], vec!["family_name"], "wrong_claims"),
        (one(&value), vec!["id"], vec!["given_name"], "wrong_value"),
        (one(&aki), vec!["id"], vec!["given_name"], "wrong_authority"),
        (one(&list), vec!["id"], vec!["given_name"], "wrong_authority"),
        (
            one(&json!({})),
            vec!["id", "extra"],
            vec!["given_name"],
            "unasked_credential",
        ),
        (two(either.clone()), vec!["more"], vec!["given_name"], "as_asked"),
        (
            two(either),
            vec!["id", "more"],
            vec!["given_name"],
            "unneeded_credential",
        ),
        (
            two(Value::Null),
            vec!["id", "more"],
            vec!["given_name"],
            "as_asked",
        ),
        (two(Value::Null), vec!["id"], vec!["given_name"], "incomplete"),
        (two(both), vec!["id"], vec!["given_name"], "incomplete"),
    ] {
        let result = answer(&world, &query, |request| {
            let shown = || vec![show(&world, request, &credential, &names)];
            answered.iter().map(|id| (*id, shown())).collect()
        })
        .await;
        assert_eq!(outcome(&result).1, said, "{query}");
    }
}

#[tokio::test]
async fn without_a_proof_a_credential_is_genuine_where_none_was_asked_for_and_invalid_elsewhere() {
    let world = World::new().await;
    publish(&world, &[], &[]);
    let without = json!({ "require_cryptographic_holder_binding": false });
    let iri = format!("{}#{TYPE}", context_url(&world.issuer));
    let document = |more: &Value| {
        let mut query = identity(&world, "id", more);
        query["format"] = json!("ldp_vc");
        query["meta"] = json!({ "type_values": [[iri]] });
        query["claims"] = json!([{ "path": ["credentialSubject", "givenName"] }]);
        query
    };
    let proven = show_text(&world);
    let bare = proven[..=proven.rfind('~').unwrap()].to_owned();
    let as_object = |document: Value| match document {
        Value::Object(document) => Presentation::Object(document),
        _ => panic!("a document is an object"),
    };
    let forms = [
        (
            identity(&world, "id", &without),
            identity(&world, "id", &json!({})),
            Presentation::Text(bare),
        ),
        (
            document(&without),
            document(&json!({})),
            as_object(whole(&world, &world.holder)),
        ),
        (
            document(&without),
            document(&json!({})),
            as_object(selective(&world, &world.holder)),
        ),
    ];
    for (lenient, strict, presentation) in forms {
        let result = answer(&world, &json!({ "credentials": [lenient] }), |_| {
            vec![("id", vec![presentation.clone()])]
        })
        .await;
        assert_eq!(outcome(&result), (vec!["genuine"], "as_asked"), "{result}");
        let report = &result["reports"][0]["report"];
        assert_eq!(report["holder"]["state"], "not_asked");
        assert_eq!(report["holder_key"], Value::Null);
        let result = answer(&world, &json!({ "credentials": [strict] }), |_| {
            vec![("id", vec![presentation.clone()])]
        })
        .await;
        assert_eq!(
            outcome(&result),
            (vec!["invalid"], "holder_not_proven"),
            "{result}"
        );
    }
    // A proof that is there although none was asked for must be one for this request.
    let query = json!({ "credentials": [identity(&world, "id", &without)] });
    let result = answer(&world, &query, |_| {
        vec![("id", vec![Presentation::Text(proven.clone())])]
    })
    .await;
    assert_eq!(outcome(&result).0, ["invalid"]);
}

/// A presentation for another request.
fn show_text(world: &World) -> String {
    world.present("x509_hash:another", "another-nonce-0123456789", &["given_name"])
}

#[tokio::test]
async fn a_query_that_asks_for_a_claim_twice_is_not_asked() {
    let world = World::new().await;
    let twice = json!({ "claims": [{ "path": ["given_name"] }, { "path": ["given_name"] }] });
    let query = json!({ "credentials": [identity(&world, "id", &twice)] });
    let body = json!({ "dcql_query": query }).to_string();
    let refused = world.administer(Method::POST, "", &body).await;
    assert_eq!(
        (refused.status, json_of(&refused)["error"].clone()),
        (400, json!("invalid_request"))
    );
}

/// What a relying party may not ask is refused before anybody is asked, and said by its place.
#[tokio::test]
async fn a_query_that_the_specification_does_not_know_is_not_asked() {
    let world = World::new().await;
    let one = |more: Value| json!({ "credentials": [identity(&world, "id", &more)] });
    let claims = |claims: Value| one(json!({ "claims": claims }));
    let named = json!([{ "id": "a", "path": ["given_name"] }, { "id": "b", "path": ["family_name"] }]);
    let sets = |sets: Value| one(json!({ "claims": named, "claim_sets": sets }));
    let combined = |sets: Value| {
        let mut query = one(json!({}));
        query["credential_sets"] = sets;
        query
    };
    let authority = |authority: Value| one(json!({ "trusted_authorities": authority }));
    let mdoc = |path: Value| {
        one(
            json!({ "format": "mso_mdoc", "meta": { "doctype_value": "org.example" }, "claims": [{ "path": path }] }),
        )
    };
    let twice =
        json!({ "credentials": [identity(&world, "id", &json!({})), identity(&world, "id", &json!({}))] });
    for (query, reason) in [
        (json!({ "credentials": [] }), "asks for no credential"),
        (combined(json!([])), "credential set 0"),
        (one(json!({ "id": "" })), "malformed"),
        (one(json!({ "id": "with space" })), "malformed"),
        (twice, "the same id"),
        (one(json!({ "meta": { "doctype_value": "org.example" } })), "meta"),
        (one(json!({ "meta": { "vct_values": [] } })), "meta"),
        (claims(json!([])), "claims is empty"),
        (authority(json!([])), "trusted_authorities"),
        (
            authority(json!([{ "type": "aki", "values": [] }])),
            "trusted_authorities",
        ),
        (
            authority(json!([{ "type": "aki", "values": ["not base64url!"] }])),
            "trusted_authorities",
        ),
        (combined(json!([{ "options": [] }])), "credential set 0"),
        (combined(json!([{ "options": [[]] }])), "credential set 0"),
        (combined(json!([{ "options": [["other"]] }])), "credential set 0"),
        (sets(json!([])), "claim_sets"),
        (sets(json!([["c"]])), "claim_sets"),
        (sets(json!([[]])), "claim_sets"),
        (
            one(json!({ "claims": null, "claim_sets": [["a"]] })),
            "claim_sets",
        ),
        (
            one(json!({ "claims": [{ "path": ["given_name"] }], "claim_sets": [["a"]] })),
            "needs an id",
        ),
        (
            claims(json!([{ "id": "a", "path": ["given_name"] }, { "id": "a", "path": ["family_name"] }])),
            "the same id",
        ),
        (
            claims(json!([{ "id": "with space", "path": ["given_name"] }])),
            "malformed",
        ),
        (claims(json!([{ "path": [] }])), "malformed"),
        (claims(json!([{ "path": [-1] }])), "malformed"),
        (claims(json!([{ "path": [true] }])), "malformed"),
        (
            claims(json!([{ "path": ["given_name"], "values": [] }])),
            "values",
        ),
        (
            claims(json!([{ "path": ["given_name"], "values": [1.5] }])),
            "values",
        ),
        (
            claims(json!([{ "path": ["given_name"], "values": [null] }])),
            "values",
        ),
        (mdoc(json!(["org.example"])), "namespace and an element"),
        (
            mdoc(json!(["org.example", "name", "first"])),
            "namespace and an element",
        ),
        (mdoc(json!(["org.example", 0])), "namespace and an element"),
    ] {
        let body = json!({ "dcql_query": query }).to_string();
        let refused = world.administer(Method::POST, "", &body).await;
        let said = String::from_utf8_lossy(&refused.body).into_owned();
        assert_eq!(refused.status, 400, "{query} {said}");
        assert!(said.contains(reason), "{query}: {said}");
    }
    let mut known = one(json!({ "later": 1, "claims": [{ "path": ["given_name"], "later": 1 }] }));
    known["later"] = json!({});
    world.make_request(&json!({ "dcql_query": known })).await;
}

/// What is asked for of one credential is looked for again in what comes.
#[tokio::test]
async fn claims_their_sets_and_their_places_are_checked_in_the_answer() {
    let world = World::new().await;
    let person =
        json!({ "given_name": "Amina", "family_name": "Diallo", "nationalities": ["SN", "FR", "KE"] });
    let credential = world.credential_with(
        person,
        &[
            json!(["given_name"]),
            json!(["family_name"]),
            json!(["nationalities", null]),
        ],
    );
    let named = json!([{ "id": "a", "path": ["given_name"] }, { "id": "b", "path": ["family_name"] }]);
    let sets = json!({ "claims": named, "claim_sets": [["a", "b"], ["b"]] });
    let claim = |path: Value| json!({ "claims": [{ "path": path }] });
    let country = |path: Value, value: &str| json!({ "claims": [{ "path": path, "values": [value] }] });
    let (given, family) = (json!(["given_name"]), json!(["family_name"]));
    let (first, second, all) = (
        json!(["nationalities", 0]),
        json!(["nationalities", 1]),
        json!(["nationalities", null]),
    );
    for (asked, shown, said) in [
        (json!({ "claims": null }), vec![], "as_asked"),
        (json!({ "claims": null }), vec![&given], "unasked_claims"),
        (json!({ "claims": named }), vec![&given], "wrong_claims"),
        (sets.clone(), vec![&given, &family], "as_asked"),
        (sets.clone(), vec![&family], "as_asked"),
        (sets.clone(), vec![&given], "wrong_claims"),
        (claim(second.clone()), vec![&second], "as_asked"),
        (claim(second.clone()), vec![&first], "wrong_claims"),
        (claim(second.clone()), vec![&all], "unasked_claims"),
        (claim(all.clone()), vec![&all], "as_asked"),
        (country(all.clone(), "FR"), vec![&second], "as_asked"),
        (country(all.clone(), "FR"), vec![&first], "wrong_value"),
        (country(second.clone(), "SN"), vec![&second], "wrong_value"),
        (claim(json!(["given_name", 0])), vec![&given], "wrong_claims"),
        (
            json!({ "meta": { "vct_values": ["https://issuer.example/other"] } }),
            vec![&given],
            "wrong_type",
        ),
        (
            json!({ "format": "mso_mdoc", "meta": { "doctype_value": "org.example" }, "claims": null }),
            vec![],
            "wrong_format",
        ),
    ] {
        let query = json!({ "credentials": [identity(&world, "id", &asked)] });
        let result = answer(&world, &query, |request| {
            let request = request.request();
            let paths: Vec<_> = shown
                .iter()
                .map(|path| serde_json::from_value((*path).clone()).unwrap())
                .collect();
            let (audience, nonce) = (request.client_id.as_str(), request.nonce.as_str());
            let presented = world.present_paths(&credential, audience, nonce, &paths);
            vec![("id", vec![Presentation::Text(presented)])]
        })
        .await;
        assert_eq!(outcome(&result).1, said, "{query}");
    }
}
