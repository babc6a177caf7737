//! Many wallets at once (ATTACKS.md row 18).

use std::collections::BTreeSet;
use std::sync::Arc;

use symbolon_credential::sd_jwt::{SdJwt, SdJwtBudget, process};

use crate::harness::{World, record};

#[tokio::test(flavor = "multi_thread", worker_threads = 8)]
async fn no_two_credentials_share_a_status_index() {
    const THREADS: usize = 8;
    const EACH: usize = 12;
    let world = Arc::new(World::start().await);
    let uin = |thread: usize| format!("23456789{thread:02}");
    let records: Vec<_> = (0..THREADS)
        .map(|thread| record(&uin(thread), "Somebody Here"))
        .collect();
    world.import(&records).await;
    let threads: Vec<_> = (0..THREADS)
        .map(|thread| {
            let world = Arc::clone(&world);
            tokio::spawn(async move {
                let mut places = Vec::new();
                for _ in 0..EACH {
                    let credential = world.issue(&uin(thread)).await;
                    let sd_jwt = SdJwt::parse(&credential, SdJwtBudget::DEFAULT).unwrap();
                    let status = process(&sd_jwt).unwrap().claims["status"]["status_list"].clone();
                    places.push((status["uri"].to_string(), status["idx"].as_u64().unwrap()));
                }
                places
            })
        })
        .collect();
    let mut places = BTreeSet::new();
    for thread in threads {
        for place in thread.await.unwrap() {
            assert!(places.insert(place.clone()), "{place:?} twice");
        }
    }
    assert_eq!(places.len(), THREADS * EACH);
    // The books know the same places.
    let mut booked = BTreeSet::new();
    let page = world.ordered("/credentials/list", serde_json::json!({})).await;
    for credential in page["credentials"].as_array().unwrap() {
        let uri = format!("\"{}/status/{}\"", world.base, credential["shard"]);
        booked.insert((uri, credential["index"].as_u64().unwrap()));
    }
    assert_eq!(booked, places);
}
