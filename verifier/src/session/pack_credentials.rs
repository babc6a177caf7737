//! Bitstring Status List credentials that an offline pack carries as they were served (`docs/pack-format.md`, section 6).

use core::fmt;

use symbolon_crypto::UnixTime;
use symbolon_trust::pack::{CredentialNotProven, ProvenListCredential, StatusListCredentialVerifier};
use symbolon_trust::trust_list::{TrustList, TrustedIssuer};

use super::context::{Context, Rounds};
use super::found::Found;
use super::status::StatusQuestion;
use crate::evidence::{Evidence, PackAbsence};
use crate::expected::Expected;
use crate::policy::{FreshnessRule, Policy};
use crate::report::Reason;
use crate::tools::Tools;

/// Verifies the status list credentials of a pack when it is applied, by the same rules as one that is fetched, and with the DID
/// documents and contexts of the pack's own trust list alone.
#[derive(Clone, Copy)]
pub struct PackCredentials<'t> {
    tools: Tools<'t>,
}

impl fmt::Debug for PackCredentials<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PackCredentials").finish_non_exhaustive()
    }
}

impl<'t> PackCredentials<'t> {
    /// A verifier that computes with these tools. Without JSON-LD it leaves out lists whose proof is over JSON-LD.
    #[must_use]
    pub const fn new(tools: Tools<'t>) -> Self {
        Self { tools }
    }
}

impl StatusListCredentialVerifier for PackCredentials<'_> {
    fn verify(
        &self,
        body: &str,
        url: &str,
        issuer: &TrustedIssuer,
        trust_list: &TrustList,
        now: UnixTime,
    ) -> Result<ProvenListCredential, CredentialNotProven> {
        let evidence = Evidence::offline_without_pack(PackAbsence::NotGiven, trust_list, &[], None);
        let context = Context {
            evidence: &evidence,
            policy: &Policy::CHECKPOINT,
            expected: &Expected::Unchecked,
            tools: self.tools,
            now,
            rounds: Rounds::Exhausted,
        };
        let mut found = Found::default();
        found.take_up_documents(&evidence, self.tools.crypto, now);
        let question = StatusQuestion {
            context: &context,
            issuer,
            freshness: FreshnessRule::AS_SIGNED,
        };
        match question.verify_list(body, url, &mut found) {
            Ok(Ok(verified)) => Ok(verified.into_proven()),
            // What such a proof is about only JSON-LD tells.
            Ok(Err(Reason::Unsupported)) if self.tools.json_ld.is_none() => Err(CredentialNotProven::NotHere),
            Ok(Err(_)) | Err(_) => Err(CredentialNotProven::Refused),
        }
    }
}
