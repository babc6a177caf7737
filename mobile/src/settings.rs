//! How a wallet is set up.

mod verifiers;

use std::num::NonZeroUsize;
use std::sync::Arc;

use symbolon_protocol::identifier::UrlPolicy;
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use symbolon_trust::trust_list::RootOfTrust;
use symbolon_wallet_core::{Languages, SignedMetadata, SpentCopies, WalletClient, WalletPolicy};

use crate::error::{Argument, WalletError};
use crate::ports::{KeyAttester, KeyStore, ProgressObserver, Transport, WalletAttester, WalletClock};

pub use verifiers::{KnownDid, OverAskingRule, UnknownParty, VerifierProfile, VerifierRules};

/// What the app hands in for one person's wallet.
#[derive(Clone, uniffi::Record)]
pub struct WalletPorts {
    /// Reaches issuers and verifiers.
    pub transport: Arc<dyn Transport>,
    /// Holds the keys of this person's credentials. Without it keys are made in software and sealed in the wallet's file: for back ends,
    /// tests, and devices without a key store.
    pub keys: Option<Arc<dyn KeyStore>>,
    /// Tells the time; without it the device's clock does.
    pub clock: Option<Arc<dyn WalletClock>>,
    /// Is told of every step; without it nobody is.
    pub progress: Option<Arc<dyn ProgressObserver>>,
    /// Vouches for the app where issuers ask for it. Without it the app is a public client.
    #[uniffi(default = None)]
    pub attester: Option<Arc<dyn WalletAttester>>,
    /// Vouches for the keys of credentials where issuers want to know how they are kept.
    #[uniffi(default = None)]
    pub key_attester: Option<Arc<dyn KeyAttester>>,
}

/// How one person's wallet is set up.
#[derive(Clone, uniffi::Record)]
pub struct WalletSettings {
    /// The root of trust, as the registry operator hands it out: whom the wallet receives from and shows to.
    pub root_of_trust: Vec<u8>,
    /// Which addresses are used at all.
    pub urls: UrlRule,
    /// Who the app is to authorization servers, so that people can sign in at issuers. Without it credentials are received by the codes of
    /// offers alone.
    pub client: Option<AppClient>,
    /// The languages that the person reads, best first, as BCP 47 tags.
    pub languages: Vec<String>,
    /// How many copies of each credential to receive where the issuer makes several at once; each is shown to one verifier. At least 1.
    pub copies: u32,
    /// To whom credentials are shown, beyond what the root of trust says.
    #[uniffi(default = None)]
    pub verifiers: Option<VerifierRules>,
    /// Whether the metadata of issuers must be signed; verified where they are, if nothing is said.
    #[uniffi(default = None)]
    pub issuer_metadata: Option<IssuerMetadataRule>,
    /// What becomes of a credential every copy of which was shown; refused, if nothing is said.
    #[uniffi(default = None)]
    pub spent_copies: Option<SpentCopiesRule>,
}

/// What becomes of a credential every copy of which was shown to somebody.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum SpentCopiesRule {
    /// It is shown to nobody until it was issued again (`refill`).
    Refused,
    /// The last copy is shown again. Verifiers can recognise it: the `copies_left` of such a candidate is 0.
    ShownAgain,
}

/// Whether the metadata of issuers must be signed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum IssuerMetadataRule {
    /// They are verified where the issuer signs them.
    VerifiedWhereSigned,
    /// An issuer that does not sign them is refused.
    Signed,
}

/// Which addresses are used.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum UrlRule {
    /// `https` alone.
    Public,
    /// `http` on loopback too: for development.
    Development,
}

/// Who the app is to authorization servers.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct AppClient {
    /// The `client_id`, the same for every installation of the app.
    pub client_id: String,
    /// Where the browser brings the issuer's answers: an address that leads back into the app.
    pub redirect_uri: String,
}

/// Settings that were understood.
pub(crate) struct Setup {
    pub(crate) policy: WalletPolicy,
    pub(crate) client: Option<WalletClient>,
    pub(crate) languages: Languages,
    pub(crate) copies: NonZeroUsize,
    pub(crate) urls: UrlPolicy,
    pub(crate) issuer_metadata: SignedMetadata,
}

impl WalletSettings {
    pub(crate) fn parse(self) -> Result<Setup, WalletError> {
        let urls = match self.urls {
            UrlRule::Public => UrlPolicy::Public,
            UrlRule::Development => UrlPolicy::Development,
        };
        let unusable = |()| WalletError::argument(Argument::RootOfTrust);
        let root = RootOfTrust::parse(&self.root_of_trust).map_err(|_| unusable(()))?;
        let mut policy = WalletPolicy::from_trust_list(&root.trust_list, urls).map_err(|_| unusable(()))?;
        if let Some(rules) = self.verifiers {
            rules.complete(&mut policy.relying_parties)?;
        }
        policy.relying_parties.spent_copies = match self.spent_copies {
            Some(SpentCopiesRule::ShownAgain) => SpentCopies::ShownAgain,
            Some(SpentCopiesRule::Refused) | None => SpentCopies::Refused,
        };
        let languages = Languages::new(self.languages);
        let client = match self.client {
            None => None,
            Some(client) => Some(client.parse(languages.clone())?),
        };
        let copies = usize::try_from(self.copies).ok().and_then(NonZeroUsize::new);
        Ok(Setup {
            policy,
            client,
            languages,
            copies: copies.ok_or(WalletError::argument(Argument::Copies))?,
            urls,
            issuer_metadata: match self.issuer_metadata {
                Some(IssuerMetadataRule::Signed) => SignedMetadata::Required,
                Some(IssuerMetadataRule::VerifiedWhereSigned) | None => SignedMetadata::WhereOffered,
            },
        })
    }
}

impl AppClient {
    fn parse(self, languages: Languages) -> Result<WalletClient, WalletError> {
        let unusable = WalletError::argument(Argument::Client);
        Ok(WalletClient {
            identifier: ClientIdentifier::parse(self.client_id).ok_or(unusable)?,
            redirect_uri: RedirectUri::parse(&self.redirect_uri).map_err(|_| unusable)?,
            attester: None,
            languages,
        })
    }
}
