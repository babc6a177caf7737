//! Claim 169: identity data in a CBOR Web Token, for QR codes on cards (MOSIP
//! [169 - QR Code Specification](https://docs.mosip.io/1.2.0/readme/standards-and-specifications/mosip-standards/169-qr-code-specification) 1.2.0).
//!
//! The text of the QR code is Base45 over zlib over `61(18(COSE_Sign1))`. Writing is strict; reading takes what real
//! deployments print. A Claim 169 binds nobody but by the photo: who verifies one compares the holder by eye.
//!
//! A card may have several codes ([`Cwt::split_face`], [`join`]), and one of them may be encrypted for the holders of a key
//! ([`SignedClaim169::encrypt`], [`LockedClaim169::unlock`]).

mod attributes;
mod biometrics;
mod card;
pub(crate) mod compress;
mod confirmation;
mod cwt;
mod date_of_birth;
mod encrypted;
mod identity;
mod qr_texts;
mod read;
mod strict;
mod write;

pub use attributes::{Finger, Gender, ImageFormat, MaritalStatus};
pub use biometrics::{
    Biometric, BiometricFormat, BiometricKind, BiometricPart, ImageKind, SoundKind, TemplateKind,
};
pub use card::{CardClaims, NotOneCard, NothingJoins, join};
pub use confirmation::Confirmation;
pub use cwt::Cwt;
pub use date_of_birth::{DateOfBirth, InvalidDateOfBirth};
pub use encrypted::{Claim169EncryptError, Claim169Message, EncryptedClaim169, LockedClaim169, UnlockError};
pub use identity::IdentityData;
pub use qr_texts::{QrTexts, qr_text_in_credential_subject, qr_texts_in_credential_subject};
pub use read::{Claim169Budget, Claim169Error, ParsedClaim169, SignatureRejected};
pub use strict::NotWritable;
pub use write::{
    Claim169KeyReference, Claim169WriteError, PreparedClaim169, QrSize, SignedClaim169,
    encrypted_face_bytes_within, face_bytes_within, prepare,
};

/// The claim that names a key of the holder ([RFC 8747](https://www.rfc-editor.org/rfc/rfc8747)).
const CONFIRMATION_CLAIM: i64 = 8;
/// The claim that holds the identity data.
const IDENTITY_CLAIM: i64 = 169;
/// The claim that holds the status reference ([Token Status List](https://datatracker.ietf.org/doc/draft-ietf-oauth-status-list/) §6.3).
const STATUS_CLAIM: i64 = 65535;
/// The CBOR tag of a CWT ([RFC 8392 §6](https://www.rfc-editor.org/rfc/rfc8392#section-6)), encoded.
const CWT_TAG: [u8; 2] = [0xd8, 61];
