//! Revocation lists of certificates in packs: what a distributor can do with them, and what it does for its fleet. Rows 27, 28, 30 and 31.

use std::fs;
use std::time::{Duration, Instant};

use serde_json::Value;
use symbolon_cli::edge;
use symbolon_crypto::signing::DescribeKeys as _;
use symbolon_crypto::testing::revocation::{RevocationListDraft, authority};
use symbolon_crypto::x509::issue::Validity;
use symbolon_crypto::{SignatureAlgorithm, UnixTime};
use symbolon_trust::pack::RevocationSection;
use symbolon_trust::testing::{TestIssuingAuthority, TestKey};
use symbolon_trust::trust_list::RootOfTrust;

use super::world::{CARD, DAY, Liar, pull, refused_on_every_way, said};
use crate::distribution::Scripted;
use crate::harness::{Installation, Role};
use crate::offline::{Island, let_the_clock_move};

const PLACE: &str = "http://lists.example/iaca.crl";
const SECOND: Duration = Duration::from_secs(1);

#[test]
fn a_distributor_that_lies_about_revocation_lists_is_noticed_on_every_way() {
    let island = Island::find();
    let liar = Liar::new();
    let shop = liar.shop();
    let (made, authority) = (liar.after.created, liar.authority());
    let later = |later: u64, lists: &[(&[u8], &symbolon_crypto::x509::Certificate)]| {
        liar.later_without_documents(later, &liar.after.trust, |builder| {
            let builder = builder.with_status(liar.after.status.clone());
            lists.iter().fold(builder, |builder, (der, anchor)| {
                let section = RevocationSection::new(PLACE, der, &[], anchor).unwrap();
                builder.with_revocation_list(section)
            })
        })
    };
    let good = liar.revocation_list(made);
    let output = pull(&shop, &later(1, &[(&good, &authority)]));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));

    let refused = |lie, lists: &[(&[u8], &symbolon_crypto::x509::Certificate)], reason| {
        refused_on_every_way(&shop, &island, lie, &later(2, lists), reason);
    };
    let mut forged = good.clone();
    let in_the_signature = forged.len() - 3;
    forged[in_the_signature] ^= 1;
    refused(
        "a forged list",
        &[(&forged, &authority)],
        "a revocation list of the pack is refused",
    );
    let stranger = TestIssuingAuthority::new(700);
    let of_stranger = stranger.sign_revocation_list(&stranger.revocation_list(made));
    refused(
        "the list of a stranger",
        &[(&of_stranger, stranger.root())],
        "a revocation list is of an authority that the trust section does not name",
    );
    refused(
        "the list of a stranger under the name of the house",
        &[(&of_stranger, &authority)],
        "a revocation list of the pack is refused",
    );
    let older = liar.revocation_list(made.minus(SECOND));
    refused(
        "a replayed list",
        &[(&older, &authority)],
        "a revocation list is older than one seen before",
    );
    refused(
        "two lists of one authority",
        &[(&good, &authority), (&good, &authority)],
        "the pack holds a revocation list twice",
    );

    // What is left out is missed, and said with every verdict; it does not come back older.
    fs::write(shop.0.path("dropped.pack"), later(3, &[])).unwrap();
    let folder = ["--pack", "packs/current.pack", "--trust", "packs/trust.json"];
    let apply = |file| {
        shop.0
            .run(&[["pack", "apply", file].as_slice(), &folder].concat())
    };
    let verify = || {
        shop.0
            .run(&[["verify", CARD, "--json"].as_slice(), &folder].concat())
    };
    let missed = "the pack has no revocation list of the authority whose list of";
    assert!(!said(&verify()).contains(missed));
    let output = apply("dropped.pack");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(said(&output).contains(missed), "{}", said(&output));
    assert!(said(&verify()).contains(missed));
    let back = later(4, &[(&older, &authority)]);
    let reason = "a revocation list is older than one seen before";
    refused_on_every_way(&shop, &island, "an older list after none", &back, reason);
    fs::write(shop.0.path("back.pack"), later(4, &[(&good, &authority)])).unwrap();
    let output = apply("back.pack");
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert!(!said(&output).contains(missed) && !said(&verify()).contains(missed));
    liar.operator.end();
}

/// What the operator's commands carry: lists from files and from their addresses, and none that no reader would accept.
#[test]
fn an_operator_carries_revocation_lists_that_readers_accept() {
    let liar = Liar::new();
    let house = &liar.operator.installation;
    let good = liar.revocation_list(liar.after.created);
    fs::write(house.path("iaca.crl"), &good).unwrap();
    let server = Scripted::serving(vec![("/iaca.crl", good.clone())]);
    let address = server.url("/iaca.crl");
    let pem = pem::encode(&pem::Pem::new("X509 CRL", good.clone()));
    fs::write(house.path("iaca.pem"), pem).unwrap();
    let from_der = format!("{PLACE}=iaca.crl");
    let from_pem = format!("{PLACE}=iaca.pem");
    for (option, argument, uri) in [
        ("--crl", &from_der, PLACE),
        ("--crl", &from_pem, PLACE),
        ("--fetch-crl", &address, address.as_str()),
    ] {
        house.ok(&["pack", "build", option, argument, "--out", "with.pack"]);
        let told = house.json(&["pack", "inspect", "with.pack", "--json"]);
        let list = &told["revocation_lists"][0];
        assert_eq!(list["uri"], uri);
        assert_eq!(list["this_update"], liar.after.created.rfc3339());
        assert_eq!((&list["revoked"], &list["number"]), (&0.into(), &"0x07".into()));
        let authority = list["authority_certificate"].as_str().unwrap();
        assert!(authority.starts_with("x509-sha256:"), "{authority}");
    }
    house.ok(&["pack", "build", "--out", "without.pack"]);
    house.ok(&["pack", "delta", "without.pack", "with.pack", "--out", "to.delta"]);
    // One that is named and older than the house's own does not take its place: the newest is carried, once.
    let of_documents = |pack: &str| -> Vec<Value> {
        let told = house.json(&["pack", "inspect", pack, "--json"]);
        let lists = told["revocation_lists"].as_array().unwrap().iter();
        let is_of_documents = |list: &&Value| !list["uri"].as_str().unwrap().ends_with("/issuers.crl");
        lists.filter(is_of_documents).cloned().collect()
    };
    let own = of_documents("without.pack");
    let made = UnixTime::parse_rfc3339(own[0]["this_update"].as_str().unwrap()).unwrap();
    fs::write(house.path("older.crl"), liar.revocation_list(made.minus(SECOND))).unwrap();
    let older = format!("{PLACE}=older.crl");
    house.ok(&["pack", "build", "--crl", &older, "--out", "newest.pack"]);
    assert_eq!(of_documents("newest.pack"), own);

    let stranger = TestIssuingAuthority::new(700);
    let of_stranger = stranger.sign_revocation_list(&stranger.revocation_list(liar.after.created));
    let mut forged = good;
    let in_the_signature = forged.len() - 3;
    forged[in_the_signature] ^= 1;
    for (lie, why) in [
        (
            of_stranger,
            "is of an authority that the trust list does not have",
        ),
        (forged, "the signature of the revocation list does not verify"),
        (b"none".to_vec(), "not a version 2 certificate revocation list"),
    ] {
        fs::write(house.path("lie.crl"), lie).unwrap();
        let argument = format!("{PLACE}=lie.crl");
        let said = house.fails(1, &["pack", "build", "--crl", &argument, "--out", "none.pack"]);
        assert!(said.contains(why), "{said}");
    }
    liar.operator.end();
}

/// A distributor fetches the lists for its fleet, carries on what it had, and leaves out what nobody would accept.
#[test]
fn a_distributor_collects_revocation_lists_for_its_fleet() {
    let mut liar = Liar::new();
    let shop = liar.shop();
    let made = liar.after.created;
    let (good, older) = (
        liar.revocation_list(made),
        liar.revocation_list(made.minus(SECOND)),
    );
    let server = Scripted::serving(vec![("/iaca.crl", good), ("/none.crl", b"none".to_vec())]);
    let listed = [server.url("/iaca.crl"), server.url("/none.crl")];
    let configure = |lists: &[String]| {
        let section = format!("\n[distributor]\nrevocation_lists = {lists:?}\n");
        move |house: &Installation| {
            let path = house.path("symbolon.toml");
            let text = fs::read_to_string(&path).unwrap();
            let own = text.split("\n[distributor]").next().unwrap().to_owned();
            fs::write(path, own + &section).unwrap();
        }
    };
    let carried = |liar: &Liar| -> Value {
        shop.0.ok(&["pack", "pull", &liar.operator.index_url()]);
        let inspect = [
            "pack",
            "inspect",
            "packs/current.pack",
            "--trust",
            "packs/trust.json",
            "--json",
        ];
        // Beside that of the authority of its own issuers.
        let told = shop.0.json(&inspect);
        let lists = told["revocation_lists"].as_array().unwrap().iter();
        lists
            .filter(|list| !list["uri"].as_str().unwrap().ends_with("/issuers.crl"))
            .cloned()
            .collect()
    };
    let_the_clock_move();
    liar.operator.stopped(configure(&listed));
    let lists = carried(&liar);
    assert_eq!(lists.as_array().unwrap().len(), 1, "{lists}");
    assert_eq!(lists[0]["uri"], listed[0].as_str());
    let log = liar.operator.installation.log("distributor");
    assert!(
        log.contains("a revocation list of certificates is in no pack"),
        "{log}"
    );

    // It is published at another place, too, and there by somebody who hands out an older one: the newest is carried, once.
    let other = Scripted::serving(vec![("/iaca.crl", older)]);
    liar.operator.stopped(configure(&[other.url("/iaca.crl")]));
    let lists = carried(&liar);
    assert_eq!(lists.as_array().unwrap().len(), 1, "{lists}");
    assert_eq!(lists[0]["this_update"], made.rfc3339());

    // Somebody hands out the older one where nothing newer is kept any more: it stays out, and the shop gets its packs on.
    let change = configure(&[other.url("/iaca.crl")]);
    liar.operator.stopped(move |house| {
        change(house);
        fs::remove_dir_all(house.path("data/collected-revocation-lists")).unwrap();
    });
    let lists = carried(&liar);
    assert_eq!(lists.as_array().unwrap().len(), 0, "{lists}");
    liar.operator.end();
}

/// A source of trust has changed since the issuer was started: what it does not believe is in no pack, which is said, and stops no distributor.
#[test]
fn what_a_running_issuer_does_not_believe_is_left_out_and_said() {
    let house = Installation::new();
    let now = edge::system_time();
    let validity = Validity {
        not_before: now.minus(DAY),
        not_after: now.plus(DAY),
    };
    let key = TestKey::new(SignatureAlgorithm::Es256, 700);
    let key = key.software_key();
    let other = authority("Authority of another register", validity, key, None);
    let description = key.describe(key.handle()).unwrap();
    let list = RevocationListDraft::of(&other, now, now.plus(DAY)).sign(&description, key);
    fs::write(house.path("other.crl"), &list).unwrap();
    let server = Scripted::serving(vec![("/other.crl", list)]);
    let configuration = fs::read_to_string(house.path("symbolon.toml")).unwrap();
    let section = format!(
        "\n[distributor]\nrevocation_lists = [\"{}\"]\n",
        server.url("/other.crl")
    );
    fs::write(house.path("symbolon.toml"), configuration + &section).unwrap();

    let issuer = house.serve(Role::Issuer);
    let file = house.path("data/trust.json");
    let mut trust = RootOfTrust::parse(&fs::read(&file).unwrap()).unwrap();
    trust.trust_list.issuers[0].anchors.push(other);
    fs::write(&file, trust.to_json().unwrap()).unwrap();
    let from_file = format!("{PLACE}=other.crl");
    let build = ["pack", "build", "--crl", &from_file, "--out", "new.pack"];
    let said = house.fails(1, &build);
    assert!(
        said.contains("1 of the lists are refused by the trust list of the issuer"),
        "{said}"
    );
    assert!(!house.path("new.pack").exists());

    let distributor = house.serve(Role::Distributor);
    let index = house.path("data/published-packs/packs.json");
    let started = Instant::now();
    while !index.exists() {
        let log = house.log("distributor");
        assert!(started.elapsed() < Duration::from_secs(60), "no pack: {log}");
        std::thread::sleep(Duration::from_millis(50));
    }
    let log = house.log("distributor");
    assert!(log.contains("the issuer leaves lists out"), "{log}");
    distributor.kill();

    issuer.kill();
    let issuer = house.serve(Role::Issuer);
    house.ok(&build);
    let told = house.json(&["pack", "inspect", "new.pack", "--json"]);
    assert!(told["revocation_lists"].to_string().contains(PLACE), "{told}");
    issuer.kill();
}
