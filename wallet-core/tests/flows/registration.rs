//! Registration certificates: whom the wallet believes, and what it warns of (row 25).

use serde_json::{Value, json};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::x509::ChainError;
use symbolon_protocol::openid4vp::registration_certificate::{RegistrationCertificate, RegistrationRefused};
use symbolon_wallet_core::OverAsking;
use symbolon_wallet_core::present::{
    ConsentRequest, Opened, OverAskedCredential, Registration, RequestProblem, VerifierClaims,
};
use symbolon_wallet_core::testing::block_on;

use crate::support::World;
use crate::support::certificates::{Identity, ORGANIZATION, certificates};
use crate::support::issuer::TYPE;
use crate::support::verifier::query;
use crate::support::world::french;

/// A registration for the given name of the national identity.
fn registration(world: &World, sub: &str) -> Value {
    json!({
        "name": "Example Bank", "sub": sub, "country": "DE", "registry_uri": "https://registrar.example",
        "entitlements": ["https://uri.etsi.org/19475/Entitlement/Service_Provider"],
        "purpose": [{"lang": "en", "value": "Opening an account"}, {"lang": "fr", "value": "Ouvrir un compte"}],
        "credentials": [{"format": "dc+sd-jwt", "meta": {"vct_values": [TYPE]}, "claim": [{"path": ["given_name"]}]}],
        "iat": world.now, "exp": world.now.seconds() + 86_400,
    })
}

fn signed(value: &Value, signer: &Identity) -> String {
    let certificate: RegistrationCertificate = serde_json::from_value(value.clone()).unwrap();
    let chain = [signer.certificate.clone()];
    let prepared = certificate.prepare(&chain, SignatureAlgorithm::Es256);
    let signature = signer.sign(prepared.signing_input().as_bytes());
    prepared.finish(&signature)
}

fn world() -> World {
    let mut world = World::new();
    world.receive();
    world.policy.relying_parties.registrars = vec![certificates().registrar.root.clone()];
    world
}

fn info(data: &str) -> Value {
    json!([{"format": "registration_cert", "data": data}])
}

fn open(world: &World, verifier_info: Option<Value>) -> Opened {
    if let Some(info) = verifier_info {
        world.verifier.overwrite("verifier_info", info);
    }
    let link = world.verifier.request();
    block_on(world.wallet().open_request(&link, &french(), world.now)).unwrap()
}

fn shown(world: &World, verifier_info: Option<Value>) -> ConsentRequest {
    match open(world, verifier_info) {
        Opened::AwaitingConsent(request) => *request,
        refused @ Opened::Refused { .. } => panic!("{refused:?}"),
    }
}

#[test]
fn what_is_registered_is_shown_and_what_is_asked_beyond_it() {
    let world = world();
    let good = signed(&registration(&world, ORGANIZATION), &certificates().registrar);
    world.verifier.set_query(query(&json!([["given_name"]])));
    let request = shown(&world, Some(info(&good)));
    let Registration::Registered(registered) = &request.registration else {
        panic!("{:?}", request.registration)
    };
    assert_eq!(
        (registered.name.as_str(), registered.purpose.as_deref()),
        ("Example Bank", Some("Ouvrir un compte"))
    );
    assert_eq!(registered.registrar.as_deref(), Some("Registrars"));
    assert!(registered.over_asked.is_empty());
    // What it calls itself is shown as its own words, and what it is for where it says so.
    assert_eq!(
        request.claimed,
        VerifierClaims {
            name: Some("Clinic of the harbour".to_owned()),
            purpose: None,
        }
    );

    world
        .verifier
        .set_query(query(&json!([["given_name"], ["address"]])));
    let request = shown(&world, Some(info(&good)));
    let Registration::Registered(registered) = &request.registration else {
        panic!("{:?}", request.registration)
    };
    let beyond = OverAskedCredential {
        query: request.asked[0].query.clone(),
        claims: Some(vec![serde_json::from_value(json!(["address"])).unwrap()]),
    };
    assert_eq!(registered.over_asked, [beyond]);

    // About no credential that is asked for, it permits none.
    let mut both = query(&json!([["given_name"]]));
    let mut other = both["credentials"][0].clone();
    other["id"] = json!("other");
    both["credentials"].as_array_mut().unwrap().push(other);
    world.verifier.set_query(both);
    let mut about = info(&good);
    about[0]["credential_ids"] = json!(["identity"]);
    let request = shown(&world, Some(about));
    let Registration::Registered(registered) = &request.registration else {
        panic!("{:?}", request.registration)
    };
    let queries: Vec<&str> = registered
        .over_asked
        .iter()
        .map(|one| one.query.as_str())
        .collect();
    assert_eq!(
        (queries, &registered.over_asked[0].claims),
        (vec!["other"], &None)
    );
}

#[test]
fn a_registration_that_is_not_to_be_believed_is_told() {
    let world = world();
    let good = registration(&world, ORGANIZATION);
    let by = |value: &Value| signed(value, &certificates().registrar);
    let mut over = good.clone();
    over["exp"] = json!(world.now.seconds() - 86_400);
    for (info, refused) in [
        (
            info(&by(&registration(&world, "VATDE-987654321"))),
            RegistrationRefused::NotTheVerifiers,
        ),
        (info(&by(&over)), RegistrationRefused::Time),
        (
            info(&signed(&good, &certificates().other_verifier)),
            RegistrationRefused::Chain(ChainError::UnknownAnchor),
        ),
        (info("a.b.c"), RegistrationRefused::Malformed),
        (
            json!([{"format": "registration_cert", "data": {"a": 1}}]),
            RegistrationRefused::Malformed,
        ),
        // One that is good does not cover for one that is not.
        (
            json!([
                {"format": "registration_cert", "data": by(&good)},
                {"format": "registration_cert", "data": by(&over)},
            ]),
            RegistrationRefused::Time,
        ),
    ] {
        let request = shown(&world, Some(info));
        assert_eq!(request.registration, Registration::Refused(refused));
    }
    // Of other attestations, and without a registrar that is known, nothing is said.
    let other = json!([{"format": "jwt", "data": by(&good)}]);
    assert_eq!(shown(&world, Some(other)).registration, Registration::NotShown);
    let mut alone = World::new();
    alone.receive();
    alone.policy.relying_parties.over_asking = OverAsking::Refused;
    let request = shown(&alone, Some(info(&by(&good))));
    assert_eq!(request.registration, Registration::NotShown);
}

/// What two certificates cover together is nobody's registration, unless both are of one party and by one registrar: one that acts for
/// many would otherwise ask in the name of one for what another may ask for.
#[test]
fn several_certificates_count_together_only_where_they_are_of_one_party() {
    let mut world = world();
    world.policy.relying_parties.registrars = vec![
        certificates().registrar.root.clone(),
        certificates().issuer.root.clone(),
    ];
    world.verifier.set_query(query(&json!([["given_name"]])));
    let own = registration(&world, ORGANIZATION);
    let mut of_other = registration(&world, "LEIXG-529900T8BM49AURSDO55");
    of_other["intermediary"] = json!({"sub": ORGANIZATION, "sname": "Example Bank"});
    let mut narrower = own.clone();
    narrower["purpose"] = json!([
        {"lang": "en", "value": "Opening an account"}, {"lang": "de", "value": "Werbung"},
    ]);
    let by_registrar = |value: &Value| signed(value, &certificates().registrar);
    let by_issuer = |value: &Value| signed(value, &certificates().issuer);
    let said = |certificates: &[String]| {
        let of = |data: &String| json!({"format": "registration_cert", "data": data});
        let info: Vec<Value> = certificates.iter().map(of).collect();
        shown(&world, Some(Value::Array(info))).registration
    };
    for alone in [by_registrar(&own), by_registrar(&of_other), by_issuer(&own)] {
        let registered = said(&[alone]);
        assert!(
            matches!(registered, Registration::Registered(_)),
            "{registered:?}"
        );
    }
    for both in [
        [by_registrar(&own), by_registrar(&of_other)],
        [by_registrar(&of_other), by_registrar(&own)],
        [by_registrar(&own), by_issuer(&own)],
    ] {
        assert_eq!(
            said(&both),
            Registration::Refused(RegistrationRefused::NotTheVerifiers)
        );
    }
    // Of the purposes, those count that all of them name.
    let Registration::Registered(registered) = said(&[by_registrar(&own), by_registrar(&narrower)]) else {
        panic!("both are of one party");
    };
    assert_eq!(registered.purposes, ["Opening an account"]);
}

#[test]
fn where_nobody_may_be_asked_over_asking_is_refused() {
    let mut world = world();
    world.policy.relying_parties.over_asking = OverAsking::Refused;
    let good = signed(&registration(&world, ORGANIZATION), &certificates().registrar);
    let other = signed(
        &registration(&world, "VATDE-987654321"),
        &certificates().registrar,
    );
    world.verifier.set_query(query(&json!([["given_name"]])));
    shown(&world, None);
    shown(&world, Some(info(&good)));
    world
        .verifier
        .set_query(query(&json!([["given_name"], ["address"]])));
    for certificate in [good, other] {
        let refused = open(&world, Some(info(&certificate)));
        assert!(
            matches!(
                refused,
                Opened::Refused {
                    problem: RequestProblem::OverAsking,
                    ..
                }
            ),
            "{refused:?}"
        );
    }
    assert_eq!(world.verifier.errors(), ["access_denied", "access_denied"]);
}

#[test]
fn what_is_no_attestation_makes_the_request_malformed() {
    let world = world();
    for broken in [
        json!([]),
        json!("x"),
        json!([{"format": "registration_cert"}]),
        json!([{"format": "registration_cert", "data": "a", "credential_ids": ["unasked"]}]),
    ] {
        let refused = open(&world, Some(broken.clone()));
        assert!(
            matches!(
                refused,
                Opened::Refused {
                    problem: RequestProblem::Malformed,
                    ..
                }
            ),
            "{broken}: {refused:?}"
        );
    }
}

/// What the trust list itself says of who asks counts where nothing else is shown, and for that organisation alone.
#[test]
fn what_the_registry_has_written_down_is_a_source_of_warnings_too() {
    let mut world = world();
    let party = |identifier: &str| {
        serde_json::from_value(json!({
            "identifier": identifier,
            "name": "Example Bank",
            "purposes": [{"lang": "en", "value": "Opening an account"}, {"lang": "fr", "value": "Ouvrir un compte"}],
            "credentials": [{"format": "dc+sd-jwt", "types": [TYPE], "claims": [["given_name"]]}],
        }))
        .unwrap()
    };
    world.policy.relying_parties.accredited = vec![party("VATDE-987654321"), party(ORGANIZATION)];
    world.verifier.set_query(query(&json!([["given_name"]])));
    let registered = |world: &World, info: Option<Value>| match shown(world, info).registration {
        Registration::Registered(registered) => *registered,
        other => panic!("{other:?}"),
    };
    let known = registered(&world, None);
    assert_eq!(
        (
            known.name.as_str(),
            known.subject.as_str(),
            known.purpose.as_deref()
        ),
        ("Example Bank", ORGANIZATION, Some("Ouvrir un compte"))
    );
    assert_eq!((known.registrar, known.over_asked), (None, Vec::new()));

    world
        .verifier
        .set_query(query(&json!([["given_name"], ["address"]])));
    let beyond = registered(&world, None).over_asked;
    let address = serde_json::from_value(json!(["address"])).unwrap();
    assert_eq!(beyond[0].claims, Some(vec![address]));
    // Where nobody can be warned, it is refused.
    world.policy.relying_parties.over_asking = OverAsking::Refused;
    assert!(matches!(open(&world, None), Opened::Refused { .. }));
    world.policy.relying_parties.over_asking = OverAsking::Shown;

    let known = core::mem::take(&mut world.policy.relying_parties.accredited);
    world.policy.relying_parties.accredited = known[..1].to_vec();
    assert_eq!(shown(&world, None).registration, Registration::NotShown);
    world.policy.relying_parties.accredited = known;

    // The word of a registrar whom the wallet knows comes first.
    let wider = json!([{"format": "dc+sd-jwt", "meta": {"vct_values": [TYPE]}}]);
    let mut wide = registration(&world, ORGANIZATION);
    wide["credentials"] = wider;
    let wide = registered(&world, Some(info(&signed(&wide, &certificates().registrar))));
    assert_eq!(wide.over_asked, []);
    assert!(wide.registrar.is_some());
}
