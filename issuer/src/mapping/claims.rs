//! From a record to the claims of a credential.

use std::time::Duration;

use symbolon_crypto::UnixTime;

use super::picture::FitPicture;
use super::transform::{Context, Disclosure, Presence, Rule};
use super::value::MappedValue;
use super::{CredentialConfiguration, MappingError};
use crate::record::{CalendarDate, IdRecord};

/// One claim with its value.
#[derive(Debug, Clone, PartialEq)]
pub struct MappedClaim {
    /// Where it stands.
    pub path: Vec<String>,
    /// Its value.
    pub value: MappedValue,
    /// Who decides whether a verifier sees it.
    pub disclosure: Disclosure,
}

/// The times of an issuance.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct IssuanceTimes {
    /// The time itself; ages are as of its day.
    pub now: UnixTime,
    /// The time that the credential carries.
    pub issued_at: UnixTime,
    /// When the credential expires.
    pub expires_at: UnixTime,
}

impl IssuanceTimes {
    /// The times of a credential that is issued `now` and valid for `validity`. It carries `now` [`coarsened`].
    #[must_use]
    pub fn new(now: UnixTime, granularity: Duration, validity: Duration) -> Self {
        let issued_at = coarsened(now, granularity);
        Self {
            now,
            issued_at,
            expires_at: issued_at.plus(validity),
        }
    }
}

/// `time` rounded down to a multiple of `granularity`. Everyone issued to within one span carries the same time, so it links nobody
/// ([RFC 9901 §9.5], [Token Status List §13]).
///
/// [RFC 9901 §9.5]: https://www.rfc-editor.org/rfc/rfc9901.html#section-9.5
/// [Token Status List §13]: https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/
#[must_use]
pub fn coarsened(time: UnixTime, granularity: Duration) -> UnixTime {
    let span = i64::try_from(granularity.as_secs()).unwrap_or(i64::MAX).max(1);
    UnixTime::from_seconds(time.seconds() - time.seconds().rem_euclid(span))
}

impl CredentialConfiguration {
    /// The claims of `record`, in the order of the configuration.
    ///
    /// # Errors
    /// [`MappingError`] when a required value is missing or has the wrong shape. The error names the claim, not the value.
    pub fn map_claims(
        &self,
        record: &IdRecord,
        times: IssuanceTimes,
        pictures: &dyn FitPicture,
    ) -> Result<Vec<MappedClaim>, MappingError> {
        let day = |time| CalendarDate::of(time).map_err(|_| MappingError::Calendar);
        let context = Context {
            record,
            file: &self.file,
            today: day(times.now)?,
            issued: day(times.issued_at)?,
            expires: day(times.expires_at)?,
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_issuance_is_shared_by_everyone_of_its_span() {
        let (day, year) = (Duration::from_secs(86_400), Duration::from_secs(365 * 86_400));
        let times = |seconds| IssuanceTimes::new(UnixTime::from_seconds(seconds), day, year);
        assert_eq!(times(86_400).issued_at, times(2 * 86_400 - 1).issued_at);
        assert_eq!(times(86_400).expires_at.seconds(), 366 * 86_400);
        assert_eq!(times(-1).issued_at.seconds(), -86_400);
    }
}
