//! A verifier that runs believes what its sources of trust say, as soon as they say it, and on while they cannot be used.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::{Value, json};

use crate::harness::Role;
use crate::revocation;
use crate::trust::{Abroad, LICENCE, NATIONAL_ID};

/// Long enough for a machine that does much else.
const LIMIT: Duration = Duration::from_secs(60);

/// What the administration of the running verifier answers.
fn read(abroad: &Abroad, path: &str) -> String {
    let token = fs::read_to_string(abroad.verifier.path("data/administration-token")).unwrap();
    let asked = async {
        let url = format!("{}/admin/v1/{path}", abroad.verifier.verifier);
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let answer = client.get(url).bearer_auth(token.trim()).send().await.unwrap();
        assert_eq!(answer.status(), 200);
        answer.text().await.unwrap()
    };
    tokio::runtime::Runtime::new().unwrap().block_on(asked)
}

fn believed(abroad: &Abroad) -> Value {
    serde_json::from_str(&read(abroad, "trust")).unwrap()
}

/// Waits until the verifier has looked, and found this.
fn wait_until(abroad: &Abroad, what: &str, holds: impl Fn(&Value) -> bool) -> Value {
    let started = Instant::now();
    loop {
        let now = believed(abroad);
        if holds(&now) {
            return now;
        }
        assert!(started.elapsed() < LIMIT, "{what}: {now:#}");
        std::thread::sleep(Duration::from_millis(200));
    }
}

fn is_refused(now: &Value, why: &str) -> bool {
    let problem = now["refused"]["problem"].as_str();
    problem.is_some_and(|problem| problem.contains(why))
}

/// Whether the verifier trusts whoever issued what a wallet of the country shows it.
fn trusts(abroad: &Abroad) -> Value {
    let (country, verifier) = (&abroad.country, &abroad.verifier);
    let make = ["request", "create", "--query", "age-over-18-mdoc", "--json"];
    let made = verifier.json(&[&make[..], &["--client-id-prefix", "redirect_uri"]].concat());
    let link = made["authorization_request"].as_str().unwrap();
    // The wallet hears what becomes of its answer, and says so by its exit status.
    country.run(&["wallet", "present", link, "--yes"]);
    let id = made["request_id"].as_str().unwrap();
    let shown: Value = serde_json::from_str(&read(abroad, &format!("presentation-requests/{id}"))).unwrap();
    let report = &shown["result"]["outcome"]["presented"]["reports"][0]["report"];
    assert_eq!(report["authentic"]["state"], "authentic", "{shown:#}");
    report["trusted"]["state"].clone()
}

#[test]
fn a_running_verifier_takes_changed_sources_and_believes_on_where_they_cannot_be_used() {
    let abroad = Abroad::new();
    let (country, verifier) = (&abroad.country, &abroad.verifier);
    abroad.publish(7, &[LICENCE]);
    let text = fs::read_to_string(country.path("symbolon.toml")).unwrap();
    let mut configuration: toml::Table = text.parse().unwrap();
    let wallet = configuration
        .entry("wallet")
        .or_insert_with(|| toml::Table::new().into());
    let wallet = wallet.as_table_mut().unwrap();
    wallet.insert("unverified_verifiers".to_owned(), "shown".into());
    fs::write(country.path("symbolon.toml"), configuration.to_string()).unwrap();

    let _issuer = country.serve(Role::Issuer);
    let often = [("SYMBOLON_TRUST_RELOAD_SECONDS", "1")];
    let _verifier = verifier.serve_with(Role::Verifier, &often);
    revocation::receive_mdoc(country);

    assert_eq!(
        trusts(&abroad),
        "not_trusted",
        "the list says nothing of such documents"
    );
    assert_eq!(believed(&abroad)["sources"][0]["name"], "abroad");
    let metrics = read(&abroad, "metrics");
    assert!(
        metrics.contains("symbolon_verifier_trust_state{state=\"as_found\"} 1"),
        "{metrics}"
    );

    // A newer list, put in its place by hand.
    abroad.publish(8, &[LICENCE, NATIONAL_ID]);
    wait_until(&abroad, "taken", |now| now["taken_at"].is_string());
    assert_eq!(trusts(&abroad), "trusted");

    // What is no list, an older one, and none at all: each is told, and changes nothing.
    let vical = verifier.path("current.vical");
    let good = fs::read(&vical).unwrap();
    fs::write(&vical, &good[..good.len() / 2]).unwrap();
    wait_until(&abroad, "broken", |now| is_refused(now, "trust.sources.abroad"));
    assert_eq!(trusts(&abroad), "trusted");
    abroad.publish(6, &[LICENCE]);
    wait_until(&abroad, "older", |now| {
        is_refused(now, "an old list in its place")
    });
    assert_eq!(trusts(&abroad), "trusted");
    let metrics = read(&abroad, "metrics");
    for line in [
        "trust_state{state=\"kept\"} 1",
        "trust_taken_total 1",
        "trust_refused_total 2",
    ] {
        assert!(metrics.contains(line), "{line}: {metrics}");
    }
    assert!(
        verifier
            .log("verifier")
            .contains("whom this server believed it believes on")
    );
    fs::remove_file(&vical).unwrap();
    wait_until(&abroad, "gone", |now| is_refused(now, "cannot read"));
    assert_eq!(trusts(&abroad), "trusted");

    // It is put right: nothing has changed.
    fs::write(&vical, &good).unwrap();
    let now = wait_until(&abroad, "put right", |now| now["refused"].is_null());
    assert_eq!(now["sources"][0]["issuers"], json!(1));
    assert_eq!(now["sources"][0]["is_judged_by"], json!(true));
    // An older trust list is refused as well.
    let trust = verifier.path("data/trust.json");
    let mut root: Value = serde_json::from_slice(&fs::read(&trust).unwrap()).unwrap();
    let newer = root.clone();
    let issued_at = root["trust_list"]["issued_at"].as_i64().unwrap();
    root["trust_list"]["issued_at"] = json!(issued_at - 1);
    fs::write(&trust, root.to_string()).unwrap();
    wait_until(&abroad, "older trust list", |now| {
        is_refused(now, "is older than the one that is believed")
    });
    fs::write(&trust, newer.to_string()).unwrap();

    // The authority is taken back.
    abroad.publish(9, &[LICENCE]);
    let taken = now["taken_at"].clone();
    wait_until(&abroad, "taken again", |now| {
        now["taken_at"] != taken && now["refused"].is_null()
    });
    assert_eq!(trusts(&abroad), "not_trusted");
}
