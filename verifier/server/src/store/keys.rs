//! Where everything stands.

use symbolon_crypto::UnixTime;
use symbolon_store::{Key, Space, Tenant};
use symbolon_verifier::store::{Nonce, RequestId, TenantId};

use super::embedded::Unsupported;

pub(super) const REQUESTS: Space = Space::new("verifier-requests");
pub(super) const RESULTS: Space = Space::new("verifier-results");
pub(super) const NONCES: Space = Space::new("verifier-nonces");
pub(super) const PACKS: Space = Space::new("verifier-packs");
pub(super) const REQUEST_OBJECTS: Space = Space::new("verifier-request-objects");
pub(super) const ANSWERS: Space = Space::new("verifier-answers");
/// When what expires, in the order of time.
pub(super) const EXPIRIES: Space = Space::new("verifier-expiries");
/// The tenants that have anything.
pub(super) const TENANTS: Space = Space::new("verifier-tenants");

/// The owner of what belongs to the installation and to no tenant.
pub(super) fn installation() -> Result<Tenant, Unsupported> {
    Tenant::parse("installation").map_err(|_| Unsupported)
}

/// The tenant as the store names it.
pub(super) fn tenant(id: &TenantId) -> Result<Tenant, Unsupported> {
    Tenant::parse(id.as_str()).map_err(|_| Unsupported)
}

/// One thing that expires.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Expiring<'a> {
    Request(&'a RequestId),
    Nonce(&'a Nonce),
}

/// The key of an expiry. Its suffix sorts by time.
pub(super) fn expiry(tenant: &Tenant, at: UnixTime, what: Expiring<'_>) -> Key {
    let mut suffix = sortable(at).to_vec();
    let (kind, name) = match what {
        Expiring::Request(id) => (REQUEST_KIND, id.as_str()),
        Expiring::Nonce(nonce) => (NONCE_KIND, nonce.as_str()),
    };
    suffix.push(kind);
    suffix.extend_from_slice(name.as_bytes());
    tenant.key(EXPIRIES, suffix)
}

/// An expiry read back from the suffix of its key.
pub(super) fn parse_expiry(suffix: &[u8]) -> Option<(UnixTime, OwnedExpiring)> {
    let (time, rest) = suffix.split_first_chunk::<8>()?;
    let (kind, name) = rest.split_first()?;
    let name = std::str::from_utf8(name).ok()?;
    let what = match *kind {
        REQUEST_KIND => OwnedExpiring::Request(RequestId::parse(name).ok()?),
        NONCE_KIND => OwnedExpiring::Nonce(Nonce::parse(name).ok()?),
        _ => return None,
    };
    Some((unsortable(*time), what))
}

/// As [`Expiring`], owned.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum OwnedExpiring {
    Request(RequestId),
    Nonce(Nonce),
}

const REQUEST_KIND: u8 = b'r';
const NONCE_KIND: u8 = b'n';

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
            .map(|seconds| expiry(&tenant, UnixTime::from_seconds(seconds), Expiring::Request(&id)))
            .iter()
            .map(|key| key.bytes().to_vec())
            .collect();
        assert!(keys.is_sorted());
        let suffix = &keys[2]["default\0".len()..];
        assert_eq!(
            parse_expiry(suffix),
            Some((UnixTime::from_seconds(0), OwnedExpiring::Request(id)))
        );
        assert_eq!(parse_expiry(b"short"), None);
    }
}
