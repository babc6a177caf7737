use serde_json::{Map, Value};
use symbolon_credential::claims_path::ClaimsPath;
use thiserror::Error;

use super::query::{ClaimId, ClaimQuery, CredentialQuery, Meta, TrustedAuthority, W3cFormat};

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
    /// The key identifiers (authority key identifier extensions) of its issuer's certificate chain.
    pub authority_key_identifiers: &'a [Vec<u8>],
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
    /// A claim is missing or has another value, and no claim set is complete.
    #[error("the credential has not the claims of the query")]
    Claims,
}

impl Candidate<'_> {
    /// The claims that have to be disclosed for `query`: exactly what was asked for.
    ///
    /// The type is compared by equality; a credential whose type extends the one asked for does not match.
    ///
    /// # Errors
    /// [`CandidateMismatch`].
    pub fn answer(&self, query: &CredentialQuery) -> Result<Vec<ClaimsPath>, CandidateMismatch> {
        let type_fits = match (&query.meta, self.kind) {
            (Meta::SdJwtVc { vct_values }, CandidateKind::SdJwtVc { vct }) => {
                vct_values.iter().any(|wanted| wanted == vct)
            }
            (Meta::MsoMdoc { doctype_value }, CandidateKind::MsoMdoc { doctype }) => doctype_value == doctype,
            (Meta::W3c { format, type_values }, CandidateKind::W3c { format: own, types })
                if *format == own =>
            {
                type_values
                    .iter()
                    .any(|wanted| wanted.iter().all(|iri| types.contains(iri)))
            }
            (Meta::SdJwtVc { .. } | Meta::MsoMdoc { .. } | Meta::W3c { .. } | Meta::Other { .. }, _) => {
                return Err(CandidateMismatch::Format);
            }
        };
        if !type_fits {
            return Err(CandidateMismatch::Type);
        }
        if !query.trusted_authorities.is_empty()
            && !query
                .trusted_authorities
                .iter()
                .any(|authority| self.comes_from(authority))
        {
            return Err(CandidateMismatch::Authority);
        }
        if query.holder_binding == HolderBinding::Proven && self.holder_binding == HolderBinding::Absent {
            return Err(CandidateMismatch::HolderBinding);
        }
        let Some(claims) = &query.claims else {
            return Ok(Vec::new());
        };
        if query.claim_sets.is_empty() {
            return self.disclose(claims.iter()).ok_or(CandidateMismatch::Claims);
        }
        query
            .claim_sets
            .iter()
            .find_map(|set| self.disclose(claims.iter().filter(|claim| names(set, claim))))
            .ok_or(CandidateMismatch::Claims)
    }

    fn comes_from(&self, authority: &TrustedAuthority) -> bool {
        match authority {
            TrustedAuthority::AuthorityKeyIdentifier(keys) => keys
                .iter()
                .any(|key| self.authority_key_identifiers.contains(key)),
            TrustedAuthority::Other { .. } => false,
        }
    }

    fn disclose<'q>(&self, claims: impl Iterator<Item = &'q ClaimQuery>) -> Option<Vec<ClaimsPath>> {
        let mut paths = Vec::new();
        for claim in claims {
            let selected = claim.path.select_with_paths(self.claims).ok()?;
            if claim.values.is_empty() {
                paths.push(claim.path.clone());
                continue;
            }
            // With values, only the elements that have one of them are disclosed.
            let fitting: Vec<ClaimsPath> = selected
                .into_iter()
                .filter(|found| claim.values.iter().any(|wanted| wanted.equals(found.value)))
                .map(|found| found.path)
                .collect();
            if fitting.is_empty() {
                return None;
            }
            paths.extend(fitting);
        }
        Some(paths)
    }
}

fn names(set: &[ClaimId], claim: &ClaimQuery) -> bool {
    claim.id.as_ref().is_some_and(|id| set.contains(id))
}
