//! SD-JWT: Selective Disclosure for JSON Web Tokens ([RFC 9901](https://www.rfc-editor.org/rfc/rfc9901.html)).
//!
//! `<issuer-signed JWT>~<disclosure>~…~[<key binding JWT>]`. The holder removes disclosures and binds what is left to a
//! verifier; the issuer's signature covers only digests. Disclosures are slices of the text they came in and are never
//! written again, because their digest is over their exact characters. The JSON serialization is read through
//! [`to_compact`].

mod digest;
mod disclosure;
mod issue;
mod json;
mod key_binding;
mod parse;
mod process;
mod select;
mod write;

pub use digest::DigestAlgorithm;
pub use disclosure::Disclosure;
pub(crate) use issue::ClaimsToConceal;
pub use issue::{Decoys, IssueError, PreparedSdJwt, SdJwtClaims};
pub use json::{SdJwtJsonError, to_compact};
pub use key_binding::{KeyBindingClaims, PreparedKeyBinding, TransactionDataHashes};
pub use parse::{SdJwt, SdJwtBudget, SdJwtParseError};
pub(crate) use process::Gaps;
pub use process::{DisclosedClaim, ProcessError, ProcessedClaims, process};
pub use select::{SelectError, Selection, select, select_processed};

/// The member of an object that holds digests ([RFC 9901 §4.2.4.1](https://www.rfc-editor.org/rfc/rfc9901.html#section-4.2.4.1)).
pub(crate) const SD: &str = "_sd";
/// The single member that stands for an array element ([RFC 9901 §4.2.4.2](https://www.rfc-editor.org/rfc/rfc9901.html#section-4.2.4.2)).
pub(crate) const ELEMENT: &str = "...";
/// The digest algorithm, at the top level alone ([RFC 9901 §4.1.1](https://www.rfc-editor.org/rfc/rfc9901.html#section-4.1.1)).
pub(crate) const SD_ALG: &str = "_sd_alg";
/// The `typ` of a key binding JWT ([RFC 9901 §4.3](https://www.rfc-editor.org/rfc/rfc9901.html#section-4.3)).
pub(crate) const KEY_BINDING_TYPE: &str = "kb+jwt";
