//! A distributor that has its key and lies, through HTTP and through every other way on which a pack comes; and what else comes that
//! way: lists that are none, bombs, a trust list that has ended, keys that were rotated, frames that lead nowhere. Rows 27 to 31, 33
//! and 35 of the list of attacks.

mod revocation;
mod world;

use std::fs;
use std::time::Duration;

use serde_json::Value;
use symbolon_cli::installation::keys::KeyPurpose;
use symbolon_crypto::encoding::zlib;
use symbolon_protocol::qr_transport::{FrameSize, Message};
use symbolon_trust::pack::{StatusSection, VerbatimForm, VerbatimSection};
use symbolon_trust::status_list::{BitsPerStatus, TokenStatusList};
use symbolon_trust::testing::TestIssuer;
use symbolon_trust::trust_list::CredentialTypeRule;
use ur::ur::Encoder;

use self::world::{CARD, DAY, Liar, frames, pull, receive, refused_on_every_way, said};
use crate::distribution::Operator;
use crate::offline::{Island, let_the_clock_move};

#[test]
fn a_distributor_that_lies_is_noticed_on_every_way() {
    use KeyPurpose::{Pack, Registry};
    let island = Island::find();
    let liar = Liar::new();
    let shop = liar.shop();
    assert_eq!(shop.judge(&island).0, "invalid", "the revocation is known");
    let refused = |lie, pack: &[u8], reason| refused_on_every_way(&shop, &island, lie, pack, reason);
    let (before, after) = (&liar.before, &liar.after);

    // It drops a revocation: out of the issuer's own section, by a section of its own making.
    let mut dropped = after.status.as_bytes().to_vec();
    let in_the_set = dropped.len() - 2;
    dropped[in_the_set] ^= 1;
    let dropped = liar.with_status(&after.trust, StatusSection::from_published(dropped));
    refused("a changed set", &dropped, "a status set is not the signed one");
    let address = liar.operator.installation.issuer.as_str();
    let impostor = TestIssuer::new(address, 900);
    let clean = TokenStatusList::all_valid(BitsPerStatus::Two, 1 << 20);
    let forged = impostor.status_section(&impostor.status_uri(0), &clean, after.created);
    let forged = liar.with_status(&after.trust, forged);
    refused(
        "a forged section",
        &forged,
        "the chain of a status signer does not hold",
    );

    // It adds an anchor: under its own name, under the registry's.
    let added = liar.trust_list(|list| {
        list.issuers
            .push(TestIssuer::new("https://impostor.example", 900).entry(vec![CredentialTypeRule::Any]))
    });
    let own = liar.with_status(&liar.trust(&added, Pack, Pack), after.status.clone());
    refused(
        "an added anchor",
        &own,
        "a registry that the root of trust does not name",
    );
    let forged = liar.with_status(&liar.trust(&added, Registry, Pack), after.status.clone());
    refused(
        "a forged anchor",
        &forged,
        "the signature of the trust section is wrong",
    );

    // It replays the issuer's section of an earlier pack.
    let replayed = liar.with_status(&after.trust, before.status.clone());
    refused(
        "a replayed section",
        &replayed,
        "a status list is older than one seen before",
    );

    // It mixes: the trust section of an earlier sequence with the lists of a later one, and sections under a manifest of others.
    let newer = liar.trust_list(|list| list.issued_at = list.issued_at.plus(Duration::from_secs(1)));
    let newer = liar.trust(&newer, Registry, Registry);
    let honest = liar.with_status(&newer, after.status.clone());
    let mut spliced = honest[..honest.len() - after.status.as_bytes().len()].to_vec();
    spliced.extend_from_slice(&dropped[dropped.len() - after.status.as_bytes().len()..]);
    refused(
        "sections of two packs",
        &spliced,
        "a section is not the signed one",
    );
    let entries = 24..24 + 2 * 48;
    let mut mixed = honest.clone();
    mixed[entries.clone()].copy_from_slice(&dropped[entries]);
    refused(
        "the table of another pack",
        &mixed,
        "the section table is not the signed one",
    );
    let renewed = pull(&shop, &honest);
    assert_eq!(renewed.status.code(), Some(0), "{}", said(&renewed));
    let older = liar.pack(&before.trust, |builder| builder.with_status(after.status.clone()));
    let twice = shop.in_force();
    let output = pull(&shop, &older);
    assert!(said(&output).contains("offers another pack"), "{}", said(&output));
    let older = liar.later(2, &before.trust, |builder| {
        builder.with_status(after.status.clone())
    });
    refused(
        "an old trust section",
        &older,
        "the trust list is older than one seen before",
    );
    assert!(shop.in_force() == twice);
    liar.operator.end();
}

/// Leaving a list out is no lie that a signature shows: what it was about is unknown then, and never good.
#[test]
fn what_a_distributor_leaves_out_is_unknown_and_does_not_come_back_older() {
    let island = Island::find();
    let liar = Liar::new();
    let shop = liar.shop();
    let without = liar.pack(&liar.after.trust, |builder| builder);
    assert_eq!(pull(&shop, &without).status.code(), Some(0));
    assert_eq!(shop.judge(&island).0, "unknown");
    let next = |status: &StatusSection| {
        liar.later(2, &liar.after.trust, |builder| {
            builder.with_status(status.clone())
        })
    };
    let reason = "a status list is older than one seen before";
    refused_on_every_way(&shop, &island, "an old list", &next(&liar.before.status), reason);
    assert_eq!(pull(&shop, &next(&liar.after.status)).status.code(), Some(0));
    assert_eq!(shop.judge(&island).0, "invalid");
    liar.operator.end();
}

/// Rows 27 and 33: a list that a pack carries as its issuer serves it.
#[test]
fn a_list_that_is_none_or_that_is_a_bomb_is_refused_with_its_pack() {
    let island = Island::find();
    let liar = Liar::new();
    let shop = liar.shop();
    let uri = format!("{}/status/77", liar.operator.installation.issuer);
    let list = TokenStatusList::all_valid(BitsPerStatus::One, 1_000);
    let good = liar.token(&uri, &list);
    let mut flipped = good.clone();
    let in_the_signature = flipped.len() - 20;
    flipped[in_the_signature] = if flipped[in_the_signature] == b'A' {
        b'B'
    } else {
        b'A'
    };
    let bomb = TokenStatusList::from_bytes(BitsPerStatus::One, vec![0; (16 << 20) + 1]);
    let bomb = liar.token(&uri, &bomb);
    assert!(
        bomb.len() < 40_000,
        "it is small before it is inflated: {}",
        bomb.len()
    );
    let stranger = TestIssuer::new(&liar.operator.installation.issuer, 900);
    let carrying = |body: &[u8]| {
        let section = VerbatimSection::new(&uri, VerbatimForm::TokenJwt, body).unwrap();
        liar.pack(&liar.after.trust, |builder| {
            builder
                .with_status(liar.after.status.clone())
                .with_verbatim(section)
        })
    };
    for (lie, body) in [
        ("of another list", liar.token(&format!("{uri}8"), &list)),
        ("with a wrong signature", flipped),
        ("cut", good[..good.len() - 200].to_vec()),
        (
            "of a stranger",
            stranger
                .status_token(&uri, &list, liar.after.created)
                .into_bytes(),
        ),
        ("a bomb", bomb),
    ] {
        let reason = "a verbatim status list token is refused";
        refused_on_every_way(&shop, &island, lie, &carrying(&body), reason);
        // Nor does the operator's own command carry it.
        fs::write(liar.operator.installation.path("list.jwt"), &body).unwrap();
        let argument = format!("{uri}=list.jwt");
        let build = [
            "pack",
            "build",
            "--verbatim",
            argument.as_str(),
            "--out",
            "none.pack",
        ];
        liar.operator.installation.fails(1, &build);
    }
    // The one that is as it must be is taken, by pictures as well.
    let output = receive(&shop, &frames(carrying(&good)));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    liar.operator.end();
}

/// Row 30: a trust list that has ended is no outage while its grace lasts, and no answer afterwards.
#[test]
fn an_ended_trust_list_is_used_with_a_warning_and_after_its_grace_not_taken() {
    let island = Island::find();
    let liar = Liar::new();
    let shop = liar.shop();
    let second = Duration::from_secs(1);
    let ending = |grace| {
        let list = liar.trust_list(|list| {
            list.valid_until = list.issued_at.plus(second);
            list.grace = grace;
        });
        liar.trust(&list, KeyPurpose::Registry, KeyPurpose::Registry)
    };
    let expired = liar.with_status(&ending(Duration::ZERO), liar.after.status.clone());
    refused_on_every_way(
        &shop,
        &island,
        "an ended trust list",
        &expired,
        "the trust list expired",
    );
    let in_grace = liar.with_status(&ending(DAY), liar.after.status.clone());
    let output = receive(&shop, &frames(in_grace));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    let report: Value = serde_json::from_slice(&shop.0.run(&["verify", CARD, "--json"]).stdout).unwrap();
    assert_eq!(report["verdict"], "invalid", "{report:#}");
    assert!(
        report["warnings"].to_string().contains("trust_list_in_grace"),
        "{report:#}"
    );
    liar.operator.end();
}

/// Row 31: rotated keys orphan nothing of what shops and their neighbours have.
#[test]
fn rotated_keys_orphan_no_card_in_a_shop_that_pulls_or_receives() {
    let island = Island::find();
    let mut operator = Operator::new();
    let (shop, neighbour) = (operator.shop(), operator.shop());
    let_the_clock_move();
    operator.stopped(|installation| {
        for purpose in ["card-signing", "status-signing"] {
            installation.ok(&["keys", "rotate", purpose]);
        }
    });
    assert_eq!(shop.pull()["outcome"], "renewed");
    assert_eq!(shop.judge(&island).0, "genuine");
    let_the_clock_move();
    operator
        .installation
        .ok(&["credential", "revoke", "--record", &operator.uin]);
    operator.publish();
    assert_eq!(shop.pull()["outcome"], "renewed");
    assert_eq!(
        shop.judge(&island).0,
        "invalid",
        "the new key's list counts for the old key's card"
    );
    // A neighbour who slept through both.
    assert_eq!(neighbour.judge(&island).0, "genuine");
    let output = receive(&neighbour, &frames(shop.in_force()));
    assert_eq!(output.status.code(), Some(0), "{}", said(&output));
    assert_eq!(neighbour.judge(&island).0, "invalid");
    operator.end();
}

/// Row 35, and the bombs of row 33 that travel by pictures.
#[test]
fn frames_that_lead_nowhere_leave_the_pack_in_force() {
    let island = Island::find();
    let liar = Liar::new();
    let shop = liar.shop();
    let (held, verdict) = (shop.in_force(), shop.judge(&island));
    let newer = liar.with_status(&liar.after.trust, liar.after.status.clone());
    let (ours, others) = (frames(newer.clone()), frames(liar.before.pack.clone()));
    let message = Message::Pack(newer.clone());
    let fragments = message.frames(FrameSize::DENSE).unwrap().fragments();
    let mixed: Vec<String> = ours
        .iter()
        .zip(&others)
        .flat_map(|(one, two)| [one.clone(), two.clone()])
        .collect();
    let announced = |bytes: usize| {
        let mut encoder = Encoder::new(&vec![7; bytes], 400, "symbolon-pack").unwrap();
        vec![encoder.next_part().unwrap().to_ascii_uppercase()]
    };
    // A byte string whose zlib stream inflates to two megabytes.
    let inflating = zlib::deflate(&vec![0; 2 << 20], zlib::Effort::Best);
    let length = u16::try_from(inflating.len()).unwrap().to_be_bytes();
    let mut message = vec![0x59, length[0], length[1]];
    message.extend(inflating);
    let mut encoder = Encoder::new(&message, 400, "symbolon-pack").unwrap();
    let bomb: Vec<String> = (0..40)
        .map(|_| encoder.next_part().unwrap().to_ascii_uppercase())
        .collect();
    let mut damaged = ours.clone();
    let end = damaged[1].len() - 1;
    let last = if damaged[1].ends_with('A') { "E" } else { "A" };
    damaged[1].replace_range(end.., last);
    for (lie, frames, reason) in [
        ("mixed", mixed, "the frame is of another message"),
        ("oversize", announced(600_000), "a message over the budget"),
        ("a bomb", bomb, "larger than what travels by QR codes"),
        ("endless", endless(), "no message comes of the frames"),
        ("damaged", damaged, "the frame is damaged"),
        (
            "half",
            ours[..fragments / 2].to_vec(),
            "fragments of the pack are there",
        ),
    ] {
        let output = receive(&shop, &frames);
        let said = said(&output);
        assert_eq!(output.status.code(), Some(1), "{lie}: {said}");
        assert!(said.contains(reason), "{lie}: {said}");
        assert!(shop.in_force() == held, "{lie}");
        assert_eq!(shop.judge(&island), verdict, "{lie}");
    }
    let mut backwards = ours;
    backwards.reverse();
    assert_eq!(receive(&shop, &backwards).status.code(), Some(0));
    assert!(shop.in_force() == newer);
    liar.operator.end();
}

/// Frames of a message that its sender never shows whole: those in which the first fragment does not occur.
fn endless() -> Vec<String> {
    let message = [7; 1_200];
    let mut parts = ur::fountain::Encoder::new(&message, 400).unwrap();
    let mut encoder = Encoder::new(&message, 400, "symbolon-pack").unwrap();
    let frames = core::iter::from_fn(|| {
        let frame = encoder.next_part().unwrap().to_ascii_uppercase();
        Some((parts.next_part().indexes().contains(&0), frame))
    });
    let kept = frames.filter(|(shows_the_first, _)| !shows_the_first);
    kept.map(|(_, frame)| frame).take(100).collect()
}
