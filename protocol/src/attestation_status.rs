//! Where a provider revokes what it attested, of wallets and of keys, and how its word is known ([OpenID4VCI appendices D, E],
//! [Token Status List]).
//!
//! [OpenID4VCI appendices D, E]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-D
//! [Token Status List]: https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/

use symbolon_credential::status::{CredentialStatus, StatusReference};
use symbolon_crypto::x509::{Certificate, VerifiedChain};

/// What an attestation whose signature was verified says about its status.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AttestationStatus {
    /// Nothing: it cannot be revoked before it expires.
    NotTracked,
    /// It has an entry in a list of its provider.
    Listed(Box<ListedAttestation>),
    /// It has a status that cannot be looked up here: by a mechanism that is not known, or of a provider whose certificates do not say
    /// who signs its lists.
    Unknowable,
}

/// An entry in a list of a provider.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedAttestation {
    /// The entry.
    pub entry: StatusReference,
    /// The provider, by the URI name of the certificate that signed the attestation. The certificate that signs the list has it too.
    pub provider: String,
    /// The anchor under which both stand.
    pub anchor: Certificate,
}

impl AttestationStatus {
    /// The status of an attestation that the leaf of `chain` signed; without a chain, a key that stands for itself did.
    pub(crate) fn of(status: CredentialStatus, chain: Option<&VerifiedChain>) -> Self {
        let entry = match status {
            CredentialStatus::NotTracked => return Self::NotTracked,
            CredentialStatus::OtherMechanism => return Self::Unknowable,
            CredentialStatus::StatusList(entry) => entry,
        };
        let signer = chain.and_then(|chain| Some((chain, chain.leaf().san_uris().first()?)));
        match signer {
            Some((chain, provider)) => Self::Listed(Box::new(ListedAttestation {
                entry,
                provider: provider.clone(),
                anchor: chain.anchor().clone(),
            })),
            None => Self::Unknowable,
        }
    }
}
