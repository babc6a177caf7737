//! What the list of an app shows.

use std::cmp::Reverse;

use symbolon_crypto::UnixTime;

use super::badge::Badge;
use super::open_held;
use super::search::{SearchText, texts_of};
use super::shown::{CredentialSummary, ShownClaim};
use crate::error::WalletError;
use crate::language::Languages;
use crate::record::HeldCredential;
use crate::wallet::Wallet;

/// What to list, and in which order.
#[derive(Clone, Default, PartialEq, Eq)]
pub struct ListQuery {
    /// What a person looks for.
    pub search: SearchText,
    /// The order.
    pub order: ListOrder,
}

/// The orders of a list.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum ListOrder {
    /// What was received last comes first.
    #[default]
    ReceivedLast,
    /// By name, in the language that it is shown in.
    Name,
    /// By the name of the issuer, and below one issuer by name.
    Issuer,
    /// What expires first comes first, and what never does last.
    ExpiresFirst,
}

/// A credential in a list.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ListedCredential {
    /// What it is.
    pub summary: CredentialSummary,
    /// Whether it can be used.
    pub badge: Badge,
}

impl Wallet {
    /// The credentials that `query` finds, each with its badge. Nothing is fetched: what status lists say is what
    /// [`refresh`](Wallet::refresh) last read of them.
    ///
    /// # Errors
    /// [`WalletError::StoreDamaged`] and the like.
    pub async fn overview(
        &self,
        query: &ListQuery,
        languages: &Languages,
        now: UnixTime,
    ) -> Result<Vec<ListedCredential>, WalletError> {
        let credentials = self.ports.store.credentials().await?;
        let statuses = self.ports.store.statuses().await?;
        let waiting = self.ports.store.reissues().await?;
        let mut listed = Vec::new();
        for credential in &credentials {
            let summary = CredentialSummary::of(credential, &self.policy, languages, now);
            if !self.is_found(&query.search, credential, &summary, languages) {
                continue;
            }
            let known = statuses.iter().find(|known| known.credential == credential.id);
            let again = waiting.iter().find(|again| again.id == credential.id);
            listed.push(ListedCredential {
                badge: Badge::of(credential, known, again, now),
                summary,
            });
        }
        query.order.sort(&mut listed, &credentials);
        Ok(listed)
    }

    fn is_found(
        &self,
        search: &SearchText,
        credential: &HeldCredential,
        summary: &CredentialSummary,
        languages: &Languages,
    ) -> bool {
        if search.is_empty() {
            return true;
        }
        // A credential that cannot be opened is found by its names all the same: a list is where a person learns of it.
        let claims = open_held(credential, self.json_ld()).and_then(|opened| opened.personal_claims());
        let claims = claims.map_or_else(
            |_| Vec::new(),
            |claims| ShownClaim::all(credential, claims, &self.policy, languages),
        );
        search.finds(&texts_of(credential, summary, &claims))
    }
}

impl ListOrder {
    fn sort(self, listed: &mut [ListedCredential], credentials: &[HeldCredential]) {
        let name = |one: &ListedCredential| one.summary.name.to_lowercase();
        let issuer = |one: &ListedCredential| {
            let name = one.summary.issuer_name.as_deref();
            name.unwrap_or(&one.summary.issuer).to_lowercase()
        };
        // Whatever the order, equal ones stand as they do in the order of receipt, which is that of every other list.
        listed.sort_by_key(|one| (Reverse(one.summary.received), one.summary.id));
        match self {
            Self::ReceivedLast => {}
            Self::Name => listed.sort_by_cached_key(name),
            Self::Issuer => listed.sort_by_cached_key(|one| (issuer(one), name(one))),
            Self::ExpiresFirst => listed.sort_by_cached_key(|one| {
                let held = credentials.iter().find(|held| held.id == one.summary.id);
                let expires = held.and_then(|held| held.expires);
                (expires.is_none(), expires)
            }),
        }
    }
}
