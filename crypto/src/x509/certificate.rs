//! One certificate, read once ([RFC 5280 §4](https://www.rfc-editor.org/rfc/rfc5280#section-4)).

use core::fmt;
use std::collections::HashSet;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use thiserror::Error;
use x509_cert::certificate::Version;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::der::{Decode as _, Encode as _, Reader as _, SliceReader, Tag, Tagged as _};
use x509_cert::ext::pkix::name::{DistributionPointName, GeneralName, GeneralNames};
use x509_cert::ext::{Extension, pkix};
use x509_cert::name::Name;
use x509_cert::time::Time;

use super::name_constraints::NameConstraints;
use super::signature::CertificateSignature;
use crate::key::PublicKey;
use crate::provider::{CryptoProvider, SignatureRejected};
use crate::time::UnixTime;

/// The largest certificate that is read, in bytes. Real ones have one or two KiB.
pub const MAX_CERTIFICATE_BYTES: usize = 16 * 1024;

/// `commonName`.
pub(super) const COMMON_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.3");

/// `countryName`.
pub(super) const COUNTRY_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.6");
/// `stateOrProvinceName`.
const STATE_NAME: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.8");

/// `organizationIdentifier` (X.520).
pub(super) const ORGANIZATION_IDENTIFIER: ObjectIdentifier = ObjectIdentifier::new_unwrap("2.5.4.97");

/// A certificate. Its parts were read and checked for form; who vouches for it is the business of
/// [`verify_chain`](super::verify_chain). Clones share one copy.
#[derive(Clone)]
pub struct Certificate(Arc<Parts>);

struct Parts {
    der: Vec<u8>,
    /// Where in `der` the signed part is.
    signed: core::ops::Range<usize>,
    signature: CertificateSignature,
    public_key: PublicKey,
    serial_number: Vec<u8>,
    serial_number_der: Vec<u8>,
    subject: Vec<u8>,
    issuer: Vec<u8>,
    subject_common_name: Option<String>,
    subject_country: Option<String>,
    subject_state: Option<String>,
    organization_identifier: Option<String>,
    not_before: UnixTime,
    not_after: UnixTime,
    extensions: Extensions,
}

#[derive(Default)]
struct Extensions {
    san_uris: Vec<String>,
    san_dns: Vec<String>,
    san_directory_names: Vec<Name>,
    subject_key_identifier: Option<Vec<u8>>,
    authority_key_identifier: Option<Vec<u8>>,
    authority: Option<Authority>,
    key_usage: Option<KeyUsages>,
    extended_key_usage: Vec<String>,
    extended_key_usage_is_critical: bool,
    name_constraints: Option<NameConstraints>,
    revocation_list_uris: Vec<String>,
    unknown_critical: Vec<String>,
}

#[derive(Clone, Copy)]
struct Authority {
    path_length: Option<u8>,
}

/// What the key usage extension allows the key to do
/// ([RFC 5280 §4.2.1.3](https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.3)); the uses that matter here.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct KeyUsages(pkix::KeyUsage);

impl KeyUsages {
    /// To sign data other than certificates.
    #[must_use]
    pub fn digital_signature(self) -> bool {
        self.0.digital_signature()
    }

    /// To sign certificates.
    #[must_use]
    pub fn key_cert_sign(self) -> bool {
        self.0.key_cert_sign()
    }

    /// To sign revocation lists.
    #[must_use]
    pub fn crl_sign(self) -> bool {
        self.0.crl_sign()
    }
}

/// Why bytes were not read as a certificate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CertificateError {
    /// More than [`MAX_CERTIFICATE_BYTES`].
    #[error("the certificate is too large")]
    TooLarge,
    /// Not the DER of an X.509 version 3 certificate, or followed by other bytes.
    #[error("not an X.509 version 3 certificate")]
    Malformed,
    /// An extension that must be understood is not in the form that RFC 5280 gives it, or is there twice.
    #[error("an extension of the certificate is malformed or repeated")]
    Extension,
    /// The subject's key is not of a supported type.
    #[error("the certificate holds a key of an unsupported type")]
    Key,
    /// It is signed with an algorithm other than ECDSA with SHA-256 or SHA-384, or Ed25519.
    #[error("the certificate is signed with an unsupported algorithm")]
    SignatureAlgorithm,
}

impl Certificate {
    /// Reads a DER certificate.
    ///
    /// # Errors
    /// [`CertificateError`] when the bytes are too many, malformed, or use algorithms outside the set.
    pub fn parse(der: &[u8]) -> Result<Self, CertificateError> {
        if der.len() > MAX_CERTIFICATE_BYTES {
            return Err(CertificateError::TooLarge);
        }
        let parsed = x509_cert::Certificate::from_der(der).map_err(|_| CertificateError::Malformed)?;
        let body = parsed.tbs_certificate();
        if body.version() != Version::V3 {
            return Err(CertificateError::Malformed);
        }
        // RFC 5280 §4.1.1.2: both must be the same; only the inner one is signed.
        if body.signature() != parsed.signature_algorithm() {
            return Err(CertificateError::Malformed);
        }
        let signature = parsed.signature().as_bytes().ok_or(CertificateError::Malformed)?;
        let signature = CertificateSignature::read(parsed.signature_algorithm(), signature)
            .ok_or(CertificateError::SignatureAlgorithm)?;
        let public_key = encode(body.subject_public_key_info())?;
        let public_key =
            PublicKey::from_subject_public_key_info(&public_key).map_err(|_| CertificateError::Key)?;
        let extensions = body.extensions().map(Vec::as_slice).unwrap_or_default();
        Ok(Self(Arc::new(Parts {
            signed: signed_range(der).ok_or(CertificateError::Malformed)?,
            signature,
            public_key,
            serial_number: unsigned(body.serial_number().as_bytes()),
            serial_number_der: encode(body.serial_number())?,
            subject: encode(body.subject())?,
            issuer: encode(body.issuer())?,
            subject_common_name: attribute(body.subject(), COMMON_NAME),
            subject_country: attribute(body.subject(), COUNTRY_NAME),
            subject_state: attribute(body.subject(), STATE_NAME),
            organization_identifier: attribute(body.subject(), ORGANIZATION_IDENTIFIER),
            not_before: unix_time(body.validity().not_before),
            not_after: unix_time(body.validity().not_after),
            extensions: Extensions::read(extensions)?,
            der: der.to_vec(),
        })))
    }

    /// The serial number, big-endian without leading zeros.
    #[must_use]
    pub fn serial_number(&self) -> &[u8] {
        &self.0.serial_number
    }

    /// The certificate as it was read.
    #[must_use]
    pub fn der(&self) -> &[u8] {
        &self.0.der
    }

    /// SHA-256 of the DER: the certificate's fingerprint, and the value of `x509_hash` client identifiers
    /// ([OpenID4VP §5.9.3](https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.9.3)).
    #[must_use]
    pub fn sha256(&self) -> [u8; 32] {
        Sha256::digest(&self.0.der).into()
    }

    /// The subject's key.
    #[must_use]
    pub fn public_key(&self) -> &PublicKey {
        &self.0.public_key
    }

    /// The DER of the subject's name.
    #[must_use]
    pub fn subject_name(&self) -> &[u8] {
        &self.0.subject
    }

    /// The DER of the issuer's name.
    #[must_use]
    pub fn issuer_name(&self) -> &[u8] {
        &self.0.issuer
    }

    /// The subject's first common name. It is for people to read: names that are compared are
    /// [`san_uris`](Self::san_uris) and [`san_dns`](Self::san_dns).
    #[must_use]
    pub fn subject_common_name(&self) -> Option<&str> {
        self.0.subject_common_name.as_deref()
    }

    /// The country in the subject's name.
    #[must_use]
    pub fn subject_country(&self) -> Option<&str> {
        self.0.subject_country.as_deref()
    }

    /// The state or province in the subject's name.
    #[must_use]
    pub fn subject_state(&self) -> Option<&str> {
        self.0.subject_state.as_deref()
    }

    /// The identifier of the organisation in the subject's name (`organizationIdentifier`, [ETSI EN 319 412-1 §5.1.4]), such as
    /// `VATDE-123456789`.
    ///
    /// [ETSI EN 319 412-1 §5.1.4]: https://www.etsi.org/deliver/etsi_en/319400_319499/31941201/
    #[must_use]
    pub fn subject_organization_identifier(&self) -> Option<&str> {
        self.0.organization_identifier.as_deref()
    }

    /// The URIs among the subject's alternative names, as they are written.
    #[must_use]
    pub fn san_uris(&self) -> &[String] {
        &self.0.extensions.san_uris
    }

    /// The DNS names among the subject's alternative names, as they are written.
    #[must_use]
    pub fn san_dns(&self) -> &[String] {
        &self.0.extensions.san_dns
    }

    /// The subject key identifier.
    #[must_use]
    pub fn subject_key_identifier(&self) -> Option<&[u8]> {
        self.0.extensions.subject_key_identifier.as_deref()
    }

    /// The key identifier of the authority key identifier extension.
    #[must_use]
    pub fn authority_key_identifier(&self) -> Option<&[u8]> {
        self.0.extensions.authority_key_identifier.as_deref()
    }

    /// The first second of validity.
    #[must_use]
    pub fn not_before(&self) -> UnixTime {
        self.0.not_before
    }

    /// The last second of validity.
    #[must_use]
    pub fn not_after(&self) -> UnixTime {
        self.0.not_after
    }

    /// Whether the basic constraints make the subject a certification authority.
    #[must_use]
    pub fn is_ca(&self) -> bool {
        self.0.extensions.authority.is_some()
    }

    /// How many certificates may stand between this authority's and a leaf; `None` when it is no authority or sets no
    /// limit.
    #[must_use]
    pub fn path_length(&self) -> Option<u8> {
        self.0
            .extensions
            .authority
            .and_then(|authority| authority.path_length)
    }

    /// The key usage extension, if there is one.
    #[must_use]
    pub fn key_usage(&self) -> Option<KeyUsages> {
        self.0.extensions.key_usage
    }

    /// The object identifiers of the extended key usage extension, dotted; empty when there is none.
    #[must_use]
    pub fn extended_key_usage(&self) -> &[String] {
        &self.0.extensions.extended_key_usage
    }

    /// Whether the extended key usage extension is critical.
    #[must_use]
    pub fn extended_key_usage_is_critical(&self) -> bool {
        self.0.extensions.extended_key_usage_is_critical
    }

    /// The object identifiers of critical extensions that are not understood, dotted. A chain with such a certificate
    /// is refused.
    #[must_use]
    pub fn unknown_critical_extensions(&self) -> &[String] {
        &self.0.extensions.unknown_critical
    }

    /// Where its issuer publishes the lists of certificates that were taken back
    /// ([RFC 5280 §4.2.1.13](https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.13)): the URIs of the distribution points for every reason and
    /// of the issuer's own lists. They are the issuer's to choose, and to be fetched with guards.
    #[must_use]
    pub fn revocation_list_uris(&self) -> &[String] {
        &self.0.extensions.revocation_list_uris
    }

    /// The DER of the serial number, with its tag and length.
    pub(crate) fn serial_number_der(&self) -> &[u8] {
        &self.0.serial_number_der
    }

    /// Whether the certificate names its own subject as its issuer. Its signature is not looked at: a certificate that
    /// vouches for itself proves nothing whether or not the signature is right.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.0.subject == self.0.issuer
    }

    /// Whether this is the certificate of a root that may sign others: a certification authority that names itself as its
    /// issuer and has signed itself. Whether anybody believes it is for somebody else to decide.
    #[must_use]
    pub fn is_root(&self, provider: &dyn CryptoProvider) -> bool {
        self.is_ca()
            && self.is_self_signed()
            && self.key_usage().is_some_and(KeyUsages::key_cert_sign)
            && self.verify_signed_by(self.public_key(), provider).is_ok()
    }

    /// Checks that `key` signed this certificate. Nothing else is checked.
    pub(super) fn verify_signed_by(
        &self,
        key: &PublicKey,
        provider: &dyn CryptoProvider,
    ) -> Result<(), SignatureRejected> {
        let signed = self.0.der.get(self.0.signed.clone()).ok_or(SignatureRejected)?;
        self.0.signature.verify(signed, key, provider)
    }

    /// The distinguished names of the subject: its own, unless that is empty, and its alternative ones.
    pub(super) fn distinguished_names(&self) -> Option<Vec<Name>> {
        let own = Name::from_der(self.subject_name()).ok()?;
        let own = Some(own).filter(|own| !own.is_empty()).into_iter();
        Some(
            own.chain(self.0.extensions.san_directory_names.iter().cloned())
                .collect(),
        )
    }

    pub(super) fn name_constraints(&self) -> Option<&NameConstraints> {
        self.0.extensions.name_constraints.as_ref()
    }
}

impl PartialEq for Certificate {
    fn eq(&self, other: &Self) -> bool {
        self.0.der == other.0.der
    }
}

impl Eq for Certificate {}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The fingerprint and no names: a certificate may be a person's.
        f.write_str("Certificate ")?;
        self.sha256().iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

impl Extensions {
    fn read(extensions: &[Extension]) -> Result<Self, CertificateError> {
        let mut read = Self::default();
        let mut seen = HashSet::new();
        for extension in extensions {
            // RFC 5280 §4.2: never two of one kind; two readers might each believe another one.
            if !seen.insert(extension.extn_id) {
                return Err(CertificateError::Extension);
            }
            read.read_one(extension).ok_or(CertificateError::Extension)?;
        }
        Ok(read)
    }

    fn read_one(&mut self, extension: &Extension) -> Option<()> {
        let value = extension.extn_value.as_bytes();
        match extension.extn_id.to_string().as_str() {
            "2.5.29.14" => {
                let identifier = pkix::SubjectKeyIdentifier::from_der(value).ok()?;
                self.subject_key_identifier = Some(identifier.0.as_bytes().to_vec());
            }
            "2.5.29.35" => {
                let identifier = pkix::AuthorityKeyIdentifier::from_der(value).ok()?;
                self.authority_key_identifier = identifier
                    .key_identifier
                    .map(|identifier| identifier.as_bytes().to_vec());
            }
            "2.5.29.15" => self.key_usage = Some(KeyUsages(pkix::KeyUsage::from_der(value).ok()?)),
            "2.5.29.37" => {
                self.extended_key_usage = extended_key_usages(value)?;
                self.extended_key_usage_is_critical = extension.critical;
            }
            "2.5.29.19" => {
                let constraints = pkix::BasicConstraints::from_der(value).ok()?;
                self.authority = constraints.ca.then_some(Authority {
                    path_length: constraints.path_len_constraint,
                });
            }
            "2.5.29.17" => {
                let (uris, dns) = names(value)?;
                self.san_uris = uris;
                self.san_dns = dns;
                self.san_directory_names = directory_names(value)?;
            }
            "2.5.29.30" => {
                let constraints = pkix::NameConstraints::from_der(value).ok()?;
                self.name_constraints = Some(NameConstraints::new(constraints));
            }
            "2.5.29.31" => {
                let points = pkix::CrlDistributionPoints::from_der(value).ok()?;
                self.revocation_list_uris = points.0.iter().flat_map(own_lists).collect();
            }
            unknown if extension.critical => self.unknown_critical.push(unknown.to_owned()),
            _ => {}
        }
        Some(())
    }
}

/// The URIs of a distribution point; none where it has lists of some reasons, or of another authority.
fn own_lists(point: &pkix::crl::dp::DistributionPoint) -> Vec<String> {
    if point.reasons.is_some() || point.crl_issuer.is_some() {
        return Vec::new();
    }
    let name = point.distribution_point.as_ref();
    name.map(|name| distribution_point_uris(name).collect())
        .unwrap_or_default()
}

/// The URIs among the names of a distribution point.
pub(super) fn distribution_point_uris(name: &DistributionPointName) -> impl Iterator<Item = String> {
    let names = match name {
        DistributionPointName::FullName(names) => names.as_slice(),
        DistributionPointName::NameRelativeToCRLIssuer(_) => &[],
    };
    names.iter().filter_map(|name| match name {
        GeneralName::UniformResourceIdentifier(uri) => Some(uri.to_string()),
        _ => None,
    })
}

/// The URIs and the DNS names of a subject alternative name extension.
pub(super) fn names(value: &[u8]) -> Option<(Vec<String>, Vec<String>)> {
    let (mut uris, mut dns) = (Vec::new(), Vec::new());
    for name in GeneralNames::from_der(value).ok()? {
        match name {
            GeneralName::UniformResourceIdentifier(uri) => uris.push(uri.to_string()),
            GeneralName::DnsName(name) => dns.push(name.to_string()),
            // Names of other kinds name nobody in this suite.
            _ => {}
        }
    }
    Some((uris, dns))
}

/// The distinguished names of a subject alternative name extension.
fn directory_names(value: &[u8]) -> Option<Vec<Name>> {
    let names = GeneralNames::from_der(value).ok()?.into_iter();
    let names = names.filter_map(|name| match name {
        GeneralName::DirectoryName(name) => Some(name),
        _ => None,
    });
    Some(names.collect())
}

/// The purposes of an extended key usage extension, dotted.
pub(super) fn extended_key_usages(value: &[u8]) -> Option<Vec<String>> {
    let purposes = Vec::<ObjectIdentifier>::from_der(value).ok()?;
    Some(purposes.iter().map(ToString::to_string).collect())
}

/// Where in a certificate the part is that is signed, as its bytes are: encoding it again might give others.
pub(super) fn signed_range(der: &[u8]) -> Option<core::ops::Range<usize>> {
    let mut reader = SliceReader::new(der).ok()?;
    let header = x509_cert::der::Header::decode(&mut reader).ok()?;
    let start = usize::try_from(header.encoded_len().ok()?).ok()?;
    let length = reader.tlv_bytes().ok()?.len();
    Some(start..start.checked_add(length)?)
}

fn encode(part: &impl x509_cert::der::Encode) -> Result<Vec<u8>, CertificateError> {
    part.to_der().map_err(|_| CertificateError::Malformed)
}

/// The first attribute of this kind, if it is in one of the two encodings that RFC 5280 wants of new certificates.
pub(super) fn attribute(name: &Name, kind: ObjectIdentifier) -> Option<String> {
    let attribute = name.iter().find(|attribute| attribute.oid == kind)?;
    let text = match attribute.value.tag() {
        Tag::Utf8String | Tag::PrintableString => core::str::from_utf8(attribute.value.value()).ok()?,
        _ => return None,
    };
    Some(text.to_owned())
}

/// A positive integer without the zeros that DER or a careless issuer puts in front.
fn unsigned(bytes: &[u8]) -> Vec<u8> {
    bytes.iter().copied().skip_while(|byte| *byte == 0).collect()
}

pub(super) fn unix_time(time: Time) -> UnixTime {
    UnixTime::from_seconds(i64::try_from(time.to_unix_duration().as_secs()).unwrap_or(i64::MAX))
}
