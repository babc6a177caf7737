//! One record in every format: offered, received, presented, judged online and offline, revoked. All through the binary.

use std::fs;

use serde_json::Value;

use crate::harness::{Installation, Role};
use crate::story;

/// A credential configuration that is shipped, and the query that asks for it.
struct Journey {
    configuration: &'static str,
    query: &'static str,
    format: &'static str,
    /// What the verifier must learn.
    disclosed: &'static [&'static str],
    /// What it must not, because the format lets the holder withhold it.
    withheld: &'static [&'static str],
}

const JOURNEYS: [Journey; 6] = [
    Journey {
        configuration: "NationalIdentity",
        query: "age-over-18",
        format: "sd_jwt_vc",
        disclosed: &["/age_equal_or_over/18", "/picture"],
        withheld: &["/full_name", "/birthdate", "/personal_administrative_number"],
    },
    Journey {
        configuration: "NationalIdentityMdoc",
        query: "age-over-18-mdoc",
        format: "mdoc",
        disclosed: &[
            "/org.symbolon.national-id.1/age_over_18",
            "/org.symbolon.national-id.1/portrait",
        ],
        withheld: &[
            "/org.symbolon.national-id.1/birth_date",
            "/org.symbolon.national-id.1/full_name",
            "/org.symbolon.national-id.1/personal_administrative_number",
        ],
    },
    Journey {
        configuration: "MobileDrivingLicence",
        query: "driving-licence",
        format: "mdoc",
        disclosed: &[
            "/org.iso.18013.5.1/family_name",
            "/org.iso.18013.5.1/driving_privileges",
        ],
        withheld: &["/org.iso.18013.5.1/un_distinguishing_sign"],
    },
    Journey {
        configuration: "NationalIdentityLd",
        query: "age-over-18-ld",
        format: "ldp_vc",
        disclosed: &["/credentialSubject/ageOver18"],
        // The proof covers the whole document, so all of it is shown.
        withheld: &[],
    },
    Journey {
        configuration: "NationalIdentitySelective",
        query: "age-over-18-ld",
        format: "ldp_vc",
        disclosed: &["/credentialSubject/ageOver18", "/credentialSubject/picture"],
        withheld: &[
            "/credentialSubject/fullName",
            "/credentialSubject/birthDate",
            "/credentialSubject/personalAdministrativeNumber",
        ],
    },
    Journey {
        configuration: "NationalIdentityJwt",
        query: "age-over-18-jwt",
        format: "jwt_vc",
        disclosed: &["/credentialSubject/ageOver18"],
        withheld: &[],
    },
];

#[test]
fn every_format_goes_from_the_record_to_the_verdicts_online_and_offline_and_is_revoked() {
    let installation = Installation::new();
    let issuer = installation.serve(Role::Issuer);
    let verifier = installation.serve(Role::Verifier);
    let uin = story::import_people(&installation);
    for journey in &JOURNEYS {
        journey.receive_and_present(&installation, &uin);
    }
    installation.ok(&["pack", "build", "--out", "before.pack"]);
    drop((issuer, verifier));
    for journey in &JOURNEYS {
        journey.judge_stored(&installation, "before.pack", 0, "valid");
    }
    installation.ok(&["credential", "revoke", "--record", &uin]);
    installation.ok(&["pack", "build", "--out", "after.pack"]);
    for journey in &JOURNEYS {
        journey.judge_stored(&installation, "after.pack", 1, "invalid");
    }
}

impl Journey {
    /// Each credential has a wallet of its own, so that no other can answer for it.
    fn wallet(&self) -> String {
        format!("wallet-{}", self.configuration)
    }

    fn evidence(&self) -> String {
        format!("evidence-{}", self.configuration)
    }

    fn receive_and_present(&self, installation: &Installation, uin: &str) {
        let wallet = self.wallet();
        let name = self.configuration;
        let offer = story::offer(installation, uin, name, &[]);
        story::take_up(installation, &offer, &["--wallet", &wallet]);
        let held = installation.json(&["wallet", "list", "--json", "--wallet", &wallet]);
        assert_eq!(held.as_array().map(Vec::len), Some(1), "{name}: {held}");

        let made = installation.json(&["request", "create", "--query", self.query, "--json"]);
        let (id, link) = (
            made["request_id"].as_str().unwrap(),
            made["authorization_request"].as_str().unwrap(),
        );
        installation.ok(&["wallet", "present", link, "--yes", "--wallet", &wallet]);
        let evidence = self.evidence();
        let told = installation.ok(&["request", "show", id, "--wait", "--evidence", &evidence]);
        assert!(
            told.contains("the answer is what was asked for"),
            "{name}: {told}"
        );
        // Again from the files, with the network that the servers are on.
        let (presentation, request) = self.stored();
        let reports = installation.json(&["verify", &presentation, "--request", &request, "--json"]);
        let report = if reports.is_array() { &reports[0] } else { &reports };
        assert_eq!(report["verdict"], "valid", "{name}: {report}");
        assert_eq!(report["status"]["state"], "good", "{name}: {report}");
        assert_eq!(report["holder"]["state"], "proven_by_key", "{name}: {report}");
        self.check_claims(report);
    }

    /// The presentation and its request, as the verifier gave them out.
    fn stored(&self) -> (String, String) {
        let evidence = self.evidence();
        (
            format!("{evidence}/presentation.json"),
            format!("{evidence}/request.jwt"),
        )
    }

    fn check_claims(&self, report: &Value) {
        assert_eq!(report["format"], self.format, "{}", self.configuration);
        let claims = &report["claims"];
        for path in self.disclosed {
            assert!(
                claims.pointer(path).is_some(),
                "{}: no {path} in {claims}",
                self.configuration
            );
        }
        for path in self.withheld {
            assert!(
                claims.pointer(path).is_none(),
                "{}: {path} in {claims}",
                self.configuration
            );
        }
    }

    fn judge_stored(&self, installation: &Installation, pack: &str, code: i32, verdict: &str) {
        let (presentation, request) = self.stored();
        let name = self.configuration;
        let output = installation.run(&[
            "verify",
            &presentation,
            "--request",
            &request,
            "--pack",
            pack,
            "--json",
        ]);
        let text = String::from_utf8_lossy(&output.stdout).into_owned();
        assert_eq!(
            output.status.code(),
            Some(code),
            "{name}: {text}\n{}",
            String::from_utf8_lossy(&output.stderr)
        );
        assert!(
            text.contains(&format!("\"verdict\": \"{verdict}\""))
                || text.contains(&format!("\"verdict\":\"{verdict}\"")),
            "{name}: {text}"
        );
        // What was altered on the way is noticed, whatever the format.
        if code == 0 {
            let stored = fs::read_to_string(installation.path(&presentation)).unwrap();
            let altered = alter(&stored);
            let path = format!("altered-{name}.json");
            fs::write(installation.path(&path), altered).unwrap();
            let output =
                installation.run(&["verify", &path, "--request", &request, "--pack", pack, "--json"]);
            assert_ne!(
                output.status.code(),
                Some(0),
                "{name}: an altered presentation passed"
            );
        }
    }
}

/// Changes one character in the middle of the longest text of the token: within a disclosure, an element, a payload or a proof.
fn alter(token: &str) -> String {
    let mut value: Value = serde_json::from_str(token).unwrap();
    let text = longest(&mut value).unwrap();
    let middle = text.len() / 2;
    let replacement = if text.as_bytes()[middle] == b'A' { "B" } else { "A" };
    text.replace_range(middle..=middle, replacement);
    value.to_string()
}

fn longest(value: &mut Value) -> Option<&mut String> {
    match value {
        Value::String(text) => Some(text),
        Value::Array(items) => items.iter_mut().filter_map(longest).max_by_key(|text| text.len()),
        Value::Object(members) => members
            .values_mut()
            .filter_map(longest)
            .max_by_key(|text| text.len()),
        _ => None,
    }
}
