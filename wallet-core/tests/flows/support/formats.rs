//! What the issuer issues in each format, and the tricks of a bad one.

use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Map, Value, json};
use symbolon_credential::data_integrity::ecdsa_sd_2023::{BaseProof, JsonPointer};
use symbolon_credential::data_integrity::{
    ContextTable, Cryptosuite, JsonLd, JsonLdBudget, ProofOptions, ProofPurpose, prepare,
};
use symbolon_credential::mdoc::{
    DigestAlgorithm, DigestIds, DocType, ElementIdentifier, ElementValue, IssuerAuthHeader,
    KeyAuthorizations, MdocToIssue, MdocValidity, NameSpace,
};
use symbolon_credential::status::StatusReference;
use symbolon_credential::w3c::jose::prepare_credential;
use symbolon_credential::w3c::{
    BitstringStatusEntry, CredentialDocument, IssuerDescription, LanguageText, StatusPurpose,
};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, PublicKey, RustCryptoProvider, SignatureAlgorithm, UnixTime};
use symbolon_data_integrity::SsiJsonLd;
use symbolon_did::did_key;

use super::certificates::certificates;
use super::dids::{DidKey, dids};
use super::issuer::IssuerTrick;

pub(crate) const DOCTYPE: &str = "org.symbolon.national-id.1";
/// The namespace of what devices sign of their own.
pub(crate) const TRANSACTIONS: &str = "org.example.transaction";
pub(crate) const NAMESPACE: &str = "org.symbolon.national-id.1";
pub(crate) const W3C_TYPE: &str = "NationalIdentityCredential";
pub(crate) const W3C_TYPE_IRI: &str = "https://issuer.example/terms#NationalIdentityCredential";
pub(crate) const CONTEXT: &str = "https://issuer.example/contexts/national-identity";

/// The formats and suites that the issuer issues.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Kind {
    Mdoc,
    Jwt,
    /// A JWT of VCDM 1.1, which others still issue.
    LegacyJwt,
    EddsaRdfc,
    EcdsaRdfc,
    EddsaJcs,
    EcdsaJcs,
    EcdsaSd,
}

impl Kind {
    pub(crate) const ALL: [Self; 7] = [
        Self::Mdoc,
        Self::Jwt,
        Self::EddsaRdfc,
        Self::EcdsaRdfc,
        Self::EddsaJcs,
        Self::EcdsaJcs,
        Self::EcdsaSd,
    ];

    /// The configuration that it is offered by.
    pub(crate) const fn configuration(self) -> &'static str {
        match self {
            Self::Mdoc => "mdoc",
            Self::Jwt => "jwt",
            Self::LegacyJwt => "jwt-1.1",
            Self::EddsaRdfc => "eddsa-rdfc-2022",
            Self::EcdsaRdfc => "ecdsa-rdfc-2019",
            Self::EddsaJcs => "eddsa-jcs-2022",
            Self::EcdsaJcs => "ecdsa-jcs-2019",
            Self::EcdsaSd => "ecdsa-sd-2023",
        }
    }

    fn of(configuration: &str) -> Option<Self> {
        Self::ALL
            .into_iter()
            .chain([Self::LegacyJwt])
            .find(|kind| kind.configuration() == configuration)
    }

    pub(crate) const fn format(self) -> &'static str {
        match self {
            Self::Mdoc => "mso_mdoc",
            Self::Jwt | Self::LegacyJwt => "jwt_vc_json",
            _ => "ldp_vc",
        }
    }

    /// The configuration as metadata has it.
    pub(crate) fn metadata(self) -> Value {
        let types = json!(["VerifiableCredential", W3C_TYPE]);
        let mut metadata = json!({
            "format": self.format(),
            "proof_types_supported": { "jwt": { "proof_signing_alg_values_supported": ["ES256"] } },
            "credential_metadata": {
                "display": [{ "name": "Identité nationale", "locale": "fr" }],
                "claims": [
                    { "path": self.path(&["family_name"]), "display": [{ "name": "Nom", "locale": "fr" }] },
                    { "path": self.path(&["given_name"]), "display": [{ "name": "Prénom", "locale": "fr" }] },
                ],
            },
        });
        match self {
            Self::Mdoc => {
                metadata["doctype"] = json!(DOCTYPE);
                metadata["credential_signing_alg_values_supported"] = json!([-7]);
                metadata["cryptographic_binding_methods_supported"] = json!(["cose_key"]);
            }
            Self::Jwt | Self::LegacyJwt => {
                metadata["credential_definition"] = json!({ "type": types });
                metadata["credential_signing_alg_values_supported"] = json!(["ES256"]);
                metadata["cryptographic_binding_methods_supported"] = json!(["jwk"]);
            }
            suite => {
                let contexts = json!(["https://www.w3.org/ns/credentials/v2", CONTEXT]);
                metadata["credential_definition"] = json!({ "@context": contexts, "type": types });
                metadata["credential_signing_alg_values_supported"] = json!([suite.configuration()]);
                metadata["cryptographic_binding_methods_supported"] = json!(["did:key"]);
            }
        }
        metadata
    }

    /// Where a claim stands in this format.
    pub(crate) fn path(self, parts: &[&str]) -> Value {
        let framing = match self {
            Self::Mdoc => NAMESPACE,
            _ => "credentialSubject",
        };
        let mut path = vec![framing];
        path.extend(parts);
        json!(path)
    }

    /// A query for claims of a credential of this kind.
    pub(crate) fn query(self, id: &str, claims: &[Value]) -> Value {
        let meta = match self {
            Self::Mdoc => json!({ "doctype_value": DOCTYPE }),
            _ => json!({ "type_values": [[W3C_TYPE_IRI]] }),
        };
        let mut query = json!({ "id": id, "format": self.format(), "meta": meta });
        if !claims.is_empty() {
            query["claims"] = claims.iter().map(|path| json!({ "path": path })).collect();
        }
        query
    }
}

/// What the wallet's policy and the verifier have of contexts.
pub(crate) fn contexts() -> ContextTable {
    let term = |name: &str| {
        (
            name.to_owned(),
            json!(format!("https://issuer.example/terms#{name}")),
        )
    };
    let terms: Map<String, Value> = [
        W3C_TYPE,
        "given_name",
        "family_name",
        "birth_date",
        "age_over_18",
        "address",
        "street",
        "locality",
        "country",
        "nationalities",
        "document_number",
        "full_name",
    ]
    .into_iter()
    .map(term)
    .collect();
    ContextTable::from_documents([(CONTEXT.to_owned(), json!({ "@context": terms }))]).unwrap()
}

pub(crate) static PROCESSOR: LazyLock<SsiJsonLd> = LazyLock::new(SsiJsonLd::new);
static CONTEXTS: LazyLock<ContextTable> = LazyLock::new(contexts);

pub(crate) fn json_ld() -> JsonLd<'static> {
    JsonLd {
        processor: &*PROCESSOR,
        contexts: &CONTEXTS,
        budget: JsonLdBudget::DEFAULT,
    }
}

/// Issues what `configuration` names; `None` when it is an SD-JWT VC.
pub(crate) fn issue(
    configuration: &str,
    holder: &PublicKey,
    trick: IssuerTrick,
    now: UnixTime,
    index: u64,
    person: &Map<String, Value>,
) -> Option<Value> {
    let kind = Kind::of(configuration)?;
    let somebody = RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(index + 500))
        .unwrap()
        .public_key();
    let holder = match trick {
        IssuerTrick::CredentialForAnotherKey => &somebody,
        _ => holder,
    };
    let order = Order {
        holder,
        trick,
        now,
        index,
        person,
    };
    Some(match kind {
        Kind::Mdoc => Value::from(mdoc(&order)),
        Kind::Jwt => Value::from(jwt(&order)),
        Kind::LegacyJwt => Value::from(legacy_jwt(&order)),
        suite => ldp(suite, &order),
    })
}

/// What is to be issued to whom.
struct Order<'o> {
    holder: &'o PublicKey,
    trick: IssuerTrick,
    now: UnixTime,
    index: u64,
    person: &'o Map<String, Value>,
}

const DAY: Duration = Duration::from_secs(86_400);

fn times(trick: IssuerTrick, now: UnixTime) -> (UnixTime, UnixTime) {
    match trick {
        IssuerTrick::CredentialExpired => (now.minus(DAY * 3), now.minus(DAY)),
        IssuerTrick::CredentialNotYetValid => (now.plus(DAY), now.plus(DAY * 300)),
        _ => (now, now.plus(DAY * 300)),
    }
}

fn mdoc(order: &Order<'_>) -> String {
    let (trick, now, index) = (order.trick, order.now, order.index);
    let signer = match trick {
        IssuerTrick::CredentialSignedByStranger => &certificates().stranger_document_signer,
        IssuerTrick::CredentialSignedByAnotherListedIssuer => &certificates().neighbour_document_signer,
        // A certificate of the same issuer that is not for mdocs.
        IssuerTrick::CredentialSignedByAnotherKind => &certificates().issuer,
        _ => &certificates().document_signer,
    };
    let doc_type = match trick {
        IssuerTrick::CredentialOfAnotherType => "org.iso.18013.5.1.mDL",
        _ => DOCTYPE,
    };
    let mut claims = order.person.clone();
    claims.insert("full_name".to_owned(), full_name("language", "value"));
    let elements = claims
        .iter()
        .map(|(name, value)| {
            (
                ElementIdentifier::parse(name).unwrap(),
                ElementValue::from_json(value).unwrap(),
            )
        })
        .collect();
    let (valid_from, valid_until) = times(trick, now);
    let issued = MdocToIssue {
        doc_type: DocType::parse(doc_type).unwrap(),
        elements: vec![(NameSpace::parse(NAMESPACE).unwrap(), elements)],
        validity: MdocValidity {
            signed: valid_from.min(now),
            valid_from,
            valid_until,
            expected_update: None,
        },
        status: Some(StatusReference::new("https://issuer.example/status/2", index).unwrap()),
        device_key: order.holder.clone(),
        key_authorizations: KeyAuthorizations::of_elements(vec![(
            NameSpace::parse(TRANSACTIONS).unwrap(),
            ElementIdentifier::parse("hashes").unwrap(),
        )]),
        digest_algorithm: DigestAlgorithm::Sha256,
        digest_ids: DigestIds::Shuffled,
    };
    let header = IssuerAuthHeader::new(SignatureAlgorithm::Es256, &signer.chain()).unwrap();
    let prepared = issued.prepare(&header, &SeededRandomness::new(index)).unwrap();
    let request = prepared.request(symbolon_crypto::signing::KeyHandle::new("any"));
    let mut bytes = prepared.finish(&signer.sign(&request.bytes)).unwrap();
    match trick {
        IssuerTrick::CredentialFlipped => *bytes.last_mut().unwrap() ^= 1,
        IssuerTrick::CredentialAltered => {
            let at = bytes.windows(5).position(|window| window == b"Amina").unwrap();
            bytes[at] = b'E';
        }
        _ => {}
    }
    base64url::encode(&bytes)
}

/// A name in two languages, in the words of a format.
fn full_name(language: &str, value: &str) -> Value {
    json!([
        { language: "fr", value: "Amina Diallo" },
        { language: "ar", value: "أمينة ديالو" },
    ])
}

fn document(signer: &DidKey, order: &Order<'_>) -> Value {
    let (trick, now, index) = (order.trick, order.now, order.index);
    let mut claims = order.person.clone();
    claims.insert("full_name".to_owned(), full_name("@language", "@value"));
    let (valid_from, valid_until) = times(trick, now);
    let list = "https://issuer.example/status/3";
    let document = CredentialDocument {
        contexts: vec![CONTEXT.to_owned()],
        types: vec![W3C_TYPE.to_owned()],
        id: None,
        issuer: IssuerDescription {
            id: signer.did().clone(),
            name: vec![LanguageText::new("Registre national", "fr")],
        },
        name: Vec::new(),
        description: Vec::new(),
        valid_from: Some(valid_from),
        valid_until: Some(valid_until),
        holder: (trick != IssuerTrick::CredentialWithoutKey).then(|| did_key(order.holder).unwrap()),
        claims,
        status: vec![
            BitstringStatusEntry::new(StatusPurpose::Revocation, list, index),
            BitstringStatusEntry::new(StatusPurpose::Suspension, list, index),
        ],
        schemas: Vec::new(),
        further: Map::new(),
    };
    let mut document = Value::Object(document.build().unwrap().into_document());
    match trick {
        IssuerTrick::CredentialOfAnotherType => {
            document["type"] = json!(["VerifiableCredential"]);
        }
        // The document names the registry; whoever signed it is somebody else.
        IssuerTrick::CredentialSignedByStranger | IssuerTrick::CredentialSignedByAnotherListedIssuer => {
            document["issuer"]["id"] = json!(dids().ecdsa.did().as_str());
        }
        _ => {}
    }
    document
}

fn signer(algorithm: SignatureAlgorithm, trick: IssuerTrick) -> &'static DidKey {
    let dids = dids();
    match (trick, algorithm) {
        (IssuerTrick::CredentialSignedByStranger, _) => &dids.stranger,
        (
            IssuerTrick::CredentialSignedByAnotherListedIssuer | IssuerTrick::CredentialNamesAnotherIssuer,
            _,
        ) => &dids.neighbour,
        (IssuerTrick::CredentialSignedByAnotherKind, _) => &dids.authentication,
        (_, SignatureAlgorithm::EdDsa) => &dids.eddsa,
        _ => &dids.ecdsa,
    }
}

fn jwt(order: &Order<'_>) -> String {
    let trick = order.trick;
    let signer = signer(SignatureAlgorithm::Es256, trick);
    let document = document(signer, order);
    let jwt = match symbolon_credential::w3c::VerifiableCredential::from_value(document.clone()) {
        Ok(credential) if credential.issuer() == signer.did().as_str() => {
            prepare_credential(&credential, signer.algorithm(), &signer.method, &[]).unwrap()
        }
        // What no honest issuer would sign.
        _ => {
            let header = json!({ "typ": "vc+jwt", "cty": "vc", "kid": signer.method.to_string() });
            symbolon_crypto::jose::jws::prepare(
                signer.algorithm(),
                header.as_object().unwrap(),
                document.to_string().as_bytes(),
            )
        }
    };
    let signature = signer.sign(jwt.signing_input().as_bytes());
    let text = jwt.finish(&signature);
    match trick {
        IssuerTrick::CredentialFlipped | IssuerTrick::CredentialAltered => {
            let at = text.rfind('.').unwrap() + 5;
            let replacement = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
            format!("{}{replacement}{}", &text[..at], &text[at + 1..])
        }
        _ => text,
    }
}

fn legacy_jwt(order: &Order<'_>) -> String {
    let signer = &dids().ecdsa;
    let header = json!({ "typ": "JWT", "kid": signer.method.to_string() });
    let payload = json!({
        "iss": signer.did().as_str(),
        "sub": did_key(order.holder).unwrap().as_str(),
        "nbf": order.now,
        "exp": order.now.plus(DAY * 300),
        "vc": {
            "@context": ["https://www.w3.org/2018/credentials/v1", CONTEXT],
            "type": ["VerifiableCredential", W3C_TYPE],
            "credentialSubject": order.person,
        },
    });
    let jwt = symbolon_crypto::jose::jws::prepare(
        signer.algorithm(),
        header.as_object().unwrap(),
        payload.to_string().as_bytes(),
    );
    let signature = signer.sign(jwt.signing_input().as_bytes());
    jwt.finish(&signature)
}

fn ldp(kind: Kind, order: &Order<'_>) -> Value {
    let (trick, now) = (order.trick, order.now);
    let algorithm = match kind {
        Kind::EddsaRdfc | Kind::EddsaJcs => SignatureAlgorithm::EdDsa,
        _ => SignatureAlgorithm::Es256,
    };
    let signer = signer(algorithm, trick);
    let document = document(signer, order);
    let mut secured = match Cryptosuite::from_name(kind.configuration()) {
        Some(suite) => {
            let cryptosuite = match (signer.algorithm(), suite) {
                (SignatureAlgorithm::Es256, Cryptosuite::EddsaRdfc2022) => Cryptosuite::EcdsaRdfc2019,
                (SignatureAlgorithm::Es256, Cryptosuite::EddsaJcs2022) => Cryptosuite::EcdsaJcs2019,
                (_, suite) => suite,
            };
            let options = ProofOptions {
                cryptosuite,
                verification_method: signer.method.to_string(),
                purpose: match trick {
                    IssuerTrick::ProofOfAnotherPurpose => ProofPurpose::Authentication,
                    _ => ProofPurpose::AssertionMethod,
                },
                created: Some(now),
                expires: None,
                domain: None,
                challenge: None,
            };
            let prepared = prepare(&document, &options, signer.public_key(), &json_ld()).unwrap();
            let signature = signer.sign(prepared.signing_input());
            prepared.finish(&signature)
        }
        None => sign_base_proof(&document, signer, now, order.index),
    };
    match trick {
        IssuerTrick::CredentialFlipped => {
            let value = secured["proof"]["proofValue"].as_str().unwrap();
            // Within the signature, whichever form the value has.
            let at = 20;
            let replacement = if value.as_bytes()[at] == b'a' { "b" } else { "a" };
            let changed = format!("{}{replacement}{}", &value[..at], &value[at + 1..]);
            secured["proof"]["proofValue"] = json!(changed);
        }
        IssuerTrick::CredentialAltered => secured["credentialSubject"]["given_name"] = json!("Emina"),
        IssuerTrick::CredentialWithForeignTerm => secured["credentialSubject"]["judge"] = json!(true),
        IssuerTrick::CredentialWithOwnContext => {
            let contexts = secured["@context"].as_array_mut().unwrap();
            contexts.push(json!({ "judge": "https://issuer.example/terms#given_name" }));
        }
        IssuerTrick::CredentialWithUnknownContext => {
            let contexts = secured["@context"].as_array_mut().unwrap();
            contexts.push(json!("https://issuer.example/contexts/new"));
        }
        IssuerTrick::ProofOfAnotherPurpose if kind == Kind::EcdsaSd => {
            secured["proof"]["proofPurpose"] = json!("authentication");
        }
        IssuerTrick::CredentialWithoutProof => {
            secured.as_object_mut().unwrap().shift_remove("proof");
        }
        _ => {}
    }
    secured
}

/// What the holder of an `ecdsa-sd-2023` credential cannot withhold.
const MANDATORY: [&str; 6] = [
    "/issuer",
    "/validFrom",
    "/validUntil",
    "/credentialStatus",
    "/credentialSubject/id",
    "/credentialSubject/document_number",
];

fn sign_base_proof(document: &Value, signer: &DidKey, now: UnixTime, index: u64) -> Value {
    let mandatory: Vec<JsonPointer> = MANDATORY
        .iter()
        .map(|text| JsonPointer::parse(text).unwrap())
        .collect();
    let proof = BaseProof {
        document,
        mandatory: &mandatory,
        verification_method: &signer.method.to_string(),
        created: Some(now),
        expires: None,
    };
    let prepared = proof
        .prepare(json_ld(), &RustCryptoProvider, &SeededRandomness::new(index))
        .unwrap();
    let signature = signer.sign(prepared.signing_input());
    prepared.finish(&signature).unwrap()
}
