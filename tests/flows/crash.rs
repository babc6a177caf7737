//! `kill -9` of the issuer during imports and during issuance, round after round over one store.
//!
//! What was acknowledged before a kill stands after it, what was not is whole or absent, and nothing is booked twice.

use std::collections::{BTreeMap, BTreeSet};
use std::fs;
use std::process::{Child, Output, Stdio};
use std::sync::Mutex;
use std::thread;
use std::time::Instant;

use serde_json::{Value, json};

use crate::harness::{Installation, Role};
use crate::plain_http::post;

const ROUNDS: u64 = 50;
const PEOPLE: u32 = 240;
/// Rows of one import request, each acknowledged by one answer.
const ROWS_PER_REQUEST: usize = 20;
/// No issuance begins for these people, so that an import round is free to change the others.
const IMPORTED: usize = 120;

/// A sequence that is the same in every run (splitmix64).
struct Seeded(u64);

impl Seeded {
    const fn next(&mut self, below: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % below
    }
}

/// What the issuer has acknowledged, over all rounds.
#[derive(Default)]
struct Acknowledged {
    /// The newest version of each record that an answer called stored.
    stored: BTreeMap<String, u64>,
    /// The newest version of each record that was sent, answered or not.
    sent: BTreeMap<String, u64>,
    /// Offers that were made and not yet used: record and link.
    offers: Vec<(String, String)>,
    /// Records whose holders were told that they have their credential.
    received: BTreeSet<String>,
    revoked: BTreeSet<String>,
    /// How many imports a kill interrupted.
    interrupted: u32,
}

/// The record of one person as of one round.
fn version(person: &Value, round: u64) -> Value {
    let mut person = person.clone();
    if round > 0 {
        person["addressLine2"][0]["value"] = json!(format!("Version {round}"));
    }
    person
}

fn uin(person: &Value) -> String {
    person["UIN"].as_str().unwrap().to_owned()
}

fn rows(people: &[Value], round: u64) -> Vec<u8> {
    let lines = people
        .iter()
        .map(|person| format!("{}\n", version(person, round)));
    lines.collect::<String>().into_bytes()
}

/// The issuer's administration interface, asked until it is gone.
struct Administration<'a> {
    installation: &'a Installation,
    token: String,
}

impl Administration<'_> {
    /// The answer, if it came whole and is a success.
    fn ask(&self, path: &str, content_type: &str, body: &[u8]) -> Option<Value> {
        let url = format!("{}/admin/v1/{path}", self.installation.issuer);
        let answer = post(&url, Some(&self.token), content_type, body)?;
        if answer.status != 200 && answer.status != 201 {
            return None;
        }
        serde_json::from_slice(&answer.body).ok()
    }

    fn order(&self, path: &str, order: &Value) -> Option<Value> {
        self.ask(path, "application/json", order.to_string().as_bytes())
    }

    /// Imports a version of every person, some rows at a time, until the issuer is killed.
    fn import(&self, people: &[Value], round: u64, acknowledged: &Mutex<Acknowledged>) {
        for batch in people.chunks(ROWS_PER_REQUEST) {
            acknowledged
                .lock()
                .unwrap()
                .sent
                .extend(batch.iter().map(|person| (uin(person), round)));
            let Some(report) = self.ask("records/import", "application/x-ndjson", &rows(batch, round)) else {
                acknowledged.lock().unwrap().interrupted += 1;
                return;
            };
            let answers = report["rows"].as_array().unwrap();
            assert_eq!(answers.len(), batch.len());
            for (person, answer) in batch.iter().zip(answers) {
                assert_eq!(answer["outcome"], "stored", "{answer}");
                acknowledged.lock().unwrap().stored.insert(uin(person), round);
            }
        }
    }

    /// Makes offers for nobody to use, and revokes what earlier rounds issued, until the issuer is killed.
    fn operate(&self, people: &[Value], issued: &[String], acknowledged: &Mutex<Acknowledged>) {
        for (person, credential) in people
            .iter()
            .zip(issued.iter().map(Some).chain(std::iter::repeat(None)))
        {
            let Some(offer) = self.order("offers", &offer_order(&uin(person))) else {
                return;
            };
            let link = offer["link"].as_str().unwrap().to_owned();
            acknowledged.lock().unwrap().offers.push((uin(person), link));
            if let Some(credential) = credential {
                let order = json!({ "action": "revoke", "credentials": { "id": credential } });
                if self.order("credentials/status", &order).is_none() {
                    return;
                }
                acknowledged.lock().unwrap().revoked.insert(credential.clone());
            }
        }
    }
}

fn offer_order(record: &str) -> Value {
    json!({
        "record": record,
        "configurations": ["NationalIdentity"],
        "tx_code": "not-required",
        "delivery": "by-reference",
    })
}

fn receive(installation: &Installation, link: &str, wallet: &str) -> Child {
    installation
        .command(&["wallet", "receive", link, "--wallet", wallet])
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .unwrap()
}

/// Whether the wallet says it holds the credential.
fn was_received(output: &Output) -> bool {
    let said = String::from_utf8_lossy(&output.stdout);
    let complained = String::from_utf8_lossy(&output.stderr);
    assert!(!complained.contains("panicked"), "{complained}");
    output.status.success() && said.contains("received ")
}

/// One round of issuance: two wallets receive, and an operator makes offers and revokes, while the issuer dies.
fn issuance_round(
    installation: &Installation,
    administration: &Administration<'_>,
    people: &[Value],
    acknowledged: &Mutex<Acknowledged>,
    kill: impl FnOnce(),
) {
    let issued: Vec<String> = credentials(installation)
        .iter()
        .filter(|credential| credential["status"] == "valid")
        .map(|credential| credential["id"].as_str().unwrap().to_owned())
        .take(3)
        .collect();
    let offers: Vec<(String, String)> = people[..2]
        .iter()
        .map(|person| {
            let offer = administration
                .order("offers", &offer_order(&uin(person)))
                .unwrap_or_else(|| panic!("no offer was made: {}", installation.log("issuer")));
            (uin(person), offer["link"].as_str().unwrap().to_owned())
        })
        .collect();
    thread::scope(|scope| {
        let wallets: Vec<Child> = offers
            .iter()
            .zip(["wallet-a", "wallet-b"])
            .map(|((_, link), wallet)| receive(installation, link, wallet))
            .collect();
        scope.spawn(|| administration.operate(&people[2..], &issued, acknowledged));
        kill();
        for (wallet, (record, _)) in wallets.into_iter().zip(&offers) {
            if was_received(&wallet.wait_with_output().unwrap()) {
                acknowledged.lock().unwrap().received.insert(record.clone());
            }
        }
    });
}

fn credentials(installation: &Installation) -> Vec<Value> {
    installation
        .json(&["credential", "list", "--json"])
        .as_array()
        .unwrap()
        .clone()
}

fn no_index_is_used_twice(credentials: &[Value]) {
    let mut seen = BTreeSet::new();
    for credential in credentials {
        let place = (
            credential["shard"].as_u64().unwrap(),
            credential["index"].as_u64().unwrap(),
        );
        assert!(seen.insert(place), "shard and index {place:?} are used twice");
    }
}

/// Every record is some version of its source row, whole: not older than the acknowledged one, not newer than the one sent.
fn every_record_is_whole(installation: &Installation, people: &[Value], acknowledged: &Acknowledged) {
    let sources: BTreeMap<String, &Value> = people.iter().map(|person| (uin(person), person)).collect();
    let exported = installation.ok(&["records", "export"]);
    let mut found = BTreeSet::new();
    for line in exported.lines() {
        let record: Value = serde_json::from_str(line).unwrap();
        let uin = uin(&record);
        let oldest = acknowledged.stored.get(&uin).copied().unwrap_or(0);
        let newest = acknowledged.sent[&uin];
        assert!(
            (oldest..=newest).any(|round| version(sources[&uin], round) == record),
            "a record is no version between {oldest} and {newest} of its source row: {record}"
        );
        assert!(found.insert(uin), "a record is exported twice");
    }
    for uin in acknowledged.stored.keys() {
        assert!(found.contains(uin), "an acknowledged record is not there");
    }
}

/// What the wallets hold, as the names of the records.
fn held(installation: &Installation, wallet: &str, people: &[Value]) -> Vec<String> {
    let list = installation.json(&["wallet", "list", "--json", "--wallet", wallet]);
    list.as_array()
        .unwrap()
        .iter()
        .map(|credential| {
            let shown = installation.ok(&[
                "wallet",
                "show",
                credential["id"].as_str().unwrap(),
                "--wallet",
                wallet,
            ]);
            people
                .iter()
                .map(uin)
                .find(|uin| shown.contains(uin.as_str()))
                .unwrap()
        })
        .collect()
}

#[test]
fn fifty_kills_of_the_issuer_lose_and_double_nothing_that_was_acknowledged() {
    let installation = Installation::new();
    installation.sample(PEOPLE);
    let people: Vec<Value> = fs::read_to_string(installation.path("people.ndjson"))
        .unwrap()
        .lines()
        .map(|line| serde_json::from_str(line).unwrap())
        .collect();
    // The dead are offered nothing.
    let (living, dead): (Vec<Value>, Vec<Value>) = people
        .iter()
        .cloned()
        .partition(|person| person["declaredAsDeceased"] != "Y");
    let mut imported = living[..IMPORTED].to_vec();
    imported.extend(dead);
    let holders = &living[IMPORTED..];

    let token = fs::read_to_string(installation.path("data/administration-token")).unwrap();
    let administration = Administration {
        installation: &installation,
        token: token.trim().to_owned(),
    };
    let acknowledged = Mutex::new(Acknowledged::default());
    let mut seeded = Seeded(0x5359_4d42);
    // The first round is not interrupted, and tells how long one takes on this machine.
    let (import_time, issuance_time);
    {
        let _issuer = installation.serve(Role::Issuer);
        let started = Instant::now();
        administration.import(holders, 0, &acknowledged);
        import_time = started.elapsed();
        assert_eq!(acknowledged.lock().unwrap().stored.len(), holders.len());
        let started = Instant::now();
        issuance_round(&installation, &administration, holders, &acknowledged, || {});
        issuance_time = started.elapsed();
        assert_eq!(acknowledged.lock().unwrap().received.len(), 2);
    }
    for round in 1..=ROUNDS {
        let issuer = installation.serve(Role::Issuer);
        let import = round % 2 == 1;
        let longest = if import {
            import_time
        } else {
            issuance_time * 3 / 2
        };
        let delay = longest * u32::try_from(seeded.next(1_000)).unwrap() / 1_000;
        let kill = move || {
            thread::sleep(delay);
            issuer.kill();
        };
        if import {
            thread::scope(|scope| {
                scope.spawn(|| administration.import(&imported, round, &acknowledged));
                kill();
            });
        } else {
            // Everybody gets a turn.
            let mut turn = holders.to_vec();
            let length = turn.len();
            turn.rotate_left(usize::try_from(round).unwrap() * 2 % length);
            issuance_round(&installation, &administration, &turn, &acknowledged, kill);
        }
        // With no server the commands open the store themselves, which recovers it.
        no_index_is_used_twice(&credentials(&installation));
    }

    let acknowledged = acknowledged.into_inner().unwrap();
    println!(
        "{} receipts, {} revocations, {} imports interrupted; a round of issuance takes {issuance_time:?}",
        acknowledged.received.len(),
        acknowledged.revoked.len(),
        acknowledged.interrupted
    );
    // Else the kills came too late or too early to show anything.
    assert!(!acknowledged.revoked.is_empty() && acknowledged.interrupted > 0);
    every_record_is_whole(&installation, &people, &acknowledged);
    installation.ok(&["audit", "verify"]);

    // The interrupted import is run again, and offers that were made before a kill still stand after it.
    let _issuer = installation.serve(Role::Issuer);
    fs::write(installation.path("again.ndjson"), rows(&imported, ROUNDS + 1)).unwrap();
    let counts = installation.json(&["records", "import", "again.ndjson", "--json"]);
    assert_eq!(counts["rejected"], 0, "{counts}");
    let again = installation.json(&["records", "import", "again.ndjson", "--json"]);
    assert_eq!(again["unchanged"], imported.len(), "{again}");
    assert_eq!(
        installation.ok(&["records", "export"]).lines().count(),
        people.len()
    );
    for (_, link) in acknowledged.offers.iter().rev().take(3) {
        installation.ok(&["wallet", "receive", link, "--wallet", "wallet-c"]);
    }

    // Before the books are read: a wallet that is opened completes what a kill interrupted.
    let mut all_held: BTreeMap<String, usize> = BTreeMap::new();
    for wallet in ["wallet-a", "wallet-b", "wallet-c"] {
        for record in held(&installation, wallet, &people) {
            *all_held.entry(record).or_default() += 1;
        }
    }

    let books = credentials(&installation);
    no_index_is_used_twice(&books);
    for id in &acknowledged.revoked {
        let booked = books
            .iter()
            .find(|credential| credential["id"] == id.as_str())
            .unwrap();
        assert_eq!(
            booked["status"], "revoked",
            "an acknowledged revocation is undone"
        );
    }
    let mut booked: BTreeMap<&str, usize> = BTreeMap::new();
    for credential in &books {
        *booked.entry(credential["record"].as_str().unwrap()).or_default() += 1;
    }
    for (record, count) in &all_held {
        let in_books = booked.get(record.as_str()).copied().unwrap_or(0);
        assert!(in_books >= *count, "a wallet holds what the books do not know");
    }
    for record in &acknowledged.received {
        assert!(all_held.contains_key(record), "a wallet lost what it was given");
    }
    installation.ok(&["audit", "verify"]);
}
