//! The credential offer ([OpenID4VCI §4.1]).
//!
//! An offer is not authenticated: anybody can print one. The wallet shows which issuer it names before anything
//! is fetched for the resident, and believes nothing else in it.
//!
//! [OpenID4VCI §4.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-4.1

use serde::{Deserialize, Serialize};
use thiserror::Error;
use url::{Url, form_urlencoded};

use super::identifiers::ConfigurationId;
use crate::identifier::{HttpUrl, IssuerIdentifier, UrlPolicy};
use crate::secret::PreAuthorizedCode;
use crate::wire::{JsonRefused, parse_json};

/// The scheme of an offer link: which wallets a device opens for it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferScheme {
    /// That of every wallet ([OpenID4VCI §4.1.2]).
    ///
    /// [OpenID4VCI §4.1.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-4.1.2
    OpenIdCredentialOffer,
    /// That of wallets of the high-assurance profile ([HAIP §4.2]).
    ///
    /// [HAIP §4.2]: https://openid.net/specs/openid4vc-high-assurance-interoperability-profile-1_0.html#section-4.2
    HaipVci,
}

impl OfferScheme {
    const ALL: [Self; 2] = [Self::OpenIdCredentialOffer, Self::HaipVci];

    /// The scheme as it stands in links.
    #[must_use]
    pub const fn as_str(self) -> &'static str {
        match self {
            Self::OpenIdCredentialOffer => "openid-credential-offer",
            Self::HaipVci => "haip-vci",
        }
    }
}

/// The largest offer that is read, in bytes. An offer in a QR code has to stay far below.
pub const MAX_OFFER_BYTES: usize = 16 * 1024;

/// The longest offer link that is read, in bytes: a whole offer with every character escaped.
pub const MAX_OFFER_LINK_BYTES: usize = 3 * MAX_OFFER_BYTES;

/// The largest number of configurations in one offer.
pub const MAX_OFFERED_CONFIGURATIONS: usize = 32;

/// The longest description of a transaction code, in characters ([OpenID4VCI §4.1.1]).
///
/// [OpenID4VCI §4.1.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-4.1.1
pub const MAX_TX_CODE_DESCRIPTION_CHARACTERS: usize = 300;

const BY_VALUE: &str = "credential_offer";
const BY_REFERENCE: &str = "credential_offer_uri";

/// What an issuer offers. Unknown members are ignored.
#[derive(Debug, Serialize, Deserialize)]
pub struct CredentialOffer {
    /// The issuer.
    pub credential_issuer: IssuerIdentifier,
    /// The configurations, non-empty and unique.
    pub credential_configuration_ids: Vec<ConfigurationId>,
    /// The ways to a token. Without them the authorization server's metadata decides.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub grants: Option<Grants>,
}

/// The grants of an offer. Grants of other kinds are ignored.
#[derive(Debug, Default, Serialize, Deserialize)]
pub struct Grants {
    /// The resident signs in at the issuer.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_code: Option<AuthorizationCodeGrant>,
    /// The resident was identified before the offer was made.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        rename = "urn:ietf:params:oauth:grant-type:pre-authorized_code"
    )]
    pub pre_authorized_code: Option<PreAuthorizedCodeGrant>,
}

/// The authorization code grant of an offer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthorizationCodeGrant {
    /// Echoed in the authorization request. Whoever made the offer chose it: it proves nothing.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuer_state: Option<String>,
    /// Which of the issuer's authorization servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_server: Option<IssuerIdentifier>,
}

/// The pre-authorized code grant of an offer.
#[derive(Debug, Serialize, Deserialize)]
pub struct PreAuthorizedCodeGrant {
    /// The code.
    #[serde(
        rename = "pre-authorized_code",
        serialize_with = "crate::secret::serialize_exposed"
    )]
    pub pre_authorized_code: PreAuthorizedCode,
    /// Present, even when empty, when a transaction code is needed.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tx_code: Option<TxCodePrompt>,
    /// Which of the issuer's authorization servers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_server: Option<IssuerIdentifier>,
}

/// How to ask the resident for a transaction code.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct TxCodePrompt {
    /// Which keyboard.
    #[serde(default)]
    pub input_mode: TxCodeInputMode,
    /// How many characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub length: Option<u32>,
    /// Where the code comes from, in the issuer's words; at most 300 characters.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
}

/// The characters of a transaction code.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum TxCodeInputMode {
    /// Digits.
    #[default]
    Numeric,
    /// Any.
    Text,
}

impl CredentialOffer {
    /// Reads an offer.
    ///
    /// # Errors
    /// [`OfferError`].
    pub fn parse(json: &[u8], policy: UrlPolicy) -> Result<Self, OfferError> {
        let offer: Self = parse_json(json, MAX_OFFER_BYTES).map_err(|refused| match refused {
            JsonRefused::TooLarge { limit } => OfferError::TooLarge { limit },
            JsonRefused::Malformed => OfferError::Malformed,
        })?;
        offer
            .credential_issuer
            .permitted(policy)
            .map_err(|_| OfferError::IssuerNotPermitted)?;
        let ids = &offer.credential_configuration_ids;
        if ids.is_empty() {
            return Err(OfferError::NoConfigurations);
        }
        if ids.len() > MAX_OFFERED_CONFIGURATIONS {
            return Err(OfferError::TooManyConfigurations);
        }
        if ids
            .iter()
            .enumerate()
            .any(|(at, id)| ids.iter().skip(at + 1).any(|other| other == id))
        {
            return Err(OfferError::RepeatedConfiguration);
        }
        let description = offer
            .pre_authorized_code()
            .and_then(|grant| grant.tx_code.as_ref())
            .and_then(|prompt| prompt.description.as_ref());
        if description.is_some_and(|text| text.chars().count() > MAX_TX_CODE_DESCRIPTION_CHARACTERS) {
            return Err(OfferError::DescriptionTooLong);
        }
        Ok(offer)
    }

    /// The offer as JSON, as it is served by reference.
    ///
    /// # Errors
    /// [`OfferError::Malformed`] when it cannot be written, which no offer that was parsed causes.
    pub fn to_json(&self) -> Result<String, OfferError> {
        serde_json::to_string(self).map_err(|_| OfferError::Malformed)
    }

    /// The pre-authorized code grant.
    #[must_use]
    pub fn pre_authorized_code(&self) -> Option<&PreAuthorizedCodeGrant> {
        self.grants.as_ref()?.pre_authorized_code.as_ref()
    }
}

/// An offer link: what a QR code or a button carries.
#[derive(Debug)]
pub enum OfferLink {
    /// The offer itself.
    ByValue(Box<CredentialOffer>),
    /// Where to fetch the offer; the response is `application/json`.
    ByReference(HttpUrl),
}

impl OfferLink {
    /// Reads `openid-credential-offer://…`, `haip-vci://…`, or an https link of a wallet's own offer endpoint.
    ///
    /// # Errors
    /// [`OfferError`].
    pub fn parse(link: &str, policy: UrlPolicy) -> Result<Self, OfferError> {
        if link.len() > MAX_OFFER_LINK_BYTES {
            return Err(OfferError::TooLarge {
                limit: MAX_OFFER_LINK_BYTES,
            });
        }
        let url = Url::parse(link).map_err(|_| OfferError::NotAnOfferLink)?;
        let is_offer = OfferScheme::ALL
            .iter()
            .any(|scheme| scheme.as_str() == url.scheme());
        if !is_offer && !policy.permits(&url) {
            return Err(OfferError::NotAnOfferLink);
        }
        let mut value = None;
        let mut reference = None;
        for (name, text) in url.query_pairs() {
            let slot = match &*name {
                BY_VALUE => &mut value,
                BY_REFERENCE => &mut reference,
                _ => continue,
            };
            if slot.replace(text.into_owned()).is_some() {
                return Err(OfferError::NotExactlyOneOffer);
            }
        }
        match (value, reference) {
            (Some(json), None) => {
                CredentialOffer::parse(json.as_bytes(), policy).map(|offer| Self::ByValue(Box::new(offer)))
            }
            (None, Some(reference)) => {
                let url = HttpUrl::parse(&reference).map_err(|_| OfferError::ReferenceNotPermitted)?;
                url.permitted(policy)
                    .map_err(|_| OfferError::ReferenceNotPermitted)?;
                Ok(Self::ByReference(url))
            }
            (None, None) | (Some(_), Some(_)) => Err(OfferError::NotExactlyOneOffer),
        }
    }

    /// The link with the scheme that every wallet registers.
    ///
    /// # Errors
    /// As [`CredentialOffer::to_json`].
    pub fn to_uri(&self) -> Result<String, OfferError> {
        self.to_uri_of(OfferScheme::OpenIdCredentialOffer)
    }

    /// The link with a scheme.
    ///
    /// # Errors
    /// As [`CredentialOffer::to_json`].
    pub fn to_uri_of(&self, scheme: OfferScheme) -> Result<String, OfferError> {
        let start = format!("{}://?", scheme.as_str());
        let length = start.len();
        let mut query = form_urlencoded::Serializer::for_suffix(start, length);
        match self {
            Self::ByValue(offer) => query.append_pair(BY_VALUE, &offer.to_json()?),
            Self::ByReference(url) => query.append_pair(BY_REFERENCE, url.as_str()),
        };
        // Blanks as %20: a reader that decodes the query as a URI and not as a form would keep the plus sign.
        Ok(query.finish().replace('+', "%20"))
    }
}

/// Why an offer was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OfferError {
    /// Over budget.
    #[error("the offer is larger than {limit} bytes")]
    TooLarge {
        /// The budget.
        limit: usize,
    },
    /// Another kind of link.
    #[error("this is not a credential offer link")]
    NotAnOfferLink,
    /// Both, neither, or one of them twice.
    #[error("an offer link carries exactly one of credential_offer and credential_offer_uri")]
    NotExactlyOneOffer,
    /// `credential_offer_uri` is no https URL.
    #[error("the offer's address must be an https URL")]
    ReferenceNotPermitted,
    /// Not the JSON of the specification.
    #[error("the offer is malformed")]
    Malformed,
    /// The issuer is no https URL.
    #[error("the issuer of the offer must be an https URL")]
    IssuerNotPermitted,
    /// Nothing is offered.
    #[error("the offer names no credential configuration")]
    NoConfigurations,
    /// More than [`MAX_OFFERED_CONFIGURATIONS`].
    #[error("the offer names more than {MAX_OFFERED_CONFIGURATIONS} credential configurations")]
    TooManyConfigurations,
    /// One configuration twice.
    #[error("the offer names a credential configuration twice")]
    RepeatedConfiguration,
    /// The prompt for the transaction code is too long to be shown.
    #[error(
        "the description of the transaction code is longer than {MAX_TX_CODE_DESCRIPTION_CHARACTERS} characters"
    )]
    DescriptionTooLong,
}

#[cfg(test)]
mod tests {
    use super::*;

    const OFFER: &str = r#"{"credential_issuer":"https://registry.example","credential_configuration_ids":["a","b"],
        "grants":{"urn:ietf:params:oauth:grant-type:pre-authorized_code":{"pre-authorized_code":"c o+d&e","tx_code":{}}},
        "something_new":1}"#;

    fn parse(json: &str) -> Result<CredentialOffer, OfferError> {
        CredentialOffer::parse(json.as_bytes(), UrlPolicy::Public)
    }

    #[test]
    fn an_empty_tx_code_object_still_asks_for_a_code() {
        let offer = parse(OFFER).unwrap();
        let prompt = offer.pre_authorized_code().unwrap().tx_code.clone().unwrap();
        assert_eq!(
            prompt,
            TxCodePrompt {
                input_mode: TxCodeInputMode::Numeric,
                length: None,
                description: None
            }
        );
        assert!(
            parse(&OFFER.replace(",\"tx_code\":{}", ""))
                .unwrap()
                .pre_authorized_code()
                .unwrap()
                .tx_code
                .is_none()
        );
    }

    #[test]
    fn a_link_by_value_reads_back() {
        let link = OfferLink::ByValue(Box::new(parse(OFFER).unwrap()))
            .to_uri()
            .unwrap();
        assert!(!link.contains('+'), "{link}");
        let OfferLink::ByValue(offer) = OfferLink::parse(&link, UrlPolicy::Public).unwrap() else {
            panic!("by value");
        };
        assert_eq!(
            offer.pre_authorized_code().unwrap().pre_authorized_code.expose(),
            "c o+d&e"
        );
        assert_eq!(offer.credential_configuration_ids.len(), 2);
    }

    #[test]
    fn a_link_by_reference_reads_back_from_either_scheme() {
        let reference = HttpUrl::parse("https://registry.example/offers/7?x=1").unwrap();
        let link = OfferLink::ByReference(reference.clone()).to_uri().unwrap();
        let https = link.replace("openid-credential-offer://", "https://wallet.example/offer");
        for link in [link, https] {
            match OfferLink::parse(&link, UrlPolicy::Public).unwrap() {
                OfferLink::ByReference(url) => assert_eq!(url, reference),
                OfferLink::ByValue(_) => panic!("by reference"),
            }
        }
    }

    #[test]
    fn a_link_carries_exactly_one_offer() {
        let scheme = "openid-credential-offer://?";
        for query in [
            "",
            "other=1",
            "credential_offer={}&credential_offer_uri=https://a.example",
            "credential_offer_uri=https://a.example&credential_offer_uri=https://b.example",
        ] {
            let error = OfferLink::parse(&format!("{scheme}{query}"), UrlPolicy::Public).unwrap_err();
            assert_eq!(error, OfferError::NotExactlyOneOffer, "{query}");
        }
    }

    #[test]
    fn refuses_foreign_links_and_plain_references() {
        for link in [
            "openid4vp://?credential_offer_uri=https://a.example",
            "javascript:alert(1)",
            "hello",
        ] {
            assert_eq!(
                OfferLink::parse(link, UrlPolicy::Public).unwrap_err(),
                OfferError::NotAnOfferLink
            );
        }
        for reference in ["http://a.example", "file:///etc/passwd", "https://u:p@a.example"] {
            let link = format!("openid-credential-offer://?credential_offer_uri={reference}");
            assert_eq!(
                OfferLink::parse(&link, UrlPolicy::Public).unwrap_err(),
                OfferError::ReferenceNotPermitted
            );
        }
    }

    #[test]
    fn each_broken_offer_is_refused_for_its_own_reason() {
        let long = format!("{{\"description\":\"{}\"}}", "a".repeat(301));
        for (from, to, error) in [
            ("[\"a\",\"b\"]", "[]", OfferError::NoConfigurations),
            (
                "[\"a\",\"b\"]",
                "[\"a\",\"a\"]",
                OfferError::RepeatedConfiguration,
            ),
            ("[\"a\",\"b\"]", "[\"a\",\"\"]", OfferError::Malformed),
            ("[\"a\",\"b\"]", "\"a\"", OfferError::Malformed),
            (
                "https://registry.example",
                "http://registry.example",
                OfferError::IssuerNotPermitted,
            ),
            (
                "https://registry.example",
                "https://registry.example?x",
                OfferError::Malformed,
            ),
            ("{}", long.as_str(), OfferError::DescriptionTooLong),
        ] {
            assert_eq!(parse(&OFFER.replace(from, to)).unwrap_err(), error, "{to}");
        }
    }

    #[test]
    fn a_link_of_the_high_assurance_profile_is_an_offer_link_too() {
        let reference = HttpUrl::parse("https://issuer.example/offers/1").unwrap();
        let link = OfferLink::ByReference(reference.clone())
            .to_uri_of(OfferScheme::HaipVci)
            .unwrap();
        assert!(link.starts_with("haip-vci://?credential_offer_uri="), "{link}");
        let Ok(OfferLink::ByReference(read)) = OfferLink::parse(&link, UrlPolicy::Public) else {
            panic!("{link}");
        };
        assert_eq!(read, reference);
        let other = link.replace("haip-vci", "haip-vp");
        assert!(matches!(
            OfferLink::parse(&other, UrlPolicy::Public),
            Err(OfferError::NotAnOfferLink)
        ));
    }
}
