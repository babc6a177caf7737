//! From the texts of QR codes to a message.

use std::collections::BTreeSet;

use symbolon_crypto::encoding::cbor::{CborBudget, Cursor};
use thiserror::Error;
use ur::fountain::Part;
use ur::ur::{Encoder, Kind};

use super::elimination::Elimination;

use super::frames::MAX_FRAME_CHARACTERS;
use super::message::{Message, MessageError, MessageKind};
use super::{MAX_FRAGMENTS, MAX_MESSAGE_BYTES};

/// Whether a text looks like a frame of this transport; whether it is one only a [`FrameDecoder`] tells.
#[must_use]
pub fn is_frame(text: &str) -> bool {
    text.get(..PREFIX.len())
        .is_some_and(|start| start.eq_ignore_ascii_case(PREFIX))
}

/// What every frame of ours begins with.
const PREFIX: &str = "ur:symbolon-";

/// The fields of a fragment: sequence number, count, length, checksum, data.
const FRAGMENT_FIELDS: u64 = 5;

/// How many different frames of one message are taken, at most: four for each fragment, and some. A fountain needs little more than
/// one; a stream that does not end is refused.
const MAX_FRAMES_PER_FRAGMENT: usize = 4;
const MAX_FRAMES_BESIDE: usize = 64;

/// How far a message is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Progress {
    /// More frames are needed.
    Assembling {
        /// How many fragments are known.
        known: usize,
        /// Of how many.
        fragments: usize,
    },
    /// The message is there.
    Complete(Message),
}

/// Why a frame was not taken. What was taken before stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FrameError {
    /// Something else than a frame of this transport.
    #[error("the code is no frame of a message")]
    NotAFrame,
    /// Letters or a checksum that are wrong, or parts that contradict each other.
    #[error("the frame is damaged")]
    Damaged,
    /// The frame announces more than a message may have.
    #[error("the frame announces a message over the budget")]
    OverBudget,
    /// The frame is of another message than the first one.
    #[error("the frame is of another message")]
    OtherMessage,
    /// Many frames came and no message.
    #[error("no message comes of the frames")]
    Endless,
    /// What the frames carried is no message: begin again.
    #[error(transparent)]
    Message(#[from] MessageError),
}

/// Puts a message together, from frames in any order and with any of them missing, as long as enough come.
///
/// The first frame decides which message it is: its kind, the number of its fragments, its length and its checksum. The checksum says
/// that it is the message which was sent, not who sent it: that is for the signature or the encryption inside.
#[derive(Default)]
pub struct FrameDecoder {
    begun: Option<Begun>,
}

enum Begun {
    /// A message of one frame, and its text.
    One(String),
    Many(Assembly),
}

struct Assembly {
    identity: Identity,
    /// None once the message was complete.
    fragments: Option<Elimination>,
    /// The numbers of the frames that were taken. What a camera sees twice costs nothing.
    taken: BTreeSet<u64>,
}

/// What the frames of one message have in common.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Identity {
    kind: MessageKind,
    fragments: usize,
    message_bytes: usize,
    fragment_bytes: usize,
    checksum: u64,
}

/// A frame that is whole and within the budget.
enum Frame {
    One(MessageKind, Vec<u8>),
    Fragment(Identity, u64, Part),
}

impl FrameDecoder {
    /// Takes the text of one QR code. Once the message was complete, further frames of it bring it no second time: they are answered
    /// with all fragments known.
    ///
    /// # Errors
    /// [`FrameError`]. After [`FrameError::Message`] and [`FrameError::Endless`] nothing comes of it any more; all others leave it as it was.
    pub fn take(&mut self, text: &str) -> Result<Progress, FrameError> {
        let text = text.trim();
        match read(text)? {
            Frame::One(kind, message) => match &self.begun {
                None => {
                    let message = Message::parse_cbor(kind, &message)?;
                    self.begun = Some(Begun::One(text.to_ascii_uppercase()));
                    Ok(Progress::Complete(message))
                }
                Some(Begun::One(first)) if first.eq_ignore_ascii_case(text) => Ok(Progress::Assembling {
                    known: 1,
                    fragments: 1,
                }),
                Some(_) => Err(FrameError::OtherMessage),
            },
            Frame::Fragment(identity, number, part) => {
                let begun = self
                    .begun
                    .get_or_insert_with(|| Begun::Many(Assembly::of(identity)));
                match begun {
                    Begun::One(_) => Err(FrameError::OtherMessage),
                    Begun::Many(assembly) => assembly.take(identity, number, &part),
                }
            }
        }
    }

    /// How far it is; `None` before the first frame of several.
    #[must_use]
    pub fn known(&self) -> Option<(usize, usize)> {
        match self.begun.as_ref()? {
            Begun::One(_) => None,
            Begun::Many(assembly) => Some(assembly.known()),
        }
    }
}

impl Assembly {
    fn of(identity: Identity) -> Self {
        Self {
            identity,
            fragments: Some(Elimination::new(identity.fragments)),
            taken: BTreeSet::new(),
        }
    }

    fn take(&mut self, identity: Identity, number: u64, part: &Part) -> Result<Progress, FrameError> {
        if identity != self.identity {
            return Err(FrameError::OtherMessage);
        }
        if let Some(fragments) = &mut self.fragments
            && !self.taken.contains(&number)
        {
            let most = identity.fragments * MAX_FRAMES_PER_FRAGMENT + MAX_FRAMES_BESIDE;
            if self.taken.len() >= most {
                return Err(FrameError::Endless);
            }
            fragments.take(&part.indexes(), part.data());
            self.taken.insert(number);
        }
        match self
            .fragments
            .take_if(|fragments| fragments.rank() == identity.fragments)
        {
            Some(fragments) => identity.message(fragments).map(Progress::Complete),
            None => {
                let (known, fragments) = self.known();
                Ok(Progress::Assembling { known, fragments })
            }
        }
    }

    fn known(&self) -> (usize, usize) {
        let all = self.identity.fragments;
        (self.fragments.as_ref().map_or(all, Elimination::rank), all)
    }
}

impl Identity {
    /// The message that the fragments are of, if it is the one that every frame announced.
    fn message(self, fragments: Elimination) -> Result<Message, FrameError> {
        let mut message = fragments.solve().ok_or(MessageError::Malformed)?;
        let padding = message.split_off(self.message_bytes.min(message.len()));
        if padding.iter().any(|byte| *byte != 0) {
            return Err(MessageError::Malformed.into());
        }
        // Cut again it must announce the same: length, fragments, and the checksum that nothing has compared yet.
        let first = Encoder::new(&message, self.fragment_bytes, self.kind.ur_type())
            .and_then(|mut again| again.next_part())
            .map_err(|_| MessageError::Malformed)?;
        match read(&first)? {
            Frame::Fragment(again, ..) if again == self => {}
            _ => return Err(MessageError::Malformed.into()),
        }
        Ok(Message::parse_cbor(self.kind, &message)?)
    }
}

/// Reads one frame, and refuses what is over the budget before anything is kept for it.
fn read(text: &str) -> Result<Frame, FrameError> {
    if !is_frame(text) {
        return Err(FrameError::NotAFrame);
    }
    if text.len() > MAX_FRAME_CHARACTERS {
        return Err(FrameError::OverBudget);
    }
    let lower = text.to_ascii_lowercase();
    let kind = lower
        .strip_prefix("ur:")
        .and_then(|rest| rest.split('/').next())
        .and_then(MessageKind::of_ur_type)
        .ok_or(FrameError::NotAFrame)?;
    let (form, content) = ur::ur::decode(&lower).map_err(|_| FrameError::Damaged)?;
    match form {
        Kind::SinglePart => Ok(Frame::One(kind, content)),
        Kind::MultiPart => {
            let frame = fragment(kind, &content)?;
            // The numbers before the body are for people, and must be its own.
            match &frame {
                Frame::Fragment(identity, number, _) if is_numbered(&lower, *number, identity.fragments) => {
                    Ok(frame)
                }
                _ => Err(FrameError::Damaged),
            }
        }
    }
}

fn is_numbered(text: &str, number: u64, fragments: usize) -> bool {
    let mut parts = text.rsplit('/');
    parts.next();
    parts.next() == Some(format!("{number}-{fragments}").as_str())
}

fn fragment(kind: MessageKind, content: &[u8]) -> Result<Frame, FrameError> {
    let budget = CborBudget {
        bytes: MAX_FRAME_CHARACTERS,
        depth: 2,
        items: 6,
    };
    let mut cursor = Cursor::new(content, budget).map_err(|_| FrameError::Damaged)?;
    let fields = (|| {
        if cursor.array()? != FRAGMENT_FIELDS {
            return None;
        }
        let number = cursor
            .unsigned()
            .filter(|number| *number <= u64::from(u32::MAX))?;
        let fragments = usize::try_from(cursor.unsigned()?).ok()?;
        let message_bytes = usize::try_from(cursor.unsigned()?).ok()?;
        let checksum = cursor.unsigned()?;
        Some((number, fragments, message_bytes, checksum, cursor.bytes()?))
    })();
    let (number, fragments, message_bytes, checksum, data) = fields.ok_or(FrameError::Damaged)?;
    if fragments > MAX_FRAGMENTS || message_bytes > MAX_MESSAGE_BYTES {
        return Err(FrameError::OverBudget);
    }
    // As many fragments as the message takes at this size, and no more: otherwise some would be nothing but padding.
    if number == 0 || data.is_empty() || fragments == 0 || message_bytes.div_ceil(data.len()) != fragments {
        return Err(FrameError::Damaged);
    }
    let identity = Identity {
        kind,
        fragments,
        message_bytes,
        fragment_bytes: data.len(),
        checksum,
    };
    let part = minicbor::decode(content).map_err(|_| FrameError::Damaged)?;
    Ok(Frame::Fragment(identity, number, part))
}
