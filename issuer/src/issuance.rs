//! Issuing credentials of every format, in pure steps ([OpenID4VCI §8]):
//!
//! 1. [`judge`] the request against the access token: what is asked, by which proofs, with which nonces.
//! 2. [`AcceptedRequest::prepare`] with the record and one status index for each key: what the issuer's keys have to sign.
//! 3. [`PreparedIssuance::finish`] with the signatures: the credentials, locked in, and the [`Issuance`] to commit.
//! 4. [`SignedIssuance::release`] after the commit: the credentials. There is no other way to them, so none leaves whose index, book
//!    entry, use of the grant and spent nonces are not durable.
//!
//! Where an operator has to approve, [`AcceptedRequest::defer`] takes the place of steps 2 to 4, and [`judge_deferred`] that of step 1 when
//! the wallet asks again.
//!
//! [OpenID4VCI §8]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8

mod plan;
mod prepare;
mod proofs;
mod refusal;
mod request;

#[cfg(test)]
mod tests;

pub use crate::mapping::coarsened;
pub(crate) use plan::{PreparedCredential, Securing, kind};
pub use prepare::{IssuanceMaterial, PreparedIssuance, SignedIssuance};
pub use proofs::{PROOF_ALGORITHMS, key_references};
pub use refusal::{CredentialRefusal, IssuanceFailure, NotOpened, RefusalCode};
pub use request::{AcceptedRequest, Judged, PresentedAccess, judge, judge_deferred};

#[cfg(doc)]
use crate::store::Issuance;
