//! The embedded store as the issuer's store.

use std::sync::Arc;

use symbolon_issuer::store::{IssuerStore, KeyValueIssuerStore, conformance};
use symbolon_issuer_server::{EmbeddedKeyValue, open_embedded};
use symbolon_store::{OpenError, Store, Tenant};

use crate::harness::World;

#[tokio::test(flavor = "multi_thread")]
async fn the_embedded_store_conforms() {
    let make = || -> Arc<dyn IssuerStore> {
        let entries = EmbeddedKeyValue::new(
            Store::open_in_memory().unwrap(),
            Tenant::parse("default").unwrap(),
        );
        Arc::new(KeyValueIssuerStore::new(entries))
    };
    conformance::run(make).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn two_tenants_of_one_store_see_nothing_of_each_other() {
    let store = Store::open_in_memory().unwrap();
    let number = std::sync::atomic::AtomicUsize::new(0);
    // The suite begins with an empty store each time, so it passes only where tenants are apart.
    let make = || -> Arc<dyn IssuerStore> {
        let tenant = format!(
            "tenant-{}",
            number.fetch_add(1, std::sync::atomic::Ordering::Relaxed)
        );
        let entries = EmbeddedKeyValue::new(store.clone(), Tenant::parse(&tenant).unwrap());
        Arc::new(KeyValueIssuerStore::new(entries))
    };
    conformance::run(make).await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_second_issuer_on_one_store_is_refused() {
    let world = World::start().await;
    let second = open_embedded(&world.store_file(), Tenant::parse("default").unwrap());
    assert!(matches!(second, Err(OpenError::AlreadyOpen)));
}
