//! Certificate revocation lists ([RFC 5280 §5](https://www.rfc-editor.org/rfc/rfc5280#section-5)): reading one, and asking it.
//!
//! A list is read whole or refused: one that is a part of another (a delta), or speaks of other authorities' certificates (an indirect one), or of some
//! reasons only, would have to be put together with lists that nobody here has. What is kept is the list as it was signed; asking walks over
//! its bytes and allocates nothing.

mod extensions;

use core::fmt;
use core::ops::Range;
use std::sync::{Arc, OnceLock};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};
use thiserror::Error;
use x509_cert::der::asn1::{AnyRef, BitStringRef};
use x509_cert::der::{self, Decode as _, Encode as _, Reader, SliceReader, Tag, TagNumber};
use x509_cert::ext::pkix::CrlReason;
use x509_cert::name::Name;
use x509_cert::spki::AlgorithmIdentifierOwned;
use x509_cert::time::Time;

pub use self::extensions::RevocationListNumber;
use self::extensions::{
    CERTIFICATE_ISSUER, Extensions, REASON_CODE, Scope, for_each_extension, read_extensions,
};
use super::certificate::{Certificate, signed_range, unix_time};
use super::signature::CertificateSignature;
use crate::provider::CryptoProvider;
use crate::time::UnixTime;

/// The largest list that is read, in bytes. With [`MAX_REVOKED_CERTIFICATES`] entries a list has about four million.
pub const MAX_REVOCATION_LIST_BYTES: usize = 6 << 20;

/// The most entries of a list. Authorities of this suite have a handful of certificates below them.
pub const MAX_REVOKED_CERTIFICATES: usize = 100_000;

/// The longest serial number, in bytes ([RFC 5280 §4.1.2.2](https://www.rfc-editor.org/rfc/rfc5280#section-4.1.2.2)), with its tag and length.
const MAX_SERIAL_NUMBER_DER: usize = 23;

/// A revocation list that has been read. Its signature has not been looked at: [`verify`](Self::verify) does that. Clones share one copy.
#[derive(Clone)]
pub struct RevocationList(Arc<Parts>);

struct Parts {
    der: Vec<u8>,
    sha256: [u8; 32],
    /// Where in `der` the signed part is.
    signed: Range<usize>,
    signature: CertificateSignature,
    issuer: Vec<u8>,
    extensions: Extensions,
    this_update: UnixTime,
    next_update: UnixTime,
    /// Where in `der` the entries are, without the tag around them.
    entries: Range<usize>,
    count: usize,
    /// SHA-256 of the certificate by which the signature was verified first. It is of these very bytes, so that whoever keeps a list keeps what is
    /// proven of it: a driver that hands the same list to many sessions has it verified once.
    verified_by: OnceLock<[u8; 32]>,
}

/// Why bytes were not read as a revocation list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RevocationListError {
    /// More than [`MAX_REVOCATION_LIST_BYTES`].
    #[error("the revocation list is too large")]
    TooLarge,
    /// More than [`MAX_REVOKED_CERTIFICATES`].
    #[error("the revocation list has too many entries")]
    TooManyEntries,
    /// Not the DER of a version 2 list, or followed by other bytes.
    #[error("not a version 2 certificate revocation list")]
    Malformed,
    /// It does not say when the next one comes: nobody could tell when it is too old.
    #[error("the revocation list does not say when the next one is due")]
    WithoutNextUpdate,
    /// An extension that RFC 5280 demands is missing, is not in its form, or is there twice.
    #[error("an extension of the revocation list is missing, malformed or repeated")]
    Extension,
    /// It has a critical extension that is not understood.
    #[error("the revocation list has a critical extension that is not supported")]
    UnknownCriticalExtension,
    /// It only says what has changed since another list.
    #[error("delta revocation lists are not supported")]
    Delta,
    /// It speaks of certificates of other issuers.
    #[error("indirect revocation lists are not supported")]
    Indirect,
    /// It speaks of some reasons, or of attribute certificates, only.
    #[error("revocation lists of some reasons or of attribute certificates only are not supported")]
    Partial,
    /// It is signed with an algorithm other than ECDSA with SHA-256 or SHA-384, or Ed25519.
    #[error("the revocation list is signed with an unsupported algorithm")]
    SignatureAlgorithm,
}

/// Why a list is not an issuer's.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum RevocationListRejected {
    /// It names another issuer, or another key of it.
    #[error("the revocation list is of another issuer")]
    OtherIssuer,
    /// The issuer is no authority, or its key may not sign revocation lists.
    #[error("the issuer may not sign revocation lists")]
    MayNotSign,
    /// The issuer's key did not sign it.
    #[error("the signature of the revocation list does not verify")]
    Signature,
}

impl RevocationList {
    /// Reads a DER list.
    ///
    /// # Errors
    /// [`RevocationListError`] says what of it cannot be used.
    pub fn parse(der: &[u8]) -> Result<Self, RevocationListError> {
        if der.len() > MAX_REVOCATION_LIST_BYTES {
            return Err(RevocationListError::TooLarge);
        }
        let outer = Outer::from_der(der).map_err(|_| RevocationListError::Malformed)?;
        let mut body = Body::from_der(outer.body).map_err(|_| RevocationListError::Malformed)?;
        // RFC 5280 §5.1.1.2: both must be the same; only the inner one is signed.
        if body.algorithm != outer.algorithm {
            return Err(RevocationListError::Malformed);
        }
        let signature = CertificateSignature::read(&outer.algorithm, outer.signature)
            .ok_or(RevocationListError::SignatureAlgorithm)?;
        let next_update = body.next_update.ok_or(RevocationListError::WithoutNextUpdate)?;
        let extensions = read_extensions(body.extensions.take())?;
        let count = check_entries(body.entries)?;
        let signed = signed_range(der).ok_or(RevocationListError::Malformed)?;
        let end = signed.start.saturating_add(body.entries_end);
        let entries = end.saturating_sub(body.entries.len())..end;
        Ok(Self(Arc::new(Parts {
            signed,
            signature,
            issuer: body.issuer.to_der().map_err(|_| RevocationListError::Malformed)?,
            extensions,
            this_update: unix_time(body.this_update),
            next_update: unix_time(next_update),
            entries,
            count,
            verified_by: OnceLock::new(),
            sha256: Sha256::digest(der).into(),
            der: der.to_vec(),
        })))
    }

    /// The list as it was read.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// SHA-256 of the DER.
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        self.0.sha256
    }

    /// When it was made.
    #[must_use]
    pub fn this_update(&self) -> UnixTime {
        self.0.this_update
    }

    /// By when the next one is to be had. From then on it says nothing any more.
    #[must_use]
    pub fn next_update(&self) -> UnixTime {
        self.0.next_update
    }

    /// Its number.
    #[must_use]
    pub fn number(&self) -> &RevocationListNumber {
        &self.0.extensions.number
    }

    /// Which certificates of its issuer's it speaks of, as it was signed: DER of the `IssuingDistributionPoint`, empty for a list of all. A list takes
    /// the place of an older one of the same issuer with the same.
    #[must_use]
    pub fn scope_der(&self) -> &[u8] {
        &self.0.extensions.issuing_distribution_point
    }

    /// Whether the list says nothing of where it is published, or names this place.
    #[must_use]
    pub fn is_published_at(&self, uri: &str) -> bool {
        let points = self.0.extensions.distribution_points.as_ref();
        points.is_none_or(|points| points.iter().any(|point| point == uri))
    }

    /// How many certificates are revoked by it.
    #[must_use]
    pub fn count(&self) -> usize {
        self.0.count
    }

    /// Whether it names this certificate's subject and key as its issuer. Nothing is proven by that.
    #[must_use]
    pub fn names_issuer(&self, issuer: &Certificate) -> bool {
        self.0.issuer == issuer.subject_name()
            && issuer.subject_key_identifier() == Some(&self.0.extensions.authority_key_identifier)
    }

    /// Checks that `issuer` made it ([RFC 5280 §6.3.3](https://www.rfc-editor.org/rfc/rfc5280#section-6.3.3), f and g). Whether the
    /// issuer is believed is for [`verify_chain`](super::verify_chain) to say.
    ///
    /// # Errors
    /// [`RevocationListRejected`].
    pub fn verify(
        &self,
        issuer: &Certificate,
        provider: &dyn CryptoProvider,
    ) -> Result<VerifiedRevocationList, RevocationListRejected> {
        if !self.names_issuer(issuer) {
            return Err(RevocationListRejected::OtherIssuer);
        }
        if !issuer.is_ca() || !issuer.key_usage().is_some_and(|usage| usage.crl_sign()) {
            return Err(RevocationListRejected::MayNotSign);
        }
        let Parts {
            der,
            signed,
            verified_by,
            ..
        } = &*self.0;
        let issuer_hash = issuer.sha256();
        if verified_by.get() != Some(&issuer_hash) {
            let signed = der.get(signed.clone()).unwrap_or_default();
            self.0
                .signature
                .verify(signed, issuer.public_key(), provider)
                .map_err(|_| RevocationListRejected::Signature)?;
            verified_by.get_or_init(|| issuer_hash);
        }
        Ok(VerifiedRevocationList {
            list: self.clone(),
            issuer: issuer.clone(),
        })
    }

    /// Every certificate that the list names.
    #[must_use]
    pub fn entries(&self) -> Vec<RevokedCertificate> {
        let mut named = Vec::with_capacity(self.count());
        let entries = self.0.der.get(self.0.entries.clone());
        let Some(mut reader) = entries.and_then(|entries| SliceReader::new(entries).ok()) else {
            return named;
        };
        while !reader.is_finished() {
            let Ok(entry) = read_entry(&mut reader) else { break };
            named.push(RevokedCertificate {
                serial_number: entry.serial_number.to_vec(),
                at: unix_time(entry.at),
                reason: reason_of(entry.extensions).ok().flatten(),
            });
        }
        named
    }

    fn find(&self, serial_number: &[u8]) -> Option<Revoked> {
        let entries = self.0.der.get(self.0.entries.clone())?;
        let mut reader = SliceReader::new(entries).ok()?;
        while !reader.is_finished() {
            let entry = read_entry(&mut reader).ok()?;
            if entry.serial_number == serial_number {
                return Some(Revoked {
                    at: unix_time(entry.at),
                    reason: reason_of(entry.extensions).ok().flatten(),
                });
            }
        }
        None
    }
}

impl fmt::Debug for RevocationList {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RevocationList of {} entries", self.0.count)
    }
}

/// A list whose signature was verified with the key of its issuer; only [`RevocationList::verify`] makes one.
#[derive(Debug, Clone)]
pub struct VerifiedRevocationList {
    list: RevocationList,
    issuer: Certificate,
}

impl VerifiedRevocationList {
    /// The list.
    #[must_use]
    pub const fn list(&self) -> &RevocationList {
        &self.list
    }

    /// Whether it speaks of a certificate that `issuer` issued.
    #[must_use]
    pub fn covers(&self, certificate: &Certificate, issuer: &Certificate) -> bool {
        let is_in_scope = match self.list.0.extensions.scope {
            Scope::All => true,
            Scope::EndEntities => !certificate.is_ca(),
            Scope::Authorities => certificate.is_ca(),
        };
        let points = self.list.0.extensions.distribution_points.as_ref();
        is_in_scope
            && certificate.issuer_name() == self.issuer.subject_name()
            && issuer.public_key() == self.issuer.public_key()
            && points.is_none_or(|points| {
                certificate
                    .revocation_list_uris()
                    .iter()
                    .any(|uri| points.contains(uri))
            })
    }

    /// What it says of a certificate that it [`covers`](Self::covers); `None` where it does not name it.
    #[must_use]
    pub fn revoked(&self, certificate: &Certificate) -> Option<Revoked> {
        self.list.find(certificate.serial_number_der())
    }
}

/// A certificate that is revoked, as a list of its authority names it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RevokedCertificate {
    /// Its serial number, DER with its tag ([`Certificate::serial_number_der`]).
    pub serial_number: Vec<u8>,
    /// Since when.
    pub at: UnixTime,
    /// Why, if that is said.
    pub reason: Option<RevocationReason>,
}

impl RevokedCertificate {
    /// A certificate to be revoked.
    #[must_use]
    pub fn new(certificate: &Certificate, at: UnixTime, reason: RevocationReason) -> Self {
        Self {
            serial_number: certificate.serial_number_der().to_vec(),
            at,
            reason: Some(reason),
        }
    }
}

/// What a list says of a certificate that is revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Revoked {
    /// Since when.
    pub at: UnixTime,
    /// Why, if the list says so.
    pub reason: Option<RevocationReason>,
}

/// Why a certificate was revoked ([RFC 5280 §5.3.1](https://www.rfc-editor.org/rfc/rfc5280#section-5.3.1)).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RevocationReason {
    /// Nobody says.
    Unspecified,
    /// Its key is in other hands.
    KeyCompromise,
    /// The key of its authority is in other hands.
    CaCompromise,
    /// What it says of its subject has changed.
    AffiliationChanged,
    /// Another one has taken its place.
    Superseded,
    /// It is not needed any more.
    CessationOfOperation,
    /// It does not count for a while.
    CertificateHold,
    /// Its subject may not do any more what it was made for.
    PrivilegeWithdrawn,
    /// The key of an attribute authority is in other hands.
    AaCompromise,
}

/// `CertificateList`, up to what stands in it.
struct Outer<'a> {
    /// `tbsCertList`, with its tag.
    body: &'a [u8],
    algorithm: AlgorithmIdentifierOwned,
    signature: &'a [u8],
}

impl<'a> Outer<'a> {
    fn from_der(der: &'a [u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(der)?;
        let outer = reader.sequence(|reader| {
            Ok::<_, der::Error>(Self {
                body: reader.tlv_bytes()?,
                algorithm: AlgorithmIdentifierOwned::decode(reader)?,
                signature: BitStringRef::decode(reader)?
                    .as_bytes()
                    .ok_or_else(|| Tag::BitString.value_error())?,
            })
        })?;
        reader.finish()?;
        Ok(outer)
    }
}

/// `TBSCertList`.
struct Body<'a> {
    algorithm: AlgorithmIdentifierOwned,
    issuer: Name,
    this_update: Time,
    next_update: Option<Time>,
    /// `revokedCertificates` without the tag around them; empty where there are none.
    entries: &'a [u8],
    /// Where they end, from the beginning of the body.
    entries_end: usize,
    /// `crlExtensions` with the tag of their sequence.
    extensions: Option<&'a [u8]>,
}

impl<'a> Body<'a> {
    fn from_der(der: &'a [u8]) -> der::Result<Self> {
        let mut reader = SliceReader::new(der)?;
        let body = reader.sequence(|reader| {
            // Version 2 is written as 1; version 1 has no extensions, and so nobody's key.
            if u8::decode(reader)? != 1 {
                return Err(Tag::Integer.value_error().into());
            }
            let algorithm = AlgorithmIdentifierOwned::decode(reader)?;
            let issuer = Name::decode(reader)?;
            let this_update = Time::decode(reader)?;
            let next_update = match next_tag(reader) {
                Some(Tag::UtcTime | Tag::GeneralizedTime) => Some(Time::decode(reader)?),
                _ => None,
            };
            let entries = match next_tag(reader) {
                Some(Tag::Sequence) => AnyRef::decode(reader)?.value(),
                _ => &[],
            };
            let entries_end = usize::try_from(reader.position())?;
            let extensions = match next_tag(reader) {
                Some(Tag::ContextSpecific {
                    constructed: true,
                    number: TagNumber(0),
                }) => Some(AnyRef::decode(reader)?.value()),
                _ => None,
            };
            Ok::<_, der::Error>(Self {
                algorithm,
                issuer,
                this_update,
                next_update,
                entries,
                entries_end,
                extensions,
            })
        })?;
        reader.finish()?;
        Ok(body)
    }
}

fn next_tag<'r>(reader: &impl Reader<'r>) -> Option<Tag> {
    (!reader.is_finished()).then(|| Tag::peek(reader).ok()).flatten()
}

/// One of `revokedCertificates`.
struct Entry<'a> {
    /// With its tag.
    serial_number: &'a [u8],
    at: Time,
    /// `crlEntryExtensions` with the tag of their sequence.
    extensions: Option<&'a [u8]>,
}

fn read_entry<'a>(reader: &mut SliceReader<'a>) -> der::Result<Entry<'a>> {
    reader.sequence(|reader| {
        if Tag::peek(reader)? != Tag::Integer {
            return Err(Tag::Integer.value_error().into());
        }
        let serial_number = reader.tlv_bytes()?;
        if serial_number.len() > MAX_SERIAL_NUMBER_DER {
            return Err(Tag::Integer.length_error().into());
        }
        let at = Time::decode(reader)?;
        let extensions = if reader.is_finished() {
            None
        } else {
            Some(reader.tlv_bytes()?)
        };
        Ok(Entry {
            serial_number,
            at,
            extensions,
        })
    })
}

/// Walks over every entry once, so that asking later cannot fail half way: how many there are.
fn check_entries(entries: &[u8]) -> Result<usize, RevocationListError> {
    let malformed = |_| RevocationListError::Malformed;
    if entries.is_empty() {
        return Ok(0);
    }
    let mut reader = SliceReader::new(entries).map_err(malformed)?;
    let mut count = 0_usize;
    while !reader.is_finished() {
        count = count.saturating_add(1);
        if count > MAX_REVOKED_CERTIFICATES {
            return Err(RevocationListError::TooManyEntries);
        }
        let entry = read_entry(&mut reader).map_err(malformed)?;
        reason_of(entry.extensions)?;
    }
    Ok(count)
}

/// The reason of an entry. Its other extensions must not change what the entry means.
fn reason_of(extensions: Option<&[u8]>) -> Result<Option<RevocationReason>, RevocationListError> {
    let mut reason = None;
    for_each_extension(extensions, |extension| {
        match extension.identifier {
            REASON_CODE if reason.is_some() => return Err(RevocationListError::Extension),
            REASON_CODE => {
                let code = CrlReason::from_der(extension.value);
                reason = Some(known_reason(code.map_err(|_| RevocationListError::Extension)?)?);
            }
            // Certificates of another issuer follow.
            CERTIFICATE_ISSUER => return Err(RevocationListError::Indirect),
            _ if extension.critical => return Err(RevocationListError::UnknownCriticalExtension),
            _ => {}
        }
        Ok(())
    })?;
    Ok(reason)
}

fn known_reason(code: CrlReason) -> Result<RevocationReason, RevocationListError> {
    Ok(match code {
        CrlReason::Unspecified => RevocationReason::Unspecified,
        CrlReason::KeyCompromise => RevocationReason::KeyCompromise,
        CrlReason::CaCompromise => RevocationReason::CaCompromise,
        CrlReason::AffiliationChanged => RevocationReason::AffiliationChanged,
        CrlReason::Superseded => RevocationReason::Superseded,
        CrlReason::CessationOfOperation => RevocationReason::CessationOfOperation,
        CrlReason::CertificateHold => RevocationReason::CertificateHold,
        // Only deltas take something back.
        CrlReason::RemoveFromCRL => return Err(RevocationListError::Delta),
        CrlReason::PrivilegeWithdrawn => RevocationReason::PrivilegeWithdrawn,
        CrlReason::AaCompromise => RevocationReason::AaCompromise,
    })
}

/// The reason as a list says it.
pub(super) const fn crl_reason(reason: RevocationReason) -> CrlReason {
    match reason {
        RevocationReason::Unspecified => CrlReason::Unspecified,
        RevocationReason::KeyCompromise => CrlReason::KeyCompromise,
        RevocationReason::CaCompromise => CrlReason::CaCompromise,
        RevocationReason::AffiliationChanged => CrlReason::AffiliationChanged,
        RevocationReason::Superseded => CrlReason::Superseded,
        RevocationReason::CessationOfOperation => CrlReason::CessationOfOperation,
        RevocationReason::CertificateHold => CrlReason::CertificateHold,
        RevocationReason::PrivilegeWithdrawn => CrlReason::PrivilegeWithdrawn,
        RevocationReason::AaCompromise => CrlReason::AaCompromise,
    }
}
