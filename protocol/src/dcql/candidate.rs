use serde_json::{Map, Value};
use symbolon_credential::claims_path::{ClaimsPath, ElementPlaces, PathPart};
use thiserror::Error;

use super::query::{ClaimId, ClaimQuery, CredentialQuery, Meta, TrustedAuthority, W3cFormat};
use crate::format::CredentialFormat;

/// Whether the holder proves possession of the credential's key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum HolderBinding {
    /// By a key: asked for, available, or proven.
    Proven,
    /// Not asked for, not available, or not proven.
    Absent,
}

/// A credential as a query sees it. On the wallet's side its claims are all that it could disclose, on the
/// verifier's side what it did disclose.
#[derive(Debug, Clone, Copy)]
pub struct Candidate<'a> {
    /// Its format and type.
    pub kind: CandidateKind<'a>,
    /// Its claims as one JSON object, disclosures in place: of an mdoc an object of elements for each namespace, of a W3C
    /// credential the whole document.
    pub claims: &'a Map<String, Value>,
    /// Where the elements of its arrays stood when it was issued.
    pub element_places: &'a ElementPlaces,
    /// The authority key identifiers of its issuer's certificate chain.
    pub authority_key_identifiers: &'a [Vec<u8>],
    /// The identifiers of the ETSI trusted lists that have a certificate of that chain.
    pub trusted_lists: &'a [String],
    /// Whether its holder can prove, or has proven, possession.
    pub holder_binding: HolderBinding,
}

/// Format and type of a credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[non_exhaustive]
pub enum CandidateKind<'a> {
    /// `dc+sd-jwt`
    SdJwtVc {
        /// Its `vct`.
        vct: &'a str,
        /// The types that its own extends, by type metadata: it is one of each of them.
        extended: &'a [String],
    },
    /// `mso_mdoc`
    MsoMdoc {
        /// Its document type.
        doctype: &'a str,
    },
    /// `ldp_vc` and `jwt_vc_json`
    W3c {
        /// How it is secured.
        format: W3cFormat,
        /// Its types as expanded IRIs; one that no context defines as it stands.
        types: &'a [String],
    },
    /// Something that DCQL has no name for, and that no query can ask for, such as a Claim 169 code.
    Unnamed,
}

/// Why a credential does not answer a credential query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CandidateMismatch {
    /// Another format.
    #[error("the credential has another format")]
    Format,
    /// Another type.
    #[error("the credential has another type")]
    Type,
    /// The issuer is none of the trusted authorities.
    #[error("the credential's issuer is none of the trusted authorities of the query")]
    Authority,
    /// The holder proves nothing.
    #[error("the credential is not bound to its holder by a key")]
    HolderBinding,
    /// A claim is missing, and no claim set is complete.
    #[error("the credential has not the claims of the query")]
    Claims,
    /// Every claim is there, or those of a claim set, and one has another value.
    #[error("a claim of the credential has none of the values of the query")]
    Values,
}

impl Candidate<'_> {
    /// The claims that have to be disclosed for `query`: exactly what was asked for, by the first claim set that can be met.
    ///
    /// # Errors
    /// [`CandidateMismatch`].
    pub fn answer(&self, query: &CredentialQuery) -> Result<Vec<ClaimsPath>, CandidateMismatch> {
        self.check(query)?;
        let mut answers = self.claim_answers(query)?;
        Ok(core::mem::take(
            answers.first_mut().ok_or(CandidateMismatch::Claims)?,
        ))
    }

    /// Format, type, authority and holder: all but the claims.
    fn check(&self, query: &CredentialQuery) -> Result<(), CandidateMismatch> {
        if !self.kind.is_of_format(&query.meta) {
            return Err(CandidateMismatch::Format);
        }
        if !self.kind.is_of_type(&query.meta) {
            return Err(CandidateMismatch::Type);
        }
        let authorities = &query.trusted_authorities;
        if !authorities.is_empty() && !authorities.iter().any(|authority| self.comes_from(authority)) {
            return Err(CandidateMismatch::Authority);
        }
        if query.holder_binding == HolderBinding::Proven && self.holder_binding == HolderBinding::Absent {
            return Err(CandidateMismatch::HolderBinding);
        }
        Ok(())
    }

    fn comes_from(&self, authority: &TrustedAuthority) -> bool {
        match authority {
            TrustedAuthority::AuthorityKeyIdentifier(keys) => keys
                .iter()
                .any(|key| self.authority_key_identifiers.contains(key)),
            TrustedAuthority::EtsiTrustedList(lists) => {
                lists.iter().any(|list| self.trusted_lists.contains(list))
            }
            TrustedAuthority::Other { .. } => false,
        }
    }

    /// What meets the claims of the query: for each claim set that can be met, in its order, the paths to what was asked for.
    /// Never empty.
    pub(super) fn claim_answers(
        &self,
        query: &CredentialQuery,
    ) -> Result<Vec<Vec<ClaimsPath>>, CandidateMismatch> {
        let Some(claims) = &query.claims else {
            return Ok(vec![Vec::new()]);
        };
        // Each claim is looked up once, however many sets name it.
        let found: Vec<Result<Vec<ClaimsPath>, CandidateMismatch>> =
            claims.iter().map(|claim| self.find(claim)).collect();
        let place_of = |id: &ClaimId| claims.iter().position(|claim| claim.id.as_ref() == Some(id));
        let sets: Vec<Option<Vec<usize>>> = if query.claim_sets.is_empty() {
            vec![Some((0..claims.len()).collect())]
        } else {
            let places = |set: &Vec<ClaimId>| set.iter().map(place_of).collect();
            query.claim_sets.iter().map(places).collect()
        };
        let mut answers = Vec::new();
        let mut mismatch = CandidateMismatch::Claims;
        for set in sets {
            let parts: Option<Vec<_>> =
                set.and_then(|places| places.iter().map(|place| found.get(*place)).collect());
            let Some(parts) = parts else { continue };
            if parts.contains(&&Err(CandidateMismatch::Claims)) {
                continue;
            }
            if parts.iter().any(|part| part.is_err()) {
                mismatch = CandidateMismatch::Values;
                continue;
            }
            answers.push(parts.into_iter().flatten().flatten().cloned().collect());
        }
        if answers.is_empty() {
            Err(mismatch)
        } else {
            Ok(answers)
        }
    }

    fn find(&self, claim: &ClaimQuery) -> Result<Vec<ClaimsPath>, CandidateMismatch> {
        let selected = claim
            .path
            .select_presented(self.claims, self.element_places)
            .map_err(|_| CandidateMismatch::Claims)?;
        let names_an_element = claim
            .path
            .parts()
            .iter()
            .any(|part| matches!(part, PathPart::Index(_)));
        if claim.values.is_empty() && !names_an_element {
            return Ok(vec![claim.path.clone()]);
        }
        // With values, only the elements that have one of them are disclosed.
        let fits =
            |value: &Value| claim.values.is_empty() || claim.values.iter().any(|wanted| wanted.equals(value));
        let fitting: Vec<ClaimsPath> = selected
            .into_iter()
            .filter(|found| fits(found.value))
            .map(|found| found.path)
            .collect();
        if fitting.is_empty() {
            Err(CandidateMismatch::Values)
        } else {
            Ok(fitting)
        }
    }
}

impl CandidateKind<'_> {
    /// Whether it is of the format that is asked for.
    #[must_use]
    pub fn is_of_format(self, meta: &Meta) -> bool {
        let own = match self {
            Self::SdJwtVc { .. } => CredentialFormat::SdJwtVc,
            Self::MsoMdoc { .. } => CredentialFormat::MsoMdoc,
            Self::W3c { format, .. } => format.credential_format(),
            Self::Unnamed => return false,
        };
        meta.format() == own
    }

    /// Whether it is of a format and a type that is asked for.
    #[must_use]
    pub fn is_of_type(self, meta: &Meta) -> bool {
        match (meta, self) {
            (Meta::AnyType { .. }, _) => self.is_of_format(meta),
            (Meta::SdJwtVc { vct_values }, Self::SdJwtVc { vct, extended }) => vct_values
                .iter()
                .any(|wanted| wanted == vct || extended.contains(wanted)),
            (Meta::MsoMdoc { doctype_value }, Self::MsoMdoc { doctype }) => doctype_value == doctype,
            (Meta::W3c { format, type_values }, Self::W3c { format: own, types }) => {
                *format == own
                    && type_values
                        .iter()
                        .any(|wanted| wanted.iter().all(|iri| types.contains(iri)))
            }
            (Meta::SdJwtVc { .. } | Meta::MsoMdoc { .. } | Meta::W3c { .. } | Meta::Other { .. }, _) => false,
        }
    }
}
