//! Verified Issuer Certificate Authority Lists (VICAL; ISO/IEC 18013-5:2021 Annex C): who issues mobile driving licences and other
//! mdocs, and of which document types, as a list that its provider signs.
//!
//! A list is read by [`ParsedVical::parse`], and believed by [`ParsedVical::verify`] alone: under a pinned root of its provider, by a
//! signer whose certificate is for VICALs. What a list anchors is mdocs and nothing else, each authority for the document types that
//! the list gives it. An entry that cannot be used is left out and named; it takes nothing from the others. Extensions, and members
//! that the standard reserves, are passed over; a critical header of the signature that nobody here understands is refused.

mod build;
mod parse;
#[cfg(test)]
mod tests;

use core::time::Duration;

use symbolon_crypto::cose::ParsedSign1;
use symbolon_crypto::x509::{Certificate, ChainError, ChainProfile, verify_chain};
use symbolon_crypto::{CryptoProvider, UnixTime};
use thiserror::Error;

pub use build::{BuildVicalError, PreparedVical, VicalToSign};

use crate::authorities::{NotAnAuthority, authority, check_authority};
use crate::trust_list::{AnchorSource, CredentialTypeRule, SourceKind, TrustedIssuer, TypeLimit};

/// The longest VICAL that is read, in bytes. The largest that is published has a fiftieth of it.
pub const MAX_VICAL_BYTES: usize = 8 << 20;

/// The most document types of one entry.
pub const MAX_DOC_TYPES: usize = 64;

/// A VICAL, as its provider wrote it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Vical {
    /// The version of its form: `1.0`, or a later one that a reader of `1.0` can read.
    pub version: String,
    /// Who keeps it.
    pub provider: String,
    /// When it was issued.
    pub date: UnixTime,
    /// The number of the issue (`vicalIssueID`), which only rises.
    pub issue: Option<u64>,
    /// Before when the next one is to be expected.
    pub next_update: Option<UnixTime>,
    /// Its entries.
    pub entries: Vec<VicalEntry>,
}

/// One entry of a VICAL.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VicalEntry {
    /// The certificate of the authority, DER.
    pub certificate: Vec<u8>,
    /// The serial number of the certificate, as the entry repeats it: big-endian without leading zeros.
    pub serial_number: Vec<u8>,
    /// The subject key identifier, as the entry repeats it.
    pub key_identifier: Vec<u8>,
    /// The document types that the authority is listed for; never empty.
    pub doc_types: Vec<String>,
    /// What the authority is called.
    pub issuing_authority: Option<String>,
    /// Its country, as the entry repeats it.
    pub issuing_country: Option<String>,
    /// Its state or province, as the entry repeats it.
    pub state_or_province_name: Option<String>,
    /// The end of the certificate's validity, as the entry repeats it.
    pub not_after: Option<UnixTime>,
}

/// Why an entry is left out.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum EntryRefused {
    /// Its certificate does not read, or has a key of a kind that is not supported.
    #[error("its certificate cannot be used")]
    Certificate,
    /// It says something else than its certificate.
    #[error("it contradicts its certificate")]
    Contradiction,
    /// Its certificate is not that of an issuing authority.
    #[error(transparent)]
    NotAnAuthority(#[from] NotAnAuthority),
}

impl VicalEntry {
    /// The certificate of the authority, if the entry can be used.
    ///
    /// # Errors
    /// [`EntryRefused`].
    pub fn authority(&self, provider: &dyn CryptoProvider) -> Result<Certificate, EntryRefused> {
        let certificate = Certificate::parse(&self.certificate).map_err(|_| EntryRefused::Certificate)?;
        let agrees = |said: &Option<String>, certified: Option<&str>| {
            said.as_deref().is_none_or(|said| certified == Some(said))
        };
        // What an entry repeats is for people who read it and machines that index by it; both would be misled.
        let repeats = certificate.serial_number() == self.serial_number
            && certificate.subject_key_identifier() == Some(&self.key_identifier)
            && agrees(&self.issuing_country, certificate.subject_country())
            && agrees(&self.state_or_province_name, certificate.subject_state())
            && self.not_after.is_none_or(|end| end == certificate.not_after());
        if !repeats {
            return Err(EntryRefused::Contradiction);
        }
        check_authority(&certificate, provider)?;
        Ok(certificate)
    }
}

/// Why a VICAL is not believed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum VicalError {
    /// Longer, deeper or with more entries than a list may have.
    #[error("the VICAL is over its budget")]
    OverBudget,
    /// No COSE_Sign1 with a payload, or one with a critical header that is not supported.
    #[error("the VICAL is no signed structure that can be read")]
    SignedStructure,
    /// The payload is no VICAL.
    #[error("the VICAL is malformed at {member}")]
    Malformed {
        /// The member that is missing or has another type.
        member: &'static str,
    },
    /// Of a version that this reader does not know.
    #[error("the VICAL has a version other than 1")]
    Version,
    /// The signer does not stand under a root of the provider, or not for VICALs.
    #[error("the signer of the VICAL is not trusted: {0}")]
    Signer(#[source] ChainError),
    /// The signature is wrong.
    #[error("the signature of the VICAL is wrong")]
    Signature,
}

/// A VICAL whose signature has not been checked.
#[derive(Debug)]
pub struct ParsedVical {
    signed: ParsedSign1,
    vical: Vical,
}

impl ParsedVical {
    /// What is claimed. Believe none of it.
    #[must_use]
    pub const fn unverified(&self) -> &Vical {
        &self.vical
    }

    /// The VICAL, once a signer under one of the provider's roots has signed it. The chain must have held when it was issued, and
    /// bounds how long the list holds.
    ///
    /// # Errors
    /// [`VicalError::Signer`] and [`VicalError::Signature`].
    pub fn verify(
        self,
        roots: &[Certificate],
        provider: &dyn CryptoProvider,
    ) -> Result<VerifiedVical, VicalError> {
        let malformed = VicalError::SignedStructure;
        let chain = self.signed.x5chain.iter().map(|der| Certificate::parse(der));
        let mut chain: Vec<Certificate> = chain.collect::<Result<_, _>>().map_err(|_| malformed)?;
        // Providers send their root along. It is believed because it was pinned, and not because it was sent.
        if chain.len() > 1 && chain.last().is_some_and(|last| roots.contains(last)) {
            chain.pop();
        }
        let verified = verify_chain(
            &chain,
            roots,
            ChainProfile::VicalSigner,
            self.vical.date,
            provider,
        )
        .map_err(VicalError::Signer)?;
        self.signed
            .verify(provider, verified.leaf().public_key(), &[])
            .map_err(|_| VicalError::Signature)?;
        let signer_until = chain
            .iter()
            .map(Certificate::not_after)
            .fold(verified.anchor().not_after(), UnixTime::min);
        let (mut authorities, mut refused) = (Vec::new(), Vec::new());
        for (position, entry) in self.vical.entries.iter().enumerate() {
            match entry.authority(provider) {
                Ok(certificate) => authorities.push((position, certificate)),
                Err(error) => refused.push((position, error)),
            }
        }
        Ok(VerifiedVical {
            vical: self.vical,
            signer_until,
            authorities,
            refused,
        })
    }
}

/// A VICAL that its provider signed; only [`ParsedVical::verify`] makes one.
#[derive(Debug, Clone)]
pub struct VerifiedVical {
    vical: Vical,
    signer_until: UnixTime,
    authorities: Vec<(usize, Certificate)>,
    refused: Vec<(usize, EntryRefused)>,
}

impl VerifiedVical {
    /// What it says.
    #[must_use]
    pub const fn vical(&self) -> &Vical {
        &self.vical
    }

    /// The entries that are left out, by their position, and why.
    #[must_use]
    pub fn refused(&self) -> &[(usize, EntryRefused)] {
        &self.refused
    }

    /// The list as a source of a trust list. It holds until its `nextUpdate`, or, where it says none, for `max_age`; never longer than
    /// the certificates of its signer.
    #[must_use]
    pub fn source(&self, max_age: Duration, grace: Duration) -> AnchorSource {
        let until = self.vical.next_update.unwrap_or(self.vical.date.plus(max_age));
        AnchorSource {
            kind: SourceKind::Vical,
            provider: self.vical.provider.clone(),
            issue: self.vical.issue,
            issued_at: Some(self.vical.date),
            valid_until: Some(until.min(self.signer_until)),
            grace,
        }
    }

    /// Its authorities, each for the document types that the list and `limit` agree on; those of which nothing is left are none.
    #[must_use]
    pub fn issuers(&self, limit: &TypeLimit) -> Vec<TrustedIssuer> {
        let mut issuers: Vec<TrustedIssuer> = Vec::with_capacity(self.authorities.len());
        for (position, certificate) in &self.authorities {
            let Some(entry) = self.vical.entries.get(*position) else {
                continue;
            };
            let types: Vec<CredentialTypeRule> = limit.narrow(&entry.doc_types);
            if types.is_empty() {
                continue;
            }
            let issuer = authority(certificate, entry.issuing_authority.as_deref(), types);
            // One certificate in two entries is one authority for the types of both.
            match issuers
                .iter_mut()
                .find(|known| known.identifier == issuer.identifier)
            {
                Some(known) => {
                    let further = issuer.credential_types.into_iter();
                    let further: Vec<_> = further
                        .filter(|rule| !known.credential_types.contains(rule))
                        .collect();
                    known.credential_types.extend(further);
                }
                None => issuers.push(issuer),
            }
        }
        issuers
    }
}
