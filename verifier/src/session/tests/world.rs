//! One country: an issuer, its registry, a holder, a verifier.

use core::time::Duration;
use std::collections::BTreeMap;

use serde_json::{Map, Value, json};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_credential::sd_jwt::{Decoys, KeyBindingClaims, SdJwt, SdJwtBudget, select};
use symbolon_credential::sd_jwt_vc::{CredentialToIssue, IssuerKeyReference, VerifiableCredentialType};
use symbolon_credential::status::StatusReference;
use symbolon_crypto::testing::{SeededRandomness, TestProvider};
use symbolon_crypto::{CryptoProvider, SignatureAlgorithm, UnixTime};
use symbolon_trust::status_list::{BitsPerStatus, Status, TokenStatusList};
use symbolon_trust::testing::{DAY, NOW, TestIssuer, TestKey, TestRegistry};
use symbolon_trust::trust_list::{CredentialTypeRule, TrustList};

use symbolon_credential::Input;

use crate::report::{Authentic, CheckOutcome, Holder, Report, Trusted};
use crate::{
    Binding, DidDocumentEvidence, DocumentEvidence, Evidence, Expected, Policy, RevocationListEvidence,
    StatusEvidence, StatusListCredentialEvidence, Step, Tools, TypeMetadataEvidence, VerificationSession,
    Want,
};

pub(crate) const ISSUER: &str = "https://issuer.example";
pub(crate) const VCT: &str = "https://issuer.example/types/national-identity";
pub(crate) const AUDIENCE: &str = "x509_hash:abc";
pub(crate) const NONCE: &str = "n-0123456789";
pub(crate) const RESPONSE_URI: &str = "https://verifier.example/responses/1";
pub(crate) const INDEX: u64 = 77;

pub(crate) struct World {
    pub(crate) issuer: TestIssuer,
    pub(crate) registry: TestRegistry,
    pub(crate) holder: TestKey,
    pub(crate) provider: TestProvider,
}

impl World {
    pub(crate) fn new() -> Self {
        Self {
            issuer: TestIssuer::new(ISSUER, 100),
            registry: TestRegistry::new(1),
            holder: TestKey::new(SignatureAlgorithm::Es256, 900),
            provider: TestProvider::counting(),
        }
    }

    pub(crate) fn trust_list(&self) -> TrustList {
        let rules = vec![CredentialTypeRule::Exactly(VCT.to_owned())];
        self.registry.trust_list(vec![self.issuer.entry(rules)], NOW)
    }

    pub(crate) fn uri(&self) -> String {
        self.issuer.status_uri(0)
    }

    pub(crate) fn template(&self) -> CredentialToIssue {
        let Value::Object(claims) = json!({
            "given_name": "Amina", "family_name": "Diallo", "birthdate": "1990-02-03", "age": 36,
            "address": { "locality": "Kaolack", "country": "SN" },
        }) else {
            panic!("claims are an object");
        };
        CredentialToIssue {
            vct: VerifiableCredentialType::parse(VCT).unwrap(),
            issuer: Some(ISSUER.to_owned()),
            issued_at: Some(NOW.minus(DAY)),
            not_before: Some(NOW.minus(DAY)),
            expires: Some(NOW.plus(DAY * 30)),
            status: Some(StatusReference::new(self.uri(), INDEX).unwrap()),
            holder: Some(self.holder.public_key().clone()),
            selectable: claims
                .keys()
                .map(|name| ClaimsPath::top_level(name.as_str()))
                .collect(),
            claims,
            decoys: Decoys::None,
        }
    }

    pub(crate) fn issue(&self, credential: &CredentialToIssue) -> String {
        let chain = vec![self.issuer.credential_certificate.der().to_vec()];
        self.issue_with(
            credential,
            &IssuerKeyReference::CertificateChain(chain),
            &self.issuer.credential_key,
        )
    }

    pub(crate) fn issue_with(
        &self,
        credential: &CredentialToIssue,
        reference: &IssuerKeyReference,
        key: &TestKey,
    ) -> String {
        let prepared = credential
            .prepare(SignatureAlgorithm::Es256, reference, &SeededRandomness::new(5))
            .unwrap();
        let signature = key.sign(&prepared.request(key.handle()));
        prepared.finish(&signature)
    }

    /// A presentation of given and family name, for the verifier's request.
    pub(crate) fn present(&self, credential: &str) -> String {
        self.present_with(credential, &["given_name", "family_name"], |_| {})
    }

    pub(crate) fn present_with(
        &self,
        credential: &str,
        names: &[&str],
        edit: impl FnOnce(&mut KeyBindingClaims),
    ) -> String {
        let paths: Vec<ClaimsPath> = names.iter().map(|name| ClaimsPath::top_level(*name)).collect();
        self.present_paths(credential, &paths, edit)
    }

    pub(crate) fn present_paths(
        &self,
        credential: &str,
        paths: &[ClaimsPath],
        edit: impl FnOnce(&mut KeyBindingClaims),
    ) -> String {
        let parsed = SdJwt::parse(credential, SdJwtBudget::DEFAULT).unwrap();
        let mut claims = KeyBindingClaims {
            algorithm: SignatureAlgorithm::Es256,
            audience: AUDIENCE.to_owned(),
            nonce: NONCE.to_owned(),
            issued_at: NOW,
            transaction_data: None,
        };
        edit(&mut claims);
        let prepared = select(&parsed, paths).unwrap().prepare_key_binding(&claims);
        let signature = self.holder.sign(&prepared.request(self.holder.handle()));
        prepared.finish(&signature)
    }

    /// The usual presentation of the usual credential.
    pub(crate) fn presentation(&self) -> String {
        self.present(&self.issue(&self.template()))
    }

    pub(crate) fn list(&self, status: Status) -> TokenStatusList {
        let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 1_000);
        list.set(INDEX, status).unwrap();
        list
    }

    pub(crate) fn token(&self, status: Status) -> String {
        self.issuer.status_token(&self.uri(), &self.list(status), NOW)
    }

    /// Verifies online: every status list that is asked for is answered with `token`.
    pub(crate) fn verify(&self, text: &str) -> Report {
        self.verify_with(text, bound(), Policy::RELYING_PARTY, &self.trust_list(), NOW)
    }

    pub(crate) fn verify_with(
        &self,
        text: &str,
        expected: Expected,
        policy: Policy,
        trust_list: &TrustList,
        now: UnixTime,
    ) -> Report {
        let fetched = BTreeMap::from([(self.uri(), StatusEvidence::Token(self.token(Status::Valid)))]);
        run(
            text,
            expected,
            policy,
            Evidence::online(trust_list),
            &fetched,
            &self.provider,
            now,
        )
        .report
    }
}

pub(crate) fn bound() -> Expected {
    Expected::Bound(binding())
}

pub(crate) fn binding() -> Binding {
    Binding::openid4vp(AUDIENCE, NONCE, None, RESPONSE_URI)
}

/// What a session meets when it asks.
#[derive(Default)]
pub(crate) struct Network {
    pub(crate) status_lists: BTreeMap<String, StatusEvidence>,
    pub(crate) status_list_credentials: BTreeMap<String, StatusListCredentialEvidence>,
    pub(crate) did_documents: BTreeMap<String, Vec<u8>>,
    pub(crate) witness_proofs: BTreeMap<String, Vec<u8>>,
    pub(crate) issuer_documents: BTreeMap<String, Vec<u8>>,
    pub(crate) revocation_lists: BTreeMap<String, Vec<u8>>,
    pub(crate) type_metadata: BTreeMap<String, Vec<u8>>,
}

impl Network {
    fn answer(&self, evidence: &mut Evidence<'_>, want: Want) {
        match want {
            Want::StatusList { uri } => {
                let found = self.status_lists.get(&uri).cloned();
                evidence.add_status_list(uri, found.unwrap_or(StatusEvidence::Absent));
            }
            Want::StatusListCredential { url } => {
                let found = self.status_list_credentials.get(&url).cloned();
                evidence
                    .add_status_list_credential(url, found.unwrap_or(StatusListCredentialEvidence::Absent));
            }
            Want::DidDocument { did } => {
                let found = self.did_documents.get(did.as_str()).cloned();
                let found = found.map_or(DidDocumentEvidence::Absent, DidDocumentEvidence::Document);
                evidence.add_did_document(did, found);
            }
            Want::DidWitnessProofs { did } => {
                let found = self.witness_proofs.get(did.as_str()).cloned();
                let found = found.map_or(DocumentEvidence::Absent, DocumentEvidence::Document);
                evidence.add_did_witness_proofs(did, found);
            }
            Want::IssuerDocument { url } => {
                let found = self.issuer_documents.get(&url).cloned();
                let found = found.map_or(DocumentEvidence::Absent, DocumentEvidence::Document);
                evidence.add_issuer_document(url, found);
            }
            Want::RevocationList { url } => {
                let found = self.revocation_lists.get(&url);
                let found = found.map_or(RevocationListEvidence::Absent, |list| {
                    RevocationListEvidence::of_body(list)
                });
                evidence.add_revocation_list(url, found);
            }
            Want::TypeMetadata { vct } => {
                let found = self.type_metadata.get(&vct).cloned();
                let found = found.map_or(TypeMetadataEvidence::Absent, TypeMetadataEvidence::Document);
                evidence.add_type_metadata(vct, found);
            }
        }
    }
}

pub(crate) struct Outcome {
    pub(crate) report: Report,
    pub(crate) wanted: Vec<Want>,
}

/// Runs a session of one credential to its end, with `fetched` as the network.
pub(crate) fn run(
    text: &str,
    expected: Expected,
    policy: Policy,
    evidence: Evidence<'_>,
    fetched: &BTreeMap<String, StatusEvidence>,
    provider: &dyn CryptoProvider,
    now: UnixTime,
) -> Outcome {
    let network = Network {
        status_lists: fetched.clone(),
        ..Network::default()
    };
    let question = Question {
        input: text.as_bytes(),
        expected,
        policy,
        tools: Tools::without_json_ld(provider),
        now,
    };
    let (mut reports, wanted) = question.ask(evidence, &network);
    assert_eq!(reports.len(), 1);
    Outcome {
        report: reports.remove(0),
        wanted,
    }
}

/// What a session is asked.
pub(crate) struct Question<'q> {
    pub(crate) input: &'q [u8],
    pub(crate) expected: Expected,
    pub(crate) policy: Policy,
    pub(crate) tools: Tools<'q>,
    pub(crate) now: UnixTime,
}

impl Question<'_> {
    /// Runs a session to its end: the reports, and what was wanted on the way.
    pub(crate) fn ask(self, mut evidence: Evidence<'_>, network: &Network) -> (Vec<Report>, Vec<Want>) {
        let input = Input::open(self.input).unwrap();
        let mut session = VerificationSession::new(&input, self.expected, self.policy).unwrap();
        let mut wanted = Vec::new();
        for _ in 0..20 {
            match session.step(&evidence, self.tools, self.now) {
                Step::Done(reports) => return (reports, wanted),
                Step::Wants(wants) => {
                    for want in wants {
                        network.answer(&mut evidence, want.clone());
                        wanted.push(want);
                    }
                }
            }
        }
        panic!("the session does not end");
    }
}

/// That a report has four good answers, and that every check behind them passed and names its section.
#[track_caller]
pub(crate) fn all_is_good(report: &Report) {
    let states = (
        report.authentic.state,
        report.trusted.state,
        report.status.state,
        report.holder.state,
    );
    let good = (
        Authentic::Authentic,
        Trusted::Trusted,
        crate::report::Status::Good,
        Holder::ProvenByKey,
    );
    assert_eq!(states, good, "{report:?}");
    for check in report.checks() {
        assert_eq!(check.outcome, CheckOutcome::Passed, "{check:?}");
        assert!(!check.section.is_empty(), "{check:?}");
    }
}

/// Whether the bytes are no credential of any format.
pub(crate) fn is_unreadable(bytes: &[u8]) -> bool {
    match Input::open(bytes) {
        Ok(input) => VerificationSession::new(&input, Expected::Unchecked, Policy::CHECKPOINT).is_err(),
        Err(_) => true,
    }
}

pub(crate) fn names(claims: &Map<String, Value>) -> Vec<&str> {
    claims.keys().map(String::as_str).collect()
}

pub(crate) const SECOND: Duration = Duration::from_secs(1);
