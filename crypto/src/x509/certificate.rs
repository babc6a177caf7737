//! One certificate, read once ([RFC 5280 §4](https://www.rfc-editor.org/rfc/rfc5280#section-4)).

use core::fmt;
use std::collections::HashSet;
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use thiserror::Error;
use x509_cert::der::Decode;
use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::ext::pkix;
use x509_cert::ext::pkix::name::{GeneralName, GeneralNames};
use x509_parser::certificate::X509Certificate;
use x509_parser::extensions::X509Extension;
use x509_parser::prelude::FromDer as _;
use x509_parser::x509::X509Version;

use super::name_constraints::NameConstraints;
use super::signature::CertificateSignature;
use crate::key::PublicKey;
use crate::provider::{CryptoProvider, SignatureRejected};
use crate::time::UnixTime;

/// The largest certificate that is read, in bytes. Real ones have one or two KiB.
pub const MAX_CERTIFICATE_BYTES: usize = 16 * 1024;

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
    subject: Vec<u8>,
    issuer: Vec<u8>,
    subject_common_name: Option<String>,
    not_before: UnixTime,
    not_after: UnixTime,
    extensions: Extensions,
}

#[derive(Default)]
struct Extensions {
    san_uris: Vec<String>,
    san_dns: Vec<String>,
    subject_key_identifier: Option<Vec<u8>>,
    authority_key_identifier: Option<Vec<u8>>,
    authority: Option<Authority>,
    key_usage: Option<KeyUsages>,
    extended_key_usage: Vec<String>,
    name_constraints: Option<NameConstraints>,
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
        let Ok(([], parsed)) = X509Certificate::from_der(der) else {
            return Err(CertificateError::Malformed);
        };
        let body = &parsed.tbs_certificate;
        if body.version != X509Version::V3 {
            return Err(CertificateError::Malformed);
        }
        // RFC 5280 §4.1.1.2: both must be the same; only the inner one is signed.
        if body.signature != parsed.signature_algorithm || parsed.signature_value.unused_bits != 0 {
            return Err(CertificateError::Malformed);
        }
        let signature = CertificateSignature::read(&parsed.signature_algorithm, &parsed.signature_value.data)
            .ok_or(CertificateError::SignatureAlgorithm)?;
        let signed_bytes: &[u8] = body.as_ref();
        let signed = range_within(der, signed_bytes).ok_or(CertificateError::Malformed)?;
        let public_key = PublicKey::from_subject_public_key_info(body.subject_pki.raw)
            .map_err(|_| CertificateError::Key)?;
        let subject_common_name = body
            .subject
            .iter_common_name()
            .next()
            .and_then(|attribute| attribute.as_str().ok())
            .map(str::to_owned);
        Ok(Self(Arc::new(Parts {
            signed,
            signature,
            public_key,
            subject: body.subject.as_raw().to_vec(),
            issuer: body.issuer.as_raw().to_vec(),
            subject_common_name,
            not_before: UnixTime::from_seconds(body.validity.not_before.timestamp()),
            not_after: UnixTime::from_seconds(body.validity.not_after.timestamp()),
            extensions: Extensions::read(body.extensions())?,
            der: der.to_vec(),
        })))
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

    /// The object identifiers of critical extensions that are not understood, dotted. A chain with such a certificate
    /// is refused.
    #[must_use]
    pub fn unknown_critical_extensions(&self) -> &[String] {
        &self.0.extensions.unknown_critical
    }

    /// Whether the certificate names its own subject as its issuer. Its signature is not looked at: a certificate that
    /// vouches for itself proves nothing whether or not the signature is right.
    #[must_use]
    pub fn is_self_signed(&self) -> bool {
        self.0.subject == self.0.issuer
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
    fn read(extensions: &[X509Extension<'_>]) -> Result<Self, CertificateError> {
        let mut read = Self::default();
        let mut seen = HashSet::new();
        for extension in extensions {
            // RFC 5280 §4.2: never two of one kind; two readers might each believe another one.
            if !seen.insert(extension.oid.as_bytes()) {
                return Err(CertificateError::Extension);
            }
            read.read_one(extension).ok_or(CertificateError::Extension)?;
        }
        Ok(read)
    }

    /// Reads one extension's value with the strict decoders of `x509-cert`: those of `x509-parser` pass over trailing
    /// bytes, and over name constraints that they cannot read.
    fn read_one(&mut self, extension: &X509Extension<'_>) -> Option<()> {
        let value = extension.value;
        match extension.oid.to_id_string().as_str() {
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
                let purposes = Vec::<ObjectIdentifier>::from_der(value).ok()?;
                self.extended_key_usage = purposes.iter().map(ToString::to_string).collect();
            }
            "2.5.29.19" => {
                let constraints = pkix::BasicConstraints::from_der(value).ok()?;
                self.authority = constraints.ca.then_some(Authority {
                    path_length: constraints.path_len_constraint,
                });
            }
            "2.5.29.17" => {
                for name in GeneralNames::from_der(value).ok()? {
                    match name {
                        GeneralName::UniformResourceIdentifier(uri) => self.san_uris.push(uri.to_string()),
                        GeneralName::DnsName(name) => self.san_dns.push(name.to_string()),
                        // Names of other kinds name nobody in this suite.
                        _ => {}
                    }
                }
            }
            "2.5.29.30" => {
                let constraints = pkix::NameConstraints::from_der(value).ok()?;
                self.name_constraints = Some(NameConstraints::new(constraints));
            }
            unknown if extension.critical => self.unknown_critical.push(unknown.to_owned()),
            _ => {}
        }
        Some(())
    }
}

/// Where `part`, a slice of `whole`, begins and ends in it.
fn range_within(whole: &[u8], part: &[u8]) -> Option<core::ops::Range<usize>> {
    let start = (part.as_ptr() as usize).checked_sub(whole.as_ptr() as usize)?;
    let range = start..start.checked_add(part.len())?;
    (whole.get(range.clone())? == part).then_some(range)
}
