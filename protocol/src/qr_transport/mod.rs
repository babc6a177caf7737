//! Presentation by animated QR code, both sides offline: how messages travel from screen to camera.
//!
//! A [`Message`] becomes an endless row of [`Frames`], each the text of one QR code; a [`FrameDecoder`] puts the message together
//! again from any of them that suffice, in any order. The frames are multipart Uniform Resources ([BCR-2020-005], [BCR-2024-001])
//! of types of our own; `docs/qr-presentation.md` is the whole format. The same frames bring an offline pack, or what
//! changed in it, from one reader to its neighbour (`docs/packs.md`).
//!
//! The request that travels so is an OpenID4VP request with the response mode [`RESPONSE_MODE`]; nothing that is made for one mode
//! is good in another: request audience, proof audience and mdoc handover are this transport's own.
//!
//! [BCR-2020-005]: https://github.com/BlockchainCommons/Research/blob/master/papers/bcr-2020-005-ur.md
//! [BCR-2024-001]: https://github.com/BlockchainCommons/Research/blob/master/papers/bcr-2024-001-multipart-ur.md

mod decoder;
mod elimination;
mod frames;
mod message;
mod pack_message;

use core::time::Duration;

pub use self::decoder::{FrameDecoder, FrameError, Progress, is_frame};
pub use self::frames::{FrameSize, Frames, MAX_FRAME_CHARACTERS};
pub use self::message::{CarriedCredential, Message, MessageError, MessageKind};
pub use self::pack_message::{Onboarding, PackState};

/// `response_mode`: the answer is encrypted to a key of the request and shown as frames.
pub const RESPONSE_MODE: &str = "symbolon_qr.jwt";

/// `aud` of a request object that travels by QR code.
pub const REQUEST_AUDIENCE: &str = "symbolon-qr";

/// The longest time between `iat` and `exp` of a request by QR code. Its nonce is remembered for as long, by a device that may have
/// nothing else to tell a replay by.
pub const MAX_REQUEST_LIFETIME: Duration = Duration::from_secs(15 * 60);

/// The longest message on its way, in bytes of its encoding: what two minutes of frames carry.
pub const MAX_MESSAGE_BYTES: usize = 128 << 10;

/// The most fragments that a message is cut into.
pub const MAX_FRAGMENTS: usize = 1024;

/// The audience of a holder's proof in an answer by QR code: the client identifier behind a prefix that no other mode has.
///
/// The audience of an answer over the Digital Credentials API begins with `origin:`, and that of any other answer is the client
/// identifier itself, which cannot begin so: the part before its first colon would be a prefix that wallets do not know.
#[must_use]
pub fn proof_audience(client_id: &str) -> String {
    format!("symbolon-qr:{client_id}")
}

#[cfg(test)]
mod tests;
