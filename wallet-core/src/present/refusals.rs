//! Refusals that are remembered, for the person and for nobody else: a verifier that asks again hears what every verifier hears that is
//! refused, and where nothing proves its address, nothing.

use symbolon_crypto::UnixTime;
use symbolon_protocol::dcql::DcqlQuery;

use super::consent::{AskedThen, PastRefusal};
use super::matching::types_asked;
use crate::error::WalletError;
use crate::identifiers::RefusalId;
use crate::ports::Change;
use crate::record::{Refusal, RefusalRule, RefusedCredential, VerifierEvidence, VerifierRecord};
use crate::wallet::Wallet;

/// The most that are remembered for one time; the oldest make room. A person answers each by hand.
const MAX_REMEMBERED: usize = 256;

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
            .filter(|refusal| refusal.verifier.is_same_party(verifier));
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
            .any(|refusal| refusal.rule == RefusalRule::Always && refusal.verifier.is_same_party(verifier));
        // Whoever reaches a wallet that can be looked up could fill its history with requests of a verifier that was refused once.
        let is_noted = self.policy.relying_parties.wallet_issuer.is_none();
        if is_refused && is_noted {
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
        if !verifier.is_same_party(verifier) {
            return Ok(Vec::new());
        }
        let asked = asked_by(query);
        let mut known = self.ports.store.refusals().await?;
        known.sort_by_key(|refusal| (refusal.at, refusal.id));
        let same = known
            .iter()
            .find(|refusal| refusal.asked == asked && refusal.verifier.is_same_party(verifier));
        let id = match same {
            Some(refusal) => refusal.id,
            None => RefusalId::make(self.ports.randomness.as_ref())?,
        };
        let for_once = known
            .iter()
            .filter(|refusal| refusal.rule == RefusalRule::AskAgain && refusal.id != id);
        let too_many = (for_once.clone().count() + 1).saturating_sub(MAX_REMEMBERED);
        let oldest = for_once
            .take(too_many)
            .map(|refusal| Change::DeleteRefusal(refusal.id));
        let mut changes: Vec<Change> = oldest.collect();
        changes.push(Change::PutRefusal(Box::new(Refusal {
            id,
            verifier: verifier.clone(),
            asked,
            at: now,
            rule,
        })));
        Ok(changes)
    }
}

fn asked_by(query: &DcqlQuery) -> Vec<RefusedCredential> {
    let of_query = |credential: &symbolon_protocol::dcql::CredentialQuery| {
        let claims = credential.claims.iter().flatten();
        let mut claims: Vec<String> = claims.map(|claim| claim.path.to_string()).collect();
        claims.sort();
        RefusedCredential {
            credential_types: types_asked(&credential.meta),
            claims,
        }
    };
    query.credentials().iter().map(of_query).collect()
}

impl VerifierRecord {
    /// Whether both are one verifier, as far as the wallet can tell. Certificates are renewed, so a name under one authority is one
    /// verifier's; of whom nothing is known but an origin, the origin is all there is; and nobody who asks face to face without a
    /// proof is the same as another.
    #[must_use]
    pub fn is_same_party(&self, other: &Self) -> bool {
        use VerifierEvidence::{Nearby, Origin, Unverified};
        match (&self.evidence, &other.evidence) {
            (Nearby, _) | (_, Nearby) => false,
            (Unverified, Unverified) | (Origin, Origin) => self.response_origin == other.response_origin,
            (Unverified | Origin, _) | (_, Unverified | Origin) => false,
            _ => {
                let same_client = !self.client_id.is_empty() && self.client_id == other.client_id;
                same_client
                    || self
                        .certified()
                        .is_some_and(|name| other.certified() == Some(name))
            }
        }
    }

    /// The name that a trusted authority has certified, with that authority.
    fn certified(&self) -> Option<(&str, &str)> {
        match &self.evidence {
            VerifierEvidence::CertificateHash { authority }
            | VerifierEvidence::CertificateHost { authority, .. }
            | VerifierEvidence::Reader { authority } => Some((self.name.as_deref()?, authority.as_deref()?)),
            _ => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::record::Knowledge;

    fn record(
        client_id: &str,
        name: Option<&str>,
        origin: &str,
        evidence: VerifierEvidence,
    ) -> VerifierRecord {
        VerifierRecord {
            client_id: client_id.to_owned(),
            name: name.map(str::to_owned),
            response_origin: origin.to_owned(),
            evidence,
            contact: None,
        }
    }

    fn hash(client_id: &str, name: &str, authority: Option<&str>) -> VerifierRecord {
        let authority = authority.map(str::to_owned);
        let evidence = VerifierEvidence::CertificateHash { authority };
        record(client_id, Some(name), "https://a.example", evidence)
    }

    #[test]
    fn a_verifier_is_known_again_by_what_was_proven_and_by_nothing_else() {
        let clinic = hash("x509_hash:a", "Clinic", Some("Root"));
        assert!(clinic.is_same_party(&clinic));
        assert!(
            clinic.is_same_party(&hash("x509_hash:b", "Clinic", Some("Root"))),
            "its certificate was renewed"
        );
        let reader = VerifierEvidence::Reader {
            authority: Some("Root".to_owned()),
        };
        assert!(clinic.is_same_party(&record("x509_hash:c", Some("Clinic"), "", reader)));
        for other in [
            hash("x509_hash:b", "Clinic", Some("Other root")),
            hash("x509_hash:b", "Clinic", None),
            hash("x509_hash:b", "Bank", Some("Root")),
            record(
                "x509_hash:a",
                Some("Clinic"),
                "https://a.example",
                VerifierEvidence::Unverified,
            ),
            record(
                "x509_hash:a",
                Some("Clinic"),
                "https://a.example",
                VerifierEvidence::Origin,
            ),
            record("", None, "", VerifierEvidence::Nearby),
        ] {
            assert!(
                !clinic.is_same_party(&other) && !other.is_same_party(&clinic),
                "{other:?}"
            );
        }
        let nameless = |client_id| {
            let evidence = VerifierEvidence::CertificateHash { authority: None };
            record(client_id, None, "", evidence)
        };
        assert!(!nameless("x509_hash:a").is_same_party(&nameless("x509_hash:b")));
        let did = |client_id, known| {
            let did = "did:web:a.example".to_owned();
            let evidence = VerifierEvidence::DecentralizedIdentifier { did, known };
            record(client_id, None, "", evidence)
        };
        assert!(did("d", Knowledge::Listed).is_same_party(&did("d", Knowledge::Unlisted)));
        assert!(!did("d", Knowledge::Listed).is_same_party(&did("e", Knowledge::Listed)));
        let page = |origin| record("", None, origin, VerifierEvidence::Origin);
        assert!(page("https://a.example").is_same_party(&page("https://a.example")));
        assert!(!page("https://a.example").is_same_party(&page("https://b.example")));
        let nearby = record("", None, "", VerifierEvidence::Nearby);
        assert!(!nearby.is_same_party(&nearby), "anybody may stand there");
    }
}
