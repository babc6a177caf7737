//! Whom the wallet deals with. Nothing here has a default: the application, or the registry whose trust list it carries,
//! decides.

use std::collections::BTreeMap;

use serde_json::Value;
use symbolon_crypto::x509::Certificate;
use symbolon_protocol::identifier::{HttpUrl, IssuerIdentifier, UrlError, UrlPolicy};
use symbolon_protocol::openid4vp::request_object::ResponseUriRule;
use symbolon_trust::trust_list::{CredentialTypeRule, TrustList};

use crate::receive::ShownIssuer;

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
}

impl WalletPolicy {
    /// The policy that a trust list describes: its issuers, its relying parties, whose answers go only to addresses that their
    /// certificates name, and its type metadata.
    ///
    /// # Errors
    /// [`UrlError`] when an issuer's identifier is no URL that `urls` permits.
    pub fn from_trust_list(list: &TrustList, urls: UrlPolicy) -> Result<Self, UrlError> {
        let issuers = list
            .issuers
            .iter()
            .map(|issuer| {
                let identifier = IssuerIdentifier::parse(issuer.identifier.as_str())?;
                identifier.permitted(urls)?;
                Ok(AllowedIssuer {
                    identifier,
                    name: issuer.name.clone(),
                    anchors: issuer.anchors.clone(),
                    types: AllowedTypes::from_rules(&issuer.credential_types),
                })
            })
            .collect::<Result<Vec<_>, _>>()?;
        Ok(Self {
            issuers: IssuerPolicy::AllowList(issuers),
            relying_parties: RelyingPartyPolicy::AnchoredBy {
                anchors: list.relying_parties.anchors.clone(),
                addresses: ResponseUriRule::NamedInCertificate,
            },
            urls,
            type_metadata: list.type_metadata.clone(),
        })
    }
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
    /// What it may issue.
    pub types: AllowedTypes,
}

/// What an issuer may issue.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum AllowedTypes {
    /// Every type.
    Any,
    /// Credentials with one of these `vct`.
    Only(Vec<String>),
}

/// To whom credentials are shown.
#[derive(Debug, Clone)]
pub enum RelyingPartyPolicy {
    /// To whoever signs requests with a certificate under one of these anchors.
    AnchoredBy {
        /// The certificates under which verifiers sign.
        anchors: Vec<Certificate>,
        /// What binds the address of the answer to the verifier.
        addresses: ResponseUriRule,
    },
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

    /// The certificates under which `issuer` signs credentials of `credential_type`; `None` when it may not.
    pub(crate) fn anchors(&self, issuer: &IssuerIdentifier, credential_type: &str) -> Option<&[Certificate]> {
        match self {
            Self::AllowList(issuers) => issuers
                .iter()
                .find(|allowed| allowed.identifier == *issuer)
                .filter(|allowed| allowed.types.allows(credential_type))
                .map(|allowed| allowed.anchors.as_slice()),
            Self::AnyAnchoredBy(anchors) => Some(anchors),
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
