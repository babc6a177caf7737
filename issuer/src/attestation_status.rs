//! Whether attestations of wallets and of keys are in force ([OpenID4VCI appendices D, E]).
//!
//! The status lists of providers are elsewhere, so what they say comes through a port.
//!
//! [OpenID4VCI appendices D, E]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-D

use std::pin::Pin;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_protocol::attestation_status::{AttestationStatus, ListedAttestation};

/// What a list says of an attestation.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AttestationState {
    /// It is in force.
    InForce,
    /// It is revoked or suspended.
    NotInForce,
    /// The list cannot be had, or is not the provider's.
    Unknown,
}

/// The answer of a source, later.
pub type AttestationStateFuture<'a> = Pin<Box<dyn Future<Output = AttestationState> + Send + 'a>>;

/// Reads the status lists of wallet providers.
///
/// An implementer believes a list only that stands at the address in the entry, is signed under the anchor of the attestation by a
/// certificate that is for status lists and names the provider, and has not expired at `now`. It fetches with bounds of size and
/// time, from addresses that anybody may have chosen, and answers [`AttestationState::Unknown`] where any of that fails.
pub trait AttestationStates: Send + Sync {
    /// The state of an attestation.
    fn state<'a>(&'a self, listed: &'a ListedAttestation, now: UnixTime) -> AttestationStateFuture<'a>;
}

/// What becomes of an attestation whose status cannot be known.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum UnknownAttestationStatus {
    /// It is refused, so nobody who keeps a list from being read keeps a stolen wallet alive.
    #[default]
    Refused,
    /// It counts as in force.
    Accepted,
}

/// Whether an attestation counts.
pub async fn is_in_force(
    status: &AttestationStatus,
    states: &dyn AttestationStates,
    unknown: UnknownAttestationStatus,
    now: UnixTime,
) -> bool {
    let state = match status {
        AttestationStatus::NotTracked => AttestationState::InForce,
        AttestationStatus::Unknowable => AttestationState::Unknown,
        AttestationStatus::Listed(listed) => states.state(listed, now).await,
    };
    match state {
        AttestationState::InForce => true,
        AttestationState::NotInForce => false,
        AttestationState::Unknown => unknown == UnknownAttestationStatus::Accepted,
    }
}
