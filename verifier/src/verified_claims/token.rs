//! Verified claims, signed for one relying party.

use serde_json::{Value, json};
use symbolon_crypto::jose::jws::PreparedJws;
use symbolon_crypto::{PublicKey, UnixTime};
use symbolon_protocol::presentation_receipt::prepare_evidence;

use crate::name::RelyingPartyName;
use crate::store::RequestId;

/// The type of the token, in its header: no ID token, and no receipt.
pub const VERIFIED_CLAIMS_TYPE: &str = "verified-claims+jwt";

/// What a token says.
#[derive(Debug, Clone, Copy)]
pub struct VerifiedClaimsToken<'a> {
    /// The identifier of the verifier: `iss`.
    pub verifier: &'a str,
    /// For whom it is: `aud`.
    pub relying_party: &'a RelyingPartyName,
    /// The request, as the transaction that audits refer to: `txn`.
    pub request: &'a RequestId,
    /// Now: `iat`.
    pub now: UnixTime,
    /// The value of `verified_claims`.
    pub verified_claims: &'a Value,
}

impl VerifiedClaimsToken<'_> {
    /// The token, to be signed by `key`.
    #[must_use]
    pub fn prepare(&self, key: &PublicKey) -> PreparedJws {
        let payload = json!({
            "iss": self.verifier,
            "aud": self.relying_party,
            "txn": self.request,
            "iat": self.now,
            "verified_claims": self.verified_claims,
        });
        prepare_evidence(VERIFIED_CLAIMS_TYPE, key, &payload)
    }
}
