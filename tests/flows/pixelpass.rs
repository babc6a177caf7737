//! PixelPass on the command line: JSON and text become QR codes and come back.

use std::fs;

use crate::harness::{Installation, Role};
use crate::story;

const CREDENTIAL: &str = r#"{"@context":["https://www.w3.org/ns/credentials/v2"],"credentialSubject":{"id":"did:example:1","age":36,"name":[{"language":"ara","value":"حسن"}]}}"#;

#[test]
fn json_and_text_become_codes_and_come_back() {
    let installation = Installation::new();
    for (file, content) in [("a.json", CREDENTIAL), ("b.txt", "eyJhbGciOiJFUzI1NiJ9.e30.AA~")] {
        fs::write(installation.path(file), content).unwrap();
        installation.ok(&["qr", "encode", file, "--out", "code.png"]);
        assert_eq!(installation.ok(&["qr", "decode", "code.png"]).trim_end(), content);
        let text = installation.ok(&["qr", "encode", file]);
        fs::write(installation.path("code.txt"), text).unwrap();
        assert_eq!(installation.ok(&["qr", "decode", "code.txt"]).trim_end(), content);
    }
}

#[test]
fn a_prefix_stands_in_front_and_is_demanded_again() {
    let installation = Installation::new();
    fs::write(installation.path("a.json"), CREDENTIAL).unwrap();
    let text = installation.ok(&["qr", "encode", "a.json", "--prefix", "INJI:"]);
    assert!(text.starts_with("INJI:"), "{text}");
    fs::write(installation.path("code.txt"), text).unwrap();
    let decoded = installation.ok(&["qr", "decode", "code.txt", "--prefix", "INJI:"]);
    assert_eq!(decoded.trim_end(), CREDENTIAL);
    let said = installation.fails(1, &["qr", "decode", "code.txt", "--prefix", "OTHER:"]);
    assert!(said.contains("prefix"), "{said}");
}

#[test]
fn what_no_code_holds_and_what_is_no_code_is_refused() {
    let installation = Installation::new();
    // Text that does not deflate.
    let mut state = 1_u32;
    let noise: String = (0..6_000)
        .map(|_| {
            state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
            char::from(b'!' + u8::try_from(state >> 24).unwrap() % 90)
        })
        .collect();
    fs::write(installation.path("long.txt"), noise).unwrap();
    let said = installation.fails(1, &["qr", "encode", "long.txt", "--out", "code.png"]);
    assert!(said.contains("longer than any QR code holds"), "{said}");
    assert!(!installation.path("code.png").exists());
    fs::write(installation.path("none.txt"), "hello").unwrap();
    installation.fails(1, &["qr", "decode", "none.txt"]);
    installation.fails(1, &["qr", "decode", "missing.txt"]);
}

#[test]
fn a_held_credential_is_shown_as_a_code_that_is_read_back() {
    let installation = Installation::new();
    let uin = {
        installation.sample(20);
        // A credential with a portrait is larger than any code.
        let text = fs::read_to_string(installation.path("people.ndjson")).unwrap();
        let people = text.lines().map(|line| {
            let mut person: serde_json::Value = serde_json::from_str(line).unwrap();
            person.as_object_mut().unwrap().remove("face");
            format!("{person}\n")
        });
        fs::write(installation.path("people.ndjson"), people.collect::<String>()).unwrap();
        installation.ok(&["records", "import", "people.ndjson"]);
        story::living_adult(&installation)
    };
    let _issuer = installation.serve(Role::Issuer);
    for (configuration, begins) in [
        ("NationalIdentityJwt", "eyJ"),
        ("NationalIdentityLd", "{\"@context\""),
    ] {
        let offer = story::offer(&installation, &uin, configuration, &[]);
        let output = installation.run(&["wallet", "receive", offer["link"].as_str().unwrap()]);
        assert!(
            output.status.success(),
            "{configuration}: {}\n{}",
            String::from_utf8_lossy(&output.stderr),
            installation.log("issuer")
        );
        let received = String::from_utf8(output.stdout).unwrap();
        let id = received.trim_end().rsplit(' ').next().unwrap();
        installation.ok(&["wallet", "show", id, "--qr", "held.png"]);
        let text = installation.ok(&["qr", "decode", "held.png"]);
        assert!(text.starts_with(begins), "{text}");
        installation.ok(&["pack", "build", "--out", "national.pack"]);
        // Whole, and shown without its holder's proof.
        let verify = ["verify", "held.png", "--pack", "national.pack", "--json"];
        let output = installation.run(&verify);
        let report: serde_json::Value = serde_json::from_slice(&output.stdout).unwrap();
        assert_eq!(report["authentic"]["state"], "authentic");
        assert_eq!(report["verdict"], "unknown");
    }
}
