//! An issuing authority, a device and an mdoc of theirs.

use std::sync::Arc;

use symbolon_credential::mdoc::{
    DigestAlgorithm, DigestIds, DocType, ElementIdentifier, ElementValue, FullDate, IssuerAuthHeader,
    IssuerSigned, KeyAuthorizations, MdocBudget, MdocToIssue, MdocValidity, NameSpace, SessionTranscript,
};
use symbolon_credential::status::StatusReference;
use symbolon_crypto::signing::{KeyDescription, KeyHandle, SoftwareKey};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::issue::{
    CountryCode, DocumentSignerRequest, IacaRequest, Validity, document_signer, iaca_root,
};
use symbolon_crypto::x509::{Certificate, ChainProfile, VerifiedChain, verify_chain};
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime};

pub(crate) const NOW: UnixTime = UnixTime::from_seconds(1_750_000_000);
pub(crate) const DOC_TYPE: &str = "org.iso.18013.5.1.mDL";
pub(crate) const SPACE: &str = "org.iso.18013.5.1";
pub(crate) const OTHER_SPACE: &str = "org.iso.18013.5.1.aamva";
pub(crate) const BUDGET: MdocBudget = MdocBudget::DEFAULT;

const DAY: i64 = 86_400;

pub(crate) fn secret(algorithm: SignatureAlgorithm, seed: u64) -> SecretKey {
    RustCryptoProvider
        .generate_key(algorithm, &SeededRandomness::new(seed))
        .unwrap()
}

fn at(days: i64) -> UnixTime {
    UnixTime::from_seconds(NOW.seconds() + days * DAY)
}

/// An authority with one document signer.
pub(crate) struct Authority {
    pub(crate) signer: SecretKey,
    pub(crate) signer_certificate: Certificate,
    pub(crate) chain: VerifiedChain,
    pub(crate) header: IssuerAuthHeader,
}

impl Authority {
    pub(crate) fn new(seed: u64) -> Self {
        let randomness = SeededRandomness::new(seed);
        let root_secret = secret(SignatureAlgorithm::Es256, seed);
        let root_key = KeyDescription {
            handle: KeyHandle::new("iaca"),
            public_key: root_secret.public_key(),
        };
        let software = SoftwareKey::new(root_key.handle.clone(), root_secret, Arc::new(RustCryptoProvider));
        let request = IacaRequest {
            subject_name: "Mobile documents".to_owned(),
            country: CountryCode::parse("UT").unwrap(),
            contact_uri: "https://issuer.example".to_owned(),
            validity: Validity {
                not_before: at(-100),
                not_after: at(1000),
            },
            revocation_list_uri: None,
        };
        let root = iaca_root(&request, &root_key, &software, &randomness).unwrap();
        let root = Certificate::parse(&root).unwrap();
        let signer = secret(SignatureAlgorithm::Es256, seed + 1);
        let request = DocumentSignerRequest {
            subject_name: "Document signer".to_owned(),
            contact_uri: "https://issuer.example".to_owned(),
            validity: Validity {
                not_before: at(-10),
                not_after: at(200),
            },
            public_key: signer.public_key(),
        };
        let der = document_signer(&request, &root, &root_key, &software, &randomness).unwrap();
        let signer_certificate = Certificate::parse(&der).unwrap();
        let chain = verify_chain(
            std::slice::from_ref(&signer_certificate),
            &[root],
            ChainProfile::DocumentSigner,
            NOW,
            &RustCryptoProvider,
        )
        .unwrap();
        Self {
            signer,
            signer_certificate,
            chain,
            header: IssuerAuthHeader::new(SignatureAlgorithm::Es256, &[der]).unwrap(),
        }
    }

    pub(crate) fn issue(&self, mdoc: &MdocToIssue) -> Vec<u8> {
        let prepared = mdoc.prepare(&self.header, &SeededRandomness::new(99)).unwrap();
        let request = prepared.request(KeyHandle::new("signer"));
        prepared
            .finish(&RustCryptoProvider.sign(&self.signer, &request.bytes).unwrap())
            .unwrap()
    }
}

pub(crate) fn element(name: &str, value: ElementValue) -> (ElementIdentifier, ElementValue) {
    (ElementIdentifier::parse(name).unwrap(), value)
}

pub(crate) fn to_issue(device: &SecretKey) -> MdocToIssue {
    let privileges = vec![ElementValue::Map(vec![
        (
            ElementValue::Text("vehicle_category_code".to_owned()),
            ElementValue::Text("B".to_owned()),
        ),
        (
            ElementValue::Text("issue_date".to_owned()),
            ElementValue::FullDate(FullDate::parse("2018-08-09").unwrap()),
        ),
    ])];
    MdocToIssue {
        doc_type: DocType::parse(DOC_TYPE).unwrap(),
        elements: vec![
            (
                NameSpace::parse(SPACE).unwrap(),
                vec![
                    element("family_name", ElementValue::Text("Okafor".to_owned())),
                    element("given_name", ElementValue::Text("Asha".to_owned())),
                    element(
                        "birth_date",
                        ElementValue::FullDate(FullDate::parse("1984-04-18").unwrap()),
                    ),
                    element("portrait", ElementValue::Bytes(vec![0xff, 0xd8, 0xff, 0xe0])),
                    element("driving_privileges", ElementValue::Array(privileges)),
                    element("age_over_18", ElementValue::Bool(true)),
                ],
            ),
            (
                NameSpace::parse(OTHER_SPACE).unwrap(),
                vec![element("organ_donor", ElementValue::Unsigned(1))],
            ),
        ],
        validity: MdocValidity {
            signed: NOW,
            valid_from: NOW,
            valid_until: at(30),
            expected_update: None,
        },
        status: Some(StatusReference::new("https://issuer.example/status/1", 412).unwrap()),
        device_key: device.public_key(),
        key_authorizations: KeyAuthorizations::default(),
        digest_algorithm: DigestAlgorithm::Sha256,
        digest_ids: DigestIds::Shuffled,
    }
}

pub(crate) fn transcript(nonce: &str) -> SessionTranscript {
    SessionTranscript::openid4vp("x509_hash:abc", nonce, None, "https://verifier.example/response")
}

/// Presents some elements, signed by the device.
pub(crate) fn present(
    issued: &[u8],
    selection: &[(&str, &str)],
    device: &SecretKey,
    transcript: &SessionTranscript,
) -> Vec<u8> {
    let held = IssuerSigned::parse(issued, BUDGET).unwrap();
    let prepared = held.present(selection).unwrap().prepare(transcript);
    let request = prepared.request(KeyHandle::new("device"));
    assert_eq!(request.algorithm, device.algorithm());
    prepared
        .finish(&RustCryptoProvider.sign(device, &request.bytes).unwrap())
        .unwrap()
}
