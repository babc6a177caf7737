//! What documents, namespaces and elements are called.

use core::fmt;

use thiserror::Error;

/// The longest name, in bytes. Real ones have some dozens.
pub(super) const MAX_NAME_BYTES: usize = 256;

/// A name that is empty, longer than 256 bytes, or has a control character.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("not a name of an mdoc's document type, namespace or element")]
pub struct InvalidName;

/// Whether a text may be a name.
pub(super) fn is_name(text: &str) -> bool {
    !text.is_empty() && text.len() <= MAX_NAME_BYTES && !text.chars().any(char::is_control)
}

macro_rules! name {
    ($(#[$documentation:meta])* $name:ident) => {
        $(#[$documentation])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub struct $name(String);

        impl $name {
            /// Reads the name.
            ///
            /// # Errors
            /// [`InvalidName`].
            pub fn parse(text: &str) -> Result<Self, InvalidName> {
                if is_name(text) { Ok(Self(text.to_owned())) } else { Err(InvalidName) }
            }

            /// The name.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(&self.0)
            }
        }
    };
}

name! {
    /// A document type, such as `org.iso.18013.5.1.mDL`.
    DocType
}
name! {
    /// A namespace, such as `org.iso.18013.5.1`.
    NameSpace
}
name! {
    /// The name of an element within its namespace, such as `family_name`.
    ElementIdentifier
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_some_printable_text() {
        assert_eq!(
            DocType::parse("org.iso.18013.5.1.mDL").unwrap().as_str(),
            "org.iso.18013.5.1.mDL"
        );
        for text in ["", "a\nb", &"a".repeat(257)] {
            assert_eq!(NameSpace::parse(text), Err(InvalidName));
        }
    }
}
