//! The provider of the wallet, which attests that this instance is genuine.

use symbolon_crypto::PublicKey;
use symbolon_crypto::signing::{KeyDescription, Sign};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::openid4vci::identifiers::CNonce;
use thiserror::Error;

use super::BoxFuture;

/// Gets attestations, and signs with the keys that they attest.
///
/// An implementation must
/// - give every authorization server an attestation and a key of its own. One that two servers see lets them recognise the
///   same wallet ([HAIP §4.4.1]).
/// - answer [`WantedAttestation::Fresh`] with one that was made after the call. A server that refused the last one for its
///   age would refuse it again.
/// - sign, through [`Sign`], with the keys of the attestations that it gave. They need not be among the wallet's own keys.
///
/// [HAIP §4.4.1]: https://openid.net/specs/openid4vc-high-assurance-interoperability-profile-1_0.html#section-4.4.1
pub trait AttestWallet: Sign {
    /// Gets an attestation for `server`.
    fn attestation<'a>(
        &'a self,
        server: &'a IssuerIdentifier,
        wanted: WantedAttestation,
    ) -> BoxFuture<'a, Result<ClientAttestation, AttestationUnavailable>>;
}

/// Attests the keys of credentials ([OpenID4VCI appendix D]).
///
/// An implementation attests exactly these keys, in this order, after it has made sure how they are kept; a nonce that is given goes into
/// the attestation.
///
/// [OpenID4VCI appendix D]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-D
pub trait AttestKeys: Send + Sync {
    /// Gets an attestation of `keys`.
    fn attest_keys<'a>(
        &'a self,
        keys: &'a [PublicKey],
        nonce: Option<&'a CNonce>,
    ) -> BoxFuture<'a, Result<String, AttestationUnavailable>>;
}

/// How old an attestation may be.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum WantedAttestation {
    /// Any that has not expired.
    Valid,
    /// One that is made now.
    Fresh,
}

/// An attestation: the JWT of the provider, and the key that it attests.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClientAttestation {
    /// The JWT.
    pub jwt: String,
    /// The key, which signs the proofs of possession.
    pub key: KeyDescription,
}

/// The provider cannot be reached, or does not attest this instance.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("the provider of the wallet gives no attestation")]
pub struct AttestationUnavailable;
