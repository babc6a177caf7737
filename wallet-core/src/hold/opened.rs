//! A stored credential, read: what every format has in common, and which is which.

mod mdoc;
mod sd_jwt_vc;
mod w3c;

use serde_json::{Map, Value};
use symbolon_credential::claims_path::{ClaimsPath, ElementPlaces, PathPart};
use symbolon_credential::data_integrity::JsonLd;
use symbolon_crypto::x509::Certificate;

pub(crate) use mdoc::{OpenedMdoc, personal_elements};
pub(crate) use sd_jwt_vc::OpenedSdJwtVc;
pub(crate) use w3c::{OpenedJwtVc, OpenedLdpVc, Securing};

use super::languages::is_language_text;
use super::shown::Disclosable;
use crate::error::WalletError;
use crate::record::{HeldContent, HeldCredential};

/// One value about the person: objects are taken apart, arrays and texts with their languages are whole.
#[derive(Clone, PartialEq)]
pub(crate) struct PersonalClaim {
    pub(crate) path: ClaimsPath,
    pub(crate) value: Value,
    pub(crate) disclosable: Disclosable,
}

/// A stored credential, read.
pub(crate) enum Opened<'a> {
    SdJwtVc(Box<OpenedSdJwtVc<'a>>),
    MsoMdoc(Box<OpenedMdoc<'a>>),
    LdpVc(Box<OpenedLdpVc<'a>>),
    JwtVcJson(Box<OpenedJwtVc<'a>>),
}

/// Reads a stored credential. It was verified when it was received and has been sealed since, so what cannot be read is
/// damaged.
pub(crate) fn open_held<'a>(
    credential: &'a HeldCredential,
    json_ld: Option<JsonLd<'a>>,
) -> Result<Opened<'a>, WalletError> {
    let opened = match &credential.content {
        HeldContent::SdJwtVc { sd_jwt } => {
            OpenedSdJwtVc::open(sd_jwt).map(|it| Opened::SdJwtVc(Box::new(it)))
        }
        HeldContent::MsoMdoc { issuer_signed } => {
            OpenedMdoc::open(issuer_signed).map(|it| Opened::MsoMdoc(Box::new(it)))
        }
        HeldContent::LdpVc { document, .. } => {
            OpenedLdpVc::open(document, json_ld).map(|it| Opened::LdpVc(Box::new(it)))
        }
        HeldContent::JwtVcJson { jwt, .. } => {
            OpenedJwtVc::open(jwt).map(|it| Opened::JwtVcJson(Box::new(it)))
        }
    };
    opened.ok_or(WalletError::StoreDamaged)
}

impl Opened<'_> {
    /// Everything that could be disclosed, as one JSON object: what a query's paths lead through.
    pub(crate) fn claims(&self) -> &Map<String, Value> {
        match self {
            Self::SdJwtVc(opened) => &opened.processed.claims,
            Self::MsoMdoc(opened) => &opened.claims,
            Self::LdpVc(opened) => &opened.document,
            Self::JwtVcJson(opened) => opened.document(),
        }
    }

    /// The claims about the person. What the issuer lets the person withhold is among them whatever its name is, because a
    /// verifier can ask for it.
    ///
    /// # Errors
    /// [`WalletError::StoreDamaged`] when what may be withheld cannot be told.
    pub(crate) fn personal_claims(&self) -> Result<Vec<PersonalClaim>, WalletError> {
        match self {
            Self::SdJwtVc(opened) => Ok(opened.personal_claims()),
            Self::MsoMdoc(opened) => Ok(personal_elements(&opened.claims)),
            Self::LdpVc(opened) => opened.personal_claims(&opened.document),
            Self::JwtVcJson(opened) => Ok(opened.personal_claims()),
        }
    }

    /// Where the elements of arrays stand for a verifier, who cannot tell a decoy of an SD-JWT from an element that is withheld, and
    /// so counts both.
    pub(crate) fn element_places(&self) -> ElementPlaces {
        match self {
            Self::SdJwtVc(opened) => opened.processed.element_places(),
            Self::MsoMdoc(_) | Self::LdpVc(_) | Self::JwtVcJson(_) => ElementPlaces::AsIssued,
        }
    }

    /// The certificates of the issuer's chain that the credential carries, the signer's first.
    pub(crate) fn certificate_chain(&self) -> Vec<Certificate> {
        let of_header = |x5c: Option<&Vec<Vec<u8>>>| {
            x5c.into_iter()
                .flatten()
                .filter_map(|der| Certificate::parse(der).ok())
                .collect()
        };
        match self {
            Self::SdJwtVc(opened) => of_header(opened.sd_jwt.issuer_jwt().header.x5c.as_ref()),
            Self::JwtVcJson(opened) => of_header(opened.token.header().x5c.as_ref()),
            Self::MsoMdoc(opened) => {
                let chain = opened.issuer_signed.certificate_chain().iter();
                chain.filter_map(|der| Certificate::parse(der).ok()).collect()
            }
            // A proof names a DID, not a certificate.
            Self::LdpVc(_) => Vec::new(),
        }
    }
}

/// Takes a value apart, down to what is shown as one.
fn collect<'v>(path: &mut Vec<PathPart>, value: &'v Value, found: &mut Vec<(ClaimsPath, &'v Value)>) {
    match value {
        Value::Object(members) if !members.is_empty() && !is_language_text(value) => {
            for (name, value) in members {
                path.push(PathPart::Key(name.clone()));
                collect(path, value, found);
                path.pop();
            }
        }
        value => found.extend(ClaimsPath::new(path.clone()).map(|path| (path, value))),
    }
}
