//! Whom the wallet deals with. Nothing here has a default: the application, or the registry whose trust list it carries,
//! decides.

mod relying_parties;
#[cfg(test)]
mod tests;

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use serde_json::Value;
use symbolon_credential::data_integrity::{ContextTable, InvalidContext};
use symbolon_crypto::PublicKey;
use symbolon_crypto::x509::Certificate;
use symbolon_did::{Did, DidDocumentError, DidUrl, PublishedDocument, Relationship, verification_key};
use symbolon_protocol::identifier::{HttpUrl, IssuerIdentifier, UrlError, UrlPolicy};
use symbolon_protocol::openid4vp::request_object::ResponseUriRule;
use symbolon_trust::trust_list::{
    AnchoredFormat, CredentialTypeRule, EtsiTrustedList, TrustList, TrustedIssuer,
};
use thiserror::Error;

use crate::receive::ShownIssuer;

pub use relying_parties::{
    AnswerProtection, BrowserAnswers, OverAsking, ProfileContradiction, RelyingPartyPolicy, SpentCopies,
    UnverifiedParties,
};

/// Whether the metadata of issuers must be signed ([HAIP §4.1]).
///
/// [HAIP §4.1]: https://openid.net/specs/openid4vc-high-assurance-interoperability-profile-1_0.html#section-4.1
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SignedMetadata {
    /// They are verified where the issuer signs them.
    #[default]
    WhereOffered,
    /// An issuer that does not sign them is refused.
    Required,
}

/// Everything the wallet has been told about whom to deal with.
#[derive(Debug, Clone)]
pub struct WalletPolicy {
    /// From whom credentials are received, by QR code and deep link alike.
    pub issuers: IssuerPolicy,
    /// To whom credentials are shown.
    pub relying_parties: RelyingPartyPolicy,
    /// Which URLs are used at all.
    pub urls: UrlPolicy,
    /// Type metadata by `vct`, for the names of claims where the issuer's metadata has none.
    pub type_metadata: BTreeMap<String, Value>,
    /// The JSON-LD contexts of issuers. They are never fetched: what a term of a credential means is not its issuer's to say
    /// at the time of reading.
    pub contexts: ContextTable,
    /// What is known of ETSI trusted lists, for requests that accept the issuers of one. They are never fetched: whoever names
    /// one would learn who is asked.
    pub etsi_trusted_lists: Vec<EtsiTrustedList>,
}

/// Why a trust list makes no policy.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum PolicyError {
    /// An issuer's identifier is no URL, or one that is not permitted.
    #[error("an issuer of the trust list has an identifier that cannot be used")]
    Issuer(#[from] UrlError),
    /// A DID document is malformed.
    #[error("a DID document of the trust list cannot be used")]
    DidDocument(#[from] DidDocumentError),
    /// A context is malformed.
    #[error("a context of the trust list cannot be used")]
    Context(#[from] InvalidContext),
}

impl WalletPolicy {
    /// The policy that a trust list describes: its issuers with their anchors and DIDs, its relying parties, whose answers go
    /// only to addresses that their certificates name, its contexts and its type metadata. Issuing authorities that are known by
    /// their certificates alone are left out: nobody is offered anything by them, since they have no address.
    ///
    /// # Errors
    /// [`PolicyError`].
    pub fn from_trust_list(list: &TrustList, urls: UrlPolicy) -> Result<Self, PolicyError> {
        let issuers = list
            .issuers
            .iter()
            .filter(|issuer| !issuer.identifier.is_certificate())
            .map(|issuer| {
                let identifier = IssuerIdentifier::parse(issuer.identifier.as_str())?;
                identifier.permitted(urls)?;
                Ok(AllowedIssuer {
                    identifier,
                    name: issuer.name.clone(),
                    anchors: issuer.anchors.clone(),
                    dids: dids_of(issuer, list)?,
                    types: AllowedTypes::from_rules(&issuer.credential_types),
                    status_prefix: issuer.status_prefix.clone(),
                    formats: issuer.formats.clone(),
                })
            })
            .collect::<Result<Vec<_>, PolicyError>>()?;
        let contexts = list
            .contexts
            .iter()
            .map(|(url, document)| (url.clone(), document.clone()));
        let parties = &list.relying_parties;
        Ok(Self {
            issuers: IssuerPolicy::AllowList(issuers),
            relying_parties: RelyingPartyPolicy {
                accredited: parties.registered.clone(),
                ..RelyingPartyPolicy::anchored_by(
                    parties.anchors.clone(),
                    ResponseUriRule::NamedInCertificate,
                )
            },
            urls,
            type_metadata: list.type_metadata.clone(),
            contexts: ContextTable::from_documents(contexts)?,
            etsi_trusted_lists: list.etsi_trusted_lists.clone(),
        })
    }

    /// The ETSI trusted lists that have a certificate of the trust chain of a credential by `issuer`, which carries `chain`: one of
    /// these certificates, or the anchor above them.
    pub(crate) fn trusted_lists_of(&self, issuer: &str, chain: &[Certificate]) -> Vec<String> {
        let anchors = match &self.issuers {
            IssuerPolicy::AllowList(issuers) => {
                let known = issuers.iter().find(|known| known.identifier.as_str() == issuer);
                known.map_or(&[][..], |known| &known.anchors)
            }
            IssuerPolicy::AnyAnchoredBy(anchors) => anchors,
        };
        let is_above = |anchor: &&Certificate| {
            chain.last().is_some_and(|last| {
                last.issuer_name() == anchor.subject_name()
                    && last.authority_key_identifier() == anchor.subject_key_identifier()
            })
        };
        let trust_chain: Vec<&Certificate> = chain.iter().chain(anchors.iter().filter(is_above)).collect();
        EtsiTrustedList::with_one_of(&self.etsi_trusted_lists, &trust_chain)
    }
}

/// A DID that was deactivated signs nothing any more and is left out; its issuer may have others.
fn dids_of(issuer: &TrustedIssuer, list: &TrustList) -> Result<Vec<IssuerDid>, PolicyError> {
    let mut dids = Vec::new();
    for did in &issuer.dids {
        let document = match list.did_documents.get(did) {
            None => None,
            Some(document) => match PublishedDocument::from_value(document, did) {
                Ok(document) => Some(document),
                Err(DidDocumentError::Deactivated) => continue,
                Err(error) => return Err(error.into()),
            },
        };
        dids.push(IssuerDid {
            did: did.clone(),
            document,
        });
    }
    Ok(dids)
}

/// From whom credentials are received.
#[derive(Debug, Clone)]
pub enum IssuerPolicy {
    /// From these issuers only, each under its own certificates. An offer of another issuer is refused before anything is
    /// fetched.
    AllowList(Vec<AllowedIssuer>),
    /// From any issuer whose credentials are signed under one of these certificates. The wallet cannot know the issuer
    /// before a credential has arrived, so it shows only the URL that the offer claims; prefer the list where there is one.
    AnyAnchoredBy(Vec<Certificate>),
}

/// One issuer of the list.
#[derive(Debug, Clone)]
pub struct AllowedIssuer {
    /// Its identifier, compared as text.
    pub identifier: IssuerIdentifier,
    /// The name to show.
    pub name: String,
    /// The certificates under which its credentials are signed.
    pub anchors: Vec<Certificate>,
    /// The DIDs under which it issues W3C credentials.
    pub dids: Vec<IssuerDid>,
    /// What it may issue.
    pub types: AllowedTypes,
    /// The beginning of the URIs of its status lists, where that is not its identifier and a slash.
    pub status_prefix: Option<String>,
    /// The formats that it is believed for; every format where there is none.
    pub formats: Vec<AnchoredFormat>,
}

/// A DID of an issuer, and where its keys are found. Nothing is fetched: a DID of a method that does not hold its key itself
/// signs nothing without its document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IssuerDid {
    /// The DID.
    pub did: Did,
    /// Its document, where there is one. It then names every key, also of a method that would name its own.
    pub document: Option<PublishedDocument>,
}

impl IssuerDid {
    /// The key of a verification method of this DID, if the DID lets it sign credentials.
    #[must_use]
    pub fn assertion_key(&self, method: &DidUrl) -> Option<PublicKey> {
        if *method.did() != self.did {
            return None;
        }
        match &self.document {
            Some(document) => document.key(method, Relationship::AssertionMethod).ok().cloned(),
            None => verification_key(method).ok(),
        }
    }
}

/// How the credentials of one issuer are known to be its own.
#[derive(Debug, Clone, Copy)]
pub(crate) struct IssuerEvidence<'p> {
    /// The certificates under which it signs.
    pub(crate) anchors: &'p [Certificate],
    /// The DIDs that it has.
    pub(crate) dids: &'p [IssuerDid],
}

impl<'p> IssuerEvidence<'p> {
    /// The DID of this name, if the issuer has it.
    pub(crate) fn did(&self, did: &str) -> Option<&'p IssuerDid> {
        self.dids.iter().find(|known| known.did.as_str() == did)
    }
}

/// What an issuer may issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedTypes {
    /// Every type.
    Any,
    /// Credentials of one of these types: a `vct`, the document type of an mdoc, a type of a W3C credential.
    Only(Vec<String>),
}

impl AllowedTypes {
    fn from_rules(rules: &[CredentialTypeRule]) -> Self {
        let mut only = Vec::new();
        for rule in rules {
            match rule {
                CredentialTypeRule::Any => return Self::Any,
                CredentialTypeRule::Exactly(credential_type) => only.push(credential_type.clone()),
            }
        }
        Self::Only(only)
    }

    /// Whether a credential of this type may come from the issuer.
    #[must_use]
    pub fn allows(&self, credential_type: &str) -> bool {
        match self {
            Self::Any => true,
            Self::Only(types) => types.iter().any(|allowed| allowed == credential_type),
        }
    }
}

impl IssuerPolicy {
    /// The issuer, if offers of it are accepted.
    pub(crate) fn issuer(&self, identifier: &IssuerIdentifier) -> Option<ShownIssuer> {
        match self {
            Self::AllowList(issuers) => issuers
                .iter()
                .find(|issuer| issuer.identifier == *identifier)
                .map(|issuer| ShownIssuer {
                    identifier: issuer.identifier.clone(),
                    name: Some(issuer.name.clone()),
                }),
            Self::AnyAnchoredBy(_) => Some(ShownIssuer {
                identifier: identifier.clone(),
                name: None,
            }),
        }
    }

    /// The issuers that a link by reference can come from: those on the same scheme, host and port, and of these the ones
    /// whose path contains the reference when there are any. Without a list it is the origin itself that is shown.
    pub(crate) fn issuers_at(&self, reference: &HttpUrl) -> Vec<ShownIssuer> {
        match self {
            Self::AllowList(issuers) => {
                let origin = reference.url().origin();
                let same_origin: Vec<_> = issuers
                    .iter()
                    .filter(|issuer| issuer.identifier.url().url().origin() == origin)
                    .collect();
                let above: Vec<_> = same_origin
                    .iter()
                    .copied()
                    .filter(|issuer| contains(issuer, reference))
                    .collect();
                let chosen = if above.is_empty() { same_origin } else { above };
                chosen
                    .into_iter()
                    .map(|issuer| ShownIssuer {
                        identifier: issuer.identifier.clone(),
                        name: Some(issuer.name.clone()),
                    })
                    .collect()
            }
            Self::AnyAnchoredBy(_) => {
                IssuerIdentifier::parse(&reference.url().origin().ascii_serialization())
                    .map(|identifier| {
                        vec![ShownIssuer {
                            identifier,
                            name: None,
                        }]
                    })
                    .unwrap_or_default()
            }
        }
    }

    /// The certificates under which the metadata of `issuer` are signed.
    pub(crate) fn anchors(&self, issuer: &IssuerIdentifier) -> &[Certificate] {
        match self {
            Self::AllowList(issuers) => issuers
                .iter()
                .find(|allowed| allowed.identifier == *issuer)
                .map_or(&[], |allowed| &allowed.anchors),
            Self::AnyAnchoredBy(anchors) => anchors,
        }
    }

    /// The issuer as the rules of status lists know it; `None` when it is not one of the policy's.
    pub(crate) fn status_issuer(&self, issuer: &IssuerIdentifier) -> Option<TrustedIssuer> {
        let (name, anchors, dids, status_prefix) = match self {
            Self::AllowList(issuers) => {
                let known = issuers.iter().find(|known| known.identifier == *issuer)?;
                let dids = known.dids.iter().map(|known| known.did.clone()).collect();
                (
                    known.name.clone(),
                    &known.anchors,
                    dids,
                    known.status_prefix.clone(),
                )
            }
            Self::AnyAnchoredBy(anchors) => (String::new(), anchors, Vec::new(), None),
        };
        Some(TrustedIssuer {
            identifier: symbolon_trust::trust_list::IssuerIdentifier::parse(issuer.as_str()).ok()?,
            name,
            credential_types: Vec::new(),
            anchors: anchors.clone(),
            claim169_keys: Vec::new(),
            status_prefix,
            dids,
            formats: Vec::new(),
            source: None,
        })
    }

    /// Whether the offer behind a link may come from `issuer`, given who was shown.
    pub(crate) fn is_among(&self, issuer: &IssuerIdentifier, shown: &[IssuerIdentifier]) -> bool {
        match self {
            Self::AllowList(_) => shown.contains(issuer) && self.issuer(issuer).is_some(),
            // What was shown is an origin, so that is what must not change.
            Self::AnyAnchoredBy(_) => {
                let origin = issuer.url().url().origin();
                shown.iter().any(|shown| shown.url().url().origin() == origin)
            }
        }
    }

    /// Whether an issuer is believed for credentials of a format.
    pub(crate) fn vouches_for(&self, issuer: &IssuerIdentifier, format: AnchoredFormat) -> bool {
        match self {
            Self::AllowList(issuers) => issuers
                .iter()
                .find(|allowed| allowed.identifier == *issuer)
                .is_some_and(|allowed| allowed.formats.is_empty() || allowed.formats.contains(&format)),
            Self::AnyAnchoredBy(_) => true,
        }
    }

    /// How credentials of `credential_type` are known to be of `issuer`; `None` when it may not issue them.
    pub(crate) fn evidence(
        &self,
        issuer: &IssuerIdentifier,
        credential_type: &str,
    ) -> Option<IssuerEvidence<'_>> {
        match self {
            Self::AllowList(issuers) => issuers
                .iter()
                .find(|allowed| allowed.identifier == *issuer)
                .filter(|allowed| allowed.types.allows(credential_type))
                .map(|allowed| IssuerEvidence {
                    anchors: &allowed.anchors,
                    dids: &allowed.dids,
                }),
            // Anchors say nothing about DIDs, so nobody's W3C credentials under DIDs are accepted.
            Self::AnyAnchoredBy(anchors) => Some(IssuerEvidence { anchors, dids: &[] }),
        }
    }
}

/// Whether the reference lies under the path of the issuer.
fn contains(issuer: &AllowedIssuer, reference: &HttpUrl) -> bool {
    let path = issuer.identifier.url().url().path().trim_end_matches('/');
    !path.is_empty()
        && reference
            .url()
            .path()
            .strip_prefix(path)
            .is_some_and(|rest| rest.is_empty() || rest.starts_with('/'))
}
