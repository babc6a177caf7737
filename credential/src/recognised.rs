//! What is it that somebody holds up: recognised by its form, before anything is believed.

use thiserror::Error;

use crate::claim169::{Claim169Budget, Claim169Error, ParsedClaim169};
use crate::sd_jwt::SdJwtBudget;
use crate::sd_jwt_vc::{SdJwtVc, SdJwtVcError};

/// A credential or presentation, read and not verified.
#[derive(Debug)]
pub enum Presented<'a> {
    /// An SD-JWT VC, with or without a key binding.
    SdJwtVc(Box<SdJwtVc<'a>>),
    /// The text of a Claim 169 QR code.
    Claim169(Box<ParsedClaim169>),
}

/// Why a text is no credential that is supported.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum NotRecognised {
    /// Nothing is there.
    #[error("there is no text")]
    Empty,
    /// A request or an offer, which a wallet takes, and not a credential.
    #[error("this is a request or an offer for a wallet, not a credential")]
    WalletLink,
    /// A JWT without disclosures: some other token.
    #[error("this is a JSON Web Token without disclosures, not an SD-JWT credential")]
    PlainJwt,
    /// It has the form of an SD-JWT.
    #[error("the SD-JWT credential cannot be read")]
    SdJwtVc(#[source] SdJwtVcError),
    /// It has the form of a Claim 169.
    #[error("the claim 169 credential cannot be read")]
    Claim169(#[source] Claim169Error),
    /// None of the forms.
    #[error("neither an SD-JWT credential nor a claim 169 QR text")]
    UnknownForm,
}

/// Schemes that belong to wallets.
const WALLET_SCHEMES: [&str; 6] = [
    "openid4vp:",
    "openid-credential-offer:",
    "haip-vp:",
    "haip-vci:",
    "mdoc:",
    "inji_ovp:",
];

/// Recognises a text by its form and reads it within the default budgets. Line breaks around it, which files and
/// scanners add, do not matter; a space does, because it is a character of Base45.
///
/// # Errors
/// [`NotRecognised`].
pub fn recognise(text: &str) -> Result<Presented<'_>, NotRecognised> {
    let text = text.trim_matches(['\r', '\n', '\t', '\u{feff}']);
    if text.trim().is_empty() {
        return Err(NotRecognised::Empty);
    }
    let starts_with = |scheme: &&'static str| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    if WALLET_SCHEMES.iter().any(starts_with) {
        return Err(NotRecognised::WalletLink);
    }
    if text.contains('~') {
        let credential = SdJwtVc::parse(text.trim(), SdJwtBudget::DEFAULT).map_err(NotRecognised::SdJwtVc)?;
        return Ok(Presented::SdJwtVc(Box::new(credential)));
    }
    match ParsedClaim169::parse_qr_text(text, Claim169Budget::DEFAULT) {
        Ok(credential) => Ok(Presented::Claim169(Box::new(credential))),
        // Lower case rules Base45 out, so the text is something else altogether.
        Err(Claim169Error::NotBase45) if text.starts_with("eyJ") => Err(NotRecognised::PlainJwt),
        Err(Claim169Error::NotBase45) => Err(NotRecognised::UnknownForm),
        Err(error) => Err(NotRecognised::Claim169(error)),
    }
}
