//! The wallets that an issuer deals with, as its operator configures them.

use std::fs;

use crate::harness::{Installation, Role};
use crate::plain_http::post;
use crate::story::{import_people, offering};

const CLIENT: &str = r#"
[issuer.authorization]
refresh_token_days = 30

[[issuer.clients]]
client_id = "example-wallet"
name = "Example Wallet"
redirect_uris = ["org.example.wallet:/back"]
authentication = "none"
"#;

fn configure(installation: &Installation, lines: &str) {
    let path = installation.path("symbolon.toml");
    let text = fs::read_to_string(&path).unwrap();
    fs::write(path, text + lines).unwrap();
}

fn push(installation: &Installation, client: &str) -> u16 {
    let form = format!(
        "client_id={client}&response_type=code&redirect_uri=org.example.wallet%3A%2Fback&scope=NationalIdentity\
         &code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256"
    );
    let url = format!("{}/par", installation.issuer);
    let answer = post(&url, None, "application/x-www-form-urlencoded", form.as_bytes());
    answer.unwrap().status
}

#[test]
fn an_issuer_deals_with_the_wallets_of_its_configuration() {
    let installation = Installation::new();
    let uin = import_people(&installation);
    let offer = [&offering(&uin, "NationalIdentity")[..], &["--by-value"]].concat();
    let to_sign_in = [&offer[..], &["--grant", "authorization_code"]].concat();
    // An issuer that deals with offers alone promises nothing else.
    let said = installation.fails(1, &to_sign_in);
    assert!(said.contains("no wallet"), "{said}");

    configure(&installation, CLIENT);
    let _issuer = installation.serve(Role::Issuer);
    assert_eq!(push(&installation, "example-wallet"), 201);
    assert_eq!(push(&installation, "another-wallet"), 401);
    let link = installation.ok(&to_sign_in);
    assert!(
        link.contains("issuer_state") && !link.contains("pre-authorized_code"),
        "{link}"
    );
    let link = installation.ok(&[&offer[..], &["--grant", "both"]].concat());
    assert!(
        link.contains("issuer_state") && link.contains("pre-authorized_code"),
        "{link}"
    );
    let link = installation.ok(&offer);
    assert!(!link.contains("issuer_state"), "{link}");
}

#[test]
fn a_wallet_that_cannot_be_as_it_is_configured_stops_the_start() {
    let installation = Installation::new();
    configure(
        &installation,
        &CLIENT.replace("org.example.wallet:/back", "javascript:alert(1)"),
    );
    let said = installation.fails(1, &["issuer", "serve"]);
    assert!(
        said.contains("example-wallet") && said.contains("redirect_uris"),
        "{said}"
    );
}
