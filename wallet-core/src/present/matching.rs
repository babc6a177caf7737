//! What of the wallet answers a query, and what exactly it would disclose.

use symbolon_credential::claims_path::ClaimsPath;
use symbolon_credential::data_integrity::JsonLd;
use symbolon_crypto::UnixTime;
use symbolon_protocol::dcql::{
    Candidate, CandidateKind, CredentialQuery, DcqlQuery, HolderBinding, Matches, Meta, QueryId,
    SetRequirement, Unsatisfied, W3cFormat, match_query,
};
use symbolon_protocol::openid4vp::vp_formats::VpFormats;

use super::consent::{
    Answerable, AskedClaim, AskedCredential, CandidateCredential, Choice, ConsentRequest, Need, Retention,
};
use super::formats;
use super::selected::Selected;
use crate::error::WalletError;
use crate::hold::{ClaimNames, CredentialSummary, Disclosable, Opened, ShownClaim, open_held};
use crate::identifiers::FlowId;
use crate::language::Languages;
use crate::policy::WalletPolicy;
use crate::ports::KEY_ALGORITHM;
use crate::record::{HeldContent, HeldCredential, VerifierRecord};

/// The credentials that can be shown now, read.
pub(super) struct Holdings<'a> {
    pub(super) entries: Vec<Holding<'a>>,
}

/// One of them.
pub(super) struct Holding<'a> {
    pub(super) credential: &'a HeldCredential,
    pub(super) opened: Opened<'a>,
    authorities: Vec<Vec<u8>>,
}

impl<'a> Holdings<'a> {
    /// Expired credentials are left out: every verifier must refuse them. So are those in formats and algorithms that this
    /// verifier does not read. Those received last come first, because a reissued credential replaces an older one.
    pub(super) fn read(
        credentials: &'a [HeldCredential],
        verifier: &VpFormats,
        json_ld: Option<JsonLd<'a>>,
        now: UnixTime,
    ) -> Result<Self, WalletError> {
        let mut current: Vec<&HeldCredential> = credentials
            .iter()
            .filter(|credential| credential.expires.is_none_or(|expires| expires > now))
            .collect();
        current.sort_by_key(|credential| (std::cmp::Reverse(credential.received), credential.id));
        let mut entries = Vec::new();
        for credential in current {
            let opened = open_held(credential, json_ld)?;
            if formats::reads(verifier, &opened, KEY_ALGORITHM) {
                entries.push(Holding {
                    credential,
                    authorities: opened.authority_key_identifiers(),
                    opened,
                });
            }
        }
        Ok(Self { entries })
    }

    fn candidates(&self) -> Vec<Candidate<'_>> {
        self.entries
            .iter()
            .map(|holding| Candidate {
                kind: holding.kind(),
                claims: holding.opened.claims(),
                authority_key_identifiers: &holding.authorities,
                holder_binding: HolderBinding::Proven,
            })
            .collect()
    }

    pub(super) fn answer(&self, query: &DcqlQuery) -> Result<Matches, Unsatisfied> {
        match_query(query, &self.candidates())
    }

    /// What `credential_query` would be answered with: the credential's place in `entries` and the claims to disclose.
    pub(super) fn fitting(&self, credential_query: &CredentialQuery) -> Vec<(usize, Vec<ClaimsPath>)> {
        self.candidates()
            .iter()
            .enumerate()
            .filter_map(|(place, candidate)| Some((place, candidate.answer(credential_query).ok()?)))
            .collect()
    }

    /// The consent request for a query.
    pub(super) fn consent_request(
        &self,
        flow: FlowId,
        verifier: VerifierRecord,
        query: &DcqlQuery,
        policy: &WalletPolicy,
        languages: &Languages,
        now: UnixTime,
    ) -> Result<ConsentRequest, WalletError> {
        let (required, optional, answerable) = match self.answer(query) {
            Ok(matches) => {
                let answer = matches.answer();
                let required: Vec<QueryId> = answer.iter().map(|found| found.query.clone()).collect();
                let choice: Choice = answer
                    .iter()
                    .filter_map(|found| {
                        Some((
                            found.query.clone(),
                            self.entries.get(found.candidate)?.credential.id,
                        ))
                    })
                    .collect();
                (required, matches.optional().to_vec(), Answerable::With(choice))
            }
            Err(Unsatisfied { missing }) => (missing.clone(), Vec::new(), Answerable::No { missing }),
        };
        let asked = query
            .credentials()
            .iter()
            .map(|credential_query| {
                let need = if required.contains(&credential_query.id) {
                    Need::Required
                } else if optional.contains(&credential_query.id) {
                    Need::Optional
                } else {
                    Need::Alternative
                };
                self.asked(credential_query, need, policy, languages, now)
            })
            .collect::<Result<_, _>>()?;
        Ok(ConsentRequest {
            flow,
            verifier,
            asked,
            answerable,
        })
    }

    fn asked(
        &self,
        query: &CredentialQuery,
        need: Need,
        policy: &WalletPolicy,
        languages: &Languages,
        now: UnixTime,
    ) -> Result<AskedCredential, WalletError> {
        let names = self
            .entries
            .iter()
            .find(|holding| is_of_type(&query.meta, holding.kind()))
            .map(|holding| ClaimNames::of(holding.credential, policy));
        let claims = query
            .claims
            .iter()
            .flatten()
            .map(|claim| AskedClaim {
                name: match &names {
                    Some(names) => names.place_and_name(&claim.path, languages).1,
                    None => claim.path.to_string(),
                },
                path: claim.path.clone(),
                retention: match claim.intent_to_retain {
                    None => Retention::NotStated,
                    Some(true) => Retention::Intended,
                    Some(false) => Retention::NotIntended,
                },
            })
            .collect();
        let candidates = self
            .fitting(query)
            .into_iter()
            .filter_map(|(place, paths)| Some((self.entries.get(place)?, paths)))
            .map(|(holding, paths)| {
                Ok(CandidateCredential {
                    credential: CredentialSummary::of(holding.credential, policy, languages, now),
                    discloses: holding.disclosure(&paths, policy, languages)?,
                })
            })
            .collect::<Result<_, WalletError>>()?;
        Ok(AskedCredential {
            query: query.id.clone(),
            need,
            credential_types: types_asked(&query.meta),
            claims,
            candidates,
        })
    }

    /// Whether a choice answers the query: every answer fits its query, and everything that the verifier insists on is there.
    pub(super) fn satisfies(&self, query: &DcqlQuery, choice: &Choice) -> bool {
        let fits = choice.iter().all(|(id, credential)| {
            query.credential(id).is_some_and(|credential_query| {
                self.fitting(credential_query)
                    .iter()
                    .filter_map(|(place, _)| self.entries.get(*place))
                    .any(|holding| holding.credential.id == credential)
            })
        });
        let answered = |id: &QueryId| choice.credential(id).is_some();
        let complete = if query.credential_sets().is_empty() {
            query
                .credentials()
                .iter()
                .all(|credential_query| answered(&credential_query.id))
        } else {
            query
                .credential_sets()
                .iter()
                .filter(|set| set.requirement == SetRequirement::Required)
                .all(|set| set.options.iter().any(|option| option.iter().all(answered)))
        };
        fits && complete && choice.iter().next().is_some()
    }
}

impl Holding<'_> {
    fn kind(&self) -> CandidateKind<'_> {
        match &self.credential.content {
            HeldContent::SdJwtVc { .. } => CandidateKind::SdJwtVc {
                vct: &self.credential.credential_type,
            },
            HeldContent::MsoMdoc { .. } => CandidateKind::MsoMdoc {
                doctype: &self.credential.credential_type,
            },
            HeldContent::LdpVc { types, .. } => CandidateKind::W3c {
                format: W3cFormat::LdpVc,
                types,
            },
            HeldContent::JwtVcJson { types, .. } => CandidateKind::W3c {
                format: W3cFormat::JwtVcJson,
                types,
            },
        }
    }

    /// Every personal claim that the verifier would see, computed from the very thing that would be sent.
    fn disclosure(
        &self,
        paths: &[ClaimsPath],
        policy: &WalletPolicy,
        languages: &Languages,
    ) -> Result<Vec<ShownClaim>, WalletError> {
        let claims = Selected::of(&self.opened, paths)?.personal_claims()?;
        Ok(ShownClaim::all(self.credential, claims, policy, languages))
    }

    /// The names of the claims that the verifier would see because they were asked for, as the history keeps them. Where
    /// nothing can be withheld, everything is shown because something was asked for.
    pub(super) fn names_for_history(&self, selected: &Selected<'_>) -> Result<Vec<String>, WalletError> {
        let claims = selected.personal_claims()?;
        let all = claims
            .iter()
            .all(|claim| claim.disclosable == Disclosable::Always);
        let whole = match &self.opened {
            Opened::SdJwtVc(_) | Opened::MsoMdoc(_) => false,
            Opened::LdpVc(_) | Opened::JwtVcJson(_) => all,
        };
        let mut names: Vec<String> = claims
            .into_iter()
            .filter(|claim| whole || claim.disclosable == Disclosable::Selectively)
            .map(|claim| claim.path.to_string())
            .collect();
        names.sort();
        Ok(names)
    }
}

/// The types that a query takes; of a W3C credential the most specific one of each alternative, which by custom stands last.
fn types_asked(meta: &Meta) -> Vec<String> {
    match meta {
        Meta::SdJwtVc { vct_values } => vct_values.clone(),
        Meta::MsoMdoc { doctype_value } => vec![doctype_value.clone()],
        Meta::W3c { type_values, .. } => type_values
            .iter()
            .filter_map(|types| types.last().cloned())
            .collect(),
        _ => Vec::new(),
    }
}

fn is_of_type(meta: &Meta, kind: CandidateKind<'_>) -> bool {
    match (meta, kind) {
        (Meta::SdJwtVc { vct_values }, CandidateKind::SdJwtVc { vct }) => {
            vct_values.iter().any(|wanted| wanted == vct)
        }
        (Meta::MsoMdoc { doctype_value }, CandidateKind::MsoMdoc { doctype }) => doctype_value == doctype,
        (Meta::W3c { format, type_values }, CandidateKind::W3c { format: own, types }) => {
            *format == own
                && type_values
                    .iter()
                    .any(|wanted| wanted.iter().all(|iri| types.contains(iri)))
        }
        _ => false,
    }
}
