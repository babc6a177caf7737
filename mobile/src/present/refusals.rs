//! What a person refused to whom.

use symbolon_wallet_core::record;

use crate::error::WalletError;
use crate::hold::VerifierRecord;
use crate::wallet::Wallet;

/// What the person refused to a verifier. It is kept for a year, and nobody but the person is told of it.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct Refusal {
    /// The refusal's name.
    pub id: String,
    /// Who asked.
    pub verifier: VerifierRecord,
    /// For what, in the verifier's order.
    pub asked: Vec<RefusedCredential>,
    /// When it was refused last: seconds since 1970-01-01T00:00:00Z.
    pub at: i64,
    /// Whether everything that this verifier asks for is refused until this is forgotten.
    pub is_for_always: bool,
}

/// What was asked of one credential.
#[derive(Debug, Clone, PartialEq, Eq, uniffi::Record)]
pub struct RefusedCredential {
    /// The types that would have done.
    pub credential_types: Vec<String>,
    /// The claims.
    pub claims: Vec<String>,
}

#[uniffi::export]
impl Wallet {
    /// What the person refused and has not forgotten, the latest first.
    pub async fn refusals(&self) -> Result<Vec<Refusal>, WalletError> {
        let refusals = self.core.refusals(self.time.for_wallet()?).await?;
        Ok(refusals.into_iter().map(Into::into).collect())
    }

    /// Forgets a refusal: the verifier is like one that was never refused.
    pub async fn forget_refusal(&self, refusal: String) -> Result<(), WalletError> {
        Ok(self.core.forget_refusal(refusal.parse()?).await?)
    }
}

impl From<record::Refusal> for Refusal {
    fn from(refusal: record::Refusal) -> Self {
        let asked = refusal.asked.into_iter().map(|asked| RefusedCredential {
            credential_types: asked.credential_types,
            claims: asked.claims,
        });
        Self {
            id: refusal.id.to_string(),
            verifier: refusal.verifier.into(),
            asked: asked.collect(),
            at: refusal.at.seconds(),
            is_for_always: refusal.rule == record::RefusalRule::Always,
        }
    }
}
