//! Proofs of the key that a token is bound to ([RFC 9449]).
//!
//! [RFC 9449]: https://www.rfc-editor.org/rfc/rfc9449

use http::HeaderMap;
use symbolon_protocol::oauth::dpop::{
    self, DpopError, ExpectedKey, PROOF_HEADER, ProvenRequest, VerifiedDpopProof,
};
use symbolon_verifier::openid_provider::UsedOnce;
use symbolon_verifier::store::{NonceUse, StoreError};
use thiserror::Error;

use super::Provider;
use super::error::ClientRefused;

/// Why a proof does not do.
#[derive(Debug, Error)]
pub(super) enum ProofRefused {
    #[error(transparent)]
    Proof(#[from] DpopError),
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<ProofRefused> for ClientRefused {
    fn from(refused: ProofRefused) -> Self {
        match refused {
            ProofRefused::Proof(error) => error.into(),
            ProofRefused::Store(error) => error.into(),
        }
    }
}

impl Provider {
    /// The proof that a request carries, verified and spent; `None` where it carries none.
    pub(super) async fn proof(
        &self,
        headers: &HeaderMap,
        request: ProvenRequest<'_>,
        expected: ExpectedKey<'_>,
    ) -> Result<Option<VerifiedDpopProof>, ProofRefused> {
        let values = headers
            .get_all(PROOF_HEADER)
            .iter()
            .map(|value| value.to_str().unwrap_or_default());
        let Some(proof) = dpop::the_one_proof(values)? else {
            return Ok(None);
        };
        let crypto = &*self.state.dependencies.crypto;
        let verified = dpop::verify(proof, request, expected, self.now(), crypto)?;
        let used = UsedOnce::DpopProof {
            key: &verified.thumbprint().to_string(),
            jti: verified.freshness().jti.as_str(),
        };
        match self.spend(used, verified.freshness().forget_after()).await? {
            NonceUse::First => Ok(Some(verified)),
            NonceUse::Replayed => Err(DpopError::Replayed.into()),
        }
    }
}
