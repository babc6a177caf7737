//! The authorities above an issuer's signer.

use symbolon_crypto::x509::{Certificate, SignerChain, VerifiedChain};

use super::context::Context;

/// What a query may name the authorities of an issuer by ([OpenID4VP §6.1.1]). Without certificates there are none.
///
/// [OpenID4VP §6.1.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-6.1.1
#[derive(Default)]
pub(super) struct Authorities {
    /// The authority key identifiers of the chain, and the anchor's own.
    pub(super) key_identifiers: Vec<Vec<u8>>,
    /// The ETSI trusted lists that have a certificate of it.
    pub(super) trusted_lists: Vec<String>,
    /// The chain itself.
    pub(super) signer: Option<SignerChain>,
}

impl Authorities {
    /// Those of a chain that leads to an anchor.
    pub(super) fn of(context: &Context<'_>, verified: &VerifiedChain, chain: &[Certificate]) -> Self {
        let anchor = verified.anchor();
        let above = chain.iter().filter_map(Certificate::authority_key_identifier);
        let above = above.chain(anchor.subject_key_identifier());
        let mut key_identifiers: Vec<Vec<u8>> = above.map(<[u8]>::to_vec).collect();
        key_identifiers.dedup();
        let trust_chain: Vec<&Certificate> = chain.iter().chain([anchor]).collect();
        Self {
            key_identifiers,
            trusted_lists: context
                .evidence
                .trust_list()
                .etsi_trusted_lists_with(&trust_chain),
            signer: Some(SignerChain {
                certificates: chain.to_vec(),
                anchor: anchor.clone(),
            }),
        }
    }
}
