//! What the tests of the credential endpoint share: configurations of their own, an attester, encrypted messages.

use std::sync::Arc;
use std::time::Duration;

use reqwest::Response;
use serde_json::{Value, json};
use symbolon_crypto::jose::jwe::PureJwe;
use symbolon_crypto::signing::{DescribeKeys as _, KeyHandle, SoftwareKey};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::x509::issue::{KeyPurpose, LeafRequest, Validity, leaf, root};
use symbolon_crypto::{
    CryptoProvider as _, PublicKey, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime,
};
use symbolon_issuer::mapping::CredentialConfiguration;
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer::profile::{IssuerProfile, ProofTrust};
use symbolon_protocol::identifier::{IssuerIdentifier, UrlPolicy};
use symbolon_protocol::openid4vci::encryption::ResponseEncryption;
use symbolon_protocol::openid4vci::identifiers::CNonce;
use symbolon_protocol::openid4vci::key_attestation::KeyAttestationClaims;
use symbolon_protocol::openid4vci::metadata::{AttackResistance, IssuerMetadata};
use symbolon_trust::status_list::{
    BitsPerStatus, PreparedStatusListToken, Status, StatusListClaims, TokenStatusList,
};

use crate::harness::{START, Shape, World};

/// A national identity with keys of its own in the configuration file.
pub(crate) fn configuration(id: &str, keys: &str) -> String {
    symbolon_schemas::NATIONAL_IDENTITY
        .mapping
        .replace("id = \"NationalIdentity\"", &format!("id = \"{id}\""))
        .replace("types/national-identity", &format!("types/{}", id.to_lowercase()))
        .replace("validity-days = 365", &format!("validity-days = 365\n{keys}\n"))
}

/// An issuer with the shipped configurations and these, which believes `trust`.
pub(crate) fn with_configurations(texts: &[String], trust: ProofTrust) -> Shape {
    let texts = texts.to_vec();
    Arc::new(move |mut setup| {
        let shipped = symbolon_schemas::CREDENTIALS
            .iter()
            .map(|template| template.mapping);
        let own = texts.iter().map(String::as_str);
        let configurations = shipped
            .chain(own)
            .map(|text| CredentialConfiguration::parse(text).unwrap())
            .collect();
        let old = &setup.profile;
        setup.profile = IssuerProfile::new(
            old.identifier().clone(),
            old.name().to_owned(),
            configurations,
            old.policy().clone(),
        )
        .unwrap()
        .with_proof_trust(trust.clone());
        setup
    })
}

/// A policy that takes several keys.
pub(crate) fn batches() -> IssuerPolicy {
    IssuerPolicy {
        batch_size: 5,
        credentials_per_offer: 3,
        ..IssuerPolicy::default()
    }
}

/// A wallet provider.
pub(crate) struct Attester {
    key: SoftwareKey,
    pub(crate) leaf: Certificate,
    pub(crate) anchor: Certificate,
    /// The key of the anchor.
    pub(crate) root: SoftwareKey,
}

impl Attester {
    pub(crate) fn new(seed: u64) -> Self {
        let randomness = SeededRandomness::new(seed);
        let authority = software_key("authority", &randomness);
        let described = authority.describe(authority.handle()).unwrap();
        let validity = Self::validity();
        let anchor = root("Wallet providers", validity, &described, &authority, &randomness).unwrap();
        let attester = software_key("attester", &randomness);
        let anchor = Certificate::parse(&anchor).unwrap();
        Self {
            leaf: certify(&attester, None, &anchor, &authority),
            key: attester,
            anchor,
            root: authority,
        }
    }

    fn validity() -> Validity {
        let now = UnixTime::from_seconds(START);
        let month = Duration::from_secs(30 * 86_400);
        Validity {
            not_before: now.minus(month),
            not_after: now.plus(month),
        }
    }

    /// Its status list at `uri`, with these entries revoked, to be kept for a minute.
    pub(crate) fn status_list(&self, uri: &str, revoked: &[u64], at: UnixTime) -> String {
        let key = software_key("lists", &SeededRandomness::new(90));
        let purpose = Some(KeyPurpose::StatusLists);
        let chain = [certify(&key, purpose, &self.anchor, &self.root)];
        let mut list = TokenStatusList::all_valid(BitsPerStatus::One, 1_024);
        for index in revoked {
            list.set(*index, Status::Invalid).unwrap();
        }
        let claims = StatusListClaims {
            uri: uri.to_owned(),
            issued_at: at,
            expires_at: Some(at.plus(Duration::from_secs(3_600))),
            time_to_live: Some(Duration::from_secs(60)),
            aggregation_uri: None,
        };
        let prepared =
            PreparedStatusListToken::prepare(&claims, &list, SignatureAlgorithm::Es256, &chain).unwrap();
        let request = prepared.request(key.handle().clone());
        let signature = RustCryptoProvider.sign(key.secret_key(), &request.bytes);
        prepared.finish(&signature.unwrap())
    }

    pub(crate) fn secret_key(&self) -> &SecretKey {
        self.key.secret_key()
    }

    pub(crate) fn trust(&self) -> ProofTrust {
        ProofTrust {
            attesters: vec![self.anchor.clone()],
            certificates: Vec::new(),
        }
    }

    /// An attestation of keys at a level, for a minute.
    pub(crate) fn attest(
        &self,
        keys: &[PublicKey],
        level: &str,
        nonce: Option<&str>,
        at: UnixTime,
    ) -> String {
        let nonce = nonce.map(|nonce| CNonce::parse(nonce).unwrap());
        let level = AttackResistance::parse(level).unwrap();
        let claims = KeyAttestationClaims {
            keys,
            key_storage: core::slice::from_ref(&level),
            user_authentication: &[],
            nonce: nonce.as_ref(),
            issued_at: at,
            expires_at: Some(at.plus(Duration::from_secs(60))),
        };
        let chain = core::slice::from_ref(&self.leaf);
        self.sign(claims.prepare(SignatureAlgorithm::Es256, chain))
    }

    pub(crate) fn key(&self) -> &SecretKey {
        self.key.secret_key()
    }

    pub(crate) fn sign(&self, prepared: symbolon_crypto::jose::jws::PreparedJws) -> String {
        sign(self.key.secret_key(), prepared)
    }
}

fn software_key(name: &str, randomness: &SeededRandomness) -> SoftwareKey {
    let secret = SecretKey::generate(SignatureAlgorithm::Es256, randomness).unwrap();
    SoftwareKey::new(KeyHandle::new(name), secret, Arc::new(RustCryptoProvider))
}

/// What `authority` says of a key of the wallet provider.
fn certify(
    key: &SoftwareKey,
    extended_key_usage: Option<KeyPurpose>,
    anchor: &Certificate,
    authority: &SoftwareKey,
) -> Certificate {
    let request = LeafRequest {
        subject_name: "Wallet provider".to_owned(),
        san_uris: vec!["https://wallet.example".to_owned()],
        san_dns: Vec::new(),
        validity: Attester::validity(),
        extended_key_usage,
        public_key: key.public_key().clone(),
    };
    let described = authority.describe(authority.handle()).unwrap();
    let der = leaf(
        &request,
        anchor,
        &described,
        authority,
        &SeededRandomness::new(91),
    )
    .unwrap();
    Certificate::parse(&der).unwrap()
}

pub(crate) fn sign(key: &SecretKey, prepared: symbolon_crypto::jose::jws::PreparedJws) -> String {
    let signature = RustCryptoProvider
        .sign(key, prepared.signing_input().as_bytes())
        .unwrap();
    prepared.finish(&signature)
}

pub(crate) async fn metadata(world: &World) -> IssuerMetadata {
    let url = world.url("/.well-known/openid-credential-issuer");
    let body = world.client.get(url).send().await.unwrap().bytes().await.unwrap();
    let issuer = IssuerIdentifier::parse(&world.base).unwrap();
    IssuerMetadata::parse(&body, &issuer, UrlPolicy::Development).unwrap()
}

/// Sends a request encrypted as the issuer's metadata say.
pub(crate) async fn send_encrypted(world: &World, path: &str, token: &str, body: &Value) -> Response {
    let chosen = metadata(world).await.credential_request_encryption.unwrap();
    let codec = PureJwe::new(&RustCryptoProvider);
    let text = chosen.choose().unwrap();
    let text = text
        .encrypt(body.to_string().as_bytes(), &codec, &*world.randomness)
        .unwrap();
    send_text(world, path, token, text).await
}

pub(crate) async fn send_text(world: &World, path: &str, token: &str, text: String) -> Response {
    send_typed(world, path, token, ("application/jwt", text)).await
}

/// Sends a body as it is, under a media type.
pub(crate) async fn send_typed(
    world: &World,
    path: &str,
    token: &str,
    (media_type, body): (&str, String),
) -> Response {
    world
        .client
        .post(world.url(path))
        .bearer_auth(token)
        .header("content-type", media_type)
        .body(body)
        .send()
        .await
        .unwrap()
}

pub(crate) async fn send(world: &World, path: &str, token: &str, body: &Value) -> Response {
    world
        .client
        .post(world.url(path))
        .bearer_auth(token)
        .json(body)
        .send()
        .await
        .unwrap()
}

/// Opens an encrypted answer.
pub(crate) async fn opened(response: Response, wanted: &ResponseEncryption, key: &SecretKey) -> Value {
    assert_eq!(response.headers()["content-type"], "application/jwt");
    let text = response.text().await.unwrap();
    let copy = || SecretKey::from_pkcs8_der(&key.to_pkcs8_der().unwrap()).ok();
    let opened = wanted
        .decrypt(&text, &copy, &PureJwe::new(&RustCryptoProvider), 1 << 20)
        .unwrap();
    serde_json::from_slice(&opened).unwrap()
}

/// The claims of an SD-JWT VC that are not disclosed one by one.
pub(crate) fn claims(credential: &Value) -> Value {
    let text = credential.as_str().unwrap();
    let jwt = text.split('~').next().unwrap();
    let payload = jwt.split('.').nth(1).unwrap();
    let bytes = symbolon_crypto::encoding::base64url::decode(payload).unwrap();
    serde_json::from_slice(&bytes).unwrap()
}

pub(crate) async fn asked(world: &World, id: &str, token: &str, proofs: Value) -> Response {
    let body = json!({ "credential_configuration_id": id, "proofs": proofs });
    world.credential_request(token, &body).await
}
