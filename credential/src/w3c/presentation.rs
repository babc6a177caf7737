//! A verifiable presentation
//! ([VCDM 2.0 §4.13](https://www.w3.org/TR/vc-data-model-2.0/#verifiable-presentations)).

use core::fmt;

use serde_json::{Map, Value};

use super::budget::W3cBudget;
use super::context;
use super::credential::{DataModelVersion, VerifiableCredential, contexts, read_json};
use super::enveloped::{EnvelopeType, EnvelopedCredential};
use super::language::check_names;
use super::members::{id, objects, typed_objects, types, url_or_object};
use super::not_conforming::{NotConforming, Property};

/// The type that every presentation has.
pub(super) const VERIFIABLE_PRESENTATION: &str = "VerifiablePresentation";

/// One credential of a presentation.
#[derive(Debug, Clone, PartialEq)]
pub enum PresentedCredential {
    /// The document itself, with its proof inside.
    Embedded(Box<VerifiableCredential>),
    /// A token around the document.
    Enveloped(EnvelopedCredential),
}

/// A presentation that conforms to the data model. That says nothing about who made it.
#[derive(Clone, PartialEq)]
pub struct VerifiablePresentation {
    document: Map<String, Value>,
    version: DataModelVersion,
    types: Vec<String>,
    holder: Option<String>,
    credentials: Vec<PresentedCredential>,
}

/// Without the credentials, which are personal data.
impl fmt::Debug for VerifiablePresentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("VerifiablePresentation")
            .field("version", &self.version)
            .field("types", &self.types)
            .field("credentials", &self.credentials.len())
            .finish_non_exhaustive()
    }
}

impl VerifiablePresentation {
    /// Reads a document.
    ///
    /// # Errors
    /// [`NotConforming`].
    pub fn parse(text: &[u8], budget: W3cBudget) -> Result<Self, NotConforming> {
        Self::from_value(read_json(text, budget)?, budget)
    }

    /// Checks a document that was read as strict JSON already.
    ///
    /// # Errors
    /// [`NotConforming`].
    pub fn from_value(document: Value, budget: W3cBudget) -> Result<Self, NotConforming> {
        let Value::Object(document) = document else {
            return Err(NotConforming::NotAnObject);
        };
        let version = context::check(&document)?;
        let of = Property::Presentation;
        let types: Vec<String> = types(&document, of)?.into_iter().map(str::to_owned).collect();
        if !types.iter().any(|name| name == VERIFIABLE_PRESENTATION) {
            return Err(NotConforming::RequiredType { of });
        }
        id(&document, of)?;
        check_names(&document)?;
        let holder = match document.get("holder") {
            None => None,
            Some(holder) => {
                let of = Property::Holder;
                Some(url_or_object(holder).ok_or(NotConforming::Id { of })?.to_owned())
            }
        };
        for of in [Property::TermsOfUse, Property::Proof] {
            typed_objects(&document, of)?;
        }
        let credentials = read_credentials(&document, version, budget)?;
        Ok(Self {
            document,
            version,
            types,
            holder,
            credentials,
        })
    }

    /// The document as it was read, proofs included.
    #[must_use]
    pub const fn document(&self) -> &Map<String, Value> {
        &self.document
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

    /// `id`.
    #[must_use]
    pub fn id(&self) -> Option<&str> {
        self.document.get("id").and_then(Value::as_str)
    }

    /// Who says to present it.
    #[must_use]
    pub fn holder(&self) -> Option<&str> {
        self.holder.as_deref()
    }

    /// The credentials, in order.
    #[must_use]
    pub fn credentials(&self) -> &[PresentedCredential] {
        &self.credentials
    }

    /// The proofs within the document.
    #[must_use]
    pub fn proofs(&self) -> Vec<&Map<String, Value>> {
        objects(&self.document, Property::Proof).unwrap_or_default()
    }
}

fn read_credentials(
    document: &Map<String, Value>,
    version: DataModelVersion,
    budget: W3cBudget,
) -> Result<Vec<PresentedCredential>, NotConforming> {
    let items = match document.get(Property::VerifiableCredential.name()) {
        None => return Ok(Vec::new()),
        Some(Value::Array(items)) => items.as_slice(),
        Some(one) => core::slice::from_ref(one),
    };
    if items.len() > budget.credentials {
        return Err(NotConforming::OverBudget);
    }
    let read = |item: &Value| match (item, version) {
        (Value::Object(object), DataModelVersion::V2_0) if EnvelopedCredential::is_one(object) => {
            EnvelopedCredential::from_value(item).map(PresentedCredential::Enveloped)
        }
        (Value::Object(_), _) => VerifiableCredential::from_value(item.clone())
            .map(|credential| PresentedCredential::Embedded(Box::new(credential))),
        // VCDM 1.1 §6.3.1 puts JWTs into the list as they are; 2.0 forbids every value that is no object.
        (Value::String(jwt), DataModelVersion::V1_1) => {
            EnvelopedCredential::from_text(EnvelopeType::VcJwt, jwt)
                .map(PresentedCredential::Enveloped)
                .map_err(|_| NotConforming::PresentedCredential)
        }
        _ => Err(NotConforming::PresentedCredential),
    };
    items.iter().map(read).collect()
}
