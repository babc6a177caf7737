//! The figures of ISO/IEC 18013-5 Annex D.

use serde_json::Value;
use symbolon_credential::mdoc::{Handover, SessionTranscript};
use symbolon_crypto::encoding::cbor::{CborBudget, Cursor};
use symbolon_crypto::{PublicKey, SecretKey, UnixTime};

use super::world::{PROVIDER, requested, responded};
use super::*;

const NOBODY: ReaderTrust<'static> = ReaderTrust {
    anchors: &[],
    now: UnixTime::from_seconds(1_601_600_000),
};

struct AnnexD(Value);

impl AnnexD {
    #[expect(
        clippy::disallowed_methods,
        reason = "the environment says where published vectors are"
    )]
    fn read() -> Option<Self> {
        let folder = std::env::var_os("SYMBOLON_VECTORS").map_or_else(
            || std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("../../shared/vectors"),
            Into::into,
        );
        match std::fs::read(folder.join("iso-mdoc/annex-d.json")) {
            Ok(bytes) => Some(Self(serde_json::from_slice(&bytes).unwrap())),
            Err(_) => {
                assert!(std::env::var_os("CI").is_none(), "Annex D is missing");
                println!("skipped: Annex D is not here");
                None
            }
        }
    }

    fn hex(&self, name: &str) -> Vec<u8> {
        let text = self.0[name].as_str().unwrap();
        (0..text.len())
            .step_by(2)
            .map(|at| u8::from_str_radix(&text[at..at + 2], 16).unwrap())
            .collect()
    }

    fn secret(&self, name: &str) -> SecretKey {
        SecretKey::from_p256_scalar(&self.hex(name)).unwrap()
    }

    /// The engagement that went over NFC, and the messages by which it did: the parts of the annex's transcript.
    fn engagement_and_handover(&self) -> (DeviceEngagement, Handover) {
        let bytes = self.hex("session_transcript_bytes");
        let mut outer = Cursor::new(&bytes, CborBudget::DEFAULT).unwrap();
        outer.expect_tag(24).unwrap();
        let mut inner = Cursor::of_checked(outer.bytes().unwrap());
        assert_eq!(inner.array(), Some(3));
        inner.expect_tag(24).unwrap();
        let engagement = DeviceEngagement::parse(inner.bytes().unwrap()).unwrap();
        inner.expect_tag(24).unwrap();
        inner.bytes().unwrap();
        assert_eq!(inner.array(), Some(2));
        let handover = Handover::Nfc {
            select: inner.bytes().unwrap().to_vec(),
            request: Some(inner.bytes().unwrap().to_vec()),
        };
        (engagement, handover)
    }

    fn holder(&self) -> EngagedHolder {
        let (engagement, handover) = self.engagement_and_handover();
        EngagedHolder::of_parts(engagement, self.secret("ephemeral_device_key_d")).handed_over(handover)
    }

    fn reader(&self) -> ScannedReader {
        let (engagement, handover) = self.engagement_and_handover();
        let key = self.secret("ephemeral_reader_key_d");
        ScannedReader::with_key(engagement, &handover, key, &PROVIDER).unwrap()
    }
}

#[test]
fn the_engagement_is_read_and_written_byte_for_byte() {
    let Some(annex) = AnnexD::read() else { return };
    let bytes = annex.hex("device_engagement");
    let engagement = DeviceEngagement::parse(&bytes).unwrap();
    let (x, y) = (
        annex.hex("ephemeral_device_key_x"),
        annex.hex("ephemeral_device_key_y"),
    );
    let key = PublicKey::from_p256_sec1_bytes(&[&[4], x.as_slice(), &y].concat()).unwrap();
    assert_eq!(*engagement.device_key(), key);
    assert_eq!(engagement.device_key_bytes(), annex.hex("e_device_key_bytes"));
    let [RetrievalMethod::Ble(options)] = engagement.retrieval_methods() else {
        panic!("{:?}", engagement.retrieval_methods());
    };
    assert_eq!(options.peripheral_server, None);
    assert_eq!(options.central_client.unwrap()[..4], [0x45, 0xef, 0xef, 0x74]);
    let written = DeviceEngagement::new(
        key,
        engagement.retrieval_methods().to_vec(),
        ReaderAuthAllSupport::Unsupported,
    );
    assert_eq!(written.unwrap().as_bytes(), bytes);
    assert_eq!(
        DeviceEngagement::from_qr_text(&engagement.to_qr_text()).unwrap(),
        engagement
    );
}

#[test]
fn the_holder_of_the_annex_reads_the_request_and_writes_the_response() {
    let Some(annex) = AnnexD::read() else { return };
    let event = annex
        .holder()
        .receive(&annex.hex("session_establishment"), NOBODY, &PROVIDER);
    let holder = requested(event.unwrap());
    assert_eq!(
        holder.transcript().to_encoded_item(),
        annex.hex("session_transcript_bytes")
    );
    assert_eq!(holder.request().as_bytes(), annex.hex("device_request"));
    // The annex has no root for its reader: it signed, and nobody vouches for it.
    let ReaderAuthentication::Unvouched { leaf, .. } = holder.request().reader() else {
        panic!("{:?}", holder.request().reader());
    };
    assert_eq!(leaf.der(), annex.hex("reader_cert"));
    let [document] = holder.request().documents() else {
        panic!("one document is asked for");
    };
    assert_eq!(document.items.doc_type.as_str(), "org.iso.18013.5.1.mDL");
    assert!(
        document
            .items
            .elements
            .iter()
            .any(|element| { element.identifier.as_str() == "document_number" && element.intent_to_retain })
    );
    let (message, holder) = holder.answer(&annex.hex("device_response")).unwrap();
    assert_eq!(message, annex.hex("session_data"));
    let termination = annex.hex("session_termination");
    assert_eq!(holder.terminate(), termination);
    assert_eq!(
        SessionData::parse(&termination, 64).unwrap().status,
        Some(SessionStatus::Termination)
    );
}

#[test]
fn the_reader_of_the_annex_writes_the_request_and_reads_the_response() {
    let Some(annex) = AnnexD::read() else { return };
    let reader = annex.reader();
    let session = reader.session();
    assert_eq!(
        session.transcript().to_encoded_item(),
        annex.hex("session_transcript_bytes")
    );
    let (message, reader) = reader.establish(&annex.hex("device_request")).unwrap();
    assert_eq!(message, annex.hex("session_establishment"));
    let (response, reader) = responded(reader.receive(&annex.hex("session_data")).unwrap());
    assert_eq!(response, annex.hex("device_response"));
    assert_eq!(reader.terminate(), annex.hex("session_termination"));
}

#[test]
fn the_annex_proves_nothing_in_another_session() {
    let Some(annex) = AnnexD::read() else { return };
    let establishment = annex.hex("session_establishment");
    // The same keys with another handover: another transcript, other keys.
    let (engagement, _) = annex.engagement_and_handover();
    let holder = EngagedHolder::of_parts(engagement, annex.secret("ephemeral_device_key_d"));
    let ended = holder.receive(&establishment, NOBODY, &PROVIDER).unwrap_err();
    assert_eq!(ended.error, SessionError::Decryption);
    // Its signed request within a session of somebody else is a wrong signature, and so an end.
    let (holder, reader) = super::world::engaged(90);
    let (message, _) = reader.establish(&annex.hex("device_request")).unwrap();
    let ended = holder.receive(&message, NOBODY, &PROVIDER).unwrap_err();
    assert!(matches!(
        ended.error,
        SessionError::ReaderAuthentication(ReaderAuthenticationError::Signature(_))
    ));
}

#[test]
fn transcripts_differ_by_engagement_key_and_handover() {
    let transcripts = [
        SessionTranscript::proximity(b"\xa0", b"\xa1", &Handover::QrCode),
        SessionTranscript::proximity(b"\xa1", b"\xa0", &Handover::QrCode),
        SessionTranscript::proximity(
            b"\xa0",
            b"\xa1",
            &Handover::Nfc {
                select: vec![1],
                request: None,
            },
        ),
    ];
    assert_ne!(transcripts[0], transcripts[1]);
    assert_ne!(transcripts[0], transcripts[2]);
}
