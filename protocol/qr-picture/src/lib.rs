#![doc = include_str!("../README.md")]

mod animation;
mod document;
mod draw;
mod picture;
mod read;

#[cfg(any(test, feature = "testing"))]
pub mod testing;

pub use animation::{FrameTime, MAX_ANIMATION_FRAMES, draw_animation};
pub use document::MAX_DOCUMENT_PAGES;
pub use draw::{DrawError, ErrorCorrection, QUIET_ZONE_MODULES, Symbol, Version};
pub use picture::{MAX_PICTURE_BYTES, MAX_PICTURE_PIXELS, PictureError, decode_picture, encode_png};
pub use read::{is_picture, read_picture};
pub use symbolon_qr_reader::{Decoder, Found, LumaPicture, PictureSource, read_luma};
