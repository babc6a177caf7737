//! A provider of VICALs.

use symbolon_crypto::cose::{self, Sign1Header, Tagging};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::x509::issue::KeyPurpose;
use symbolon_crypto::{SignatureAlgorithm, UnixTime};

use super::{TestAuthority, TestKey};
use crate::vical::VicalToSign;

/// A provider of VICALs with its root and its signer.
pub struct TestVicalProvider {
    authority: TestAuthority,
    key: TestKey,
    certificate: Certificate,
}

impl TestVicalProvider {
    /// The provider of this seed.
    #[must_use]
    pub fn new(seed: u64) -> Self {
        Self::with_purpose(seed, Some(KeyPurpose::Vicals))
    }

    /// The same with a signer that is for something else.
    #[must_use]
    pub fn with_purpose(seed: u64, purpose: Option<KeyPurpose>) -> Self {
        let authority = TestAuthority::new(seed);
        let key = TestKey::new(SignatureAlgorithm::Es256, seed + 10);
        let certificate = authority.issue(key.public_key(), "https://vical.example", purpose);
        Self {
            authority,
            key,
            certificate,
        }
    }

    /// The root to pin.
    #[must_use]
    pub fn root(&self) -> &Certificate {
        self.authority.certificate()
    }

    /// The signer.
    #[must_use]
    pub fn key(&self) -> &TestKey {
        &self.key
    }

    /// The certificate of the signer.
    #[must_use]
    pub fn certificate(&self) -> &Certificate {
        &self.certificate
    }

    /// A signed list of these authorities.
    #[must_use]
    pub fn vical(
        &self,
        issue: u64,
        date: UnixTime,
        next_update: UnixTime,
        authorities: &[(&Certificate, &[&str])],
    ) -> Vec<u8> {
        let list = VicalToSign {
            provider: "Test provider",
            date,
            issue,
            next_update,
            authorities: authorities
                .iter()
                .map(|(root, types)| (*root, types.to_vec()))
                .collect(),
        };
        let chain = [self.certificate.clone()];
        let prepared = list
            .prepare(SignatureAlgorithm::Es256, &chain)
            .expect("the list is prepared");
        let signature = self.key.sign(&prepared.request(self.key.handle()));
        prepared.finish(&signature).expect("the list is finished")
    }

    /// Signs any payload as a list, with these certificates.
    #[must_use]
    pub fn sign_payload(&self, payload: Vec<u8>, chain: &[&Certificate]) -> Vec<u8> {
        let header = Sign1Header {
            x5chain: chain.iter().map(|one| one.der().to_vec()).collect(),
            ..Sign1Header::default()
        };
        let prepared = cose::prepare(SignatureAlgorithm::Es256, &header, payload, &[]);
        let signature = self.key.sign(&prepared.request(self.key.handle()));
        prepared
            .finish(signature, Tagging::Untagged)
            .expect("the list is finished")
    }
}
