//! What of the wallet answers a query, and what exactly it would disclose.

use symbolon_credential::claims_path::ClaimsPath;
use symbolon_credential::sd_jwt::{SdJwt, SdJwtBudget, process, select_processed};
use symbolon_crypto::UnixTime;
use symbolon_crypto::x509::Certificate;
use symbolon_protocol::dcql::{
    Candidate, CandidateKind, CredentialQuery, DcqlQuery, HolderBinding, Matches, Meta, QueryId,
    SetRequirement, Unsatisfied, match_query,
};
use symbolon_protocol::openid4vp::vp_formats::SdJwtAlgorithms;

use super::consent::{
    Answerable, AskedClaim, AskedCredential, CandidateCredential, Choice, ConsentRequest, Need,
};
use crate::error::WalletError;
use crate::hold::{
    ClaimNames, CredentialDetails, CredentialSummary, Disclosable, Opened, ShownClaim, open_held,
};
use crate::identifiers::FlowId;
use crate::language::Languages;
use crate::policy::WalletPolicy;
use crate::ports::KEY_ALGORITHM;
use crate::record::{HeldCredential, VerifierRecord};

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
    /// Expired credentials are left out: every verifier must refuse them. Those received last come first, because a
    /// reissued credential replaces an older one.
    ///
    /// Credentials in algorithms that the verifier does not read are left out too.
    pub(super) fn read(
        credentials: &'a [HeldCredential],
        algorithms: Option<&SdJwtAlgorithms>,
        now: UnixTime,
    ) -> Result<Self, WalletError> {
        let mut current: Vec<&HeldCredential> = credentials
            .iter()
            .filter(|credential| credential.expires.is_none_or(|expires| expires > now))
            .collect();
        current.sort_by_key(|credential| (std::cmp::Reverse(credential.received), credential.id));
        let entries = current
            .into_iter()
            .map(|credential| {
                let opened = open_held(credential)?;
                let authorities = authority_key_identifiers(&opened.sd_jwt);
                Ok(Holding {
                    credential,
                    opened,
                    authorities,
                })
            })
            .filter(
                |holding: &Result<Holding<'_>, WalletError>| match (holding, algorithms) {
                    (Ok(holding), Some(algorithms)) => {
                        algorithms.accept(holding.opened.sd_jwt.issuer_jwt().header.algorithm, KEY_ALGORITHM)
                    }
                    _ => true,
                },
            )
            .collect::<Result<_, WalletError>>()?;
        Ok(Self { entries })
    }

    fn candidates(&self) -> Vec<Candidate<'_>> {
        self.entries
            .iter()
            .map(|holding| Candidate {
                kind: CandidateKind::SdJwtVc {
                    vct: &holding.credential.credential_type,
                },
                claims: &holding.opened.processed.claims,
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
        let credential_types = match &query.meta {
            Meta::SdJwtVc { vct_values } => vct_values.clone(),
            _ => Vec::new(),
        };
        let names = self
            .entries
            .iter()
            .find(|holding| credential_types.contains(&holding.credential.credential_type))
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
            })
            .collect();
        let candidates = self
            .fitting(query)
            .into_iter()
            .filter_map(|(place, paths)| Some((self.entries.get(place)?, paths)))
            .map(|(holding, paths)| {
                Ok(CandidateCredential {
                    credential: CredentialSummary::of(holding.credential, languages, now),
                    discloses: holding.disclosure(&paths, policy, languages, now)?,
                })
            })
            .collect::<Result<_, WalletError>>()?;
        Ok(AskedCredential {
            query: query.id.clone(),
            need,
            credential_types,
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
    /// Every personal claim that the verifier would see, computed from the very text that would be sent.
    fn disclosure(
        &self,
        paths: &[ClaimsPath],
        policy: &WalletPolicy,
        languages: &Languages,
        now: UnixTime,
    ) -> Result<Vec<ShownClaim>, WalletError> {
        self.with_selection(paths, |opened| {
            CredentialDetails::of(self.credential, opened, policy, languages, now).claims
        })
    }

    /// The names of the claims that the verifier would see because they were asked for, as the history keeps them.
    pub(super) fn selectively_disclosed(&self, paths: &[ClaimsPath]) -> Result<Vec<String>, WalletError> {
        self.with_selection(paths, |opened| {
            let claims = opened.personal_claims().into_iter();
            let mut names: Vec<String> = claims
                .filter(|(path, _)| opened.disclosable(path) == Disclosable::Selectively)
                .map(|(path, _)| path.to_string())
                .collect();
            names.sort();
            names
        })
    }

    fn with_selection<T>(
        &self,
        paths: &[ClaimsPath],
        look: impl FnOnce(&Opened<'_>) -> T,
    ) -> Result<T, WalletError> {
        let selection = select_processed(&self.opened.sd_jwt, &self.opened.processed, paths)
            .map_err(|_| WalletError::StoreDamaged)?;
        let text = selection.without_key_binding();
        let sd_jwt = SdJwt::parse(&text, SdJwtBudget::DEFAULT).map_err(|_| WalletError::StoreDamaged)?;
        let processed = process(&sd_jwt).map_err(|_| WalletError::StoreDamaged)?;
        Ok(look(&Opened { sd_jwt, processed }))
    }
}

/// The authority key identifiers of the issuer's chain, for `trusted_authorities` of type `aki`.
fn authority_key_identifiers(sd_jwt: &SdJwt<'_>) -> Vec<Vec<u8>> {
    sd_jwt
        .issuer_jwt()
        .header
        .x5c
        .iter()
        .flatten()
        .filter_map(|der| Certificate::parse(der).ok())
        .filter_map(|certificate| certificate.authority_key_identifier().map(<[u8]>::to_vec))
        .collect()
}
