//! What of the wallet answers a query, and what exactly it would disclose.

use std::collections::BTreeSet;

use symbolon_credential::claims_path::{ClaimsPath, ElementPlaces};
use symbolon_credential::data_integrity::JsonLd;
use symbolon_crypto::UnixTime;
use symbolon_crypto::x509::Certificate;
use symbolon_protocol::dcql::{
    Candidate, CandidateKind, CandidateMismatch, CredentialQuery, DcqlQuery, HolderBinding, Matches, Meta,
    PresentationCount, QueryId, Unsatisfied, W3cFormat, match_query,
};
use symbolon_protocol::openid4vp::transaction_data::TransactionData;
use symbolon_protocol::openid4vp::vp_formats::VpFormats;

use super::consent::{
    Answerable, AskedClaim, AskedCredential, CandidateCredential, Choice, ConsentRequest, Lack, Need,
    PastRefusal, Retention,
};
use super::formats;
use super::registration::{Registration, VerifierClaims};
use super::selected::Selected;
use super::transactions::ShownTransaction;
use crate::error::WalletError;
use crate::hold::{
    ClaimNames, CredentialSummary, Disclosable, Opened, PersonalClaim, ShownClaim, extended_types, open_held,
    types_extending,
};
use crate::identifiers::{CredentialId, FlowId};
use crate::language::Languages;
use crate::policy::{SpentCopies, WalletPolicy};
use crate::ports::KEY_ALGORITHM;
use crate::record::{HeldContent, HeldCredential, VerifierRecord};

/// The credentials that can be shown now, read.
pub(super) struct Holdings<'a> {
    pub(super) entries: Vec<Holding<'a>>,
    /// Those of which every copy was shown, where the policy shows none of them again.
    spent: Vec<Holding<'a>>,
}

/// Who asks for what, for the person to see.
pub(super) struct Asking<'r> {
    pub(super) verifier: VerifierRecord,
    pub(super) claimed: VerifierClaims,
    pub(super) registration: Registration,
    pub(super) refused_before: Vec<PastRefusal>,
    pub(super) query: &'r DcqlQuery,
    pub(super) transactions: &'r [TransactionData],
}

/// One of them.
pub(super) struct Holding<'a> {
    pub(super) credential: &'a HeldCredential,
    pub(super) opened: Opened<'a>,
    authorities: Vec<Vec<u8>>,
    trusted_lists: Vec<String>,
    extended_types: Vec<String>,
    element_places: ElementPlaces,
}

impl<'a> Holdings<'a> {
    /// Expired credentials are left out: every verifier must refuse them. So are those in formats and algorithms that this
    /// verifier does not read. Those received last come first, because a reissued credential replaces an older one; those whose copies
    /// were all shown come last, or answer nothing, as the policy says.
    pub(super) fn read(
        credentials: &'a [HeldCredential],
        verifier: &VpFormats,
        policy: &WalletPolicy,
        json_ld: Option<JsonLd<'a>>,
        now: UnixTime,
    ) -> Result<Self, WalletError> {
        let mut current: Vec<&HeldCredential> = credentials
            .iter()
            .filter(|credential| credential.expires.is_none_or(|expires| expires > now))
            .collect();
        current.sort_by_key(|credential| {
            let received = std::cmp::Reverse(credential.received);
            (credential.spent.is_some(), received, credential.id)
        });
        let (mut entries, mut spent) = (Vec::new(), Vec::new());
        for credential in current {
            let opened = open_held(credential, json_ld)?;
            if formats::reads(verifier, &opened, KEY_ALGORITHM) {
                let chain = opened.certificate_chain();
                let is_withheld =
                    credential.spent.is_some() && policy.relying_parties.spent_copies == SpentCopies::Refused;
                let place = if is_withheld { &mut spent } else { &mut entries };
                place.push(Holding {
                    credential,
                    authorities: authority_key_identifiers(&chain),
                    trusted_lists: policy.trusted_lists_of(&credential.issuer, &chain),
                    extended_types: extended_types(credential, policy),
                    element_places: opened.element_places(),
                    opened,
                });
            }
        }
        Ok(Self { entries, spent })
    }

    fn candidates(&self) -> Vec<Candidate<'_>> {
        self.entries.iter().map(Holding::candidate).collect()
    }

    pub(super) fn answer(&self, query: &DcqlQuery) -> Result<Matches, Unsatisfied> {
        match_query(query, &self.candidates(), &|place, paths| {
            self.measure(place, paths)
        })
    }

    /// How many claims about the person a verifier would see. What cannot be shown is never preferred.
    fn measure(&self, place: usize, paths: &[ClaimsPath]) -> usize {
        let claims = self.entries.get(place).map(|holding| holding.extent(paths));
        claims.and_then(Result::ok).unwrap_or(usize::MAX)
    }

    /// What `credential_query` would be answered with, what discloses least first: the credential's place in `entries` and the
    /// claims to disclose. Or why nothing answers it.
    pub(super) fn fitting(
        &self,
        credential_query: &CredentialQuery,
    ) -> Result<Vec<(usize, Vec<ClaimsPath>)>, Lack> {
        let mut lack = Lack::NotHeld;
        let mut fitting = Vec::new();
        for (place, candidate) in self.candidates().iter().enumerate() {
            match candidate.answer(credential_query) {
                Ok(paths) => fitting.push((place, paths)),
                Err(mismatch) => lack = lack.max(lack_of(mismatch)),
            }
        }
        fitting.sort_by_cached_key(|(place, paths)| self.measure(*place, paths));
        if !fitting.is_empty() {
            return Ok(fitting);
        }
        let mut spent = self.spent.iter();
        if spent.any(|holding| holding.candidate().answer(credential_query).is_ok()) {
            lack = Lack::CopiesSpent;
        }
        Err(lack)
    }

    /// The credential of that name, if it answers `credential_query`, and the claims to disclose.
    pub(super) fn chosen(
        &self,
        credential_query: &CredentialQuery,
        credential: CredentialId,
    ) -> Option<(&Holding<'a>, Vec<ClaimsPath>)> {
        let mut held = self.candidates().into_iter().zip(&self.entries);
        let (candidate, holding) = held.find(|(_, holding)| holding.credential.id == credential)?;
        Some((holding, candidate.answer(credential_query).ok()?))
    }

    /// The consent request for a query.
    pub(super) fn consent_request(
        &self,
        flow: FlowId,
        asking: Asking<'_>,
        policy: &WalletPolicy,
        languages: &Languages,
        now: UnixTime,
    ) -> Result<ConsentRequest, WalletError> {
        let query = asking.query;
        let (mut required, optional, answerable) = match self.answer(query) {
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
        let (answerable, authorizing) = self.authorizing(query, asking.transactions, answerable);
        required.extend(authorizing);
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
            verifier: asking.verifier,
            claimed: asking.claimed,
            registration: asking.registration,
            refused_before: asking.refused_before,
            asked,
            transactions: asking
                .transactions
                .iter()
                .map(|transaction| ShownTransaction::of(transaction, languages))
                .collect(),
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
            .find(|holding| holding.kind().is_of_type(&query.meta))
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
        let (fitting, lack) = match self.fitting(query) {
            Ok(fitting) => (fitting, None),
            Err(lack) => (Vec::new(), Some(lack)),
        };
        let candidates = fitting
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
            extending_types: match &query.meta {
                Meta::SdJwtVc { vct_values } => types_extending(vct_values, policy),
                _ => Vec::new(),
            },
            type_alternatives: type_alternatives(&query.meta),
            count: query.count,
            holder_binding: query.holder_binding,
            claims,
            candidates,
            lack,
        })
    }

    /// Whether a choice answers the query: every answer fits its query, and together they are what was asked for.
    pub(super) fn satisfies(&self, query: &DcqlQuery, choice: &Choice) -> bool {
        let fits = choice.iter().all(|(id, credentials)| {
            query.credential(id).is_some_and(|credential_query| {
                let different: BTreeSet<_> = credentials.iter().collect();
                let count = match credential_query.count {
                    PresentationCount::One => credentials.len() == 1,
                    PresentationCount::Several => different.len() == credentials.len(),
                };
                let mut credentials = credentials.iter();
                count && credentials.all(|credential| self.chosen(credential_query, *credential).is_some())
            })
        });
        let answered = choice.iter().map(|(id, _)| id).collect();
        fits && !choice.is_empty() && query.check_combination(&answered).is_ok()
    }
}

impl Holding<'_> {
    fn candidate(&self) -> Candidate<'_> {
        Candidate {
            kind: self.kind(),
            claims: self.opened.claims(),
            element_places: &self.element_places,
            authority_key_identifiers: &self.authorities,
            trusted_lists: &self.trusted_lists,
            holder_binding: HolderBinding::Proven,
        }
    }

    fn kind(&self) -> CandidateKind<'_> {
        match &self.credential.content {
            HeldContent::SdJwtVc { .. } => CandidateKind::SdJwtVc {
                vct: &self.credential.credential_type,
                extended: &self.extended_types,
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

    /// How many claims about the person a verifier would see, at the least: what is shown always and what the paths lead to.
    fn extent(&self, paths: &[ClaimsPath]) -> Result<usize, WalletError> {
        match &self.opened {
            Opened::SdJwtVc(_) | Opened::MsoMdoc(_) => {
                Ok(Selected::of(&self.opened, paths)?.personal_claims()?.len())
            }
            // Deriving a document to count what is in it would take longer than showing it.
            Opened::LdpVc(_) | Opened::JwtVcJson(_) => {
                let claims = self.opened.personal_claims()?;
                let is_shown = |claim: &&PersonalClaim| {
                    claim.disclosable == Disclosable::Always
                        || paths.iter().any(|path| path.agrees_with(&claim.path))
                };
                Ok(claims.iter().filter(is_shown).count())
            }
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

/// The types that a query takes, any one of the alternatives. Of a W3C credential each is the types that it must have, without the one
/// that every credential has.
pub(super) fn type_alternatives(meta: &Meta) -> Vec<Vec<String>> {
    match meta {
        Meta::SdJwtVc { vct_values } => vct_values.iter().map(|vct| vec![vct.clone()]).collect(),
        Meta::MsoMdoc { doctype_value } => vec![vec![doctype_value.clone()]],
        Meta::W3c { type_values, .. } => type_values.iter().map(|types| telling(types)).collect(),
        _ => Vec::new(),
    }
}

/// Whoever asks for nothing but the type of every credential asks for any.
fn telling(types: &[String]) -> Vec<String> {
    let told: Vec<String> = types.iter().filter(|iri| *iri != BASE_TYPE).cloned().collect();
    if told.is_empty() { types.to_vec() } else { told }
}

/// Whether these are no types but the one that every credential has.
pub(super) fn is_of_any(types: &[String]) -> bool {
    types.iter().all(|iri| iri == BASE_TYPE)
}

/// The type of every W3C credential, in both versions of the data model.
const BASE_TYPE: &str = "https://www.w3.org/2018/credentials#VerifiableCredential";

/// The types of alternatives, each once, in their order.
pub(super) fn types_of(alternatives: &[Vec<String>]) -> Vec<String> {
    let mut types: Vec<String> = Vec::new();
    for one in alternatives.iter().flatten() {
        if !types.contains(one) {
            types.push(one.clone());
        }
    }
    types
}

const fn lack_of(mismatch: CandidateMismatch) -> Lack {
    match mismatch {
        CandidateMismatch::Authority => Lack::Authority,
        CandidateMismatch::Claims => Lack::Claims,
        CandidateMismatch::Values => Lack::Values,
        _ => Lack::NotHeld,
    }
}

/// The authority key identifiers of a chain, for `trusted_authorities` of type `aki`.
fn authority_key_identifiers(chain: &[Certificate]) -> Vec<Vec<u8>> {
    let identifiers = chain.iter().filter_map(Certificate::authority_key_identifier);
    identifiers.map(<[u8]>::to_vec).collect()
}
