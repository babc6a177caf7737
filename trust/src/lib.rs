//! Whom a verifier believes, and what has become of a credential since it was issued.
//!
//! - [`trust_list`]: the believed issuers with their anchors and what each may issue, and the pinned
//!   [`RootOfTrust`](trust_list::RootOfTrust).
//! - [`authorities`]: issuing authorities of mdocs (IACA), and certificates in files.
//! - [`vical`]: signed lists of such authorities, of ISO/IEC 18013-5 Annex C.
//! - [`status_list`]: Token Status List, as an array and as a signed JWT.
//! - [`bitstring_status_list`]: Bitstring Status List of W3C credentials, as an array and as a credential.
//! - [`pack`]: the offline pack, a file of independently signed sections that is read where it lies.
//! - [`compact_set`]: the exact, compact sets in a pack.
//! - [`validity`]: current, in grace, expired.
//!
//! The crate judges evidence; it fetches none, keeps none, and reads no clock. It never answers "valid" for want of
//! evidence: an index behind the end of a list, a list that is not in a pack and a set that does not decode are
//! answers of their own, which the caller has to name.
//!
//! ```
//! use symbolon_trust::compact_set::{self, CompactSet};
//!
//! let bytes = compact_set::build(&[3, 5, 80], 100)?;
//! let revoked = CompactSet::open(&bytes)?;
//! assert!(revoked.contains(5)?);
//! assert!(!revoked.contains(6)?);
//! assert!(revoked.contains(100).is_err());
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```

pub mod authorities;
pub mod bitstring_status_list;
pub mod compact_set;
pub mod distribution;
pub mod pack;
pub mod status_list;
#[cfg(any(test, feature = "testing"))]
pub mod testing;
pub mod trust_list;
pub mod validity;
pub mod vical;
