//! The keys that sign credentials, each with what it needs for its format: made once, before the first request.

use symbolon_credential::mdoc::{IssueMdocError, IssuerAuthHeader};
use symbolon_credential::sd_jwt_vc::{IssuerHeader, IssuerKeyReference, SdJwtVcIssueError};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::signing::KeyHandle;
use thiserror::Error;

use crate::assertion::AssertionKeys;
use crate::identifiers::ConfigurationId;
use crate::mapping::Target;
use crate::profile::{IssuerProfile, SigningKey};

/// What credentials of every format are signed with. One key signs one kind of thing: SD-JWT VCs, mdocs, or W3C credentials.
#[derive(Debug, Clone)]
pub struct CredentialSigners {
    sd_jwt_vc: SdJwtVcSigner,
    mdoc: Option<MdocSigner>,
    assertion: AssertionKeys,
}

/// Signs SD-JWT VCs.
#[derive(Debug, Clone)]
pub struct SdJwtVcSigner {
    pub(crate) handle: KeyHandle,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) header: IssuerHeader,
}

/// Signs mdocs: a document signer.
#[derive(Debug, Clone)]
pub struct MdocSigner {
    pub(crate) handle: KeyHandle,
    pub(crate) algorithm: SignatureAlgorithm,
    pub(crate) header: IssuerAuthHeader,
}

/// A kind of key that a configuration needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
pub enum NeededKey {
    /// A document signer with its certificate.
    #[error("document signer key and certificate")]
    DocumentSigner,
    /// An assertion key of this algorithm.
    #[error("assertion key for {}", .0.jose_name())]
    Assertion(SignatureAlgorithm),
}

/// Why an issuer cannot sign what it is configured to issue.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum CredentialSignersError {
    /// A key that a configuration needs is not there.
    #[error("the credential configuration {} needs a {key}, which this issuer does not have", .configuration.as_str())]
    Missing {
        /// The configuration.
        configuration: ConfigurationId,
        /// The key.
        key: NeededKey,
    },
    /// The certificates of the key for SD-JWT VCs.
    #[error("the credential key has no certificate")]
    SdJwtVc(#[from] SdJwtVcIssueError),
    /// The certificates of the document signer.
    #[error("the document signer's certificates cannot be used")]
    Mdoc(#[from] IssueMdocError),
}

impl CredentialSigners {
    /// The signers of an issuer. `credentials` signs SD-JWT VCs, `documents` mdocs, `assertion` W3C credentials.
    ///
    /// # Errors
    /// [`CredentialSignersError`], naming the configuration whose key is missing.
    pub fn new(
        profile: &IssuerProfile,
        credentials: &SigningKey,
        documents: Option<&SigningKey>,
        assertion: AssertionKeys,
    ) -> Result<Self, CredentialSignersError> {
        for (id, configuration) in profile.configurations() {
            let needed = match configuration.target() {
                Target::SdJwtVc { .. } => None,
                Target::MsoMdoc { .. } => documents.is_none().then_some(NeededKey::DocumentSigner),
                Target::LdpVc { cryptosuite, .. } => missing(&assertion, cryptosuite.algorithm()),
                Target::JwtVcJson { algorithm, .. } => missing(&assertion, *algorithm),
            };
            if let Some(key) = needed {
                return Err(CredentialSignersError::Missing {
                    configuration: id.clone(),
                    key,
                });
            }
        }
        let reference = IssuerKeyReference::CertificateChain(credentials.certificates());
        let mdoc = documents.map(|key| {
            Ok::<_, CredentialSignersError>(MdocSigner {
                handle: key.handle.clone(),
                algorithm: key.algorithm,
                header: IssuerAuthHeader::new(key.algorithm, &key.certificates())?,
            })
        });
        Ok(Self {
            sd_jwt_vc: SdJwtVcSigner {
                handle: credentials.handle.clone(),
                algorithm: credentials.algorithm,
                header: IssuerHeader::new(credentials.algorithm, &reference)?,
            },
            mdoc: mdoc.transpose()?,
            assertion,
        })
    }

    /// The signer of SD-JWT VCs.
    #[must_use]
    pub const fn sd_jwt_vc(&self) -> &SdJwtVcSigner {
        &self.sd_jwt_vc
    }

    /// The signer of mdocs, where there is one.
    #[must_use]
    pub const fn mdoc(&self) -> Option<&MdocSigner> {
        self.mdoc.as_ref()
    }

    /// The signers of W3C credentials.
    #[must_use]
    pub const fn assertion(&self) -> &AssertionKeys {
        &self.assertion
    }
}

fn missing(assertion: &AssertionKeys, algorithm: SignatureAlgorithm) -> Option<NeededKey> {
    let there = assertion.with_algorithm(algorithm).is_some();
    (!there).then_some(NeededKey::Assertion(algorithm))
}

impl SigningKey {
    fn certificates(&self) -> Vec<Vec<u8>> {
        self.chain
            .iter()
            .map(|certificate| certificate.der().to_vec())
            .collect()
    }
}
