mod claims;
mod meta;

use std::collections::{BTreeMap, BTreeSet};

use serde::Deserialize;
use serde_json::{Map, Value};
use symbolon_crypto::encoding::base64url;
use thiserror::Error;

use self::claims::{RawClaim, check_claim_set, is_element, without_repetition};
use self::meta::check_meta;
use super::candidate::HolderBinding;
use super::query::{
    ClaimId, CredentialQuery, CredentialSetQuery, DcqlQuery, PresentationCount, QueryId, SetRequirement,
    TrustedAuthority,
};
use crate::format::CredentialFormat;
use crate::wire::parse_json;

/// The largest query that is read, in bytes.
pub const MAX_QUERY_BYTES: usize = 64 * 1024;
/// The largest number of credentials in one query.
pub const MAX_CREDENTIAL_QUERIES: usize = 32;
/// The largest number of claims for one credential.
pub const MAX_CLAIMS: usize = 128;
/// The largest number of claim sets for one credential.
pub const MAX_CLAIM_SETS: usize = 32;
/// The largest number of values for one claim, and of types for one credential.
pub const MAX_CLAIM_VALUES: usize = 64;
/// The largest number of credential sets.
pub const MAX_CREDENTIAL_SETS: usize = 32;
/// The largest number of options in one credential set.
pub const MAX_OPTIONS: usize = 32;
/// The largest number of trusted authorities for one credential, and of values of each.
pub const MAX_TRUSTED_AUTHORITIES: usize = 64;

/// The kind of [`TrustedAuthority::AuthorityKeyIdentifier`].
pub(super) const AUTHORITY_KEY_IDENTIFIER: &str = "aki";
/// The kind of [`TrustedAuthority::EtsiTrustedList`].
pub(super) const ETSI_TRUSTED_LIST: &str = "etsi_tl";

/// Why a query was refused. All of these are answered with `invalid_request`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DcqlError {
    /// Over [`MAX_QUERY_BYTES`], or not the JSON of the specification.
    #[error("the query is malformed")]
    Malformed,
    /// Nothing is asked for.
    #[error("the query asks for no credential")]
    NoCredentials,
    /// One of the limits of this module; `what` names the member.
    #[error("the query has too many {what}")]
    TooMany {
        /// The member.
        what: &'static str,
    },
    /// One credential query is malformed; positions count from 0.
    #[error("credential query {position} is malformed: {reason}")]
    Credential {
        /// Which one.
        position: usize,
        /// Why.
        reason: CredentialQueryDefect,
    },
    /// Two credential queries of one name.
    #[error("two credential queries have the same id")]
    RepeatedId,
    /// A credential set without options, with an empty option, or one that names no credential query.
    #[error("credential set {position} is malformed")]
    CredentialSet {
        /// Which one, from 0.
        position: usize,
    },
}

/// What is wrong with a credential query.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CredentialQueryDefect {
    /// Not the JSON of the specification.
    #[error("not the shape of the specification")]
    Shape,
    /// `meta` is not empty, and what it must hold for the format is missing, empty or of another shape: `vct_values` for
    /// `dc+sd-jwt`, `doctype_value` for `mso_mdoc`, `type_values` for W3C credentials.
    #[error("meta does not say which type is asked for")]
    Meta,
    /// A claim of an mdoc whose path is not a namespace and an element.
    #[error("the path of an mdoc claim must be a namespace and an element")]
    MdocPath,
    /// `claims` is present and empty.
    #[error("claims is empty")]
    NoClaims,
    /// Two claim queries of one name.
    #[error("two claims have the same id")]
    RepeatedClaimId,
    /// A claim without a name, where `claim_sets` choose among them by name.
    #[error("with claim_sets every claim needs an id")]
    NamelessClaim,
    /// The same claim twice, which a verifier must not ask for. Of another's query the second is ignored.
    #[error("two claims have the same path")]
    RepeatedClaim,
    /// A value that is neither text nor integer nor truth value, or no value at all.
    #[error("values must be texts, integers or truth values")]
    Values,
    /// `claim_sets` without `claims`, empty, or naming no claim.
    #[error("claim_sets does not fit claims")]
    ClaimSets,
    /// `trusted_authorities` is empty or malformed.
    #[error("trusted_authorities is malformed")]
    TrustedAuthorities,
}

#[derive(Deserialize)]
struct RawQuery {
    credentials: Vec<RawCredential>,
    #[serde(default)]
    credential_sets: Option<Vec<RawSet>>,
}

#[derive(Deserialize)]
struct RawCredential {
    id: QueryId,
    format: String,
    meta: Map<String, Value>,
    #[serde(default)]
    multiple: bool,
    #[serde(default)]
    trusted_authorities: Option<Vec<RawAuthority>>,
    #[serde(default = "bound")]
    require_cryptographic_holder_binding: bool,
    #[serde(default)]
    claims: Option<Vec<RawClaim>>,
    #[serde(default)]
    claim_sets: Option<Vec<Vec<ClaimId>>>,
}

#[derive(Deserialize)]
struct RawAuthority {
    #[serde(rename = "type")]
    kind: String,
    values: Vec<String>,
}

#[derive(Deserialize)]
struct RawSet {
    options: Vec<Vec<QueryId>>,
    #[serde(default = "bound")]
    required: bool,
}

/// Holder binding and credential sets are required unless the query says otherwise.
fn bound() -> bool {
    true
}

/// What becomes of a claim that is asked for twice ([OpenID4VP §6.1]): verifiers must not, wallets should ignore it.
///
/// [OpenID4VP §6.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-6.1
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum RepeatedClaims {
    Ignored,
    Refused,
}

impl DcqlQuery {
    /// Reads a query that another asks.
    ///
    /// # Errors
    /// [`DcqlError`].
    pub fn parse(json: &[u8]) -> Result<Self, DcqlError> {
        Self::parse_with(json, RepeatedClaims::Ignored)
    }

    /// Reads a query that is to be asked: what a wallet overlooks is refused here.
    ///
    /// # Errors
    /// [`DcqlError`].
    pub fn parse_own(json: &[u8]) -> Result<Self, DcqlError> {
        Self::parse_with(json, RepeatedClaims::Refused)
    }

    fn parse_with(json: &[u8], repeated: RepeatedClaims) -> Result<Self, DcqlError> {
        let raw: RawQuery = parse_json(json, MAX_QUERY_BYTES).map_err(|_| DcqlError::Malformed)?;
        if raw.credentials.is_empty() {
            return Err(DcqlError::NoCredentials);
        }
        within(raw.credentials.len(), MAX_CREDENTIAL_QUERIES, "credentials")?;
        let credentials = raw
            .credentials
            .into_iter()
            .enumerate()
            .map(|(position, credential)| credential.check(position, repeated))
            .collect::<Result<Vec<_>, _>>()?;
        let names: BTreeSet<&QueryId> = credentials.iter().map(|query| &query.id).collect();
        if names.len() != credentials.len() {
            return Err(DcqlError::RepeatedId);
        }
        let credential_sets = match raw.credential_sets {
            None => Vec::new(),
            Some(sets) if sets.is_empty() => return Err(DcqlError::CredentialSet { position: 0 }),
            Some(sets) => {
                within(sets.len(), MAX_CREDENTIAL_SETS, "credential_sets")?;
                sets.into_iter()
                    .enumerate()
                    .map(|(position, set)| set.check(position, &names))
                    .collect::<Result<_, _>>()?
            }
        };
        Ok(Self {
            credentials,
            credential_sets,
        })
    }
}

fn within(count: usize, limit: usize, what: &'static str) -> Result<(), DcqlError> {
    if count > limit {
        Err(DcqlError::TooMany { what })
    } else {
        Ok(())
    }
}

impl RawCredential {
    fn check(self, position: usize, repeated: RepeatedClaims) -> Result<CredentialQuery, DcqlError> {
        use CredentialQueryDefect as Defect;
        let defect = |reason| DcqlError::Credential { position, reason };
        let meta = check_meta(self.format, self.meta)?.ok_or(defect(Defect::Meta))?;
        let trusted_authorities = match self.trusted_authorities {
            None => Vec::new(),
            Some(list) if list.is_empty() => return Err(defect(Defect::TrustedAuthorities)),
            Some(list) => {
                within(list.len(), MAX_TRUSTED_AUTHORITIES, "trusted_authorities")?;
                list.into_iter()
                    .map(|authority| authority.check()?.ok_or(defect(Defect::TrustedAuthorities)))
                    .collect::<Result<_, _>>()?
            }
        };
        let claims = match self.claims {
            None => None,
            Some(list) if list.is_empty() => return Err(defect(Defect::NoClaims)),
            Some(list) => {
                within(list.len(), MAX_CLAIMS, "claims")?;
                Some(
                    list.into_iter()
                        .map(|claim| claim.check(position))
                        .collect::<Result<Vec<_>, _>>()?,
                )
            }
        };
        if meta.format() == CredentialFormat::MsoMdoc
            && claims.iter().flatten().any(|claim| !is_element(&claim.path))
        {
            return Err(defect(Defect::MdocPath));
        }
        let (claims, names) = match claims {
            None => (None, BTreeMap::new()),
            Some(claims) => {
                let (claims, names) = without_repetition(claims, repeated).map_err(defect)?;
                (Some(claims), names)
            }
        };
        let claim_sets = match self.claim_sets {
            None => Vec::new(),
            Some(sets) => {
                within(sets.len(), MAX_CLAIM_SETS, "claim_sets")?;
                if claims.iter().flatten().any(|claim| claim.id.is_none()) {
                    return Err(defect(Defect::NamelessClaim));
                }
                let set = |set: Vec<ClaimId>| check_claim_set(&set, &names);
                let sets: Option<Vec<_>> = sets.into_iter().map(set).collect();
                sets.filter(|sets| !sets.is_empty())
                    .ok_or(defect(Defect::ClaimSets))?
            }
        };
        Ok(CredentialQuery {
            id: self.id,
            meta,
            count: if self.multiple {
                PresentationCount::Several
            } else {
                PresentationCount::One
            },
            trusted_authorities,
            holder_binding: if self.require_cryptographic_holder_binding {
                HolderBinding::Proven
            } else {
                HolderBinding::Absent
            },
            claims,
            claim_sets,
        })
    }
}

impl RawAuthority {
    fn check(self) -> Result<Option<TrustedAuthority>, DcqlError> {
        within(
            self.values.len(),
            MAX_TRUSTED_AUTHORITIES,
            "values of a trusted authority",
        )?;
        if self.values.is_empty() {
            return Ok(None);
        }
        Ok(match self.kind.as_str() {
            AUTHORITY_KEY_IDENTIFIER => {
                let keys = self.values.iter().map(|value| base64url::decode(value));
                let keys: Result<Vec<_>, _> = keys.collect();
                keys.ok().map(TrustedAuthority::AuthorityKeyIdentifier)
            }
            ETSI_TRUSTED_LIST => Some(TrustedAuthority::EtsiTrustedList(self.values)),
            _ => Some(TrustedAuthority::Other {
                kind: self.kind,
                values: self.values,
            }),
        })
    }
}

impl RawSet {
    fn check(self, position: usize, names: &BTreeSet<&QueryId>) -> Result<CredentialSetQuery, DcqlError> {
        within(self.options.len(), MAX_OPTIONS, "options")?;
        let fits = |option: &Vec<QueryId>| {
            !option.is_empty()
                && option.len() <= MAX_CREDENTIAL_QUERIES
                && option.iter().all(|id| names.contains(id))
        };
        if self.options.is_empty() || !self.options.iter().all(fits) {
            return Err(DcqlError::CredentialSet { position });
        }
        let requirement = if self.required {
            SetRequirement::Required
        } else {
            SetRequirement::Optional
        };
        Ok(CredentialSetQuery {
            options: self.options,
            requirement,
        })
    }
}
