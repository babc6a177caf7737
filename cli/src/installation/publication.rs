//! What a trust list says of this installation's issuer beyond its certificates: DIDs, DID documents, type metadata and
//! contexts, made of its configurations and keys.

use std::collections::BTreeMap;

use symbolon_crypto::PublicKey;
use symbolon_crypto::signing::SoftwareKey;
use symbolon_issuer::assertion::AssertionKeys;
use symbolon_issuer::mapping::CredentialConfiguration;
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer::profile::IssuerProfile;
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_schemas::CREDENTIALS;
use symbolon_trust::trust_list::{TrustList, TrustedIssuer};

use crate::installation::init::InitError;

/// What the issuer publishes.
pub struct Publication {
    profile: IssuerProfile,
    assertion: AssertionKeys,
}

impl Publication {
    /// What the issuer at `identifier` publishes with these keys and every shipped configuration. The retired keys sign no
    /// more, and credentials that they signed are still in force.
    ///
    /// # Errors
    /// An identifier that is none, or cannot be written as a DID.
    pub fn of(
        identifier: &str,
        name: &str,
        assertion: &[&SoftwareKey],
        retired: &[PublicKey],
    ) -> Result<Self, InitError> {
        let wrong = || InitError::Identifier("the issuer's URL");
        let identifier = IssuerIdentifier::parse(identifier).map_err(|_| wrong())?;
        let keys = assertion
            .iter()
            .map(|key| (key.handle().clone(), key.public_key().clone()));
        let configurations = CREDENTIALS
            .iter()
            .map(|template| CredentialConfiguration::parse(template.mapping))
            .collect::<Result<_, _>>()
            .map_err(|_| InitError::Unreadable)?;
        Ok(Self {
            assertion: AssertionKeys::new(&identifier, keys)
                .and_then(|keys| keys.with_retired(retired.iter().cloned()))
                .map_err(|_| wrong())?,
            profile: IssuerProfile::new(
                identifier,
                name.to_owned(),
                configurations,
                IssuerPolicy::default(),
            )
            .map_err(|_| InitError::Unreadable)?,
        })
    }

    /// Writes it into the entry of the issuer, and into the documents of the list beside what is there.
    pub fn enter(&self, issuer: &mut TrustedIssuer, documents: &mut Documents<'_>) {
        for did in self.assertion.dids() {
            if !issuer.dids.contains(&did) {
                issuer.dids.push(did);
            }
        }
        documents.did_documents.extend(self.assertion.did_documents());
        for id in self.profile.configurations().keys() {
            let Some(published) = self.profile.published_type(id) else {
                continue;
            };
            if let Ok(metadata) = serde_json::from_slice(&published.metadata) {
                documents
                    .type_metadata
                    .insert(published.vct.as_str().to_owned(), metadata);
            }
        }
        for context in self.profile.contexts().values() {
            documents
                .contexts
                .insert(context.url.clone(), context.document.clone());
        }
    }
}

/// The documents of a trust list.
pub struct Documents<'l> {
    type_metadata: &'l mut BTreeMap<String, serde_json::Value>,
    did_documents: &'l mut BTreeMap<symbolon_did::Did, serde_json::Value>,
    contexts: &'l mut BTreeMap<String, serde_json::Value>,
}

/// The issuers and the documents of a list.
pub fn parts(list: &mut TrustList) -> (&mut Vec<TrustedIssuer>, Documents<'_>) {
    (
        &mut list.issuers,
        Documents {
            type_metadata: &mut list.type_metadata,
            did_documents: &mut list.did_documents,
            contexts: &mut list.contexts,
        },
    )
}
