//! Where everything stands.
//!
//! Nothing of it is part of a backup (`docs/operations.md`): requests, results and what is to be announced are other people's data
//! with an end, receipts are with both sides, keys, quotas, codes and tokens are rights. Who the relying parties are stands in files,
//! which a backup holds.

use symbolon_crypto::UnixTime;
use symbolon_store::{Key, Space, Tenant};
use symbolon_verifier::name::RelyingPartyName;
use symbolon_verifier::openid_provider::{GrantId, PushedRequestId, SignInId};
use symbolon_verifier::reliance::Reliance;
use symbolon_verifier::relying_party::ApiKeyId;
use symbolon_verifier::store::{
    Cursor, Delivery, DeliveryId, Nonce, QuotaKind, QuotaWindow, RequestId, RequestRecord, TenantId,
};

use super::embedded::Unsupported;

pub(super) const REQUESTS: Space = Space::new("verifier-requests");
pub(super) const RESULTS: Space = Space::new("verifier-results");
pub(super) const NONCES: Space = Space::new("verifier-nonces");
pub(super) const PACKS: Space = Space::new("verifier-packs");
pub(super) const REQUEST_OBJECTS: Space = Space::new("verifier-request-objects");
pub(super) const ANSWERS: Space = Space::new("verifier-answers");
pub(super) const API_KEYS: Space = Space::new("verifier-api-keys");
pub(super) const QUOTAS: Space = Space::new("verifier-quotas");
/// The requests of each relying party, in the order of time.
pub(super) const REQUESTS_OF: Space = Space::new("verifier-requests-of");
pub(super) const DELIVERIES: Space = Space::new("verifier-deliveries");
/// What is to be announced, in the order of time.
pub(super) const DUE_DELIVERIES: Space = Space::new("verifier-due-deliveries");
/// Requests that clients of OpenID Connect have pushed.
pub(super) const PUSHED_REQUESTS: Space = Space::new("verifier-openid-pushed");
/// Sign-ins under way.
pub(super) const SIGN_INS: Space = Space::new("verifier-openid-sign-ins");
/// Codes and tokens.
pub(super) const GRANTS: Space = Space::new("verifier-openid-grants");
pub(super) const RECEIPTS: Space = Space::new("verifier-receipts");
/// The receipts of each relying party, in the order of time.
pub(super) const RECEIPTS_OF: Space = Space::new("verifier-receipts-of");
pub(super) const RELIANCES: Space = Space::new("verifier-reliances");
/// What each relying party relies on.
pub(super) const RELIANCES_OF: Space = Space::new("verifier-reliances-of");
/// What something is to be done about, in the order of time.
pub(super) const DUE_RELIANCES: Space = Space::new("verifier-due-reliances");
/// When what expires, in the order of time.
pub(super) const EXPIRIES: Space = Space::new("verifier-expiries");
/// The tenants that have anything.
pub(super) const TENANTS: Space = Space::new("verifier-tenants");

/// Everything that a tenant has in the end nothing of, but for keys and packs, which stay until they are removed or replaced.
#[cfg(test)]
pub(super) const OF_TENANTS: [Space; 18] = [
    REQUESTS,
    RESULTS,
    NONCES,
    REQUEST_OBJECTS,
    ANSWERS,
    QUOTAS,
    REQUESTS_OF,
    DELIVERIES,
    DUE_DELIVERIES,
    PUSHED_REQUESTS,
    SIGN_INS,
    GRANTS,
    RECEIPTS,
    RECEIPTS_OF,
    RELIANCES,
    RELIANCES_OF,
    DUE_RELIANCES,
    EXPIRIES,
];

/// The owner of what belongs to the installation and to no tenant.
pub(super) fn installation() -> Result<Tenant, Unsupported> {
    Tenant::parse("installation").map_err(|_| Unsupported)
}

/// The tenant as the store names it.
pub(super) fn tenant(id: &TenantId) -> Result<Tenant, Unsupported> {
    Tenant::parse(id.as_str()).map_err(|_| Unsupported)
}

/// One thing that expires.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Expiring {
    Request(RequestId),
    Nonce(Nonce),
    /// The suffix of its key.
    Quota(String),
    Delivery(DeliveryId),
    PushedRequest(PushedRequestId),
    SignIn(SignInId),
    Grant(GrantId),
    /// The receipt of a request.
    Receipt(RequestId),
    /// What is relied on of a request.
    Reliance(RequestId),
}

/// The key of an expiry. Its suffix sorts by time.
pub(super) fn expiry(tenant: &Tenant, at: UnixTime, what: &Expiring) -> Key {
    let mut suffix = sortable(at).to_vec();
    let (kind, name) = match what {
        Expiring::Request(id) => (REQUEST_KIND, id.as_str()),
        Expiring::Nonce(nonce) => (NONCE_KIND, nonce.as_str()),
        Expiring::Quota(suffix) => (QUOTA_KIND, suffix.as_str()),
        Expiring::Delivery(id) => (DELIVERY_KIND, id.as_str()),
        Expiring::PushedRequest(id) => (PUSHED_REQUEST_KIND, id.as_str()),
        Expiring::SignIn(id) => (SIGN_IN_KIND, id.as_str()),
        Expiring::Grant(id) => (GRANT_KIND, id.as_str()),
        Expiring::Receipt(id) => (RECEIPT_KIND, id.as_str()),
        Expiring::Reliance(id) => (RELIANCE_KIND, id.as_str()),
    };
    suffix.push(kind);
    suffix.extend_from_slice(name.as_bytes());
    tenant.key(EXPIRIES, suffix)
}

/// An expiry read back from the suffix of its key.
pub(super) fn parse_expiry(suffix: &[u8]) -> Option<(UnixTime, Expiring)> {
    let (time, rest) = suffix.split_first_chunk::<8>()?;
    let (kind, name) = rest.split_first()?;
    let name = std::str::from_utf8(name).ok()?;
    let what = match *kind {
        REQUEST_KIND => Expiring::Request(RequestId::parse(name).ok()?),
        NONCE_KIND => Expiring::Nonce(Nonce::parse(name).ok()?),
        QUOTA_KIND => Expiring::Quota(name.to_owned()),
        DELIVERY_KIND => Expiring::Delivery(DeliveryId::parse(name).ok()?),
        PUSHED_REQUEST_KIND => Expiring::PushedRequest(PushedRequestId::parse(name).ok()?),
        SIGN_IN_KIND => Expiring::SignIn(SignInId::parse(name).ok()?),
        GRANT_KIND => Expiring::Grant(GrantId::parse(name).ok()?),
        RECEIPT_KIND => Expiring::Receipt(RequestId::parse(name).ok()?),
        RELIANCE_KIND => Expiring::Reliance(RequestId::parse(name).ok()?),
        _ => return None,
    };
    Some((unsortable(*time), what))
}

const REQUEST_KIND: u8 = b'r';
const NONCE_KIND: u8 = b'n';
const QUOTA_KIND: u8 = b'q';
const DELIVERY_KIND: u8 = b'd';
const PUSHED_REQUEST_KIND: u8 = b'p';
const SIGN_IN_KIND: u8 = b's';
const GRANT_KIND: u8 = b'g';
const RECEIPT_KIND: u8 = b'e';
const RELIANCE_KIND: u8 = b'l';

pub(super) fn api_key(tenant: &Tenant, id: &ApiKeyId) -> Key {
    tenant.key(API_KEYS, id.as_str())
}

/// The suffix of a quota's key.
pub(super) fn quota(relying_party: &RelyingPartyName, window: QuotaWindow) -> String {
    let kind = match window.kind {
        QuotaKind::Minute => "minute",
        QuotaKind::Day => "day",
    };
    format!("{relying_party} {kind} {}", window.starts_at.seconds())
}

/// What the entries of a relying party's requests begin with. No name holds the separator.
pub(super) fn requests_of(relying_party: &RelyingPartyName) -> Vec<u8> {
    [relying_party.as_str().as_bytes(), b" "].concat()
}

/// The suffix of an entry in the list of a relying party's requests, which sorts by time.
pub(super) fn request_of(relying_party: &RelyingPartyName, place: &Cursor) -> Vec<u8> {
    let mut suffix = requests_of(relying_party);
    suffix.extend_from_slice(&sortable(place.created_at));
    suffix.extend_from_slice(place.id.as_str().as_bytes());
    suffix
}

/// The key of a request's entry in the list of its relying party; `None` for the operator's.
pub(super) fn entry_of(tenant: &Tenant, record: &RequestRecord) -> Option<Key> {
    let place = Cursor {
        created_at: record.created_at,
        id: record.id.clone(),
    };
    let relying_party = record.relying_party.as_ref()?;
    Some(tenant.key(REQUESTS_OF, request_of(relying_party, &place)))
}

/// The request that an entry of [`REQUESTS_OF`] stands for.
pub(super) fn parse_request_of(relying_party: &RelyingPartyName, suffix: &[u8]) -> Option<RequestId> {
    let rest = suffix.get(requests_of(relying_party).len()..)?;
    let (_, id) = rest.split_first_chunk::<8>()?;
    RequestId::parse(std::str::from_utf8(id).ok()?).ok()
}

/// The key of a delivery among those that are due; `None` when it is not tried again.
pub(super) fn due(tenant: &Tenant, delivery: &Delivery) -> Option<Key> {
    let mut suffix = sortable(delivery.due_at()?).to_vec();
    suffix.extend_from_slice(delivery.id.as_str().as_bytes());
    Some(tenant.key(DUE_DELIVERIES, suffix))
}

/// A delivery that is due, read back from the suffix of its key.
pub(super) fn parse_due(suffix: &[u8]) -> Option<(UnixTime, DeliveryId)> {
    let (time, id) = suffix.split_first_chunk::<8>()?;
    let id = DeliveryId::parse(std::str::from_utf8(id).ok()?).ok()?;
    Some((unsortable(*time), id))
}

/// The key of what is relied on of a request in the list of its relying party.
pub(super) fn reliance_of(tenant: &Tenant, reliance: &Reliance) -> Key {
    tenant.key(
        RELIANCES_OF,
        reliance_suffix(&reliance.relying_party, &reliance.request),
    )
}

/// The suffix of an entry in the list of what a relying party relies on.
pub(super) fn reliance_suffix(relying_party: &RelyingPartyName, id: &RequestId) -> Vec<u8> {
    [&requests_of(relying_party), id.as_str().as_bytes()].concat()
}

/// The request that an entry of [`RELIANCES_OF`] stands for.
pub(super) fn parse_reliance_of(relying_party: &RelyingPartyName, suffix: &[u8]) -> Option<RequestId> {
    let id = suffix.get(requests_of(relying_party).len()..)?;
    RequestId::parse(std::str::from_utf8(id).ok()?).ok()
}

/// The key of what is relied on among what is due; `None` when nothing is to be done any more.
pub(super) fn due_reliance(tenant: &Tenant, reliance: &Reliance) -> Option<Key> {
    let mut suffix = sortable(reliance.due_at()?).to_vec();
    suffix.extend_from_slice(reliance.request.as_str().as_bytes());
    Some(tenant.key(DUE_RELIANCES, suffix))
}

/// What is due of what is relied on, read back from the suffix of its key.
pub(super) fn parse_due_reliance(suffix: &[u8]) -> Option<(UnixTime, RequestId)> {
    let (time, id) = suffix.split_first_chunk::<8>()?;
    let id = RequestId::parse(std::str::from_utf8(id).ok()?).ok()?;
    Some((unsortable(*time), id))
}

/// Big-endian with the sign bit flipped, so that bytes compare as times do.
fn sortable(time: UnixTime) -> [u8; 8] {
    (time.seconds() ^ i64::MIN).to_be_bytes()
}

fn unsortable(bytes: [u8; 8]) -> UnixTime {
    UnixTime::from_seconds(i64::from_be_bytes(bytes) ^ i64::MIN)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn expiries_sort_by_time_and_read_back() {
        let tenant = Tenant::parse("default").unwrap();
        let id = RequestId::parse("r-1").unwrap();
        let keys: Vec<Vec<u8>> = [i64::MIN, -1, 0, 1, i64::MAX]
            .map(|seconds| {
                expiry(
                    &tenant,
                    UnixTime::from_seconds(seconds),
                    &Expiring::Request(id.clone()),
                )
            })
            .iter()
            .map(|key| key.bytes().to_vec())
            .collect();
        assert!(keys.is_sorted());
        let suffix = &keys[2]["default\0".len()..];
        assert_eq!(
            parse_expiry(suffix),
            Some((UnixTime::from_seconds(0), Expiring::Request(id)))
        );
        assert_eq!(parse_expiry(b"short"), None);
    }
}
