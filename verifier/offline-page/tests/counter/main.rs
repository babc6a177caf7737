//! A counter without a network, natively: what the page would be told.
#![expect(clippy::unwrap_used, reason = "helpers of tests fail by panicking")]

mod asking;
mod onboarding;
mod policy;
mod revocation;
mod standing;

use qrcode::{Color, EcLevel, QrCode};
use serde_json::Value;
use symbolon_credential::w3c::jose::prepare_credential;
use symbolon_credential::w3c::{StatusPurpose, StatusSize};
use symbolon_crypto::{SignatureAlgorithm, UnixTime};
use symbolon_did::{Did, DidUrl};
use symbolon_offline_page::{
    Brought, Counter, MAX_FRAME_PIXELS, MAX_PACK_BYTES, PackProblem, PackState, Told,
};
use symbolon_protocol::qr_transport::{CarriedCredential, FrameSize, Message};
use symbolon_trust::bitstring_status_list::{BitstringStatusList, ListToPublish};
use symbolon_trust::pack::{PackBuilder, PackTimes, VerbatimForm, VerbatimSection, delta};
use symbolon_trust::status_list::{BitsPerStatus, Status, TokenStatusList};
use symbolon_trust::testing::{DAY, NOW, TestIssuer, TestKey, TestRegistry};
use symbolon_trust::trust_list::{CredentialTypeRule, TrustList};

const INDEX: u64 = 7;

/// A face as large as a card has, which no compression makes smaller.
fn face() -> Vec<u8> {
    let mut state = 1_u32;
    let noise = core::iter::repeat_with(|| {
        state = state.wrapping_mul(1_664_525).wrapping_add(1_013_904_223);
        state.to_be_bytes()[0]
    });
    b"RIFF\x04\0\0\0WEBPVP8 "
        .iter()
        .copied()
        .chain(noise.take(600))
        .collect()
}

struct World {
    registry: TestRegistry,
    issuer: TestIssuer,
}

impl World {
    fn new() -> Self {
        Self {
            registry: TestRegistry::new(1),
            issuer: TestIssuer::new("https://issuer.example", 100),
        }
    }

    fn trust_list(&self, at: UnixTime) -> TrustList {
        let entry = self.issuer.entry(vec![CredentialTypeRule::Any]);
        self.registry.trust_list(vec![entry], at)
    }

    fn counter(&self) -> Counter {
        let root = self.registry.root_of_trust(self.trust_list(NOW));
        Counter::open(&root.to_json().unwrap()).unwrap()
    }

    fn pack(&self, sequence: u64, status: Status, at: UnixTime) -> Vec<u8> {
        let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
        list.set(INDEX, status).unwrap();
        let section = self.issuer.status_section(&self.issuer.status_uri(0), &list, at);
        self.registry
            .pack(sequence, &self.trust_list(at), vec![section], at)
    }

    /// A counter with a pack in which the card of [`World::card`] has this status.
    fn with_pack(&self, status: Status) -> Counter {
        let mut counter = self.counter();
        counter.accept_pack(&self.pack(1, status, NOW), NOW).unwrap();
        counter
    }

    fn card(&self) -> String {
        self.card_by(&self.issuer.claim169_key)
    }

    fn card_by(&self, key: &TestKey) -> String {
        let named = self.issuer.claim169_key.public_key();
        key.sign_card_as(named, &self.issuer.card(&face(), INDEX))
            .qr_text()
    }
}

fn take(counter: &mut Counter, text: &str, now: UnixTime) -> Told {
    counter.take(vec![text.as_bytes().to_vec()], "en", now)
}

/// A code as a canvas hands it out: four pixels a module, with the quiet zone.
fn rgba(text: &[u8]) -> (u32, Vec<u8>) {
    const MODULE: usize = 4;
    const QUIET: usize = 4;
    let code = QrCode::with_error_correction_level(text, EcLevel::L).unwrap();
    let colors = code.to_colors();
    let side = (code.width() + 2 * QUIET) * MODULE;
    let level = |place: usize| {
        let module = |at: usize| (at / MODULE).checked_sub(QUIET).filter(|at| *at < code.width());
        let dark = module(place % side)
            .zip(module(place / side))
            .and_then(|(x, y)| colors.get(y * code.width() + x));
        if dark == Some(&Color::Dark) { 0 } else { 255 }
    };
    let pixels = (0..side * side).flat_map(|place| [level(place), level(place), level(place), 255]);
    (u32::try_from(side).unwrap(), pixels.collect())
}

#[test]
fn a_card_in_force_is_genuine_with_its_face_and_as_of() {
    let world = World::new();
    let told = take(
        &mut world.with_pack(Status::Valid),
        &world.card(),
        NOW.plus(DAY / 2),
    );
    assert_eq!((told.verdict, told.problem, told.more), ("genuine", None, false));
    assert!(told.html.contains("Amina Diallo") && told.html.contains("data:image&#x2f;webp;base64,"));
    assert!(told.html.contains(&format!("datetime=\"{}\"", NOW.rfc3339())));
}

#[test]
fn revoked_suspended_and_forged_cards_are_refused_and_a_forger_shows_nothing() {
    let world = World::new();
    for (status, says) in [
        (Status::Invalid, "revoked by its issuer"),
        (Status::Suspended, "suspended by its issuer"),
    ] {
        let told = take(&mut world.with_pack(status), &world.card(), NOW);
        assert_eq!(told.verdict, "invalid");
        assert!(told.html.contains(says), "{}", told.html);
    }
    let forger = TestIssuer::new("https://issuer.example", 900);
    let told = take(
        &mut world.with_pack(Status::Valid),
        &world.card_by(&forger.claim169_key),
        NOW,
    );
    assert_eq!(told.verdict, "invalid");
    assert!(!told.html.contains("Amina") && !told.html.contains("webp"));
}

#[test]
fn without_a_pack_or_with_one_that_does_not_cover_it_nobody_can_tell() {
    let world = World::new();
    assert_eq!(take(&mut world.counter(), &world.card(), NOW).verdict, "unknown");
    let mut counter = world.counter();
    let empty = world.registry.pack(1, &world.trust_list(NOW), Vec::new(), NOW);
    counter.accept_pack(&empty, NOW).unwrap();
    assert_eq!(take(&mut counter, &world.card(), NOW).verdict, "unknown");
}

#[test]
fn a_pack_is_fresh_for_a_day_then_warns_and_then_is_not_used() {
    let world = World::new();
    let mut counter = world.with_pack(Status::Valid);
    let second = core::time::Duration::from_secs(1);
    let mut at = |now| {
        counter.begin();
        let state = counter.standing(now).unwrap().state;
        (take(&mut counter, &world.card(), now), state)
    };
    let (told, state) = at(NOW.plus(DAY));
    assert_eq!((told.verdict, state), ("genuine", PackState::Current));
    assert!(!told.html.contains("class=\"warning\""));
    let (told, state) = at(NOW.plus(DAY + second));
    assert_eq!((told.verdict, state), ("genuine", PackState::InGrace));
    assert!(told.html.contains("The offline pack expired at"));
    let (told, state) = at(NOW.plus(DAY * 2 + second));
    assert_eq!((told.verdict, state), ("unknown", PackState::Over));
    assert!(told.html.contains("The offline pack was refused"));
    // A clock that was set back.
    assert_eq!(at(NOW.minus(DAY)).0.verdict, "unknown");
}

#[test]
fn an_older_foreign_damaged_or_huge_pack_is_refused_and_the_one_before_stays() {
    let world = World::new();
    let mut counter = world.counter();
    let first = world.pack(5, Status::Valid, NOW);
    counter.accept_pack(&first, NOW).unwrap();
    let seen = counter.pack_memory();
    let older = world.pack(4, Status::Invalid, NOW);
    let foreign = World {
        registry: TestRegistry::new(70),
        ..World::new()
    };
    let mut damaged = world.pack(6, Status::Invalid, NOW);
    let middle = damaged.len() / 2;
    *damaged.get_mut(middle).unwrap() ^= 1;
    for (pack, problem) in [
        (older, PackProblem::Older),
        (foreign.pack(6, Status::Invalid, NOW), PackProblem::Refused),
        (damaged, PackProblem::Refused),
        (vec![0; MAX_PACK_BYTES + 1], PackProblem::Refused),
        (
            world.pack(6, Status::Invalid, NOW.plus(DAY * 3)),
            PackProblem::Clock,
        ),
    ] {
        assert_eq!(counter.accept_pack(&pack, NOW), Err(problem));
    }
    let newer = world.pack(6, Status::Invalid, NOW);
    counter.resume_pack(Some(first.clone()), Vec::new(), Some(b"?".to_vec()), NOW);
    assert_eq!(counter.accept_pack(&newer, NOW), Err(PackProblem::Memory));
    let told = take(&mut counter, &world.card(), NOW);
    assert_eq!((told.html.as_str(), told.problem), ("", Some("pack-memory")));
    counter.resume_pack(Some(first), Vec::new(), seen, NOW);
    let late = NOW.plus(DAY * 3);
    assert_eq!(counter.accept_pack(&newer, late), Err(PackProblem::Expired));
    assert_eq!(take(&mut counter, &world.card(), NOW).verdict, "genuine");
    counter.accept_pack(&newer, NOW).unwrap();
    counter.begin();
    assert_eq!(take(&mut counter, &world.card(), NOW).verdict, "invalid");
}

fn times() -> PackTimes {
    PackTimes {
        created: NOW,
        valid_until: NOW.plus(DAY),
        grace: DAY,
    }
}

#[test]
fn a_pack_that_covers_less_than_the_one_in_use_is_refused_and_one_that_covers_as_much_is_not() {
    let world = World::new();
    let mut trust = world.trust_list(NOW);
    let (own, other) = ("https://issuer.example/", "https://elsewhere.example/");
    for (name, beginning) in [("region/own", own), ("region/other", other)] {
        trust.scopes.insert(name.to_owned(), vec![beginning.to_owned()]);
    }
    let pack = |sequence, scopes: &[&str]| {
        let section = world.registry.trust_section(&trust);
        let builder = PackBuilder::new(sequence, times(), section);
        let scopes = scopes.iter().map(|name| (*name).to_owned());
        world.registry.sign_pack(builder.with_scopes(scopes))
    };
    // By a customer's animation, as well as from anywhere else.
    for (in_use, incoming, accepted) in [
        (&[][..], &["region/other"][..], false),
        (&["region/own"], &["region/other"], false),
        (&["region/other", "region/own"], &["region/own"], false),
        (&["region/own"], &["region/own"], true),
        (&["region/own"], &["region/other", "region/own"], true),
        (&["region/own"], &[], true),
    ] {
        let mut counter = world.counter();
        let before = pack(1, in_use);
        counter.accept_pack(&before, NOW).unwrap();
        let told = filmed(&mut counter, &Message::Pack(pack(2, incoming)));
        assert_eq!(told.brought, Some(Brought::Pack));
        let brought = counter.brought_pack().unwrap();
        let answer = counter.accept_pack(&brought, NOW).map(drop);
        let expected = if accepted {
            Ok(())
        } else {
            Err(PackProblem::Narrower)
        };
        assert_eq!(answer, expected, "{in_use:?} {incoming:?}");
        let kept = if accepted { &brought } else { &before };
        assert_eq!(counter.pack(), Some(kept.as_slice()));
    }
}

#[test]
fn a_pack_with_a_status_list_credential_is_used() {
    let world = World::new();
    let did = Did::parse("did:web:issuer.example").unwrap();
    let key = TestKey::new(SignatureAlgorithm::Es256, 301);
    let method = format!("{did}#es256");
    let mut entry = world.issuer.entry(vec![CredentialTypeRule::Any]);
    entry.dids = vec![did.clone()];
    let mut trust = world.registry.trust_list(vec![entry], NOW);
    let document = serde_json::json!({
        "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"],
        "id": did,
        "verificationMethod": [{
            "id": method, "type": "JsonWebKey", "controller": did, "publicKeyJwk": key.public_key().to_jwk(),
        }],
        "assertionMethod": [method],
    });
    trust.did_documents.insert(did.clone(), document);
    let url = "https://issuer.example/status/bitstring/0/revocation";
    let list = ListToPublish {
        url,
        issuer: &did,
        purpose: StatusPurpose::Revocation,
        valid_from: NOW,
        valid_until: Some(NOW.plus(DAY)),
        time_to_live: None,
        list: &BitstringStatusList::zeros(StatusSize::ONE, 1_000).encoded(),
        messages: &[],
    };
    let method = DidUrl::parse(&method).unwrap();
    let pack = |key: &TestKey| {
        let prepared = prepare_credential(&list.document().unwrap(), SignatureAlgorithm::Es256, &method, &[]);
        let prepared = prepared.unwrap();
        let signature = key.sign(&prepared.request(key.handle()));
        let body = prepared.finish(&signature);
        let list = VerbatimSection::new(url, VerbatimForm::Credential, body.as_bytes()).unwrap();
        let builder = PackBuilder::new(1, times(), world.registry.trust_section(&trust));
        world.registry.sign_pack(builder.with_verbatim(list))
    };
    let mut counter = world.counter();
    let forger = TestKey::new(SignatureAlgorithm::Es256, 900);
    assert_eq!(
        counter.accept_pack(&pack(&forger), NOW),
        Err(PackProblem::Refused)
    );
    let accepted = counter.accept_pack(&pack(&key), NOW).unwrap();
    assert_eq!(accepted.status_lists, 1);
    // Every verdict opens it again.
    assert_eq!(counter.standing(NOW).unwrap().known, Some(accepted));

    // A proof over JSON-LD is none that the page can verify: it does without that list, and not without the pack.
    let mut document = Value::Object(list.document().unwrap().document().clone());
    document["proof"] = serde_json::json!({
        "type": "DataIntegrityProof", "cryptosuite": "ecdsa-rdfc-2019", "proofPurpose": "assertionMethod",
        "created": NOW.rfc3339(), "verificationMethod": format!("{did}#es256"),
        "proofValue": format!("z{}", "3".repeat(86)),
    });
    let pack = |document: &Value| {
        let body = document.to_string();
        let unproven = VerbatimSection::new(url, VerbatimForm::Credential, body.as_bytes()).unwrap();
        let uri = "https://issuer.example/status/7";
        let states = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
        let token = world.issuer.status_token(uri, &states, NOW);
        let token = VerbatimSection::new(uri, VerbatimForm::TokenJwt, token.as_bytes()).unwrap();
        let builder = PackBuilder::new(2, times(), world.registry.trust_section(&trust));
        world
            .registry
            .sign_pack(builder.with_verbatim(unproven).with_verbatim(token))
    };
    let accepted = counter.accept_pack(&pack(&document), NOW).unwrap();
    assert_eq!(accepted.status_lists, 1);
    assert_eq!(counter.standing(NOW).unwrap().known, Some(accepted));
    // What is seen to be another's is refused all the same.
    document["issuer"] = Value::from("did:web:other.example");
    assert_eq!(
        world.counter().accept_pack(&pack(&document), NOW),
        Err(PackProblem::Refused)
    );
}

#[test]
fn a_picture_is_read_and_the_same_code_again_is_nothing_new() {
    let world = World::new();
    let mut counter = world.with_pack(Status::Valid);
    let (width, picture) = rgba(world.card().as_bytes());
    let told = counter.look(width, width, &picture, "ar", NOW);
    assert_eq!(told.verdict, "genuine");
    assert!(told.html.contains("قارن"), "{}", told.html);
    let again = counter.look(width, width, &picture, "ar", NOW);
    assert_eq!((again.verdict, again.html.as_str()), ("unreadable", ""));
    counter.begin();
    assert_eq!(
        counter.examine(width, width, &picture, "en", NOW).verdict,
        "genuine"
    );
    let torn = counter.look(width, width, picture.get(..100).unwrap(), "en", NOW);
    assert_eq!(torn.problem, Some("problem-picture"));
}

#[test]
fn an_animation_is_put_together_in_any_order_with_a_third_of_its_frames_lost() {
    let world = World::new();
    let mut counter = world.with_pack(Status::Valid);
    let message = Message::Credential(CarriedCredential::Text(world.card()));
    let frames = message.frames(FrameSize::PHONE).unwrap();
    let count = frames.in_a_loop();
    let mut texts: Vec<String> = frames
        .take(count)
        .enumerate()
        .filter(|(at, _)| at % 3 != 1)
        .map(|(_, frame)| frame)
        .collect();
    texts.reverse();
    let mut progress = 0;
    let told = texts.iter().find_map(|frame| {
        let told = take(&mut counter, frame, NOW);
        progress += usize::from(told.progress.is_some());
        (!told.html.is_empty()).then_some(told)
    });
    assert_eq!(told.unwrap().verdict, "genuine");
    assert!(progress > 1);
}

/// What a camera that loses every third frame is told in the end.
fn filmed(counter: &mut Counter, message: &Message) -> Told {
    let frames = message.frames(FrameSize::PHONE).unwrap();
    let count = frames.in_a_loop() * 2;
    let mut texts = frames.take(count).enumerate().filter(|(at, _)| at % 3 != 1);
    let told = texts.find_map(|(_, frame)| {
        let told = take(counter, &frame, NOW);
        told.progress.is_none().then_some(told)
    });
    told.unwrap()
}

#[test]
fn a_delta_makes_the_next_pack_of_the_one_in_use_and_of_no_other() {
    let world = World::new();
    let mut counter = world.counter();
    let (first, second, third) = (
        world.pack(1, Status::Valid, NOW),
        world.pack(2, Status::Invalid, NOW),
        world.pack(3, Status::Valid, NOW),
    );
    let to_second = delta(&first, &second).unwrap();
    assert_eq!(
        counter.accept_pack(&to_second, NOW),
        Err(PackProblem::OtherBase),
        "nothing is in use"
    );
    counter.accept_pack(&first, NOW).unwrap();
    assert_eq!(
        counter.accept_pack(&delta(&second, &third).unwrap(), NOW),
        Err(PackProblem::OtherBase)
    );
    let mut damaged = to_second.clone();
    *damaged.last_mut().unwrap() ^= 1;
    assert!(counter.accept_pack(&damaged, NOW).is_err());
    assert_eq!(counter.pack(), Some(first.as_slice()), "the pack before stays");
    assert_eq!(take(&mut counter, &world.card(), NOW).verdict, "genuine");

    let accepted = counter.accept_pack(&to_second, NOW).unwrap();
    // A neighbour's animation goes on after it was read.
    assert_eq!(counter.accept_pack(&to_second, NOW).as_ref(), Ok(&accepted));
    assert_eq!((accepted.sequence, counter.pack()), (2, Some(second.as_slice())));
    counter.begin();
    assert_eq!(take(&mut counter, &world.card(), NOW).verdict, "invalid");
    assert_eq!(counter.accept_pack(&first, NOW), Err(PackProblem::Older));
}

#[test]
fn a_neighbours_animation_brings_a_delta_once_and_it_is_believed_for_its_signatures_alone() {
    let world = World::new();
    let mut counter = world.counter();
    let first = world.pack(1, Status::Valid, NOW);
    counter.accept_pack(&first, NOW).unwrap();
    let to_second = delta(&first, &world.pack(2, Status::Invalid, NOW)).unwrap();
    let told = filmed(&mut counter, &Message::Pack(to_second.clone()));
    assert_eq!((told.brought, told.html.as_str()), (Some(Brought::Pack), ""));
    let brought = counter.brought_pack().unwrap();
    assert_eq!((&brought, counter.brought_pack()), (&to_second, None));
    assert_eq!(
        take(&mut counter, &world.card(), NOW).verdict,
        "genuine",
        "nothing changes by itself"
    );
    counter.accept_pack(&brought, NOW).unwrap();
    counter.begin();
    assert_eq!(take(&mut counter, &world.card(), NOW).verdict, "invalid");

    let foreign = World {
        registry: TestRegistry::new(70),
        ..World::new()
    };
    let told = filmed(&mut counter, &Message::Pack(foreign.pack(9, Status::Valid, NOW)));
    assert_eq!(told.brought, Some(Brought::Pack));
    let brought = counter.brought_pack().unwrap();
    assert_eq!(counter.accept_pack(&brought, NOW), Err(PackProblem::Refused));
}

#[test]
fn what_is_no_credential_is_told() {
    let world = World::new();
    let mut counter = world.with_pack(Status::Valid);
    for (text, problem) in [
        ("https://example.org", "problem-no-credential"),
        ("openid4vp://?client_id=x", "problem-no-credential"),
    ] {
        assert_eq!(take(&mut counter, text, NOW).problem, Some(problem), "{text}");
    }
    let huge = "x".repeat((1 << 20) + 1);
    assert_eq!(take(&mut counter, &huge, NOW).problem, Some("problem-too-large"));
    // One pixel more than is looked at, four bytes each.
    let width = u32::try_from(MAX_FRAME_PIXELS + 1).unwrap();
    let pixels = vec![255; (MAX_FRAME_PIXELS + 1) * 4];
    let looked = counter.look(width, 1, &pixels, "en", NOW);
    assert_eq!(looked.problem, Some("problem-picture"));
    let examined = counter.examine(width, 1, &pixels, "en", NOW);
    assert_eq!(examined.problem, Some("problem-too-large"));
}
