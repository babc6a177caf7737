//! Status lists, read in the background.

use std::time::Duration;

use symbolon_crypto::UnixTime;
use symbolon_trust::status_list::Status;
use symbolon_wallet_core::hold::{Condition, ListOutcome, ListQuery, RefreshScope, Refreshed};
use symbolon_wallet_core::ports::Change;
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{CredentialId, TransportError, WalletStore as _};

use crate::support::certificates::{Identity, certificates};
use crate::support::dids::{DidKey, dids};
use crate::support::status::{Signed, bitstring, token};
use crate::support::world::french;
use crate::support::{Kind, World};

const LIST: &str = "https://issuer.example/status/1";
const BITSTRING: &str = "https://issuer.example/status/3";
const DAY: Duration = Duration::from_secs(86_400);

fn refresh(world: &World, scope: RefreshScope) -> Refreshed {
    block_on(world.wallet().refresh(scope, world.now)).unwrap()
}

fn condition(world: &World) -> (Condition, Option<UnixTime>) {
    let listed = block_on(
        world
            .wallet()
            .overview(&ListQuery::default(), &french(), world.now),
    )
    .unwrap();
    (listed[0].badge.condition, listed[0].badge.as_of)
}

fn index(world: &World, id: CredentialId) -> u64 {
    let held = block_on(world.store.credential(id)).unwrap().unwrap();
    held.status[0].index
}

/// A world with one SD-JWT VC, some days after it was received, and its place in the list.
fn later(days: u32) -> (World, u64) {
    let mut world = World::new();
    let id = world.receive();
    world.now = world.now.plus(DAY * days);
    let index = index(&world, id);
    (world, index)
}

fn publish(world: &World, signer: &Identity, issued_at: UnixTime, states: &[(u64, Status)]) {
    world
        .issuer
        .publish("/status/1", token(signer, LIST, issued_at, states));
}

#[test]
fn a_list_is_fetched_whole_verified_and_says_what_became_of_a_credential() {
    let (world, index) = later(2);
    assert_eq!(condition(&world), (Condition::StatusUnknown, None));
    let signer = &certificates().status_signer;
    for (state, expected) in [
        (Status::Valid, Condition::Valid),
        (Status::Suspended, Condition::Suspended),
        (Status::Invalid, Condition::Revoked),
        (Status::ApplicationSpecific(3), Condition::StatusUnknown),
    ] {
        publish(&world, signer, world.now, &[(index, state)]);
        let refreshed = refresh(&world, RefreshScope::All);
        let [list] = &refreshed.lists[..] else {
            panic!("{refreshed:?}")
        };
        assert_eq!(list.uri, LIST);
        assert_eq!(
            list.outcome,
            ListOutcome::Read {
                as_of: Some(world.now)
            }
        );
        assert_eq!(condition(&world), (expected, Some(world.now)));
    }
    let fetches: Vec<_> = world.requests();
    let fetches: Vec<_> = fetches.iter().filter(|line| line.contains("/status/")).collect();
    assert!(fetches.iter().all(|line| *line == &format!("GET {LIST}")));
}

#[test]
fn a_bitstring_list_is_read_in_both_forms_and_only_of_the_issuers_own_did() {
    for signed in [Signed::AsJwt, Signed::WithProof] {
        let mut world = World::new();
        let id = world.receive_kind(Kind::Jwt);
        world.now = world.now.plus(DAY * 2);
        let index = index(&world, id);
        let publish = |signer: &DidKey, revoked: &[u64]| {
            let list = bitstring(signer, BITSTRING, world.now, revoked, signed);
            world.issuer.publish("/status/3", list);
            refresh(&world, RefreshScope::All).lists[0].outcome
        };
        for stranger in [&dids().neighbour, &dids().stranger, &dids().authentication] {
            assert_eq!(publish(stranger, &[]), ListOutcome::Refused);
        }
        assert_eq!(condition(&world).0, Condition::StatusUnknown);
        let read = ListOutcome::Read {
            as_of: Some(world.now),
        };
        assert_eq!(publish(&dids().ecdsa, &[index]), read);
        assert_eq!(condition(&world), (Condition::Revoked, Some(world.now)));
        // The same list has nothing for the purpose of suspension, so nothing is in force by it.
        assert_eq!(publish(&dids().ecdsa, &[]), read);
        assert_eq!(condition(&world).0, Condition::StatusUnknown);
    }
}

#[test]
fn a_list_is_fetched_once_whatever_the_types_of_its_credentials() {
    let world = World::new();
    let (first, second) = (world.receive(), world.receive_kind(Kind::Mdoc));
    let held = |id| block_on(world.store.credential(id)).unwrap().unwrap();
    let mut moved = held(second);
    assert_ne!(moved.credential_type, held(first).credential_type);
    moved.status = held(first).status;
    moved.copies.clear();
    for change in [
        Change::DeleteCredential(second),
        Change::PutCredential(Box::new(moved)),
    ] {
        block_on(world.store.commit(vec![change])).unwrap();
    }
    assert_eq!(refresh(&world, RefreshScope::All).lists.len(), 1);
    let fetches = world.requests();
    let fetches = fetches.iter().filter(|line| line.contains("/status/"));
    assert_eq!(fetches.collect::<Vec<_>>(), [&format!("GET {LIST}")]);
}

#[test]
fn nobody_elses_list_says_anything() {
    let (mut world, index) = later(2);
    let certificates = certificates();
    publish(
        &world,
        &certificates.status_signer,
        world.now,
        &[(index, Status::Invalid)],
    );
    refresh(&world, RefreshScope::All);
    let revoked = (Condition::Revoked, Some(world.now));
    world.now = world.now.plus(DAY);
    let now = world.now;
    let other_uri = token(
        &certificates.status_signer,
        "https://issuer.example/status/9",
        now,
        &[],
    );
    for list in [
        // Signed for the neighbour, by a signer of credentials, about another list, in the future, and no list at all.
        token(&certificates.neighbour_status_signer, LIST, now, &[]),
        token(&certificates.issuer, LIST, now, &[]),
        other_uri,
        token(&certificates.status_signer, LIST, now.plus(DAY), &[]),
        "a page for people".to_owned(),
    ] {
        world.issuer.publish("/status/1", list);
        let refreshed = refresh(&world, RefreshScope::All);
        assert_eq!(refreshed.lists[0].outcome, ListOutcome::Refused);
        assert_eq!(condition(&world), revoked);
    }
    // Nor does one that is older than what was read: it would bring back what was taken.
    publish(&world, &certificates.status_signer, now.minus(DAY * 2), &[]);
    let refreshed = refresh(&world, RefreshScope::All);
    assert!(matches!(refreshed.lists[0].outcome, ListOutcome::Read { .. }));
    assert_eq!(condition(&world), revoked);
    // What was put right is right again.
    publish(&world, &certificates.status_signer, now, &[]);
    refresh(&world, RefreshScope::All);
    assert_eq!(condition(&world), (Condition::Valid, Some(now)));
}

#[test]
fn a_credential_does_not_send_the_wallet_to_addresses_of_others() {
    let (mut world, _) = later(2);
    if let symbolon_wallet_core::IssuerPolicy::AllowList(issuers) = &mut world.policy.issuers {
        issuers[0].status_prefix = Some("https://lists.issuer.example/".to_owned());
    }
    let before = world.requests().len();
    let refreshed = refresh(&world, RefreshScope::All);
    assert_eq!(refreshed.lists[0].outcome, ListOutcome::Refused);
    assert_eq!(world.requests().len(), before, "nothing was fetched");
}

#[test]
fn lists_are_read_by_a_schedule_with_chance_and_never_because_something_is_shown() {
    let (mut world, _) = later(0);
    publish(&world, &certificates().status_signer, world.now, &[]);
    let first = refresh(&world, RefreshScope::Due);
    assert_eq!(first.lists.len(), 1, "what was never read is due");
    // The list says twelve hours, and chance adds up to six.
    let due = first.due.unwrap();
    let hours = Duration::from_secs(3600);
    assert!((world.now.plus(hours * 12)..=world.now.plus(hours * 18)).contains(&due));
    let before = world.requests().len();
    let again = refresh(&world, RefreshScope::Due);
    assert_eq!((again.lists.len(), again.due), (0, Some(due)));
    let request = block_on(
        world
            .wallet()
            .present(&world.verifier.request(), &french(), world.now),
    )
    .unwrap();
    let decision = symbolon_wallet_core::present::Decision::Share(request.smallest_choice().unwrap());
    block_on(world.wallet().answer_request(request.flow, decision, world.now)).unwrap();
    let fetched = world.requests();
    assert!(
        fetched[before..].iter().all(|line| !line.contains("/status/")),
        "{fetched:?}"
    );
    world.now = due;
    assert_eq!(refresh(&world, RefreshScope::Due).lists.len(), 1);
}

#[test]
fn what_cannot_be_had_leaves_what_is_known_and_is_tried_again() {
    let (mut world, _) = later(0);
    world.set_down(Some(("/status/", TransportError::Unreachable)));
    let refreshed = refresh(&world, RefreshScope::Due);
    assert_eq!(refreshed.lists[0].outcome, ListOutcome::NotReachable);
    assert_eq!(
        condition(&world),
        (Condition::Valid, None),
        "a fresh credential is in force"
    );
    let due = refreshed.due.unwrap();
    assert!(due > world.now && due <= world.now.plus(Duration::from_secs(5400)));
    assert_eq!(refresh(&world, RefreshScope::Due).lists, []);
    world.set_down(None);
    world.now = due;
    publish(&world, &certificates().status_signer, world.now, &[]);
    refresh(&world, RefreshScope::Due);
    assert_eq!(condition(&world), (Condition::Valid, Some(world.now)));
    world.now = world.now.plus(DAY * 14);
    assert_eq!(
        condition(&world).0,
        Condition::StatusUnknown,
        "the list has ended"
    );
}

#[test]
fn what_was_read_is_forgotten_with_its_credential() {
    let (world, _) = later(2);
    publish(&world, &certificates().status_signer, world.now, &[]);
    refresh(&world, RefreshScope::All);
    let known = block_on(world.store.statuses()).unwrap();
    assert_eq!(known.len(), 1);
    let id = known[0].credential;
    block_on(world.wallet().delete(id, world.now)).unwrap();
    assert_eq!(block_on(world.store.statuses()), Ok(Vec::new()));
    // A refresh that was under way writes it once more; the next start cleans up.
    let late = symbolon_wallet_core::Change::PutStatus(Box::new(known[0].clone()));
    block_on(world.store.commit(vec![late])).unwrap();
    block_on(world.wallet().recover(world.now)).unwrap();
    assert_eq!(block_on(world.store.statuses()), Ok(Vec::new()));
}
