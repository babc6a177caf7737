//! A verifiable credential as the data model has it
//! ([VCDM 2.0 §4](https://www.w3.org/TR/vc-data-model-2.0/#basic-concepts);
//! [VCDM 1.1 §4](https://www.w3.org/TR/vc-data-model/#basic-concepts) for reading).

use core::fmt;

use serde_json::{Map, Value};
use symbolon_crypto::encoding::json::{self, JsonError};
use symbolon_did::{Did, DidUrl, verification_key};

use super::budget::W3cBudget;
use super::context;
use super::expanded_types::{TypesNotExpanded, expanded_types};
use super::language::check_names;
use super::members::{id, objects, typed_objects, types, url_or_object};
use super::not_conforming::{NotConforming, Property};
use super::related_resource::{self, RelatedResource};
use super::status::{self, BitstringStatusEntry, StatusEntry};
use super::time::{DateTimeStamp, TimeZone};
use crate::data_integrity::ContextTable;
use crate::sd_jwt_vc::HolderBinding;
use crate::validity::Validity;

/// The type that every credential has.
pub(super) const VERIFIABLE_CREDENTIAL: &str = "VerifiableCredential";

/// Subjects one credential may have.
const MAX_SUBJECTS: usize = 64;

/// A version of the data model.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum DataModelVersion {
    /// 1.1, which is read and never issued.
    V1_1,
    /// 2.0.
    V2_0,
}

/// A schema that the issuer says the credential follows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialSchema {
    /// Its URL.
    pub id: String,
    /// What kinds of schema it is.
    pub types: Vec<String>,
}

/// A credential that conforms to the data model. That says nothing about who issued it: see the modules that verify.
#[derive(Clone, PartialEq)]
pub struct VerifiableCredential {
    document: Map<String, Value>,
    version: DataModelVersion,
    types: Vec<String>,
    issuer: String,
    validity: Validity,
    status: Vec<StatusEntry>,
    schemas: Vec<CredentialSchema>,
    related_resources: Vec<RelatedResource>,
    times: TimeZone,
}

/// Without the claims, which are personal data.
impl fmt::Debug for VerifiableCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiableCredential")
            .field("version", &self.version)
            .field("types", &self.types)
            .field("issuer", &self.issuer)
            .finish_non_exhaustive()
    }
}

impl VerifiableCredential {
    /// Reads a document.
    ///
    /// # Errors
    /// [`NotConforming`].
    pub fn parse(text: &[u8], budget: W3cBudget) -> Result<Self, NotConforming> {
        Self::from_value(read_json(text, budget)?)
    }

    /// Checks a document that was read as strict JSON already.
    ///
    /// # Errors
    /// [`NotConforming`].
    pub fn from_value(document: Value) -> Result<Self, NotConforming> {
        let Value::Object(document) = document else {
            return Err(NotConforming::NotAnObject);
        };
        let version = context::check(&document)?;
        let of = Property::Credential;
        let types: Vec<String> = types(&document, of)?.into_iter().map(str::to_owned).collect();
        if !types.iter().any(|name| name == VERIFIABLE_CREDENTIAL) {
            return Err(NotConforming::RequiredType { of });
        }
        if version == DataModelVersion::V2_0 {
            check_own_contexts(&types, contexts(&document))?;
        }
        id(&document, of)?;
        check_names(&document)?;
        let issuer = read_issuer(&document)?;
        check_subjects(&document)?;
        let (validity, times) = read_validity(&document, version)?;
        let status = status::read_all(&document)?;
        let schemas = read_schemas(&document)?;
        for of in [
            Property::Evidence,
            Property::TermsOfUse,
            Property::RefreshService,
            Property::Proof,
        ] {
            typed_objects(&document, of)?;
        }
        Ok(Self {
            related_resources: related_resource::read_all(&document)?,
            document,
            version,
            types,
            issuer,
            validity,
            status,
            schemas,
            times,
        })
    }

    /// What an issuer must see to beyond what a reader may let pass: version 2.0, and times that say their offset.
    ///
    /// # Errors
    /// [`NotConforming`].
    pub fn check_for_issuance(&self) -> Result<(), NotConforming> {
        if self.version != DataModelVersion::V2_0 {
            return Err(NotConforming::BaseContext);
        }
        if self.times == TimeZone::Missing {
            return Err(NotConforming::DateTimeWithoutOffset {
                of: Property::ValidFrom,
            });
        }
        Ok(())
    }

    /// The document as it was read, proofs included.
    #[must_use]
    pub const fn document(&self) -> &Map<String, Value> {
        &self.document
    }

    /// The document as it was read, proofs included.
    #[must_use]
    pub fn into_document(self) -> Map<String, Value> {
        self.document
    }

    /// The version of the data model.
    #[must_use]
    pub const fn version(&self) -> DataModelVersion {
        self.version
    }

    /// `@context`, in order.
    #[must_use]
    pub fn contexts(&self) -> &[Value] {
        contexts(&self.document)
    }

    /// `type`.
    #[must_use]
    pub fn types(&self) -> &[String] {
        &self.types
    }

    /// `type` without the one that every credential has.
    pub fn specific_types(&self) -> impl Iterator<Item = &str> {
        self.types
            .iter()
            .map(String::as_str)
            .filter(|name| *name != VERIFIABLE_CREDENTIAL)
    }

    /// Whether it is of a type.
    #[must_use]
    pub fn has_type(&self, name: &str) -> bool {
        self.types.iter().any(|own| own == name)
    }

    /// The IRIs of its types under its contexts, as a query names them.
    ///
    /// # Errors
    /// [`TypesNotExpanded`].
    pub fn expanded_types(&self, table: &ContextTable) -> Result<Vec<String>, TypesNotExpanded> {
        expanded_types(&self.types, self.contexts(), table)
    }

    /// `id`.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.document.get("id").and_then(Value::as_str)
    }

    /// The identifier of the issuer, whether `issuer` is a URL or an object.
    #[must_use]
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// The issuer, if it is identified by a DID.
    #[must_use]
    pub fn issuer_did(&self) -> Option<Did> {
        Did::parse(&self.issuer).ok()
    }

    /// The subjects with their claims.
    #[must_use]
    pub fn subjects(&self) -> Vec<&Map<String, Value>> {
        objects(&self.document, Property::CredentialSubject).unwrap_or_default()
    }

    /// The subject, if there is exactly one.
    #[must_use]
    pub fn subject(&self) -> Option<&Map<String, Value>> {
        match self.subjects().as_slice() {
            [one] => Some(one),
            _ => None,
        }
    }

    /// When it is valid: `validFrom` and `validUntil`, or their predecessors of VCDM 1.1.
    #[must_use]
    pub const fn validity(&self) -> &Validity {
        &self.validity
    }

    /// Where its status is kept, entry by entry.
    #[must_use]
    pub fn status_entries(&self) -> &[StatusEntry] {
        &self.status
    }

    /// The entries in Bitstring Status Lists.
    pub fn bitstring_status_entries(&self) -> impl Iterator<Item = &BitstringStatusEntry> {
        self.status.iter().filter_map(|entry| match entry {
            StatusEntry::Bitstring(entry) => Some(entry),
            StatusEntry::Other => None,
        })
    }

    /// The schemas it names.
    #[must_use]
    pub fn schemas(&self) -> &[CredentialSchema] {
        &self.schemas
    }

    /// The resources whose bytes the issuer vouches for.
    #[must_use]
    pub fn related_resources(&self) -> &[RelatedResource] {
        &self.related_resources
    }

    /// The proofs within the document.
    #[must_use]
    pub fn proofs(&self) -> Vec<&Map<String, Value>> {
        objects(&self.document, Property::Proof).unwrap_or_default()
    }

    /// The key of the holder, from the `id` of the one subject: a DID that holds its key. A DID of another method, or
    /// several subjects of which one has a DID, are [`HolderBinding::Unsupported`], which is not to be taken for
    /// [`HolderBinding::None`].
    #[must_use]
    pub fn holder_binding(&self) -> HolderBinding {
        let subjects = self.subjects();
        let mut dids = subjects
            .iter()
            .filter_map(|subject| subject.get("id").and_then(Value::as_str))
            .filter_map(|id| DidUrl::parse(id).ok());
        match (dids.next(), subjects.len()) {
            (None, _) => HolderBinding::None,
            (Some(did), 1) => match verification_key(&did) {
                Ok(key) => HolderBinding::Key(key),
                Err(_) => HolderBinding::Unsupported,
            },
            (Some(_), _) => HolderBinding::Unsupported,
        }
    }
}

pub(super) fn read_json(text: &[u8], budget: W3cBudget) -> Result<Value, NotConforming> {
    json::parse_value(text, budget.json).map_err(|error| match error {
        JsonError::OverBudget => NotConforming::OverBudget,
        _ => NotConforming::NotJson,
    })
}

pub(super) fn contexts(document: &Map<String, Value>) -> &[Value] {
    match document.get("@context") {
        Some(Value::Array(items)) => items,
        Some(one) => core::slice::from_ref(one),
        None => &[],
    }
}

/// Contexts within the document are there to be judged: none may take a protected term away from another (§5.3), and where no
/// other context is unknown, each type must have become a URL by them (§4.5). What contexts elsewhere say is for whoever has
/// them: see [`VerifiableCredential::expanded_types`].
fn check_own_contexts(types: &[String], contexts: &[Value]) -> Result<(), NotConforming> {
    if !contexts.iter().any(Value::is_object) {
        return Ok(());
    }
    match expanded_types(types, contexts, &ContextTable::default()) {
        Err(TypesNotExpanded::ProtectedTerm) => Err(NotConforming::TermRedefined),
        Err(TypesNotExpanded::OverBudget) => Err(NotConforming::OverBudget),
        Err(TypesNotExpanded::InvalidContext) => Err(NotConforming::ContextItem),
        Ok(iris) if iris.len() < types.len() || !iris.iter().all(|iri| iri.contains(':')) => {
            Err(NotConforming::Type {
                of: Property::Credential,
            })
        }
        Ok(_) | Err(TypesNotExpanded::UnknownContext) => Ok(()),
    }
}

fn read_issuer(document: &Map<String, Value>) -> Result<String, NotConforming> {
    let issuer = document.get("issuer").ok_or(NotConforming::Issuer)?;
    if let Value::Object(object) = issuer {
        check_names(object)?;
    }
    url_or_object(issuer)
        .map(str::to_owned)
        .ok_or(NotConforming::Issuer)
}

fn check_subjects(document: &Map<String, Value>) -> Result<(), NotConforming> {
    let of = Property::CredentialSubject;
    let subjects = objects(document, of).map_err(|_| NotConforming::CredentialSubject)?;
    if subjects.is_empty() {
        return Err(NotConforming::CredentialSubject);
    }
    if subjects.len() > MAX_SUBJECTS {
        return Err(NotConforming::OverBudget);
    }
    for subject in subjects {
        if subject.is_empty() {
            return Err(NotConforming::CredentialSubject);
        }
        id(subject, of)?;
        if subject.contains_key("type") {
            types(subject, of)?;
        }
    }
    Ok(())
}

fn read_validity(
    document: &Map<String, Value>,
    version: DataModelVersion,
) -> Result<(Validity, TimeZone), NotConforming> {
    let (from, until) = match version {
        DataModelVersion::V2_0 => (Property::ValidFrom, Property::ValidUntil),
        DataModelVersion::V1_1 => (Property::IssuanceDate, Property::ExpirationDate),
    };
    let read = |of: Property| match document.get(of.name()) {
        None => Ok(None),
        Some(Value::String(text)) => DateTimeStamp::parse(text)
            .map(Some)
            .map_err(|_| NotConforming::DateTime { of }),
        Some(_) => Err(NotConforming::DateTime { of }),
    };
    let (valid_from, valid_until) = (read(from)?, read(until)?);
    // VCDM 1.1 §4.6 demands its date; 2.0 leaves both out as it likes.
    if version == DataModelVersion::V1_1 && valid_from.is_none() {
        return Err(NotConforming::DateTime { of: from });
    }
    if let (Some(from), Some(until)) = (&valid_from, &valid_until)
        && from.is_after(until)
    {
        return Err(NotConforming::ValidityReversed);
    }
    let zone_missing = [&valid_from, &valid_until]
        .into_iter()
        .flatten()
        .any(|time| time.zone == TimeZone::Missing);
    let validity = Validity {
        issued_at: None,
        not_before: valid_from.map(|time| time.time),
        expires: valid_until.map(|time| time.time),
    };
    Ok((
        validity,
        if zone_missing {
            TimeZone::Missing
        } else {
            TimeZone::Stated
        },
    ))
}

fn read_schemas(document: &Map<String, Value>) -> Result<Vec<CredentialSchema>, NotConforming> {
    let of = Property::CredentialSchema;
    let read = |schema: &Map<String, Value>| {
        Ok(CredentialSchema {
            id: id(schema, of)?.ok_or(NotConforming::Id { of })?.to_owned(),
            types: types(schema, of)?.into_iter().map(str::to_owned).collect(),
        })
    };
    objects(document, of)?.into_iter().map(read).collect()
}
