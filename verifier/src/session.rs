//! The verification of one presentation: it asks for evidence, and answers with reports.

mod authorities;
mod claim169;
mod context;
mod found;
mod holder;
mod inquiry;
mod issuer_keys;
mod judged;
mod mdoc;
mod pack_credentials;
mod photo;
mod presenter;
mod revocation;
mod sd_jwt_vc;
mod status;
#[cfg(test)]
pub(crate) mod tests;
mod type_metadata;
mod unjudged;
mod w3c;

use std::sync::Arc;

use symbolon_credential::{Input, NotRecognised};
use symbolon_crypto::UnixTime;
use symbolon_crypto::x509::{RevocationList, VerifiedRevocationList};
use symbolon_did::Did;
use symbolon_trust::status_list::VerifiedStatusList;

use self::context::{Context, Rounds};
use self::found::Found;
pub use self::inquiry::{InquiryStep, StatusInquiry};
use self::judged::Judged;
pub use self::pack_credentials::PackCredentials;
use self::presenter::Presenter;
use self::revocation::RevocationAnswer;
use self::status::StatusAnswer;
pub use self::status::VerifiedBitstringList;
use self::type_metadata::{MetadataAnswer, judge_type_metadata};
use self::unjudged::{Judgement, Unjudged, read};
use crate::card::JudgedCode;
use crate::evidence::Evidence;
use crate::expected::Expected;
use crate::policy::{Policy, StatusAge};
use crate::report::Report;
use crate::tools::Tools;

/// How often a session asks before it takes what it did not get for absent. The longest path has as many questions: an
/// issuer's metadata and its key set, then the metadata of a type and of those that it extends.
pub const MAX_ROUNDS: u8 = 10;

/// How many pieces of evidence a session asks for in all.
pub const MAX_WANTS: usize = 64;

/// The verification of one presentation.
///
/// ```
/// use symbolon_credential::Input;
/// use symbolon_crypto::UnixTime;
/// use symbolon_verifier::{Evidence, Expected, Policy, Step, Tools, VerificationSession};
/// use symbolon_verifier::{UnreadablePresentation, report::Report};
///
/// fn judge(
///     input: &Input<'_>,
///     evidence: &mut Evidence<'_>,
///     tools: Tools<'_>,
///     now: UnixTime,
/// ) -> Result<Vec<Report>, UnreadablePresentation> {
///     let mut session = VerificationSession::new(input, Expected::Unchecked, Policy::CHECKPOINT)?;
///     loop {
///         match session.step(evidence, tools, now) {
///             Step::Done(reports) => return Ok(reports),
///             Step::Wants(wants) => for want in wants {
///                 evidence.add_absent(want); // or what a guarded fetch brought
///             },
///         }
///     }
/// }
/// ```
///
/// What has been proven is kept between steps, so no signature is checked twice. Nothing is asked for that is not a
/// trusted issuer's: keys only where the trust list knows the issuer, and everything else only after its signature was
/// verified. An address in anybody else's text is never fetched.
pub struct VerificationSession<'a> {
    credentials: Vec<Credential<'a>>,
    presenter: Presenter<'a>,
    expected: Expected,
    policy: Policy,
    rounds: u8,
    wants: usize,
    found: Found,
}

/// One credential of a presentation, on its way.
enum Credential<'a> {
    Unjudged(Unjudged<'a>),
    Judged(Box<Judged<'a>>),
    /// Between two moments of one step.
    Gone,
}

/// Where a session stands.
#[derive(Debug)]
pub enum Step {
    /// The reports are made: one for each credential of the presentation, in their order. There is at least one.
    Done(Vec<Report>),
    /// Evidence is wanted. The driver adds each to the [`Evidence`], as absent where it cannot be had, and steps again.
    Wants(Vec<Want>),
}

/// A piece of evidence that a session asks for. Its address comes from the trust list or from a credential whose issuer
/// is trusted, and is still to be fetched with guards: no private addresses, bounded size, time and redirects.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Want {
    /// The document of this DID of a trusted issuer; of a `did:webvh` its log.
    DidDocument {
        /// The DID.
        did: Did,
    },
    /// The witness proofs of this `did:webvh` of a trusted issuer, whose log needs them.
    DidWitnessProofs {
        /// The DID.
        did: Did,
    },
    /// A document of a trusted issuer's, as JSON: its metadata with its keys, or its key set.
    IssuerDocument {
        /// The URL.
        url: String,
    },
    /// The status list token at this URI.
    StatusList {
        /// The URI.
        uri: String,
    },
    /// The Bitstring status list credential at this URL.
    StatusListCredential {
        /// The URL.
        url: String,
    },
    /// The certificate revocation list at this URL, by https or plain http: what it says is signed, and a list fetched by https could need
    /// another one first ([RFC 5280 §8](https://www.rfc-editor.org/rfc/rfc5280#section-8)).
    RevocationList {
        /// The URL.
        url: String,
    },
    /// The metadata of this credential type.
    TypeMetadata {
        /// The type, which is a URL where it can be fetched.
        vct: String,
    },
}

/// The input is no credential or presentation of any format that is read here.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct UnreadablePresentation(#[from] NotRecognised);

impl<'a> VerificationSession<'a> {
    /// Begins the verification of what was held up.
    ///
    /// # Errors
    /// [`UnreadablePresentation`] when the input has the shape of no known format, or is an mdoc that breaks a rule of
    /// its structure. A text that has the shape and is broken is no error: its report says invalid.
    pub fn new(
        input: &'a Input<'_>,
        expected: Expected,
        policy: Policy,
    ) -> Result<Self, UnreadablePresentation> {
        let (credentials, presenter) = read(input)?;
        Ok(Self {
            credentials: credentials.into_iter().map(Credential::Unjudged).collect(),
            presenter,
            expected,
            policy,
            rounds: 0,
            wants: 0,
            found: Found::default(),
        })
    }

    /// Goes as far as the evidence reaches.
    ///
    /// After [`Step::Wants`] has been answered [`MAX_ROUNDS`] times, whatever is still missing counts as absent: the
    /// loop ends whatever the driver does.
    pub fn step(&mut self, evidence: &Evidence<'_>, tools: Tools<'_>, now: UnixTime) -> Step {
        self.found.take_up_documents(evidence, tools.crypto, now);
        let context = Context {
            evidence,
            policy: &self.policy,
            expected: &self.expected,
            tools,
            now,
            rounds: if self.rounds < MAX_ROUNDS && self.wants < MAX_WANTS {
                Rounds::Left
            } else {
                Rounds::Exhausted
            },
        };
        let mut wants: Vec<Want> = Vec::new();
        let mut reports = Vec::with_capacity(self.credentials.len());
        for credential in &mut self.credentials {
            advance(credential, &context, &mut self.found, &mut wants);
            let Credential::Judged(judged) = credential else {
                continue;
            };
            self.presenter.judge_holder(&context, judged);
            let before = wants.len();
            if judged.is_believed() && !judged.type_metadata_judged {
                match judge_type_metadata(&context, judged) {
                    MetadataAnswer::Wanted { vct } => add(&mut wants, Want::TypeMetadata { vct }),
                    MetadataAnswer::Judged => judged.type_metadata_judged = true,
                }
            }
            if judged.is_believed() && !judged.revocation_judged {
                match context.judge_revocation(judged, &mut self.found) {
                    RevocationAnswer::Wanted(more) => more.into_iter().for_each(|want| add(&mut wants, want)),
                    RevocationAnswer::Judged => judged.revocation_judged = true,
                }
            }
            match context.status(judged, &mut self.found) {
                StatusAnswer::Wanted(more) => more.into_iter().for_each(|want| add(&mut wants, want)),
                StatusAnswer::Known(status) if wants.len() == before => {
                    reports.push(context.report(judged, status));
                }
                StatusAnswer::Known(_) => {}
            }
        }
        wants.truncate(MAX_WANTS.saturating_sub(self.wants));
        if wants.is_empty() && reports.len() == self.credentials.len() {
            return Step::Done(reports);
        }
        self.rounds = self.rounds.saturating_add(1);
        self.wants = self.wants.saturating_add(wants.len());
        Step::Wants(wants)
    }

    /// The reports with what they say about the codes of cards, so that what was shown together can be judged together:
    /// [`judge_together`](crate::card::judge_together). `reports` are those that this session made.
    #[must_use]
    pub fn into_codes(self, reports: Vec<Report>) -> Vec<JudgedCode> {
        let holder = self.policy.holder;
        let cards = self.credentials.into_iter().map(|credential| match credential {
            Credential::Judged(judged) if judged.is_believed() => judged.card,
            _ => None,
        });
        reports
            .into_iter()
            .zip(cards)
            .map(|(report, card)| JudgedCode { report, card, holder })
            .collect()
    }

    /// How old a statement about the status may be that was fetched for another verification: no older than the rule for some
    /// credential of this one allows, so that nobody is told of an old one where a young one can be had.
    #[must_use]
    pub fn kept_status(&self) -> StatusAge {
        let judged = self.credentials.iter().filter_map(|credential| match credential {
            Credential::Judged(judged) => Some(judged.freshness(&self.policy.freshness).oldest),
            Credential::Unjudged(_) | Credential::Gone => None,
        });
        judged.fold(self.policy.kept_status, StatusAge::shorter)
    }

    /// The status lists that this session has verified, for the evidence of later sessions.
    pub fn verified_status_lists(&self) -> impl Iterator<Item = &Arc<VerifiedStatusList>> {
        self.found.verified_token_lists()
    }

    /// The revocation lists that this session has verified, for the evidence of later sessions.
    pub fn verified_revocation_lists(&self) -> impl Iterator<Item = &RevocationList> {
        let lists = self.found.revocation_lists.values().flatten();
        lists.map(VerifiedRevocationList::list)
    }

    /// The Bitstring status list credentials that this session has verified, for the evidence of later sessions.
    pub fn verified_status_list_credentials(&self) -> impl Iterator<Item = &Arc<VerifiedBitstringList>> {
        self.found.verified_bitstring_lists()
    }
}

/// Judges a credential as soon as the keys of its issuer are known.
fn advance(credential: &mut Credential<'_>, context: &Context<'_>, found: &mut Found, wants: &mut Vec<Want>) {
    *credential = match core::mem::replace(credential, Credential::Gone) {
        Credential::Unjudged(unjudged) => match unjudged.judge(context, found) {
            Judgement::Made(judged) => Credential::Judged(judged),
            Judgement::Waits { unjudged, want } => {
                add(wants, want);
                Credential::Unjudged(unjudged)
            }
        },
        other => other,
    };
}

fn add(wants: &mut Vec<Want>, want: Want) {
    if !wants.contains(&want) {
        wants.push(want);
    }
}
