//! The holder's work: showing less of a credential, and signing presentations.

use std::sync::Arc;

use serde_json::Value;
use symbolon_credential::data_integrity::ecdsa_sd_2023::{self, DeriveError, SelectionError};
use symbolon_credential::data_integrity::{
    ContextTable, Cryptosuite, JsonLd, JsonLdBudget, JsonLdProcessor, ProofNotGenerated, ProofOptions,
    ProofPurpose, prepare,
};
use symbolon_credential::w3c::{HolderBinding, PresentedCredential, VerifiablePresentation};
use symbolon_crypto::signing::{KeyError, Sign, SignOutcome};
use symbolon_crypto::{PublicKey, SignatureAlgorithm, UnixTime};
use symbolon_did::{Did, did_key};
use symbolon_protocol::vcalm::derive::DeriveCredentialRequest;
use symbolon_protocol::vcalm::present::{CreatePresentationRequest, PresentOptions};
use symbolon_wallet_core::WalletKeys;
use thiserror::Error;

use crate::documents::{DocumentError, Forgotten, HeldDocuments, Kept, ObjectId};
use crate::keys::{HolderKey, HolderKeyError, Keyring, SignBy, Signer};
use crate::presentable::{NotPresentable, presentable};

/// Everything a holder works with.
#[derive(Clone)]
pub struct Setup {
    /// The wallet's own key: what presentations are signed with unless they are about another one.
    pub own_key: HolderKey,
    /// Signs by it.
    pub own_sign: Arc<dyn Sign>,
    /// The keys that the wallet's credentials are bound to.
    pub bound_keys: Arc<dyn WalletKeys>,
    /// What is kept.
    pub documents: HeldDocuments,
    /// JSON-LD.
    pub json_ld: Arc<dyn JsonLdProcessor>,
    /// Contexts beyond those of the processor: those of the trust list.
    pub contexts: ContextTable,
    /// The time.
    pub clock: Arc<dyn Fn() -> UnixTime + Send + Sync>,
}

/// A holder.
pub struct Holder {
    keys: Keyring,
    documents: HeldDocuments,
    json_ld: Arc<dyn JsonLdProcessor>,
    contexts: ContextTable,
    clock: Arc<dyn Fn() -> UnixTime + Send + Sync>,
}

/// A document that was made and kept.
#[derive(Debug, Clone, PartialEq)]
pub struct Made {
    /// Where it is kept.
    pub id: ObjectId,
    /// The document.
    pub document: Value,
}

impl Holder {
    /// A holder.
    #[must_use]
    pub fn new(setup: Setup) -> Self {
        Self {
            keys: Keyring {
                own: setup.own_key,
                own_sign: setup.own_sign,
                bound: setup.bound_keys,
            },
            documents: setup.documents,
            json_ld: setup.json_ld,
            contexts: setup.contexts,
            clock: setup.clock,
        }
    }

    /// The DID of the wallet's own key.
    #[must_use]
    pub const fn did(&self) -> &Did {
        self.keys.own.did()
    }

    /// Shows less of a credential, and keeps what it shows. No key is needed, neither the issuer's nor the holder's.
    ///
    /// # Errors
    /// [`DeriveRefused`].
    pub async fn derive(self: &Arc<Self>, request: DeriveCredentialRequest) -> Result<Made, DeriveRefused> {
        let holder = Arc::clone(self);
        // Canonicalizing a document takes milliseconds, and one that is over its budget more.
        let derived = tokio::task::spawn_blocking(move || {
            let secured = Value::Object(request.credential.into_document());
            ecdsa_sd_2023::derive(&secured, &request.selective_pointers, holder.json_ld())
        });
        let document = derived.await.map_err(|_| DeriveRefused::Interrupted)??;
        let id = self
            .documents
            .keep(Kept::Credential, &document, self.now())
            .await?;
        Ok(Made { id, document })
    }

    /// Signs a presentation, and keeps it.
    ///
    /// # Errors
    /// [`PresentRefused`]; nothing was signed then, or nothing that left.
    pub async fn present(
        self: &Arc<Self>,
        request: CreatePresentationRequest,
    ) -> Result<Made, PresentRefused> {
        let holder = Arc::clone(self);
        let signed =
            tokio::task::spawn_blocking(move || holder.sign(&request.presentation, &request.options));
        let document = signed.await.map_err(|_| PresentRefused::Interrupted)??;
        let id = self
            .documents
            .keep(Kept::Presentation, &document, self.now())
            .await?;
        Ok(Made { id, document })
    }

    /// A document that is kept, by the name it was given or its own `id`.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn find(&self, kind: Kept, name: &str) -> Result<Option<Value>, DocumentError> {
        self.documents.find(kind, name)
    }

    /// The presentations that are kept.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub fn presentations(&self) -> Result<Vec<Value>, DocumentError> {
        self.documents.list(Kept::Presentation)
    }

    /// Deletes a document that is kept.
    ///
    /// # Errors
    /// [`DocumentError`].
    pub async fn forget(&self, kind: Kept, name: &str) -> Result<Forgotten, DocumentError> {
        self.documents.forget(kind, name).await
    }

    fn sign(
        &self,
        presentation: &VerifiablePresentation,
        options: &PresentOptions,
    ) -> Result<Value, PresentRefused> {
        let signer = self.signer(presentation, options)?;
        let did = signer.key.did().as_str();
        let mut document = presentation.document().clone();
        if !document.contains_key("holder") {
            document.insert("holder".to_owned(), Value::from(did));
        }
        if !presentation.credentials().is_empty() {
            let shown = presentation
                .credentials()
                .iter()
                .map(presentable)
                .collect::<Result<Vec<_>, _>>()?;
            document.insert("verifiableCredential".to_owned(), Value::Array(shown));
        }
        let options = ProofOptions {
            cryptosuite: options
                .cryptosuite
                .unwrap_or_else(|| suite_of(signer.key.public_key())),
            verification_method: signer.key.method().to_string(),
            purpose: ProofPurpose::Authentication,
            created: Some(options.created.unwrap_or_else(|| self.now())),
            expires: None,
            domain: options.domain.clone(),
            challenge: options.challenge.clone(),
        };
        let document = Value::Object(document);
        let prepared = prepare(&document, &options, signer.key.public_key(), &self.json_ld())?;
        let request = prepared.signature_request(signer.key.handle().clone());
        let outcome = match &signer.sign {
            SignBy::Own(own) => own.sign(&request),
            SignBy::Bound(bound) => bound.sign(&request),
        }?;
        match outcome {
            SignOutcome::Signed(signature) => Ok(prepared.finish(&signature)),
            SignOutcome::Locked => Err(PresentRefused::Locked),
        }
    }

    /// Whose key signs: the one that the options name, otherwise the holder's that the presentation names, otherwise the
    /// one that its credentials are bound to, otherwise the wallet's own. All that is named must be one and the same.
    fn signer(
        &self,
        presentation: &VerifiablePresentation,
        options: &PresentOptions,
    ) -> Result<Signer, PresentRefused> {
        let named = presentation
            .holder()
            .map(|holder| Did::parse(holder).map_err(|_| PresentRefused::NotOurHolder))
            .transpose()?;
        let signer = match (&options.verification_method, &named) {
            (Some(method), _) => {
                let signer = self.keys.of(method.did())?.ok_or(PresentRefused::NotOurMethod)?;
                if signer.key.method() != method {
                    return Err(PresentRefused::NotOurMethod);
                }
                signer
            }
            (None, Some(holder)) => self.keys.of(holder)?.ok_or(PresentRefused::NotOurHolder)?,
            (None, None) => self.bound_signer(presentation)?,
        };
        if named.is_some_and(|named| named != *signer.key.did()) {
            return Err(PresentRefused::NotOurHolder);
        }
        Ok(signer)
    }

    fn bound_signer(&self, presentation: &VerifiablePresentation) -> Result<Signer, PresentRefused> {
        let mut found: Option<Signer> = None;
        for credential in presentation.credentials() {
            let PresentedCredential::Embedded(credential) = credential else {
                continue;
            };
            let HolderBinding::Key(key) = credential.holder_binding() else {
                continue;
            };
            let Some(signer) = self.keys.of(&did_key(&key).map_err(HolderKeyError::from)?)? else {
                continue;
            };
            if found.as_ref().is_some_and(|found| found.key != signer.key) {
                return Err(PresentRefused::SeveralKeys);
            }
            found = Some(signer);
        }
        Ok(found.unwrap_or_else(|| self.keys.own()))
    }

    fn json_ld(&self) -> JsonLd<'_> {
        JsonLd {
            processor: &*self.json_ld,
            contexts: &self.contexts,
            budget: JsonLdBudget::DEFAULT,
        }
    }

    fn now(&self) -> UnixTime {
        (self.clock)()
    }
}

/// The suite that signs with a key unless another one is asked for.
const fn suite_of(key: &PublicKey) -> Cryptosuite {
    match key.algorithm() {
        SignatureAlgorithm::EdDsa => Cryptosuite::EddsaRdfc2022,
        _ => Cryptosuite::EcdsaRdfc2019,
    }
}

/// Why nothing was derived.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum DeriveRefused {
    /// The credential or the pointers.
    #[error(transparent)]
    Derive(#[from] DeriveError),
    /// It could not be kept.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The process is ending.
    #[error("the derivation was interrupted")]
    Interrupted,
}

impl DeriveRefused {
    /// Whether the pointers are to blame.
    pub(crate) const fn is_about_pointers(&self) -> bool {
        matches!(
            self,
            Self::Derive(
                DeriveError::NothingSelected
                    | DeriveError::Selection(SelectionError::Pointer(_) | SelectionError::PartOfStatement)
            )
        )
    }
}

/// Why nothing was signed.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum PresentRefused {
    /// The presentation names a holder whose key is not here, or another than the key that is to sign.
    #[error("the holder of the presentation is none of this wallet's")]
    NotOurHolder,
    /// The key that is to sign is not here.
    #[error("the verification method is none of this wallet's")]
    NotOurMethod,
    /// The credentials are bound to several keys of this wallet, and one proof is by one key.
    #[error("the credentials are bound to different keys of this wallet")]
    SeveralKeys,
    /// A credential must not be shown as it is.
    #[error(transparent)]
    NotPresentable(#[from] NotPresentable),
    /// The document or the suite.
    #[error(transparent)]
    Proof(#[from] ProofNotGenerated),
    /// The key waits for somebody.
    #[error("the key is locked")]
    Locked,
    /// The key store failed.
    #[error(transparent)]
    HolderKey(#[from] HolderKeyError),
    /// The key did not sign.
    #[error(transparent)]
    Key(#[from] KeyError),
    /// It could not be kept.
    #[error(transparent)]
    Document(#[from] DocumentError),
    /// The process is ending.
    #[error("the presentation was interrupted")]
    Interrupted,
}
