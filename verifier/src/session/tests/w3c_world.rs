//! The issuer of [`World`] with a DID, its W3C credentials in every form, and a holder with a `did:key`.

use serde_json::{Map, Value, json};
use symbolon_credential::data_integrity::{
    Cryptosuite, JsonLd, JsonLdBudget, ProofOptions, ProofPurpose, ecdsa_sd_2023, prepare,
};
use symbolon_credential::w3c::jose::{PresentationToSign, prepare_credential};
use symbolon_credential::w3c::{
    BitstringStatusEntry, CredentialDocument, EnvelopeType, EnvelopedCredential, IssuerDescription,
    StatusPurpose, StatusSize, VerifiableCredential, cose,
};
use symbolon_crypto::cose::Tagging;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm, UnixTime};
use symbolon_data_integrity::SsiJsonLd;
use symbolon_did::{Did, DidUrl, did_key};
use symbolon_trust::bitstring_status_list::{BitstringStatusList, ListToPublish};
use symbolon_trust::testing::{DAY, NOW, TestKey};
use symbolon_trust::trust_list::{CredentialTypeRule, TrustList};

use super::world::{AUDIENCE, NONCE, Network, Question, World, bound};
use crate::report::Report;
use crate::{Evidence, Expected, Policy, StatusListCredentialEvidence, Tools};

pub(crate) const DID: &str = "did:web:issuer.example";
pub(crate) const TYPE: &str = "NationalIdentityCredential";
pub(crate) const TYPE_IRI: &str = "https://issuer.example/vocabulary#NationalIdentityCredential";
pub(crate) const CONTEXT: &str = "https://issuer.example/contexts/national-identity";
pub(crate) const REVOCATION: &str = "https://issuer.example/status/bitstring/0/revocation";
pub(crate) const SUSPENSION: &str = "https://issuer.example/status/bitstring/0/suspension";
pub(crate) const INDEX: u64 = 77;

pub(crate) struct W3cWorld {
    pub(crate) world: World,
    /// Signs as `#es256`.
    pub(crate) es256: TestKey,
    /// Signs as `#eddsa`.
    pub(crate) eddsa: TestKey,
    /// Listed for `authentication` alone, as `#login`.
    pub(crate) login: TestKey,
    pub(crate) json_ld: SsiJsonLd,
}

/// How a credential is secured.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Form {
    Eddsa,
    EddsaJcs,
    Ecdsa,
    EcdsaJcs,
    Selective,
    Jwt,
    Cose,
}

pub(crate) const FORMS: [Form; 7] = [
    Form::Eddsa,
    Form::EddsaJcs,
    Form::Ecdsa,
    Form::EcdsaJcs,
    Form::Selective,
    Form::Jwt,
    Form::Cose,
];

impl W3cWorld {
    pub(crate) fn new() -> Self {
        Self {
            world: World::new(),
            es256: TestKey::new(SignatureAlgorithm::Es256, 301),
            eddsa: TestKey::new(SignatureAlgorithm::EdDsa, 302),
            login: TestKey::new(SignatureAlgorithm::Es256, 303),
            json_ld: SsiJsonLd::new(),
        }
    }

    pub(crate) fn did_document(&self) -> Value {
        let method = |name: &str, key: &TestKey| {
            json!({
                "id": format!("{DID}#{name}"), "type": "JsonWebKey", "controller": DID,
                "publicKeyJwk": key.public_key().to_jwk(),
            })
        };
        json!({
            "@context": ["https://www.w3.org/ns/did/v1", "https://w3id.org/security/jwk/v1"],
            "id": DID,
            "verificationMethod": [
                method("es256", &self.es256), method("eddsa", &self.eddsa), method("login", &self.login),
            ],
            "assertionMethod": [format!("{DID}#es256"), format!("{DID}#eddsa")],
            "authentication": [format!("{DID}#login")],
        })
    }

    /// A trust list that has the issuer's DID, its document and its context.
    pub(crate) fn trust_list(&self) -> TrustList {
        let mut list = self.trust_list_without_document();
        list.did_documents.insert(did(), self.did_document());
        list
    }

    pub(crate) fn trust_list_without_document(&self) -> TrustList {
        let mut entry = self
            .world
            .issuer
            .entry(vec![CredentialTypeRule::Exactly(TYPE.to_owned())]);
        entry.dids = vec![did()];
        let mut list = self.world.registry.trust_list(vec![entry], NOW);
        let terms = [
            "NationalIdentityCredential",
            "givenName",
            "familyName",
            "birthDate",
            "address",
            "locality",
            "country",
            "picture",
        ];
        let terms: Map<String, Value> = terms
            .into_iter()
            .map(|term| {
                (
                    term.to_owned(),
                    json!(format!("https://issuer.example/vocabulary#{term}")),
                )
            })
            .collect();
        list.contexts
            .insert(CONTEXT.to_owned(), json!({ "@context": terms }));
        list
    }

    pub(crate) fn template(&self) -> CredentialDocument {
        let Value::Object(claims) = json!({
            "givenName": [{ "@value": "Amina", "@language": "fr" }, { "@value": "أمينة", "@language": "ar" }],
            "familyName": "Diallo", "birthDate": "1990-02-03",
            "address": { "locality": "Kaolack", "country": "SN" },
        }) else {
            panic!("claims are an object");
        };
        CredentialDocument {
            contexts: vec![CONTEXT.to_owned()],
            types: vec![TYPE.to_owned()],
            id: None,
            issuer: IssuerDescription {
                id: did(),
                name: Vec::new(),
            },
            name: Vec::new(),
            description: Vec::new(),
            valid_from: Some(NOW.minus(DAY)),
            valid_until: Some(NOW.plus(DAY * 30)),
            holder: Some(did_key(self.world.holder.public_key()).unwrap()),
            claims,
            status: vec![
                entry(StatusPurpose::Revocation, REVOCATION),
                entry(StatusPurpose::Suspension, SUSPENSION),
            ],
            schemas: Vec::new(),
            further: Map::new(),
        }
    }

    pub(crate) fn json_ld<'w>(
        &'w self,
        contexts: &'w symbolon_credential::data_integrity::ContextTable,
    ) -> JsonLd<'w> {
        JsonLd {
            processor: &self.json_ld,
            contexts,
            budget: JsonLdBudget::DEFAULT,
        }
    }

    pub(crate) fn contexts(&self) -> symbolon_credential::data_integrity::ContextTable {
        symbolon_credential::data_integrity::ContextTable::from_documents(self.trust_list().contexts).unwrap()
    }

    /// Adds a proof of this suite to a document.
    pub(crate) fn prove(
        &self,
        document: &Value,
        suite: Cryptosuite,
        key: &TestKey,
        method: &str,
        edit: impl FnOnce(&mut ProofOptions),
    ) -> Value {
        let mut options = ProofOptions {
            cryptosuite: suite,
            verification_method: method.to_owned(),
            purpose: ProofPurpose::AssertionMethod,
            created: Some(NOW),
            expires: None,
            domain: None,
            challenge: None,
        };
        edit(&mut options);
        let contexts = self.contexts();
        let prepared = prepare(document, &options, key.public_key(), &self.json_ld(&contexts)).unwrap();
        let signature = key.sign(&prepared.signature_request(key.handle()));
        prepared.finish(&signature)
    }

    /// The credential with a proof within; of ecdsa-sd-2023 with everything disclosed.
    pub(crate) fn embedded(&self, credential: &VerifiableCredential, form: Form) -> Value {
        let document = Value::Object(credential.document().clone());
        let (suite, key, method) = match form {
            Form::Eddsa => (Cryptosuite::EddsaRdfc2022, &self.eddsa, "eddsa"),
            Form::EddsaJcs => (Cryptosuite::EddsaJcs2022, &self.eddsa, "eddsa"),
            Form::Ecdsa => (Cryptosuite::EcdsaRdfc2019, &self.es256, "es256"),
            Form::EcdsaJcs => (Cryptosuite::EcdsaJcs2019, &self.es256, "es256"),
            Form::Selective => return self.selective(&document, &["/credentialSubject"]),
            Form::Jwt | Form::Cose => panic!("not within"),
        };
        self.prove(&document, suite, key, &format!("{DID}#{method}"), |_| {})
    }

    /// A derived document of ecdsa-sd-2023 that shows these, and what is always shown.
    pub(crate) fn selective(&self, document: &Value, shown: &[&str]) -> Value {
        let contexts = self.contexts();
        let shown: Vec<_> = shown.iter().map(|text| pointer(text)).collect();
        ecdsa_sd_2023::derive(&self.base(document), &shown, self.json_ld(&contexts)).unwrap()
    }

    /// The document with the base proof of ecdsa-sd-2023, as its holder keeps it.
    pub(crate) fn base(&self, document: &Value) -> Value {
        let contexts = self.contexts();
        let mandatory = [
            "/issuer",
            "/validFrom",
            "/validUntil",
            "/credentialStatus",
            "/credentialSubject/id",
        ];
        let method = format!("{DID}#es256");
        let base = ecdsa_sd_2023::BaseProof {
            document,
            mandatory: &mandatory.map(pointer),
            verification_method: &method,
            created: Some(NOW),
            expires: None,
        };
        let prepared = base
            .prepare(
                self.json_ld(&contexts),
                &RustCryptoProvider,
                &SeededRandomness::new(11),
            )
            .unwrap();
        let signature = self.es256.sign(&prepared.signature_request(self.es256.handle()));
        prepared.finish(&signature).unwrap()
    }

    pub(crate) fn jwt_with(&self, credential: &VerifiableCredential, key: &TestKey, method: &str) -> String {
        let method = DidUrl::parse(method).unwrap();
        let algorithm = key.public_key().algorithm();
        let prepared = prepare_credential(credential, algorithm, &method, &[]).unwrap();
        let signature = key.sign(&prepared.request(key.handle()));
        prepared.finish(&signature)
    }

    pub(crate) fn jwt(&self, credential: &VerifiableCredential) -> String {
        self.jwt_with(credential, &self.es256, &format!("{DID}#es256"))
    }

    fn cose(&self, credential: &VerifiableCredential) -> Vec<u8> {
        let method = DidUrl::parse(&format!("{DID}#es256")).unwrap();
        let prepared = cose::prepare_credential(credential, SignatureAlgorithm::Es256, &method).unwrap();
        let signature = self.es256.sign(&prepared.request(self.es256.handle()));
        prepared.finish(signature, Tagging::Tagged).unwrap()
    }

    /// A credential as its issuer hands it over, not presented.
    pub(crate) fn issue(&self, credential: &VerifiableCredential, form: Form) -> Vec<u8> {
        match form {
            Form::Jwt => self.jwt(credential).into_bytes(),
            Form::Cose => self.cose(credential),
            form => self.embedded(credential, form).to_string().into_bytes(),
        }
    }

    /// A presentation of a credential of this form for the verifier's request.
    pub(crate) fn present(&self, credential: &VerifiableCredential, form: Form) -> Vec<u8> {
        match form {
            Form::Jwt => {
                let token =
                    EnvelopedCredential::from_text(EnvelopeType::VcJwt, &self.jwt(credential)).unwrap();
                self.present_tokens(&[token], |_| {}).into_bytes()
            }
            Form::Cose => {
                let message = EnvelopedCredential::from_cose(self.cose(credential));
                self.present_tokens(&[message], |_| {}).into_bytes()
            }
            form => {
                let document = self.embedded(credential, form);
                self.present_documents(&[document], |_| {})
                    .to_string()
                    .into_bytes()
            }
        }
    }

    /// A `vp+jwt` by the holder.
    pub(crate) fn present_tokens(
        &self,
        credentials: &[EnvelopedCredential],
        edit: impl FnOnce(&mut PresentationToSign<'_>),
    ) -> String {
        let holder = &self.world.holder;
        let method = holder_method(holder);
        let mut presentation = PresentationToSign {
            credentials,
            key_id: &method,
            audience: AUDIENCE,
            nonce: NONCE,
            issued_at: NOW,
        };
        edit(&mut presentation);
        let prepared = presentation.prepare(SignatureAlgorithm::Es256).unwrap();
        let signature = holder.sign(&prepared.request(holder.handle()));
        prepared.finish(&signature)
    }

    /// A presentation with the holder's proof within.
    pub(crate) fn present_documents(
        &self,
        credentials: &[Value],
        edit: impl FnOnce(&mut ProofOptions),
    ) -> Value {
        self.present_documents_as(&self.world.holder, credentials, edit)
    }

    pub(crate) fn present_documents_as(
        &self,
        holder: &TestKey,
        credentials: &[Value],
        edit: impl FnOnce(&mut ProofOptions),
    ) -> Value {
        let method = holder_method(holder);
        let document = json!({
            "@context": ["https://www.w3.org/ns/credentials/v2"],
            "type": ["VerifiablePresentation"],
            "holder": method.did(),
            "verifiableCredential": credentials,
        });
        self.prove(
            &document,
            Cryptosuite::EcdsaRdfc2019,
            holder,
            &method.to_string(),
            |options| {
                options.purpose = ProofPurpose::Authentication;
                options.challenge = Some(NONCE.to_owned());
                options.domain = Some(AUDIENCE.to_owned());
                edit(options);
            },
        )
    }

    /// The usual presentation of the usual credential.
    pub(crate) fn presentation(&self, form: Form) -> Vec<u8> {
        self.present(&self.template().build().unwrap(), form)
    }

    /// The published lists, in which these indices are set.
    pub(crate) fn network(&self, revoked: &[u64], suspended: &[u64]) -> Network {
        let lists = [
            (
                REVOCATION,
                self.list(REVOCATION, StatusPurpose::Revocation, revoked),
            ),
            (
                SUSPENSION,
                self.list(SUSPENSION, StatusPurpose::Suspension, suspended),
            ),
        ];
        Network {
            status_list_credentials: lists
                .map(|(url, list)| {
                    let token = self.jwt(&list);
                    (url.to_owned(), StatusListCredentialEvidence::Credential(token))
                })
                .into(),
            did_documents: [(DID.to_owned(), self.did_document().to_string().into_bytes())].into(),
            ..Network::default()
        }
    }

    /// The credential that publishes a list.
    pub(crate) fn list(&self, url: &str, purpose: StatusPurpose, set: &[u64]) -> VerifiableCredential {
        self.list_until(url, purpose, set, NOW.plus(DAY))
    }

    pub(crate) fn list_until(
        &self,
        url: &str,
        purpose: StatusPurpose,
        set: &[u64],
        valid_until: UnixTime,
    ) -> VerifiableCredential {
        let mut list = BitstringStatusList::zeros(StatusSize::ONE, 1_000);
        for index in set {
            list.set(*index, 1).unwrap();
        }
        ListToPublish {
            url,
            issuer: &did(),
            purpose,
            valid_from: NOW,
            valid_until: Some(valid_until),
            time_to_live: None,
            list: &list.encoded(),
            messages: &[],
        }
        .document()
        .unwrap()
    }

    pub(crate) fn verify(&self, input: &[u8]) -> Report {
        self.verify_with(input, bound(), Policy::RELYING_PARTY)
    }

    pub(crate) fn verify_with(&self, input: &[u8], expected: Expected, policy: Policy) -> Report {
        let mut reports = self.reports(
            input,
            expected,
            policy,
            &self.trust_list(),
            &self.network(&[], &[]),
        );
        assert_eq!(reports.len(), 1);
        reports.remove(0)
    }

    pub(crate) fn verify_against(&self, input: &[u8], list: &TrustList) -> Report {
        let network = self.network(&[], &[]);
        self.reports(input, bound(), Policy::RELYING_PARTY, list, &network)
            .remove(0)
    }

    pub(crate) fn reports(
        &self,
        input: &[u8],
        expected: Expected,
        policy: Policy,
        trust_list: &TrustList,
        network: &Network,
    ) -> Vec<Report> {
        self.question(input, expected, policy)
            .ask(Evidence::online(trust_list), network)
            .0
    }

    pub(crate) fn question<'q>(
        &'q self,
        input: &'q [u8],
        expected: Expected,
        policy: Policy,
    ) -> Question<'q> {
        Question {
            input,
            expected,
            policy,
            tools: Tools::with_json_ld(&self.world.provider, &self.json_ld),
            now: NOW,
        }
    }
}

fn pointer(text: &str) -> ecdsa_sd_2023::JsonPointer {
    ecdsa_sd_2023::JsonPointer::parse(text).unwrap()
}

pub(crate) fn did() -> Did {
    Did::parse(DID).unwrap()
}

pub(crate) fn entry(purpose: StatusPurpose, list: &str) -> BitstringStatusEntry {
    BitstringStatusEntry {
        id: None,
        purpose,
        index: INDEX,
        list: list.to_owned(),
        size: StatusSize::ONE,
        messages: Vec::new(),
    }
}

/// The verification method of a key's `did:key`.
pub(crate) fn holder_method(key: &TestKey) -> DidUrl {
    let did = did_key(key.public_key()).unwrap();
    did.with_fragment(did.method_specific_identifier()).unwrap()
}

/// A claim about the subject.
pub(crate) fn subject_member<'r>(report: &'r Report, name: &str) -> Option<&'r Value> {
    report.claims.get("credentialSubject")?.get(name)
}
