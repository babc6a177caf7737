//! Verified claims of OpenID Connect for Identity Assurance, over the service interface.

use http::Method;
use serde_json::{Value, json};
use symbolon_crypto::jose::jws::CompactJws;
use symbolon_crypto::{Jwk, PublicKey, RustCryptoProvider};
use symbolon_http::fetch::Fetched;
use symbolon_trust::status_list::Status;
use symbolon_trust::testing::{DAY, NOW};

use super::evidence::{Bank, path};
use crate::world::json_of;

impl Bank {
    async fn want(&self, id: &str, verified_claims: Value) -> Fetched {
        let body = json!({ "verified_claims": verified_claims });
        self.call(&self.key, Method::POST, &path(id, "verified-claims"), &body)
            .await
    }

    /// What a token says that one of the published keys has signed.
    async fn token(&self, fetched: &Fetched) -> Value {
        assert_eq!(fetched.status, 200, "{}", String::from_utf8_lossy(&fetched.body));
        assert_eq!(fetched.media_type(), "application/jwt");
        let text = String::from_utf8(fetched.body.clone()).unwrap();
        let jws = CompactJws::parse(&text, 1 << 20).unwrap();
        jws.expect_type("verified-claims+jwt").unwrap();
        let keys = json_of(&self.world.send(Method::GET, "/evidence/jwks", &[], "").await);
        let jwk: Jwk = serde_json::from_value(keys["keys"][0].clone()).unwrap();
        let key = PublicKey::from_jwk(&jwk).unwrap();
        jws.verify(&RustCryptoProvider, &key).unwrap();
        jws.payload_json().unwrap()
    }
}

#[tokio::test]
async fn a_presentation_is_verified_claims_with_its_evidence_signed_for_the_relying_party() {
    let bank = Bank::new().await;
    let id = bank.answered("customer").await;
    let at = bank.world.now();
    bank.world.advance(60);
    let token = bank.token(&bank.get(&path(&id, "verified-claims")).await).await;
    let check = |method: &str| json!({"check_method": method, "check_id": id, "time": at.rfc3339()});
    assert_eq!(
        token,
        json!({
            "iss": bank.world.base, "aud": "bank", "txn": id, "iat": bank.world.now().seconds(),
            "verified_claims": {
                "verification": {
                    "trust_framework": "eidas", "assurance_level": "high", "time": at.rfc3339(), "verification_process": id,
                    "evidence": [{
                        "type": "electronic_record",
                        "check_details": [check("vcrypt"), check("data"), check("token")],
                        "record": {
                            "type": "population_register", "created_at": NOW.minus(DAY).rfc3339(),
                            "date_of_expiry": NOW.plus(DAY * 30).rfc3339()[..10],
                            "source": {"name": "Test issuer", "country_code": "SEN"},
                        },
                    }],
                },
                "claims": {"given_name": "Amina", "name": "Amina"},
            },
        })
    );
}

/// Identity Assurance, sections 5.3 and 5.4: what was not asked for is not given.
#[tokio::test]
async fn only_what_is_wanted_is_given() {
    let bank = Bank::new().await;
    let id = bank.answered("customer").await;
    let wanted =
        json!({"verification": {"assurance_level": null}, "claims": {"name": null, "birthdate": null}});
    let token = bank.token(&bank.want(&id, wanted).await).await;
    assert_eq!(
        token["verified_claims"],
        json!({
            "verification": {"trust_framework": "eidas", "assurance_level": "high"}, "claims": {"name": "Amina"},
        })
    );
    let evidence = json!([{"type": {"value": "electronic_record"}, "record": {"source": {"name": null}}}]);
    let several = json!([
        {"verification": {"evidence": evidence}, "claims": {"given_name": {"essential": true}}},
        {"verification": {"trust_framework": {"value": "de_aml"}}, "claims": {"given_name": null}},
        {"verification": {}, "claims": {"name": {"value": "Amina"}}},
    ]);
    let token = bank.token(&bank.want(&id, several).await).await;
    let record = json!({"type": "population_register", "source": {"name": "Test issuer"}});
    assert_eq!(
        token["verified_claims"],
        json!([
            {
                "verification": {
                    "trust_framework": "eidas", "evidence": [{"type": "electronic_record", "record": record}],
                },
                "claims": {"given_name": "Amina"},
            },
            {"verification": {"trust_framework": "eidas"}, "claims": {"name": "Amina"}},
        ])
    );
}

/// Identity Assurance, section 5.7.4.
#[tokio::test]
async fn what_is_not_as_demanded_is_omitted() {
    let bank = Bank::new().await;
    let id = bank.answered("customer").await;
    let claims = json!({"given_name": null});
    for verification in [
        json!({"trust_framework": {"value": "de_aml"}}),
        json!({"assurance_level": {"values": ["low", "substantial"]}}),
        json!({"evidence": [{"type": {"value": "document"}}]}),
        json!({"evidence": [{"type": {"value": "electronic_record"}, "check_details": [{"check_method": {"value": "pvp"}}]}]}),
        json!({"assurance_process": {"policy": {"value": "gpg45"}}}),
    ] {
        let refused = bank
            .want(&id, json!({"verification": verification, "claims": claims}))
            .await;
        assert_eq!(refused.status, 404, "{verification}");
    }
    bank.world.advance(100);
    let by_age = |seconds: u64| json!({"verification": {"time": {"max_age": seconds}}, "claims": claims});
    assert_eq!(bank.want(&id, by_age(100)).await.status, 200);
    assert_eq!(bank.want(&id, by_age(99)).await.status, 404);
    let one_other = json!({"verification": {}, "claims": {"given_name": {"value": "Fatou"}, "name": null}});
    let token = bank.token(&bank.want(&id, one_other).await).await;
    assert_eq!(token["verified_claims"]["claims"], json!({"name": "Amina"}));
    for malformed in [
        json!({"claims": claims}),
        json!([]),
        json!({"verification": {"evidence": [{"type": {"values": ["document"]}}]}, "claims": claims}),
    ] {
        assert_eq!(bank.want(&id, malformed.clone()).await.status, 400, "{malformed}");
    }
    let unknown = json!({"verified_claims": {"verification": {}, "claims": claims}, "more": 1});
    let refused = bank
        .call(&bank.key, Method::POST, &path(&id, "verified-claims"), &unknown)
        .await;
    assert_eq!(refused.status, 400);
}

#[tokio::test]
async fn there_are_none_without_a_mapping_a_satisfied_policy_and_a_result_of_the_callers() {
    let bank = Bank::new().await;
    let (pending, _) = bank.ask(&json!({"policy": "customer"})).await;
    assert_eq!(bank.get(&path(&pending, "verified-claims")).await.status, 404);
    let plain = bank.answered("plain").await;
    assert_eq!(bank.get(&path(&plain, "verified-claims")).await.status, 404);
    let customer = bank.answered("customer").await;
    let others = bank
        .call(
            &bank.other,
            Method::GET,
            &path(&customer, "verified-claims"),
            &Value::Null,
        )
        .await;
    assert_eq!(others.status, 404);
    bank.world.publish(Status::Suspended);
    bank.world.advance(301);
    let (suspended, request) = bank.ask(&json!({"policy": "customer"})).await;
    assert_eq!(bank.world.present_to(&request).await.status, 400);
    assert_eq!(bank.get(&path(&suspended, "verified-claims")).await.status, 404);
    // With the result they are gone.
    bank.world.advance(24 * 60 * 60);
    assert_eq!(bank.get(&path(&customer, "verified-claims")).await.status, 404);
}
