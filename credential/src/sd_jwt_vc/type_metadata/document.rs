//! One document (draft-25 §4.2), with what it leaves out left out: an extending type inherits exactly that.

use std::collections::HashSet;

use serde::Deserialize;
use serde_json::Value;
use symbolon_crypto::encoding::json::{self, JsonBudget, JsonError};

use super::{
    ClaimDisplay, ClaimMetadata, MAX_CLAIMS, MAX_TYPE_METADATA_BYTES, SelectiveDisclosure, TypeDisplay,
    TypeMetadata, TypeMetadataError,
};
use crate::claims_path::ClaimsPath;
use crate::sd_jwt_vc::integrity::Integrity;
use crate::sd_jwt_vc::vct::VerifiableCredentialType;

#[derive(Deserialize)]
pub(super) struct Document {
    pub(super) vct: VerifiableCredentialType,
    name: Option<String>,
    description: Option<String>,
    pub(super) extends: Option<VerifiableCredentialType>,
    #[serde(rename = "extends#integrity")]
    extends_integrity: Option<String>,
    display: Option<Vec<TypeDisplay>>,
    #[serde(default)]
    claims: Vec<Claim>,
}

#[derive(Deserialize)]
struct Claim {
    path: ClaimsPath,
    display: Option<Vec<ClaimDisplay>>,
    mandatory: Option<bool>,
    sd: Option<SelectiveDisclosure>,
    svg_id: Option<String>,
}

impl Document {
    pub(super) fn parse(document: &[u8]) -> Result<Self, TypeMetadataError> {
        let budget = JsonBudget {
            bytes: MAX_TYPE_METADATA_BYTES,
            ..JsonBudget::DEFAULT
        };
        let document = json::parse_value(document, budget).map_err(|error| match error {
            JsonError::OverBudget => TypeMetadataError::OverBudget,
            _ => TypeMetadataError::Malformed,
        })?;
        Self::from_value(document)
    }

    pub(super) fn from_value(document: Value) -> Result<Self, TypeMetadataError> {
        let document: Self = serde_json::from_value(document).map_err(|_| TypeMetadataError::Malformed)?;
        if document.claims.len() > MAX_CLAIMS {
            return Err(TypeMetadataError::OverBudget);
        }
        // Of two entries for one path nobody could say which one holds.
        let mut paths = HashSet::new();
        if document.claims.iter().all(|claim| paths.insert(&claim.path)) {
            Ok(document)
        } else {
            Err(TypeMetadataError::Malformed)
        }
    }

    /// The hash of the extended type's document.
    pub(super) fn extends_integrity(&self) -> Result<Option<Integrity>, TypeMetadataError> {
        let text = self.extends_integrity.as_deref();
        text.map(Integrity::parse)
            .transpose()
            .map_err(|_| TypeMetadataError::Malformed)
    }

    /// The metadata, if the type extends no other.
    pub(super) fn alone(self) -> Result<TypeMetadata, TypeMetadataError> {
        if self.extends.is_some() {
            return Err(TypeMetadataError::Extends);
        }
        self.over(None)
    }

    /// The metadata, over those of the type that it extends (draft-25 §4.4.2, §4.5.5).
    pub(super) fn over(self, extended: Option<TypeMetadata>) -> Result<TypeMetadata, TypeMetadataError> {
        let (mut claims, display, ancestors) = match extended {
            None => (Vec::new(), Vec::new(), Vec::new()),
            Some(base) => {
                let ancestors = [vec![base.vct], base.extended].concat();
                (base.claims, base.display, ancestors)
            }
        };
        for (position, claim) in self.claims.into_iter().enumerate() {
            match claims.iter_mut().find(|inherited| inherited.path == claim.path) {
                Some(inherited) => claim.refine(inherited, position)?,
                None => claims.push(claim.new_entry()),
            }
        }
        if claims.len() > MAX_CLAIMS {
            return Err(TypeMetadataError::OverBudget);
        }
        let mut identifiers = HashSet::new();
        let each_once = claims
            .iter()
            .filter_map(|claim| claim.svg_id.as_deref())
            .all(|identifier| is_svg_identifier(identifier) && identifiers.insert(identifier));
        if !each_once {
            return Err(TypeMetadataError::Malformed);
        }
        Ok(TypeMetadata {
            vct: self.vct,
            name: self.name,
            description: self.description,
            display: self.display.unwrap_or(display),
            claims,
            extended: ancestors,
        })
    }
}

impl Claim {
    fn new_entry(self) -> ClaimMetadata {
        ClaimMetadata {
            path: self.path,
            display: self.display.unwrap_or_default(),
            mandatory: self.mandatory.unwrap_or_default(),
            sd: self.sd.unwrap_or_default(),
            svg_id: self.svg_id,
        }
    }

    /// Puts what this entry says over what the extended type says of the same claim.
    fn refine(self, inherited: &mut ClaimMetadata, position: usize) -> Result<(), TypeMetadataError> {
        let loosened = TypeMetadataError::Loosened { position };
        match (inherited.sd, self.sd) {
            (_, None) => {}
            (SelectiveDisclosure::Allowed, Some(sd)) => inherited.sd = sd,
            (fixed, Some(sd)) if fixed == sd => {}
            _ => return Err(loosened),
        }
        match (inherited.mandatory, self.mandatory) {
            (_, None) => {}
            (true, Some(false)) => return Err(loosened),
            (_, Some(mandatory)) => inherited.mandatory = mandatory,
        }
        if let Some(display) = self.display {
            inherited.display = display;
        }
        if self.svg_id.is_some() {
            inherited.svg_id = self.svg_id;
        }
        Ok(())
    }
}

/// Letters, digits and underscores, not beginning with a digit (draft-25 §4.5): a placeholder of a template.
fn is_svg_identifier(identifier: &str) -> bool {
    let fits = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'_';
    identifier.bytes().all(fits)
        && identifier
            .bytes()
            .next()
            .is_some_and(|first| !first.is_ascii_digit())
}
