//! Pages that servers render, for residents and for whoever checks their credentials.
//!
//! - [`Translations`]: every text in several languages, of which English is complete; an operator adds others.
//! - [`language`]: which language a page is in.
//! - [`Templates`]: HTML from templates that escape everything and refuse a value that is missing.
//! - [`answer`]: the header fields of a page, and the files that pages refer to.
//! - [`cookie`]: reading the one that ties what a page does to a browser.
//!
//! Who may see a page and what stands on it is its server's business.

pub mod answer;
pub mod cookie;
pub mod language;
mod templates;
#[cfg(feature = "testing")]
pub mod testing;
#[cfg(test)]
mod tests;
mod translations;

pub use minijinja::value::Serde;
pub use minijinja::{Error as TemplateError, ErrorKind, Value, context};
pub use templates::{LanguageLink, Templates};
pub use translations::{Direction, Translation, Translations, TranslationsError};
