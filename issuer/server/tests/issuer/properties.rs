//! Whatever a record says, a W3C credential verifies and holds exactly what is mapped; and of a selective one, exactly what
//! the holder chose is shown.

use proptest::prelude::*;
use proptest::test_runner::{Config, TestRunner};
use serde_json::{Map, Value, json};
use symbolon_credential::data_integrity::{
    ExpectedProof, JsonLd, JsonLdBudget, ProofCheck, ProofPurpose, VerificationKey, ecdsa_sd_2023, verify,
};
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};
use symbolon_data_integrity::SsiJsonLd;
use symbolon_issuer::mapping::{CredentialConfiguration, IssuanceTimes, KeepPictures};
use symbolon_issuer::profile::IssuerProfile;
use symbolon_issuer::record::{CalendarDate, RecordSchema};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_schemas::{CredentialTemplate, NATIONAL_IDENTITY_LD, NATIONAL_IDENTITY_SELECTIVE};
use tokio::runtime::{Builder, Runtime};

use crate::harness::{HASSAN, World, record};

const LANGUAGES: [&str; 6] = ["eng", "ara", "hin", "fra", "tam", "bho"];

/// A text in one to three languages.
fn languages() -> impl Strategy<Value = Value> {
    (0..LANGUAGES.len(), prop::collection::vec("[^\\p{C}]{3,24}", 1..4)).prop_map(|(first, texts)| {
        let text = |(at, value): (usize, String)| {
            json!({ "language": LANGUAGES[(first + at) % LANGUAGES.len()], "value": value })
        };
        texts.into_iter().enumerate().map(text).collect()
    })
}

/// Texts of the record.
fn texts() -> impl Strategy<Value = Vec<Value>> {
    prop::collection::vec(languages(), TEXTS.len())
}

const TEXTS: [&str; 7] = [
    "fullName",
    "addressLine1",
    "addressLine2",
    "addressLine3",
    "city",
    "region",
    "province",
];

fn with_texts(texts: Vec<Value>) -> Value {
    let mut record = record(HASSAN, "Hassan Ali");
    for (name, text) in TEXTS.into_iter().zip(texts) {
        record[name] = text;
    }
    record
}

struct Bench {
    runtime: Runtime,
    world: World,
    processor: SsiJsonLd,
    profile: IssuerProfile,
    schema: RecordSchema,
    configuration: CredentialConfiguration,
}

impl Bench {
    fn new(template: CredentialTemplate) -> Self {
        let runtime = Builder::new_multi_thread().enable_all().build().unwrap();
        let world = runtime.block_on(World::start());
        let configuration = CredentialConfiguration::parse(template.mapping).unwrap();
        let identifier = IssuerIdentifier::parse(&world.base).unwrap();
        let configurations = vec![configuration.clone()];
        let policy = symbolon_issuer::policy::IssuerPolicy::default();
        Self {
            profile: IssuerProfile::new(identifier, "Registry".to_owned(), configurations, policy).unwrap(),
            schema: RecordSchema::shipped().unwrap(),
            processor: SsiJsonLd::new(),
            configuration,
            runtime,
            world,
        }
    }

    fn issue(&self, record: &Value) -> Value {
        self.runtime.block_on(async {
            self.world.import(core::slice::from_ref(record)).await;
            let key = self.world.wallet_key();
            let id = self.configuration.id().as_str();
            self.world.issue_of(id, HASSAN, &key).await
        })
    }

    fn json_ld(&self) -> JsonLd<'_> {
        JsonLd {
            processor: &self.processor,
            contexts: self.profile.context_table(),
            budget: JsonLdBudget::DEFAULT,
        }
    }

    /// What the configuration maps, as nested objects.
    fn mapped(&self, record: &Value) -> Map<String, Value> {
        let today = CalendarDate::of(self.world.now()).unwrap();
        let record = self.schema.read(record.clone(), today).unwrap();
        let day = std::time::Duration::from_secs(86_400);
        let times = IssuanceTimes::new(self.world.now(), day, self.configuration.validity());
        let mut root = json!({});
        for claim in self
            .configuration
            .map_claims(&record, times, &KeepPictures)
            .unwrap()
        {
            let place = claim
                .path
                .iter()
                .fold(&mut root, |object, part| &mut object[part]);
            *place = claim.value.to_json_ld();
        }
        root.as_object().unwrap().clone()
    }
}

/// The claims of a document about its subject.
fn claims(document: &Value) -> Map<String, Value> {
    let mut subject = document["credentialSubject"].as_object().unwrap().clone();
    assert!(subject.remove("id").is_some());
    subject
}

#[test]
fn a_document_holds_exactly_the_mapped_claims() {
    let bench = Bench::new(NATIONAL_IDENTITY_LD);
    let keys = bench.world.assertion();
    let key = keys.with_algorithm(SignatureAlgorithm::EdDsa).unwrap();
    let known = |method: &str| {
        (method == key.multikey().to_string()).then(|| VerificationKey {
            public_key: key.public_key().clone(),
            controller: key.did().to_string(),
            purposes: vec![ProofPurpose::AssertionMethod],
        })
    };
    let check = ProofCheck {
        expected: ExpectedProof::Credential,
        now: bench.world.now(),
        skew: std::time::Duration::ZERO,
    };
    let result = TestRunner::new(Config::with_cases(12)).run(&texts(), |texts| {
        let record = with_texts(texts);
        let secured = bench.issue(&record);
        let verified = verify(&secured, check, &known, &bench.json_ld(), &RustCryptoProvider).unwrap();
        prop_assert_eq!(claims(&verified.document), bench.mapped(&record));
        Ok(())
    });
    result.unwrap();
}

#[test]
fn a_selective_document_shows_exactly_what_is_chosen_and_no_other_claim() {
    let bench = Bench::new(NATIONAL_IDENTITY_SELECTIVE);
    let keys = bench.world.assertion();
    let key = keys.with_algorithm(SignatureAlgorithm::Es256).unwrap();
    let key = key.public_key();
    let chosen = prop::collection::vec(any::<bool>(), 32);
    let result = TestRunner::new(Config::with_cases(12)).run(&(texts(), chosen), |(texts, chosen)| {
        let record = with_texts(texts);
        let secured = bench.issue(&record);
        let whole = ecdsa_sd_2023::verify_base(&secured, key, bench.json_ld(), &RustCryptoProvider).unwrap();
        let mut expected = bench.mapped(&record);
        prop_assert_eq!(&claims(&whole), &expected);

        let names: Vec<String> = expected.keys().cloned().collect();
        let mut pointers = Vec::new();
        for (name, shown) in names.iter().zip(chosen) {
            if shown {
                let pointer = format!("/credentialSubject/{name}");
                pointers.push(ecdsa_sd_2023::JsonPointer::parse(&pointer).unwrap());
            } else {
                expected.remove(name);
            }
        }
        let shown = ecdsa_sd_2023::derive(&secured, &pointers, bench.json_ld()).unwrap();
        let shown = ecdsa_sd_2023::verify(&shown, key, bench.json_ld(), &RustCryptoProvider).unwrap();
        prop_assert_eq!(claims(&shown), expected);
        Ok(())
    });
    result.unwrap();
}
