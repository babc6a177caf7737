//! What is malformed, forged, stale or too large, given to the commands that read it.

use std::fs;
use std::io::Read as _;
use std::net::TcpListener;
use std::process::Output;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;
use std::time::Duration;

use serde_json::{Value, json};
use symbolon_crypto::encoding::zlib;
use symbolon_qr_picture::{ErrorCorrection, Symbol, Version};

use crate::harness::{Installation, Role};
use crate::story::{import_people, living_adult, offer, offering, present, print_card, receive};

/// Runs a command that may end as it likes, but not with a panic.
#[track_caller]
fn calm(installation: &Installation, arguments: &[&str]) -> Output {
    let output = installation.run(arguments);
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(!said.contains("panicked"), "symbolon {arguments:?}\n{said}");
    assert!(
        output.status.code().is_some(),
        "symbolon {arguments:?} was killed by a signal"
    );
    output
}

fn rejected(installation: &Installation, file: &str) -> Vec<Value> {
    fs::read_to_string(installation.path(&format!("{file}.rejected.ndjson")))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect()
}

/// Imports a file, and returns the counts and the exit status.
fn import(installation: &Installation, file: &str) -> (Value, Option<i32>) {
    let output = calm(installation, &["records", "import", file, "--json"]);
    let counts = serde_json::from_slice(&output.stdout).unwrap();
    (counts, output.status.code())
}

#[test]
fn malformed_rows_are_told_with_number_and_reason_and_the_others_are_stored() {
    let installation = Installation::new();
    installation.sample(6);
    let text = fs::read_to_string(installation.path("people.ndjson")).unwrap();
    let good: Vec<&str> = text.lines().collect();
    let with = |row: &str, field: &str, value: Option<Value>| {
        let mut person: Value = serde_json::from_str(row).unwrap();
        match value {
            Some(value) => person[field] = value,
            None => drop(person.as_object_mut().unwrap().remove(field)),
        }
        person.to_string().into_bytes()
    };
    let twice = good[2].replacen('{', "{\"UIN\":\"2301456789\",", 1).into_bytes();
    let not_utf8 = [&good[2].as_bytes()[..60], b"\xff\xfe", &good[2].as_bytes()[60..]].concat();
    let rows: [Vec<u8>; 10] = [
        good[0].into(),
        b"{\"UIN\": \"23014".to_vec(),
        with(good[2], "dateOfBirth", Some(json!("1990/02/30"))),
        with(good[2], "UIN", None),
        good[1].into(),
        twice,
        not_utf8,
        b"[1, 2]".to_vec(),
        [b"[".repeat(50_000), b"]".repeat(50_000)].concat(),
        good[3].into(),
    ];
    fs::write(installation.path("mixed.ndjson"), rows.join(&b'\n')).unwrap();

    let (counts, code) = import(&installation, "mixed.ndjson");
    assert_eq!(code, Some(1));
    assert_eq!(
        (&counts["inserted"], &counts["rejected"]),
        (&json!(3), &json!(7)),
        "{counts}"
    );
    let refusals = rejected(&installation, "mixed.ndjson");
    let numbers: Vec<u64> = refusals.iter().map(|row| row["row"].as_u64().unwrap()).collect();
    assert_eq!(numbers, [2, 3, 4, 6, 7, 8, 9]);
    let reason = |index: usize| refusals[index]["reason"].as_str().unwrap();
    for (index, expected) in [
        (0, "JSON"),
        (1, "dateOfBirth"),
        (2, "UIN"),
        (3, "twice"),
        (4, "UTF-8"),
        (5, "object"),
        (6, "nested"),
    ] {
        assert!(reason(index).contains(expected), "{}", reason(index));
    }

    // Once more changes nothing.
    let before = installation.ok(&["records", "export"]);
    let (counts, _) = import(&installation, "mixed.ndjson");
    assert_eq!(
        (&counts["inserted"], &counts["unchanged"], &counts["rejected"]),
        (&json!(0), &json!(3), &json!(7)),
        "{counts}"
    );
    assert_eq!(installation.ok(&["records", "export"]), before);
    assert_eq!(rejected(&installation, "mixed.ndjson"), refusals);
}

#[test]
fn a_csv_row_of_the_wrong_width_is_told_and_the_others_are_stored() {
    let installation = Installation::new();
    installation.sample(3);
    let text = fs::read_to_string(installation.path("people.ndjson")).unwrap();
    let cell = |value: &Value| format!("\"{}\"", value.to_string().replace('"', "\"\""));
    let people: Vec<serde_json::Map<String, Value>> = text
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // Fields that every sample person has.
    let fields: Vec<&String> = people[0]
        .keys()
        .filter(|field| people.iter().all(|person| person.contains_key(*field)))
        .collect();
    let line = |person: &serde_json::Map<String, Value>| {
        let cells = fields.iter().map(|field| match &person[*field] {
            Value::String(text) => format!("\"{}\"", text.replace('"', "\"\"")),
            value => cell(value),
        });
        cells.collect::<Vec<_>>().join(",")
    };
    let header = fields
        .iter()
        .map(|field| field.as_str())
        .collect::<Vec<_>>()
        .join(",");
    let narrow = line(&people[1]).rsplit_once(',').unwrap().0.to_owned();
    let narrow = narrow.trim_end_matches(|last| last != '"').to_owned();
    let rows = [
        header,
        line(&people[0]),
        format!("{},surplus", line(&people[1])),
        narrow,
        line(&people[2]),
    ];
    fs::write(installation.path("people.csv"), rows.join("\r\n")).unwrap();
    let (counts, code) = import(&installation, "people.csv");
    let refusals = rejected(&installation, "people.csv");
    assert_eq!((&counts["inserted"], code), (&json!(2), Some(1)), "{refusals:?}");
    assert!(
        refusals[0]["reason"]
            .as_str()
            .unwrap()
            .contains("cells where the header has")
    );
    assert_eq!(refusals[0]["row"], 3);
}

#[test]
fn files_that_hold_nothing_of_use_are_refused_or_empty() {
    let installation = Installation::new();
    fs::write(installation.path("empty"), b"").unwrap();
    fs::write(installation.path("bytes"), [0xff_u8; 1_000]).unwrap();
    fs::write(installation.path("prose"), "once upon a time").unwrap();
    for file in ["empty", "bytes", "missing", "data"] {
        installation.fails(2, &["verify", file]);
    }
    assert_ne!(calm(&installation, &["verify", "prose"]).status.code(), Some(0));
    for file in ["empty", "bytes", "prose", "missing", "data"] {
        assert_ne!(
            calm(&installation, &["verify", "prose", "--pack", file])
                .status
                .code(),
            Some(0)
        );
        assert_ne!(
            calm(&installation, &["pack", "inspect", file]).status.code(),
            Some(0)
        );
        assert_ne!(
            calm(&installation, &["wallet", "receive", file]).status.code(),
            Some(0)
        );
        assert_ne!(
            calm(&installation, &["wallet", "present", file, "--yes"])
                .status
                .code(),
            Some(0)
        );
    }
    let (counts, code) = import(&installation, "empty");
    assert_eq!((&counts["inserted"], code), (&json!(0), Some(0)));
    installation.fails(1, &["records", "import", "missing"]);
    installation.fails(1, &["records", "import", "data"]);
}

#[test]
fn what_is_not_there_is_not_offered() {
    let installation = Installation::new();
    let uin = import_people(&installation);
    let said = installation.fails(1, &offering(&uin, "DrivingLicence"));
    assert!(
        said.contains("no credential configuration has this name"),
        "{said}"
    );
    let said = installation.fails(1, &offering("1234567890", "NationalIdentity"));
    assert!(said.contains("no record has this UIN"), "{said}");
    assert_eq!(installation.json(&["credential", "list", "--json"]), json!([]));
}

#[test]
fn a_wrong_transaction_code_is_refused_and_the_right_one_accepted_once() {
    let installation = Installation::new();
    let uin = import_people(&installation);
    let _issuer = installation.serve(Role::Issuer);
    let offer = offer(&installation, &uin, "NationalIdentity", &["--tx-code"]);
    let link = offer["link"].as_str().unwrap();
    let right = offer["tx_code"].as_str().unwrap();
    let wrong = if right == "000000" { "000001" } else { "000000" };
    installation.fails(1, &["wallet", "receive", link]);
    installation.fails(1, &["wallet", "receive", link, "--tx-code", wrong]);
    assert_eq!(installation.json(&["credential", "list", "--json"]), json!([]));
    // After a wrong try the issuer listens to nobody for a second.
    thread::sleep(Duration::from_millis(2_100));
    installation.ok(&["wallet", "receive", link, "--tx-code", right]);
    installation.fails(1, &["wallet", "receive", link, "--tx-code", right]);
    installation.fails(
        1,
        &["wallet", "receive", link, "--tx-code", right, "--wallet", "thief"],
    );
    let books = installation.json(&["credential", "list", "--json"]);
    assert_eq!(books.as_array().unwrap().len(), 1);
    let held = installation.json(&["wallet", "list", "--json"]);
    assert_eq!(held.as_array().unwrap().len(), 1);
}

#[test]
fn an_offer_of_an_unknown_issuer_is_refused_before_anything_is_fetched() {
    let installation = Installation::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let connections = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&connections);
    thread::spawn(move || {
        for stream in listener.incoming() {
            counted.fetch_add(1, Ordering::SeqCst);
            let _ = stream.unwrap().read(&mut [0; 1]);
        }
    });
    let offer = json!({
        "credential_issuer": format!("http://{address}"),
        "credential_configuration_ids": ["NationalIdentity"],
        "grants": { "urn:ietf:params:oauth:grant-type:pre-authorized_code": { "pre-authorized_code": "stolen" } },
    });
    let encoded: String = url::form_urlencoded::byte_serialize(offer.to_string().as_bytes()).collect();
    let link = format!("openid-credential-offer://?credential_offer={encoded}");
    let said = installation.fails(1, &["wallet", "receive", &link]);
    assert!(said.contains("not known to this wallet"), "{said}");
    assert_eq!(connections.load(Ordering::SeqCst), 0);
}

#[test]
fn a_damaged_presentation_is_never_valid() {
    let installation = Installation::new();
    let uin = import_people(&installation);
    let _issuer = installation.serve(Role::Issuer);
    let _verifier = installation.serve(Role::Verifier);
    receive(&installation, &uin);
    present(&installation);
    let token: Value = serde_json::from_slice(&fs::read(installation.path("shown.json")).unwrap()).unwrap();
    let mut whole = token.as_object().unwrap().values().next().unwrap();
    if let Value::Array(presentations) = whole {
        whole = &presentations[0];
    }
    let whole = whole.as_str().unwrap();
    let judge = |presentation: &[u8]| {
        fs::write(installation.path("damaged"), presentation).unwrap();
        let output = calm(
            &installation,
            &["verify", "damaged", "--request", "evidence/request.jwt"],
        );
        output.status.code().unwrap()
    };
    assert_eq!(judge(whole.as_bytes()), 0, "undamaged");
    let length = whole.len();
    for end in [
        1,
        length / 7,
        length / 3,
        length / 2,
        length * 5 / 6,
        length - 90,
        length - 1,
    ] {
        let code = judge(&whole.as_bytes()[..end]);
        assert!((1..=2).contains(&code), "cut at {end} of {length}: {code}");
    }
    // No multiple of 4, so that every place in a base64url group has its turn.
    for place in (0..length).step_by(length / 40 * 2 + 1) {
        let mut damaged = whole.as_bytes().to_vec();
        damaged[place] ^= 1 << (place % 7);
        let code = judge(&damaged);
        assert!((1..=2).contains(&code), "flipped at {place} of {length}: {code}");
    }
}

#[test]
fn bombs_are_refused_at_their_door() {
    let installation = Installation::new();
    installation.sample(20);
    installation.ok(&["records", "import", "people.ndjson"]);
    print_card(&installation, &living_adult(&installation));
    // A picture of 900 million pixels in a few kilobytes.
    let mut picture = fs::read(installation.path("card.png")).unwrap();
    picture[16..20].copy_from_slice(&30_000_u32.to_be_bytes());
    picture[20..24].copy_from_slice(&30_000_u32.to_be_bytes());
    let sum = crc32(&picture[12..29]);
    picture[29..33].copy_from_slice(&sum.to_be_bytes());
    fs::write(installation.path("bomb.png"), &picture).unwrap();
    let said = installation.fails(2, &["verify", "bomb.png"]);
    assert!(said.contains("pixels"), "{said}");
    installation.fails(1, &["wallet", "receive", "bomb.png"]);

    // A QR code whose two kilobytes inflate to two megabytes.
    let bomb = base45(&zlib::deflate(&vec![0; 2 << 20], zlib::Effort::Best));
    let symbol = Symbol::draw(bomb.as_bytes(), ErrorCorrection::Low, Version::LARGEST).unwrap();
    fs::write(installation.path("inflates.png"), symbol.to_png(4).unwrap()).unwrap();
    let code = calm(&installation, &["verify", "inflates.png"])
        .status
        .code()
        .unwrap();
    assert!((1..=2).contains(&code), "{code}");
    fs::write(installation.path("inflates"), bomb).unwrap();
    let code = calm(&installation, &["verify", "inflates"])
        .status
        .code()
        .unwrap();
    assert!((1..=2).contains(&code), "{code}");

    // More than any reader wants to see.
    fs::write(installation.path("long"), vec![b'A'; 17 << 20]).unwrap();
    let said = installation.fails(2, &["verify", "long"]);
    assert!(said.contains("cannot read long"), "{said}");
}

/// The check sum of a PNG chunk.
fn crc32(bytes: &[u8]) -> u32 {
    !bytes.iter().fold(u32::MAX, |sum, byte| {
        (0..8).fold(sum ^ u32::from(*byte), |sum, _| {
            if sum & 1 == 1 {
                (sum >> 1) ^ 0xedb8_8320
            } else {
                sum >> 1
            }
        })
    })
}

/// RFC 9285, written again so that no code under test makes the attack.
fn base45(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 45] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ $%*+-./:";
    let mut text = String::new();
    for pair in bytes.chunks(2) {
        let (mut rest, digits) = match *pair {
            [high, low] => (usize::from(high) * 256 + usize::from(low), 3),
            _ => (usize::from(pair[0]), 2),
        };
        for _ in 0..digits {
            text.push(char::from(ALPHABET[rest % 45]));
            rest /= 45;
        }
    }
    text
}
