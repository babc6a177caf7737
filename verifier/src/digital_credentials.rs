//! Asking over the Digital Credentials API: what a request offers, and the key and nonce of each protocol.
//!
//! A request offers several protocols at once, and one is answered. Each has a key and a nonce of its own, derived from the master
//! secret, so that the answer to one is none to another: what a wallet sealed for a request that nobody signed cannot be handed in as
//! the answer to a signed one.

use serde::{Deserialize, Serialize};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::digital_credentials::items::{NotExpressible, items_of_query};
use symbolon_protocol::digital_credentials::openid4vp::OriginResponseMode;
use symbolon_protocol::digital_credentials::{ExchangeProtocol, Origin};
use symbolon_protocol::openid4vp::profile::PresentationProfile;
use thiserror::Error;

/// What a request offers to the browser of a page.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct DigitalCredentialsOffer {
    /// The origin of the page, which everything is bound to.
    pub origin: Origin,
    /// The protocols, in the order in which they are offered; never empty.
    pub protocols: Vec<ExchangeProtocol>,
    /// How answers of OpenID4VP travel.
    pub response_mode: OriginResponseMode,
}

/// Why nothing is offered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum InvalidOffer {
    /// The page is of an origin that is not the caller's.
    #[error("origin is none of the origins of the caller")]
    ForeignOrigin,
    /// The page of the verifier's own has the verifier's origin.
    #[error("a request with a page of the verifier's own has the verifier's origin")]
    OwnPage,
    /// No protocol.
    #[error("protocols is empty")]
    NoProtocol,
    /// One protocol twice.
    #[error("protocols names one twice")]
    Repeated,
    /// The query is more than ISO/IEC 18013-5 can say.
    #[error("the query cannot be asked as org-iso-mdoc: {0}")]
    NotExpressible(#[from] NotExpressible),
    /// Transactions are asked for by link alone: wallets do not take them from a page.
    #[error("transactions cannot be asked for over the Digital Credentials API")]
    Transactions,
    /// HAIP answers are encrypted ([HAIP §5.2]).
    ///
    /// [HAIP §5.2]: https://openid.net/specs/openid4vc-high-assurance-interoperability-profile-1_0.html#section-5.2
    #[error("the profile haip needs response_mode = \"dc_api.jwt\"")]
    PlainAnswer,
}

/// What is wished for; what is left out is chosen.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct OfferWishes {
    /// The origin of the page; the verifier's own without it.
    pub origin: Option<Origin>,
    /// The protocols; without it all that can ask the query.
    pub protocols: Option<Vec<ExchangeProtocol>>,
    /// How answers travel; encrypted without it.
    pub response_mode: Option<OriginResponseMode>,
}

/// Whose page the request is for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum OfferPage {
    /// A page of the verifier's own.
    Own,
    /// A page of the relying party's.
    RelyingParty,
}

impl DigitalCredentialsOffer {
    /// What is offered for `query`. `own` is the origin of the verifier, `permitted` those of the relying party.
    ///
    /// # Errors
    /// [`InvalidOffer`].
    pub fn choose(
        wishes: OfferWishes,
        page: OfferPage,
        own: &Origin,
        permitted: &[Origin],
        query: &DcqlQuery,
        profile: PresentationProfile,
    ) -> Result<Self, InvalidOffer> {
        let origin = wishes.origin.unwrap_or_else(|| own.clone());
        if origin != *own {
            if page == OfferPage::Own {
                return Err(InvalidOffer::OwnPage);
            }
            if !permitted.contains(&origin) {
                return Err(InvalidOffer::ForeignOrigin);
            }
        }
        let response_mode = wishes.response_mode.unwrap_or_default();
        if profile == PresentationProfile::Haip && response_mode == OriginResponseMode::DcApi {
            return Err(InvalidOffer::PlainAnswer);
        }
        let expressible = items_of_query(query).map(|_| ());
        let protocols = match wishes.protocols {
            None => ExchangeProtocol::ALL
                .into_iter()
                .filter(|protocol| *protocol != ExchangeProtocol::IsoMdoc || expressible.is_ok())
                .collect(),
            Some(protocols) => protocols,
        };
        if protocols.is_empty() {
            return Err(InvalidOffer::NoProtocol);
        }
        for (position, protocol) in protocols.iter().enumerate() {
            if protocols.iter().take(position).any(|other| other == protocol) {
                return Err(InvalidOffer::Repeated);
            }
        }
        if protocols.contains(&ExchangeProtocol::IsoMdoc) {
            expressible?;
        }
        Ok(Self {
            origin,
            protocols,
            response_mode,
        })
    }

    /// Whether an answer of this protocol may come.
    #[must_use]
    pub fn offers(&self, protocol: ExchangeProtocol) -> bool {
        self.protocols.contains(&protocol)
    }
}

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use symbolon_protocol::identifier::UrlPolicy;

    use super::*;

    fn origin(text: &str) -> Origin {
        Origin::parse(text, UrlPolicy::Public).unwrap()
    }

    fn query(format: &str, meta: &Value) -> DcqlQuery {
        let query = json!({ "credentials": [{ "id": "a", "format": format, "meta": meta }] });
        DcqlQuery::parse(query.to_string().as_bytes()).unwrap()
    }

    fn mdoc() -> DcqlQuery {
        query("mso_mdoc", &json!({ "doctype_value": "d" }))
    }

    fn choose(
        wishes: OfferWishes,
        page: OfferPage,
        query: &DcqlQuery,
        profile: PresentationProfile,
    ) -> Result<DigitalCredentialsOffer, InvalidOffer> {
        let permitted = [origin("https://shop.example")];
        let own = origin("https://verifier.example");
        DigitalCredentialsOffer::choose(wishes, page, &own, &permitted, query, profile)
    }

    #[test]
    fn what_is_left_out_is_chosen() {
        let wishes = OfferWishes::default;
        let standard = PresentationProfile::Standard;
        let offer = choose(wishes(), OfferPage::Own, &mdoc(), standard).unwrap();
        assert_eq!(offer.origin.as_str(), "https://verifier.example");
        assert_eq!(offer.protocols, ExchangeProtocol::ALL);
        assert_eq!(offer.response_mode, OriginResponseMode::DcApiJwt);
        let other = query("dc+sd-jwt", &json!({ "vct_values": ["v"] }));
        let offer = choose(wishes(), OfferPage::Own, &other, standard).unwrap();
        assert!(!offer.offers(ExchangeProtocol::IsoMdoc) && offer.protocols.len() == 3);
        let only = OfferWishes {
            protocols: Some(vec![ExchangeProtocol::IsoMdoc]),
            ..wishes()
        };
        assert_eq!(
            choose(only, OfferPage::Own, &other, standard),
            Err(InvalidOffer::NotExpressible(NotExpressible::Format))
        );
    }

    #[test]
    fn a_page_is_of_an_origin_of_its_relying_party() {
        let at = |text: &str, page| {
            let wishes = OfferWishes {
                origin: Some(origin(text)),
                ..OfferWishes::default()
            };
            choose(wishes, page, &mdoc(), PresentationProfile::Standard).map(|offer| offer.origin)
        };
        assert!(at("https://shop.example", OfferPage::RelyingParty).is_ok());
        assert!(at("https://verifier.example", OfferPage::RelyingParty).is_ok());
        assert_eq!(
            at("https://evil.example", OfferPage::RelyingParty),
            Err(InvalidOffer::ForeignOrigin)
        );
        assert_eq!(
            at("https://shop.example", OfferPage::Own),
            Err(InvalidOffer::OwnPage)
        );
    }

    #[test]
    fn protocols_are_named_once_and_the_profile_encrypts() {
        let of = |protocols: Vec<ExchangeProtocol>, response_mode, profile| {
            let wishes = OfferWishes {
                protocols: Some(protocols),
                response_mode: Some(response_mode),
                ..OfferWishes::default()
            };
            choose(wishes, OfferPage::Own, &mdoc(), profile).map(|offer| offer.response_mode)
        };
        let one = ExchangeProtocol::OpenId4VpSigned;
        let (plain, sealed) = (OriginResponseMode::DcApi, OriginResponseMode::DcApiJwt);
        let standard = PresentationProfile::Standard;
        assert_eq!(of(vec![], plain, standard), Err(InvalidOffer::NoProtocol));
        assert_eq!(of(vec![one, one], plain, standard), Err(InvalidOffer::Repeated));
        assert_eq!(of(vec![one], plain, standard), Ok(plain));
        let haip = PresentationProfile::Haip;
        assert_eq!(of(vec![one], plain, haip), Err(InvalidOffer::PlainAnswer));
        assert_eq!(of(vec![one], sealed, haip), Ok(sealed));
    }
}
