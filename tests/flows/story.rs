//! The steps of the full story, each by its command.

use std::fs;

use serde_json::Value;

use crate::harness::Installation;

/// Imports sample people and returns the UIN of a living adult.
pub(crate) fn import_people(installation: &Installation) -> String {
    installation.sample(20);
    installation.ok(&["records", "import", "people.ndjson"]);
    living_adult(installation)
}

/// The UIN of a living adult of `people.ndjson`.
pub(crate) fn living_adult(installation: &Installation) -> String {
    let text = fs::read_to_string(installation.path("people.ndjson")).unwrap();
    let people = text
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap());
    people
        .filter(|person| person["declaredAsDeceased"] != "Y")
        .find(|person| {
            person["dateOfBirth"]
                .as_str()
                .is_some_and(|birth| birth.get(..4) < Some("2000"))
        })
        .and_then(|person| person["UIN"].as_str().map(str::to_owned))
        .unwrap()
}

/// The command that offers somebody a credential.
pub(crate) fn offering<'a>(uin: &'a str, configuration: &'a str) -> [&'a str; 6] {
    ["offer", "create", "--record", uin, "--credential", configuration]
}

/// Offers somebody a credential, as `further` arguments have it, and returns what is told of the offer.
#[track_caller]
pub(crate) fn offer(installation: &Installation, uin: &str, configuration: &str, further: &[&str]) -> Value {
    installation.json(&[&offering(uin, configuration)[..], &["--json"], further].concat())
}

/// Has the wallet receive what was offered by its link, with the transaction code if there is one, and returns what it printed.
#[track_caller]
pub(crate) fn take_up(installation: &Installation, offer: &Value, further: &[&str]) -> String {
    let mut arguments = vec!["wallet", "receive", offer["link"].as_str().unwrap()];
    if let Some(code) = offer["tx_code"].as_str() {
        arguments.extend(["--tx-code", code]);
    }
    arguments.extend(further);
    installation.ok(&arguments)
}

/// Offers the national identity and has the wallet receive it, by the picture of its QR code.
pub(crate) fn receive(installation: &Installation, uin: &str) {
    let picture = ["--tx-code", "--qr", "offer.png"];
    let offer = offer(installation, uin, "NationalIdentity", &picture);
    let code = offer["tx_code"].as_str().unwrap();
    installation.ok(&["wallet", "receive", "offer.png", "--tx-code", code]);
}

/// Asks for the age by the picture of a QR code, `request.png`, and returns the name of the request.
pub(crate) fn ask(installation: &Installation) -> String {
    let request = installation.json(&[
        "request",
        "create",
        "--query",
        "age-over-18",
        "--qr",
        "request.png",
        "--json",
    ]);
    request["request_id"].as_str().unwrap().to_owned()
}

/// Asks for the age, and has the wallet answer by the picture of the request's QR code. Leaves what the wallet sent in
/// `shown.json`, and the folder `evidence` as the verifier keeps it.
pub(crate) fn present(installation: &Installation) {
    let id = ask(installation);
    installation.ok(&[
        "wallet",
        "present",
        "request.png",
        "--yes",
        "--save",
        "shown.json",
    ]);
    installation.ok(&["request", "show", &id, "--wait", "--evidence", "evidence"]);
}

/// Prints the card of a record.
pub(crate) fn print_card(installation: &Installation, uin: &str) {
    installation.ok(&["card", "print", "--record", uin, "--out", "card.png"]);
}
