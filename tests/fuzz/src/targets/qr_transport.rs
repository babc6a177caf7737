//! Frames of animated QR codes, and the messages in them.

use symbolon_protocol::qr_transport::{
    CarriedCredential, FrameDecoder, FrameSize, Message, MessageKind, Onboarding, PackState, Progress,
};

use super::{for_part, one_of, with_text};
use crate::{Reading, Target};

/// Texts of codes, one a line, as a camera reads them; and messages as the frames carry them.
pub(super) const QR_TRANSPORT: Target = Target {
    name: "qr_transport",
    run: |input| {
        one_of(
            &[
                |input| {
                    with_text(input, |text| {
                        let mut decoder = FrameDecoder::default();
                        let mut last = Reading::NOT_FOR_THE_TARGET;
                        for line in text.lines() {
                            let taken = decoder.take(line);
                            if let Ok(Progress::Complete(message)) = &taken {
                                travels_again(message);
                            }
                            last = Reading::of(&taken);
                        }
                        last
                    })
                },
                |input| message(MessageKind::Request, input),
                |input| message(MessageKind::Response, input),
                |input| message(MessageKind::Credential, input),
                |input| message(MessageKind::Pack, input),
                |input| message(MessageKind::PackState, input),
                |input| message(MessageKind::Onboarding, input),
            ],
            input,
        )
    },
    seeds: || {
        let messages = messages();
        let mut seeds: Vec<Vec<u8>> = messages
            .iter()
            .map(|message| {
                let frames = message.frames(FrameSize::PHONE).expect("a message travels");
                let count = frames.in_a_loop();
                for_part(0, frames.take(count).collect::<Vec<_>>().join("\n"))
            })
            .collect();
        for (part, message) in (1..).zip(&messages) {
            seeds.push(for_part(part, message.to_cbor().expect("a message is written")));
        }
        seeds
    },
};

fn messages() -> [Message; 6] {
    let credential: String = (0_u32..900)
        .map(|at| char::from(b'0' + u8::try_from((at.wrapping_mul(2_654_435_761) >> 16) % 70).unwrap_or(0)))
        .collect();
    [
        Message::Request("eyJhIjoxfQ.eyJiIjoyfQ.c2lnbmF0dXJl".to_owned()),
        Message::Response("eyJhIjoxfQ..AAAA.Q0NDQw.dGFn".to_owned()),
        Message::Credential(CarriedCredential::Text(credential)),
        Message::Pack(b"SYMBPACK, and more".to_vec()),
        Message::PackState(PackState {
            sequence: 7,
            root: [7; 32],
        }),
        Message::Onboarding(Onboarding {
            index: "https://packs.example/packs/packs.json".to_owned(),
            root_of_trust: [9; 32],
            scope: Some("north".to_owned()),
        }),
    ]
}

fn message(kind: MessageKind, input: &[u8]) -> Reading {
    let parsed = Message::parse_cbor(kind, input);
    if let Ok(message) = &parsed {
        travels_again(message);
    }
    Reading::of(&parsed)
}

/// What was read and is written reads the same, unless its own compression makes it too large.
fn travels_again(message: &Message) {
    if let Ok(written) = message.to_cbor() {
        let again = Message::parse_cbor(message.kind(), &written).expect("a message reads back");
        assert!(again == *message, "a message reads back as another");
    }
}
