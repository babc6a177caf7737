//! The base proof (vc-di-ecdsa §3.4.8 to §3.4.12): made by the issuer, for the holder.

use serde_json::{Map, Value};
use symbolon_crypto::signing::{KeyHandle, SignatureRequest};
use symbolon_crypto::symmetric::SymmetricKey;
use symbolon_crypto::{
    CryptoProvider, Randomness, RandomnessUnavailable, SignatureAlgorithm, SigningFailed, UnixTime,
};
use thiserror::Error;

use super::group::{Document, JsonLd, SelectionError};
use super::pointer::JsonPointer;
use super::proof::{self, PROOF_TYPE};
use super::proof_value::{BaseProofValue, ProofKey, Signature};
use super::{CRYPTOSUITE, MAX_SELECTIVE_STATEMENTS};
use crate::data_integrity::JsonLdError;

/// A document that is to get a base proof.
#[derive(Debug, Clone, Copy)]
pub struct BaseProof<'a> {
    /// The document, without a proof.
    pub document: &'a Value,
    /// What the holder cannot withhold. With none, not even the types and the issuer must be shown.
    pub mandatory: &'a [JsonPointer],
    /// The DID URL of the issuer's P-256 key.
    pub verification_method: &'a str,
    /// When the proof is made.
    pub created: Option<UnixTime>,
    /// Until when the proof may be believed.
    pub expires: Option<UnixTime>,
}

/// Why no base proof was made (`PROOF_GENERATION_ERROR`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The document is no JSON object, or has a proof already.
    #[error("the document to be secured is not a JSON object without a proof")]
    Document,
    /// The document was not split into what is shown and what is not.
    #[error(transparent)]
    Selection(#[from] SelectionError),
    /// The document has more statements than a proof may sign one by one.
    #[error("the document has more than {MAX_SELECTIVE_STATEMENTS} statements that are not mandatory")]
    OverBudget,
    /// No randomness for the keys of the proof.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    /// The provider cannot sign by the key of the proof, or made one of another kind.
    #[error("the statements cannot be signed")]
    Statements,
    /// What should be the issuer's signature is none of ES256.
    #[error("the issuer's signature is not 64 bytes long")]
    Signature,
}

impl From<JsonLdError> for IssueError {
    fn from(error: JsonLdError) -> Self {
        Self::Selection(error.into())
    }
}

impl From<SigningFailed> for IssueError {
    fn from(_: SigningFailed) -> Self {
        Self::Statements
    }
}

impl BaseProof<'_> {
    /// Signs every statement that is not mandatory with a key of this proof alone, which is then forgotten, and says what
    /// the issuer's key is to sign.
    ///
    /// # Errors
    /// [`IssueError`].
    pub fn prepare(
        &self,
        json_ld: JsonLd<'_>,
        provider: &dyn CryptoProvider,
        randomness: &dyn Randomness,
    ) -> Result<PreparedBaseProof, IssueError> {
        let members = self.document.as_object().ok_or(IssueError::Document)?;
        if members.contains_key("proof") {
            return Err(IssueError::Document);
        }
        let options = self.options();
        let options_hash = proof::options_hash(&options, self.document, json_ld)?;

        let hmac_key = SymmetricKey::make(randomness)?;
        let document = Document::new(self.document, &hmac_key, json_ld)?;
        let pointers: Vec<&JsonPointer> = self.mandatory.iter().collect();
        let (mandatory, selective) = document.split(&document.select(&pointers)?.indexes);
        if selective.len() > MAX_SELECTIVE_STATEMENTS {
            return Err(IssueError::OverBudget);
        }

        let (proof_key, signatures) = sign_statements(&selective, provider, randomness)?;
        let mandatory_hash = proof::hash(mandatory);
        Ok(PreparedBaseProof {
            signing_input: proof::signed_bytes(&options_hash, &proof_key, &mandatory_hash),
            document: self.document.clone(),
            options,
            proof_key,
            hmac_key,
            signatures,
            mandatory: self.mandatory.to_vec(),
        })
    }

    fn options(&self) -> Map<String, Value> {
        let mut options = Map::new();
        let mut set = |name: &str, value: &str| options.insert(name.to_owned(), value.into());
        set("type", PROOF_TYPE);
        set("cryptosuite", CRYPTOSUITE);
        if let Some(created) = self.created {
            set("created", &created.rfc3339());
        }
        if let Some(expires) = self.expires {
            set("expires", &expires.rfc3339());
        }
        set("verificationMethod", self.verification_method);
        set("proofPurpose", "assertionMethod");
        options
    }
}

fn sign_statements(
    statements: &[&str],
    provider: &dyn CryptoProvider,
    randomness: &dyn Randomness,
) -> Result<(ProofKey, Vec<Signature>), IssueError> {
    let secret = provider.generate_key(SignatureAlgorithm::Es256, randomness)?;
    let proof_key = ProofKey::of(&secret).ok_or(IssueError::Statements)?;
    let prepared = provider.prepare(&secret);
    let signatures = statements
        .iter()
        .map(|statement| {
            let signature = match &prepared {
                Some(prepared) => prepared.sign(statement.as_bytes()),
                None => provider.sign(&secret, statement.as_bytes()),
            }?;
            Signature::try_from(signature).map_err(|_| IssueError::Statements)
        })
        .collect::<Result<_, _>>()?;
    Ok((proof_key, signatures))
}

/// A base proof that lacks the issuer's signature.
pub struct PreparedBaseProof {
    signing_input: Vec<u8>,
    document: Value,
    options: Map<String, Value>,
    proof_key: ProofKey,
    hmac_key: SymmetricKey,
    signatures: Vec<Signature>,
    mandatory: Vec<JsonPointer>,
}

impl PreparedBaseProof {
    /// What the issuer's key signs, by ES256.
    #[must_use]
    pub fn signing_input(&self) -> &[u8] {
        &self.signing_input
    }

    /// The same as a request to the holder of the key.
    #[must_use]
    pub fn signature_request(&self, key: KeyHandle) -> SignatureRequest {
        SignatureRequest {
            key,
            algorithm: SignatureAlgorithm::Es256,
            bytes: self.signing_input.clone(),
        }
    }

    /// The document with its base proof, which is for the holder alone: it holds the key that hides what is withheld.
    ///
    /// # Errors
    /// [`IssueError::Signature`] for a signature of another length.
    pub fn finish(self, signature: &[u8]) -> Result<Value, IssueError> {
        let value = BaseProofValue {
            base_signature: signature.try_into().map_err(|_| IssueError::Signature)?,
            proof_key: self.proof_key,
            hmac_key: self.hmac_key,
            signatures: self.signatures,
            mandatory: self.mandatory,
        };
        Ok(proof::put_together(self.document, self.options, value.to_text()))
    }
}
