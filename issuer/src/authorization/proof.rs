//! Proofs of the key that a token is bound to ([RFC 9449]), with this server's nonces.
//!
//! [RFC 9449]: https://www.rfc-editor.org/rfc/rfc9449

use symbolon_crypto::{CryptoProvider, Randomness, RandomnessUnavailable, Thumbprint, UnixTime};
use symbolon_protocol::oauth::dpop::{self, DpopError, DpopNonce, ExpectedKey, ProvenRequest};

use crate::nonce::{NoncePurpose, check, make};
use crate::secret::{InstallationSecret, SecretDigest};
use crate::store::ReplayMark;

/// A key that was proven for one request.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ProvenKey {
    /// The key.
    pub thumbprint: Thumbprint,
    /// The mark of the proof, to be written with what it authorises.
    pub mark: ReplayMark,
}

/// The key that the one `DPoP` header field of a request proves; `None` when there is no such field.
///
/// # Errors
/// [`DpopError`]; whether the proof was used before is decided by the commit that writes its mark.
pub fn proven_key<'a>(
    fields: impl IntoIterator<Item = &'a str>,
    request: ProvenRequest<'_>,
    expected: ExpectedKey<'_>,
    secret: &InstallationSecret,
    crypto: &dyn CryptoProvider,
    now: UnixTime,
) -> Result<Option<ProvenKey>, DpopError> {
    let Some(proof) = dpop::the_one_proof(fields)? else {
        return Ok(None);
    };
    let verified = dpop::verify(proof, request, expected, now, crypto)?;
    // Without a nonce a wallet could be made to sign proofs for later (RFC 9449 §11.2).
    let ours = verified
        .nonce()
        .is_some_and(|nonce| check(NoncePurpose::Dpop, nonce.as_str(), secret, now).is_ok());
    if !ours {
        return Err(DpopError::NonceRequired);
    }
    let (thumbprint, freshness) = (*verified.thumbprint(), verified.freshness());
    let text = format!("dpop {thumbprint} {}", freshness.jti.as_str());
    Ok(Some(ProvenKey {
        thumbprint,
        mark: ReplayMark {
            digest: SecretDigest::of(&text),
            expires_at: freshness.forget_after(),
        },
    }))
}

/// Makes a nonce for proofs.
///
/// # Errors
/// When there is no randomness.
pub fn make_dpop_nonce(
    secret: &InstallationSecret,
    now: UnixTime,
    randomness: &dyn Randomness,
) -> Result<DpopNonce, RandomnessUnavailable> {
    let nonce = make(NoncePurpose::Dpop, secret, now, randomness)?;
    // Base64url has no other characters than a nonce may have.
    DpopNonce::parse(nonce).ok_or(RandomnessUnavailable)
}
