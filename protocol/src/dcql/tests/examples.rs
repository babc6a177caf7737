//! The examples of the specification as figures: [OpenID4VP §6.1, §7.3, appendices B and D].
//!
//! [OpenID4VP §6.1, §7.3, appendices B and D]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html

use serde_json::{Map, Value, json};

use super::{candidate, query};
use crate::dcql::*;

const IDENTITY: &str = "https://credentials.example.com/identity_credential";
const REDUCED: &str = "https://credentials.example.com/reduced_identity_credential";
const RESIDENCE: &str = "https://cred.example/residence_credential";
const REWARDS: &str = "https://company.example/company_rewards";
const OTHER_PID: &str = "https://othercredentials.example/pid";
const LICENCE: &str = "org.iso.18013.5.1.mDL";
const PHOTO_ID: &str = "org.iso.23220.photoid.1";
const VEHICLE: &str = "org.iso.7367.1.mVRC";

/// What is held, by format and type.
fn held(kind: &str) -> (&str, Map<String, Value>) {
    let licence = json!({"org.iso.18013.5.1": {
        "given_name": "Erika", "family_name": "Doe", "portrait": "AQID", "resident_address": "1", "resident_country": "DE"
    }});
    let claims = match kind {
        IDENTITY => json!({
            "given_name": "Erika", "family_name": "Doe", "postal_code": "90211", "locality": "Milliways",
            "date_of_birth": "1963-08-12", "address": {"street_address": "42 Market Street"}
        }),
        OTHER_PID => {
            json!({"given_name": "Erika", "family_name": "Doe", "address": {"street_address": "42 Market Street"}})
        }
        REDUCED => json!({"given_name": "Erika", "family_name": "Doe"}),
        RESIDENCE => json!({"postal_code": "90211", "locality": "Milliways", "region": "Betelgeuse"}),
        REWARDS => json!({"rewards_number": 7}),
        LICENCE | PHOTO_ID => licence,
        VEHICLE => {
            json!({"org.iso.7367.1": {"vehicle_holder": "Erika"}, "org.iso.18013.5.1": {"given_name": "Erika"}})
        }
        _ => json!({}),
    };
    (kind, claims.as_object().cloned().unwrap())
}

fn sd_jwt(id: &str, vct: &str, paths: Value) -> Value {
    let claims: Vec<Value> = paths
        .as_array()
        .unwrap()
        .iter()
        .map(|path| json!({ "path": path }))
        .collect();
    json!({"id": id, "format": "dc+sd-jwt", "meta": {"vct_values": [vct]}, "claims": claims})
}

fn mdoc(id: &str, doctype: &str, elements: Value) -> Value {
    let claims: Vec<Value> = elements
        .as_array()
        .unwrap()
        .iter()
        .map(|path| json!({ "path": path }))
        .collect();
    json!({"id": id, "format": "mso_mdoc", "meta": {"doctype_value": doctype}, "claims": claims})
}

fn name_and_street() -> Value {
    json!([["given_name"], ["family_name"], ["address", "street_address"]])
}

/// What is sent of what is held, as text: query, credential, paths. Or what is missing.
fn sent(asked: &Value, kinds: &[&str]) -> Result<(Vec<String>, Vec<String>), Vec<String>> {
    let query = query(asked).unwrap();
    let held: Vec<(&str, Map<String, Value>)> = kinds.iter().map(|kind| held(kind)).collect();
    let candidates: Vec<Candidate<'_>> = held
        .iter()
        .map(|(kind, claims)| match *kind {
            LICENCE | PHOTO_ID | VEHICLE => Candidate {
                kind: CandidateKind::MsoMdoc { doctype: kind },
                ..candidate("", claims)
            },
            _ => candidate(kind, claims),
        })
        .collect();
    let words = |ids: &[QueryId]| ids.iter().map(|id| id.as_str().to_owned()).collect::<Vec<_>>();
    let matches =
        match_query(&query, &candidates, &super::paths).map_err(|unsatisfied| words(&unsatisfied.missing))?;
    let found = matches.answer().into_iter().map(|found| {
        let paths: Vec<String> = found.disclose.iter().map(ToString::to_string).collect();
        format!("{} {} {}", found.query, kinds[found.candidate], paths.join(" "))
    });
    Ok((found.collect(), words(matches.optional())))
}

#[test]
fn the_queries_of_appendix_d() {
    let simple = json!({"credentials": [sd_jwt("my_credential", IDENTITY, name_and_street())]});
    let vehicle = json!([
        ["org.iso.7367.1", "vehicle_holder"],
        ["org.iso.18013.5.1", "given_name"]
    ]);
    let simple_mdoc = json!({"credentials": [mdoc("my_credential", VEHICLE, vehicle.clone())]});
    let several = json!({"credentials": [
        sd_jwt("pid", IDENTITY, name_and_street()), mdoc("mdl", VEHICLE, vehicle)
    ]});
    let alternatives = json!({
        "credentials": [
            sd_jwt("pid", IDENTITY, name_and_street()),
            sd_jwt("other_pid", OTHER_PID, name_and_street()),
            sd_jwt("pid_reduced_cred_1", REDUCED, json!([["family_name"], ["given_name"]])),
            sd_jwt("pid_reduced_cred_2", RESIDENCE, json!([["postal_code"], ["locality"], ["region"]])),
            sd_jwt("nice_to_have", REWARDS, json!([["rewards_number"]])),
        ],
        "credential_sets": [
            {"options": [["pid"], ["other_pid"], ["pid_reduced_cred_1", "pid_reduced_cred_2"]]},
            {"options": [["nice_to_have"]], "required": false}
        ]
    });
    let space = "org.iso.18013.5.1";
    let name = json!([[space, "given_name"], [space, "family_name"], [space, "portrait"]]);
    let address = json!([[space, "resident_address"], [space, "resident_country"]]);
    let complex = json!({
        "credentials": [
            mdoc("mdl-id", LICENCE, name.clone()), mdoc("mdl-address", LICENCE, address.clone()),
            mdoc("photo_card-id", PHOTO_ID, name), mdoc("photo_card-address", PHOTO_ID, address),
        ],
        "credential_sets": [
            {"options": [["mdl-id"], ["photo_card-id"]]},
            {"options": [["mdl-address"], ["photo_card-address"]], "required": false}
        ]
    });
    let sets = json!({"credentials": [{
        "id": "pid", "format": "dc+sd-jwt", "meta": {"vct_values": [IDENTITY]},
        "claims": [
            {"id": "a", "path": ["family_name"]}, {"id": "b", "path": ["postal_code"]}, {"id": "c", "path": ["locality"]},
            {"id": "d", "path": ["region"]}, {"id": "e", "path": ["date_of_birth"]}
        ],
        "claim_sets": [["a", "c", "d", "e"], ["a", "b", "e"]]
    }]});
    let values = |family: &str| {
        json!({"credentials": [{
            "id": "my_credential", "format": "dc+sd-jwt", "meta": {"vct_values": [IDENTITY]},
            "claims": [
                {"path": ["family_name"], "values": [family]}, {"path": ["given_name"]},
                {"path": ["address", "street_address"]}, {"path": ["postal_code"], "values": ["90210", "90211"]}
            ]
        }]})
    };
    let street = "given_name family_name address.street_address";
    let licence = format!("{space}.given_name {space}.family_name {space}.portrait");
    let vehicle = format!("org.iso.7367.1.vehicle_holder {space}.given_name");
    let reduced = [
        format!("pid_reduced_cred_1 {REDUCED} family_name given_name"),
        format!("pid_reduced_cred_2 {RESIDENCE} postal_code locality region"),
    ];
    let none: &[&str] = &[];
    for (asked, kinds, answer, optional) in [
        (
            &simple,
            &[IDENTITY][..],
            vec![format!("my_credential {IDENTITY} {street}")],
            none,
        ),
        (
            &simple_mdoc,
            &[VEHICLE],
            vec![format!("my_credential {VEHICLE} {vehicle}")],
            none,
        ),
        (
            &several,
            &[VEHICLE, IDENTITY],
            vec![
                format!("pid {IDENTITY} {street}"),
                format!("mdl {VEHICLE} {vehicle}"),
            ],
            none,
        ),
        (
            &alternatives,
            &[IDENTITY],
            vec![format!("pid {IDENTITY} {street}")],
            none,
        ),
        (&alternatives, &[REDUCED, RESIDENCE], reduced.to_vec(), none),
        (
            &alternatives,
            &[OTHER_PID, REWARDS],
            vec![format!("other_pid {OTHER_PID} {street}")],
            &["nice_to_have"],
        ),
        (
            &complex,
            &[LICENCE],
            vec![format!("mdl-id {LICENCE} {licence}")],
            &["mdl-address"],
        ),
        (
            &complex,
            &[PHOTO_ID],
            vec![format!("photo_card-id {PHOTO_ID} {licence}")],
            &["photo_card-address"],
        ),
        // There is no region: the second set.
        (
            &sets,
            &[IDENTITY],
            vec![format!("pid {IDENTITY} family_name postal_code date_of_birth")],
            none,
        ),
        (
            &values("Doe"),
            &[IDENTITY],
            vec![
                format!("my_credential {IDENTITY} family_name {street} postal_code").replacen(
                    "given_name family_name",
                    "given_name",
                    1,
                ),
            ],
            none,
        ),
    ] {
        let optional: Vec<String> = optional.iter().map(|it| (*it).to_owned()).collect();
        assert_eq!(sent(asked, kinds), Ok((answer, optional)), "{asked}");
    }
    for (asked, kinds, missing) in [
        (&several, &[IDENTITY][..], &["mdl"][..]),
        (&alternatives, &[REDUCED, REWARDS], &["pid"]),
        (&complex, &[], &["mdl-id"]),
        (&values("Roe"), &[IDENTITY], &["my_credential"]),
    ] {
        assert_eq!(
            sent(asked, kinds),
            Err(missing.iter().map(|it| (*it).to_owned()).collect()),
            "{asked}"
        );
    }
}

#[test]
fn the_types_of_appendix_b_1_1() {
    let asked = query(
        &json!({"credentials": [{"id": "id", "format": "ldp_vc", "meta": {"type_values": [
            [
                "https://www.w3.org/2018/credentials#VerifiableCredential",
                "https://example.org/examples#AlumniCredential",
                "https://example.org/examples#BachelorDegree"
            ],
            [
                "https://www.w3.org/2018/credentials#VerifiableCredential",
                "https://example.org/examples#UniversityDegreeCredential"
            ],
            ["IdentityCredential"]
        ]}}]}),
    )
    .unwrap();
    let claims = Map::new();
    let base = "https://www.w3.org/2018/credentials#VerifiableCredential";
    let example = |name: &str| format!("https://example.org/examples#{name}");
    for (types, fits) in [
        (vec![base.to_owned(), example("UniversityDegreeCredential")], true),
        (
            vec![
                base.to_owned(),
                example("BachelorDegree"),
                example("AlumniCredential"),
            ],
            true,
        ),
        // No context defines it: it stands as it is.
        (vec![base.to_owned(), "IdentityCredential".to_owned()], true),
        (vec![base.to_owned(), example("BachelorDegree")], false),
        (vec![base.to_owned(), example("IdentityCredential")], false),
        (vec![example("UniversityDegreeCredential")], false),
    ] {
        let held = Candidate {
            kind: CandidateKind::W3c {
                format: W3cFormat::LdpVc,
                types: &types,
            },
            ..candidate("", &claims)
        };
        assert_eq!(held.answer(&asked.credentials()[0]).is_ok(), fits, "{types:?}");
    }
}

#[test]
fn the_queries_of_appendix_b_1_3_read() {
    for format in ["jwt_vc_json", "ldp_vc"] {
        let asked = json!({"credentials": [{
            "id": "example", "format": format, "meta": {"type_values": [["IDCredential"]]},
            "claims": [
                {"path": ["credentialSubject", "family_name"]}, {"path": ["credentialSubject", "address", "country"]}
            ]
        }]});
        assert!(query(&asked).is_ok());
    }
}
