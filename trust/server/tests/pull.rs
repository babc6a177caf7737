//! Pulling from a server that behaves, and from servers that do not. Whatever they do, the pack in force stays a good one.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    clippy::panic,
    reason = "a pull that is not as expected ends its test, also in what the tests share"
)]

#[path = "pull/world.rs"]
mod world;

use std::time::Duration;

use symbolon_http::fetch::FetchError;
use symbolon_trust::distribution::{Digest, PlanError};
use symbolon_trust_server::pull::{KeepError, PullError, Pulled, Way};

use world::{Lie, World, pack};

#[tokio::test]
async fn the_first_pull_brings_the_pack_the_next_what_changed_and_the_third_nothing() {
    let world = World::new().await;
    world.publish(&pack(1, 9_000), &[]);
    assert_eq!(world.renewed().await, (1, Way::Whole, 9_000));
    world.publish(&pack(2, 9_000), &[1]);
    let (sequence, way, bytes) = world.renewed().await;
    assert_eq!((sequence, way), (2, Way::Delta));
    assert!(bytes < 100, "{bytes}");
    assert!(matches!(world.pull().await, Ok(Pulled::UpToDate(held)) if held.sequence == 2));
    assert_eq!(world.last_status(), 304, "the index was not sent again");
    // A reader that has missed the delta takes the whole pack.
    world.publish(&pack(4, 9_000), &[3]);
    assert_eq!(world.renewed().await, (4, Way::Whole, 9_000));
    assert!(world.leftovers().is_empty());
}

#[tokio::test]
async fn a_download_that_broke_off_goes_on_where_it_did() {
    let world = World::new().await;
    world.publish(&pack(1, 300_000), &[]);
    world.lie(Lie::BreaksOffAfter(100_000));
    let broken = world.pull().await;
    assert!(matches!(&broken, Err(error) if error.is_passing()), "{broken:?}");
    assert!(world.keeper.in_force().is_none());
    let there = world.leftovers().values().copied().max().unwrap();
    assert!(there > 0 && there < 300_000, "{there}");
    world.lie(Lie::None);
    let (_, _, bytes) = world.renewed().await;
    assert_eq!(bytes, 300_000 - there, "what was there is not sent again");
    assert_eq!(world.last_range(), Some(format!("bytes={there}-")));
    assert!(world.leftovers().is_empty());
}

#[tokio::test]
async fn a_server_that_sends_another_range_or_another_file_midway_is_asked_anew() {
    for lie in [
        Lie::WrongRange,
        Lie::OtherTag,
        Lie::IgnoresRanges,
        Lie::NoSuchRange,
    ] {
        let world = World::new().await;
        world.publish(&pack(1, 300_000), &[]);
        world.lie(Lie::BreaksOffAfter(100_000));
        world.pull().await.unwrap_err();
        world.lie(lie);
        let (sequence, way, bytes) = world.renewed().await;
        assert_eq!((sequence, way, bytes), (1, Way::Whole, 300_000), "{lie:?}");
    }
}

#[tokio::test]
async fn damage_from_an_earlier_try_is_noticed_and_fetched_again() {
    let world = World::new().await;
    world.publish(&pack(1, 300_000), &[]);
    world.lie(Lie::BreaksOffAfter(100_000));
    world.pull().await.unwrap_err();
    world.damage_leftovers();
    world.lie(Lie::None);
    assert_eq!(world.renewed().await.0, 1);
}

#[tokio::test]
async fn another_file_than_the_announced_one_is_refused_and_not_kept() {
    let world = World::new().await;
    world.publish(&pack(1, 9_000), &[]);
    world.renewed().await;
    world.publish(&pack(2, 9_000), &[]);
    world.lie(Lie::OtherBytes);
    assert!(matches!(world.pull().await, Err(PullError::NotAsAnnounced)));
    assert_eq!(world.keeper.in_force(), Some(pack(1, 9_000)));
    assert!(world.leftovers().is_empty());
    world.lie(Lie::None);
    assert_eq!(world.renewed().await.0, 2);
}

#[tokio::test]
async fn an_endless_body_is_cut_at_the_announced_length() {
    let world = World::new().await;
    world.publish(&pack(1, 9_000), &[]);
    world.lie(Lie::Endless);
    let refused = world.pull().await;
    assert!(
        matches!(
            refused,
            Err(PullError::Network(FetchError::TooLarge { .. }) | PullError::NotAsAnnounced)
        ),
        "{refused:?}"
    );
    assert!(world.leftovers().values().all(|bytes| *bytes <= 9_000));
    assert!(world.keeper.in_force().is_none());
}

#[tokio::test]
async fn a_silent_body_ends_and_is_resumed_later() {
    let world = World::new().await.with_silence(Duration::from_millis(300));
    world.publish(&pack(1, 300_000), &[]);
    world.lie(Lie::SilentAfter(100_000));
    let silent = world.pull().await;
    assert!(
        matches!(silent, Err(PullError::Network(FetchError::Interrupted))),
        "{silent:?}"
    );
    world.lie(Lie::None);
    assert!(world.renewed().await.2 < 300_000);
}

#[tokio::test]
async fn redirects_lead_nowhere_that_is_not_permitted() {
    let world = World::new().await;
    world.publish(&pack(1, 9_000), &[]);
    for (to, expected) in [
        ("http://10.0.0.1/1.pack", "Refused"),
        ("http://169.254.169.254/latest", "Refused"),
        ("file:///etc/passwd", "Refused"),
        ("/1.pack", "Redirect"),
    ] {
        world.lie(Lie::Redirects(to));
        match world.pull().await {
            Err(PullError::Network(error)) => assert_eq!(format!("{error:?}"), expected, "{to}"),
            other => panic!("{to}: {other:?}"),
        }
    }
}

#[tokio::test]
async fn errors_of_the_server_are_told_apart() {
    let world = World::new().await;
    for (status, passing) in [(404, false), (403, false), (500, true), (503, true), (429, true)] {
        world.lie(Lie::Status(status));
        match world.pull().await {
            Err(error @ PullError::Status(_)) => assert_eq!(error.is_passing(), passing, "{status}"),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn a_delta_that_is_refused_or_forged_is_replaced_by_the_whole_pack() {
    for forged in [false, true] {
        let world = World::new().await;
        world.publish(&pack(1, 9_000), &[]);
        world.renewed().await;
        world.publish(&pack(2, 9_000), &[1]);
        if forged {
            world.lie(Lie::OtherBytesOfDeltas);
        } else {
            world.keeper.refuse_deltas();
        }
        assert_eq!(world.renewed().await, (2, Way::Whole, 9_000), "{forged}");
    }
}

#[tokio::test]
async fn a_pack_that_is_refused_leaves_the_one_before_in_force() {
    let world = World::new().await;
    world.publish(&pack(1, 9_000), &[]);
    world.renewed().await;
    world.publish(&pack(2, 9_000), &[]);
    world.keeper.refuse_everything();
    let refused = world.pull().await;
    assert!(
        matches!(refused, Err(PullError::Keep(KeepError::Refused(_)))),
        "{refused:?}"
    );
    assert_eq!(world.keeper.in_force(), Some(pack(1, 9_000)));
}

#[tokio::test]
async fn an_older_pack_and_another_of_the_same_number_are_refused_unseen() {
    let world = World::new().await;
    world.publish(&pack(7, 9_000), &[]);
    world.renewed().await;
    world.publish(&pack(6, 9_000), &[]);
    let behind = world.pull().await;
    assert!(
        matches!(
            behind,
            Err(PullError::Plan(PlanError::Behind { offered: 6, held: 7 }))
        ),
        "{behind:?}"
    );
    world.publish(&pack(7, 9_001), &[]);
    let fork = world.pull().await;
    assert!(
        matches!(fork, Err(PullError::Plan(PlanError::Fork { sequence: 7 }))),
        "{fork:?}"
    );
    assert_eq!(world.files_asked_for(), 1, "neither was downloaded");
}

#[tokio::test]
async fn more_than_the_budget_is_not_even_asked_for() {
    let world = World::new().await.with_budget(8_999);
    world.publish(&pack(1, 9_000), &[]);
    let large = world.pull().await;
    assert!(
        matches!(
            large,
            Err(PullError::Plan(PlanError::TooLarge {
                bytes: 9_000,
                limit: 8_999
            }))
        ),
        "{large:?}"
    );
    assert_eq!(world.files_asked_for(), 0);
}

#[tokio::test]
async fn two_pulls_at_once_wait_for_each_other() {
    let world = World::new().await;
    world.publish(&pack(1, 300_000), &[]);
    let (one, two) = tokio::join!(world.pull(), world.pull());
    let outcomes = [one.unwrap(), two.unwrap()];
    let renewed = outcomes
        .iter()
        .filter(|pulled| matches!(pulled, Pulled::Renewed { .. }));
    assert_eq!(renewed.count(), 1);
    assert_eq!(world.files_asked_for(), 1);
    assert_eq!(world.keeper.in_force(), Some(pack(1, 300_000)));
}

#[tokio::test]
async fn a_folder_that_another_process_uses_is_left_alone() {
    let world = World::new().await;
    let _lock = world.folder.lock(Duration::ZERO).await.unwrap();
    let busy = world.folder.lock(Duration::from_millis(250)).await;
    assert!(matches!(busy, Err(PullError::Busy)));
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_costs_nothing_but_the_pull() {
    let world = World::new().await;
    world.publish(&pack(1, 9_000), &[]);
    world.renewed().await;
    world.publish(&pack(2, 9_000), &[]);
    // A file where the folder of downloads should be: whoever is root may write into every folder.
    world.break_downloads();
    let failed = world.pull().await;
    assert!(matches!(failed, Err(PullError::Folder { .. })), "{failed:?}");
    assert_eq!(world.keeper.in_force(), Some(pack(1, 9_000)));
    assert_eq!(Digest::of(&pack(1, 9_000)), world.keeper.held_root().unwrap());
}
