//! What an issuer's credential endpoint may do beyond the least: batches, deferral, encryption, notifications, attested keys.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use serde_json::{Value, json};
use symbolon_crypto::jose::jwe::PureJwe;
use symbolon_crypto::signing::{DescribeKeys as _, KeyHandle, SoftwareKey};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::x509::issue::{LeafRequest, Validity, leaf, root};
use symbolon_crypto::{
    CryptoProvider as _, PublicKey, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime,
};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::openid4vci::credential::{Proofs, RequestCarriage};
use symbolon_protocol::openid4vci::encryption::{
    EncryptionDemand, RequestEncryptionMetadata, ResponseEncryption, ResponseEncryptionMetadata, decrypt,
};
use symbolon_protocol::openid4vci::identifiers::CNonce;
use symbolon_protocol::openid4vci::key_attestation::{
    self, AttestationExpectations, AttestationPlace, KeyAttestationClaims,
};
use symbolon_protocol::openid4vci::notification::{NotificationEvent, NotificationRequest};
use symbolon_protocol::openid4vci::proof::{
    AttestationPolicy, ExpectedClient, KeyReference, ProofExpectations, verify,
};
use symbolon_wallet_core::{AttestKeys, AttestationUnavailable, BoxFuture, HttpRequest, HttpResponse};

use super::issuer::{ISSUER, json_answer};

/// What the endpoint offers and does.
#[derive(Clone, Default)]
pub(crate) struct Offered {
    pub(crate) batch_size: Option<usize>,
    /// How many credentials it issues at most, fewer than it was asked for.
    pub(crate) most: Option<usize>,
    /// How often the wallet is told to wait.
    pub(crate) waits: Option<usize>,
    pub(crate) denies_in_the_end: bool,
    pub(crate) encryption: Option<EncryptionDemand>,
    /// Answers in the clear although it was asked not to.
    pub(crate) answers_in_the_clear: bool,
    pub(crate) notifications: bool,
    /// What it answers to a notification, where it does not take it.
    pub(crate) notification_status: Option<u16>,
    /// Who attests keys, where they must be attested.
    pub(crate) attester: Option<Certificate>,
}

#[derive(Default)]
pub(crate) struct TestEndpoint {
    offered: Mutex<Offered>,
    pending: Mutex<Vec<Pending>>,
    told: Mutex<Vec<(String, NotificationEvent)>>,
    /// How many notifications came from whoever has access, whatever was answered.
    notified: Mutex<usize>,
    /// The number of the key that requests are encrypted to.
    key: Mutex<u64>,
    counter: Mutex<u64>,
}

struct Pending {
    transaction: String,
    configuration: String,
    keys: Vec<PublicKey>,
    waits: usize,
}

/// What a transaction has come to.
pub(crate) enum Fetched {
    Waiting(Value),
    Ready(String, Vec<PublicKey>),
    Denied,
    Gone,
}

impl TestEndpoint {
    pub(crate) fn set(&self, offered: Offered) {
        *self.offered.lock().unwrap() = offered;
    }

    /// Decrypts with another key from now on.
    pub(crate) fn change_key(&self) {
        *self.key.lock().unwrap() += 1;
    }

    /// What the wallet told, in order.
    pub(crate) fn told(&self) -> Vec<(String, NotificationEvent)> {
        self.told.lock().unwrap().clone()
    }

    /// How many notifications came, whatever was answered.
    pub(crate) fn notifications(&self) -> usize {
        *self.notified.lock().unwrap()
    }

    fn offered(&self) -> Offered {
        self.offered.lock().unwrap().clone()
    }

    fn secret(&self) -> SecretKey {
        let seed = 9_000 + *self.key.lock().unwrap();
        SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(seed)).unwrap()
    }

    pub(crate) fn most(&self) -> usize {
        self.offered().most.unwrap_or(usize::MAX)
    }

    /// Adds to the metadata what is offered.
    pub(crate) fn describe(&self, response: &mut HttpResponse) {
        let offered = self.offered();
        let mut metadata: Value = serde_json::from_slice(&response.body).unwrap();
        if let Some(batch_size) = offered.batch_size {
            metadata["batch_credential_issuance"] = json!({ "batch_size": batch_size });
        }
        if offered.waits.is_some() {
            metadata["deferred_credential_endpoint"] = json!("https://issuer.example/deferred_credential");
        }
        if offered.notifications {
            metadata["notification_endpoint"] = json!("https://issuer.example/notification");
        }
        if let Some(demand) = offered.encryption {
            let key = self.secret().public_key();
            metadata["credential_request_encryption"] =
                json!(RequestEncryptionMetadata::offering([&key], demand));
            metadata["credential_response_encryption"] = json!(ResponseEncryptionMetadata::offering(demand));
        }
        if offered.attester.is_some() {
            for (_, configuration) in metadata["credential_configurations_supported"]
                .as_object_mut()
                .unwrap()
            {
                configuration["proof_types_supported"]["jwt"]["key_attestations_required"] = json!({});
            }
        }
        response.body = metadata.to_string().into_bytes();
    }

    /// The JSON of a request.
    pub(crate) fn open(&self, request: &HttpRequest) -> (Vec<u8>, RequestCarriage) {
        let media_type = request.headers.iter().find(|(name, _)| *name == "content-type");
        match media_type.map(|(_, value)| value.as_str()) {
            Some("application/jwt") => {
                let text = std::str::from_utf8(&request.body).unwrap();
                let kid = self.secret().public_key().thumbprint().to_string();
                let keys = |key_id: Option<&str>| (key_id == Some(&kid)).then(|| self.secret());
                let codec = PureJwe::new(&RustCryptoProvider);
                match decrypt(text, &keys, &codec, 1 << 20) {
                    Ok(opened) => (opened.payload.to_vec(), RequestCarriage::Encrypted),
                    Err(_) => (b"stale".to_vec(), RequestCarriage::Encrypted),
                }
            }
            _ => (request.body.clone(), RequestCarriage::Plain),
        }
    }

    /// The keys that the proofs prove, and the nonces that they answer.
    pub(crate) fn prove(
        &self,
        proofs: &Proofs,
        client: ExpectedClient<'_>,
        now: UnixTime,
    ) -> (Vec<PublicKey>, Vec<String>) {
        let anchors: Vec<Certificate> = self.offered().attester.into_iter().collect();
        let attestation = |place| AttestationExpectations {
            attesters: &anchors,
            algorithms: &[SignatureAlgorithm::Es256],
            required: None,
            place,
        };
        let issuer = IssuerIdentifier::parse(ISSUER).unwrap();
        let expectations = ProofExpectations {
            issuer: &issuer,
            algorithms: &[SignatureAlgorithm::Es256],
            key_references: &[KeyReference::Jwk, KeyReference::Did],
            client,
            certificate_anchors: &[],
            attestation: if anchors.is_empty() {
                AttestationPolicy::Ignored
            } else {
                AttestationPolicy::Required(attestation(AttestationPlace::ProofHeader))
            },
        };
        match proofs {
            Proofs::Jwt(list) => {
                let (mut keys, mut nonces) = (Vec::new(), Vec::new());
                for proof in list {
                    let proof =
                        verify(proof, &expectations, now, &RustCryptoProvider).expect("a valid proof");
                    assert!(!keys.contains(proof.key()), "a key for each copy");
                    keys.push(proof.key().clone());
                    nonces.push(proof.nonce().as_str().to_owned());
                    for key in proof
                        .attestation()
                        .into_iter()
                        .flat_map(|attested| &attested.keys)
                    {
                        if !keys.contains(key) {
                            keys.push(key.clone());
                        }
                    }
                }
                (keys, nonces)
            }
            Proofs::Attestation(text) => {
                let expected = attestation(AttestationPlace::Proof);
                let attested = key_attestation::verify(text, &expected, now, &RustCryptoProvider).unwrap();
                (attested.keys.clone(), vec![attested.nonce.as_str().to_owned()])
            }
            _ => panic!("a kind of proof that is not offered"),
        }
    }

    /// What is answered instead of credentials, if this endpoint defers.
    pub(crate) fn defer(&self, configuration: &str, keys: &[PublicKey]) -> Option<Value> {
        let waits = self.offered().waits?;
        let mut pending = self.pending.lock().unwrap();
        let transaction = format!("transaction-{}", pending.len());
        pending.push(Pending {
            transaction: transaction.clone(),
            configuration: configuration.to_owned(),
            keys: keys.to_vec(),
            waits,
        });
        Some(json!({ "transaction_id": transaction, "interval": 60 }))
    }

    pub(crate) fn fetch(&self, transaction: &str) -> Fetched {
        let denies = self.offered().denies_in_the_end;
        let mut pending = self.pending.lock().unwrap();
        let Some(at) = pending.iter().position(|one| one.transaction == transaction) else {
            return Fetched::Gone;
        };
        if pending[at].waits > 1 {
            pending[at].waits -= 1;
            return Fetched::Waiting(json!({ "transaction_id": transaction, "interval": 60 }));
        }
        let ready = pending.remove(at);
        if denies {
            Fetched::Denied
        } else {
            Fetched::Ready(ready.configuration, ready.keys)
        }
    }

    pub(crate) fn notification_id(&self) -> Option<String> {
        if !self.offered().notifications {
            return None;
        }
        let mut counter = self.counter.lock().unwrap();
        *counter += 1;
        Some(format!("notification-{counter}"))
    }

    pub(crate) fn notified(&self, request: &HttpRequest) -> HttpResponse {
        let request = NotificationRequest::parse(&request.body).expect("a notification");
        *self.notified.lock().unwrap() += 1;
        let refusal = self.offered().notification_status;
        if refusal.is_none() {
            let told = (request.notification_id.as_str().to_owned(), request.event);
            self.told.lock().unwrap().push(told);
        }
        HttpResponse {
            status: refusal.unwrap_or(204),
            headers: Vec::new(),
            body: Vec::new(),
        }
    }

    pub(crate) fn answer(
        &self,
        status: u16,
        body: Value,
        encryption: Option<&ResponseEncryption>,
    ) -> HttpResponse {
        match encryption {
            Some(encryption) if !self.offered().answers_in_the_clear => {
                let codec = PureJwe::new(&RustCryptoProvider);
                let randomness = SeededRandomness::new(9_100);
                let text = encryption.encrypt(body.to_string().as_bytes(), &codec, &randomness);
                HttpResponse {
                    status,
                    headers: vec![("Content-Type".to_owned(), "application/jwt".to_owned())],
                    body: text.unwrap().into_bytes(),
                }
            }
            _ => json_answer(status, &body),
        }
    }
}

/// Attests keys with a certificate of a wallet provider.
pub(crate) struct KeyAttester {
    key: SoftwareKey,
    leaf: Certificate,
    pub(crate) anchor: Certificate,
    now: UnixTime,
}

impl KeyAttester {
    pub(crate) fn new(now: UnixTime) -> Arc<Self> {
        let randomness = SeededRandomness::new(9_200);
        let key = |name: &str| {
            let secret = SecretKey::generate(SignatureAlgorithm::Es256, &randomness).unwrap();
            SoftwareKey::new(KeyHandle::new(name), secret, Arc::new(RustCryptoProvider))
        };
        let day = Duration::from_secs(86_400);
        let validity = Validity {
            not_before: now.minus(day),
            not_after: now.plus(day),
        };
        let authority = key("authority");
        let described = authority.describe(authority.handle()).unwrap();
        let anchor = root("Wallet providers", validity, &described, &authority, &randomness).unwrap();
        let anchor = Certificate::parse(&anchor).unwrap();
        let attester = key("attester");
        let request = LeafRequest {
            subject_name: "Wallet provider".to_owned(),
            san_uris: vec!["https://wallet.example".to_owned()],
            san_dns: Vec::new(),
            validity,
            extended_key_usage: None,
            public_key: attester.public_key().clone(),
        };
        let leaf = leaf(&request, &anchor, &described, &authority, &randomness).unwrap();
        Arc::new(Self {
            key: attester,
            leaf: Certificate::parse(&leaf).unwrap(),
            anchor,
            now,
        })
    }
}

impl AttestKeys for KeyAttester {
    fn attest_keys<'a>(
        &'a self,
        keys: &'a [PublicKey],
        nonce: Option<&'a CNonce>,
    ) -> BoxFuture<'a, Result<String, AttestationUnavailable>> {
        let claims = KeyAttestationClaims {
            keys,
            key_storage: &[],
            user_authentication: &[],
            nonce,
            issued_at: self.now,
            expires_at: Some(self.now.plus(Duration::from_secs(60))),
        };
        let chain = std::slice::from_ref(&self.leaf);
        let prepared = claims.prepare(SignatureAlgorithm::Es256, chain);
        let signature = RustCryptoProvider
            .sign(self.key.secret_key(), prepared.signing_input().as_bytes())
            .unwrap();
        let attestation = prepared.finish(&signature);
        Box::pin(std::future::ready(Ok(attestation)))
    }
}
