//! Header parameters about certificates ([RFC 9360 §2](https://www.rfc-editor.org/rfc/rfc9360#section-2)), beside `x5chain`.

use ciborium::Value;
use sha2::{Digest as _, Sha256, Sha384, Sha512};

use super::{CoseError, MAX_CHAIN};

/// Header parameter `x5bag`.
pub(super) const X5BAG: i64 = 32;
/// Header parameter `x5t`.
pub(super) const X5T: i64 = 34;
/// Header parameter `x5u`.
pub(super) const X5U: i64 = 35;
/// The CBOR tag of a URI ([RFC 8949 §3.4.5.3](https://www.rfc-editor.org/rfc/rfc8949#section-3.4.5.3)).
const URI_TAG: u64 = 32;
/// The longest URI that is read, in bytes.
const MAX_URL_BYTES: usize = 2048;

/// What a header says about certificates beside the chain. All of it helps to find a key; none of it is a reason to
/// believe one.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct CertificateHints {
    /// `x5bag`: DER certificates in no order.
    pub bag: Vec<Vec<u8>>,
    /// `x5t`: the hash of the signer's certificate.
    pub thumbprint: Option<CertificateThumbprint>,
    /// `x5u`: where the certificates are said to be.
    pub url: Option<String>,
}

/// The hash of a certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateThumbprint {
    algorithm: ThumbprintAlgorithm,
    digest: Vec<u8>,
}

/// A hash algorithm of [RFC 9054 §3](https://www.rfc-editor.org/rfc/rfc9054#section-3). The truncated ones and SHA-1 are left
/// out: they do not say which certificate is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum ThumbprintAlgorithm {
    Sha256,
    Sha384,
    Sha512,
}

impl CertificateThumbprint {
    /// Whether `certificate`, DER, is the one that is meant.
    #[must_use]
    pub fn matches(&self, certificate: &[u8]) -> bool {
        match self.algorithm {
            ThumbprintAlgorithm::Sha256 => self.digest == Sha256::digest(certificate).as_slice(),
            ThumbprintAlgorithm::Sha384 => self.digest == Sha384::digest(certificate).as_slice(),
            ThumbprintAlgorithm::Sha512 => self.digest == Sha512::digest(certificate).as_slice(),
        }
    }

    /// `[algorithm, digest]`. A hash of an algorithm outside the set counts as absent: it is a hint that cannot be used.
    fn from_cbor(value: &Value) -> Result<Option<Self>, CoseError> {
        let Some([algorithm, Value::Bytes(digest)]) = value.as_array().map(Vec::as_slice) else {
            return Err(CoseError::Malformed);
        };
        let (algorithm, length) = match algorithm.as_integer().map(i128::from) {
            Some(-16) => (ThumbprintAlgorithm::Sha256, 32),
            Some(-43) => (ThumbprintAlgorithm::Sha384, 48),
            Some(-44) => (ThumbprintAlgorithm::Sha512, 64),
            _ => return Ok(None),
        };
        if digest.len() != length {
            return Err(CoseError::Malformed);
        }
        Ok(Some(Self {
            algorithm,
            digest: digest.clone(),
        }))
    }
}

impl CertificateHints {
    /// Reads the parameters that `parameter` finds.
    pub(super) fn read<'h>(parameter: impl Fn(i64) -> Option<&'h Value>) -> Result<Self, CoseError> {
        Ok(Self {
            bag: parameter(X5BAG)
                .map(certificates)
                .transpose()?
                .unwrap_or_default(),
            thumbprint: match parameter(X5T) {
                None => None,
                Some(value) => CertificateThumbprint::from_cbor(value)?,
            },
            url: parameter(X5U).map(url).transpose()?,
        })
    }
}

/// One certificate alone, or several in an array.
pub(super) fn certificates(value: &Value) -> Result<Vec<Vec<u8>>, CoseError> {
    match value {
        Value::Bytes(one) => Ok(vec![one.clone()]),
        Value::Array(several) if (1..=MAX_CHAIN).contains(&several.len()) => several
            .iter()
            .map(|der| der.as_bytes().cloned().ok_or(CoseError::Malformed))
            .collect(),
        _ => Err(CoseError::Malformed),
    }
}

/// A URI with its tag or, as encoders without tags write it, as plain text.
fn url(value: &Value) -> Result<String, CoseError> {
    let text = match value {
        Value::Tag(URI_TAG, inner) => inner.as_text(),
        other => other.as_text(),
    };
    text.filter(|text| text.len() <= MAX_URL_BYTES)
        .map(str::to_owned)
        .ok_or(CoseError::Malformed)
}
