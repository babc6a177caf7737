//! The list of an app: found, in order, each with its badge.

use std::time::Duration;

use symbolon_wallet_core::hold::{Condition, ListOrder, ListQuery, ListedCredential, SearchText};
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{CredentialId, Languages};

use crate::support::endpoint::Offered;
use crate::support::issuer::CONFIGURATION;
use crate::support::world::french;
use crate::support::{Kind, World};

fn listed(world: &World, search: &str, order: ListOrder, languages: &Languages) -> Vec<ListedCredential> {
    let query = ListQuery {
        search: SearchText::parse(search).unwrap(),
        order,
    };
    block_on(world.wallet().overview(&query, languages, world.now)).unwrap()
}

fn found(world: &World, search: &str) -> Vec<CredentialId> {
    let found = listed(world, search, ListOrder::ReceivedLast, &french());
    found.into_iter().map(|one| one.summary.id).collect()
}

#[test]
fn a_credential_is_found_by_what_it_shows_in_the_persons_languages() {
    let mut world = World::new();
    let sd_jwt = world.receive();
    world.now = world.now.plus(Duration::from_secs(1));
    let mdoc = world.receive_kind(Kind::Mdoc);
    let all = vec![mdoc, sd_jwt];
    assert_eq!(found(&world, ""), all, "what was received last comes first");
    for (search, expected) in [
        ("IDENTITÉ", &all[..]),
        // Its name in another language than the person's, and a part of its type.
        ("national identity", &[sd_jwt][..]),
        ("org.iso", &[][..]),
        // The issuer, the name of a claim in French, a value, a word of an array, and one of each.
        ("registre", &all),
        ("localité", &[sd_jwt]),
        ("kindia", &all),
        ("gn sn", &all),
        ("amina localité", &[sd_jwt]),
        // A value in a language that is not the person's is shown all the same.
        ("أمينة", &[mdoc]),
        ("amina bah", &[]),
    ] {
        assert_eq!(found(&world, search), expected, "{search}");
    }
    // In English the claim has another name.
    let english = Languages::new(["en"]);
    let by = |languages| listed(&world, "family name", ListOrder::ReceivedLast, languages).len();
    assert_eq!((by(&english), by(&french())), (1, 0));
}

#[test]
fn a_list_has_four_orders() {
    let mut world = World::new();
    // It expires after 365 days, the others after 300.
    let identity = world.receive_link(&world.issuer.offer_of(&[CONFIGURATION]));
    world.now = world.now.plus(Duration::from_secs(1));
    let jwt = world.receive_kind(Kind::Jwt);
    world.now = world.now.plus(Duration::from_secs(1));
    let mdoc = world.receive_kind(Kind::Mdoc);
    let order = |order, languages: &Languages| -> Vec<_> {
        let listed = listed(&world, "", order, languages);
        listed.into_iter().map(|one| one.summary.id).collect()
    };
    assert_eq!(order(ListOrder::ReceivedLast, &french()), [mdoc, jwt, identity]);
    assert_eq!(order(ListOrder::ExpiresFirst, &french()), [mdoc, jwt, identity]);
    // "Identité nationale" for all in French; in English one has a name of its own, which comes after.
    assert_eq!(order(ListOrder::Name, &french()), [mdoc, jwt, identity]);
    assert_eq!(
        order(ListOrder::Name, &Languages::new(["en"])),
        [mdoc, jwt, identity]
    );
    assert_eq!(order(ListOrder::Issuer, &french()), [mdoc, jwt, identity]);
}

#[test]
fn copies_that_run_out_and_a_date_that_comes_near_have_badges() {
    let mut world = World::new();
    world.issuer.endpoint.set(Offered {
        batch_size: Some(5),
        ..Offered::default()
    });
    world.copies = 5;
    let id = world.receive();
    let badge = |world: &World| {
        listed(world, "", ListOrder::default(), &french())[0]
            .badge
            .condition
    };
    assert_eq!(badge(&world), Condition::Valid);
    for left in [4, 3, 2, 1] {
        let request = block_on(
            world
                .wallet()
                .present(&world.verifier.request(), &french(), world.now),
        )
        .unwrap();
        let decision = symbolon_wallet_core::present::Decision::Share(request.smallest_choice().unwrap());
        block_on(world.wallet().answer_request(request.flow, decision, world.now)).unwrap();
        let expected = if left == 1 {
            Condition::CopiesRunningOut { left }
        } else {
            Condition::Valid
        };
        assert_eq!(badge(&world), expected);
        let summary = &listed(&world, "", ListOrder::default(), &french())[0].summary;
        assert_eq!(summary.copies_left, Some(left));
    }
    let expires = block_on(symbolon_wallet_core::WalletStore::credential(&world.store, id))
        .unwrap()
        .unwrap()
        .expires
        .unwrap();
    world.now = expires;
    assert_eq!(badge(&world), Condition::Expired { at: expires });
}
