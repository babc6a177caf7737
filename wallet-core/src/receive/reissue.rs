//! Credentials that are to be issued again: after the phone was lost, and when a platform ended keys.
//!
//! Nobody but the issuer can bind a credential to a new key, so it is asked again, for all of its credentials at once: the person signs in
//! one time for each issuer. Whatever way a credential comes, by such a sign-in or by an offer, it answers what waits for it in the same
//! commit that stores it.

use std::collections::BTreeMap;

use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::KeyError;
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::openid4vci::identifiers::ConfigurationId;

use super::outcome::OfferShown;
use super::stage::{Issuing, Wanted};
use crate::error::WalletError;
use crate::identifiers::CredentialId;
use crate::ports::Change;
use crate::record::{HeldCredential, Reissue, ReissueReason};
use crate::wallet::Wallet;

/// The most configurations that one sign-in asks for. What is left is asked for by the next.
const MAX_CONFIGURATIONS: usize = 64;

/// What one issuer is to be asked for again, by one sign-in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReissueFrom {
    /// The Credential Issuer Identifier.
    pub issuer: String,
    /// The issuer's name.
    pub issuer_name: Option<String>,
    /// The credentials, those received first first.
    pub credentials: Vec<Reissue>,
}

impl Wallet {
    /// What is to be issued again, by issuer.
    ///
    /// # Errors
    /// [`WalletError::StoreDamaged`] and the like.
    pub async fn to_reissue(&self) -> Result<Vec<ReissueFrom>, WalletError> {
        let mut waiting = self.ports.store.reissues().await?;
        waiting.sort_by_key(|again| (again.received, again.id));
        let mut issuers: BTreeMap<String, Vec<Reissue>> = BTreeMap::new();
        for again in waiting {
            issuers.entry(again.issuer.clone()).or_default().push(again);
        }
        let from = |(issuer, credentials): (String, Vec<Reissue>)| ReissueFrom {
            issuer,
            issuer_name: credentials.iter().find_map(|again| again.issuer_name.clone()),
            credentials,
        };
        Ok(issuers.into_iter().map(from).collect())
    }

    /// Begins to ask an issuer for everything that it is to issue again: the person agrees with
    /// [`accept_offer`](Wallet::accept_offer) and signs in once. A flow that is given up or killed leaves what did not come yet to be
    /// asked for by the next.
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when nothing of this issuer is to be issued again; otherwise as [`Wallet::ask_issuer`].
    pub async fn reissue(&self, issuer: &IssuerIdentifier, now: UnixTime) -> Result<OfferShown, WalletError> {
        let mut configurations = Vec::new();
        for again in self.ports.store.reissues().await? {
            // Of several of one configuration the sign-in brings as many as the issuer has for this person.
            if again.issuer == issuer.as_str()
                && let Some(configuration) = ConfigurationId::parse(again.configuration)
                && !configurations.contains(&configuration)
            {
                configurations.push(configuration);
            }
        }
        configurations.truncate(MAX_CONFIGURATIONS);
        if configurations.is_empty() {
            return Err(WalletError::NotFound);
        }
        let wanted = Wanted::Configurations(configurations);
        self.ask_issuer(issuer.clone(), wanted, now).await
    }

    /// Gives up that a credential is issued again: the person does not want it, or its issuer has none any more.
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when it was not to be.
    pub async fn forget_reissue(&self, id: CredentialId) -> Result<(), WalletError> {
        let waiting = self.ports.store.reissues().await?;
        if !waiting.iter().any(|again| again.id == id) {
            return Err(WalletError::NotFound);
        }
        Ok(self.ports.store.commit(vec![Change::DeleteReissue(id)]).await?)
    }

    /// Looks at the key of every credential, and notes those that the platform ended: their credentials cannot be shown, and are to be
    /// issued again. Returns the ones noted now. Call it when the platform says that biometry or screen lock changed; a key that turns out
    /// to be ended when it is to sign is noted then.
    ///
    /// # Errors
    /// [`WalletError::StoreDamaged`] and the like, and a key store that fails.
    pub async fn note_ended_keys(&self, now: UnixTime) -> Result<Vec<CredentialId>, WalletError> {
        let noted = self.ports.store.reissues().await?;
        let mut ended = Vec::new();
        for credential in self.ports.store.credentials().await? {
            if noted.iter().any(|again| again.id == credential.id) {
                continue;
            }
            match self.ports.keys.describe(&credential.key) {
                Ok(_) => {}
                Err(KeyError::Unknown | KeyError::Invalidated) => ended.push(credential),
                Err(error) => return Err(error.into()),
            }
        }
        let changes: Vec<Change> = ended.iter().map(|held| key_ended(held, now)).collect();
        if !changes.is_empty() {
            self.ports.store.commit(changes).await?;
        }
        Ok(ended.iter().map(|held| held.id).collect())
    }

    /// Which of what is to be issued again a credential answers that comes now. One that takes the place of another by renewal answers for
    /// that one alone.
    pub(super) async fn reissue_answered_by(
        &self,
        issuing: &Issuing,
        credential: &HeldCredential,
    ) -> Result<Option<CredentialId>, WalletError> {
        let mut waiting = self.ports.store.reissues().await?;
        waiting.sort_by_key(|again| (again.received, again.id));
        let replaced = issuing.replaced.get(issuing.next);
        let answered = waiting.into_iter().find(|again| match replaced {
            Some(old) => again.id == *old,
            None => again.issuer == credential.issuer && again.configuration == credential.configuration,
        });
        Ok(answered.map(|again| again.id))
    }
}

/// That the key of a credential has ended.
pub(crate) fn key_ended(credential: &HeldCredential, now: UnixTime) -> Change {
    Change::PutReissue(Box::new(Reissue::of(credential, ReissueReason::KeyEnded, now)))
}
