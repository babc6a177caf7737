//! An issuer's desk with every shipped configuration, and a wallet in front of it.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::time::Duration;

use serde_json::{Value, json};
use symbolon_credential::data_integrity::{
    CanonicalDataset, CanonicalHash, ContextTable, JsonLdBudget, JsonLdError, JsonLdProcessor,
};
use symbolon_crypto::signing::{DescribeKeys as _, KeyDescription, KeyHandle, SignatureRequest, SoftwareKey};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::x509::issue::{
    CountryCode, DocumentSignerRequest, IacaRequest, Validity, document_signer, iaca_root, root,
};
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::openid4vci::credential::{
    CredentialRequest, CredentialSelector, IssuedCredential, Proofs,
};
use symbolon_protocol::openid4vci::identifiers::CNonce;
use symbolon_protocol::openid4vci::proof;

use super::super::*;
use crate::assertion::AssertionKeys;
use crate::grant::{AccessGrant, make_nonce};
use crate::identifiers::ConfigurationId;
use crate::index::{ShardId, StatusIndex};
use crate::mapping::{CredentialConfiguration, KeepPictures};
use crate::policy::IssuerPolicy;
use crate::profile::{IssuerProfile, SigningKey};
use crate::record::{IdRecord, Uin};
use crate::secret::{InstallationSecret, SecretDigest};
use crate::signers::CredentialSigners;
use crate::store::{IssuanceOutcome, Revision, Stored};

pub(super) const NOW: UnixTime = UnixTime::from_seconds(1_800_000_123);
pub(super) const ISSUER: &str = "https://registry.example";
/// Where the credential of a good request has its status.
pub(super) const PLACE: StatusIndex = StatusIndex {
    shard: ShardId::new(3),
    index: 42,
};

pub(super) struct Desk {
    pub(super) profile: IssuerProfile,
    secret: InstallationSecret,
    pub(super) randomness: SeededRandomness,
    pub(super) keys: BTreeMap<&'static str, SoftwareKey>,
    pub(super) signers: CredentialSigners,
    /// The root of the document signer.
    pub(super) iaca: Certificate,
    pub(super) wallet_key: SecretKey,
    pub(super) access: Stored<AccessGrant>,
}

impl Desk {
    pub(super) fn new() -> Self {
        let randomness = SeededRandomness::new(7);
        let configurations: Vec<CredentialConfiguration> = symbolon_schemas::CREDENTIALS
            .iter()
            .map(|template| CredentialConfiguration::parse(template.mapping).unwrap())
            .collect();
        let remaining = configurations
            .iter()
            .map(|configuration| (configuration.id().clone(), 2));
        let access = AccessGrant {
            record: Uin::parse("2345678901").unwrap(),
            remaining: remaining.collect(),
            expires_at: NOW.plus(Duration::from_secs(60)),
            client: None,
            dpop: None,
            identifiers: BTreeMap::new(),
            family: None,
            offer: None,
        };
        let policy = IssuerPolicy {
            batch_size: 2,
            ..IssuerPolicy::default()
        };
        let identifier = IssuerIdentifier::parse(ISSUER).unwrap();
        let profile = IssuerProfile::new(identifier, "Registry".to_owned(), configurations, policy).unwrap();
        let keys: BTreeMap<&'static str, SoftwareKey> = [
            ("credentials", SignatureAlgorithm::Es256),
            ("documents", SignatureAlgorithm::Es256),
            ("iaca", SignatureAlgorithm::Es256),
            ("ed25519", SignatureAlgorithm::EdDsa),
            ("p256", SignatureAlgorithm::Es256),
        ]
        .map(|(name, algorithm)| {
            let secret = RustCryptoProvider.generate_key(algorithm, &randomness).unwrap();
            let key = SoftwareKey::new(KeyHandle::new(name), secret, Arc::new(RustCryptoProvider));
            (name, key)
        })
        .into();
        let (iaca, document_signer) = document_signer_of(&keys, &randomness);
        let signing = |name: &str, certificate: Certificate| SigningKey {
            handle: KeyHandle::new(name),
            algorithm: SignatureAlgorithm::Es256,
            chain: vec![certificate],
        };
        let assertion = ["ed25519", "p256"].map(|name| {
            let key = &keys[name];
            (key.handle().clone(), key.public_key().clone())
        });
        let assertion = AssertionKeys::new(profile.identifier(), assertion).unwrap();
        let credentials = signing("credentials", self_signed(&keys["credentials"], &randomness));
        let documents = signing("documents", document_signer);
        let signers = CredentialSigners::new(&profile, &credentials, Some(&documents), assertion).unwrap();
        Self {
            profile,
            secret: InstallationSecret::make(&randomness).unwrap(),
            wallet_key: RustCryptoProvider
                .generate_key(SignatureAlgorithm::Es256, &randomness)
                .unwrap(),
            access: Stored {
                value: access,
                revision: Revision::absent(),
            },
            keys,
            signers,
            iaca,
            randomness,
        }
    }

    pub(super) fn nonce(&self) -> CNonce {
        make_nonce(&self.secret, NOW, &self.randomness).unwrap()
    }

    pub(super) fn proof(
        &self,
        key: &SecretKey,
        issuer: &str,
        nonce: Option<&CNonce>,
        at: UnixTime,
    ) -> String {
        let issuer = IssuerIdentifier::parse(issuer).unwrap();
        let prepared = proof::prepare(&key.public_key(), &issuer, nonce, None, at);
        let signature = RustCryptoProvider
            .sign(key, prepared.signing_input().as_bytes())
            .unwrap();
        prepared.finish(&signature)
    }

    pub(super) fn request(&self, proofs: Vec<String>) -> CredentialRequest {
        self.request_for("NationalIdentity", proofs)
    }

    pub(super) fn request_for(&self, configuration: &str, proofs: Vec<String>) -> CredentialRequest {
        CredentialRequest {
            selector: CredentialSelector::Configuration(ConfigurationId::parse(configuration).unwrap()),
            proofs: Some(Proofs::Jwt(proofs)),
            response_encryption: None,
        }
    }

    pub(super) fn judge(
        &self,
        request: &CredentialRequest,
    ) -> Result<AcceptedRequest<'_>, CredentialRefusal> {
        let presented = PresentedAccess {
            token: SecretDigest::of("token"),
            access: self.access.clone(),
            family: None,
            offer: None,
            proof: None,
        };
        judge(request, &presented, &self.material())
    }

    pub(super) fn refusal(&self, request: &CredentialRequest) -> (CredentialRefusal, String) {
        let refusal = self.judge(request).err().unwrap();
        let code = match refusal.code() {
            RefusalCode::Credential(code) => code.as_str(),
            RefusalCode::AccessToken(code) => code.as_str(),
        };
        (refusal, code.to_owned())
    }

    pub(super) fn good_request(&self, configuration: &str) -> CredentialRequest {
        let nonce = self.nonce();
        let proof = self.proof(&self.wallet_key, ISSUER, Some(&nonce), NOW);
        self.request_for(configuration, vec![proof])
    }

    pub(super) fn prepare(&self, record: &IdRecord) -> Result<PreparedIssuance, IssuanceFailure> {
        self.prepare_for("NationalIdentity", record)
    }

    pub(super) fn prepare_for(
        &self,
        configuration: &str,
        record: &IdRecord,
    ) -> Result<PreparedIssuance, IssuanceFailure> {
        let accepted = self.judge(&self.good_request(configuration)).unwrap();
        self.prepare_accepted(accepted, record, &[PLACE])
    }

    pub(super) fn prepare_accepted(
        &self,
        accepted: AcceptedRequest<'_>,
        record: &IdRecord,
        places: &[StatusIndex],
    ) -> Result<PreparedIssuance, IssuanceFailure> {
        accepted.prepare(record, places, &self.material())
    }

    pub(super) fn material(&self) -> IssuanceMaterial<'_> {
        IssuanceMaterial {
            profile: &self.profile,
            signers: &self.signers,
            json_ld: &NoJsonLd,
            crypto: &RustCryptoProvider,
            secret: &self.secret,
            pictures: &KeepPictures,
            randomness: &self.randomness,
            now: NOW,
        }
    }

    /// Has each request signed by the key that it names.
    pub(super) fn sign(&self, prepared: PreparedIssuance) -> SignedIssuance {
        let sign = |request: &SignatureRequest| {
            let key = self.keys[request.key.as_str()].secret_key();
            assert_eq!(key.public_key().algorithm(), request.algorithm);
            RustCryptoProvider.sign(key, &request.bytes).unwrap()
        };
        let signatures: Vec<_> = prepared.requests().iter().map(sign).collect();
        prepared.finish(&signatures).unwrap()
    }

    /// The whole way to one credential.
    pub(super) fn issue(&self, configuration: &str, record: &IdRecord) -> IssuedCredential {
        let signed = self.sign(self.prepare_for(configuration, record).unwrap());
        let mut credentials = signed.release(IssuanceOutcome::Committed).unwrap();
        assert_eq!(credentials.len(), 1);
        credentials.pop().unwrap()
    }
}

/// Stands for a processor that fails. The tests of the server have the real one, which a pure crate must not know.
pub(super) struct NoJsonLd;

impl JsonLdProcessor for NoJsonLd {
    fn canonicalize(
        &self,
        _: &Value,
        _: &ContextTable,
        _: CanonicalHash,
        _: JsonLdBudget,
    ) -> Result<Vec<String>, JsonLdError> {
        Err(JsonLdError::Processor)
    }

    fn canonicalize_statements(
        &self,
        _: &[String],
        _: CanonicalHash,
        _: JsonLdBudget,
    ) -> Result<CanonicalDataset, JsonLdError> {
        Err(JsonLdError::Processor)
    }

    fn to_statements(
        &self,
        _: &Value,
        _: &ContextTable,
        _: JsonLdBudget,
    ) -> Result<Vec<String>, JsonLdError> {
        Err(JsonLdError::Processor)
    }

    fn skolemize(&self, _: &Value, _: &ContextTable, _: &str, _: JsonLdBudget) -> Result<Value, JsonLdError> {
        Err(JsonLdError::Processor)
    }
}

pub(super) fn text(credential: &IssuedCredential) -> &str {
    match credential {
        IssuedCredential::Text(text) => text,
        IssuedCredential::Object(_) => panic!("a text was expected"),
    }
}

fn describe(key: &SoftwareKey) -> KeyDescription {
    key.describe(key.handle()).unwrap()
}

fn validity() -> Validity {
    let month = Duration::from_secs(30 * 86_400);
    Validity {
        not_before: NOW.minus(month),
        not_after: NOW.plus(month),
    }
}

/// Self-signed: who trusts it is not the issuer's question.
fn self_signed(key: &SoftwareKey, randomness: &SeededRandomness) -> Certificate {
    let der = root("Registry", validity(), &describe(key), key, randomness).unwrap();
    Certificate::parse(&der).unwrap()
}

fn document_signer_of(
    keys: &BTreeMap<&'static str, SoftwareKey>,
    randomness: &SeededRandomness,
) -> (Certificate, Certificate) {
    let authority = &keys["iaca"];
    let request = IacaRequest {
        subject_name: "Root".to_owned(),
        country: CountryCode::parse("XX").unwrap(),
        contact_uri: ISSUER.to_owned(),
        validity: validity(),
        revocation_list_uri: None,
    };
    let iaca = iaca_root(&request, &describe(authority), authority, randomness).unwrap();
    let iaca = Certificate::parse(&iaca).unwrap();
    let request = DocumentSignerRequest {
        subject_name: "Document signer".to_owned(),
        contact_uri: ISSUER.to_owned(),
        validity: validity(),
        public_key: keys["documents"].public_key().clone(),
    };
    let signer = document_signer(&request, &iaca, &describe(authority), authority, randomness).unwrap();
    (iaca, Certificate::parse(&signer).unwrap())
}

pub(super) fn record(extra: Value) -> IdRecord {
    let mut record = json!({
        "UIN": "2345678901",
        "fullName": [{ "language": "eng", "value": "Hassan Ali" }],
        "dateOfBirth": "1987/11/25",
    });
    record
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    serde_json::from_value(record).unwrap()
}
