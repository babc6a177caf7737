//! A controller of a DID that writes logs, right ones and wrong ones.

use serde_json::{Map, Value, json};
use sha2::{Digest as _, Sha256};
use symbolon_crypto::encoding::{jcs, multibase};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime};
use symbolon_did::webvh::{WebvhError, WebvhLog, verify_webvh_log};
use symbolon_did::{Did, did_key};

pub(crate) const PROVIDER: RustCryptoProvider = RustCryptoProvider;

/// The last day of 2026.
pub(crate) fn now() -> UnixTime {
    UnixTime::parse_rfc3339("2026-12-31T00:00:00Z").unwrap()
}

/// A key and what it is called.
pub(crate) struct Signer(SecretKey);

impl Signer {
    pub(crate) fn new(seed: u64) -> Self {
        Self::of(seed, SignatureAlgorithm::EdDsa)
    }

    pub(crate) fn of(seed: u64, algorithm: SignatureAlgorithm) -> Self {
        Self(
            PROVIDER
                .generate_key(algorithm, &SeededRandomness::new(seed))
                .unwrap(),
        )
    }

    pub(crate) fn did(&self) -> String {
        did_key(&self.0.public_key()).unwrap().to_string()
    }

    pub(crate) fn multikey(&self) -> String {
        self.did().trim_start_matches("did:key:").to_owned()
    }

    /// What `nextKeyHashes` says of it.
    pub(crate) fn hash(&self) -> String {
        multihash(&self.multikey())
    }

    pub(crate) fn options(&self) -> Value {
        json!({
            "type": "DataIntegrityProof",
            "cryptosuite": "eddsa-jcs-2022",
            "verificationMethod": format!("{}#{}", self.did(), self.multikey()),
            "created": "2026-01-01T00:00:00Z",
            "proofPurpose": "assertionMethod",
        })
    }

    /// A proof with these options, whatever they say.
    pub(crate) fn prove(&self, document: &Value, mut options: Value) -> Value {
        let digest = |value: &Value| Sha256::digest(jcs::canonicalize(value).unwrap()).to_vec();
        let hashes = [digest(&options), digest(document)].concat();
        let signature = PROVIDER.sign(&self.0, &hashes).unwrap();
        options["proofValue"] = json!(multibase::encode_base58btc(&signature));
        options
    }

    pub(crate) fn approve(&self, version_id: &str) -> Value {
        self.prove(&json!({ "versionId": version_id }), self.options())
    }
}

pub(crate) fn multihash(text: &str) -> String {
    let bytes = [[0x12, 32].as_slice(), &Sha256::digest(text)].concat();
    multibase::encode_base58btc(&bytes)[1..].to_owned()
}

fn hash(value: &Value) -> String {
    multihash(&jcs::canonicalize(value).unwrap())
}

/// A log as it grows.
pub(crate) struct Log {
    pub(crate) entries: Vec<Value>,
    scid: String,
}

impl Log {
    /// The first entry, with `{SCID}` wherever the identifier goes.
    pub(crate) fn begin(parameters: Value, signer: &Signer) -> Self {
        let state =
            json!({"@context": ["https://www.w3.org/ns/did/v1"], "id": "did:webvh:{SCID}:example.com"});
        Self::begin_with(parameters, state, signer)
    }

    pub(crate) fn begin_with(mut parameters: Value, state: Value, signer: &Signer) -> Self {
        for (name, default) in [("method", "did:webvh:1.0"), ("scid", "{SCID}")] {
            if parameters.get(name).is_none() {
                parameters[name] = json!(default);
            }
        }
        let preliminary = json!({
            "versionId": "{SCID}", "versionTime": time(0), "parameters": parameters, "state": state,
        });
        let scid = hash(&preliminary);
        let entry = serde_json::from_str(&preliminary.to_string().replace("{SCID}", &scid)).unwrap();
        let mut log = Self {
            entries: Vec::new(),
            scid,
        };
        log.push(entry, signer);
        log
    }

    pub(crate) fn did(&self) -> Did {
        Did::parse(&format!("did:webvh:{}:example.com", self.scid)).unwrap()
    }

    pub(crate) fn scid(&self) -> &str {
        &self.scid
    }

    pub(crate) fn version_id(&self, number: usize) -> &str {
        self.entries[number - 1]["versionId"].as_str().unwrap()
    }

    /// The next entry, with the document of the last one.
    pub(crate) fn update(&mut self, parameters: Value, signer: &Signer) {
        let state = self.entries.last().unwrap()["state"].clone();
        self.update_to(parameters, state, signer);
    }

    pub(crate) fn update_to(&mut self, parameters: Value, state: Value, signer: &Signer) {
        let entry = json!({
            "versionTime": time(self.entries.len()), "parameters": parameters, "state": state,
        });
        self.push(entry, signer);
    }

    /// Hashes, numbers and signs whatever `entry` is.
    pub(crate) fn push(&mut self, mut entry: Value, signer: &Signer) {
        let predecessor = match self.entries.last() {
            Some(last) => last["versionId"].clone(),
            None => json!(self.scid),
        };
        entry["versionId"] = predecessor;
        let number = self.entries.len() + 1;
        entry["versionId"] = json!(format!("{number}-{}", hash(&entry)));
        entry["proof"] = json!([signer.prove(&entry, signer.options())]);
        self.entries.push(entry);
    }

    /// Signs an entry again, after it was changed.
    pub(crate) fn sign_again(&mut self, number: usize, signer: &Signer, options: Value) {
        let entry = &mut self.entries[number - 1];
        entry.as_object_mut().unwrap().remove("proof");
        entry["proof"] = json!([signer.prove(entry, options)]);
    }

    pub(crate) fn bytes(&self) -> Vec<u8> {
        let lines: Vec<String> = self.entries.iter().map(Value::to_string).collect();
        (lines.join("\n") + "\n").into_bytes()
    }

    pub(crate) fn verify(&self) -> Result<WebvhLog, WebvhError> {
        verify_webvh_log(&self.did(), &self.bytes(), now(), &PROVIDER)
    }

    pub(crate) fn refused(&self) -> WebvhError {
        self.verify().unwrap_err()
    }
}

/// One day after the other.
pub(crate) fn time(day: usize) -> String {
    format!("2026-01-{:02}T00:00:00Z", day + 1)
}

pub(crate) fn object(value: Value) -> Map<String, Value> {
    value.as_object().cloned().unwrap()
}
