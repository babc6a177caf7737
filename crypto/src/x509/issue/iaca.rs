//! The certificates of issuers of ISO mdocs: the root of an issuing authority (IACA) and its document signers, by what is
//! public of ISO/IEC 18013-5 Annex B.
//!
//! A root says where the revocation lists of its authority are, and every signer under it says the same.

use core::fmt;
use core::time::Duration;

use thiserror::Error;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::der::asn1::{Any, Ia5String, ObjectIdentifier, PrintableStringRef, Utf8StringRef};
use x509_cert::der::{Decode as _, Encode as _};
use x509_cert::ext::Extension;
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{BasicConstraints, ExtendedKeyUsage, IssuerAltName, KeyUsages};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};

use super::revocation_list::distribution_points;
use super::{IssueError, MAX_COMMON_NAME_CHARACTERS, Template, Validity, extension};
use crate::key::PublicKey;
use crate::randomness::Randomness;
use crate::signing::{KeyDescription, Sign};
use crate::x509::certificate::{COMMON_NAME, COUNTRY_NAME, Certificate};
use crate::x509::chain::DOCUMENT_SIGNER_KEY_PURPOSE;

/// The longest validity of a root, twenty years.
pub const MAX_IACA_VALIDITY: Duration = Duration::from_secs(20 * 366 * 24 * 60 * 60);
/// The longest validity of a document signer, 457 days.
pub const MAX_DOCUMENT_SIGNER_VALIDITY: Duration = Duration::from_secs(457 * 24 * 60 * 60);

/// A country by its two letters (ISO 3166-1 alpha-2), in upper case.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct CountryCode([u8; 2]);

/// The text is not two upper-case letters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a country is named by two upper-case letters")]
pub struct InvalidCountryCode;

impl CountryCode {
    /// Reads the two letters. Whether a country has them is not known here.
    ///
    /// # Errors
    /// [`InvalidCountryCode`].
    pub fn parse(text: &str) -> Result<Self, InvalidCountryCode> {
        match *text.as_bytes() {
            [first, second] if first.is_ascii_uppercase() && second.is_ascii_uppercase() => {
                Ok(Self([first, second]))
            }
            _ => Err(InvalidCountryCode),
        }
    }

    /// The two letters.
    #[must_use]
    pub fn as_str(&self) -> &str {
        core::str::from_utf8(&self.0).unwrap_or_default()
    }
}

impl fmt::Display for CountryCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

/// The root of an issuing authority, to be issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct IacaRequest {
    /// The common name, for people to read; 1 to 64 characters.
    pub subject_name: String,
    /// The country of the authority.
    pub country: CountryCode,
    /// Where to reach the authority: the URI in the issuer alternative name.
    pub contact_uri: String,
    /// When it is valid, [`MAX_IACA_VALIDITY`] at most.
    pub validity: Validity,
    /// Where the authority publishes which of its certificates it has revoked. Annex B demands it of roots that others are to take.
    pub revocation_list_uri: Option<String>,
}

/// A document signer, to be issued under a root. Its country is the root's.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DocumentSignerRequest {
    /// The common name, for people to read; 1 to 64 characters.
    pub subject_name: String,
    /// Where to reach the authority: the URI in the issuer alternative name.
    pub contact_uri: String,
    /// When it is valid: within the root's validity, and [`MAX_DOCUMENT_SIGNER_VALIDITY`] at most.
    pub validity: Validity,
    /// The key that signs mdocs.
    pub public_key: PublicKey,
}

/// Issues the self-signed root of an issuing authority. Returns DER.
///
/// # Errors
/// [`IssueError`] when the request cannot be expressed or the key does not sign.
pub fn iaca_root(
    request: &IacaRequest,
    key: &KeyDescription,
    sign: &dyn Sign,
    randomness: &dyn Randomness,
) -> Result<Vec<u8>, IssueError> {
    check_length(request.validity, MAX_IACA_VALIDITY)?;
    let subject = name(request.country.as_str(), &request.subject_name)?;
    let mut extensions = vec![contact(&subject, &request.contact_uri)?];
    extensions.extend(distribution_points(&subject, &request.revocation_list_uri)?);
    let template = Template {
        issuer: subject.clone(),
        issuer_key_identifier: None,
        extensions,
        subject,
        public_key: &key.public_key,
        validity: request.validity,
        basic_constraints: BasicConstraints {
            ca: true,
            path_len_constraint: Some(0),
        },
        key_usage: KeyUsages::KeyCertSign | KeyUsages::CRLSign,
    };
    template.issue(key, sign, randomness)
}

/// Issues a document signer under the root `iaca`, whose key is `iaca_key`. Returns DER.
///
/// # Errors
/// [`IssueError`] when the request cannot be expressed or reaches outside the root's validity, `iaca` is no root with a
/// country and that key, or the key does not sign.
pub fn document_signer(
    request: &DocumentSignerRequest,
    iaca: &Certificate,
    iaca_key: &KeyDescription,
    sign: &dyn Sign,
    randomness: &dyn Randomness,
) -> Result<Vec<u8>, IssueError> {
    if !iaca.is_ca() || *iaca.public_key() != iaca_key.public_key {
        return Err(IssueError::Issuer);
    }
    let country = iaca.subject_country().ok_or(IssueError::Issuer)?;
    let validity = request.validity;
    check_length(validity, MAX_DOCUMENT_SIGNER_VALIDITY)?;
    if validity.not_before < iaca.not_before() || validity.not_after > iaca.not_after() {
        return Err(IssueError::OutsideIssuer);
    }
    let subject = name(country, &request.subject_name)?;
    let purpose = ObjectIdentifier::new(DOCUMENT_SIGNER_KEY_PURPOSE).map_err(|_| IssueError::Encoding)?;
    let mut purpose = extension(&subject, &ExtendedKeyUsage(vec![purpose]))?;
    purpose.critical = true;
    let mut extensions = vec![contact(&subject, &request.contact_uri)?, purpose];
    extensions.extend(distribution_points(&subject, iaca.revocation_list_uris())?);
    let template = Template {
        issuer: Name::from_der(iaca.subject_name()).map_err(|_| IssueError::Issuer)?,
        issuer_key_identifier: iaca.subject_key_identifier().map(<[u8]>::to_vec),
        extensions,
        subject,
        public_key: &request.public_key,
        validity,
        basic_constraints: BasicConstraints {
            ca: false,
            path_len_constraint: None,
        },
        key_usage: KeyUsages::DigitalSignature.into(),
    };
    template.issue(iaca_key, sign, randomness)
}

fn check_length(validity: Validity, longest: Duration) -> Result<(), IssueError> {
    if validity.not_after.since(validity.not_before) > longest {
        return Err(IssueError::Validity);
    }
    Ok(())
}

fn contact(subject: &Name, uri: &str) -> Result<Extension, IssueError> {
    let uri = Ia5String::new(uri).map_err(|_| IssueError::AlternativeName)?;
    extension(
        subject,
        &IssuerAltName(vec![GeneralName::UniformResourceIdentifier(uri)]),
    )
}

/// A name of a country and a common name.
fn name(country: &str, common_name: &str) -> Result<Name, IssueError> {
    if common_name.is_empty() || common_name.chars().count() > MAX_COMMON_NAME_CHARACTERS {
        return Err(IssueError::SubjectName);
    }
    let encode = || -> x509_cert::der::Result<Name> {
        // X.520 wants countries as printable strings.
        let country = Any::encode_from(&PrintableStringRef::new(country)?)?;
        let common_name = Any::encode_from(&Utf8StringRef::new(common_name)?)?;
        let mut sequence = RdnSequence::default();
        for (oid, value) in [(COUNTRY_NAME, country), (COMMON_NAME, common_name)] {
            let mut relative = RelativeDistinguishedName::default();
            relative.insert(AttributeTypeAndValue { oid, value })?;
            sequence.push(relative);
        }
        Name::from_der(&sequence.to_der()?)
    };
    encode().map_err(|_| IssueError::SubjectName)
}
