use symbolon_crypto::x509::issue::KeyPurpose;

use super::super::*;
use super::world::{ISSUER, URI, World, list};
use crate::bitstring_status_list::{BitstringStatusList, ListToPublish, PublishedList};
use crate::status_list::{
    BitsPerStatus, PreparedStatusListCwt, Status, StatusListClaims, StatusListError, TokenStatusList,
};
use crate::testing::{DAY, NOW, TestIssuer};
use crate::trust_list::TrustedIssuer;
use crate::validity::Validity;
use symbolon_credential::w3c::{StatusPurpose, StatusSize};
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};
use symbolon_did::Did;

fn pack_of(world: &World, uri: &str, form: VerbatimForm, body: &[u8]) -> Vec<u8> {
    let section = VerbatimSection::new(uri, form, body).unwrap();
    let times = PackTimes {
        created: NOW,
        valid_until: NOW.plus(DAY * 9),
        grace: DAY,
    };
    let mut trust = world.trust_list(NOW);
    trust.valid_until = NOW.plus(DAY * 9);
    let builder = PackBuilder::new(1, times, world.registry.trust_section(&trust));
    world.registry.sign_pack(builder.with_verbatim(section))
}

fn cwt(issuer: &TestIssuer, uri: &str, list: &TokenStatusList, expires_at: Option<UnixTime>) -> Vec<u8> {
    let claims = StatusListClaims {
        uri: uri.to_owned(),
        issued_at: NOW,
        expires_at,
        time_to_live: None,
        aggregation_uri: None,
    };
    let chain = [issuer.status_certificate.clone()];
    let prepared = PreparedStatusListCwt::prepare(&claims, list, SignatureAlgorithm::Es256, &chain).unwrap();
    let signature = issuer
        .status_key
        .sign(&prepared.request(issuer.status_key.handle()));
    prepared.finish(&signature).unwrap()
}

fn says_what_the_list_says(pack: &Pack<'_>, uri: &str, list: &TokenStatusList) {
    for index in 0..list.len() {
        let PackStatus::Listed {
            status,
            issuer,
            as_of,
            ..
        } = pack.status(uri, index)
        else {
            panic!("{index} is listed");
        };
        assert_eq!(status, list.get(index).unwrap(), "{index}");
        assert_eq!((issuer.as_str(), as_of), (ISSUER, NOW));
    }
    assert_eq!(
        pack.status(uri, list.len()),
        PackStatus::OutOfRange { as_of: NOW }
    );
}

#[test]
fn a_token_answers_for_every_state_of_every_width() {
    let world = World::new();
    for bits in [
        BitsPerStatus::One,
        BitsPerStatus::Two,
        BitsPerStatus::Four,
        BitsPerStatus::Eight,
    ] {
        let mut list = TokenStatusList::all_valid(bits, 2_000);
        for index in (0..2_000).step_by(7) {
            let value = (index % (1 << bits.count())) as u8;
            list.set(index, Status::from_value(value)).unwrap();
        }
        let token = world.issuer.status_token(URI, &list, NOW);
        let bytes = pack_of(&world, URI, VerbatimForm::TokenJwt, token.as_bytes());
        says_what_the_list_says(&world.open(&bytes).unwrap(), URI, &list);
        let token = cwt(&world.issuer, URI, &list, Some(NOW.plus(DAY)));
        let bytes = pack_of(&world, URI, VerbatimForm::TokenCwt, &token);
        says_what_the_list_says(&world.open(&bytes).unwrap(), URI, &list);
    }
}

#[test]
fn a_list_without_an_end_is_used_as_long_as_its_pack() {
    let world = World::new();
    let token = cwt(&world.issuer, URI, &list(), None);
    let bytes = pack_of(&world, URI, VerbatimForm::TokenCwt, &token);
    let pack = world.open_at(&bytes, NOW.plus(DAY * 9), None).unwrap();
    let current = |status| {
        matches!(
            status,
            PackStatus::Listed {
                validity: Validity::Current,
                ..
            }
        )
    };
    assert!(current(pack.status(URI, 7)));
    // An expired one is carried along and says nothing.
    let token = cwt(&world.issuer, URI, &list(), Some(NOW.plus(DAY)));
    let bytes = pack_of(&world, URI, VerbatimForm::TokenCwt, &token);
    let pack = world.open_at(&bytes, NOW.plus(DAY), None).unwrap();
    assert_eq!(pack.status(URI, 7), PackStatus::Outdated { as_of: NOW });
}

#[test]
fn refuses_tokens_that_do_not_say_what_their_place_says() {
    let world = World::new();
    let refusal = |uri: &str, form, body: &[u8]| {
        world
            .open(&pack_of(&world, uri, form, body))
            .map(drop)
            .unwrap_err()
    };
    let token = |issuer: &TestIssuer, uri: &str| issuer.status_token(uri, &list(), NOW);
    let good = token(&world.issuer, URI);
    let jwt = VerbatimForm::TokenJwt;

    // About another list.
    let elsewhere = token(&world.issuer, "https://issuer.example/status/1");
    let error = refusal(URI, jwt, elsewhere.as_bytes());
    assert!(
        matches!(error, PackError::StatusListToken(StatusListError::OtherSubject)),
        "{error}"
    );
    // By another believed issuer.
    let error = refusal(URI, jwt, token(&world.other, URI).as_bytes());
    assert!(
        matches!(error, PackError::StatusListToken(StatusListError::Chain(_))),
        "{error}"
    );
    // Of nobody.
    let nobody = "https://nobody.example/status/1";
    let error = refusal(nobody, jwt, token(&world.issuer, nobody).as_bytes());
    assert!(matches!(error, PackError::StatusListOfNobody), "{error}");
    // Changed after it was signed.
    let end = good.len() - 1;
    let mut changed = good.clone().into_bytes();
    changed[end - 90] = if changed[end - 90] == b'A' { b'B' } else { b'A' };
    assert!(matches!(
        refusal(URI, jwt, &changed),
        PackError::StatusListToken(_)
    ));
    // In the form of another kind.
    assert!(matches!(
        refusal(URI, VerbatimForm::TokenCwt, good.as_bytes()),
        PackError::StatusListToken(_)
    ));
    // From the future.
    let late = world.issuer.status_token(URI, &list(), NOW.plus(DAY));
    assert!(matches!(
        refusal(URI, jwt, late.as_bytes()),
        PackError::ClockBeforeCreation { .. }
    ));
    // A signer for credentials, and one that is named after somebody else.
    let mut impostor = TestIssuer::new(ISSUER, 100);
    impostor.status_certificate = impostor.credential_certificate.clone();
    core::mem::swap(&mut impostor.status_key, &mut impostor.credential_key);
    let error = refusal(URI, jwt, token(&impostor, URI).as_bytes());
    assert!(
        matches!(error, PackError::StatusListToken(StatusListError::Chain(_))),
        "{error}"
    );
    let mut renamed = TestIssuer::new(ISSUER, 100);
    renamed.status_certificate = renamed.authority.issue(
        renamed.status_key.public_key(),
        "https://other.example",
        Some(KeyPurpose::StatusLists),
    );
    let error = refusal(URI, jwt, token(&renamed, URI).as_bytes());
    let PackError::StatusListToken(StatusListError::SignerIsNotTheIssuer) = error else {
        panic!("{error}");
    };
    let error = refusal(URI, VerbatimForm::TokenCwt, &cwt(&renamed, URI, &list(), None));
    assert!(
        matches!(
            error,
            PackError::StatusListToken(StatusListError::SignerIsNotTheIssuer)
        ),
        "{error}"
    );
}

#[test]
fn refuses_an_older_token_than_the_one_that_was_seen() {
    let world = World::new();
    let pack = |at| {
        let token = world.issuer.status_token(URI, &list(), at);
        pack_of(&world, URI, VerbatimForm::TokenJwt, token.as_bytes())
    };
    let last = world.open(&pack(NOW)).unwrap().last_seen(None);
    let older = pack(NOW.minus(Duration::from_secs(1)));
    let mut next = last.clone();
    next.sequence = 0;
    let refused = world.open_at(&older, NOW, Some(&next)).map(drop);
    assert!(matches!(refused, Err(PackError::StatusListRolledBack)));
}

/// A list and its bomb: what inflates to more than a reader takes is refused before it is inflated further.
#[test]
fn refuses_a_list_that_inflates_beyond_its_budget() {
    let world = World::new();
    let bomb = TokenStatusList::from_bytes(BitsPerStatus::Eight, vec![0; (16 << 20) + 1]);
    let token = world.issuer.status_token(URI, &bomb, NOW);
    assert!(token.len() < 100_000);
    let pack = pack_of(&world, URI, VerbatimForm::TokenJwt, token.as_bytes());
    let refused = world.open(&pack).map(drop);
    let Err(PackError::StatusListToken(StatusListError::List(_))) = refused else {
        panic!("inflated");
    };
}

#[test]
fn what_a_distributor_would_pack_is_checked_as_a_reader_checks_it() {
    let world = World::new();
    let trust = world.trust_list(NOW);
    let tools = PackTools::new(&RustCryptoProvider);
    let section =
        |token: String| VerbatimSection::new(URI, VerbatimForm::TokenJwt, token.as_bytes()).unwrap();
    let good = section(world.issuer.status_token(URI, &list(), NOW));
    assert!(good.check(&trust, tools, NOW).is_ok());
    assert!(matches!(
        good.check(&trust, tools, NOW.plus(DAY)),
        Err(PackError::Expired { .. })
    ));
    let foreign = section(world.other.status_token(URI, &list(), NOW));
    assert!(matches!(
        foreign.check(&trust, tools, NOW),
        Err(PackError::StatusListToken(_))
    ));
    // When it was made says also one that has expired since, and none that no reader believes.
    for now in [NOW, NOW.plus(DAY)] {
        assert_eq!(good.produced_at(&trust, tools, now).unwrap(), NOW);
        assert!(foreign.produced_at(&trust, tools, now).is_err());
    }
    let token = world.issuer.status_token(URI, &list(), NOW);
    assert_eq!(VerbatimForm::recognise(token.as_bytes()), VerbatimForm::TokenJwt);
    let token = cwt(&world.issuer, URI, &list(), None);
    assert_eq!(VerbatimForm::recognise(&token), VerbatimForm::TokenCwt);
    assert_eq!(VerbatimForm::recognise(b"{}"), VerbatimForm::Credential);
    assert!(VerbatimSection::new("", VerbatimForm::TokenJwt, b"").is_err());
    assert!(VerbatimSection::new(&"u".repeat(2_049), VerbatimForm::TokenJwt, b"").is_err());
}

/// A verifier of credentials that proves none.
struct Refusing(CredentialNotProven);

impl StatusListCredentialVerifier for Refusing {
    fn verify(
        &self,
        _: &str,
        _: &str,
        _: &TrustedIssuer,
        _: &TrustList,
        _: UnixTime,
    ) -> Result<ProvenListCredential, CredentialNotProven> {
        Err(self.0)
    }
}

#[test]
fn a_credential_is_believed_only_where_its_verifier_believes_it() {
    let world = World::new();
    let bytes = pack_of(&world, URI, VerbatimForm::Credential, b"{}");
    let verifier = Refusing(CredentialNotProven::Refused);
    let tools = PackTools::new(&RustCryptoProvider).with_credentials(&verifier);
    let refused = Pack::open_with(&bytes, &world.root(), tools, NOW, None).map(drop);
    assert!(matches!(refused, Err(PackError::StatusListCredential)));
}

/// A verifier that believes one list.
struct Believing(PublishedList);

impl StatusListCredentialVerifier for Believing {
    fn verify(
        &self,
        _: &str,
        _: &str,
        _: &TrustedIssuer,
        _: &TrustList,
        _: UnixTime,
    ) -> Result<ProvenListCredential, CredentialNotProven> {
        Ok(ProvenListCredential {
            list: self.0.clone(),
            signer: None,
        })
    }
}

#[test]
fn a_credential_that_is_believed_is_of_its_address_its_size_and_its_budget() {
    let world = World::new();
    let published = |url: &str, size: StatusSize, entries: u32| {
        let document = ListToPublish {
            url,
            issuer: &Did::parse("did:web:issuer.example").unwrap(),
            purpose: StatusPurpose::Suspension,
            valid_from: NOW,
            valid_until: None,
            time_to_live: None,
            list: &BitstringStatusList::zeros(size, entries).encoded(),
            messages: &[],
        };
        PublishedList::read(&document.document().unwrap()).unwrap()
    };
    let taken = |published, body: &[u8]| {
        let verifier = Believing(published);
        let tools = PackTools::new(&RustCryptoProvider).with_credentials(&verifier);
        let section = VerbatimSection::new(URI, VerbatimForm::Credential, body).unwrap();
        section.check(&world.trust_list(NOW), tools, NOW)
    };
    assert!(taken(published(URI, StatusSize::ONE, 8), b"{}").is_ok());
    let two = StatusSize::TWO;
    let inflating = (16 << 23) + 8;
    for (list, what) in [
        (
            published("https://issuer.example/status/1", StatusSize::ONE, 8),
            "another address",
        ),
        (published(URI, two, 8), "another size"),
        (
            published(URI, StatusSize::ONE, inflating),
            "more than sixteen megabytes",
        ),
    ] {
        let refused = taken(list, b"{}");
        assert!(matches!(refused, Err(PackError::StatusListCredential)), "{what}");
    }
    let long = vec![b' '; (8 << 20) + 1];
    let refused = taken(published(URI, StatusSize::ONE, 8), &long);
    assert!(matches!(refused, Err(PackError::OverBudget)));
}

/// A reader without means for a proof does without the list, and not without the pack.
#[test]
fn a_credential_that_cannot_be_proven_here_is_left_out_and_the_rest_is_in_force() {
    let world = World::new();
    let other = "https://other.example/status/9";
    let credential = VerbatimSection::new(URI, VerbatimForm::Credential, b"{}").unwrap();
    let token = world.other.status_token(other, &list(), NOW);
    let token = VerbatimSection::new(other, VerbatimForm::TokenJwt, token.as_bytes()).unwrap();
    let times = PackTimes {
        created: NOW,
        valid_until: NOW.plus(DAY),
        grace: DAY,
    };
    let section = || world.registry.trust_section(&world.trust_list(NOW));
    let builder = || PackBuilder::new(1, times, section());
    let bytes = world.registry.sign_pack(
        builder()
            .with_verbatim(credential.clone())
            .with_verbatim(token.clone()),
    );
    let not_here = Refusing(CredentialNotProven::NotHere);
    let without = PackTools::new(&RustCryptoProvider);
    for tools in [without, without.with_credentials(&not_here)] {
        let held = apply(&bytes, None, &world.root(), tools, NOW, None).unwrap();
        // What is not proven is not remembered: its date is anybody's.
        assert_eq!(held.memory.status_lists.keys().collect::<Vec<_>>(), [other]);
        let verified = Pack::open_with(&bytes, &world.root(), tools, NOW, None).unwrap();
        let last = &held.memory;
        let sealed = Pack::open_applied(&held.pack, &held.form, &world.root(), tools, NOW, last).unwrap();
        assert!(sealed.is_sealed());
        for pack in [verified, sealed] {
            assert_eq!(pack.status(URI, 7), PackStatus::NotProvable);
            assert_eq!(
                pack.status("https://issuer.example/status/1", 7),
                PackStatus::Missing
            );
            assert!(matches!(
                pack.status(other, 7),
                PackStatus::Listed {
                    status: Status::Invalid,
                    ..
                }
            ));
            assert_eq!(pack.unproven_status_lists().collect::<Vec<_>>(), [URI]);
        }
        // Whoever builds a pack is told.
        let trust = world.trust_list(NOW);
        assert!(matches!(
            credential.check(&trust, tools, NOW),
            Err(PackError::NoCredentialVerifier)
        ));
        assert!(matches!(
            credential.produced_at(&trust, tools, NOW),
            Err(PackError::NoCredentialVerifier)
        ));
        // Nor does it hide another list of the same address.
        let section = world.issuer.status_section(URI, &list(), NOW);
        let twice = builder().with_status(section).with_verbatim(credential.clone());
        let refused =
            Pack::open_with(&world.registry.sign_pack(twice), &world.root(), tools, NOW, None).map(drop);
        assert!(matches!(refused, Err(PackError::StatusListTwice)));
        let twice = builder()
            .with_verbatim(credential.clone())
            .with_verbatim(credential.clone());
        let refused =
            Pack::open_with(&world.registry.sign_pack(twice), &world.root(), tools, NOW, None).map(drop);
        assert!(matches!(refused, Err(PackError::StatusListTwice)));
        let token = world.issuer.status_token(URI, &list(), NOW);
        let token = VerbatimSection::new(URI, VerbatimForm::TokenJwt, token.as_bytes()).unwrap();
        let twice = builder().with_verbatim(credential.clone()).with_verbatim(token);
        let refused =
            Pack::open_with(&world.registry.sign_pack(twice), &world.root(), tools, NOW, None).map(drop);
        assert!(matches!(refused, Err(PackError::StatusListTwice)));
        // Nobody's list is nobody's here as well.
        let nobodys =
            VerbatimSection::new("https://nobody.example/1", VerbatimForm::Credential, b"{}").unwrap();
        let bytes = world.registry.sign_pack(builder().with_verbatim(nobodys));
        let refused = Pack::open_with(&bytes, &world.root(), tools, NOW, None).map(drop);
        assert!(matches!(refused, Err(PackError::StatusListOfNobody)));
    }
}
