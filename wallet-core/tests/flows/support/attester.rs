//! The provider of the wallet, which attests its instances.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use symbolon_crypto::signing::{
    CreateKeys as _, KeyDescription, KeyError, Sign, SignOutcome, SignatureRequest,
};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{
    CryptoProvider as _, PublicKey, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime,
};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::client_attestation::{AttestationContents, AttesterName, prepare_attestation};
use symbolon_wallet_core::testing::MemoryKeys;
use symbolon_wallet_core::{
    AttestWallet, AttestationUnavailable, BoxFuture, ClientAttestation, WantedAttestation,
};

/// The `client_id` of every instance of the wallet.
pub(crate) const CLIENT: &str = "https://wallet.example";

fn provider() -> SecretKey {
    RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(501))
        .unwrap()
}

pub(crate) fn provider_key() -> PublicKey {
    provider().public_key()
}

/// Attests one key for each server, and another when a fresh attestation is wanted.
pub(crate) struct TestAttester {
    keys: MemoryKeys,
    now: Mutex<UnixTime>,
    known: Mutex<Vec<(IssuerIdentifier, KeyDescription)>>,
    asked: Mutex<Vec<WantedAttestation>>,
}

impl TestAttester {
    pub(crate) fn new(now: UnixTime) -> Self {
        Self {
            keys: MemoryKeys::new(Arc::new(RustCryptoProvider), Arc::new(SeededRandomness::new(502))),
            now: Mutex::new(now),
            known: Mutex::default(),
            asked: Mutex::default(),
        }
    }

    /// What the attester's clock says from now on.
    pub(crate) fn set_now(&self, now: UnixTime) {
        *self.now.lock().unwrap() = now;
    }

    /// What was asked for so far.
    pub(crate) fn asked(&self) -> Vec<WantedAttestation> {
        self.asked.lock().unwrap().clone()
    }
}

impl Sign for TestAttester {
    fn sign(&self, request: &SignatureRequest) -> Result<SignOutcome, KeyError> {
        self.keys.sign(request)
    }
}

impl AttestWallet for TestAttester {
    fn attestation<'a>(
        &'a self,
        server: &'a IssuerIdentifier,
        wanted: WantedAttestation,
    ) -> BoxFuture<'a, Result<ClientAttestation, AttestationUnavailable>> {
        Box::pin(async move {
            self.asked.lock().unwrap().push(wanted);
            let mut known = self.known.lock().unwrap();
            if wanted == WantedAttestation::Fresh {
                known.retain(|(other, _)| other != server);
            }
            let found = known.iter().find(|(other, _)| other == server);
            let key = match found {
                Some((_, key)) => key.clone(),
                None => {
                    let key = self.keys.create(SignatureAlgorithm::Es256).unwrap();
                    known.push((server.clone(), key.clone()));
                    key
                }
            };
            let now = *self.now.lock().unwrap();
            let client = ClientIdentifier::parse(CLIENT).unwrap();
            let contents = AttestationContents {
                attester: "https://provider.example",
                client: &client,
                key: &key.public_key,
                issued_at: now,
                expires_at: now.plus(Duration::from_secs(3600)),
                wallet_name: None,
                wallet_link: None,
                status: None,
            };
            let name = AttesterName::KeyId("provider");
            let prepared = prepare_attestation(contents, name, SignatureAlgorithm::Es256);
            let signature = RustCryptoProvider
                .sign(&provider(), prepared.signing_input().as_bytes())
                .unwrap();
            Ok(ClientAttestation {
                jwt: prepared.finish(&signature),
                key,
            })
        })
    }
}
