//! The signature of a certificate: ECDSA is DER there
//! ([RFC 5758 §3.2](https://www.rfc-editor.org/rfc/rfc5758#section-3.2)) and `r || s` everywhere else in the suite.

use x509_cert::der::asn1::ObjectIdentifier;
use x509_cert::spki::AlgorithmIdentifierOwned;

use crate::algorithm::SignatureAlgorithm;
use crate::key::PublicKey;
use crate::provider::{CryptoProvider, SignatureRejected};

/// `ecdsa-with-SHA256`.
const ECDSA_WITH_SHA256: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.2");
/// `ecdsa-with-SHA384`.
const ECDSA_WITH_SHA384: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.10045.4.3.3");
/// `id-Ed25519` ([RFC 8410 §3](https://www.rfc-editor.org/rfc/rfc8410#section-3)).
const ED25519: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.3.101.112");

/// A signature in the form that providers verify.
pub(super) struct CertificateSignature {
    algorithm: SignatureAlgorithm,
    bytes: Vec<u8>,
}

impl CertificateSignature {
    /// Reads the two outer fields of a certificate; `None` for an algorithm outside the set.
    pub(super) fn read(algorithm: &AlgorithmIdentifierOwned, bytes: &[u8]) -> Option<Self> {
        // The three algorithms have no parameters, not even NULL.
        if algorithm.parameters.is_some() {
            return None;
        }
        let algorithm = [
            SignatureAlgorithm::Es256,
            SignatureAlgorithm::Es384,
            SignatureAlgorithm::EdDsa,
        ]
        .into_iter()
        .find(|known| identifier_of(*known) == algorithm.oid)?;
        Some(Self {
            algorithm,
            bytes: from_certificate_form(algorithm, bytes),
        })
    }

    pub(super) fn verify(
        &self,
        signed: &[u8],
        key: &PublicKey,
        provider: &dyn CryptoProvider,
    ) -> Result<(), SignatureRejected> {
        provider.verify(key, self.algorithm, signed, &self.bytes)
    }
}

/// The object identifier that certificates have for `algorithm`.
pub(crate) const fn identifier_of(algorithm: SignatureAlgorithm) -> ObjectIdentifier {
    match algorithm {
        SignatureAlgorithm::Es256 => ECDSA_WITH_SHA256,
        SignatureAlgorithm::Es384 => ECDSA_WITH_SHA384,
        SignatureAlgorithm::EdDsa => ED25519,
    }
}

/// A provider's signature as certificates hold it; `None` when it is no signature of the algorithm.
pub(crate) fn to_certificate_form(algorithm: SignatureAlgorithm, signature: &[u8]) -> Option<Vec<u8>> {
    match algorithm {
        SignatureAlgorithm::Es256 => p256::ecdsa::Signature::from_slice(signature)
            .ok()
            .map(|signature| signature.to_der().as_bytes().to_vec()),
        SignatureAlgorithm::Es384 => p384::ecdsa::Signature::from_slice(signature)
            .ok()
            .map(|signature| signature.to_der().as_bytes().to_vec()),
        SignatureAlgorithm::EdDsa => Some(signature.to_vec()),
    }
}

/// A certificate's signature as providers take it. What is not the DER of an ECDSA signature becomes an empty one,
/// which no key verifies.
fn from_certificate_form(algorithm: SignatureAlgorithm, signature: &[u8]) -> Vec<u8> {
    match algorithm {
        SignatureAlgorithm::Es256 => p256::ecdsa::Signature::from_der(signature)
            .map(|signature| signature.to_bytes().to_vec())
            .unwrap_or_default(),
        SignatureAlgorithm::Es384 => p384::ecdsa::Signature::from_der(signature)
            .map(|signature| signature.to_bytes().to_vec())
            .unwrap_or_default(),
        SignatureAlgorithm::EdDsa => signature.to_vec(),
    }
}
