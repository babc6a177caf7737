//! From a record to the claims of an SD-JWT VC.

use serde_json::Value;
use symbolon_crypto::UnixTime;

use super::picture::FitPicture;
use super::transform::{Context, Disclosure, Presence, Rule};
use super::{CredentialConfiguration, MappingError};
use crate::record::{CalendarDate, IdRecord};

/// One claim with its value.
#[derive(Clone, PartialEq)]
pub struct MappedClaim {
    /// Where it stands.
    pub path: Vec<String>,
    /// Its value.
    pub value: Value,
    /// Who decides whether a verifier sees it.
    pub disclosure: Disclosure,
}

impl CredentialConfiguration {
    /// The claims of `record` as of `now`, in the order of the configuration.
    ///
    /// # Errors
    /// [`MappingError`] when a required value is missing or has the wrong shape. The error names the claim, not the value.
    pub fn map_claims(
        &self,
        record: &IdRecord,
        now: UnixTime,
        pictures: &dyn FitPicture,
    ) -> Result<Vec<MappedClaim>, MappingError> {
        let today = CalendarDate::of(now).map_err(|_| MappingError::Calendar)?;
        let context = Context {
            record,
            file: &self.file,
            today,
            pictures,
        };
        let mut claims = Vec::with_capacity(self.file.claims.len());
        for entry in &self.file.claims {
            let rule = Rule {
                name: entry.path.join("."),
                source: &entry.source,
                language: entry.language,
                transform: &entry.transform,
            };
            match (context.value(&rule)?, entry.presence) {
                (Some(value), _) => {
                    claims.push(MappedClaim {
                        path: entry.path.clone(),
                        value,
                        disclosure: entry.disclosure,
                    });
                }
                (None, Presence::Optional) => {}
                (None, Presence::Required) => return Err(MappingError::Missing { claim: rule.name }),
            }
        }
        Ok(claims)
    }
}
