//! The verification of one presentation: it asks for evidence, and answers with a report.

mod claim169;
mod judged;
mod photo;
mod sd_jwt_vc;
mod status;
#[cfg(test)]
pub(crate) mod tests;
mod type_metadata;

use std::sync::Arc;

use symbolon_credential::claim169::Claim169Error;
use symbolon_credential::sd_jwt::SdJwtParseError;
use symbolon_credential::sd_jwt_vc::SdJwtVcError;
use symbolon_credential::{NotRecognised, Presented, recognise};
use symbolon_crypto::jose::jws::JwsError;
use symbolon_crypto::{CryptoProvider, UnixTime};
use symbolon_trust::status_list::VerifiedStatusList;
use symbolon_trust::validity::Validity;

use self::judged::Judged;
use self::status::{Rounds, StatusAnswer, StatusFindings, StatusQuestion, VerifiedLists};
use self::type_metadata::{MetadataAnswer, judge_type_metadata};
use crate::evidence::{Evidence, PackEvidence};
use crate::expected::Expected;
use crate::policy::Policy;
use crate::report::{
    Authentic, Check, CheckName, CredentialFormat, REPORT_VERSION, Reason, Report, Trusted, Verdict, Warning,
};

/// How often a session asks before it takes what it did not get for absent. Each round's answer can lead to one more
/// want at most, and the longest path has two.
pub const MAX_ROUNDS: u8 = 4;

/// The verification of one presentation.
///
/// ```
/// use symbolon_crypto::{CryptoProvider, UnixTime};
/// use symbolon_verifier::{Evidence, Expected, Policy, StatusEvidence, Step, VerificationSession, Want};
/// use symbolon_verifier::{UnreadablePresentation, report::Report};
///
/// fn judge(
///     text: &str,
///     evidence: &mut Evidence<'_>,
///     provider: &dyn CryptoProvider,
///     now: UnixTime,
/// ) -> Result<Report, UnreadablePresentation> {
///     let mut session = VerificationSession::new(text, Expected::Unchecked, Policy::CHECKPOINT)?;
///     loop {
///         match session.step(evidence, provider, now) {
///             Step::Done(report) => return Ok(*report),
///             Step::Wants(wants) => for want in wants {
///                 if let Want::StatusList { uri } = want {
///                     evidence.add_status_list(uri, StatusEvidence::Absent); // or what a guarded fetch brought
///                 }
///             },
///         }
///     }
/// }
/// ```
///
/// What has been proven is kept between steps, so no signature is checked twice. Nothing is asked for before the
/// issuer's signature has been verified and the issuer found trusted: an address in anybody else's text is never
/// fetched.
pub struct VerificationSession<'a> {
    presentation: Option<Presentation<'a>>,
    judged: Option<Judged<'a>>,
    expected: Expected,
    policy: Policy,
    rounds: u8,
    verified_lists: VerifiedLists,
}

/// A presentation that has the form of one. Whether it is whole is a question for the report.
enum Presentation<'a> {
    Whole(Presented<'a>),
    BrokenSdJwtVc(SdJwtVcError),
    BrokenClaim169,
}

/// Where a session stands.
#[derive(Debug)]
pub enum Step {
    /// The report is made.
    Done(Box<Report>),
    /// Evidence is wanted. The driver adds each to the [`Evidence`], as absent where it cannot be had, and steps again.
    Wants(Vec<Want>),
}

/// A piece of evidence that a session asks for. Its address comes from a credential whose issuer is trusted, and is
/// still to be fetched with guards: no private addresses, bounded size, time and redirects.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Want {
    /// The status list token at this URI.
    StatusList {
        /// The URI.
        uri: String,
    },
    /// The metadata of this credential type.
    TypeMetadata {
        /// The type, which is a URL where it can be fetched.
        vct: String,
    },
}

/// The text is no credential or presentation of any format that is read here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct UnreadablePresentation(NotRecognised);

impl<'a> VerificationSession<'a> {
    /// Begins the verification of `text`: an SD-JWT VC presentation, or the text of a Claim 169 code.
    ///
    /// # Errors
    /// [`UnreadablePresentation`] when the text has the shape of no known format. A text that has the shape and is
    /// broken is no error: its report says invalid.
    pub fn new(text: &'a str, expected: Expected, policy: Policy) -> Result<Self, UnreadablePresentation> {
        let presentation = Presentation::read(text)?;
        Ok(Self {
            presentation: Some(presentation),
            judged: None,
            expected,
            policy,
            rounds: 0,
            verified_lists: VerifiedLists::new(),
        })
    }

    /// Goes as far as the evidence reaches.
    ///
    /// After [`Step::Wants`] has been answered [`MAX_ROUNDS`] times, whatever is still missing counts as absent: the
    /// loop ends whatever the driver does.
    pub fn step(&mut self, evidence: &Evidence<'_>, provider: &dyn CryptoProvider, now: UnixTime) -> Step {
        let context = Context {
            evidence,
            policy: &self.policy,
            expected: &self.expected,
            provider,
            now,
        };
        let presentation = self.presentation.take();
        let judged = self.judged.get_or_insert_with(|| context.judge(presentation));
        let rounds = if self.rounds < MAX_ROUNDS {
            Rounds::Left
        } else {
            Rounds::Exhausted
        };

        let mut wants = Vec::new();
        if judged.is_believed() && !judged.type_metadata_judged {
            match judge_type_metadata(&context, judged, rounds) {
                MetadataAnswer::Wanted { vct } => wants.push(Want::TypeMetadata { vct }),
                MetadataAnswer::Judged => judged.type_metadata_judged = true,
            }
        }
        let status = match context.status(judged, rounds, &mut self.verified_lists) {
            StatusAnswer::Wanted { uri } => {
                wants.push(Want::StatusList { uri });
                None
            }
            StatusAnswer::Known(findings) => Some(findings),
        };
        match status {
            Some(status) if wants.is_empty() => Step::Done(Box::new(context.report(judged, status))),
            _ => {
                self.rounds = self.rounds.saturating_add(1);
                Step::Wants(wants)
            }
        }
    }

    /// The status lists that this session has verified, for the evidence of later sessions.
    pub fn verified_status_lists(&self) -> impl Iterator<Item = &Arc<VerifiedStatusList>> {
        self.verified_lists.values().filter_map(|list| list.as_ref().ok())
    }
}

impl<'a> Presentation<'a> {
    fn read(text: &'a str) -> Result<Self, UnreadablePresentation> {
        match recognise(text) {
            Ok(presented) => Ok(Self::Whole(presented)),
            Err(NotRecognised::SdJwtVc(error)) if !is_some_other_text(&error) => {
                Ok(Self::BrokenSdJwtVc(error))
            }
            // Any capital letters are Base45; what does not even inflate is no card.
            Err(NotRecognised::Claim169(error))
                if !matches!(
                    error,
                    Claim169Error::NotZlib | Claim169Error::OverBudget | Claim169Error::Encrypted
                ) =>
            {
                Ok(Self::BrokenClaim169)
            }
            Err(error) => Err(UnreadablePresentation(error)),
        }
    }
}

/// Whether a text has a tilde in it and is no credential for all that.
fn is_some_other_text(error: &SdJwtVcError) -> bool {
    matches!(
        error,
        SdJwtVcError::Parse(
            SdJwtParseError::NotAnSdJwt
                | SdJwtParseError::OverBudget
                | SdJwtParseError::IssuerJwt(JwsError::Malformed | JwsError::OverBudget)
        )
    )
}

/// Everything a judgement rests on.
struct Context<'c> {
    evidence: &'c Evidence<'c>,
    policy: &'c Policy,
    expected: &'c Expected,
    provider: &'c dyn CryptoProvider,
    now: UnixTime,
}

impl Context<'_> {
    fn judge<'a>(&self, presentation: Option<Presentation<'a>>) -> Judged<'a> {
        let mut judged = match presentation {
            Some(Presentation::Whole(Presented::SdJwtVc(credential))) => sd_jwt_vc::judge(self, *credential),
            Some(Presentation::Whole(Presented::Claim169(card))) => claim169::judge(self, *card),
            Some(Presentation::BrokenSdJwtVc(error)) => sd_jwt_vc::broken(&error),
            Some(Presentation::BrokenClaim169) | None => Judged::nothing(CredentialFormat::Claim169)
                .broken(CheckName::IssuerSignature, Reason::Malformed),
        };
        judged.warnings.extend(self.warnings());
        judged
    }

    /// Whether the trust list can be used now, as a check.
    fn trust_list_check(&self) -> Check {
        let list = self.evidence.trust_list();
        match list.validity(self.now) {
            Validity::Current | Validity::InGrace { .. } => Check::passed(CheckName::TrustList),
            Validity::Expired { .. } => Check::failed(CheckName::TrustList, Reason::EvidenceTooOld),
            Validity::NotYetIssued => Check::failed(CheckName::TrustList, Reason::NotYetValid),
        }
        .from(list.issued_at)
    }

    fn warnings(&self) -> impl Iterator<Item = Warning> {
        let in_grace = |validity, warning: fn(UnixTime) -> Warning| match validity {
            Validity::InGrace { expired_at } => Some(warning(expired_at)),
            Validity::Current | Validity::Expired { .. } | Validity::NotYetIssued => None,
        };
        let trust_list = in_grace(self.evidence.trust_list().validity(self.now), |expired_at| {
            Warning::TrustListInGrace { expired_at }
        });
        let pack = match self.evidence.pack() {
            PackEvidence::Accepted(pack) => {
                in_grace(pack.validity(), |expired_at| Warning::PackInGrace { expired_at })
            }
            PackEvidence::Refused => Some(Warning::PackRefused),
            PackEvidence::NotGiven => None,
        };
        trust_list.into_iter().chain(pack)
    }

    fn status(&self, judged: &Judged<'_>, rounds: Rounds, verified: &mut VerifiedLists) -> StatusAnswer {
        let issuer = judged
            .issuer
            .as_ref()
            .and_then(|issuer| self.evidence.trust_list().issuer(&issuer.identifier));
        let (true, Some(issuer)) = (judged.is_believed(), issuer) else {
            // Whoever is not believed is not asked: neither for the state nor at the address in the text.
            let check = Check::absent(CheckName::CredentialStatus, Reason::NotReached);
            return StatusAnswer::Known(StatusFindings::unknown(check));
        };
        let question = StatusQuestion {
            reference: &judged.status,
            issuer,
            policy: self.policy,
            provider: self.provider,
            now: self.now,
            rounds,
        };
        question.answer(self.evidence, verified)
    }

    fn report(&self, judged: &Judged<'_>, status: StatusFindings) -> Report {
        let (authentic, trusted) = (judged.authentic.clone(), judged.trusted.clone());
        let holder = judged.holder.clone();
        let verdict = Verdict::judge(
            authentic.state,
            trusted.state,
            status.axis.state,
            holder.state,
            self.policy.holder,
        );
        let mut warnings = judged.warnings.clone();
        warnings.extend(status.warnings);
        let believed = authentic.state == Authentic::Authentic && trusted.state == Trusted::Trusted;
        Report {
            version: REPORT_VERSION,
            verdict,
            as_of: status.as_of,
            verified_at: self.now,
            format: judged.format,
            credential_type: judged.credential_type.clone(),
            issuer: judged.issuer.clone(),
            authentic,
            trusted,
            status: status.axis,
            holder,
            warnings,
            claims: if believed {
                judged.claims.clone()
            } else {
                serde_json::Map::new()
            },
            photo: judged.photo.clone().filter(|_| believed),
            authority_key_identifiers: judged.authority_key_identifiers.clone(),
            holder_key: judged.holder_key.clone(),
        }
    }
}
