//! A holder with an mdoc, a reader with a certificate, and the two roots that they stand under.

use std::sync::Arc;
use std::time::Duration;

use symbolon_credential::mdoc::{
    DeviceAuthentication, DeviceResponse, DigestAlgorithm, DigestIds, DocType, EMacKey, ElementIdentifier,
    ElementValue, IssuerAuthHeader, IssuerSigned, ItemsRequest, KeyAuthorizations, MdocBudget, MdocToIssue,
    MdocValidity, NameSpace, RequestedElement, SessionTranscript, write_device_request,
};
use symbolon_crypto::cose::EncodedX5Chain;
use symbolon_crypto::signing::{DescribeKeys as _, KeyDescription, KeyHandle, Sign as _, SignOutcome};
use symbolon_crypto::signing::{SignatureRequest, SoftwareKey};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::issue::{
    CountryCode, DocumentSignerRequest, IacaRequest, KeyPurpose, LeafRequest, Validity, document_signer,
    iaca_root, leaf, root,
};
use symbolon_crypto::x509::{Certificate, ChainProfile, VerifiedChain, verify_chain};
use symbolon_crypto::{RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime};

use super::*;

pub(super) const PROVIDER: RustCryptoProvider = RustCryptoProvider;
pub(super) const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);
pub(super) const SPACE: &str = "org.iso.18013.5.1";
pub(super) const DOC_TYPE: &str = "org.iso.18013.5.1.mDL";
const DAY: Duration = Duration::from_secs(86_400);

pub(super) struct Party {
    key: SoftwareKey,
    pub(super) description: KeyDescription,
}

impl Party {
    fn new(seed: u64) -> Self {
        let secret = SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(seed)).unwrap();
        let handle = KeyHandle::new(format!("key-{seed}"));
        let key = SoftwareKey::new(handle.clone(), secret, Arc::new(PROVIDER));
        let description = key.describe(&handle).unwrap();
        Self { key, description }
    }

    pub(super) fn sign(&self, request: &SignatureRequest) -> Vec<u8> {
        match self.key.sign(request).unwrap() {
            SignOutcome::Signed(signature) => signature,
            SignOutcome::Locked => panic!("a software key is not locked"),
        }
    }
}

/// A reader that can sign its requests.
pub(super) struct SigningReader {
    pub(super) party: Party,
    pub(super) leaf: Certificate,
    pub(super) root: Certificate,
}

impl SigningReader {
    pub(super) fn new(seed: u64) -> Self {
        Self::for_purpose(seed, Some(KeyPurpose::Readers))
    }

    pub(super) fn for_purpose(seed: u64, purpose: Option<KeyPurpose>) -> Self {
        let (root_party, party) = (Party::new(seed * 100), Party::new(seed * 100 + 1));
        let randomness = SeededRandomness::new(seed);
        let root = root(
            "Readers",
            validity(),
            &root_party.description,
            &root_party.key,
            &randomness,
        );
        let root = Certificate::parse(&root.unwrap()).unwrap();
        let request = LeafRequest {
            subject_name: "A clinic".to_owned(),
            san_uris: Vec::new(),
            san_dns: vec!["clinic.example".to_owned()],
            validity: validity(),
            extended_key_usage: purpose,
            public_key: party.description.public_key.clone(),
        };
        let leaf = leaf(
            &request,
            &root,
            &root_party.description,
            &root_party.key,
            &randomness,
        )
        .unwrap();
        Self {
            leaf: Certificate::parse(&leaf).unwrap(),
            party,
            root,
        }
    }

    pub(super) fn chain(&self) -> EncodedX5Chain {
        EncodedX5Chain::new(SignatureAlgorithm::Es256, &[self.leaf.der().to_vec()]).unwrap()
    }

    /// A signed `DocRequest`.
    pub(super) fn signed(&self, items: &ItemsRequest, transcript: &SessionTranscript) -> Vec<u8> {
        let prepared = items.prepare(transcript, &self.chain());
        let signature = self
            .party
            .sign(&prepared.request(self.party.description.handle.clone()));
        prepared.finish(&signature)
    }
}

pub(super) struct World {
    issuer: VerifiedChain,
    mdoc: Vec<u8>,
    device_key: SecretKey,
    pub(super) reader: SigningReader,
}

impl World {
    pub(super) fn new() -> Self {
        let (root_party, signer) = (Party::new(1), Party::new(2));
        let root = iaca_root(
            &IacaRequest {
                subject_name: "Root".to_owned(),
                country: CountryCode::parse("IN").unwrap(),
                contact_uri: "https://registry.example".to_owned(),
                validity: validity(),
                revocation_list_uri: None,
            },
            &root_party.description,
            &root_party.key,
            &SeededRandomness::new(3),
        )
        .unwrap();
        let root = Certificate::parse(&root).unwrap();
        let leaf = document_signer(
            &DocumentSignerRequest {
                subject_name: "Signer".to_owned(),
                contact_uri: "https://registry.example".to_owned(),
                validity: validity(),
                public_key: signer.description.public_key.clone(),
            },
            &root,
            &root_party.description,
            &root_party.key,
            &SeededRandomness::new(4),
        )
        .unwrap();
        let device_key = SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(5)).unwrap();
        let leaf = Certificate::parse(&leaf).unwrap();
        let mdoc = issue(&leaf, &signer, &device_key);
        let issuer = verify_chain(&[leaf], &[root], ChainProfile::DocumentSigner, NOW, &PROVIDER);
        Self {
            issuer: issuer.unwrap(),
            mdoc,
            device_key,
            reader: SigningReader::new(6),
        }
    }

    pub(super) fn trust(&self) -> ReaderTrust<'_> {
        ReaderTrust {
            anchors: core::slice::from_ref(&self.reader.root),
            now: NOW,
        }
    }

    /// A request for these elements, signed by the reader.
    pub(super) fn signed_request(&self, names: &[&str], transcript: &SessionTranscript) -> Vec<u8> {
        write_device_request(&[self.reader.signed(&items(names), transcript)])
    }

    /// The response with these elements and a device MAC.
    pub(super) fn response(&self, holder: &RequestedHolder, names: &[&str]) -> Vec<u8> {
        let mdoc = IssuerSigned::parse(&self.mdoc, MdocBudget::DEFAULT).unwrap();
        let selection: Vec<(&str, &str)> = names.iter().map(|name| (SPACE, *name)).collect();
        let key = EMacKey::derive(
            &PROVIDER,
            &self.device_key,
            holder.reader_key(),
            holder.transcript(),
        );
        mdoc.present(&selection)
            .unwrap()
            .with_mac(&key.unwrap(), holder.transcript())
    }

    /// The names of the elements that a response shows, when issuer and device are who they must be.
    pub(super) fn shown(&self, response: &[u8], session: &ReaderSession) -> Option<Vec<String>> {
        let response = DeviceResponse::parse(response, MdocBudget::DEFAULT).ok()?;
        let accepted = DeviceAuthentication::SignatureOrMac {
            reader_key: session.reader_key(),
        };
        let document = response.only_document().ok()?;
        let document = document
            .verify(&self.issuer, session.transcript(), accepted, &PROVIDER)
            .ok()?;
        let elements = document.issuer_signed().elements();
        Some(elements.map(|element| element.identifier().to_owned()).collect())
    }
}

pub(super) fn items(names: &[&str]) -> ItemsRequest {
    ItemsRequest {
        doc_type: DocType::parse(DOC_TYPE).unwrap(),
        elements: names
            .iter()
            .map(|name| RequestedElement {
                name_space: NameSpace::parse(SPACE).unwrap(),
                identifier: ElementIdentifier::parse(name).unwrap(),
                intent_to_retain: false,
            })
            .collect(),
    }
}

/// A phone that shows its engagement, and a reader that has read it.
pub(super) fn engaged(seed: u64) -> (EngagedHolder, ScannedReader) {
    let method = RetrievalMethod::Ble(BleOptions {
        central_client: Some([7; 16]),
        ..BleOptions::default()
    });
    let holder = EngagedHolder::engage(vec![method], &PROVIDER, &SeededRandomness::new(seed)).unwrap();
    let text = holder.engagement().to_qr_text();
    let reader = ScannedReader::scan(&text, &PROVIDER, &SeededRandomness::new(seed + 1)).unwrap();
    (holder, reader)
}

pub(super) fn requested(event: HolderEvent) -> RequestedHolder {
    match event {
        HolderEvent::Requested(holder) => holder,
        HolderEvent::Ended(status) => panic!("the session has ended: {status:?}"),
    }
}

pub(super) fn responded(event: ReaderEvent) -> (Vec<u8>, AnsweredReader) {
    match event {
        ReaderEvent::Response {
            device_response,
            reader,
        } => (device_response.to_vec(), reader),
        other => panic!("{other:?}"),
    }
}

fn issue(leaf: &Certificate, signer: &Party, device_key: &SecretKey) -> Vec<u8> {
    let named = |name: &str, value| (ElementIdentifier::parse(name).unwrap(), value);
    let to_issue = MdocToIssue {
        doc_type: DocType::parse(DOC_TYPE).unwrap(),
        elements: vec![(
            NameSpace::parse(SPACE).unwrap(),
            vec![
                named("family_name", ElementValue::Text("Turner".to_owned())),
                named("portrait", ElementValue::Bytes(vec![0xd8; 700])),
                named("age_over_18", ElementValue::Bool(true)),
            ],
        )],
        validity: MdocValidity {
            signed: NOW,
            valid_from: NOW,
            valid_until: NOW.plus(DAY * 30),
            expected_update: None,
        },
        status: None,
        device_key: device_key.public_key(),
        key_authorizations: KeyAuthorizations::default(),
        digest_algorithm: DigestAlgorithm::Sha256,
        digest_ids: DigestIds::Shuffled,
    };
    let header = IssuerAuthHeader::new(SignatureAlgorithm::Es256, &[leaf.der().to_vec()]).unwrap();
    let prepared = to_issue.prepare(&header, &SeededRandomness::new(8)).unwrap();
    let signature = signer.sign(&prepared.request(signer.description.handle.clone()));
    prepared.finish(&signature).unwrap()
}

fn validity() -> Validity {
    Validity {
        not_before: NOW.minus(DAY),
        not_after: NOW.plus(DAY * 100),
    }
}
