//! From a message to the texts of QR codes.

use ur::ur::{Encoder, Type, try_encode};

use super::MAX_FRAGMENTS;
use super::message::{Message, MessageError};

/// The longest text of a frame: what the largest QR code holds of the alphanumeric set (ISO/IEC 18004, table 7).
pub const MAX_FRAME_CHARACTERS: usize = 4_296;

/// How many rounds of a message a loop shows: first each fragment by itself, then twice as many mixtures of them, from which
/// a camera that missed some learns all it lacks at once.
const ROUNDS_IN_A_LOOP: usize = 3;

/// How many mixtures a loop has beyond its rounds. Mixtures are drawn by chance: of few fragments, those of the rounds alone may leave one out, and
/// a camera that loses a third of each loop misses it about once in thirty loops; with these it does less than once in a thousand. They are no multiple of three,
/// so that one that loses every third frame loses others the next time, and none for ever.
const MORE_IN_A_LOOP: usize = 19;

/// How much of a message a frame carries.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FrameSize(usize);

impl FrameSize {
    /// 200 bytes: a code of version 12 at most, with the weakest error correction, which cheap phones read from a screen at arm's
    /// length. What a camera misses, the fountain code brings again.
    pub const PHONE: Self = Self(200);
    /// 400 bytes: a code of version 17 at most, for good cameras that hold still.
    pub const DENSE: Self = Self(400);

    /// The bytes of a message in one frame.
    #[must_use]
    pub const fn bytes(self) -> usize {
        self.0
    }
}

/// The frames of one message: an endless row of texts, in capitals, so that a QR code holds them in its alphanumeric mode. A message that
/// fits one frame is that one frame for ever.
pub struct Frames(Kept);

enum Kept {
    One(String),
    Many(Encoder<'static>),
}

impl Frames {
    /// How many different fragments the message has; as many frames are the least that bring it.
    #[must_use]
    pub fn fragments(&self) -> usize {
        match &self.0 {
            Kept::One(_) => 1,
            Kept::Many(encoder) => encoder.fragment_count(),
        }
    }

    /// How many frames a picture that is shown again and again should hold.
    #[must_use]
    pub fn in_a_loop(&self) -> usize {
        match &self.0 {
            Kept::One(_) => 1,
            Kept::Many(encoder) => {
                let rounds = encoder.fragment_count().saturating_mul(ROUNDS_IN_A_LOOP);
                rounds.saturating_add(MORE_IN_A_LOOP)
            }
        }
    }
}

impl Iterator for Frames {
    type Item = String;

    fn next(&mut self) -> Option<String> {
        let text = match &mut self.0 {
            Kept::One(text) => return Some(text.clone()),
            // A frame counts in 32 bits.
            Kept::Many(encoder) if u32::try_from(encoder.current_index()).is_ok_and(|at| at < u32::MAX) => {
                encoder.next_part().ok()?
            }
            Kept::Many(_) => return None,
        };
        Some(text.to_ascii_uppercase())
    }
}

impl Message {
    /// The frames of this message.
    ///
    /// # Errors
    /// [`MessageError`] when it is too large or malformed.
    pub fn frames(&self, size: FrameSize) -> Result<Frames, MessageError> {
        let message = self.to_cbor()?;
        let kind = self.kind().ur_type();
        if message.len() <= size.0 {
            let text = try_encode(&message, &Type::Custom(kind)).map_err(|_| MessageError::Malformed)?;
            return Ok(Frames(Kept::One(text.to_ascii_uppercase())));
        }
        if message.len().div_ceil(size.0) > MAX_FRAGMENTS {
            return Err(MessageError::TooLarge);
        }
        let encoder = Encoder::new(&message, size.0, kind).map_err(|_| MessageError::Malformed)?;
        Ok(Frames(Kept::Many(encoder)))
    }
}
