//! What the issuer forgets by itself.

use std::time::Duration;

use symbolon_issuer::secret::SecretDigest;
use symbolon_issuer::store::{
    AuthorizationCommit, AuthorizationOutcome, AuthorizationStore as _, ReplayMark, Space,
};
use symbolon_issuer_server::{EmbeddedIssuerStore, EmbeddedKeyValue};
use symbolon_store::Tenant;

use crate::harness::World;

/// More than are forgotten in one commit, several times over.
const MARKS: usize = 7_000;

/// Anybody may make sessions, and none of them wakes the task that forgets them.
#[tokio::test(flavor = "multi_thread")]
async fn all_that_has_expired_is_forgotten_however_much_it_is() {
    let world = World::start().await;
    let tenant = || Tenant::parse("default").unwrap();
    let books = EmbeddedIssuerStore::new(EmbeddedKeyValue::new(world.store.clone(), tenant()));
    let mark = |number: usize| ReplayMark {
        digest: SecretDigest::of(&number.to_string()),
        expires_at: world.now(),
    };
    let commit = AuthorizationCommit {
        replays: (0..MARKS).map(mark).collect(),
        ..AuthorizationCommit::default()
    };
    let made = books.commit_authorization(commit).await.unwrap();
    assert_eq!(made, AuthorizationOutcome::Committed);
    let left = || {
        let space = symbolon_store::Space::new(Space::ReplayMarks.name());
        world
            .store
            .scan(&tenant(), space, &[], None, usize::MAX)
            .unwrap()
            .len()
    };
    assert_eq!(left(), MARKS);
    world.wait(10);
    // One event, which wakes the task once.
    let response = world.order("/records/export").body("{}").send().await.unwrap();
    assert_eq!(response.status(), 200);
    for _ in 0..200 {
        if left() == 0 {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    assert_eq!(left(), 0);
}
