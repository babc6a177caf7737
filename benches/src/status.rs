//! The status lists of a nation: marks in the embedded store, as the issuer keeps them, and lists published from them, as the issuer
//! publishes them.
#![expect(clippy::unwrap_used, reason = "a benchmark that cannot run should stop")]

use std::time::Duration;

use symbolon_credential::w3c::StatusPurpose;
use symbolon_credential::w3c::jose::prepare_credential;
use symbolon_crypto::encoding::gzip;
use symbolon_crypto::{SignatureAlgorithm, UnixTime};
use symbolon_did::{Did, DidUrl};
use symbolon_store::{Batch, Space, Store, Tenant};
use symbolon_trust::bitstring_status_list::{BitstringStatusList, EncodedBitstring, ListToPublish};
use symbolon_trust::status_list::{
    BitsPerStatus, CompressedStatusList, PreparedStatusListCwt, PreparedStatusListToken, Status,
    StatusListClaims, TokenStatusList,
};
use symbolon_trust::testing::{NOW, TestIssuer};

use crate::Provider;

/// The name of the space in which the issuer keeps places that are not valid.
const MARKS: Space = Space::new("issuer-status-marks");
/// Marks in one commit of the filling.
const MARKS_PER_COMMIT: usize = 20_000;
const ISSUER: &str = "https://registry.example";
const DID: &str = "did:web:registry.example";
const DAY: Duration = Duration::from_secs(86_400);

/// Marks of many shards in a store of their own.
pub struct Shards {
    store: Store,
    tenant: Tenant,
    folder: tempfile::TempDir,
    width: u32,
    marks: u64,
}

impl Shards {
    /// A store with `count` shards of 2^`width` places, in which one of `one_in` is revoked, spread as the permutation of indices
    /// spreads them.
    #[must_use]
    pub fn fill(count: u32, width: u32, one_in: u64) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store = Store::open(&folder.path().join("issuer.redb")).unwrap();
        let tenant = Tenant::parse("default").unwrap();
        let mut random = Scatter(0x9e37_79b9_7f4a_7c15);
        let (mut batch, mut waiting, mut marks) = (Batch::new(), 0, 0);
        for shard in 0..count {
            let places = 1_u64 << width;
            for place in 0..places {
                if !random.next().is_multiple_of(one_in) {
                    continue;
                }
                batch = batch.put(tenant.key(MARKS, key(shard, place)), vec![1]);
                waiting += 1;
                marks += 1;
                if waiting == MARKS_PER_COMMIT {
                    store.commit(core::mem::take(&mut batch)).unwrap();
                    waiting = 0;
                }
            }
        }
        store.commit(batch).unwrap();
        Self {
            store,
            tenant,
            folder,
            width,
            marks,
        }
    }

    /// How many places are marked.
    #[must_use]
    pub const fn marks(&self) -> u64 {
        self.marks
    }

    /// The size of the store's file.
    #[must_use]
    pub fn file_bytes(&self) -> u64 {
        let file = self.folder.path().join("issuer.redb");
        std::fs::metadata(file).unwrap().len()
    }

    /// The states of a shard, read from the store.
    #[must_use]
    pub fn states(&self, shard: u32) -> TokenStatusList {
        let prefix = shard.to_be_bytes();
        let marks = self
            .store
            .scan(&self.tenant, MARKS, &prefix, None, usize::MAX)
            .unwrap();
        let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 1 << self.width);
        for mark in marks {
            let place = mark.suffix.last_chunk::<4>().unwrap();
            list.set(u64::from(u32::from_be_bytes(*place)), Status::Invalid)
                .unwrap();
        }
        list
    }

    /// Revokes one more, durably.
    pub fn revoke_one(&self, shard: u32) {
        let place = self.marks.wrapping_mul(u64::from(shard) + 7) % (1 << self.width);
        let batch = Batch::new().put(self.tenant.key(MARKS, key(shard, place)), vec![1]);
        self.store.commit(batch).unwrap();
    }
}

fn key(shard: u32, place: u64) -> Vec<u8> {
    let place = u32::try_from(place).unwrap();
    [shard.to_be_bytes(), place.to_be_bytes()].concat()
}

/// Numbers that look random, the same in every run.
struct Scatter(u64);

impl Scatter {
    const fn next(&mut self) -> u64 {
        self.0 ^= self.0 << 13;
        self.0 ^= self.0 >> 7;
        self.0 ^= self.0 << 17;
        self.0
    }
}

/// Everything that is published of a shard.
pub struct Published {
    shard: u32,
    token: CompressedStatusList,
    bitstrings: [(StatusPurpose, EncodedBitstring); 2],
    jwt: String,
    jwt_gzip: Vec<u8>,
    cwt: Vec<u8>,
    bitstring_jwts: Vec<(String, Vec<u8>)>,
}

impl Published {
    /// Reads the books, compresses, and signs.
    #[must_use]
    pub fn of_books(shards: &Shards, shard: u32, signer: Provider) -> Self {
        let list = shards.states(shard);
        let of = |purpose, status| {
            (
                purpose,
                BitstringStatusList::of_states(&list, &[status]).encoded(),
            )
        };
        Self {
            shard,
            token: list.compressed(),
            bitstrings: [
                of(StatusPurpose::Revocation, Status::Invalid),
                of(StatusPurpose::Suspension, Status::Suspended),
            ],
            jwt: String::new(),
            jwt_gzip: Vec::new(),
            cwt: Vec::new(),
            bitstring_jwts: Vec::new(),
        }
        .sign_again(signer)
    }

    /// Signs what was compressed before, and compresses the texts for the wire.
    #[must_use]
    pub fn sign_again(self, signer: Provider) -> Self {
        let issuer = TestIssuer::new(ISSUER, 1);
        let chain = [issuer.status_certificate.clone()];
        let sign = signer.signer(SignatureAlgorithm::Es256, 7);
        let now = UnixTime::from_seconds(NOW.seconds());
        let claims = StatusListClaims {
            uri: format!("{ISSUER}/status/{}", self.shard),
            issued_at: now,
            expires_at: Some(now.plus(DAY)),
            time_to_live: Some(Duration::from_secs(60)),
            aggregation_uri: Some(format!("{ISSUER}/status")),
        };
        let algorithm = SignatureAlgorithm::Es256;
        let handle = issuer.status_key.handle();
        let jwt =
            PreparedStatusListToken::prepare_compressed(&claims, &self.token, algorithm, &chain).unwrap();
        let signature = sign(&jwt.request(handle.clone()).bytes);
        let jwt = jwt.finish(&signature);
        let cwt = PreparedStatusListCwt::prepare_compressed(&claims, &self.token, algorithm, &chain).unwrap();
        let signature = sign(&cwt.request(handle).bytes);
        let cwt = cwt.finish(&signature).unwrap();
        let did = Did::parse(DID).unwrap();
        let key_id = DidUrl::parse(&format!("{DID}#key")).unwrap();
        let bitstring_jwts = self.bitstrings.iter().map(|(purpose, list)| {
            let credential = ListToPublish {
                url: &format!("{ISSUER}/status/bitstring/{}/{purpose}", self.shard),
                issuer: &did,
                purpose: purpose.clone(),
                valid_from: now,
                valid_until: Some(now.plus(DAY)),
                time_to_live: Some(Duration::from_secs(60)),
                list,
                messages: &[],
            };
            let credential = credential.document().unwrap();
            let prepared = prepare_credential(&credential, algorithm, &key_id, &[]).unwrap();
            let signature = sign(prepared.signing_input().as_bytes());
            let jwt = prepared.finish(&signature);
            let compressed = gzip::deflate(jwt.as_bytes());
            (jwt, compressed)
        });
        let bitstring_jwts = bitstring_jwts.collect();
        Self {
            jwt_gzip: gzip::deflate(jwt.as_bytes()),
            jwt,
            cwt,
            bitstring_jwts,
            ..self
        }
    }

    /// How much memory it takes, in bytes.
    #[must_use]
    pub fn memory(&self) -> usize {
        let bitstrings: usize = self
            .bitstring_jwts
            .iter()
            .map(|(jwt, compressed)| jwt.len() + compressed.len())
            .sum();
        let encoded: usize = self.bitstrings.iter().map(|(_, list)| list.as_str().len()).sum();
        let token = self.token.as_bytes().len();
        self.jwt.len() + self.jwt_gzip.len() + self.cwt.len() + bitstrings + encoded + token
    }

    /// The size of the JWT.
    #[must_use]
    pub const fn jwt_bytes(&self) -> usize {
        self.jwt.len()
    }

    /// The size of the JWT with gzip.
    #[must_use]
    pub const fn gzip_bytes(&self) -> usize {
        self.jwt_gzip.len()
    }
}

/// The time in the middle.
#[must_use]
pub fn median(mut times: Vec<Duration>) -> Duration {
    times.sort();
    times.get(times.len() / 2).copied().unwrap_or_default()
}
