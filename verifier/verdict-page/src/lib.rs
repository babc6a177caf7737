#![doc = include_str!("../README.md")]

mod claims;
mod conclusion;
mod page;
mod shown;

pub use conclusion::Conclusion;
pub use page::{VerdictPages, Whole, minutes};
pub use shown::{Shown, words};

/// How verdicts look; stands beside the style of all pages.
pub const STYLE: &str = include_str!("verdict.css");

/// The script's part that tells a verdict: sound, vibration, times in the clock of the place. A module.
pub const TELLING: &str = include_str!("telling.js");
