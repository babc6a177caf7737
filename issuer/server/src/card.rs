//! The printable card: what a Claim 169 card looks like on paper, and the faces on it.
//!
//! [`print`] draws a card in the ID-1 format (85.60 × 53.98 mm, ISO/IEC 7810) as PNG at 600 dots per inch or as PDF. A
//! card with one code has a front. Where the face has a code to itself it stands on the back, beside the front, to be
//! folded. Names stand in their own scripts, shaped and, where the script asks for it, from right to left. Fonts
//! come from a [`FontSource`]; a script that no font covers is an error that names the script, because a card with
//! empty boxes would be issued and found out at a counter. The QR code is at most version 22, which phone cameras read.
//!
//! [`draw_face`] makes a picture of a sample resident's portrait, [`fit_webp`] brings any face under the byte budget
//! that is left in a QR code.

mod design;
mod face;
mod fonts;
mod print;
mod setting;
mod text;

pub use face::{FaceError, FitWebp, FittedFace, draw_face, draw_faces, fit_webp, picture_data_uri};
pub(crate) use face::{crop_to_portrait, open, resize};
pub use fonts::{FontError, FontSource, Fonts};
pub use print::{CARD_HEIGHT_PIXELS, CARD_WIDTH_PIXELS, CardInput, Format, PrintError, print};

#[cfg(test)]
mod tests;
