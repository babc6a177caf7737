//! Who signs in the verifier's name, and for its relying parties.

use std::collections::BTreeMap;
use std::sync::Arc;

use symbolon_crypto::{PublicKey, SignatureAlgorithm};
use symbolon_protocol::openid4vp::registration_certificate::RegistrationCertificate;
use symbolon_trust::testing::{TestAuthority, TestKey};
use symbolon_verifier::name::RelyingPartyName;
use symbolon_verifier::relying_party::CertificateChoice;
use symbolon_verifier_server::configuration::VerifierConfiguration;
use symbolon_verifier_server::{PublishedSigner, RequestSigner};

pub(super) fn id_token_signer() -> PublishedSigner {
    let retired = TestKey::new(SignatureAlgorithm::Es256, 531).public_key().clone();
    published(TestKey::new(SignatureAlgorithm::Es256, 530), vec![retired])
}

/// The key that signs receipts and verified claims.
pub(crate) fn evidence_key() -> TestKey {
    TestKey::new(SignatureAlgorithm::Es256, 520)
}

pub(super) fn published(key: TestKey, retired: Vec<PublicKey>) -> PublishedSigner {
    PublishedSigner {
        key: key.handle(),
        public_key: key.public_key().clone(),
        retired,
        sign: Arc::new(KeyOf(key)),
    }
}

/// A test key behind the signing port.
pub(super) struct KeyOf(pub(super) TestKey);

impl symbolon_crypto::signing::Sign for KeyOf {
    fn sign(
        &self,
        request: &symbolon_crypto::signing::SignatureRequest,
    ) -> Result<symbolon_crypto::signing::SignOutcome, symbolon_crypto::signing::KeyError> {
        self.0.software_key().sign(request)
    }
}

/// The certificates of relying parties: their own, and what a registrar says of them.
pub(super) struct Certified {
    pub(super) relying_party_signers: BTreeMap<RelyingPartyName, RequestSigner>,
    pub(super) registration_certificates: BTreeMap<RelyingPartyName, String>,
}

/// The identifier of every organisation of the tests.
pub(crate) const ORGANIZATION: &str = "VATDE-123456789";

/// The authority of the registrar.
pub(crate) fn registrar() -> TestAuthority {
    TestAuthority::new(800)
}

/// Gives relying parties that want one a certificate of their own, and registers those whose file says what: here its
/// `registration_certificate` is no path, but the registration.
pub(super) fn certify(
    requests: &TestAuthority,
    base: &str,
    configuration: &VerifierConfiguration,
) -> Certified {
    let mut certified = Certified {
        relying_party_signers: BTreeMap::new(),
        registration_certificates: BTreeMap::new(),
    };
    for (seed, (name, party)) in (520..).zip(&configuration.relying_parties) {
        if party.certificate == CertificateChoice::Own {
            let key = TestKey::new(SignatureAlgorithm::Es256, seed);
            let signer = RequestSigner {
                chain: vec![requests.issue_to(key.public_key(), base, ORGANIZATION)],
                key: key.handle(),
                sign: Arc::new(KeyOf(key)),
            };
            certified.relying_party_signers.insert(name.clone(), signer);
        }
        if let Some(text) = &party.registration_certificate {
            let key = TestKey::new(SignatureAlgorithm::Es256, 810);
            let chain = [registrar().issue(key.public_key(), "https://registrar.example", None)];
            let certificate: RegistrationCertificate = serde_json::from_str(text).unwrap();
            let prepared = certificate.prepare(&chain, SignatureAlgorithm::Es256);
            let signature = key.sign(&prepared.request(key.handle()));
            let text = prepared.finish(&signature);
            certified.registration_certificates.insert(name.clone(), text);
        }
    }
    certified
}
