//! Cards whose face has a code of its own: printed, read back from their pictures, judged together without a network.

use std::fs;

use serde_json::Value;
use symbolon_qr_picture::{LumaPicture, PictureSource, decode_picture, encode_png, read_picture};

use crate::harness::Installation;
use crate::story;

const PACK: &str = "national.pack";

struct Desk {
    installation: Installation,
    people: Vec<String>,
}

impl Desk {
    fn new() -> Self {
        let installation = Installation::new();
        let uin = story::import_people(&installation);
        let others = installation.uins("people.ndjson");
        let living = |other: &String| {
            let record: Value = serde_json::from_str(&installation.ok(&["records", "show", other])).unwrap();
            record["declaredAsDeceased"] != "Y"
        };
        let other = others
            .into_iter()
            .find(|other| *other != uin && living(other))
            .unwrap();
        installation.ok(&["card", "face-key", "--name", "clinics", "--out", "clinics.json"]);
        Self {
            installation,
            people: vec![uin, other],
        }
    }

    /// Prints a card and returns its name in the books.
    fn print(&self, person: usize, out: &str, more: &[&str]) -> String {
        let mut arguments = vec!["card", "print", "--record", &self.people[person], "--out", out];
        arguments.extend(more);
        let said = self.installation.ok(&arguments);
        let line = said.lines().next().unwrap();
        line.split(' ').nth(1).unwrap().to_owned()
    }

    fn build_pack(&self) {
        self.installation.ok(&["pack", "build", "--out", PACK]);
    }

    /// The exit status and the reports.
    fn verify(&self, picture: &str, more: &[&str]) -> (i32, Vec<Value>) {
        let mut arguments = vec!["verify", picture, "--pack", PACK, "--json"];
        arguments.extend(more);
        let output = self.installation.run(&arguments);
        let said: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| {
            panic!("{arguments:?}: {}", String::from_utf8_lossy(&output.stderr));
        });
        let reports = match said {
            Value::Array(reports) => reports,
            one => vec![one],
        };
        (output.status.code().unwrap(), reports)
    }

    fn picture(&self, name: &str) -> LumaPicture {
        decode_picture(&fs::read(self.installation.path(name)).unwrap()).unwrap()
    }
}

/// The report about the code that says who it is.
fn named(reports: &[Value]) -> &Value {
    reports
        .iter()
        .find(|report| report["claims"]["full_name"].is_string())
        .unwrap()
}

fn verdicts(reports: &[Value]) -> Vec<&str> {
    reports
        .iter()
        .map(|report| report["verdict"].as_str().unwrap())
        .collect()
}

#[test]
fn both_codes_of_a_card_are_judged_together_and_revoked_together() {
    let desk = Desk::new();
    let card = desk.print(0, "card.png", &["--face-qr"]);
    desk.build_pack();
    let (code, reports) = desk.verify("card.png", &[]);
    assert_eq!((code, verdicts(&reports)), (0, vec!["genuine", "genuine"]));
    let report = named(&reports);
    assert_eq!(report["holder"]["state"], "compare_by_eye");
    assert!(
        report["photo"]["base64"].as_str().unwrap().len() > 600,
        "a face with a code of its own is larger"
    );

    desk.print(0, "again.png", &["--face-qr", "--replaces", &card]);
    desk.build_pack();
    let (code, reports) = desk.verify("card.png", &[]);
    assert_eq!((code, verdicts(&reports)), (1, vec!["invalid", "invalid"]));
    let (code, _) = desk.verify("again.png", &[]);
    assert_eq!(code, 0);
}

#[test]
fn an_encrypted_face_is_shown_to_the_holders_of_its_key_alone() {
    let desk = Desk::new();
    desk.print(0, "card.png", &["--face-key", "clinics.json"]);
    desk.build_pack();
    let (code, reports) = desk.verify("card.png", &[]);
    assert_eq!((code, verdicts(&reports)), (3, vec!["unknown", "unknown"]));
    assert!(named(&reports)["photo"].is_null());
    let (code, reports) = desk.verify("card.png", &["--face-key", "clinics.json"]);
    assert_eq!((code, verdicts(&reports)), (0, vec!["genuine", "genuine"]));
    assert!(named(&reports)["photo"].is_object());

    desk.installation
        .ok(&["card", "face-key", "--out", "courts.json"]);
    let (code, _) = desk.verify("card.png", &["--face-key", "courts.json"]);
    assert_eq!(code, 3);
    let said = desk
        .installation
        .fails(1, &["card", "face-key", "--out", "clinics.json"]);
    assert!(said.contains("never overwritten"), "{said}");
    fs::write(desk.installation.path("bad.json"), "{}").unwrap();
    desk.installation.fails(
        2,
        &["verify", "card.png", "--pack", PACK, "--face-key", "bad.json"],
    );
    let record = &desk.people[0];
    let print = [
        "card",
        "print",
        "--record",
        record,
        "--out",
        "no.png",
        "--face-key",
        "bad.json",
    ];
    desk.installation.fails(1, &print);
}

#[test]
fn the_back_of_somebody_elses_card_is_refused() {
    let desk = Desk::new();
    desk.print(0, "one.png", &["--face-qr"]);
    desk.print(1, "other.png", &["--face-qr"]);
    desk.build_pack();
    let (front, back) = (desk.picture("one.png"), desk.picture("other.png"));
    let half = front.width() / 2;
    let mixed = LumaPicture::from_fn(front.width(), front.height(), |x, y| {
        if x < half {
            front.level(x, y)
        } else {
            back.level(x, y)
        }
    });
    fs::write(desk.installation.path("mixed.png"), encode_png(&mixed).unwrap()).unwrap();
    let (code, reports) = desk.verify("mixed.png", &[]);
    assert_eq!((code, verdicts(&reports)), (1, vec!["invalid", "invalid"]));
    assert!(reports.iter().all(|report| report["photo"].is_null()));

    // Both cards on one table are two cards.
    let table = LumaPicture::from_fn(front.width(), 2 * front.height(), |x, y| {
        match y.checked_sub(front.height()) {
            None => front.level(x, y),
            Some(y) => back.level(x, y),
        }
    });
    fs::write(desk.installation.path("table.png"), encode_png(&table).unwrap()).unwrap();
    let (code, reports) = desk.verify("table.png", &[]);
    assert_eq!((code, verdicts(&reports)), (0, vec!["genuine"; 4]));
}

#[test]
fn an_installation_may_give_every_card_two_codes() {
    let desk = Desk::new();
    let print = ["card", "print", "--record", &desk.people[0], "--out", "card.png"];
    let codes = |environment: &[(&str, &str)]| {
        desk.installation.ok_with(&print, environment);
        let png = fs::read(desk.installation.path("card.png")).unwrap();
        read_picture(&png, PictureSource::Rendered).unwrap().len()
    };
    assert_eq!(codes(&[]), 1);
    assert_eq!(codes(&[("SYMBOLON_CARD_FACE_QR", "true")]), 2);
    let encrypted = [
        ("SYMBOLON_CARD_FACE_QR", "true"),
        ("SYMBOLON_CARD_FACE_KEY", "clinics.json"),
    ];
    assert_eq!(codes(&encrypted), 2);
    desk.build_pack();
    assert_eq!(desk.verify("card.png", &[]).0, 3);
    assert_eq!(desk.verify("card.png", &["--face-key", "clinics.json"]).0, 0);
}
