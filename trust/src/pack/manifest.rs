//! The manifest: what the distributor says (`docs/pack-format.md`, section 3).

use core::time::Duration;

use ciborium::Value;
use symbolon_crypto::{CryptoProvider, Jwk, UnixTime};

use super::container::PackVersion;
use super::fields::{self, Fields};
use super::sign::{Place, Signed};
use super::{LastSeen, PackError};
use crate::trust_list::key_by_thumbprint;
use crate::validity::{CLOCK_TOLERANCE, Validity};

#[derive(Debug, Clone)]
pub(super) struct Manifest {
    pub(super) sequence: u64,
    pub(super) created: UnixTime,
    pub(super) valid_until: UnixTime,
    pub(super) grace: Duration,
    pub(super) root: [u8; 32],
    /// What a partial pack covers, by the names that the trust list gives; empty for a pack that covers everything.
    pub(super) scopes: Vec<String>,
}

impl Manifest {
    pub(super) fn payload(&self) -> Vec<u8> {
        let mut members = vec![
            (1, Value::from(self.sequence)),
            (2, fields::time(self.created)),
            (3, fields::time(self.valid_until)),
            (4, fields::duration(self.grace)),
            (5, Value::Bytes(self.root.to_vec())),
        ];
        if !self.scopes.is_empty() {
            let scopes = self.scopes.iter().cloned().map(Value::Text).collect();
            members.push((6, Value::Array(scopes)));
        }
        fields::encode(members)
    }

    /// Reads a manifest that one of the distributors' keys has signed.
    pub(super) fn open(
        bytes: &[u8],
        version: PackVersion,
        pack_keys: &[Jwk],
        provider: &dyn CryptoProvider,
    ) -> Result<Self, PackError> {
        let signed = Signed::parse(bytes, Place::manifest(version))?;
        let key = signed
            .key_id()
            .and_then(|kid| key_by_thumbprint(pack_keys, kid))
            .ok_or(PackError::UnknownPackSigner)?;
        let payload = signed
            .verify(provider, &key)
            .map_err(|_| PackError::ManifestSignature)?;
        Self::parse(payload, version)
    }

    /// Reads a manifest without asking who signed it: for a pack that was verified before, and to find out what a pack claims
    /// to be.
    pub(super) fn read_unverified(bytes: &[u8], version: PackVersion) -> Result<Self, PackError> {
        let signed = Signed::parse(bytes, Place::manifest(version))?;
        Self::parse(signed.unverified_payload(), version)
    }

    fn parse(payload: &[u8], version: PackVersion) -> Result<Self, PackError> {
        let mut fields = Fields::parse(payload)?;
        let manifest = Self {
            sequence: fields.unsigned(1)?,
            created: fields.time(2)?,
            valid_until: fields.time(3)?,
            grace: fields.duration(4)?,
            root: fields.hash(5)?,
            scopes: match version {
                PackVersion::One => Vec::new(),
                PackVersion::Two | PackVersion::Three => fields.optional_texts(6)?,
            },
        };
        fields.finish()?;
        // One meaning has one encoding.
        if manifest.scopes.is_sorted_by(|a, b| a < b) {
            Ok(manifest)
        } else {
            Err(PackError::Payload)
        }
    }

    /// Whether this pack may follow what was accepted before, at this time.
    pub(super) fn check_freshness(
        &self,
        last: Option<&LastSeen>,
        now: UnixTime,
    ) -> Result<Validity, PackError> {
        if let Some(last) = last {
            if self.sequence < last.sequence {
                return Err(PackError::LowerSequence {
                    last_seen: last.sequence,
                    found: self.sequence,
                });
            }
            if self.sequence == last.sequence && self.root != last.root {
                return Err(PackError::SequenceReused {
                    sequence: self.sequence,
                });
            }
            // Only a clock that was set back stands before a pack that was already accepted.
            if now.plus(CLOCK_TOLERANCE) < last.created {
                return Err(PackError::ClockBeforeCreation {
                    created: last.created,
                });
            }
        }
        match Validity::judge(self.created, self.valid_until, self.grace, now) {
            Validity::NotYetIssued => Err(PackError::ClockBeforeCreation {
                created: self.created,
            }),
            Validity::Expired { expired_at } => Err(PackError::Expired { expired_at }),
            usable @ (Validity::Current | Validity::InGrace { .. }) => Ok(usable),
        }
    }
}
