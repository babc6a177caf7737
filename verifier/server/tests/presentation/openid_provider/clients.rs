//! The files of clients: what a verifier does not start with, and keys that are fetched.

use axum::Router;
use axum::routing::get;
use serde_json::{Value, json};
use std::sync::{Arc, Mutex};
use symbolon_http::serve::{Encryption, Limits, harden, listen, serve};
use symbolon_protocol::identifier::{IssuerIdentifier, UrlPolicy};
use symbolon_trust::testing::{NOW, TestIssuer, TestRegistry};
use symbolon_trust::trust_list::CredentialTypeRule;
use symbolon_verifier_server::CheckedPolicies;
use symbolon_verifier_server::configuration::VerifierConfiguration;

use super::{Banks, assure, client_key, error, insert_party, insert_policy, party, policy};
use crate::world::vct;

/// What `symbolon policy check` and the start of the verifier say of a client.
fn checked(configure: impl FnOnce(&mut VerifierConfiguration, &str)) -> Result<(), String> {
    let issuer = TestIssuer::new("http://127.0.0.1:9", 100);
    let vct = vct(&issuer);
    let rules = vec![CredentialTypeRule::Exactly(vct.clone())];
    let trust_list = TestRegistry::new(1).trust_list(vec![issuer.entry(rules)], NOW);
    let identifier = IssuerIdentifier::parse("http://127.0.0.1:8").unwrap();
    let mut configuration = VerifierConfiguration::new(identifier, "Clinic".to_owned());
    assure(&mut configuration, issuer.identifier.as_str());
    insert_policy(&mut configuration, "name", policy(&vct, json!({})));
    configure(&mut configuration, &vct);
    CheckedPolicies::of(&configuration, &trust_list, UrlPolicy::Development)
        .map(|_| ())
        .map_err(|error| error.to_string())
}

fn scope(more: Value) -> Value {
    let mut scope =
        json!({"scope": "openid", "policy": "name", "subject": {"identity": ["personal_number"]}});
    for (key, value) in more.as_object().unwrap() {
        scope[key] = value.clone();
    }
    json!({"scopes": [scope]})
}

#[test]
fn a_client_that_cannot_work_is_refused_at_start_and_its_key_named() {
    let of_client =
        |more: Value| checked(|configuration, _| insert_party(configuration, "bank", party("bank", more)));
    assert_eq!(of_client(json!({})), Ok(()));
    let private = json!({"keys": [{"kty": "EC", "crv": "P-256", "x": "a", "y": "b", "d": "c"}]});
    for (more, key) in [
        (
            json!({"redirect_uris": []}),
            "openid_client.redirect_uris: names none",
        ),
        (json!({"redirect_uris": ["http://bank.example/cb"]}), ""),
        (
            json!({"redirect_uris": ["bank://cb"]}),
            "openid_client.redirect_uris[0]: must be an https URL",
        ),
        (
            json!({"jwks_uri": "https://bank.example/jwks"}),
            "exactly one of jwks and jwks_uri",
        ),
        (json!({"jwks": null}), "exactly one of jwks and jwks_uri"),
        (
            json!({"jwks": null, "jwks_uri": "http://bank.example/jwks"}),
            "openid_client.jwks_uri",
        ),
        (
            json!({"jwks": private}),
            "openid_client.jwks: is no set of public keys",
        ),
        (
            json!({"jwks": {"keys": []}}),
            "openid_client.jwks: is no set of public keys",
        ),
        (json!({"devices": []}), "openid_client.devices"),
        (json!({"scopes": []}), "openid_client.scopes: names none"),
        (json!({"sector": " "}), "openid_client.sector"),
        (
            scope(json!({"scope": "profile"})),
            "openid_client.scopes[0].scope",
        ),
        (
            scope(json!({"scope": "two words"})),
            "openid_client.scopes[0].scope",
        ),
        (
            scope(json!({"policy": "other"})),
            "openid_client.scopes[0].policy: names none of the relying party's policies",
        ),
        (
            scope(json!({"subject": {}})),
            "openid_client.scopes[0].subject: the policy can be satisfied without",
        ),
        (
            scope(json!({"subject": {"other": ["personal_number"]}})),
            "openid_client.scopes[0].subject.other: is no required claim",
        ),
        (
            scope(json!({"subject": {"identity": ["birthdate"]}})),
            "openid_client.scopes[0].subject.identity: is no required claim",
        ),
        (
            scope(json!({"claims": ["email"]})),
            "openid_client.scopes[0].claims[0]: is no claim of the policy's mapping",
        ),
    ] {
        let refused = match std::panic::catch_unwind(|| of_client(more.clone())) {
            Ok(checked) => checked.unwrap_err(),
            // What the types of the file refuse already.
            Err(_) => String::new(),
        };
        assert!(
            refused.contains(key) && (key.is_empty() == refused.is_empty()),
            "{more}: {refused}"
        );
    }
    let taken = checked(|configuration, _| {
        insert_party(configuration, "bank", party("bank", json!({})));
        insert_party(
            configuration,
            "broker",
            party("broker", json!({"client_id": "bank"})),
        );
    });
    assert!(taken.unwrap_err().contains("openid_client.client_id"));
}

/// The policy must require and keep what identifies the person, whatever of it is shown, and by a key.
#[test]
fn a_policy_that_lets_the_person_go_unnamed_is_refused() {
    let of_policy = |change: &dyn Fn(&mut Value)| {
        checked(|configuration, vct| {
            let mut document = policy(vct, json!({}));
            change(&mut document);
            insert_policy(configuration, "name", document);
            insert_party(configuration, "bank", party("bank", scope(json!({}))));
        })
    };
    let credential = |name: &'static str, value: Value| {
        move |document: &mut Value| document["credentials"][0][name] = value.clone()
    };
    assert_eq!(of_policy(&|_| {}), Ok(()));
    let optional = json!([{"path": ["given_name"]}, {"path": ["family_name"]}, {"path": ["personal_number"], "presence": "optional"}]);
    for (change, said) in [
        (credential("claims", optional), "is no required claim"),
        (
            credential("keep_claims", json!([["given_name"], ["family_name"]])),
            "is not among the policy's keep_claims",
        ),
        (credential("presence", json!("optional")), ""),
    ] {
        let refused = of_policy(&change).unwrap_err();
        assert!(refused.contains(said), "{refused}");
    }
    let unbound = |document: &mut Value| {
        let credential = document["credentials"][0].as_object_mut().unwrap();
        credential.remove("verified_claims");
        credential["binding"] = json!("none");
    };
    let refused = of_policy(&unbound).unwrap_err();
    assert!(refused.contains("whose binding is not \"key\""), "{refused}");
    // Of two alternatives one does not identify the person.
    let alternative = |document: &mut Value| {
        let mut other = document["credentials"][0].clone();
        document["credentials"][0]["one_of"] = json!("any");
        other["one_of"] = json!("any");
        other["id"] = json!("other");
        document["credentials"].as_array_mut().unwrap().push(other);
    };
    let refused = of_policy(&alternative).unwrap_err();
    assert!(
        refused.contains("can be satisfied without any of these credentials"),
        "{refused}"
    );
    let several = |document: &mut Value| {
        let mut other = document["credentials"][0].clone();
        other["id"] = json!("other");
        other.as_object_mut().unwrap().remove("verified_claims");
        document["credentials"].as_array_mut().unwrap().push(other);
        document["combined"] = json!("several_people");
    };
    let refused = of_policy(&several).unwrap_err();
    assert!(refused.contains("several people"), "{refused}");
}

/// A client of OpenID Connect has no member to bring a transaction by, so a policy that waits for one could never be asked.
#[test]
fn a_policy_whose_transactions_a_request_must_bring_signs_nobody_in() {
    let with_members = |members: Value| {
        checked(|configuration, vct| {
            let terms = json!({
                "type": "urn:example:terms:1", "title": {"en": "Terms"}, "fields": [{"name": "text", "kind": "text"}],
            });
            let definition = serde_json::from_value(terms).unwrap();
            configuration.transaction_data_types.push(definition);
            let mut document = policy(vct, json!({}));
            document["transactions"] =
                json!([{"type": "urn:example:terms:1", "credential_ids": ["identity"], "members": members}]);
            insert_policy(configuration, "name", document);
            insert_party(configuration, "bank", party("bank", scope(json!({}))));
        })
    };
    assert_eq!(with_members(json!({"text": "Our terms"})), Ok(()));
    let refused = with_members(Value::Null).unwrap_err();
    assert!(refused.contains("openid_client.scopes[0].policy: "), "{refused}");
}

/// A query of the operator's own may take several credentials for one part: then one person would be signed in with the claims of another.
#[test]
fn a_policy_whose_query_takes_several_credentials_of_several_people_is_refused() {
    let of_policy = |combined: &'static str, mapping: bool| {
        checked(|configuration, vct| {
            let mut document = policy(vct, json!({}));
            document["query"] = json!("several");
            document["combined"] = json!(combined);
            if !mapping {
                let credential = document["credentials"][0].as_object_mut().unwrap();
                credential.remove("verified_claims");
            }
            let query = json!({"credentials": [{
                "id": "identity", "format": "dc+sd-jwt", "meta": {"vct_values": [vct]}, "multiple": true,
                "claims": [{"path": ["given_name"]}, {"path": ["family_name"]}, {"path": ["personal_number"]}],
            }]});
            configuration.queries.insert("several".to_owned(), query);
            insert_policy(configuration, "name", document);
            insert_party(configuration, "bank", party("bank", scope(json!({}))));
        })
    };
    assert_eq!(of_policy("same_key", true), Ok(()));
    for (mapping, key) in [
        (true, "credentials[0].verified_claims"),
        (false, "openid_client.scopes[0].policy"),
    ] {
        let refused = of_policy("several_people", mapping).unwrap_err();
        assert!(
            refused.contains(key) && refused.contains("several people"),
            "{refused}"
        );
    }
}

/// A client that publishes its keys changes them, and nobody has to tell the verifier.
#[tokio::test]
async fn published_keys_are_fetched_and_looked_at_again_for_a_new_one() {
    let published = Arc::new(Mutex::new(
        json!({"keys": [client_key("broker").public_key().to_jwk()]}),
    ));
    let served = Arc::clone(&published);
    let asked = Arc::new(Mutex::new(0));
    let counted = Arc::clone(&asked);
    let router = Router::new().route(
        "/jwks",
        get(move || {
            *counted.lock().unwrap() += 1;
            let document = served.lock().unwrap().clone();
            async move { axum::Json(document) }
        }),
    );
    let listener = listen(std::net::SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let uri = format!("http://{}/jwks", listener.local_addr().unwrap());
    let _keys = serve(listener, Encryption::Plain, harden(router, Limits::PROTOCOL))
        .await
        .unwrap();
    let banks = Banks::configured(json!({"jwks": null, "jwks_uri": uri})).await;

    let first = banks.code("bank", &[]).await;
    let refused = banks.redeem("bank", &first).await;
    assert_eq!(error(&refused), (401, "invalid_client".to_owned()));
    assert_eq!(*asked.lock().unwrap(), 1);
    *published.lock().unwrap() = json!({"keys": [client_key("bank").public_key().to_jwk()]});
    // Whoever sends wrong assertions does not make us fetch for each.
    banks.redeem("bank", &first).await;
    assert_eq!(*asked.lock().unwrap(), 1);
    banks.world.advance(16);
    banks.tokens("bank", &first).await;
    assert_eq!(*asked.lock().unwrap(), 2);
    let second = banks.code("bank", &[]).await;
    banks.tokens("bank", &second).await;
    assert_eq!(*asked.lock().unwrap(), 2, "known keys are not fetched again");
    *published.lock().unwrap() = json!({"keys": "nothing"});
    banks.world.advance(301);
    banks.world.publish(symbolon_trust::status_list::Status::Valid);
    let third = banks.code("bank", &[]).await;
    for _ in 0..3 {
        assert_eq!(
            error(&banks.redeem("bank", &third).await),
            (401, "invalid_client".to_owned())
        );
    }
    assert_eq!(
        *asked.lock().unwrap(),
        3,
        "nor fetched for each where there are none"
    );
    *published.lock().unwrap() = json!({"keys": [client_key("bank").public_key().to_jwk()]});
    banks.world.advance(16);
    banks.tokens("bank", &third).await;
    assert_eq!(*asked.lock().unwrap(), 4);
}
