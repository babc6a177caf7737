//! ATTACKS.md row 37: the power goes at any moment of a day's work. Afterwards no issued credential lacks its place in the books, no place is
//! used twice, and no acknowledged revocation or record is lost.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::sync::atomic::AtomicI64;

use symbolon_credential::sd_jwt::{SdJwt, SdJwtBudget, process};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SignatureAlgorithm, UnixTime};
use symbolon_issuer::credential_record::{CredentialStatus, StatusAction};
use symbolon_issuer::grant::GrantStage;
use symbolon_issuer::identifiers::{ConfigurationId, CredentialId, OfferId};
use symbolon_issuer::index::{IndexWidth, ShardId};
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer::record::{RowFormat, Uin};
use symbolon_issuer::store::{IssuerStore, KeyValueIssuerStore};
use symbolon_issuer_server::administration::{
    Administration, CredentialSelector, OfferByName, OfferDelivery, OfferDevice, OfferGrants, OfferOrder,
    StatusOrder, TransactionCode,
};
use symbolon_issuer_server::{BackChannelRequest, CarriedRequest, EmbeddedKeyValue, Issuer, ResourceRequest};
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::oauth::access_token::PresentedAccessToken;
use symbolon_protocol::oauth::client::ClientHeaders;
use symbolon_protocol::oauth::dpop::HttpMethod;
use symbolon_protocol::openid4vci::credential::{CredentialResponse, IssuedCredential, RequestCarriage};
use symbolon_store::testing::{DyingDisk, Survivors};
use symbolon_store::{Store, Tenant};

use crate::harness::{HASSAN, Keys, Offer, PRE_AUTHORIZED, START, proof_for, record, setup, wanted};

const ISSUER: &str = "http://127.0.0.1:8080";

#[tokio::test(flavor = "multi_thread")]
async fn nothing_acknowledged_is_lost_and_nothing_is_given_twice_whenever_the_power_goes() {
    let keys = Keys::make(ISSUER, &SeededRandomness::new(1));
    let whole = DyingDisk::new(usize::MAX);
    let seen = work(&keys, &whole, 2).await;
    assert_eq!(
        (seen.credentials.len(), seen.revoked.len(), seen.cancelled.len()),
        (3, 1, 1),
        "the day's work is done when the power stays"
    );
    let operations = whole.operations();
    let mut interrupted = 0;
    for cut in 0..operations {
        let disk = DyingDisk::new(cut);
        let seen = work(&keys, &disk, 2).await;
        interrupted += usize::from(seen.cancelled.is_empty());
        let survivors = if cut % 2 == 0 {
            Survivors::None
        } else {
            Survivors::Some { seed: cut as u64 }
        };
        let disk = DyingDisk::from_image(disk.after_the_cut(survivors));
        // The books after the cut, and more work on them.
        check(&disk, &seen, cut).await;
        let later = work(&keys, &disk, 3).await;
        assert_eq!(later.credentials.len(), 3, "cut at {cut}: the issuer works on");
        for place in &later.credentials {
            assert!(
                !seen.credentials.contains(place),
                "cut at {cut}: {place:?} was given twice"
            );
        }
    }
    assert!(
        interrupted * 2 > operations,
        "{interrupted} of {operations} cuts hit the work itself"
    );
}

/// What the world outside has seen.
#[derive(Default)]
struct Seen {
    imported: bool,
    /// Places of credentials that left.
    credentials: Vec<(u64, String)>,
    /// Credentials whose revocation was acknowledged.
    revoked: Vec<CredentialId>,
    /// Offers whose cancellation was acknowledged.
    cancelled: Vec<OfferId>,
}

/// Imports a record, issues three credentials, revokes one; as far as the disk lets it.
async fn work(keys: &Keys, disk: &DyingDisk, seed: u64) -> Seen {
    let mut seen = Seen::default();
    // The errors do not matter, only what was acknowledged before them.
    let _: Option<()> = work_until_refused(keys, disk, seed, &mut seen).await;
    seen
}

async fn work_until_refused(keys: &Keys, disk: &DyingDisk, seed: u64, seen: &mut Seen) -> Option<()> {
    let store = Store::open_with_backend(disk.clone()).ok()?;
    let issuer_store = issuer_store(&store);
    let randomness = Arc::new(SeededRandomness::new(seed));
    let clock = Arc::new(AtomicI64::new(START));
    let policy = IssuerPolicy {
        status_list_width: IndexWidth::from_bits(10).unwrap(),
        ..IssuerPolicy::default()
    };
    let issuer = Issuer::open(setup(
        ISSUER,
        keys,
        issuer_store.clone(),
        &randomness,
        &clock,
        policy,
    ))
    .await
    .ok()?;
    let administration = Administration::new(Arc::clone(&issuer));
    let rows = record(HASSAN, "Hassan Ali").to_string().into_bytes();
    administration.import(RowFormat::Ndjson, rows).await.ok()?;
    seen.imported = true;
    let record = Uin::parse(HASSAN).unwrap();
    for _ in 0..3 {
        let offer = Offer::of(administration.create_offer(order_for(&record)).await.ok()?);
        let form = format!("grant_type={PRE_AUTHORIZED}&pre-authorized_code={}", offer.code);
        let request = BackChannelRequest {
            client: ClientHeaders::default(),
            dpop: &[],
            form: form.as_bytes(),
        };
        let token = issuer.token(&request).await.ok()?.access_token;
        let token = PresentedAccessToken::Bearer(token);
        let url = HttpUrl::parse(&format!("{ISSUER}/credential")).ok()?;
        let resource = ResourceRequest {
            token: &token,
            dpop: &[],
            method: HttpMethod::Post,
            url: &url,
        };
        let nonce = issuer.nonce().ok()?.c_nonce;
        let key = RustCryptoProvider
            .generate_key(SignatureAlgorithm::Es256, &*randomness)
            .ok()?;
        let proof = proof_for(&key, ISSUER, Some(nonce.as_str()), UnixTime::from_seconds(START));
        let body = wanted(&[proof]).to_string();
        let carried = CarriedRequest {
            carriage: RequestCarriage::Plain,
            body: body.as_bytes(),
        };
        let response = issuer.issue(&resource, &carried).await.ok()?.response;
        let CredentialResponse::Issued { credentials, .. } = response else {
            return None;
        };
        let IssuedCredential::Text(credential) = &credentials[0] else {
            return None;
        };
        let sd_jwt = SdJwt::parse(credential, SdJwtBudget::DEFAULT).unwrap();
        let status = process(&sd_jwt).unwrap().claims["status"]["status_list"].clone();
        seen.credentials.push((
            status["idx"].as_u64().unwrap(),
            status["uri"].as_str().unwrap().to_owned(),
        ));
    }
    let first = issuer_store.credentials(None, 1).await.ok()?.first()?.id.clone();
    let order = StatusOrder {
        action: StatusAction::Revoke,
        credentials: CredentialSelector::Id(first.clone()),
    };
    administration.change_status(&order).await.ok()?;
    seen.revoked.push(first);
    let offer = administration.create_offer(order_for(&record)).await.ok()?.offer;
    let order = OfferByName { offer };
    administration.cancel_offer(&order).await.ok()?;
    seen.cancelled.push(order.offer);
    issuer.chain_events().await.ok()?;
    Some(())
}

fn order_for(record: &Uin) -> OfferOrder {
    OfferOrder {
        record: record.clone(),
        configurations: vec![ConfigurationId::parse("NationalIdentity").unwrap()],
        tx_code: TransactionCode::NotRequired,
        delivery: OfferDelivery::ByValue,
        grants: OfferGrants::PreAuthorizedCode,
        device: OfferDevice::SameDevice,
    }
}

/// The book of offers says of each what its grant and the credentials say, and nothing of it without them.
async fn check_offers(books: &impl IssuerStore, seen: &Seen, cut: usize) {
    let mut noted = BTreeSet::new();
    for (id, entry) in books.offer_entries(None, None, 100).await.unwrap() {
        let grant = books.grant(&entry.grant.unwrap()).await.unwrap();
        let history = books.offer_history(&id).await.unwrap();
        match &grant {
            None => assert!(
                entry.cancelled.is_some(),
                "cut at {cut}: a grant is gone, and the book does not say so"
            ),
            Some(grant) => {
                assert!(
                    entry.cancelled.is_none(),
                    "cut at {cut}: a cancelled offer can be redeemed"
                );
                let redeemed = grant.value.stage == GrantStage::Redeemed;
                assert_eq!(redeemed, history.taken_up_at.is_some(), "cut at {cut}");
            }
        }
        assert!(
            entry.cancelled.is_some() || !seen.cancelled.contains(&id),
            "cut at {cut}"
        );
        noted.extend(history.issued.into_iter().map(|(credential, _)| credential));
    }
    let booked = books.credentials(None, 100).await.unwrap();
    let booked: BTreeSet<CredentialId> = booked.into_iter().map(|credential| credential.id).collect();
    assert_eq!(noted, booked, "cut at {cut}");
}

async fn check(disk: &DyingDisk, seen: &Seen, cut: usize) {
    let store =
        Store::open_with_backend(disk.clone()).unwrap_or_else(|error| panic!("cut at {cut}: {error:?}"));
    let books = issuer_store(&store);
    let record = books.record(&Uin::parse(HASSAN).unwrap()).await.unwrap();
    assert!(
        record.is_some() || !seen.imported,
        "cut at {cut}: an acknowledged record is missing"
    );
    check_offers(&*books, seen, cut).await;
    let booked = books.credentials(None, 100).await.unwrap();
    for (index, uri) in &seen.credentials {
        let found = booked.iter().filter(|credential| {
            let place = credential.status_index.unwrap();
            u64::from(place.index) == *index && *uri == format!("{ISSUER}/status/{}", place.shard)
        });
        assert_eq!(
            found.count(),
            1,
            "cut at {cut}: an issued credential has no place in the books"
        );
    }
    // At most the one that was under way may be booked without having left.
    assert!(booked.len() <= seen.credentials.len() + 1, "cut at {cut}");
    let marks = books.status_marks(ShardId::FIRST, None, 100).await.unwrap();
    for id in &seen.revoked {
        let credential = booked.iter().find(|credential| credential.id == *id).unwrap();
        assert_eq!(
            credential.status,
            CredentialStatus::Revoked,
            "cut at {cut}: an acknowledged revocation is lost"
        );
        assert!(
            marks.contains(&(credential.status_index.unwrap().index, CredentialStatus::Revoked)),
            "cut at {cut}"
        );
    }
}

fn issuer_store(store: &Store) -> Arc<KeyValueIssuerStore<EmbeddedKeyValue>> {
    Arc::new(KeyValueIssuerStore::new(EmbeddedKeyValue::new(
        store.clone(),
        Tenant::parse("default").unwrap(),
    )))
}
