//! The extensions of a revocation list and of its entries.

use core::fmt;

use x509_cert::der::asn1::{AnyRef, ObjectIdentifier, UintRef};
use x509_cert::der::{self, Decode as _, Reader, SliceReader, Tag, Tagged as _};
use x509_cert::ext::pkix::AuthorityKeyIdentifier;
use x509_cert::ext::pkix::crl::dp::IssuingDistributionPoint;

use super::{RevocationListError, next_tag};
use crate::x509::certificate::distribution_point_uris;

#[derive(Default)]
pub(super) struct Extensions {
    pub(super) authority_key_identifier: Vec<u8>,
    pub(super) number: RevocationListNumber,
    pub(super) scope: Scope,
    /// `IssuingDistributionPoint` as it was signed; empty where there is none.
    pub(super) issuing_distribution_point: Vec<u8>,
    /// Where the list is published, when it speaks only of certificates that name one of these places.
    pub(super) distribution_points: Option<Vec<String>>,
}

/// Which certificates a list speaks of.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) enum Scope {
    #[default]
    All,
    EndEntities,
    Authorities,
}

/// The number of a list ([RFC 5280 §5.2.3](https://www.rfc-editor.org/rfc/rfc5280#section-5.2.3)): it rises with every list of one authority about
/// the same certificates. At most twenty octets, without leading zeros, the most significant one first; none for zero.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct RevocationListNumber(Vec<u8>);

/// Hexadecimal.
impl fmt::Display for RevocationListNumber {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("0x")?;
        if self.0.is_empty() {
            return formatter.write_str("0");
        }
        self.0
            .iter()
            .try_for_each(|octet| write!(formatter, "{octet:02x}"))
    }
}

impl RevocationListNumber {
    /// The octets.
    #[must_use]
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// The number; `None` for one of more than 64 bits.
    #[must_use]
    pub fn to_u64(&self) -> Option<u64> {
        let mut padded = [0; 8];
        let start = padded.len().checked_sub(self.0.len())?;
        padded.get_mut(start..)?.copy_from_slice(&self.0);
        Some(u64::from_be_bytes(padded))
    }

    fn from_der(der: &[u8]) -> Option<Self> {
        let octets = UintRef::from_der(der).ok()?.as_bytes();
        let first = octets.iter().position(|octet| *octet != 0);
        let octets = first.and_then(|first| octets.get(first..)).unwrap_or_default();
        (octets.len() <= MAX_NUMBER_OCTETS).then(|| Self(octets.to_vec()))
    }
}

/// The extensions of a list. Both that RFC 5280 demands must be there: the key that signed (§5.2.1) and the number (§5.2.3).
pub(super) fn read_extensions(extensions: Option<&[u8]>) -> Result<Extensions, RevocationListError> {
    let mut read = Extensions::default();
    let mut seen: Vec<ObjectIdentifier> = Vec::new();
    for_each_extension(extensions, |extension| {
        if seen.contains(&extension.identifier) || seen.len() >= MAX_EXTENSIONS {
            return Err(RevocationListError::Extension);
        }
        seen.push(extension.identifier);
        match extension.identifier {
            AUTHORITY_KEY_IDENTIFIER => {
                let identifier = AuthorityKeyIdentifier::from_der(extension.value).ok();
                let identifier = identifier.and_then(|identifier| identifier.key_identifier);
                let identifier = identifier.ok_or(RevocationListError::Extension)?;
                identifier
                    .as_bytes()
                    .clone_into(&mut read.authority_key_identifier);
            }
            ISSUING_DISTRIBUTION_POINT => {
                read.take_up(extension.value)?;
                extension.value.clone_into(&mut read.issuing_distribution_point);
            }
            DELTA_CRL_INDICATOR => return Err(RevocationListError::Delta),
            CRL_NUMBER => {
                let number = RevocationListNumber::from_der(extension.value);
                read.number = number.ok_or(RevocationListError::Extension)?;
            }
            _ if extension.critical => return Err(RevocationListError::UnknownCriticalExtension),
            _ => {}
        }
        Ok(())
    })?;
    if seen.contains(&AUTHORITY_KEY_IDENTIFIER) && seen.contains(&CRL_NUMBER) {
        Ok(read)
    } else {
        Err(RevocationListError::Extension)
    }
}

impl Extensions {
    fn take_up(&mut self, value: &[u8]) -> Result<(), RevocationListError> {
        let point = IssuingDistributionPoint::from_der(value).map_err(|_| RevocationListError::Extension)?;
        if point.indirect_crl {
            return Err(RevocationListError::Indirect);
        }
        if point.only_some_reasons.is_some() || point.only_contains_attribute_certs {
            return Err(RevocationListError::Partial);
        }
        self.scope = match (point.only_contains_user_certs, point.only_contains_ca_certs) {
            (true, true) => return Err(RevocationListError::Extension),
            (true, false) => Scope::EndEntities,
            (false, true) => Scope::Authorities,
            (false, false) => Scope::All,
        };
        self.distribution_points = point
            .distribution_point
            .map(|name| distribution_point_uris(&name).collect());
        Ok(())
    }
}

pub(super) struct ReadExtension<'a> {
    pub(super) identifier: ObjectIdentifier,
    pub(super) critical: bool,
    pub(super) value: &'a [u8],
}

/// Hands over each extension of a sequence, and allocates nothing.
pub(super) fn for_each_extension<'a>(
    sequence: Option<&'a [u8]>,
    mut each: impl FnMut(ReadExtension<'a>) -> Result<(), RevocationListError>,
) -> Result<(), RevocationListError> {
    let malformed = |_: der::Error| RevocationListError::Malformed;
    let Some(sequence) = sequence else {
        return Ok(());
    };
    let mut outer = SliceReader::new(sequence).map_err(malformed)?;
    let inner = AnyRef::decode(&mut outer).map_err(malformed)?;
    outer.finish().map_err(malformed)?;
    // RFC 5280: a sequence of one or more.
    if inner.tag() != Tag::Sequence || inner.value().is_empty() {
        return Err(RevocationListError::Malformed);
    }
    let mut reader = SliceReader::new(inner.value()).map_err(malformed)?;
    while !reader.is_finished() {
        let extension = reader.sequence(|reader| {
            let identifier = ObjectIdentifier::decode(reader)?;
            let critical = match next_tag(reader) {
                Some(Tag::Boolean) => bool::decode(reader)?,
                _ => false,
            };
            let value = AnyRef::decode(reader)?;
            value.tag().assert_eq(Tag::OctetString)?;
            Ok::<_, der::Error>(ReadExtension {
                identifier,
                critical,
                value: value.value(),
            })
        });
        each(extension.map_err(malformed)?)?;
    }
    Ok(())
}

/// The longest number of a list (RFC 5280 §5.2.3).
const MAX_NUMBER_OCTETS: usize = 20;
/// The most extensions of a list; RFC 5280 knows six.
const MAX_EXTENSIONS: usize = 16;
const AUTHORITY_KEY_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.35");
const CRL_NUMBER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.20");
pub(super) const REASON_CODE: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.21");
const DELTA_CRL_INDICATOR: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.27");
const ISSUING_DISTRIBUTION_POINT: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.28");
pub(super) const CERTIFICATE_ISSUER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.29.29");
