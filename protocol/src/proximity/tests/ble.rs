use proptest::prelude::*;

use super::super::ble::*;

fn assemble(frames: impl IntoIterator<Item = Vec<u8>>, limit: usize) -> Result<Option<Vec<u8>>, FrameError> {
    let mut assembler = FrameAssembler::new(limit);
    let mut message = None;
    for frame in frames {
        message = assembler.push(&frame)?;
    }
    Ok(message)
}

#[test]
fn frames_are_as_long_as_the_connection_takes() {
    for (mtu, bytes) in [
        (0, 20),
        (23, 20),
        (185, 182),
        (515, 512),
        (517, 512),
        (u16::MAX, 512),
    ] {
        assert_eq!(FrameSize::of_mtu(mtu).bytes(), bytes, "{mtu}");
    }
    let message = vec![7; 1023];
    let frames: Vec<Vec<u8>> = split(&message, FrameSize::of_mtu(515)).unwrap().collect();
    assert_eq!(frames.iter().map(Vec::len).collect::<Vec<_>>(), [512, 512, 2]);
    assert_eq!(frames.iter().map(|frame| frame[0]).collect::<Vec<_>>(), [1, 1, 0]);
    // A message that fills its frames exactly has no empty one behind them.
    let frames: Vec<Vec<u8>> = split(&message[..1022], FrameSize::of_mtu(515)).unwrap().collect();
    assert_eq!(frames.iter().map(|frame| frame[0]).collect::<Vec<_>>(), [1, 0]);
    assert!(matches!(
        split(&[], FrameSize::of_mtu(23)),
        Err(FrameError::Empty)
    ));
}

#[test]
fn what_cannot_be_a_part_is_refused_and_everything_behind_it() {
    for (frames, error) in [
        (vec![vec![]], FrameError::Empty),
        (vec![vec![1]], FrameError::Empty),
        (vec![vec![1, 5], vec![0]], FrameError::Empty),
        (vec![vec![2, 5]], FrameError::UnknownLead),
        (vec![vec![1; 513]], FrameError::FrameTooLong),
        (vec![vec![0, 5], vec![0, 5]], FrameError::AfterLast),
        (
            vec![vec![1, 5, 5, 5], vec![0, 5, 5]],
            FrameError::MessageTooLong { limit: 4 },
        ),
        (
            vec![vec![0, 5, 5, 5, 5, 5]],
            FrameError::MessageTooLong { limit: 4 },
        ),
    ] {
        assert_eq!(assemble(frames, 4), Err(error));
    }
    let mut assembler = FrameAssembler::new(4);
    assert_eq!(assembler.push(&[9]), Err(FrameError::UnknownLead));
    assert_eq!(assembler.push(&[0, 5]), Err(FrameError::AfterRefusal));
}

#[test]
fn an_endless_stream_ends_at_its_budget() {
    let mut assembler = FrameAssembler::new(10_000);
    let taken = (0..1_000_000)
        .take_while(|_| assembler.push(&[1, 0]).is_ok())
        .count();
    assert_eq!(taken, 10_000);
}

#[test]
fn states_are_start_and_end() {
    for signal in [StateSignal::Start, StateSignal::End] {
        assert_eq!(StateSignal::parse(&[signal.to_byte()]), Ok(signal));
    }
    for value in [[].as_slice(), &[0], &[3], &[1, 1]] {
        assert_eq!(StateSignal::parse(value), Err(FrameError::UnknownState));
    }
}

#[test]
fn the_ident_is_hkdf_over_the_devices_key() {
    // RFC 5869 with the key of ISO/IEC 18013-5 Annex D, computed with Python's hmac and hashlib.
    let key = "d818584ba4010220012158205a88d182bce5f42efa59943f33359d2e8a968ff289d93e5fa444b624343167fe2258\
               20b16e8cf858ddc7690407ba61d4c338237a8cfcf3de6aa672fc60a557aa32fc67";
    let key: Vec<u8> = (0..key.len())
        .step_by(2)
        .map(|at| u8::from_str_radix(&key[at..at + 2], 16).unwrap())
        .collect();
    let expected = [
        0x8d, 0xa0, 0xb7, 0xa8, 0x59, 0x19, 0xf0, 0x56, 0x73, 0x05, 0x4e, 0xa9, 0x96, 0xbb, 0xd1, 0x24,
    ];
    assert_eq!(ident(&key), expected);
}

proptest! {
    #[test]
    fn every_message_comes_out_as_it_went_in(
        message in prop::collection::vec(any::<u8>(), 1..3000),
        mtu in any::<u16>(),
    ) {
        let size = FrameSize::of_mtu(mtu % 600);
        let frames: Vec<Vec<u8>> = split(&message, size).unwrap().collect();
        prop_assert!(frames.iter().all(|frame| frame.len() <= size.bytes()));
        prop_assert_eq!(assemble(frames, message.len()).unwrap(), Some(message));
    }

    #[test]
    fn no_frames_make_the_assembler_panic_or_grow(
        frames in prop::collection::vec(prop::collection::vec(0_u8..4, 0..20), 0..50),
    ) {
        if let Ok(Some(message)) = assemble(frames, 64) {
            prop_assert!((1..=64).contains(&message.len()));
        }
    }
}
