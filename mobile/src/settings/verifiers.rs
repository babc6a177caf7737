//! To whom credentials are shown, beyond what the root of trust says.

use std::collections::BTreeMap;

use symbolon_crypto::x509::Certificate;
use symbolon_did::Did;
use symbolon_protocol::openid4vp::profile::PresentationProfile;
use symbolon_protocol::openid4vp::registered::RegisteredClient;
use symbolon_protocol::openid4vp::transaction_data::TransactionType;
use symbolon_wallet_core::{OverAsking, RelyingPartyPolicy, UnverifiedParties};

use crate::error::{Argument, WalletError};

/// To whom credentials are shown, and how. Without it: to verifiers that the root of trust vouches for, and to pages by their origin.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct VerifierRules {
    /// Which profile of OpenID4VP the wallet keeps to.
    pub profile: VerifierProfile,
    /// What becomes of requests of verifiers of whom nothing is known.
    pub unverified: UnknownParty,
    /// What becomes of pages that ask over the Digital Credentials API, and of whom nothing is known but their origin.
    pub origins: UnknownParty,
    /// What becomes of readers that ask face to face and for which nobody vouches.
    pub readers: UnknownParty,
    /// The DIDs of known verifiers, with the names to show.
    pub dids: Vec<KnownDid>,
    /// The verifiers that are known without a prefix: registrations as `symbolon request registration` prints them, JSON.
    pub registered: Vec<String>,
    /// The types of transaction that a person may authorise, JSON (`docs/transactions.md`). A request with any other is refused.
    pub transaction_types: Vec<String>,
    /// The certificates under which registrars sign, DER. Without any, what verifiers are registered for is not looked at.
    pub registrars: Vec<Vec<u8>>,
    /// What becomes of requests for more than the verifier is registered for.
    pub over_asking: OverAskingRule,
}

/// The profiles of OpenID4VP.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum VerifierProfile {
    /// The specification.
    Standard,
    /// High assurance interoperability (HAIP).
    Haip,
}

/// What becomes of somebody of whom nothing is known.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum UnknownParty {
    /// Who it is, is refused.
    Refused,
    /// It is shown as unverified, and the person decides.
    Shown,
}

/// What becomes of requests for more than is registered.
#[derive(Debug, Clone, Copy, PartialEq, Eq, uniffi::Enum)]
pub enum OverAskingRule {
    /// They are shown with a warning, and the person decides.
    Shown,
    /// They are refused.
    Refused,
}

/// A known DID.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct KnownDid {
    /// The DID.
    pub did: String,
    /// The name to show.
    pub name: String,
}

/// The longest text of one registration or transaction type.
const MAX_TEXT_BYTES: usize = 256 << 10;

impl VerifierRules {
    /// Adds the rules to a policy of the root of trust.
    pub(super) fn complete(self, parties: &mut RelyingPartyPolicy) -> Result<(), WalletError> {
        let unusable = || WalletError::argument(Argument::VerifierRules);
        parties.profile = match self.profile {
            VerifierProfile::Standard => PresentationProfile::Standard,
            VerifierProfile::Haip => PresentationProfile::Haip,
        };
        parties.unverified = self.unverified.into();
        parties.origins = self.origins.into();
        parties.readers = self.readers.into();
        parties.over_asking = match self.over_asking {
            OverAskingRule::Shown => OverAsking::Shown,
            OverAskingRule::Refused => OverAsking::Refused,
        };
        parties.dids = self
            .dids
            .into_iter()
            .map(|known| Ok((Did::parse(&known.did).map_err(|_| unusable())?, known.name)))
            .collect::<Result<BTreeMap<_, _>, WalletError>>()?;
        for text in self.registered {
            let client = RegisteredClient::parse(text.as_bytes()).map_err(|_| unusable())?;
            parties.registered.push(client);
        }
        for text in self.transaction_types {
            let definition: Option<TransactionType> = (text.len() <= MAX_TEXT_BYTES)
                .then(|| serde_json::from_str(&text).ok())
                .flatten();
            let inserted = parties.transaction_types.insert(definition.ok_or_else(unusable)?);
            inserted.map_err(|_| unusable())?;
        }
        for der in &self.registrars {
            parties
                .registrars
                .push(Certificate::parse(der).map_err(|_| unusable())?);
        }
        parties.check().map_err(|_| unusable())
    }
}

impl From<UnknownParty> for UnverifiedParties {
    fn from(rule: UnknownParty) -> Self {
        match rule {
            UnknownParty::Refused => Self::Refused,
            UnknownParty::Shown => Self::Shown,
        }
    }
}
