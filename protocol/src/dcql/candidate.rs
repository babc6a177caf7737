use serde_json::{Map, Value};
use symbolon_credential::claims_path::ClaimsPath;
use thiserror::Error;

use super::query::{ClaimId, ClaimQuery, CredentialFormat, CredentialQuery, Meta, TrustedAuthority};

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
    /// Its format.
    pub format: &'a CredentialFormat,
    /// Its `vct`.
    pub vct: &'a str,
    /// Its claims as one JSON object, disclosures in place.
    pub claims: &'a Map<String, Value>,
    /// The key identifiers (authority key identifier extensions) of its issuer's certificate chain.
    pub authority_key_identifiers: &'a [Vec<u8>],
    /// Whether its holder can prove, or has proven, possession.
    pub holder_binding: HolderBinding,
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
        match (&query.meta, self.format) {
            (Meta::SdJwtVc { vct_values }, CredentialFormat::SdJwtVc) => {
                if !vct_values.iter().any(|vct| vct == self.vct) {
                    return Err(CandidateMismatch::Type);
                }
            }
            (Meta::SdJwtVc { .. } | Meta::Other { .. }, _) => return Err(CandidateMismatch::Format),
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
