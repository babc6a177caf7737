//! Certificate signing requests (PKCS#10, [RFC 2986](https://www.rfc-editor.org/rfc/rfc2986)): how the holder of a key asks
//! an authority on another machine for a certificate.

use thiserror::Error;
use x509_cert::attr::{Attribute, Attributes};
use x509_cert::der::asn1::{BitString, Ia5String, ObjectIdentifier};
use x509_cert::der::{Decode as _, Encode as _, Header, Reader as _, SliceReader};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName};
use x509_cert::ext::{Extension, ToExtension as _};
use x509_cert::name::Name;
use x509_cert::request::{CertReq, CertReqInfo, ExtensionReq, Version};
use x509_cert::spki::{AlgorithmIdentifierOwned, SubjectPublicKeyInfoOwned};

use super::certificate::{COMMON_NAME, ORGANIZATION_IDENTIFIER, attribute, extended_key_usages, names};
use super::issue::{IssueError, common_name, organization_name};
use super::signature::{CertificateSignature, identifier_of, to_certificate_form};
use crate::key::PublicKey;
use crate::provider::CryptoProvider;
use crate::signing::{KeyDescription, Sign, SignOutcome, SignatureRequest};

/// The largest request that is read, in bytes. Real ones have less than one KiB.
pub const MAX_REQUEST_BYTES: usize = 16 * 1024;

/// What a request asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RequestedNames {
    /// The common name, for people to read; 1 to 64 characters.
    pub subject_name: String,
    /// Alternative names that are URIs, such as an issuer's identifier.
    pub san_uris: Vec<String>,
    /// Alternative names that are DNS names.
    pub san_dns: Vec<String>,
    /// The object identifier of the extended key usage, dotted, if the certificate is to have one.
    pub extended_key_usage: Option<String>,
}

/// A request whose sender has shown to hold the key; only [`CertificateRequest::parse`] makes one.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct CertificateRequest {
    /// The common name, if there is one.
    pub subject_name: Option<String>,
    /// The identifier of the organisation, if there is one.
    pub organization_identifier: Option<String>,
    /// Alternative names that are URIs.
    pub san_uris: Vec<String>,
    /// Alternative names that are DNS names.
    pub san_dns: Vec<String>,
    /// Extended key usages, dotted.
    pub extended_key_usage: Vec<String>,
    /// The key that is to be certified.
    pub public_key: PublicKey,
}

/// Why bytes were not read as a request.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CertificateRequestError {
    /// More than [`MAX_REQUEST_BYTES`].
    #[error("the certificate signing request is too large")]
    TooLarge,
    /// Not the DER of a PKCS#10 request, or followed by other bytes.
    #[error("not a PKCS#10 certificate signing request")]
    Malformed,
    /// The requested extensions are malformed or requested twice.
    #[error("the requested extensions are malformed or repeated")]
    Extension,
    /// The key is not of a supported type.
    #[error("the request is for a key of an unsupported type")]
    Key,
    /// It is signed with an algorithm other than ECDSA with SHA-256 or SHA-384, or Ed25519.
    #[error("the request is signed with an unsupported algorithm")]
    SignatureAlgorithm,
    /// It was not signed by the key that it names: whoever sent it does not hold the key, or it was changed.
    #[error("the request is not signed by the key that it names")]
    Signature,
}

/// Makes a request for the key that `sign` signs with. Returns DER.
///
/// # Errors
/// [`IssueError`] when a name cannot be expressed or the key does not sign.
pub fn request(names: &RequestedNames, key: &KeyDescription, sign: &dyn Sign) -> Result<Vec<u8>, IssueError> {
    request_of(common_name(&names.subject_name)?, names, key, sign)
}

/// Makes a request in the name of an organisation with this identifier (`organizationIdentifier`). Returns DER.
///
/// # Errors
/// As [`request`], and when the identifier is no printable text of 1 to 64 characters.
pub fn organization_request(
    names: &RequestedNames,
    organization_identifier: &str,
    key: &KeyDescription,
    sign: &dyn Sign,
) -> Result<Vec<u8>, IssueError> {
    let subject = organization_name(&names.subject_name, organization_identifier)?;
    request_of(subject, names, key, sign)
}

fn request_of(
    subject: Name,
    names: &RequestedNames,
    key: &KeyDescription,
    sign: &dyn Sign,
) -> Result<Vec<u8>, IssueError> {
    let encoding = |_| IssueError::Encoding;
    let algorithm = key.public_key.algorithm();
    let ia5 = |name: &String| Ia5String::new(name).map_err(|_| IssueError::AlternativeName);
    let uris = names
        .san_uris
        .iter()
        .map(|uri| ia5(uri).map(GeneralName::UniformResourceIdentifier));
    let dns = names
        .san_dns
        .iter()
        .map(|name| ia5(name).map(GeneralName::DnsName));
    let alternatives = uris.chain(dns).collect::<Result<Vec<_>, _>>()?;

    let usage = KeyUsage(KeyUsages::DigitalSignature.into());
    let mut extensions: Vec<Extension> = vec![
        usage
            .to_extension(&subject, &[])
            .map_err(|_| IssueError::Encoding)?,
    ];
    if !alternatives.is_empty() {
        let alternatives = SubjectAltName(alternatives);
        extensions.push(
            alternatives
                .to_extension(&subject, &[])
                .map_err(|_| IssueError::Encoding)?,
        );
    }
    if let Some(purpose) = &names.extended_key_usage {
        let purpose = ExtendedKeyUsage(vec![
            ObjectIdentifier::new(purpose).map_err(|_| IssueError::Encoding)?,
        ]);
        extensions.push(
            purpose
                .to_extension(&subject, &[])
                .map_err(|_| IssueError::Encoding)?,
        );
    }
    let mut attributes = Attributes::default();
    attributes
        .insert(Attribute::try_from(ExtensionReq(extensions)).map_err(encoding)?)
        .map_err(encoding)?;
    let key_info = key
        .public_key
        .to_subject_public_key_info()
        .map_err(|_| IssueError::Encoding)?;
    let info = CertReqInfo {
        version: Version::V1,
        subject,
        public_key: SubjectPublicKeyInfoOwned::from_der(&key_info).map_err(encoding)?,
        attributes,
    };
    let to_sign = SignatureRequest {
        key: key.handle.clone(),
        algorithm,
        bytes: info.to_der().map_err(encoding)?,
    };
    let SignOutcome::Signed(signature) = sign.sign(&to_sign)? else {
        return Err(IssueError::Locked);
    };
    let signature = to_certificate_form(algorithm, &signature).ok_or(IssueError::Encoding)?;
    let request = CertReq {
        info,
        algorithm: AlgorithmIdentifierOwned {
            oid: identifier_of(algorithm),
            parameters: None,
        },
        signature: BitString::from_bytes(&signature).map_err(encoding)?,
    };
    request.to_der().map_err(encoding)
}

impl CertificateRequest {
    /// Reads a DER request and checks that the key that it names has signed it (proof of possession).
    ///
    /// # Errors
    /// [`CertificateRequestError`].
    pub fn parse(der: &[u8], provider: &dyn CryptoProvider) -> Result<Self, CertificateRequestError> {
        use CertificateRequestError as Refused;
        if der.len() > MAX_REQUEST_BYTES {
            return Err(Refused::TooLarge);
        }
        let parsed = CertReq::from_der(der).map_err(|_| Refused::Malformed)?;
        let key_info = parsed.info.public_key.to_der().map_err(|_| Refused::Malformed)?;
        let public_key = PublicKey::from_subject_public_key_info(&key_info).map_err(|_| Refused::Key)?;
        let signature = parsed.signature.as_bytes().ok_or(Refused::Malformed)?;
        let signature =
            CertificateSignature::read(&parsed.algorithm, signature).ok_or(Refused::SignatureAlgorithm)?;
        // As the bytes came: encoding them again might give others.
        let signed = signed_part(der).ok_or(Refused::Malformed)?;
        signature
            .verify(signed, &public_key, provider)
            .map_err(|_| Refused::Signature)?;

        let mut request = Self {
            subject_name: attribute(&parsed.info.subject, COMMON_NAME),
            organization_identifier: attribute(&parsed.info.subject, ORGANIZATION_IDENTIFIER),
            san_uris: Vec::new(),
            san_dns: Vec::new(),
            extended_key_usage: Vec::new(),
            public_key,
        };
        let mut seen = Vec::new();
        for extension in requested_extensions(&parsed.info.attributes)? {
            let kind = extension.extn_id.to_string();
            if seen.contains(&kind) {
                return Err(Refused::Extension);
            }
            let value = extension.extn_value.as_bytes();
            match kind.as_str() {
                "2.5.29.17" => {
                    let (uris, dns) = names(value).ok_or(Refused::Extension)?;
                    request.san_uris = uris;
                    request.san_dns = dns;
                }
                "2.5.29.37" => {
                    request.extended_key_usage = extended_key_usages(value).ok_or(Refused::Extension)?;
                }
                // The authority decides about everything else by the profile, not by what is asked for.
                _ => {}
            }
            seen.push(kind);
        }
        Ok(request)
    }
}

/// The extensions of the one attribute that asks for some.
fn requested_extensions(attributes: &Attributes) -> Result<Vec<Extension>, CertificateRequestError> {
    let wanted = |attribute: &&Attribute| attribute.oid.to_string() == EXTENSION_REQUEST;
    let mut found = attributes.iter().filter(wanted);
    let (Some(attribute), None) = (found.next(), found.next()) else {
        return Ok(Vec::new());
    };
    let [value] = attribute.values.as_slice() else {
        return Err(CertificateRequestError::Extension);
    };
    value
        .to_der()
        .and_then(|der| Vec::<Extension>::from_der(&der))
        .map_err(|_| CertificateRequestError::Extension)
}

/// The bytes of the first element of the outer sequence.
fn signed_part(der: &[u8]) -> Option<&[u8]> {
    let mut reader = SliceReader::new(der).ok()?;
    let header = Header::decode(&mut reader).ok()?;
    let start = usize::try_from(header.encoded_len().ok()?).ok()?;
    let length = reader.tlv_bytes().ok()?.len();
    der.get(start..start.checked_add(length)?)
}

/// `extensionRequest` ([RFC 2985 §5.4.2](https://www.rfc-editor.org/rfc/rfc2985#section-5.4.2)).
const EXTENSION_REQUEST: &str = "1.2.840.113549.1.9.14";
