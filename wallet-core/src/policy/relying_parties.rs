//! To whom credentials are shown.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};
use symbolon_crypto::x509::Certificate;
use symbolon_did::Did;
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::openid4vp::client_id::{ClientIdKind, ClientIdPrefix};
use symbolon_protocol::openid4vp::profile::PresentationProfile;
use symbolon_protocol::openid4vp::registered::RegisteredClient;
use symbolon_protocol::openid4vp::request::ResponseMode;
use symbolon_protocol::openid4vp::request_object::ResponseUriRule;
use symbolon_protocol::openid4vp::scope::ScopeQueries;
use symbolon_protocol::openid4vp::transaction_data::TransactionTypes;
use symbolon_protocol::openid4vp::vp_formats::VpFormats;
use symbolon_protocol::openid4vp::wallet_metadata::WalletMetadata;
use symbolon_trust::trust_list::RegisteredRelyingParty;
use thiserror::Error;

/// To whom credentials are shown, and how.
#[derive(Debug, Clone)]
pub struct RelyingPartyPolicy {
    /// Which profile of the specification the wallet keeps to.
    pub profile: PresentationProfile,
    /// The certificates under which verifiers sign.
    pub anchors: Vec<Certificate>,
    /// What binds the address of the answer to a verifier with a certificate.
    pub addresses: ResponseUriRule,
    /// The DIDs of known verifiers, with the names to show.
    pub dids: BTreeMap<Did, String>,
    /// The verifiers without a prefix.
    pub registered: Vec<RegisteredClient>,
    /// What becomes of those of whom nothing is known.
    pub unverified: UnverifiedParties,
    /// What becomes of pages of whom nothing is known but their origin, for which the platform vouches.
    pub origins: UnverifiedParties,
    /// What becomes of readers that ask face to face and for which nobody vouches.
    pub readers: UnverifiedParties,
    /// Whether answers may travel in the clear.
    pub answers: AnswerProtection,
    /// Whether the wallet gives answers to the browser that brought the request.
    pub browsers: BrowserAnswers,
    /// What the wallet is called where verifiers look it up; requests may then be for it by this name.
    pub wallet_issuer: Option<IssuerIdentifier>,
    /// The queries that scopes stand for.
    pub scopes: ScopeQueries,
    /// The types of transaction data that the application shows and the person may authorise. A request with any other is refused.
    pub transaction_types: TransactionTypes,
    /// The certificates under which registrars sign; without any, what verifiers bring of registrations is not looked at.
    pub registrars: Vec<Certificate>,
    /// What the registry itself has written down that relying parties may ask for. It counts where a request brings no
    /// certificate of a registrar that the wallet knows.
    pub accredited: Vec<RegisteredRelyingParty>,
    /// What becomes of requests for more than is registered.
    pub over_asking: OverAsking,
    /// What becomes of a credential whose copies were all shown.
    pub spent_copies: SpentCopies,
}

/// What becomes of a credential that came as several copies, each to be shown once, when all of them were shown and the issuer could not
/// be asked for others.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SpentCopies {
    /// It is shown to nobody until it was issued again, and the person is told why it does not answer.
    #[default]
    Refused,
    /// The last copy is shown again, and the person is told that verifiers who compare what they saw recognise it.
    ShownAgain,
}

/// What becomes of requests for more than the verifier is registered for, and of those with a registration that is not to be
/// believed.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum OverAsking {
    /// They are shown with a warning, and the person decides.
    #[default]
    Shown,
    /// They are refused: for wallets that answer where nobody can be asked.
    Refused,
}

/// What becomes of verifiers of whom nothing is known: those that are called by the address of their answers, and DIDs that are
/// on no list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum UnverifiedParties {
    /// Their requests are refused, before anything is fetched.
    #[default]
    Refused,
    /// Their requests are shown, as unverified, and the person decides.
    Shown,
}

/// Whether answers travel through the browser ([OAuth 2.0 Multiple Response Types §2.1], the response mode `fragment`).
///
/// [OAuth 2.0 Multiple Response Types §2.1]: https://openid.net/specs/oauth-v2-multiple-response-types-1_0.html#ResponseModes
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum BrowserAnswers {
    /// They are posted by the wallet alone.
    #[default]
    Refused,
    /// The wallet has the browser that brought a request carry the answer, in the clear, where the verifier wants it so and
    /// [`AnswerProtection`] permits it: for wallets that are reached by a browser themselves.
    Carried,
}

/// How answers travel.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AnswerProtection {
    /// Encrypted to the verifier, or not at all: between the two ends stand proxies that log what they carry.
    #[default]
    Encrypted,
    /// As the verifier wants it.
    AsAsked,
}

/// A choice that the profile does not leave.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ProfileContradiction {
    /// Answers in the clear.
    #[error("profile haip contradicts plain answers: they are always encrypted (HAIP §5)")]
    PlainAnswers,
    /// Requests of verifiers of whom nothing is known.
    #[error("profile haip contradicts unverified verifiers: requests are signed under x509_hash (HAIP §5)")]
    UnverifiedParties,
    /// Verifiers with DIDs or without a prefix.
    #[error("profile haip contradicts listed verifiers: requests are signed under x509_hash (HAIP §5)")]
    ListedVerifiers,
    /// Scopes in place of queries.
    #[error("profile haip contradicts scopes: requests hold DCQL queries (HAIP §5)")]
    Scopes,
}

impl RelyingPartyPolicy {
    /// Verifiers with certificates under these anchors alone, answered with encryption alone.
    #[must_use]
    pub fn anchored_by(anchors: Vec<Certificate>, addresses: ResponseUriRule) -> Self {
        Self {
            profile: PresentationProfile::Standard,
            anchors,
            addresses,
            dids: BTreeMap::new(),
            registered: Vec::new(),
            unverified: UnverifiedParties::Refused,
            // A wallet of the profile must answer them (HAIP §5.2).
            origins: UnverifiedParties::Shown,
            readers: UnverifiedParties::Refused,
            answers: AnswerProtection::Encrypted,
            browsers: BrowserAnswers::Refused,
            wallet_issuer: None,
            scopes: ScopeQueries::default(),
            transaction_types: TransactionTypes::default(),
            registrars: Vec::new(),
            accredited: Vec::new(),
            over_asking: OverAsking::Shown,
            spent_copies: SpentCopies::Refused,
        }
    }

    /// Refuses a policy that contradicts its profile ([HAIP §5]).
    ///
    /// # Errors
    /// [`ProfileContradiction`].
    ///
    /// [HAIP §5]: https://openid.net/specs/openid4vc-high-assurance-interoperability-profile-1_0.html#section-5
    pub fn check(&self) -> Result<(), ProfileContradiction> {
        match self.profile {
            PresentationProfile::Standard => return Ok(()),
            PresentationProfile::Haip => {}
        }
        if self.answers == AnswerProtection::AsAsked {
            return Err(ProfileContradiction::PlainAnswers);
        }
        if self.unverified == UnverifiedParties::Shown {
            return Err(ProfileContradiction::UnverifiedParties);
        }
        if !self.dids.is_empty() || !self.registered.is_empty() {
            return Err(ProfileContradiction::ListedVerifiers);
        }
        if self.scopes != *ScopeQueries::NONE {
            return Err(ProfileContradiction::Scopes);
        }
        Ok(())
    }

    /// Whether requests of such a client are looked at. What proves them is another question.
    pub(crate) fn deals_with(&self, client: &ClientIdPrefix) -> bool {
        let shown = self.unverified == UnverifiedParties::Shown;
        let is_named = match client {
            ClientIdPrefix::DecentralizedIdentifier(did) => shown || self.dids.contains_key(did),
            _ => true,
        };
        is_named && self.kinds().contains(&client.kind())
    }

    /// What a verifier is told of this wallet when it likes to know ([OpenID4VP §5.10]).
    ///
    /// [OpenID4VP §5.10]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.10
    #[must_use]
    pub fn metadata(&self) -> WalletMetadata {
        const MODES: [ResponseMode; 3] = [
            ResponseMode::DirectPostJwt,
            ResponseMode::DirectPost,
            ResponseMode::Fragment,
        ];
        let modes: Vec<ResponseMode> = MODES.into_iter().filter(|mode| self.answers_by(*mode)).collect();
        let mut formats = VpFormats::supported();
        if self.profile == PresentationProfile::Haip {
            formats.ldp_vc = None;
            formats.jwt_vc_json = None;
        }
        WalletMetadata::new(&self.kinds(), &modes, formats)
    }

    /// Whether answers travel so.
    pub(crate) fn answers_by(&self, mode: ResponseMode) -> bool {
        let in_the_clear = self.answers == AnswerProtection::AsAsked;
        match mode {
            ResponseMode::DirectPostJwt | ResponseMode::SymbolonQrJwt => true,
            ResponseMode::DirectPost => in_the_clear,
            ResponseMode::Fragment => in_the_clear && self.browsers == BrowserAnswers::Carried,
        }
    }

    fn kinds(&self) -> Vec<ClientIdKind> {
        let shown = self.unverified == UnverifiedParties::Shown;
        let standard = self.profile == PresentationProfile::Standard;
        ClientIdKind::ALL
            .into_iter()
            .filter(|kind| match kind {
                ClientIdKind::X509Hash => true,
                ClientIdKind::X509SanDns => standard,
                ClientIdKind::DecentralizedIdentifier => standard && (shown || !self.dids.is_empty()),
                ClientIdKind::RedirectUri => standard && shown,
                ClientIdKind::PreRegistered => standard && !self.registered.is_empty(),
            })
            .collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn policy() -> RelyingPartyPolicy {
        RelyingPartyPolicy::anchored_by(Vec::new(), ResponseUriRule::NamedInCertificate)
    }

    #[test]
    fn whoever_is_not_listed_is_not_dealt_with() {
        let did = Did::parse("did:web:clinic.example").unwrap();
        let other = Did::parse("did:web:other.example").unwrap();
        let client = ClientIdPrefix::DecentralizedIdentifier;
        let mut policy = policy();
        assert!(!policy.deals_with(&client(did.clone())));
        assert!(!policy.deals_with(&ClientIdPrefix::PreRegistered));
        policy.dids.insert(did.clone(), "Clinic".to_owned());
        assert!(policy.deals_with(&client(did)));
        assert!(!policy.deals_with(&client(other.clone())));
        policy.unverified = UnverifiedParties::Shown;
        assert!(policy.deals_with(&client(other)));
    }

    #[test]
    fn the_profile_leaves_certificates_by_their_hash_alone() {
        let mut policy = policy();
        policy.profile = PresentationProfile::Haip;
        assert_eq!(policy.check(), Ok(()));
        assert_eq!(policy.kinds(), [ClientIdKind::X509Hash]);
        assert!(!policy.deals_with(&ClientIdPrefix::X509SanDns("clinic.example".to_owned())));
        let metadata = policy.metadata();
        let formats = metadata.vp_formats_supported.unwrap();
        assert!(formats.ldp_vc.is_none() && formats.sd_jwt_vc.is_some() && formats.mso_mdoc.is_some());
        assert_eq!(metadata.response_modes_supported.unwrap(), ["direct_post.jwt"]);
    }

    #[test]
    fn a_browser_carries_answers_only_where_the_policy_has_both() {
        let mut policy = policy();
        let modes = |policy: &RelyingPartyPolicy| policy.metadata().response_modes_supported.unwrap();
        policy.browsers = BrowserAnswers::Carried;
        assert_eq!(modes(&policy), ["direct_post.jwt"]);
        policy.answers = AnswerProtection::AsAsked;
        assert_eq!(modes(&policy), ["direct_post.jwt", "direct_post", "fragment"]);
        policy.browsers = BrowserAnswers::Refused;
        assert_eq!(modes(&policy), ["direct_post.jwt", "direct_post"]);
    }

    #[test]
    fn the_profile_refuses_each_choice_that_it_does_not_leave() {
        let contradiction = |change: &dyn Fn(&mut RelyingPartyPolicy)| {
            let mut policy = policy();
            change(&mut policy);
            assert_eq!(policy.check(), Ok(()));
            policy.profile = PresentationProfile::Haip;
            policy.check().unwrap_err()
        };
        let did = Did::parse("did:web:clinic.example").unwrap();
        assert_eq!(
            contradiction(&|policy| policy.answers = AnswerProtection::AsAsked),
            ProfileContradiction::PlainAnswers
        );
        assert_eq!(
            contradiction(&|policy| policy.unverified = UnverifiedParties::Shown),
            ProfileContradiction::UnverifiedParties
        );
        assert_eq!(
            contradiction(&|policy| {
                policy.dids.insert(did.clone(), String::new());
            }),
            ProfileContradiction::ListedVerifiers
        );
        let query = r#"{"credentials":[{"id":"a","format":"mso_mdoc","meta":{"doctype_value":"d"}}]}"#;
        let query = symbolon_protocol::dcql::DcqlQuery::parse(query.as_bytes()).unwrap();
        assert_eq!(
            contradiction(&|policy| policy.scopes.insert("s", query.clone()).unwrap()),
            ProfileContradiction::Scopes
        );
    }
}
