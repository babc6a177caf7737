//! ISO mdocs: what an issuer hands over and what a device presents.

use std::sync::LazyLock;

use symbolon_credential::mdoc::{
    DateTime, DeviceAuthentication, DeviceResponse, DigestAlgorithm, DigestIds, DocType, ElementIdentifier,
    ElementValue, FullDate, IssuerAuthHeader, IssuerSigned, KeyAuthorizations, MdocBudget, MdocToIssue,
    MdocValidity, NameSpace, SessionTranscript,
};
use symbolon_credential::status::StatusReference;
use symbolon_crypto::x509::issue::{
    CountryCode, DocumentSignerRequest, IacaRequest, Validity, document_signer, iaca_root,
};
use symbolon_crypto::x509::{Certificate, ChainProfile, VerifiedChain, verify_chain};
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};

use crate::seeds::{DAY, NOW, Repeating, Signer, TRUSTING_PROVIDER, WORLD};
use crate::{Reading, Target};

/// What OpenID4VCI hands over.
pub(super) const ISSUER_SIGNED: Target = Target {
    name: "mdoc_issuer_signed",
    run: |input| {
        let mdoc = match IssuerSigned::parse(input, MdocBudget::DEFAULT) {
            Ok(mdoc) => mdoc,
            Err(error) => return Reading::refused(&error),
        };
        let _ = (
            mdoc.claims(),
            mdoc.validity().check(NOW, DAY),
            mdoc.status().reference(),
        );
        let all: Vec<(String, String)> = mdoc
            .elements()
            .map(|element| (element.name_space().to_owned(), element.identifier().to_owned()))
            .collect();
        let all: Vec<(&str, &str)> = all
            .iter()
            .map(|(space, name)| (space.as_str(), name.as_str()))
            .collect();
        let presentation = mdoc.present(&all).expect("what is held can be presented");
        let prepared = presentation.prepare(&transcript());
        let signature = vec![7; mdoc.device_key().algorithm().signature_bytes()];
        let response = prepared
            .finish(&signature)
            .expect("a signature of the right length is taken");
        let read =
            DeviceResponse::parse(&response, MdocBudget::DEFAULT).expect("what is presented can be read");
        let document = read.only_document().expect("one document was presented");
        assert_eq!(
            document.issuer_signed().claims(),
            mdoc.claims(),
            "what was presented is what was held"
        );
        let _ = mdoc.verify(&WORLD_OF_MDOCS.chain, &TRUSTING_PROVIDER);
        Reading::Accepted
    },
    seeds: || WORLD_OF_MDOCS.issued.clone(),
};

/// What a verifier receives.
pub(super) const DEVICE_RESPONSE: Target = Target {
    name: "mdoc_device_response",
    run: |input| {
        let response = match DeviceResponse::parse(input, MdocBudget::DEFAULT) {
            Ok(response) => response,
            Err(error) => return Reading::refused(&error),
        };
        for document in response.documents() {
            for element in document.device_elements() {
                let _ = element.value().to_json();
            }
        }
        let document = match response.only_document() {
            Ok(document) => document,
            Err(error) => return Reading::refused(&error),
        };
        let accepted = DeviceAuthentication::SignatureOrMac {
            reader_key: WORLD.issuer.secret(),
        };
        let verified = document.verify(&WORLD_OF_MDOCS.chain, &transcript(), accepted, &TRUSTING_PROVIDER);
        Reading::of(&verified.map(|_| ()))
    },
    seeds: || WORLD_OF_MDOCS.presented.clone(),
};

/// Certificates of the profiles of ISO/IEC 18013-5.
pub(super) fn certificates() -> Vec<Vec<u8>> {
    vec![
        WORLD_OF_MDOCS.root.der().to_vec(),
        WORLD_OF_MDOCS.chain.leaf().der().to_vec(),
    ]
}

/// An mdoc as OpenID4VCI hands it over.
pub(super) fn issued() -> &'static [u8] {
    WORLD_OF_MDOCS
        .issued
        .first()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// An mdoc as it is presented.
pub(super) fn presented() -> &'static [u8] {
    WORLD_OF_MDOCS
        .presented
        .first()
        .map(Vec::as_slice)
        .unwrap_or_default()
}

fn transcript() -> SessionTranscript {
    SessionTranscript::openid4vp(
        super::sd_jwt::AUDIENCE,
        super::sd_jwt::NONCE,
        None,
        "https://clinic.example/responses/1",
    )
}

struct Mdocs {
    root: Certificate,
    chain: VerifiedChain,
    issued: Vec<Vec<u8>>,
    presented: Vec<Vec<u8>>,
}

static WORLD_OF_MDOCS: LazyLock<Mdocs> = LazyLock::new(|| {
    let root_key = Signer::new(SignatureAlgorithm::Es256, 31);
    let signer = Signer::new(SignatureAlgorithm::Es256, 32);
    let validity = |days: u32| Validity {
        not_before: NOW.minus(DAY),
        not_after: NOW.plus(DAY * days),
    };
    let root = iaca_root(
        &IacaRequest {
            subject_name: "Root of the seeds".to_owned(),
            country: CountryCode::parse("IN").expect("a country"),
            contact_uri: "https://registry.example".to_owned(),
            validity: validity(1000),
            revocation_list_uri: None,
        },
        &root_key.description,
        &root_key.key,
        &Repeating::new(33),
    )
    .expect("the root is issued");
    let root = Certificate::parse(&root).expect("the root is read");
    let leaf = document_signer(
        &DocumentSignerRequest {
            subject_name: "Document signer of the seeds".to_owned(),
            contact_uri: "https://registry.example".to_owned(),
            validity: validity(400),
            public_key: signer.public().clone(),
        },
        &root,
        &root_key.description,
        &root_key.key,
        &Repeating::new(34),
    )
    .expect("the document signer is issued");
    let leaf = Certificate::parse(&leaf).expect("the document signer is read");
    let chain = verify_chain(
        core::slice::from_ref(&leaf),
        core::slice::from_ref(&root),
        ChainProfile::DocumentSigner,
        NOW,
        &RustCryptoProvider,
    )
    .expect("the chain is valid");

    let text = |text: &str| ElementValue::Text(text.to_owned());
    let named = |name: &str, value| (ElementIdentifier::parse(name).expect("a name"), value);
    let to_issue = MdocToIssue {
        doc_type: DocType::parse("org.iso.18013.5.1.mDL").expect("a document type"),
        elements: vec![(
            NameSpace::parse("org.iso.18013.5.1").expect("a namespace"),
            vec![
                named("family_name", text("Turner")),
                named(
                    "birth_date",
                    ElementValue::FullDate(FullDate::parse("1990-02-03").expect("a date")),
                ),
                named("updated_at", ElementValue::DateTime(DateTime::from_time(NOW))),
                named(
                    "portrait",
                    ElementValue::Bytes(vec![0xff, 0xd8, 0xff, 0xe0, 0, 1, 2, 3]),
                ),
                named("age_over_18", ElementValue::Bool(true)),
                named(
                    "driving_privileges",
                    ElementValue::Array(vec![ElementValue::Map(vec![
                        (text("vehicle_category_code"), text("A")),
                        (
                            text("codes"),
                            ElementValue::Array(vec![ElementValue::Unsigned(3), ElementValue::Negative(4)]),
                        ),
                    ])]),
                ),
            ],
        )],
        validity: MdocValidity {
            signed: NOW,
            valid_from: NOW,
            valid_until: NOW.plus(DAY * 30),
            expected_update: Some(NOW.plus(DAY * 20)),
        },
        status: StatusReference::new("https://registry.example/status/1", 7).ok(),
        device_key: WORLD.holder.public().clone(),
        key_authorizations: KeyAuthorizations::default(),
        digest_algorithm: DigestAlgorithm::Sha256,
        digest_ids: DigestIds::Shuffled,
    };
    let header = IssuerAuthHeader::new(SignatureAlgorithm::Es256, &[leaf.der().to_vec()]).expect("a chain");
    let issue = |to_issue: &MdocToIssue| {
        let prepared = to_issue
            .prepare(&header, &Repeating::new(35))
            .expect("an mdoc is prepared");
        let signature = signer.sign(&prepared.request(signer.handle()).bytes);
        prepared.finish(&signature).expect("an mdoc is finished")
    };
    let issued = vec![
        issue(&to_issue),
        issue(&MdocToIssue {
            status: None,
            digest_algorithm: DigestAlgorithm::Sha512,
            digest_ids: DigestIds::Sequential,
            device_key: WORLD.edwards.public().clone(),
            ..to_issue.clone()
        }),
    ];
    let presented = issued
        .iter()
        .zip([&WORLD.holder, &WORLD.edwards])
        .map(|(mdoc, holder)| {
            let mdoc = IssuerSigned::parse(mdoc, MdocBudget::DEFAULT).expect("an mdoc reads back");
            let shown = [
                ("org.iso.18013.5.1", "family_name"),
                ("org.iso.18013.5.1", "driving_privileges"),
            ];
            let prepared = mdoc
                .present(&shown)
                .expect("elements are held")
                .prepare(&transcript());
            let signature = holder.sign(&prepared.request(holder.handle()).bytes);
            prepared.finish(&signature).expect("a presentation is finished")
        })
        .collect();
    Mdocs {
        root,
        chain,
        issued,
        presented,
    }
});
