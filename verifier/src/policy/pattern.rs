//! Regular expressions on claims, by an engine whose time grows with the text alone.

use core::fmt;

use regex::{Regex, RegexBuilder};

/// The longest expression, in bytes.
const MAX_PATTERN_BYTES: usize = 512;
/// The largest compiled expression, in bytes: a counted repetition of a class of all letters may want much.
const MAX_COMPILED_BYTES: usize = 1 << 20;
/// Groups within each other.
const MAX_NESTING: u32 = 32;
/// The longest text that is compared, in bytes. No name and no number is longer.
const MAX_TEXT_BYTES: usize = 4_096;

/// An expression that a whole text must match.
#[derive(Clone)]
pub(super) struct Pattern(Regex);

impl Pattern {
    /// Reads an expression.
    ///
    /// # Errors
    /// What the engine says.
    pub(super) fn parse(text: &str) -> Result<Self, String> {
        if text.len() > MAX_PATTERN_BYTES {
            return Err(format!("longer than {MAX_PATTERN_BYTES} bytes"));
        }
        let compile = |text: &str| {
            RegexBuilder::new(text)
                .size_limit(MAX_COMPILED_BYTES)
                .dfa_size_limit(MAX_COMPILED_BYTES)
                .nest_limit(MAX_NESTING)
                .build()
                .map_err(|error| match error {
                    regex::Error::CompiledTooBig(_) => "it is too large".to_owned(),
                    _ => "it does not read".to_owned(),
                })
        };
        // By itself first: `a)|(b` reads only within the group that is put around it.
        compile(text)?;
        compile(&format!(r"\A(?:{text})\z")).map(Self)
    }

    /// Whether the whole text matches.
    pub(super) fn matches(&self, text: &str) -> bool {
        text.len() <= MAX_TEXT_BYTES && self.0.is_match(text)
    }
}

impl fmt::Debug for Pattern {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_tuple("Pattern").field(&self.0.as_str()).finish()
    }
}
