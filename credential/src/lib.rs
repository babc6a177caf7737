//! What Symbolon signs and verifies: SD-JWT VC ([`sd_jwt`], [`sd_jwt_vc`]), ISO mdoc ([`mdoc`]), W3C credentials ([`w3c`]) and
//! Claim 169 ([`claim169`]).
//!
//! - [`sd_jwt_vc::CredentialToIssue`] and [`claim169::prepare`] build what is to be signed; whoever holds the key signs it.
//! - [`Input`] takes whatever somebody holds up; [`sd_jwt_vc::SdJwtVc`] and [`claim169::ParsedClaim169`] are read
//!   within a budget and unverified; their signature checks give a [`Verified`], which nothing else makes.
//! - [`mdoc`] issues, holds, presents and verifies ISO mdocs.
//! - [`w3c`] is the W3C data model, and its credentials and presentations as JWTs and COSE messages.
//! - [`sd_jwt::select`] shows exactly the claims that some [`claims_path::ClaimsPath`]s ask for.
//!
//! What this crate does not do: it decides about no trust (which key belongs to which issuer, which issuer may issue
//! what: `symbolon-trust`), asks nobody for a status, speaks no protocol, and reads no clock, randomness, file or network.
//!
//! ```
//! use serde_json::json;
//! use symbolon_credential::claims_path::ClaimsPath;
//! use symbolon_credential::sd_jwt::{Decoys, SdJwtBudget, select};
//! use symbolon_credential::sd_jwt_vc::{CredentialToIssue, IssuerKeyReference, SdJwtVc, VerifiableCredentialType};
//! use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SignatureAlgorithm, testing::SeededRandomness};
//!
//! # fn main() -> Result<(), Box<dyn std::error::Error>> {
//! let (provider, randomness) = (RustCryptoProvider, SeededRandomness::new(1));
//! let issuer = provider.generate_key(SignatureAlgorithm::Es256, &randomness)?;
//! let claims = json!({"given_name": "Asha", "birthdate": "1984-04-18"});
//! let credential = CredentialToIssue {
//!     vct: VerifiableCredentialType::parse("https://issuer.example/types/person")?,
//!     issuer: Some("https://issuer.example".to_owned()),
//!     issued_at: None,
//!     not_before: None,
//!     expires: None,
//!     status: None,
//!     holder: None,
//!     claims: claims.as_object().cloned().unwrap_or_default(),
//!     selectable: vec![ClaimsPath::top_level("given_name"), ClaimsPath::top_level("birthdate")],
//!     decoys: Decoys::None,
//! };
//! let key = IssuerKeyReference::KeyId(issuer.public_key().thumbprint().to_string());
//! let prepared = credential.prepare(SignatureAlgorithm::Es256, &key, &randomness)?;
//! let signature = provider.sign(&issuer, prepared.signing_input().as_bytes())?;
//! let issued = prepared.finish(&signature);
//!
//! let received = SdJwtVc::parse_received(&issued, SdJwtBudget::DEFAULT)?;
//! let received = received.verify_issuer_signature(&issuer.public_key(), &provider)?;
//! let shown = select(received.sd_jwt(), &[ClaimsPath::top_level("given_name")])?.without_key_binding();
//!
//! let presented = SdJwtVc::parse(&shown, SdJwtBudget::DEFAULT)?;
//! let presented = presented.verify_issuer_signature(&issuer.public_key(), &provider)?;
//! assert_eq!(presented.claims().get("given_name"), Some(&json!("Asha")));
//! assert_eq!(presented.claims().get("birthdate"), None);
//! # Ok(())
//! # }
//! ```

mod base45;
pub mod claim169;
pub mod claims_path;
pub mod data_integrity;
pub mod mdoc;
pub mod pixelpass;
mod recognised;
pub mod sd_jwt;
pub mod sd_jwt_vc;
pub mod status;
mod validity;
mod verified;
pub mod w3c;

pub use recognised::{Input, NotRecognised, Presented};
pub use validity::{Validity, ValidityRejected};
pub use verified::Verified;
