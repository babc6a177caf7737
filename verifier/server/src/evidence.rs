//! Signing what both sides keep: receipts, and verified claims.

use serde_json::Value;
use symbolon_crypto::PublicKey;
use symbolon_crypto::jose::jws::PreparedJws;
use symbolon_crypto::signing::KeyError;
use symbolon_protocol::openid4vp::client_metadata::ClientMetadata;
use symbolon_protocol::presentation_receipt::{MAX_RECEIPT_BYTES, PresentationReceipt};
use symbolon_verifier::policy::PresentationPolicy;
use symbolon_verifier::store::{Nonce, ReceiptRecord, RequestRecord};
use symbolon_verifier::verified_claims::VerifiedClaimsToken;
use thiserror::Error;

use crate::state::State;

/// Why nothing was signed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum SigningFailed {
    #[error("the installation has no key that signs evidence")]
    NoKey,
    #[error("the key that signs evidence is locked")]
    Locked,
    #[error(transparent)]
    Key(#[from] KeyError),
    #[error("the receipt is too large")]
    TooLarge,
}

impl State {
    /// Every key that verifies what this verifier has signed: the one that signs first.
    pub(crate) fn evidence_keys(&self) -> Vec<PublicKey> {
        let signer = self.dependencies.evidence.as_ref();
        signer.map_or_else(Vec::new, |signer| signer.keys().cloned().collect())
    }

    /// Says in the metadata of a request which key signs the receipt, where its policy gives one.
    pub(crate) fn announce_receipt(
        &self,
        record: &RequestRecord,
        metadata: ClientMetadata,
    ) -> ClientMetadata {
        let policy = record.policy.as_ref().and_then(|name| self.policy(name));
        match (
            &self.dependencies.evidence,
            policy.as_deref().and_then(PresentationPolicy::receipt),
        ) {
            (Some(signer), Some(_)) => metadata.with_receipts(core::slice::from_ref(&signer.public_key)),
            _ => metadata,
        }
    }

    /// Signs a receipt. One that is too large for the reply has less in it.
    pub(crate) fn sign_receipt(
        &self,
        record: &RequestRecord,
        mut receipt: PresentationReceipt,
        response_code: Option<Nonce>,
    ) -> Result<Option<ReceiptRecord>, SigningFailed> {
        let (Some(relying_party), Some(policy)) = (&record.relying_party, &record.policy) else {
            return Ok(None);
        };
        let text = loop {
            let text = self.sign_evidence(|key| receipt.prepare(key))?;
            if text.len() <= MAX_RECEIPT_BYTES {
                break text;
            }
            receipt = receipt.smaller().ok_or(SigningFailed::TooLarge)?;
        };
        Ok(Some(ReceiptRecord {
            request: record.id.clone(),
            relying_party: relying_party.clone(),
            policy: policy.clone(),
            created_at: receipt.iat,
            kept_until: receipt.kept_until,
            response_code,
            receipt: text,
        }))
    }

    /// Signs verified claims for the relying party of a request.
    pub(crate) fn sign_verified_claims(
        &self,
        record: &RequestRecord,
        relying_party: &symbolon_verifier::name::RelyingPartyName,
        verified_claims: &Value,
    ) -> Result<String, SigningFailed> {
        let token = VerifiedClaimsToken {
            verifier: self.configuration.identifier.as_str(),
            relying_party,
            request: &record.id,
            now: self.now(),
            verified_claims,
        };
        self.sign_evidence(|key| token.prepare(key))
    }

    fn sign_evidence(
        &self,
        prepare: impl FnOnce(&PublicKey) -> PreparedJws,
    ) -> Result<String, SigningFailed> {
        let signer = self.dependencies.evidence.as_ref().ok_or(SigningFailed::NoKey)?;
        signer
            .sign(prepare(&signer.public_key))?
            .ok_or(SigningFailed::Locked)
    }
}
