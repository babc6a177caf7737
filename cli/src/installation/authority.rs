//! Keys and certificates of a new installation, and of one that gets what a later version needs.

use std::sync::Arc;
use std::time::Duration;

use symbolon_crypto::signing::{DescribeKeys as _, KeyDescription, SoftwareKey};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::x509::issue::{
    self, CountryCode, DocumentSignerRequest, IacaRequest, IssueError, LeafRequest, Validity,
};
use symbolon_crypto::{CryptoProvider, Randomness, SecretKey, SignatureAlgorithm, UnixTime};
use symbolon_issuer_server::CertificateAuthority;
use url::{Host, Url};

use crate::installation::certification::extended_key_usage;
use crate::installation::init::InitError;
use crate::installation::keys::{KeyFolder, KeyPurpose};
use crate::installation::revocation::list_uri;

/// How long the roots are valid: ten years, as a development installation outlives its leaves.
const ROOT_VALIDITY: Duration = Duration::from_secs(10 * 365 * 86_400);
/// How long the leaves are valid: two years, longer than any credential that they sign.
const LEAF_VALIDITY: Duration = Duration::from_secs(2 * 365 * 86_400);
/// How long the document signer is valid: with [`MDOC_CLOCK_TOLERANCE`] what ISO/IEC 18013-5 Annex B allows, 457 days.
const DOCUMENT_SIGNER_VALIDITY: Duration = Duration::from_secs(449 * 86_400);
/// Certificates are valid a little before they are made, for readers whose clock is slow.
const CLOCK_TOLERANCE: Duration = Duration::from_secs(3600);
/// An mdoc says when it was signed, rounded down to up to a week, and readers want the certificate to have been valid then.
const MDOC_CLOCK_TOLERANCE: Duration = Duration::from_secs(8 * 86_400);
/// The country of the mdoc certificates: of those that ISO 3166-1 leaves to its users, as the shipped configurations have it.
const COUNTRY: &str = "XX";

/// Makes keys and certificates.
pub struct Authority<'a> {
    /// Who computes signatures.
    pub provider: &'a Arc<dyn CryptoProvider>,
    /// For keys and serial numbers.
    pub randomness: &'a dyn Randomness,
    /// The time.
    pub now: UnixTime,
}

/// A key and its certificate.
pub struct Certified {
    /// The key.
    pub key: SoftwareKey,
    /// Its certificate.
    pub certificate: Certificate,
    description: KeyDescription,
}

impl Authority<'_> {
    /// A key of `algorithm`.
    ///
    /// # Errors
    /// When there is no randomness.
    pub fn key(&self, purpose: KeyPurpose, algorithm: SignatureAlgorithm) -> Result<SoftwareKey, InitError> {
        let secret = SecretKey::generate(algorithm, self.randomness)?;
        Ok(SoftwareKey::new(
            purpose.handle(),
            secret,
            Arc::clone(self.provider),
        ))
    }

    /// A root.
    ///
    /// # Errors
    /// The certificate cannot be made.
    pub fn root(&self, purpose: KeyPurpose, name: &str) -> Result<Certified, InitError> {
        let (key, description) = self.described(purpose)?;
        let validity = self.validity(CLOCK_TOLERANCE, ROOT_VALIDITY);
        let der = issue::root(name, validity, &description, &key, self.randomness)?;
        Certified::new(key, description, &der)
    }

    /// A root of credential issuers, which says where its revocation list is.
    ///
    /// # Errors
    /// The certificate cannot be made.
    pub fn publishing_root(
        &self,
        purpose: KeyPurpose,
        name: &str,
        revocation_list_uri: &str,
    ) -> Result<Certified, InitError> {
        let (key, description) = self.described(purpose)?;
        let validity = self.validity(CLOCK_TOLERANCE, ROOT_VALIDITY);
        let der = issue::publishing_root(
            name,
            validity,
            revocation_list_uri,
            &description,
            &key,
            self.randomness,
        )?;
        Certified::new(key, description, &der)
    }

    /// A leaf under a root, for whoever has this identifier.
    ///
    /// # Errors
    /// The certificate cannot be made.
    pub fn leaf(
        &self,
        purpose: KeyPurpose,
        name: &str,
        root: &Certified,
        identifier: &str,
    ) -> Result<Certified, InitError> {
        let (key, description) = self.described(purpose)?;
        let host = Url::parse(identifier).ok().and_then(|url| match url.host() {
            Some(Host::Domain(name)) => Some(name.to_owned()),
            _ => None,
        });
        let request = LeafRequest {
            subject_name: name.to_owned(),
            san_uris: vec![identifier.to_owned()],
            san_dns: host.into_iter().collect(),
            validity: self.validity(CLOCK_TOLERANCE, LEAF_VALIDITY),
            extended_key_usage: extended_key_usage(purpose),
            public_key: description.public_key.clone(),
        };
        let der = issue::leaf(
            &request,
            &root.certificate,
            &root.description,
            &root.key,
            self.randomness,
        )?;
        Certified::new(key, description, &der)
    }

    /// The root of an issuing authority of mdocs; `contact` is the identifier of the issuer, below which its revocation list is.
    ///
    /// # Errors
    /// The certificate cannot be made.
    pub fn documents_root(&self, contact: &str) -> Result<Certified, InitError> {
        let (key, description) = self.described(KeyPurpose::DocumentsRoot)?;
        let request = IacaRequest {
            subject_name: "Development root of issuers of mdocs".to_owned(),
            country: CountryCode::parse(COUNTRY).map_err(|_| InitError::Unreadable)?,
            contact_uri: contact.to_owned(),
            validity: self.validity(MDOC_CLOCK_TOLERANCE, ROOT_VALIDITY),
            revocation_list_uri: Some(list_uri(contact, CertificateAuthority::Documents)),
        };
        let der = issue::iaca_root(&request, &description, &key, self.randomness)?;
        Certified::new(key, description, &der)
    }

    /// A document signer under the root of an issuing authority.
    ///
    /// # Errors
    /// The certificate cannot be made.
    pub fn document_signer(&self, root: &Certified, contact: &str) -> Result<Certified, InitError> {
        let (key, description) = self.described(KeyPurpose::DocumentSigning)?;
        let request = DocumentSignerRequest {
            subject_name: "Document signer".to_owned(),
            contact_uri: contact.to_owned(),
            validity: self.validity(MDOC_CLOCK_TOLERANCE, DOCUMENT_SIGNER_VALIDITY),
            public_key: description.public_key.clone(),
        };
        let der = issue::document_signer(
            &request,
            &root.certificate,
            &root.description,
            &root.key,
            self.randomness,
        )?;
        Certified::new(key, description, &der)
    }

    fn described(&self, purpose: KeyPurpose) -> Result<(SoftwareKey, KeyDescription), InitError> {
        let key = self.key(purpose, SignatureAlgorithm::Es256)?;
        let description = key
            .describe(key.handle())
            .map_err(|error| InitError::Certificate(IssueError::Key(error)))?;
        Ok((key, description))
    }

    fn validity(&self, before: Duration, after: Duration) -> Validity {
        Validity {
            not_before: self.now.minus(before),
            not_after: self.now.plus(after),
        }
    }
}

impl Certified {
    /// A key of an installation and its certificate.
    ///
    /// # Errors
    /// They cannot be read.
    pub fn read(
        keys: &KeyFolder,
        purpose: KeyPurpose,
        provider: &Arc<dyn CryptoProvider>,
    ) -> Result<Self, InitError> {
        let key = keys.read_key(purpose, provider)?;
        let description = key
            .describe(key.handle())
            .map_err(|error| InitError::Certificate(IssueError::Key(error)))?;
        let chain = keys.read_chain(purpose)?;
        let der = chain.first().ok_or(InitError::Unreadable)?;
        Self::new(key, description, der)
    }

    fn new(key: SoftwareKey, description: KeyDescription, der: &[u8]) -> Result<Self, InitError> {
        Ok(Self {
            key,
            certificate: Certificate::parse(der).map_err(|_| InitError::Unreadable)?,
            description,
        })
    }
}
