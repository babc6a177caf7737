use std::collections::BTreeSet;

use serde::ser::SerializeMap;
use serde::{Deserialize, Serialize, Serializer};
use serde_json::{Map, Value};
use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_crypto::encoding::base64url;
use thiserror::Error;

use super::candidate::HolderBinding;
use super::query::{
    ClaimId, ClaimQuery, ClaimValue, CredentialQuery, CredentialSetQuery, DcqlQuery, Meta, PresentationCount,
    QueryId, SetRequirement, TrustedAuthority, W3cFormat,
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
    /// What `meta` must hold for the format is missing, empty or of another shape: `vct_values` for `dc+sd-jwt`,
    /// `doctype_value` for `mso_mdoc`, `type_values` for W3C credentials.
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
struct RawClaim {
    #[serde(default)]
    id: Option<ClaimId>,
    path: ClaimsPath,
    #[serde(default)]
    values: Option<Vec<Value>>,
    #[serde(default)]
    intent_to_retain: Option<bool>,
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

impl DcqlQuery {
    /// Reads a query.
    ///
    /// # Errors
    /// [`DcqlError`].
    pub fn parse(json: &[u8]) -> Result<Self, DcqlError> {
        let raw: RawQuery = parse_json(json, MAX_QUERY_BYTES).map_err(|_| DcqlError::Malformed)?;
        if raw.credentials.is_empty() {
            return Err(DcqlError::NoCredentials);
        }
        within(raw.credentials.len(), MAX_CREDENTIAL_QUERIES, "credentials")?;
        let credentials = raw
            .credentials
            .into_iter()
            .enumerate()
            .map(|(position, credential)| credential.check(position))
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

/// A namespace and an element identifier, no more and no less ([OpenID4VP §7.2]).
///
/// [OpenID4VP §7.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-7.2
fn is_element(path: &ClaimsPath) -> bool {
    matches!(path.parts(), [PathPart::Key(_), PathPart::Key(_)])
}

fn within(count: usize, limit: usize, what: &'static str) -> Result<(), DcqlError> {
    if count > limit {
        Err(DcqlError::TooMany { what })
    } else {
        Ok(())
    }
}

impl RawCredential {
    fn check(self, position: usize) -> Result<CredentialQuery, DcqlError> {
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
        if matches!(meta, Meta::MsoMdoc { .. })
            && claims.iter().flatten().any(|claim| !is_element(&claim.path))
        {
            return Err(defect(Defect::MdocPath));
        }
        let mut names = BTreeSet::new();
        for id in claims.iter().flatten().filter_map(|claim| claim.id.as_ref()) {
            if !names.insert(id) {
                return Err(defect(Defect::RepeatedClaimId));
            }
        }
        let claim_sets = self.claim_sets.map_or(Ok(Vec::new()), |sets| {
            within(sets.len(), MAX_CLAIM_SETS, "claim_sets")?;
            let fits = |set: &Vec<ClaimId>| {
                !set.is_empty() && set.len() <= MAX_CLAIMS && set.iter().all(|id| names.contains(id))
            };
            if sets.is_empty() || !sets.iter().all(fits) {
                return Err(defect(Defect::ClaimSets));
            }
            Ok(sets)
        })?;
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

fn check_meta(format: String, meta: Map<String, Value>) -> Result<Option<Meta>, DcqlError> {
    match CredentialFormat::from_identifier(&format) {
        CredentialFormat::SdJwtVc => {
            let values = texts(meta.get("vct_values"), "vct_values")?;
            Ok(values.map(|vct_values| Meta::SdJwtVc { vct_values }))
        }
        CredentialFormat::MsoMdoc => {
            let doctype = meta.get("doctype_value").and_then(Value::as_str);
            Ok(doctype
                .filter(|doctype| !doctype.is_empty())
                .map(|doctype| Meta::MsoMdoc {
                    doctype_value: doctype.to_owned(),
                }))
        }
        CredentialFormat::LdpVc => w3c_meta(W3cFormat::LdpVc, &meta),
        CredentialFormat::JwtVcJson => w3c_meta(W3cFormat::JwtVcJson, &meta),
        CredentialFormat::Other(_) => Ok(Some(Meta::Other { format, meta })),
    }
}

fn w3c_meta(format: W3cFormat, meta: &Map<String, Value>) -> Result<Option<Meta>, DcqlError> {
    let Some(Value::Array(alternatives)) = meta.get("type_values") else {
        return Ok(None);
    };
    within(alternatives.len(), MAX_CLAIM_VALUES, "type_values")?;
    let lists: Vec<Option<Vec<String>>> = alternatives
        .iter()
        .map(|types| texts(Some(types), "type_values"))
        .collect::<Result<_, _>>()?;
    let type_values: Option<Vec<Vec<String>>> = lists.into_iter().collect();
    Ok(type_values
        .filter(|alternatives| !alternatives.is_empty())
        .map(|type_values| Meta::W3c { format, type_values }))
}

/// A non-empty list of texts; `None` for anything else.
fn texts(value: Option<&Value>, what: &'static str) -> Result<Option<Vec<String>>, DcqlError> {
    let Some(Value::Array(values)) = value else {
        return Ok(None);
    };
    within(values.len(), MAX_CLAIM_VALUES, what)?;
    let texts: Option<Vec<String>> = values
        .iter()
        .map(|value| value.as_str().map(str::to_owned))
        .collect();
    Ok(texts.filter(|texts| !texts.is_empty()))
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
        if self.kind != "aki" {
            return Ok(Some(TrustedAuthority::Other {
                kind: self.kind,
                values: self.values,
            }));
        }
        let keys: Result<Vec<_>, _> = self.values.iter().map(|value| base64url::decode(value)).collect();
        Ok(keys.ok().map(TrustedAuthority::AuthorityKeyIdentifier))
    }
}

impl RawClaim {
    fn check(self, position: usize) -> Result<ClaimQuery, DcqlError> {
        let defect = |reason| DcqlError::Credential { position, reason };
        let values = match self.values {
            None => Vec::new(),
            Some(values) if values.is_empty() => return Err(defect(CredentialQueryDefect::Values)),
            Some(values) => {
                within(values.len(), MAX_CLAIM_VALUES, "values")?;
                values
                    .into_iter()
                    .map(|value| claim_value(value).ok_or(defect(CredentialQueryDefect::Values)))
                    .collect::<Result<_, _>>()?
            }
        };
        Ok(ClaimQuery {
            id: self.id,
            path: self.path,
            values,
            intent_to_retain: self.intent_to_retain,
        })
    }
}

fn claim_value(value: Value) -> Option<ClaimValue> {
    match value {
        Value::String(text) => Some(ClaimValue::Text(text)),
        Value::Number(number) => number.as_i64().map(ClaimValue::Integer),
        Value::Bool(truth) => Some(ClaimValue::Boolean(truth)),
        Value::Null | Value::Array(_) | Value::Object(_) => None,
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

impl Serialize for CredentialQuery {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("id", &self.id)?;
        map.serialize_entry("format", self.meta.format().as_str())?;
        match &self.meta {
            Meta::SdJwtVc { vct_values } => map.serialize_entry("meta", &entry("vct_values", vct_values))?,
            Meta::MsoMdoc { doctype_value } => {
                map.serialize_entry("meta", &entry("doctype_value", doctype_value))?;
            }
            Meta::W3c { type_values, .. } => {
                map.serialize_entry("meta", &entry("type_values", type_values))?
            }
            Meta::Other { meta, .. } => map.serialize_entry("meta", meta)?,
        }
        if self.count == PresentationCount::Several {
            map.serialize_entry("multiple", &true)?;
        }
        if !self.trusted_authorities.is_empty() {
            map.serialize_entry("trusted_authorities", &self.trusted_authorities)?;
        }
        if self.holder_binding == HolderBinding::Absent {
            map.serialize_entry("require_cryptographic_holder_binding", &false)?;
        }
        if let Some(claims) = &self.claims {
            map.serialize_entry("claims", claims)?;
        }
        if !self.claim_sets.is_empty() {
            map.serialize_entry("claim_sets", &self.claim_sets)?;
        }
        map.end()
    }
}

fn entry<'v, T>(name: &'static str, value: &'v T) -> std::collections::BTreeMap<&'static str, &'v T> {
    std::collections::BTreeMap::from([(name, value)])
}

impl Serialize for TrustedAuthority {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(Some(2))?;
        match self {
            Self::AuthorityKeyIdentifier(keys) => {
                let values: Vec<String> = keys.iter().map(|key| base64url::encode(key)).collect();
                map.serialize_entry("type", "aki")?;
                map.serialize_entry("values", &values)?;
            }
            Self::Other { kind, values } => {
                map.serialize_entry("type", kind)?;
                map.serialize_entry("values", values)?;
            }
        }
        map.end()
    }
}

impl Serialize for CredentialSetQuery {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let mut map = serializer.serialize_map(None)?;
        map.serialize_entry("options", &self.options)?;
        if self.requirement == SetRequirement::Optional {
            map.serialize_entry("required", &false)?;
        }
        map.end()
    }
}
