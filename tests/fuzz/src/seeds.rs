//! What seeds are made with: keys, certificates and randomness that repeat, and a provider that accepts every signature.

use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use symbolon_crypto::signing::{DescribeKeys as _, KeyDescription, KeyHandle, SoftwareKey};
use symbolon_crypto::testing::TestProvider;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::x509::issue::{self, KeyPurpose, LeafRequest, Validity};
use symbolon_crypto::{
    CryptoProvider as _, PublicKey, Randomness, RandomnessUnavailable, RustCryptoProvider, SecretKey,
    SignatureAlgorithm, UnixTime,
};

/// When everything happens.
pub(crate) const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
/// A day.
pub(crate) const DAY: Duration = Duration::from_secs(86_400);
/// The identifier of the issuer.
pub(crate) const ISSUER: &str = "https://registry.example";

/// Randomness that is the same for the same seed (xorshift). Never for keys of real people.
pub(crate) struct Repeating(Mutex<u64>);

impl Repeating {
    pub(crate) fn new(seed: u64) -> Self {
        Self(Mutex::new(seed.wrapping_mul(0x9e37_79b9_7f4a_7c15) | 1))
    }
}

impl Randomness for Repeating {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        let mut state = self.0.lock().map_err(|_| RandomnessUnavailable)?;
        for byte in bytes {
            *state ^= *state << 13;
            *state ^= *state >> 7;
            *state ^= *state << 17;
            *byte = state.to_be_bytes()[0];
        }
        Ok(())
    }
}

/// Accepts every signature that may be one.
pub(crate) static TRUSTING_PROVIDER: TestProvider = TestProvider::trusting();

/// A key and how it is described.
pub(crate) struct Signer {
    pub(crate) key: SoftwareKey,
    pub(crate) description: KeyDescription,
}

impl Signer {
    pub(crate) fn new(algorithm: SignatureAlgorithm, seed: u64) -> Self {
        let secret = RustCryptoProvider
            .generate_key(algorithm, &Repeating::new(seed))
            .expect("the randomness does not end");
        let handle = KeyHandle::new(format!("key-{seed}"));
        let key = SoftwareKey::new(handle.clone(), secret, Arc::new(RustCryptoProvider));
        let description = key.describe(&handle).expect("the key describes itself");
        Self { key, description }
    }

    pub(crate) fn public(&self) -> &PublicKey {
        &self.description.public_key
    }

    pub(crate) fn handle(&self) -> KeyHandle {
        self.description.handle.clone()
    }

    pub(crate) fn secret(&self) -> &SecretKey {
        self.key.secret_key()
    }

    pub(crate) fn sign(&self, bytes: &[u8]) -> Vec<u8> {
        RustCryptoProvider
            .sign(self.secret(), bytes)
            .expect("a software key signs")
    }
}

/// Everybody who takes part.
pub(crate) struct World {
    /// Signs credentials and packs.
    pub(crate) issuer: Signer,
    /// Signs where Ed25519 is asked for.
    pub(crate) edwards: Signer,
    /// The holder's key.
    pub(crate) holder: Signer,
    /// The root of the issuer.
    pub(crate) root: Certificate,
    /// The certificate of the issuer's key.
    pub(crate) leaf: Certificate,
    /// The same key as a signer of status lists.
    pub(crate) status_leaf: Certificate,
}

pub(crate) static WORLD: LazyLock<World> = LazyLock::new(|| {
    let root_key = Signer::new(SignatureAlgorithm::Es256, 1);
    let issuer = Signer::new(SignatureAlgorithm::Es256, 2);
    let validity = Validity {
        not_before: NOW.minus(DAY * 30),
        not_after: NOW.plus(DAY * 30),
    };
    let root = issue::root(
        "Root of the seeds",
        validity,
        &root_key.description,
        &root_key.key,
        &Repeating::new(3),
    )
    .expect("the root is issued");
    let root = Certificate::parse(&root).expect("the root is read");
    let leaf = |purpose| {
        let request = LeafRequest {
            subject_name: "Issuer of the seeds".to_owned(),
            san_uris: vec![ISSUER.to_owned()],
            san_dns: vec!["registry.example".to_owned()],
            validity,
            extended_key_usage: purpose,
            public_key: issuer.public().clone(),
        };
        let randomness = Repeating::new(4);
        let der = issue::leaf(&request, &root, &root_key.description, &root_key.key, &randomness)
            .expect("the leaf is issued");
        Certificate::parse(&der).expect("the leaf is read")
    };
    World {
        leaf: leaf(None),
        status_leaf: leaf(Some(KeyPurpose::StatusLists)),
        root,
        issuer,
        edwards: Signer::new(SignatureAlgorithm::EdDsa, 5),
        holder: Signer::new(SignatureAlgorithm::Es256, 6),
    }
});
