#![doc = include_str!("../README.md")]

mod luma;
mod read;

pub use luma::LumaPicture;
pub use read::{Decoder, Found, PictureSource, merge, read_drawn, read_in_passing, read_luma};
