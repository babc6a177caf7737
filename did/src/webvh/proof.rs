//! `eddsa-jcs-2022` ([vc-di-eddsa §3.3](https://www.w3.org/TR/vc-di-eddsa/#eddsa-jcs-2022)), by a `did:key` and nothing else.

use serde_json::{Map, Value};
use sha2::{Digest as _, Sha256};
use symbolon_crypto::encoding::multibase;
use symbolon_crypto::{CryptoProvider, PublicKey, SignatureAlgorithm, UnixTime};

use super::WebvhError;
use super::entry::canonical;
use crate::method::verification_key;
use crate::syntax::{Did, DidUrl};

/// A proof whose form was checked, and whose signature was not.
pub(super) struct Proof<'p> {
    members: &'p Map<String, Value>,
    signer: Did,
    key: PublicKey,
    signature: Vec<u8>,
}

/// The proof is of another kind, or not by a `did:key` of Ed25519.
pub(super) struct OtherKindOfProof;

/// The signature does not verify.
pub(super) struct BadSignature;

impl<'p> Proof<'p> {
    pub(super) fn read(members: &'p Map<String, Value>, now: UnixTime) -> Result<Self, OtherKindOfProof> {
        let text = |name: &str| members.get(name).and_then(Value::as_str).ok_or(OtherKindOfProof);
        let is_of_kind = text("type")? == "DataIntegrityProof"
            && text("cryptosuite")? == "eddsa-jcs-2022"
            && text("proofPurpose")? == "assertionMethod"
            // Contexts of the proof must be those of the document, and an entry has none.
            && !members.contains_key("@context");
        let is_current = match members.get("expires") {
            None => true,
            Some(Value::String(expires)) => {
                UnixTime::parse_rfc3339(expires).is_ok_and(|expires| expires > now)
            }
            Some(_) => false,
        };
        if !is_of_kind || !is_current {
            return Err(OtherKindOfProof);
        }
        // The key is the one that the identifier before the fragment holds; a fragment that names another is refused.
        let method = DidUrl::parse(text("verificationMethod")?).map_err(|_| OtherKindOfProof)?;
        let key = verification_key(&method).map_err(|_| OtherKindOfProof)?;
        if method.did().method() != "key" || !matches!(key, PublicKey::Ed25519(_)) {
            return Err(OtherKindOfProof);
        }
        Ok(Self {
            members,
            signer: method.did().clone(),
            key,
            signature: multibase::decode_base58btc(text("proofValue")?).map_err(|_| OtherKindOfProof)?,
        })
    }

    /// Who signed, if the signature verifies.
    pub(super) const fn signer(&self) -> &Did {
        &self.signer
    }

    /// Verifies the signature over a document in canonical form.
    pub(super) fn verify(&self, document: &str, provider: &dyn CryptoProvider) -> Result<(), BadSignature> {
        let mut options = self.members.clone();
        options.remove("proofValue");
        let options = canonical(&options).map_err(|_: WebvhError| BadSignature)?;
        let hashes = [Sha256::digest(options).as_slice(), &Sha256::digest(document)].concat();
        provider
            .verify(&self.key, SignatureAlgorithm::EdDsa, &hashes, &self.signature)
            .map_err(|_| BadSignature)
    }
}
