//! Offers that the operator sees and takes back, by the command line, with a running server and without one.

use crate::harness::{Installation, Role};
use crate::story::{self, import_people};

fn create(installation: &Installation, uin: &str, more: &[&str]) -> serde_json::Value {
    story::offer(installation, uin, "NationalIdentity", more)
}

#[track_caller]
fn refused(installation: &Installation, arguments: &[&str], reason: &str) {
    let output = installation.run(arguments);
    assert!(!output.status.success(), "{arguments:?}");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(said.contains(reason), "{arguments:?}: {said}");
}

#[test]
fn an_operator_sees_an_offer_through_and_takes_another_back() {
    let installation = Installation::new();
    let uin = import_people(&installation);
    let (first, second);
    {
        let _issuer = installation.serve(Role::Issuer);
        let link = create(&installation, &uin, &["--qr", "offer.png"]);
        first = link["offer"].as_str().unwrap().to_owned();
        installation.ok(&["wallet", "receive", "offer.png"]);
        let shown = installation.json(&["offer", "show", &first, "--json"]);
        assert_eq!(shown["state"], "issued");
        assert_eq!(shown["device"], "other-device");
        let credentials = installation.json(&["credential", "list", "--json"]);
        assert_eq!(shown["credentials"][0], credentials[0]["id"]);
        let told = installation.ok(&["offer", "list", "--record", &uin]);
        assert!(
            told.contains(&format!("{first}  issued  1 of 1 issued")),
            "{told}"
        );

        let made = create(&installation, &uin, &["--tx-code", "--by-value"]);
        second = made["offer"].as_str().unwrap().to_owned();
        let renewed = installation.json(&["offer", "tx-code", &second, "--json"]);
        assert_ne!(renewed["tx_code"], made["tx_code"]);
        assert_eq!(renewed["tx_code"].as_str().unwrap().len(), 6);
        let cancelled = installation.ok(&["offer", "cancel", &second]);
        assert!(cancelled.contains(&format!("{second}  cancelled")), "{cancelled}");
        assert!(cancelled.contains("by operator"), "{cancelled}");
        let link = made["link"].as_str().unwrap();
        let code = renewed["tx_code"].as_str().unwrap();
        refused(
            &installation,
            &["wallet", "receive", link, "--tx-code", code],
            "refused the transaction code",
        );
    }
    // The server has ended, and the commands open the store themselves.
    let left = installation.json(&["offer", "list", "--state", "cancelled", "--json"]);
    assert_eq!(left.as_array().unwrap().len(), 1);
    assert_eq!(left[0]["id"], second.as_str());
    let taken_back = installation.ok(&["offer", "cancel", &first]);
    assert!(
        taken_back.contains("`symbolon credential revoke` ends them"),
        "{taken_back}"
    );
    let credentials = installation.json(&["credential", "list", "--json"]);
    assert_eq!(credentials[0]["status"], "valid");
    refused(
        &installation,
        &["offer", "tx-code", &first],
        "the offer was taken back",
    );
    refused(
        &installation,
        &["offer", "show", &"0".repeat(32)],
        "no offer has this name",
    );
    refused(
        &installation,
        &["offer", "show", "anything"],
        "symbolon offer list",
    );
    assert!(installation.ok(&["audit", "verify"]).contains("whole"));
}
