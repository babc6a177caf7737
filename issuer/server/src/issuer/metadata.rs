//! The issuer's metadata as they are served: plain or signed, in all languages or in one ([OpenID4VCI §12.2.2, §12.2.3]).
//!
//! They change with the keys to which requests are encrypted, and a signature expires, so they are made anew each hour and kept in
//! between.
//!
//! [OpenID4VCI §12.2.2, §12.2.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-12.2.2

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use symbolon_crypto::UnixTime;
use symbolon_issuer::metadata::{in_language, languages, preferred_language};
use symbolon_issuer::request_keys;
use symbolon_protocol::identifier::UrlError;
use symbolon_protocol::openid4vci::metadata::IssuerMetadata;
use symbolon_protocol::openid4vci::signed_metadata::{self, SignedMetadataError};
use thiserror::Error;

use super::Issuer;
use crate::setup::SigningFailed;

/// How long a signature counts: a day longer than the document is served, for wallets that keep it.
const SIGNATURE_LIFETIME: Duration = Duration::from_secs(25 * 3_600);

const SECONDS_PER_HOUR: i64 = 3_600;

/// Which of the two documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum MetadataForm {
    /// `application/json`.
    Json,
    /// `application/jwt`.
    Signed,
}

/// A document as it is served.
#[derive(Debug, Clone)]
pub(crate) struct ServedMetadata {
    pub(crate) body: Arc<[u8]>,
    /// The language that it is in; all of them without it.
    pub(crate) language: Option<String>,
}

/// What was made this hour. Its size is bounded by the number of languages.
#[derive(Default)]
pub(super) struct MetadataCache(Mutex<Hour>);

#[derive(Default)]
struct Hour {
    hour: Option<i64>,
    metadata: Option<(IssuerMetadata, BTreeSet<String>)>,
    served: BTreeMap<(MetadataForm, Option<String>), ServedMetadata>,
}

impl Issuer {
    /// Whether this issuer signs its metadata.
    pub(crate) const fn signs_metadata(&self) -> bool {
        self.setup.keys.metadata.is_some()
    }

    /// The metadata for a wallet that prefers languages as its `Accept-Language` says.
    ///
    /// # Errors
    /// [`MetadataFailure`].
    pub(crate) fn served_metadata(
        &self,
        form: MetadataForm,
        accept_language: Option<&str>,
    ) -> Result<ServedMetadata, MetadataFailure> {
        let now = self.now();
        let mut cache = self.metadata.0.lock().unwrap_or_else(PoisonError::into_inner);
        let hour = now.seconds().div_euclid(SECONDS_PER_HOUR);
        if cache.hour != Some(hour) {
            *cache = Hour {
                hour: Some(hour),
                ..Hour::default()
            };
        }
        let (metadata, supported) = match cache.metadata.take() {
            Some(made) => made,
            None => {
                let keys = request_keys::published(&self.secret, now);
                let metadata = self.profile().issuer_metadata(&self.signers, &keys)?;
                let supported = languages(&metadata);
                (metadata, supported)
            }
        };
        let language = accept_language
            .and_then(|header| preferred_language(header, &supported))
            .map(str::to_owned);
        let key = (form, language);
        let served = match cache.served.get(&key) {
            Some(served) => Ok(served.clone()),
            None => self.make_served(&metadata, &key, now),
        };
        cache.metadata = Some((metadata, supported));
        if let Ok(served) = &served {
            cache.served.insert(key, served.clone());
        }
        served
    }

    fn make_served(
        &self,
        metadata: &IssuerMetadata,
        (form, language): &(MetadataForm, Option<String>),
        now: UnixTime,
    ) -> Result<ServedMetadata, MetadataFailure> {
        let shown = match language {
            Some(language) => in_language(metadata.clone(), language),
            None => metadata.clone(),
        };
        let body = match form {
            MetadataForm::Json => serde_json::to_vec(&shown).map_err(|_| MetadataFailure::Unwritable)?,
            MetadataForm::Signed => self.sign_metadata(&shown, now)?.into_bytes(),
        };
        Ok(ServedMetadata {
            body: body.into(),
            language: language.clone(),
        })
    }

    fn sign_metadata(&self, metadata: &IssuerMetadata, now: UnixTime) -> Result<String, MetadataFailure> {
        let signer = self
            .setup
            .keys
            .metadata
            .as_ref()
            .ok_or(MetadataFailure::NotSigned)?;
        let key = &signer.key;
        let expires_at = now.plus(SIGNATURE_LIFETIME);
        let prepared = signed_metadata::prepare(metadata, key.algorithm, &key.chain, now, expires_at)?;
        let signature = signer.signature(&prepared.request(key.handle.clone()))?;
        Ok(prepared.finish(&signature))
    }
}

/// Why the metadata are not served.
#[derive(Debug, Error)]
#[non_exhaustive]
pub(crate) enum MetadataFailure {
    /// An endpoint's address cannot be written.
    #[error("the issuer's identifier is too long")]
    Identifier(#[from] UrlError),
    /// They cannot be written.
    #[error("the metadata cannot be written")]
    Unwritable,
    /// They cannot be signed.
    #[error(transparent)]
    Signed(#[from] SignedMetadataError),
    /// There is no key to sign them with.
    #[error("this issuer does not sign its metadata")]
    NotSigned,
    /// The key did not sign.
    #[error(transparent)]
    Signing(#[from] SigningFailed),
}
