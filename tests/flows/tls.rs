//! Nothing of an issuer can be reached without TLS, but from the same machine ([OpenID4VCI §8, §9, §11, §12.2]).
//!
//! [OpenID4VCI §8, §9, §11, §12.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8

use crate::harness::Installation;

const ISSUER: &str = "https://id.example/register";
const VERIFIER: &str = "https://check.example";

/// `issuer check` reads the configuration as `issuer serve` does, and listens nowhere.
#[test]
fn an_issuer_that_could_be_reached_without_tls_does_not_start() {
    let installation = Installation::new();
    let public = [
        ("SYMBOLON_DEVELOPMENT", "false"),
        ("SYMBOLON_ISSUER_IDENTIFIER", ISSUER),
        ("SYMBOLON_VERIFIER_IDENTIFIER", VERIFIER),
        ("SYMBOLON_ISSUER_SIGN_IN_SENDER", "file"),
        ("SYMBOLON_ISSUER_SIGN_IN_FILE", "codes.ndjson"),
    ];
    for (further, named) in [
        (("SYMBOLON_ISSUER_IDENTIFIER", "http://id.example"), "https"),
        (
            ("SYMBOLON_ISSUER_IDENTIFIER", "https://id.example/?a=b"),
            "issuer.identifier",
        ),
        (
            ("SYMBOLON_ISSUER_IDENTIFIER", "https://id.example/#a"),
            "issuer.identifier",
        ),
        (
            ("SYMBOLON_ISSUER_IDENTIFIER", "ftp://id.example"),
            "issuer.identifier",
        ),
        // Off loopback nothing is plain, with or without an identifier that says so.
        (("SYMBOLON_ISSUER_LISTEN", "0.0.0.0:0"), "tls_certificate"),
        (("SYMBOLON_ISSUER_TLS_CERTIFICATE", "issuer.pem"), "tls_key"),
    ] {
        let mut command = installation.command(&["issuer", "check"]);
        let output = command.envs(public).env(further.0, further.1).output().unwrap();
        let said = String::from_utf8(output.stderr).unwrap();
        assert_eq!(output.status.code(), Some(1), "{further:?}: {said}");
        assert!(said.contains(named), "{further:?}: {said}");
    }
    let mut command = installation.command(&["issuer", "check"]);
    let output = command
        .env("SYMBOLON_ISSUER_LISTEN", "0.0.0.0:0")
        .output()
        .unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    assert!(!output.status.success());
    assert!(said.contains("development = true is refused"), "{said}");
}
