//! Both sides over a channel that loses, repeats, moves and changes what it carries: the right document arrives, or a typed
//! error, or nothing; never another document.

use std::sync::LazyLock;

use proptest::prelude::*;
use proptest::sample::Index;

use super::super::ble::{FrameAssembler, FrameSize, split};
use super::world::{PROVIDER, World, engaged};
use super::*;

static WORLD: LazyLock<World> = LazyLock::new(World::new);

/// What the channel does to one message, which is so many frames.
#[derive(Debug, Clone)]
enum Fault {
    Lose(Index),
    Repeat(Index, Index),
    Swap(Index, Index),
    Flip(Index, Index, u8),
    Cut(Index, Index),
    /// An earlier message comes instead, if there is one.
    Replay(Index),
}

fn any_fault() -> impl Strategy<Value = Fault> {
    let index = any::<Index>;
    prop_oneof![
        index().prop_map(Fault::Lose),
        (index(), index()).prop_map(|(frame, to)| Fault::Repeat(frame, to)),
        (index(), index()).prop_map(|(left, right)| Fault::Swap(left, right)),
        (index(), index(), 0_u8..8).prop_map(|(frame, byte, bit)| Fault::Flip(frame, byte, bit)),
        (index(), index()).prop_map(|(frame, length)| Fault::Cut(frame, length)),
        index().prop_map(Fault::Replay),
    ]
}

impl Fault {
    fn strike(&self, frames: &mut Vec<Vec<u8>>, earlier: &[Vec<Vec<u8>>]) {
        let count = frames.len();
        match self {
            Self::Lose(frame) => {
                frames.remove(frame.index(count));
            }
            Self::Repeat(frame, to) => {
                let repeated = frames[frame.index(count)].clone();
                frames.insert(to.index(count), repeated);
            }
            Self::Swap(left, right) => frames.swap(left.index(count), right.index(count)),
            Self::Flip(frame, byte, bit) => {
                let frame = &mut frames[frame.index(count)];
                let byte = byte.index(frame.len());
                frame[byte] ^= 1 << bit;
            }
            Self::Cut(frame, length) => {
                let frame = &mut frames[frame.index(count)];
                frame.truncate(length.index(frame.len()));
            }
            Self::Replay(message) => {
                if !earlier.is_empty() {
                    *frames = earlier[message.index(earlier.len())].clone();
                }
            }
        }
    }
}

/// The channel: which message suffers what, and what it has carried.
struct Channel {
    size: FrameSize,
    faults: Vec<(usize, Fault)>,
    carried: Vec<Vec<Vec<u8>>>,
}

impl Channel {
    /// What arrives of a message: the message, nothing, or something that is refused.
    fn carry(&mut self, message: &[u8], limit: usize) -> Option<Vec<u8>> {
        let sent: Vec<Vec<u8>> = split(message, self.size).unwrap().collect();
        let turn = self.carried.len();
        let mut frames = sent.clone();
        for (_, fault) in self.faults.iter().filter(|(at, _)| *at == turn) {
            if frames.is_empty() {
                break;
            }
            fault.strike(&mut frames, &self.carried);
        }
        self.carried.push(sent);
        let mut assembler = FrameAssembler::new(limit);
        let mut arrived = None;
        for frame in frames {
            match assembler.push(&frame) {
                Ok(Some(message)) => arrived = Some(message),
                Ok(None) => {}
                Err(_) => return None,
            }
        }
        arrived
    }
}

/// What came of a dialogue of three questions.
#[derive(Debug, PartialEq, Eq)]
enum Outcome {
    /// All three were answered.
    Complete,
    /// A side ended the session.
    Ended(SessionError),
    /// A message did not arrive, or not as a message.
    Silent,
}

const QUESTIONS: [&[&str]; 3] = [&["family_name"], &["portrait", "age_over_18"], &["age_over_18"]];

/// Asks three times, and checks everything that arrives.
fn talk(channel: &mut Channel) -> Outcome {
    let (holder, reader) = engaged(300);
    let session = reader.session();
    let mut questions = QUESTIONS.iter();
    let request = |names: &[&str]| WORLD.signed_request(names, session.transcript());
    let mut asked = *questions.next().unwrap();
    let mut sent = request(asked);
    let (mut message, mut awaiting) = reader.establish(&sent).unwrap();
    let mut engaged = Some(holder);
    let mut answered: Option<AnsweredHolder> = None;
    loop {
        let Some(arrived) = channel.carry(&message, MAX_REQUEST_MESSAGE_BYTES) else {
            return Outcome::Silent;
        };
        let event = match (engaged.take(), answered.take()) {
            (Some(holder), _) => holder.receive(&arrived, WORLD.trust(), &PROVIDER),
            (None, Some(holder)) => holder.receive(&arrived, WORLD.trust(), &PROVIDER),
            (None, None) => panic!("the holder is in one of the two states"),
        };
        let holder = match event {
            Ok(HolderEvent::Requested(holder)) => holder,
            Ok(HolderEvent::Ended(_)) => panic!("nobody ended the session"),
            Err(ended) => return Outcome::Ended(ended.error),
        };
        assert_eq!(
            holder.request().as_bytes(),
            sent,
            "what was asked is what arrives"
        );
        assert!(matches!(
            holder.request().reader(),
            ReaderAuthentication::Proven(_)
        ));
        let response = WORLD.response(&holder, asked);
        let (reply, next_holder) = holder.answer(&response).unwrap();
        answered = Some(next_holder);
        let Some(arrived) = channel.carry(&reply, MAX_RESPONSE_MESSAGE_BYTES) else {
            return Outcome::Silent;
        };
        let reader = match awaiting.receive(&arrived) {
            Ok(ReaderEvent::Response {
                device_response,
                reader,
            }) => {
                assert_eq!(*device_response, response, "what was answered is what arrives");
                assert_eq!(WORLD.shown(&device_response, &session).unwrap(), asked);
                reader
            }
            Ok(other) => panic!("nobody ended the session: {other:?}"),
            Err(ended) => return Outcome::Ended(ended.error),
        };
        let Some(next) = questions.next() else {
            return Outcome::Complete;
        };
        asked = next;
        sent = request(asked);
        (message, awaiting) = reader.request(&sent).unwrap();
    }
}

fn over(mtu: u16, faults: Vec<(usize, Fault)>) -> Channel {
    Channel {
        size: FrameSize::of_mtu(mtu),
        faults,
        carried: Vec::new(),
    }
}

#[test]
fn a_channel_without_faults_carries_every_answer() {
    for mtu in [23, 185, 515] {
        assert_eq!(talk(&mut over(mtu, Vec::new())), Outcome::Complete);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(96))]

    #[test]
    fn the_right_document_arrives_or_none(
        mtu in prop::sample::select(vec![23_u16, 64, 185, 515]),
        faults in prop::collection::vec((0_usize..6, any_fault()), 1..4),
    ) {
        // Whatever comes of it: `talk` has compared everything that arrived with what was sent.
        let mut channel = over(mtu, faults);
        let outcome = talk(&mut channel);
        if outcome == Outcome::Complete {
            prop_assert_eq!(channel.carried.len(), 6);
        }
    }

    #[test]
    fn a_message_of_another_turn_ends_the_session(turn in 1_usize..6, message in any::<Index>()) {
        let outcome = talk(&mut over(515, vec![(turn, Fault::Replay(message))]));
        prop_assert!(matches!(outcome, Outcome::Ended(_)), "{:?}", outcome);
    }

    #[test]
    fn a_lost_frame_is_never_a_shorter_message(turn in 0_usize..6, frame in any::<Index>()) {
        let outcome = talk(&mut over(64, vec![(turn, Fault::Lose(frame))]));
        prop_assert_ne!(outcome, Outcome::Complete);
    }
}
