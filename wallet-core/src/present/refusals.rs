//! Refusals that are remembered, for the person and for nobody else: a verifier that asks again must not learn that it was refused before
//! (`docs/wallet-holding.md`).

mod party;
mod remembered;

use symbolon_crypto::UnixTime;
use symbolon_protocol::dcql::DcqlQuery;

use super::consent::{AskedThen, PastRefusal};
use super::matching::{type_alternatives, types_of};
use crate::error::WalletError;
use crate::identifiers::RefusalId;
use crate::ports::Change;
use crate::record::{Refusal, RefusalRule, RefusedCredential, VerifierRecord};
use crate::wallet::Wallet;

pub(crate) use remembered::remembered;

impl Wallet {
    /// What the person refused to whom and has not forgotten, the latest first.
    ///
    /// # Errors
    /// [`WalletError::StoreDamaged`] and the like.
    pub async fn refusals(&self, now: UnixTime) -> Result<Vec<Refusal>, WalletError> {
        let mut refusals = self.ports.store.refusals().await?;
        refusals.retain(|refusal| !refusal.is_over(now));
        refusals.sort_by_key(|refusal| std::cmp::Reverse((refusal.at, refusal.id)));
        Ok(refusals)
    }

    /// Forgets a refusal: the verifier is dealt with as one that was never refused. The history keeps that it was.
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when nothing of this name is remembered.
    pub async fn forget_refusal(&self, id: RefusalId) -> Result<(), WalletError> {
        let refusals = self.ports.store.refusals().await?;
        if !refusals.iter().any(|refusal| refusal.id == id) {
            return Err(WalletError::NotFound);
        }
        Ok(self.ports.store.commit(vec![Change::DeleteRefusal(id)]).await?)
    }

    /// What the person has to know of a verifier that asks again.
    pub(super) async fn past_refusals(
        &self,
        verifier: &VerifierRecord,
        query: &DcqlQuery,
        now: UnixTime,
    ) -> Result<Vec<PastRefusal>, WalletError> {
        let asked = asked_by(query);
        let refusals = self.refusals(now).await?;
        let of_verifier = refusals
            .into_iter()
            .filter(|refusal| refusal.verifier.covers(verifier));
        Ok(of_verifier
            .map(|refusal| PastRefusal {
                at: refusal.at,
                asked: if refusal.asked == asked {
                    AskedThen::TheSame
                } else {
                    AskedThen::SomethingElse
                },
            })
            .collect())
    }

    /// Whether the person wants this verifier refused, whatever it asks for. The history then says that it was, but for
    /// wallets that strangers reach.
    pub(super) async fn refuses_always(
        &self,
        verifier: &VerifierRecord,
        now: UnixTime,
    ) -> Result<bool, WalletError> {
        let refusals = self.ports.store.refusals().await?;
        let is_refused = refusals
            .iter()
            .any(|refusal| refusal.rule == RefusalRule::Always && refusal.verifier.covers(verifier));
        // Whoever reaches a wallet that can be looked up could fill its history with requests of a verifier that was refused once.
        if is_refused && self.has_one_reader() {
            let declined = self.declined(verifier.clone(), now)?;
            self.ports.store.commit(vec![declined]).await?;
        }
        Ok(is_refused)
    }

    /// What is stored when the person refuses: that it was, in the history, and what is remembered of it.
    pub(super) async fn refusal(
        &self,
        verifier: &VerifierRecord,
        query: &DcqlQuery,
        rule: RefusalRule,
        now: UnixTime,
    ) -> Result<Vec<Change>, WalletError> {
        // A reader for whom nobody vouches is known again by nothing, so there is nothing to remember it by.
        if !verifier.covers(verifier) {
            return Ok(Vec::new());
        }
        let refused = Refusal {
            id: RefusalId::make(self.ports.randomness.as_ref())?,
            verifier: verifier.clone(),
            asked: asked_by(query),
            at: now,
            rule,
        };
        Ok(remembered(self.ports.store.refusals().await?, vec![refused]))
    }
}

fn asked_by(query: &DcqlQuery) -> Vec<RefusedCredential> {
    let of_query = |credential: &symbolon_protocol::dcql::CredentialQuery| {
        let claims = credential.claims.iter().flatten();
        let mut claims: Vec<String> = claims.map(|claim| claim.path.to_string()).collect();
        claims.sort();
        RefusedCredential {
            credential_types: types_of(&type_alternatives(&credential.meta)),
            claims,
        }
    };
    query.credentials().iter().map(of_query).collect()
}
