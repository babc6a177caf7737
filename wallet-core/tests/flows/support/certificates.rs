//! Roots and leaves, made once.

use std::sync::{Arc, OnceLock};
use std::time::Duration;

use symbolon_crypto::signing::{
    KeyDescription, KeyHandle, Sign as _, SignOutcome, SignatureRequest, SoftwareKey,
};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::x509::issue::{
    CountryCode, DocumentSignerRequest, IacaRequest, KeyPurpose, LeafRequest, Validity, document_signer,
    iaca_root, leaf, organization_leaf, root,
};
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SignatureAlgorithm, UnixTime};

/// A key with its certificate and the root above it.
#[derive(Clone)]
pub(crate) struct Identity {
    key: Arc<SoftwareKey>,
    pub(crate) certificate: Certificate,
    pub(crate) root: Certificate,
}

impl Identity {
    /// The chain as it travels: without the root.
    pub(crate) fn chain(&self) -> Vec<Vec<u8>> {
        vec![self.certificate.der().to_vec()]
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        sign(&self.key, bytes)
    }
}

/// What the verifiers are called as organisations.
pub(crate) const ORGANIZATION: &str = "VATDE-123456789";

/// Everybody.
pub(crate) struct Certificates {
    pub(crate) now: UnixTime,
    pub(crate) issuer: Identity,
    /// On the wallet's list as well, for another identifier.
    pub(crate) neighbour: Identity,
    /// The issuer's name under a root that nobody trusts.
    pub(crate) stranger: Identity,
    /// Signs the issuer's mdocs.
    pub(crate) document_signer: Identity,
    /// Signs the neighbour's mdocs.
    pub(crate) neighbour_document_signer: Identity,
    /// The document signer's name under a root that nobody trusts.
    pub(crate) stranger_document_signer: Identity,
    /// Signs the issuer's status lists.
    pub(crate) status_signer: Identity,
    /// Signs the neighbour's status lists.
    pub(crate) neighbour_status_signer: Identity,
    pub(crate) verifier: Identity,
    /// Another verifier under the same root.
    pub(crate) other_verifier: Identity,
    /// The verifier's name under a root that nobody trusts.
    pub(crate) false_verifier: Identity,
    /// The verifier's name under the root of issuers.
    pub(crate) issuer_as_verifier: Identity,
    /// Says what verifiers are registered for.
    pub(crate) registrar: Identity,
}

pub(crate) fn certificates() -> &'static Certificates {
    static MADE: OnceLock<Certificates> = OnceLock::new();
    MADE.get_or_init(make)
}

fn make() -> Certificates {
    let now = UnixTime::from_seconds(1_800_000_000);
    let randomness = SeededRandomness::new(5);
    let year = Duration::from_secs(365 * 86_400);
    let validity = Validity {
        not_before: now.minus(year),
        not_after: now.plus(year),
    };
    let authority = |name: &str| {
        let key = new_key(name, &randomness);
        let der = root(name, validity, &description(&key), &key, &randomness).unwrap();
        (key, Certificate::parse(&der).unwrap())
    };
    let identity_for =
        |name: &str, uri: Option<&str>, dns: Option<&str>, authority: &(SoftwareKey, Certificate), usage| {
            let key = new_key(name, &randomness);
            let request = LeafRequest {
                subject_name: name.to_owned(),
                san_uris: uri.map(str::to_owned).into_iter().collect(),
                san_dns: dns.map(str::to_owned).into_iter().collect(),
                validity,
                extended_key_usage: usage,
                public_key: key.public_key().clone(),
            };
            let (above, key_above) = (&authority.1, description(&authority.0));
            let der = match dns {
                // Verifiers are organisations, which registrars know.
                Some(_) => {
                    let signer = &authority.0;
                    organization_leaf(&request, ORGANIZATION, above, &key_above, signer, &randomness)
                }
                None => leaf(&request, above, &key_above, &authority.0, &randomness),
            };
            let der = der.unwrap();
            Identity {
                key: Arc::new(key),
                certificate: Certificate::parse(&der).unwrap(),
                root: authority.1.clone(),
            }
        };
    let identity =
        |name: &str, uri: Option<&str>, dns: Option<&str>, authority: &(SoftwareKey, Certificate)| {
            identity_for(name, uri, dns, authority, None)
        };
    let status_signer = |uri: Option<&str>, authority: &(SoftwareKey, Certificate)| {
        identity_for("Status", uri, None, authority, Some(KeyPurpose::StatusLists))
    };
    let document_signer_of = |authority: &str| {
        let key = new_key(authority, &randomness);
        let request = IacaRequest {
            subject_name: authority.to_owned(),
            country: CountryCode::parse("GN").unwrap(),
            contact_uri: "https://issuer.example".to_owned(),
            validity,
            revocation_list_uri: None,
        };
        let root = iaca_root(&request, &description(&key), &key, &randomness).unwrap();
        let root = Certificate::parse(&root).unwrap();
        let signer = new_key("document signer", &randomness);
        let request = DocumentSignerRequest {
            subject_name: "Registry".to_owned(),
            contact_uri: "https://issuer.example".to_owned(),
            validity: Validity {
                not_before: now.minus(Duration::from_secs(30 * 86_400)),
                not_after: now.plus(Duration::from_secs(360 * 86_400)),
            },
            public_key: signer.public_key().clone(),
        };
        let der = document_signer(&request, &root, &description(&key), &key, &randomness).unwrap();
        Identity {
            key: Arc::new(signer),
            certificate: Certificate::parse(&der).unwrap(),
            root,
        }
    };
    let registrars = authority("Registrars");
    let issuers = authority("Issuers");
    let neighbours = authority("Neighbours");
    let strangers = authority("Strangers");
    let relying_parties = authority("Relying parties");
    let (issuer, verifier) = (Some("https://issuer.example"), Some("verifier.example"));
    Certificates {
        now,
        issuer: identity("Registry", issuer, None, &issuers),
        neighbour: identity("Neighbour", Some("https://neighbour.example"), None, &neighbours),
        stranger: identity("Registry", issuer, None, &strangers),
        registrar: identity("Registrar", Some("https://registrar.example"), None, &registrars),
        document_signer: document_signer_of("Mdocs"),
        neighbour_document_signer: document_signer_of("Mdocs of the neighbour"),
        stranger_document_signer: document_signer_of("Mdocs of nobody"),
        status_signer: status_signer(issuer, &issuers),
        neighbour_status_signer: status_signer(Some("https://neighbour.example"), &neighbours),
        verifier: identity("Clinic", None, verifier, &relying_parties),
        other_verifier: identity("Shop", None, Some("shop.example"), &relying_parties),
        false_verifier: identity("Clinic", None, verifier, &strangers),
        issuer_as_verifier: identity("Clinic", None, verifier, &issuers),
    }
}

fn new_key(name: &str, randomness: &SeededRandomness) -> SoftwareKey {
    let secret = RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, randomness)
        .unwrap();
    SoftwareKey::new(KeyHandle::new(name), secret, Arc::new(RustCryptoProvider))
}

fn description(key: &SoftwareKey) -> KeyDescription {
    KeyDescription {
        handle: key.handle().clone(),
        public_key: key.public_key().clone(),
    }
}

fn sign(key: &SoftwareKey, bytes: &[u8]) -> Vec<u8> {
    let request = SignatureRequest {
        key: key.handle().clone(),
        algorithm: SignatureAlgorithm::Es256,
        bytes: bytes.to_vec(),
    };
    match key.sign(&request).unwrap() {
        SignOutcome::Signed(signature) => signature,
        SignOutcome::Locked => panic!("software keys are never locked"),
    }
}
