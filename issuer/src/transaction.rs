//! Credentials that an operator has to approve ([OpenID4VCI §9]): what is kept between a wallet's request and the credential.
//!
//! The keys that the wallet has proven are kept with the request, so nothing has to be proven again. The credential is made when it is
//! fetched, from the record as it is then: nothing that it says is kept.
//!
//! [OpenID4VCI §9]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-9

use serde::{Deserialize, Serialize};
use symbolon_crypto::{InvalidKey, Jwk, PublicKey, UnixTime};
use thiserror::Error;

use crate::grant::GrantHolder;
use crate::identifiers::{ConfigurationId, OfferId};
use crate::mapping::Copies;
use crate::record::Uin;
use crate::secret::SecretDigest;

/// A request that waits for an operator, or for the wallet that made it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Transaction {
    /// Whose credential.
    pub record: Uin,
    /// By what configuration.
    pub configuration: ConfigurationId,
    /// The keys that were proven, at least one.
    pub keys: Vec<Jwk>,
    /// What the credentials are to their holder.
    pub copies: Copies,
    /// Who may fetch it.
    pub holder: GrantHolder,
    /// When it was asked for.
    pub requested_at: UnixTime,
    /// From here on it is gone.
    pub expires_at: UnixTime,
    /// How far it has come.
    pub stage: TransactionStage,
    /// The offer that it came of, which must stand.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub offer: Option<OfferId>,
}

/// How far a request has come. Once the credential is fetched there is nothing left of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum TransactionStage {
    /// An operator has to decide.
    Pending,
    /// The wallet may fetch the credential.
    Approved,
    /// There will be none.
    Denied,
}

/// What an operator decides.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Decision {
    /// The wallet gets the credential.
    Approve,
    /// It gets none.
    Deny,
}

impl Transaction {
    /// The transaction after a decision; `None` when it was decided so before.
    ///
    /// # Errors
    /// [`DecisionRefused`].
    pub fn decided(&self, decision: Decision, now: UnixTime) -> Result<Option<Self>, DecisionRefused> {
        if now >= self.expires_at {
            return Err(DecisionRefused::Expired);
        }
        let stage = match (self.stage, decision) {
            (TransactionStage::Pending, Decision::Approve) => TransactionStage::Approved,
            // An approval may be taken back for as long as nothing was fetched.
            (TransactionStage::Pending | TransactionStage::Approved, Decision::Deny) => {
                TransactionStage::Denied
            }
            (TransactionStage::Approved, Decision::Approve) | (TransactionStage::Denied, Decision::Deny) => {
                return Ok(None);
            }
            (TransactionStage::Denied, Decision::Approve) => return Err(DecisionRefused::Denied),
        };
        Ok(Some(Self {
            stage,
            ..self.clone()
        }))
    }

    /// What its wallet is answered now.
    ///
    /// # Errors
    /// [`TransactionRefusal`].
    pub fn answer(
        &self,
        grant: &SecretDigest,
        now: UnixTime,
    ) -> Result<TransactionAnswer, TransactionRefusal> {
        // Whoever guessed the identifier learns as little as whoever made one up.
        if self.holder.grant != *grant {
            return Err(TransactionRefusal::Unknown);
        }
        if now >= self.expires_at {
            return Err(TransactionRefusal::Expired);
        }
        match self.stage {
            TransactionStage::Pending => Ok(TransactionAnswer::Wait),
            TransactionStage::Approved => Ok(TransactionAnswer::Issue),
            TransactionStage::Denied => Err(TransactionRefusal::Denied),
        }
    }

    /// The keys that were proven.
    ///
    /// # Errors
    /// [`InvalidKey`] when a stored key cannot be read.
    pub fn public_keys(&self) -> Result<Vec<PublicKey>, InvalidKey> {
        self.keys.iter().map(PublicKey::from_jwk).collect()
    }
}

/// What a wallet that asks again is answered.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TransactionAnswer {
    /// To ask once more, later.
    Wait,
    /// With the credential.
    Issue,
}

/// Why a wallet gets no credential for its transaction.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TransactionRefusal {
    /// Never made, fetched already, or another grant's: `invalid_transaction_id`.
    #[error("no transaction has this name")]
    Unknown,
    /// `invalid_transaction_id`.
    #[error("the transaction has expired")]
    Expired,
    /// `credential_request_denied`.
    #[error("the issuer has decided not to issue")]
    Denied,
}

/// Why a decision was not taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DecisionRefused {
    /// The wallet may have been told so.
    #[error("the request was denied, which is final")]
    Denied,
    /// The wallet is not served any more.
    #[error("the request has expired")]
    Expired,
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

    fn transaction(stage: TransactionStage) -> Transaction {
        Transaction {
            record: Uin::parse("2345678901").unwrap(),
            configuration: ConfigurationId::parse("NationalIdentity").unwrap(),
            keys: Vec::new(),
            copies: Copies::Lasting,
            holder: GrantHolder {
                grant: SecretDigest::of("token"),
                dpop: None,
            },
            requested_at: NOW,
            expires_at: UnixTime::from_seconds(NOW.seconds() + 600),
            stage,
            offer: None,
        }
    }

    #[test]
    fn a_denial_is_final_and_repeating_a_decision_changes_nothing() {
        use Decision::{Approve, Deny};
        use TransactionStage::{Approved, Denied, Pending};
        let decided = |stage, decision| {
            transaction(stage)
                .decided(decision, NOW)
                .map(|after| after.map(|after| after.stage))
        };
        assert_eq!(decided(Pending, Approve), Ok(Some(Approved)));
        assert_eq!(decided(Pending, Deny), Ok(Some(Denied)));
        assert_eq!(decided(Approved, Approve), Ok(None));
        assert_eq!(decided(Approved, Deny), Ok(Some(Denied)));
        assert_eq!(decided(Denied, Deny), Ok(None));
        assert_eq!(decided(Denied, Approve), Err(DecisionRefused::Denied));
        let late = transaction(Pending).decided(Approve, UnixTime::from_seconds(NOW.seconds() + 600));
        assert_eq!(late, Err(DecisionRefused::Expired));
    }

    #[test]
    fn only_the_grant_that_pays_is_answered_and_only_in_time() {
        let mine = SecretDigest::of("token");
        let approved = transaction(TransactionStage::Approved);
        assert_eq!(approved.answer(&mine, NOW), Ok(TransactionAnswer::Issue));
        assert_eq!(
            approved.answer(&SecretDigest::of("other"), NOW),
            Err(TransactionRefusal::Unknown)
        );
        assert_eq!(
            approved.answer(&mine, approved.expires_at),
            Err(TransactionRefusal::Expired)
        );
        assert_eq!(
            transaction(TransactionStage::Pending).answer(&mine, NOW),
            Ok(TransactionAnswer::Wait)
        );
        assert_eq!(
            transaction(TransactionStage::Denied).answer(&mine, NOW),
            Err(TransactionRefusal::Denied)
        );
    }

    #[test]
    fn the_stored_form_is_frozen() {
        let stored = serde_json::to_string(&transaction(TransactionStage::Pending)).unwrap();
        assert_eq!(stored, FROZEN);
        assert_eq!(
            serde_json::from_str::<Transaction>(FROZEN).unwrap(),
            transaction(TransactionStage::Pending)
        );
    }

    const FROZEN: &str = r#"{"record":"2345678901","configuration":"NationalIdentity","keys":[],"copies":"lasting","holder":{"grant":"PEaenWxYddN6Q_NT1PiOYfz4EsZu7jRXRlpAsNpBU-A"},"requested_at":1800000000,"expires_at":1800000600,"stage":"pending"}"#;
}
