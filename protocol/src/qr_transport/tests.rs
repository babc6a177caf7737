use proptest::prelude::*;
use symbolon_crypto::encoding::cbor::write;
use symbolon_crypto::encoding::zlib::{Effort, deflate};
use ur::ur::{Decoder, Encoder, Type, try_encode};

use super::*;

/// The frames that Blockchain Commons' reference implementation makes of its 256 bytes "Wolf", in fragments of at most 30 bytes.
const PUBLISHED: [&str; 20] = [
    "ur:bytes/1-9/lpadascfadaxcywenbpljkhdcahkadaemejtswhhylkepmykhhtsytsnoyoyaxaedsuttydmmhhpktpmsrjtdkgslpgh",
    "ur:bytes/2-9/lpaoascfadaxcywenbpljkhdcagwdpfnsboxgwlbaawzuefywkdplrsrjynbvygabwjldapfcsgmghhkhstlrdcxaefz",
    "ur:bytes/3-9/lpaxascfadaxcywenbpljkhdcahelbknlkuejnbadmssfhfrdpsbiegecpasvssovlgeykssjykklronvsjksopdzmol",
    "ur:bytes/4-9/lpaaascfadaxcywenbpljkhdcasotkhemthydawydtaxneurlkosgwcekonertkbrlwmplssjtammdplolsbrdzcrtas",
    "ur:bytes/5-9/lpahascfadaxcywenbpljkhdcatbbdfmssrkzmcwnezelennjpfzbgmuktrhtejscktelgfpdlrkfyfwdajldejokbwf",
    "ur:bytes/6-9/lpamascfadaxcywenbpljkhdcackjlhkhybssklbwefectpfnbbectrljectpavyrolkzczcpkmwidmwoxkilghdsowp",
    "ur:bytes/7-9/lpatascfadaxcywenbpljkhdcavszmwnjkwtclrtvaynhpahrtoxmwvwatmedibkaegdosftvandiodagdhthtrlnnhy",
    "ur:bytes/8-9/lpayascfadaxcywenbpljkhdcadmsponkkbbhgsoltjntegepmttmoonftnbuoiyrehfrtsabzsttorodklubbuyaetk",
    "ur:bytes/9-9/lpasascfadaxcywenbpljkhdcajskecpmdckihdyhphfotjojtfmlnwmadspaxrkytbztpbauotbgtgtaeaevtgavtny",
    "ur:bytes/10-9/lpbkascfadaxcywenbpljkhdcahkadaemejtswhhylkepmykhhtsytsnoyoyaxaedsuttydmmhhpktpmsrjtwdkiplzs",
    "ur:bytes/11-9/lpbdascfadaxcywenbpljkhdcahelbknlkuejnbadmssfhfrdpsbiegecpasvssovlgeykssjykklronvsjkvetiiapk",
    "ur:bytes/12-9/lpbnascfadaxcywenbpljkhdcarllaluzmdmgstospeyiefmwejlwtpedamktksrvlcygmzemovovllarodtmtbnptrs",
    "ur:bytes/13-9/lpbtascfadaxcywenbpljkhdcamtkgtpknghchchyketwsvwgwfdhpgmgtylctotzopdrpayoschcmhplffziachrfgd",
    "ur:bytes/14-9/lpbaascfadaxcywenbpljkhdcapazewnvonnvdnsbyleynwtnsjkjndeoldydkbkdslgjkbbkortbelomueekgvstegt",
    "ur:bytes/15-9/lpbsascfadaxcywenbpljkhdcaynmhpddpzmversbdqdfyrehnqzlugmjzmnmtwmrouohtstgsbsahpawkditkckynwt",
    "ur:bytes/16-9/lpbeascfadaxcywenbpljkhdcawygekobamwtlihsnpalnsghenskkiynthdzotsimtojetprsttmukirlrsbtamjtpd",
    "ur:bytes/17-9/lpbyascfadaxcywenbpljkhdcamklgftaxykpewyrtqzhydntpnytyisincxmhtbceaykolduortotiaiaiafhiaoyce",
    "ur:bytes/18-9/lpbgascfadaxcywenbpljkhdcahkadaemejtswhhylkepmykhhtsytsnoyoyaxaedsuttydmmhhpktpmsrjtntwkbkwy",
    "ur:bytes/19-9/lpbwascfadaxcywenbpljkhdcadekicpaajootjzpsdrbalpeywllbdsnbinaerkurspbncxgslgftvtsrjtksplcpeo",
    "ur:bytes/20-9/lpbbascfadaxcywenbpljkhdcayapmrleeleaxpasfrtrdkncffwjyjzgyetdmlewtkpktgllepfrltataztksmhkbot",
];

fn credential(bytes: usize) -> Message {
    // Text that does not compress well, as signatures do not.
    let mut state = 7_u32;
    let text = (0..bytes).map(|_| {
        state = state.wrapping_mul(1_103_515_245).wrapping_add(12_345);
        char::from(b'!' + u8::try_from((state >> 16) % 90).unwrap())
    });
    Message::Credential(CarriedCredential::Text(text.collect()))
}

fn onboarding() -> Onboarding {
    Onboarding {
        index: "https://packs.health.example/packs/packs.json".to_owned(),
        root_of_trust: core::array::from_fn(|at| u8::try_from(at * 7).unwrap()),
        scope: Some("north".to_owned()),
    }
}

fn frames(message: &Message, count: usize) -> Vec<String> {
    message.frames(FrameSize::PHONE).unwrap().take(count).collect()
}

fn assemble(frames: impl IntoIterator<Item = String>) -> Option<Message> {
    let mut decoder = FrameDecoder::default();
    for frame in frames {
        if let Progress::Complete(message) = decoder.take(&frame).unwrap() {
            return Some(message);
        }
    }
    None
}

/// A frame with these numbers, whose own checksum is right.
fn forged(number: u64, fragments: u64, message: u64, data: &[u8]) -> String {
    let mut fields = Vec::new();
    write::array(&mut fields, 5);
    for value in [number, fragments, message, 1] {
        write::unsigned(&mut fields, value);
    }
    write::bytes(&mut fields, data);
    let single = try_encode(&fields, &Type::Custom("symbolon-response")).unwrap();
    let (start, body) = single.rsplit_once('/').unwrap();
    format!("{start}/{number}-{fragments}/{body}").to_ascii_uppercase()
}

#[test]
fn the_fountain_code_is_the_published_one() {
    let mut decoder = Decoder::default();
    for frame in &PUBLISHED[..9] {
        decoder.receive(frame).unwrap();
    }
    let message = decoder.message().unwrap().unwrap();
    let mut encoder = Encoder::new(&message, 30, "bytes").unwrap();
    for frame in PUBLISHED {
        assert_eq!(encoder.next_part().unwrap(), frame);
    }
    let mut late = Decoder::default();
    for frame in PUBLISHED.iter().skip(4) {
        late.receive(frame).unwrap();
    }
    assert_eq!(late.message().unwrap(), Some(message));
}

#[test]
fn every_kind_travels_and_keeps_its_form() {
    let messages = [
        Message::Request("eyJhIjoxfQ.eyJiIjoyfQ.c2lnbmF0dXJl".to_owned()),
        Message::Response("eyJhIjoxfQ..AAAA.Q0NDQw.dGFn".to_owned()),
        Message::Credential(CarriedCredential::Text("a~b~".to_owned())),
        Message::Credential(CarriedCredential::Binary(vec![0xa1, 0, 0xff])),
        Message::Pack((0..3_000_u32).flat_map(u32::to_le_bytes).collect()),
        Message::PackState(PackState {
            sequence: u64::MAX,
            root: [0xa5; 32],
        }),
        Message::Onboarding(onboarding()),
        credential(3_000),
    ];
    for message in messages {
        let frames = message.frames(FrameSize::PHONE).unwrap();
        let shown: Vec<String> = (&mut message.frames(FrameSize::PHONE).unwrap())
            .take(frames.in_a_loop())
            .collect();
        for frame in &shown {
            let start = format!("UR:{}/", message.kind().ur_type().to_ascii_uppercase());
            assert!(frame.starts_with(&start), "{frame}");
            assert!(is_frame(frame) && !frame.bytes().any(|byte| byte.is_ascii_lowercase()));
            // Version 12 at level L holds 535 characters of the alphanumeric set (ISO/IEC 18004, table 7).
            assert!(frame.len() <= 535, "{}", frame.len());
        }
        assert_eq!(assemble(shown), Some(message));
    }
    let dense = credential(60_000)
        .frames(FrameSize::DENSE)
        .unwrap()
        .next()
        .unwrap();
    // Version 17 at level L.
    assert!(dense.len() <= 938, "{}", dense.len());
}

/// What another implementation must read, computed by one: Python's zlib and CRC-32, and the list of Bytewords.
#[test]
fn the_format_of_version_1_is_frozen() {
    let frozen = "UR:SYMBOLON-CREDENTIAL/GTKSTNGRGAPSGRPKAXAEAMESAODKYKMNISMD";
    assert_eq!(
        assemble([frozen.to_owned()]),
        Some(Message::Credential(CarriedCredential::Text("a~b~".to_owned())))
    );
}

#[test]
fn what_is_complete_is_told_once() {
    let message = credential(1_000);
    let all = frames(&message, 30);
    let mut decoder = FrameDecoder::default();
    let complete = all.iter().filter(|frame| {
        let progress = decoder.take(frame).unwrap();
        matches!(progress, Progress::Complete(_))
    });
    assert_eq!(complete.count(), 1);
    let other = frames(&credential(1_001), 1);
    assert_eq!(decoder.take(&other[0]), Err(FrameError::OtherMessage));

    let small = |text: &str| {
        let message = Message::Credential(CarriedCredential::Text(text.to_owned()));
        frames(&message, 1).remove(0)
    };
    let mut decoder = FrameDecoder::default();
    assert!(matches!(decoder.take(&small("a")), Ok(Progress::Complete(_))));
    let again = decoder.take(&small("a").to_ascii_lowercase());
    assert_eq!(
        again,
        Ok(Progress::Assembling {
            known: 1,
            fragments: 1
        })
    );
    assert_eq!(decoder.take(&small("b")), Err(FrameError::OtherMessage));
    assert_eq!(decoder.take(&all[0]), Err(FrameError::OtherMessage));
}

#[test]
fn a_small_message_is_one_frame_for_ever() {
    let message = Message::Credential(CarriedCredential::Text("a~b~".to_owned()));
    let frames = message.frames(FrameSize::PHONE).unwrap();
    assert_eq!((frames.fragments(), frames.in_a_loop()), (1, 1));
    let shown: Vec<String> = frames.take(3).collect();
    assert!(shown.iter().all(|frame| *frame == shown[0]));
}

#[test]
fn what_is_no_message_is_not_sent() {
    for request in [
        "",
        "a.b",
        "a.b.c.d",
        "a.b=.c",
        "a.b c.d",
        "eyJhIjoxfQ.eyJiIjoyfQ.c2lnbmF0dXJl.",
    ] {
        let message = Message::Request(request.to_owned());
        assert_eq!(message.to_cbor(), Err(MessageError::Malformed), "{request}");
    }
    let large = Message::Request(format!("{}.AA.AA", "A".repeat(48 << 10)));
    assert_eq!(large.to_cbor(), Err(MessageError::TooLarge));
    assert_eq!(credential((256 << 10) + 1).to_cbor(), Err(MessageError::TooLarge));
    assert_eq!(
        credential(200 << 10).frames(FrameSize::PHONE).err(),
        Some(MessageError::TooLarge)
    );
}

#[test]
fn frames_of_two_messages_are_not_mixed() {
    let (first, second) = (credential(2_000), credential(2_001));
    let (ours, others) = (frames(&first, 40), frames(&second, 40));
    let mut decoder = FrameDecoder::default();
    assert_eq!(decoder.known(), None);
    for (frame, foreign) in ours.iter().zip(&others) {
        match decoder.take(frame).unwrap() {
            Progress::Complete(message) => return assert_eq!(message, first),
            Progress::Assembling { known, fragments } => {
                assert_eq!(decoder.known(), Some((known, fragments)))
            }
        }
        assert_eq!(decoder.take(foreign), Err(FrameError::OtherMessage));
        // Nor one that is whole in itself, nor the same fragments as another kind.
        let small = frames(&Message::Credential(CarriedCredential::Text("a".to_owned())), 1);
        assert_eq!(decoder.take(&small[0]), Err(FrameError::OtherMessage));
        let renamed = frame.replace("CREDENTIAL", "RESPONSE");
        assert_eq!(decoder.take(&renamed), Err(FrameError::OtherMessage));
    }
    panic!("the message was never complete");
}

#[test]
fn what_announces_too_much_is_refused_before_anything_is_kept() {
    let mut decoder = FrameDecoder::default();
    let data = vec![7; 100];
    for (fragments, message, error) in [
        (MAX_FRAGMENTS as u64 + 1, 102_500, FrameError::OverBudget),
        (1_311, MAX_MESSAGE_BYTES as u64 + 1, FrameError::OverBudget),
        (u64::from(u32::MAX), u64::from(u32::MAX), FrameError::OverBudget),
        (3, 100, FrameError::Damaged),
        (3, 301, FrameError::Damaged),
        (0, 0, FrameError::Damaged),
    ] {
        assert_eq!(
            decoder.take(&forged(1, fragments, message, &data)),
            Err(error),
            "{fragments}"
        );
        assert_eq!(decoder.known(), None);
    }
    assert_eq!(decoder.take(&forged(1, 1, 1, b"")), Err(FrameError::Damaged));
    assert_eq!(
        decoder.take(&forged(u64::from(u32::MAX) + 1, 3, 300, &data)),
        Err(FrameError::Damaged)
    );
    let long = format!("UR:SYMBOLON-RESPONSE/{}", "AE".repeat(MAX_FRAME_CHARACTERS / 2));
    assert_eq!(decoder.take(&long), Err(FrameError::OverBudget));
    assert!(decoder.take(&forged(1, 3, 300, &data)).is_ok());
}

#[test]
fn a_stream_that_brings_nothing_ends() {
    let mut decoder = FrameDecoder::default();
    let frame = forged(1, 3, 300, &[7; 100]);
    decoder.take(&frame).unwrap();
    // The same frame again is what cameras see, and costs nothing.
    for _ in 0..1_000 {
        decoder.take(&frame).unwrap();
    }
    // Every other one is the first fragment again: the sender keeps the rest back.
    let mut last = Ok(Progress::Assembling {
        known: 0,
        fragments: 0,
    });
    for number in 4..4_000 {
        let again = forged(number, 3, 300, &[7; 100]);
        let only_first = ur_indexes(number, 3);
        if only_first != [0] {
            continue;
        }
        last = decoder.take(&again);
        if last.is_err() {
            break;
        }
    }
    assert_eq!(last, Err(FrameError::Endless));
}

/// Which fragments a frame of this number mixes, learned from what the encoder makes of three fragments that differ in one bit each.
fn ur_indexes(number: u64, fragments: u64) -> Vec<usize> {
    let mut decoder = Decoder::default();
    let frame = forged(number, fragments, 300, &[7; 100]).to_ascii_lowercase();
    decoder.receive(&frame).unwrap();
    match decoder.resolved_fragment_count() {
        Some(1) => {
            let mut first = Decoder::default();
            first
                .receive(&forged(1, fragments, 300, &[7; 100]).to_ascii_lowercase())
                .unwrap();
            first.receive(&frame).unwrap();
            if first.resolved_fragment_count() == Some(1) {
                vec![0]
            } else {
                vec![1]
            }
        }
        _ => Vec::new(),
    }
}

#[test]
fn garbage_is_no_frame_and_leaves_what_is_there() {
    let message = credential(1_500);
    let mut decoder = FrameDecoder::default();
    let ours = frames(&message, 30);
    decoder.take(&ours[0]).unwrap();
    let known = decoder.known();
    let mut bent = ours[1].clone().into_bytes();
    let last = bent.len() - 3;
    bent[last] = if bent[last] == b'A' { b'B' } else { b'A' };
    for (garbage, error) in [
        (String::new(), FrameError::NotAFrame),
        ("https://example.org".to_owned(), FrameError::NotAFrame),
        ("UR:BYTES/IEHSJYHSPMWFWFIA".to_owned(), FrameError::NotAFrame),
        (
            "UR:SYMBOLON-OTHER/IEHSJYHSPMWFWFIA".to_owned(),
            FrameError::NotAFrame,
        ),
        (
            "UR:SYMBOLON-RESPONSE/1-2/IEHSJYHSPMWFWFIA".to_owned(),
            FrameError::Damaged,
        ),
        ("UR:SYMBOLON-RESPONSE/".to_owned(), FrameError::Damaged),
        (ours[1].replace("/2-", "/3-"), FrameError::Damaged),
        (String::from_utf8(bent).unwrap(), FrameError::Damaged),
    ] {
        assert_eq!(decoder.take(&garbage), Err(error), "{garbage}");
        assert_eq!(decoder.known(), known);
    }
    assert_eq!(assemble(ours), Some(message));
}

#[test]
fn what_is_inside_has_a_budget_of_its_own() {
    let sent = |content: &[u8], kind| {
        let mut message = Vec::new();
        write::bytes(&mut message, &deflate(content, Effort::Best));
        Message::parse_cbor(kind, &message)
    };
    let mut bomb = Vec::new();
    write::bytes(&mut bomb, &vec![0; 1 << 20]);
    for kind in MessageKind::ALL {
        assert_eq!(sent(&bomb, kind), Err(MessageError::TooLarge));
        assert_eq!(sent(b"", kind), Err(MessageError::Malformed));
    }
    let mut four = Vec::new();
    write::array(&mut four, 4);
    (0..4).for_each(|_| write::bytes(&mut four, b"x"));
    assert_eq!(sent(&four, MessageKind::Request), Err(MessageError::Malformed));
    assert_eq!(sent(&four, MessageKind::Response), Err(MessageError::Malformed));
    assert_eq!(sent(&four, MessageKind::Credential), Err(MessageError::Malformed));
    assert_eq!(
        Message::parse_cbor(MessageKind::Credential, b"\x43abc"),
        Err(MessageError::Malformed)
    );
}

#[test]
fn a_message_does_not_tell_what_is_in_it() {
    let shown = format!(
        "{:?} {:?}",
        credential(20),
        CarriedCredential::Text("secret".to_owned())
    );
    assert!(
        !shown.contains("secret") && shown.contains("Credential"),
        "{shown}"
    );
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(24))]

    /// Any third of the frames may be lost, and the others come in any order.
    #[test]
    fn a_third_is_lost_and_the_order_is_another(bytes in 300_usize..6_000, seed in any::<u64>()) {
        let message = credential(bytes);
        let in_a_loop = message.frames(FrameSize::PHONE).unwrap().in_a_loop();
        // Twice as many as a loop has, as somebody shows it who waits for the other's camera.
        let mut shown = frames(&message, 2 * in_a_loop);
        let mut state = seed | 1;
        let mut next = || {
            state ^= state << 13;
            state ^= state >> 7;
            state ^= state << 17;
            usize::try_from(state % 1_000_003).unwrap()
        };
        shown.retain(|_| next() % 3 != 0);
        for at in (1..shown.len()).rev() {
            shown.swap(at, next() % (at + 1));
        }
        prop_assert_eq!(assemble(shown), Some(message));
    }

    #[test]
    fn no_text_panics(text in "(?i)UR:SYMBOLON-(REQUEST|RESPONSE|CREDENTIAL)/([0-9]{1,3}-[0-9]{1,3}/)?[A-Z]{0,60}") {
        let _ = FrameDecoder::default().take(&text);
    }
}

/// The pessimist's camera: from one loop of a film, any third of it missing, the message comes, however few fragments it has; and it seldom takes
/// many more frames than there are fragments.
#[test]
fn one_loop_without_a_third_is_enough() {
    let small = (400..3_000).step_by(23);
    let large = (3_000..12_000).step_by(391);
    assert!(frames_for_ten_fragments(small) < 15);
    assert!(frames_for_ten_fragments(large) < 13);
}

/// How many frames a camera that loses a third takes of messages of so many bytes, for ten of their fragments.
fn frames_for_ten_fragments(sizes: impl Iterator<Item = usize>) -> usize {
    let (mut taken, mut least) = (0, 0);
    for bytes in sizes {
        let message = credential(bytes);
        let shown = message.frames(FrameSize::PHONE).unwrap();
        let (fragments, count) = (shown.fragments(), shown.in_a_loop());
        let all = frames(&message, count);
        for lost in 0..3 {
            let mut decoder = FrameDecoder::default();
            let seen = all.iter().enumerate().filter(|(at, _)| at % 3 != lost);
            let mut needed = 0;
            let complete = seen.map(|(_, frame)| frame).any(|frame| {
                needed += 1;
                decoder.take(frame) == Ok(Progress::Complete(message.clone()))
            });
            assert!(
                complete,
                "{fragments} fragments, lost {lost}: {:?}",
                decoder.known()
            );
            taken += needed;
            least += fragments;
        }
    }
    taken * 10 / least
}

/// A film goes on as a loop, and who loses every third frame of it has had each of them after two.
#[test]
fn nobody_loses_the_same_frames_of_every_loop() {
    for bytes in (400..3_000).step_by(97) {
        let count = credential(bytes).frames(FrameSize::PHONE).unwrap().in_a_loop();
        let mut seen = vec![false; count];
        for at in (0..2 * count).filter(|at| at % 3 != 1) {
            seen[at % count] = true;
        }
        assert!(seen.into_iter().all(|seen| seen), "{count} frames");
    }
}

#[test]
fn an_onboarding_is_one_code_whose_fingerprint_is_its_root_of_trust() {
    let message = Message::Onboarding(onboarding());
    let shown = message.frames(FrameSize::PHONE).unwrap();
    assert_eq!(shown.fragments(), 1, "it is printed");
    assert_eq!(onboarding().fingerprint(), FINGERPRINT);
    let elsewhere = Onboarding {
        index: "https://elsewhere.example/packs.json".to_owned(),
        scope: None,
        ..onboarding()
    };
    assert_eq!(elsewhere.fingerprint(), FINGERPRINT);
    for at in 0..30 {
        let mut other = onboarding();
        other.root_of_trust[at] ^= 1;
        assert_ne!(other.fingerprint(), FINGERPRINT, "byte {at}");
    }
    let nothing = Onboarding {
        index: String::new(),
        ..onboarding()
    };
    let long = Onboarding {
        index: format!("https://{}.example", "a".repeat(600)),
        ..onboarding()
    };
    for refused in [nothing, long] {
        assert_eq!(
            Message::Onboarding(refused).to_cbor(),
            Err(MessageError::TooLarge)
        );
    }
}

/// Computed beside: for each group int.from_bytes(digest[5 * n : 5 * n + 5], "big") % 100000.
const FINGERPRINT: &str = "63420 24095 84770 45445 06120 66795";
