//! Certificates of a development installation: two roots and the leaves under them. A country's authorities issue
//! their own.

mod iaca;
mod revocation_list;

use thiserror::Error;
use x509_cert::TbsCertificate;
use x509_cert::attr::AttributeTypeAndValue;
use x509_cert::builder::profile::BuilderProfile;
use x509_cert::builder::{Builder as _, CertificateBuilder};
use x509_cert::der::asn1::{Any, BitString, Ia5String, ObjectIdentifier, OctetString, Utf8StringRef};
use x509_cert::der::flagset::FlagSet;
use x509_cert::der::{DateTime, Decode as _, Encode as _};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::ext::pkix::{
    AuthorityKeyIdentifier, BasicConstraints, ExtendedKeyUsage, KeyUsage, KeyUsages, SubjectAltName,
    SubjectKeyIdentifier,
};
use x509_cert::ext::{Extension, ToExtension as _};
use x509_cert::name::{Name, RdnSequence, RelativeDistinguishedName};
use x509_cert::serial_number::SerialNumber;
use x509_cert::spki::{
    AlgorithmIdentifierOwned, Document, DynSignatureAlgorithmIdentifier, EncodePublicKey,
    SubjectPublicKeyInfoOwned, SubjectPublicKeyInfoRef,
};

use p256::ecdsa::signature::Keypair;
use sha2::{Digest as _, Sha256};

use self::revocation_list::distribution_points;
use super::certificate::{COMMON_NAME, Certificate, ORGANIZATION_IDENTIFIER};
use super::chain::{READER_KEY_PURPOSE, STATUS_SIGNER_KEY_PURPOSE, VICAL_SIGNER_KEY_PURPOSE};
use super::signature::{identifier_of, to_certificate_form};
use crate::key::PublicKey;
use crate::randomness::{Randomness, RandomnessUnavailable, random_bytes};
use crate::signing::{KeyDescription, KeyError, Sign, SignOutcome, SignatureRequest};
use crate::time::UnixTime;

pub use iaca::{
    CountryCode, DocumentSignerRequest, IacaRequest, InvalidCountryCode, MAX_DOCUMENT_SIGNER_VALIDITY,
    MAX_IACA_VALIDITY, document_signer, iaca_root,
};

pub use revocation_list::{RevocationListRequest, revocation_list};

/// The longest common name, in characters (`ub-common-name`, RFC 5280 appendix A.1).
const MAX_COMMON_NAME_CHARACTERS: usize = 64;

/// When a certificate is valid: from the first to the last of these seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Validity {
    /// The first second.
    pub not_before: UnixTime,
    /// The last second.
    pub not_after: UnixTime,
}

/// What the leaf's key is for beyond digital signatures, as its extended key usage says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum KeyPurpose {
    /// To sign status lists.
    StatusLists,
    /// To sign requests, those of mdoc readers among them (ISO/IEC 18013-5 Annex B).
    Readers,
    /// To sign lists of the issuing authorities of mdocs (VICAL; ISO/IEC 18013-5 Annex C).
    Vicals,
}

/// A leaf to be issued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LeafRequest {
    /// The common name, for people to read; 1 to 64 characters.
    pub subject_name: String,
    /// Alternative names that are URIs, such as an issuer's identifier.
    pub san_uris: Vec<String>,
    /// Alternative names that are DNS names.
    pub san_dns: Vec<String>,
    /// When it is valid.
    pub validity: Validity,
    /// The extended key usage; none for signers of credentials and requests.
    pub extended_key_usage: Option<KeyPurpose>,
    /// The subject's key.
    pub public_key: PublicKey,
}

/// Why a certificate was not issued.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum IssueError {
    /// The common name is empty or too long.
    #[error("a common name has 1 to 64 characters")]
    SubjectName,
    /// An alternative name has characters outside ASCII.
    #[error("an alternative name is not ASCII text")]
    AlternativeName,
    /// The times are in the wrong order, further apart than the kind of certificate allows, or outside what a certificate can
    /// express.
    #[error("the validity cannot be expressed")]
    Validity,
    /// The validity is not within the issuer's.
    #[error("the validity reaches outside the issuer's")]
    OutsideIssuer,
    /// The issuer's certificate is not an authority's, or not of the key that is to sign.
    #[error("the issuer's certificate and key do not make an authority")]
    Issuer,
    /// No serial number could be made.
    #[error(transparent)]
    Randomness(#[from] RandomnessUnavailable),
    /// The issuer's key store refused.
    #[error("the issuer's key could not sign")]
    Key(#[from] KeyError),
    /// The issuer's key is locked.
    #[error("the issuer's key is locked")]
    Locked,
    /// The certificate could not be encoded.
    #[error("the certificate could not be encoded")]
    Encoding,
}

/// Issues the self-signed certificate of an authority; it may issue leaves and no further authorities. Returns DER.
///
/// # Errors
/// [`IssueError`] when the name or the validity cannot be expressed or the key does not sign.
pub fn root(
    subject_name: &str,
    validity: Validity,
    key: &KeyDescription,
    sign: &dyn Sign,
    randomness: &dyn Randomness,
) -> Result<Vec<u8>, IssueError> {
    root_of(subject_name, validity, None, (key, sign), randomness)
}

/// The same of an authority that publishes at `revocation_list_uri` which of its certificates it has revoked. Every certificate that is issued under it
/// says so too. Returns DER.
///
/// # Errors
/// As [`root`].
pub fn publishing_root(
    subject_name: &str,
    validity: Validity,
    revocation_list_uri: &str,
    key: &KeyDescription,
    sign: &dyn Sign,
    randomness: &dyn Randomness,
) -> Result<Vec<u8>, IssueError> {
    let uri = Some(revocation_list_uri.to_owned());
    root_of(subject_name, validity, uri, (key, sign), randomness)
}

fn root_of(
    subject_name: &str,
    validity: Validity,
    revocation_list_uri: Option<String>,
    (key, sign): (&KeyDescription, &dyn Sign),
    randomness: &dyn Randomness,
) -> Result<Vec<u8>, IssueError> {
    let subject = common_name(subject_name)?;
    let points = distribution_points(&subject, &revocation_list_uri)?;
    let key_usage = match points {
        Some(_) => KeyUsages::KeyCertSign | KeyUsages::CRLSign,
        None => KeyUsages::KeyCertSign.into(),
    };
    let template = Template {
        issuer: subject.clone(),
        issuer_key_identifier: None,
        subject,
        public_key: &key.public_key,
        validity,
        basic_constraints: BasicConstraints {
            ca: true,
            path_len_constraint: Some(0),
        },
        key_usage,
        extensions: points.into_iter().collect(),
    };
    template.issue(key, sign, randomness)
}

/// Issues the certificate of an authority that may sign certificates and revocation lists, under `issuer` or, without one, under itself: tests need
/// more levels than this suite issues. Returns DER.
///
/// # Errors
/// As [`root`].
#[cfg(any(test, feature = "testing"))]
pub(crate) fn authority(
    subject_name: &str,
    public_key: &PublicKey,
    issuer: Option<&Certificate>,
    validity: Validity,
    key: &KeyDescription,
    sign: &dyn Sign,
    randomness: &dyn Randomness,
) -> Result<Vec<u8>, IssueError> {
    let subject = common_name(subject_name)?;
    let issuer_name = match issuer {
        Some(issuer) => Name::from_der(issuer.subject_name()).map_err(|_| IssueError::Issuer)?,
        None => subject.clone(),
    };
    let template = Template {
        issuer: issuer_name,
        issuer_key_identifier: issuer
            .and_then(Certificate::subject_key_identifier)
            .map(<[u8]>::to_vec),
        subject,
        public_key,
        validity,
        basic_constraints: BasicConstraints {
            ca: true,
            path_len_constraint: None,
        },
        key_usage: KeyUsages::KeyCertSign | KeyUsages::CRLSign,
        extensions: Vec::new(),
    };
    template.issue(key, sign, randomness)
}

/// Issues a leaf under `issuer`, whose key is `issuer_key`. Where the issuer says where its revocation lists are, the leaf says so too. Returns DER.
///
/// # Errors
/// [`IssueError`] when the request cannot be expressed, `issuer` is not an authority with that key, or the key does not
/// sign.
pub fn leaf(
    request: &LeafRequest,
    issuer: &Certificate,
    issuer_key: &KeyDescription,
    sign: &dyn Sign,
    randomness: &dyn Randomness,
) -> Result<Vec<u8>, IssueError> {
    let subject = common_name(&request.subject_name)?;
    leaf_of(subject, request, issuer, (issuer_key, sign), randomness)
}

/// Issues a leaf for an organisation, whose identifier stands in the name (`organizationIdentifier`, such as `VATDE-123456789`).
/// Returns DER.
///
/// # Errors
/// As [`leaf`], and when the identifier is no printable text of 1 to 64 characters.
pub fn organization_leaf(
    request: &LeafRequest,
    organization_identifier: &str,
    issuer: &Certificate,
    issuer_key: &KeyDescription,
    sign: &dyn Sign,
    randomness: &dyn Randomness,
) -> Result<Vec<u8>, IssueError> {
    let subject = organization_name(&request.subject_name, organization_identifier)?;
    leaf_of(subject, request, issuer, (issuer_key, sign), randomness)
}

fn leaf_of(
    subject: Name,
    request: &LeafRequest,
    issuer: &Certificate,
    (issuer_key, sign): (&KeyDescription, &dyn Sign),
    randomness: &dyn Randomness,
) -> Result<Vec<u8>, IssueError> {
    if !issuer.is_ca() || *issuer.public_key() != issuer_key.public_key {
        return Err(IssueError::Issuer);
    }
    let ia5 = |name: &String| Ia5String::new(name).map_err(|_| IssueError::AlternativeName);
    let uris = request
        .san_uris
        .iter()
        .map(|uri| ia5(uri).map(GeneralName::UniformResourceIdentifier));
    let dns = request
        .san_dns
        .iter()
        .map(|name| ia5(name).map(GeneralName::DnsName));
    let names = uris.chain(dns).collect::<Result<Vec<_>, _>>()?;

    let mut extensions = Vec::new();
    if !names.is_empty() {
        extensions.push(extension(&subject, &SubjectAltName(names))?);
    }
    if let Some(purpose) = request.extended_key_usage {
        let mut usage = extension(&subject, &ExtendedKeyUsage(vec![purpose.identifier()?]))?;
        usage.critical = purpose.is_critical();
        extensions.push(usage);
    }
    extensions.extend(distribution_points(&subject, issuer.revocation_list_uris())?);
    let template = Template {
        issuer: Name::from_der(issuer.subject_name()).map_err(|_| IssueError::Issuer)?,
        issuer_key_identifier: issuer.subject_key_identifier().map(<[u8]>::to_vec),
        subject,
        public_key: &request.public_key,
        validity: request.validity,
        basic_constraints: BasicConstraints {
            ca: false,
            path_len_constraint: None,
        },
        key_usage: KeyUsages::DigitalSignature.into(),
        extensions,
    };
    template.issue(issuer_key, sign, randomness)
}

impl KeyPurpose {
    fn identifier(self) -> Result<ObjectIdentifier, IssueError> {
        let identifier = match self {
            Self::StatusLists => STATUS_SIGNER_KEY_PURPOSE,
            Self::Readers => READER_KEY_PURPOSE,
            Self::Vicals => VICAL_SIGNER_KEY_PURPOSE,
        };
        ObjectIdentifier::new(identifier).map_err(|_| IssueError::Encoding)
    }

    /// ISO/IEC 18013-5 wants the purposes of readers and of signers of VICALs to be critical.
    const fn is_critical(self) -> bool {
        matches!(self, Self::Readers | Self::Vicals)
    }
}

/// A certificate before its serial number and signature.
pub(super) struct Template<'a> {
    pub(super) issuer: Name,
    pub(super) issuer_key_identifier: Option<Vec<u8>>,
    pub(super) subject: Name,
    pub(super) public_key: &'a PublicKey,
    pub(super) validity: Validity,
    pub(super) basic_constraints: BasicConstraints,
    pub(super) key_usage: FlagSet<KeyUsages>,
    pub(super) extensions: Vec<Extension>,
}

impl Template<'_> {
    pub(super) fn issue(
        self,
        issuer_key: &KeyDescription,
        sign: &dyn Sign,
        randomness: &dyn Randomness,
    ) -> Result<Vec<u8>, IssueError> {
        let algorithm = issuer_key.public_key.algorithm();
        let signer = Signer(&issuer_key.public_key);
        let profile = TemplateProfile {
            extensions: self.all_extensions()?,
            issuer: self.issuer,
            subject: self.subject,
        };
        let mut builder = CertificateBuilder::new(
            profile,
            serial_number(randomness)?,
            encode_validity(self.validity)?,
            subject_public_key_info(self.public_key)?,
        )
        .map_err(|_| IssueError::Encoding)?;
        let bytes = builder.finalize(&signer).map_err(|_| IssueError::Encoding)?;
        let request = SignatureRequest {
            key: issuer_key.handle.clone(),
            algorithm,
            bytes,
        };
        let SignOutcome::Signed(signature) = sign.sign(&request)? else {
            return Err(IssueError::Locked);
        };
        let signature = to_certificate_form(algorithm, &signature).ok_or(IssueError::Encoding)?;
        let signature = BitString::from_bytes(&signature).map_err(|_| IssueError::Encoding)?;
        let certificate = builder
            .assemble(signature, &signer)
            .map_err(|_| IssueError::Encoding)?;
        certificate.to_der().map_err(|_| IssueError::Encoding)
    }

    fn all_extensions(&self) -> Result<Vec<Extension>, IssueError> {
        let own_identifier = key_identifier(self.public_key);
        let authority_identifier = self
            .issuer_key_identifier
            .clone()
            .unwrap_or_else(|| own_identifier.clone());
        let octets = |bytes: Vec<u8>| OctetString::new(bytes).map_err(|_| IssueError::Encoding);
        let authority_identifier = AuthorityKeyIdentifier {
            key_identifier: Some(octets(authority_identifier)?),
            ..Default::default()
        };
        let mut all = vec![
            extension(&self.subject, &self.basic_constraints)?,
            extension(&self.subject, &KeyUsage(self.key_usage))?,
            extension(&self.subject, &SubjectKeyIdentifier(octets(own_identifier)?))?,
            extension(&self.subject, &authority_identifier)?,
        ];
        all.extend(self.extensions.iter().cloned());
        Ok(all)
    }
}

/// Hands a [`Template`]'s names and extensions to the builder as they are.
struct TemplateProfile {
    issuer: Name,
    subject: Name,
    extensions: Vec<Extension>,
}

impl BuilderProfile for TemplateProfile {
    fn get_issuer(&self, _subject: &Name) -> Name {
        self.issuer.clone()
    }

    fn get_subject(&self) -> Name {
        self.subject.clone()
    }

    fn build_extensions(
        &self,
        _subject_key: SubjectPublicKeyInfoRef<'_>,
        _issuer_key: SubjectPublicKeyInfoRef<'_>,
        _certificate: &TbsCertificate,
    ) -> x509_cert::builder::Result<Vec<Extension>> {
        Ok(self.extensions.clone())
    }
}

/// What the builder wants to know of a signer: the algorithm and the key. The signature itself is made elsewhere.
struct Signer<'a>(&'a PublicKey);

#[derive(Clone)]
struct SignerKey(PublicKey);

impl Keypair for Signer<'_> {
    type VerifyingKey = SignerKey;

    fn verifying_key(&self) -> SignerKey {
        SignerKey(self.0.clone())
    }
}

impl DynSignatureAlgorithmIdentifier for Signer<'_> {
    fn signature_algorithm_identifier(&self) -> x509_cert::spki::Result<AlgorithmIdentifierOwned> {
        Ok(AlgorithmIdentifierOwned {
            oid: identifier_of(self.0.algorithm()),
            parameters: None,
        })
    }
}

impl EncodePublicKey for SignerKey {
    fn to_public_key_der(&self) -> x509_cert::spki::Result<Document> {
        let der = self
            .0
            .to_subject_public_key_info()
            .map_err(|_| x509_cert::spki::Error::KeyMalformed)?;
        Ok(Document::try_from(der)?)
    }
}

/// A name with a common name and nothing else.
pub(super) fn common_name(name: &str) -> Result<Name, IssueError> {
    if name.is_empty() || name.chars().count() > MAX_COMMON_NAME_CHARACTERS {
        return Err(IssueError::SubjectName);
    }
    name_of(&[(COMMON_NAME, name)])
}

/// The name of an organisation: its identifier and its common name.
pub(super) fn organization_name(name: &str, identifier: &str) -> Result<Name, IssueError> {
    let printable = identifier.bytes().all(|byte| byte.is_ascii_graphic());
    if !printable || identifier.is_empty() || identifier.len() > MAX_COMMON_NAME_CHARACTERS {
        return Err(IssueError::SubjectName);
    }
    common_name(name)?;
    name_of(&[(ORGANIZATION_IDENTIFIER, identifier), (COMMON_NAME, name)])
}

/// Built, not parsed from `CN=…`, so that no character of a name is syntax.
fn name_of(attributes: &[(ObjectIdentifier, &str)]) -> Result<Name, IssueError> {
    let encode = || -> x509_cert::der::Result<Name> {
        let mut sequence = RdnSequence::default();
        for (oid, text) in attributes {
            let mut relative = RelativeDistinguishedName::default();
            relative.insert(AttributeTypeAndValue {
                oid: *oid,
                value: Any::encode_from(&Utf8StringRef::new(text)?)?,
            })?;
            sequence.push(relative);
        }
        Name::from_der(&sequence.to_der()?)
    };
    encode().map_err(|_| IssueError::SubjectName)
}

/// Encodes an extension with the criticality that RFC 5280 recommends for it.
fn extension<'a, E>(subject: &Name, value: &'a E) -> Result<Extension, IssueError>
where
    &'a E: x509_cert::ext::ToExtension,
{
    value.to_extension(subject, &[]).map_err(|_| IssueError::Encoding)
}

/// The leftmost 160 bits of SHA-256 of the key ([RFC 7093 §2](https://www.rfc-editor.org/rfc/rfc7093#section-2),
/// method 1).
fn key_identifier(key: &PublicKey) -> Vec<u8> {
    Sha256::digest(key.to_sec1_bytes())
        .iter()
        .take(20)
        .copied()
        .collect()
}

fn serial_number(randomness: &dyn Randomness) -> Result<SerialNumber, IssueError> {
    let mut bytes = random_bytes::<16>(randomness)?;
    if let Some(first) = bytes.first_mut() {
        // Positive, and always of the same length.
        *first = (*first & 0x7f) | 0x40;
    }
    SerialNumber::new(&bytes).map_err(|_| IssueError::Encoding)
}

fn encode_validity(validity: Validity) -> Result<x509_cert::time::Validity, IssueError> {
    let time = |time: UnixTime| -> Option<x509_cert::time::Time> {
        let since_epoch = core::time::Duration::from_secs(u64::try_from(time.seconds()).ok()?);
        DateTime::from_unix_duration(since_epoch).ok().map(Into::into)
    };
    if validity.not_after < validity.not_before {
        return Err(IssueError::Validity);
    }
    let not_before = time(validity.not_before).ok_or(IssueError::Validity)?;
    let not_after = time(validity.not_after).ok_or(IssueError::Validity)?;
    Ok(x509_cert::time::Validity::new(not_before, not_after))
}

fn subject_public_key_info(key: &PublicKey) -> Result<SubjectPublicKeyInfoOwned, IssueError> {
    let der = key
        .to_subject_public_key_info()
        .map_err(|_| IssueError::Encoding)?;
    SubjectPublicKeyInfoOwned::from_der(&der).map_err(|_| IssueError::Encoding)
}
