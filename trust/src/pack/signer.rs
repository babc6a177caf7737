//! Under which certificates a list of a pack was signed.

use symbolon_crypto::x509::{Certificate, SignerChain};

/// The certificates of a signer whose chain was verified. They are read only when somebody asks whether they were revoked.
#[derive(Debug)]
pub(super) struct ListSigner {
    /// DER, leaf first, without the anchor.
    pub(super) certificates: Vec<Vec<u8>>,
    pub(super) anchor: Certificate,
}

impl ListSigner {
    pub(super) fn of(chain: &SignerChain) -> Self {
        let der = |certificate: &Certificate| certificate.der().to_vec();
        Self {
            certificates: chain.certificates.iter().map(der).collect(),
            anchor: chain.anchor.clone(),
        }
    }

    /// The chain; `None` where a certificate does not read, which none does that was verified once.
    pub(super) fn chain(&self) -> Option<SignerChain> {
        let read = self.certificates.iter().map(|der| Certificate::parse(der).ok());
        Some(SignerChain {
            certificates: read.collect::<Option<_>>()?,
            anchor: self.anchor.clone(),
        })
    }
}
