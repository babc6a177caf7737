//! Row 36: nothing about a person and no secret stands in a log, not even in the most talkative one.

use std::fs;

use serde_json::Value;

use crate::harness::Role;
use crate::story;
use crate::wallet::{TxCode, World, body, wanted};

/// The texts of a record that tell who it is about.
fn personal(record: &Value) -> Vec<String> {
    let mut found = Vec::new();
    for name in ["UIN", "phone", "email", "dateOfBirth"] {
        found.extend(record[name].as_str().map(str::to_owned));
    }
    for name in ["fullName", "addressLine1"] {
        for value in record[name].as_array().into_iter().flatten() {
            found.extend(value["value"].as_str().map(str::to_owned));
        }
    }
    assert!(found.len() >= 4, "{record}");
    found
}

/// Row 36.
#[tokio::test(flavor = "multi_thread")]
async fn logs_hold_no_person_and_no_secret_even_when_they_tell_everything() {
    let talkative = [("SYMBOLON_LOG", "trace")];
    let world = World::start_with(&talkative);
    let installation = &world.installation;
    let _verifier = installation.serve_with(Role::Verifier, &talkative);
    story::receive(installation, &world.uin);
    story::present(installation);
    story::print_card(installation, &world.uin);

    let mut secrets = vec![
        fs::read_to_string(installation.path("data/administration-token"))
            .unwrap()
            .trim()
            .to_owned(),
    ];
    let offer = world.offer(&world.uin, TxCode::Required);
    let right = offer.tx_code.clone().unwrap();
    let refused = world.redeem(&offer.code, Some("not-the-right-code")).await;
    assert_eq!(refused.status(), 400);
    secrets.extend([offer.code, right, "not-the-right-code".to_owned()]);

    let offer = world.offer(&world.uin, TxCode::NotRequired);
    let token = body(world.redeem(&offer.code, None).await).await;
    let token = token["access_token"].as_str().unwrap().to_owned();
    let nonce = world.nonce().await;
    let proof = world.proof(&nonce);
    let mut malformed = wanted(&proof);
    malformed["credential_configuration_id"] = "chosen\r\nby the peer".into();
    let refused = world.ask("/credential", Some(&token), &malformed).await;
    assert_eq!(refused.status(), 400);
    let issued = world.ask("/credential", Some(&token), &wanted(&proof)).await;
    assert_eq!(issued.status(), 200);
    let credential = body(issued).await["credentials"][0]["credential"]
        .as_str()
        .unwrap()
        .to_owned();
    let disclosures = credential.split('~').filter(|part| !part.is_empty()).skip(1);
    secrets.extend(disclosures.map(str::to_owned));
    secrets.extend([offer.code, token, proof, "by the peer".to_owned()]);

    let request = installation.json(&["request", "create", "--query", "age-over-18", "--json"]);
    let answers = format!(
        "{}/openid4vp/responses/{}",
        installation.verifier,
        request["request_id"].as_str().unwrap()
    );
    let malformed = "vp_token=said-by-a-peer&state=chosen%0D%0Aby+the+peer";
    let refused = world
        .client
        .post(answers)
        .header("content-type", "application/x-www-form-urlencoded")
        .body(malformed)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), 400);
    secrets.push("said-by-a-peer".to_owned());

    let people = fs::read_to_string(installation.path("people.ndjson")).unwrap();
    for line in people.lines() {
        secrets.extend(personal(&serde_json::from_str(line).unwrap()));
    }
    let told = installation.log("verifier");
    assert!(
        told.contains("an answer was refused"),
        "the verifier's log tells not everything: {told}"
    );
    for name in ["issuer", "verifier"] {
        let log = installation.log(name);
        assert!(
            log.contains("listening on"),
            "the log of the {name} says nothing: {log}"
        );
        for secret in &secrets {
            let line = log.lines().find(|line| line.contains(secret.as_str()));
            assert!(line.is_none(), "the log of the {name} holds {secret:?}: {line:?}");
        }
    }
}
