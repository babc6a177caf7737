//! Presentations face to face: engagements, session messages, requests within a session, and frames.

use symbolon_credential::mdoc::{
    DocType, ElementIdentifier, ItemsRequest, NameSpace, PreparedDeviceRequest, RequestedElement,
    SessionTranscript, write_device_request,
};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::cose::EncodedX5Chain;
use symbolon_protocol::proximity::ble::{FrameAssembler, FrameSize, StateSignal, split};
use symbolon_protocol::proximity::{
    BleOptions, DeviceEngagement, EngagedHolder, HolderEvent, MAX_REQUEST_MESSAGE_BYTES,
    MAX_RESPONSE_MESSAGE_BYTES, ReaderTrust, RetrievalMethod, ScannedReader, SessionData, SessionEnded,
    SessionEstablishment, SessionStatus,
};

use super::{for_part, one_of, with_text};
use crate::seeds::{NOW, Repeating, TRUSTING_PROVIDER, WORLD};
use crate::{Reading, Target};

/// What a QR code says, as bytes and as text.
pub(super) const ENGAGEMENT: Target = Target {
    name: "proximity_engagement",
    run: |input| {
        one_of(
            &[
                |input| read_engagement(DeviceEngagement::parse(input)),
                |input| {
                    with_text(input, |text| {
                        read_engagement(DeviceEngagement::from_qr_text(text))
                    })
                },
            ],
            input,
        )
    },
    seeds: || {
        let holder = holder();
        let engagement = holder.engagement();
        vec![
            for_part(0, engagement.as_bytes()),
            for_part(1, engagement.to_qr_text()),
        ]
    },
};

/// The messages of a session, and the request within one.
pub(super) const SESSION: Target = Target {
    name: "proximity_session",
    run: |input| {
        one_of(
            &[
                |input| {
                    let read = SessionEstablishment::parse(input);
                    if let Ok(read) = &read {
                        let bytes = read.to_bytes();
                        assert!(
                            SessionEstablishment::parse(&bytes).as_ref() == Ok(read),
                            "an establishment that is written reads the same"
                        );
                    }
                    Reading::of(&read)
                },
                |input| {
                    let read = SessionData::parse(input, MAX_RESPONSE_MESSAGE_BYTES);
                    if let Ok(read) = &read {
                        let bytes = read.to_bytes();
                        assert!(
                            SessionData::parse(&bytes, MAX_RESPONSE_MESSAGE_BYTES).as_ref() == Ok(read),
                            "session data that are written read the same"
                        );
                    }
                    Reading::of(&read)
                },
                |input| of_holder(holder().receive(input, trust(), &TRUSTING_PROVIDER)),
                |input| {
                    let holder = holder();
                    let Ok(reader) = scanned(&holder) else {
                        return Reading::NOT_FOR_THE_TARGET;
                    };
                    match reader.establish(input) {
                        Ok((message, _)) => of_holder(holder.receive(&message, trust(), &TRUSTING_PROVIDER)),
                        Err(ended) => Reading::refused(&ended.error),
                    }
                },
                |input| {
                    let Ok((_, awaiting)) =
                        scanned(&holder()).map(|reader| reader.establish(&[]).expect("a short request"))
                    else {
                        return Reading::NOT_FOR_THE_TARGET;
                    };
                    Reading::of(&awaiting.receive(input).map_err(|ended| ended.error))
                },
            ],
            input,
        )
    },
    seeds: || {
        let holder = holder();
        let reader = scanned(&holder).expect("the engagement is read");
        let session = reader.session();
        let request = signed_by_document(session.transcript());
        let (establishment, _) = reader.establish(&request).expect("a short request");
        let data = SessionData {
            data: Some(&[1, 2, 3]),
            status: Some(SessionStatus::Termination),
        };
        vec![
            for_part(0, &establishment),
            for_part(1, data.to_bytes()),
            for_part(2, &establishment),
            for_part(2, SessionData::of_status(SessionStatus::Termination).to_bytes()),
            for_part(3, &request),
            for_part(3, signed_as_a_whole(session.transcript())),
            for_part(4, SessionData::of_status(SessionStatus::DecodingError).to_bytes()),
        ]
    },
};

/// Frames, each with its length in front.
pub(super) const FRAMES: Target = Target {
    name: "proximity_frames",
    run: |input| {
        let mut assembler = FrameAssembler::new(MAX_REQUEST_MESSAGE_BYTES);
        let mut rest = input;
        while let Some((length, behind)) = rest.split_first_chunk::<2>() {
            let length = usize::from(u16::from_be_bytes(*length)).min(behind.len());
            let (frame, behind) = behind.split_at(length);
            let _ = StateSignal::parse(frame);
            rest = behind;
            match assembler.push(frame) {
                Ok(None) => {}
                Ok(Some(message)) => {
                    let mut again = FrameAssembler::new(MAX_REQUEST_MESSAGE_BYTES);
                    let last = split(&message, FrameSize::of_mtu(185))
                        .expect("what was put together is not empty")
                        .map(|frame| again.push(&frame).expect("own frames are taken"))
                        .last();
                    assert!(
                        last == Some(Some(message)),
                        "a message that is cut is put together the same"
                    );
                    return Reading::Accepted;
                }
                Err(error) => return Reading::refused(&error),
            }
        }
        Reading::NOT_FOR_THE_TARGET
    },
    seeds: || {
        let message: Vec<u8> = (0..=255).cycle().take(700).collect();
        [23, 185, 515]
            .into_iter()
            .map(|mtu| {
                split(&message, FrameSize::of_mtu(mtu))
                    .expect("the message is not empty")
                    .flat_map(|frame| {
                        let length = u16::try_from(frame.len()).expect("a frame is short");
                        [length.to_be_bytes().as_slice(), &frame].concat()
                    })
                    .collect()
            })
            .collect()
    },
};

fn read_engagement<E: core::fmt::Debug>(read: Result<DeviceEngagement, E>) -> Reading {
    if let Ok(engagement) = &read {
        let again = DeviceEngagement::from_qr_text(&engagement.to_qr_text());
        assert!(
            again.as_ref() == Ok(engagement),
            "an engagement that is written reads the same"
        );
        if let Ok(written) = DeviceEngagement::new(
            engagement.device_key().clone(),
            engagement.retrieval_methods().to_vec(),
            engagement.reader_auth_all(),
        ) {
            let again = DeviceEngagement::parse(written.as_bytes()).expect("what is written is read");
            assert!(
                again.retrieval_methods() == engagement.retrieval_methods(),
                "ways to the phone that are written read the same"
            );
        }
    }
    Reading::of(&read.map(|_| ()))
}

fn of_holder(event: Result<HolderEvent, SessionEnded>) -> Reading {
    match event {
        Ok(HolderEvent::Requested(holder)) => {
            let _ = (holder.request().reader(), holder.request().documents());
            let (message, _) = holder.decline().expect("a short response");
            assert!(
                SessionData::parse(&message, MAX_RESPONSE_MESSAGE_BYTES).is_ok(),
                "what the holder sends can be read"
            );
            Reading::Accepted
        }
        Ok(HolderEvent::Ended(_)) => Reading::Accepted,
        Err(ended) => {
            assert!(
                SessionData::parse(&ended.farewell, MAX_RESPONSE_MESSAGE_BYTES).is_ok(),
                "the last message can be read"
            );
            Reading::refused(&ended.error)
        }
    }
}

fn holder() -> EngagedHolder {
    let method = RetrievalMethod::Ble(BleOptions {
        peripheral_server: Some([1; 16]),
        central_client: Some([2; 16]),
        peripheral_address: Some([3; 6]),
    });
    let nfc = RetrievalMethod::Nfc {
        max_command_bytes: 255,
        max_response_bytes: 256,
    };
    EngagedHolder::engage(vec![method, nfc], &TRUSTING_PROVIDER, &Repeating::new(81))
        .expect("the holder engages")
}

fn scanned(holder: &EngagedHolder) -> Result<ScannedReader, Reading> {
    let text = holder.engagement().to_qr_text();
    ScannedReader::scan(&text, &TRUSTING_PROVIDER, &Repeating::new(82))
        .map_err(|error| Reading::refused(&error))
}

fn trust() -> ReaderTrust<'static> {
    ReaderTrust {
        anchors: core::slice::from_ref(&WORLD.root),
        now: NOW,
    }
}

fn chain() -> EncodedX5Chain {
    EncodedX5Chain::new(SignatureAlgorithm::Es256, &[WORLD.leaf.der().to_vec()]).expect("a chain")
}

fn items() -> ItemsRequest {
    let element = |name: &str| RequestedElement {
        name_space: NameSpace::parse("org.iso.18013.5.1").expect("a namespace"),
        identifier: ElementIdentifier::parse(name).expect("a name"),
        intent_to_retain: name == "portrait",
    };
    ItemsRequest {
        doc_type: DocType::parse("org.iso.18013.5.1.mDL").expect("a document type"),
        elements: vec![element("family_name"), element("portrait")],
    }
}

fn signed_by_document(transcript: &SessionTranscript) -> Vec<u8> {
    let prepared = items().prepare(transcript, &chain());
    let signature = WORLD.issuer.sign(&prepared.request(WORLD.issuer.handle()).bytes);
    write_device_request(&[prepared.finish(&signature), items().without_reader_auth()])
}

fn signed_as_a_whole(transcript: &SessionTranscript) -> Vec<u8> {
    let prepared = PreparedDeviceRequest::new(&[items()], transcript, &chain());
    let signature = WORLD.issuer.sign(&prepared.request(WORLD.issuer.handle()).bytes);
    prepared.finish(&signature)
}
