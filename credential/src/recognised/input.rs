//! Taking a credential out of what it travels in.

use std::borrow::Cow;

use serde_json::{Map, Value};
use symbolon_crypto::encoding::json::{self, JsonError};
use symbolon_crypto::encoding::{base64url, cbor::Cursor};
use symbolon_crypto::jose::jws::JwsError;

use super::{NotRecognised, Presented};
use crate::claim169::{
    Claim169Budget, Claim169Error, Claim169Message, LockedClaim169, ParsedClaim169,
    qr_text_in_credential_subject,
};
use crate::mdoc::{DeviceResponse, IssuerSigned, MdocBudget, MdocError};
use crate::pixelpass::{self, PixelPassBudget, PixelPassContent};
use crate::sd_jwt::{SdJwtBudget, to_compact};
use crate::sd_jwt_vc::SdJwtVc;
use crate::w3c::cose::{CoseCredential, CoseCredentialError};
use crate::w3c::jose::{JwtCredential, JwtCredentialError, JwtPresentation, JwtPresentationError};
use crate::w3c::{
    EnvelopeType, EnvelopedCredential, EnvelopedPresentation, NotConforming, VerifiableCredential,
    VerifiablePresentation, W3cBudget,
};

/// Schemes that belong to wallets.
const WALLET_SCHEMES: [&str; 6] = [
    "openid4vp:",
    "openid-credential-offer:",
    "haip-vp:",
    "haip-vci:",
    "mdoc:",
    "inji_ovp:",
];

/// How often one thing may be packed in another: an envelope in a PixelPass text, a card in a credential.
const MAX_LAYERS: u8 = 4;

/// The first byte of a tagged COSE_Sign1 (tag 18) and of one without its tag.
const COSE_SIGN1: [u8; 2] = [0xd2, 0x84];
/// The first byte of a tag with one more byte, such as the tag 61 of a CWT.
const TAG_WITH_A_BYTE: u8 = 0xd8;
/// The major type of a CBOR map.
const CBOR_MAP: u8 = 5;

/// Something that was held up, freed of what it travelled in. It owns what had to be decoded, so that what
/// [`Input::read`] gives can stay where it lies.
#[derive(Debug, Clone)]
pub struct Input<'i>(Form<'i>);

#[derive(Clone)]
enum Form<'i> {
    SdJwt(Cow<'i, str>),
    Jwt(Cow<'i, str>),
    DeviceResponse(Cow<'i, [u8]>),
    IssuerSigned(Cow<'i, [u8]>),
    CoseCredential(Cow<'i, [u8]>),
    Credential(Value),
    Presentation(Value),
    Envelope(EnvelopedCredential),
    Claim169(Box<ParsedClaim169>),
    LockedClaim169(Box<LockedClaim169>),
    Broken(Box<NotRecognised>),
}

/// Without the content, which is personal data.
impl core::fmt::Debug for Form<'_> {
    fn fmt(&self, f: &mut core::fmt::Formatter<'_>) -> core::fmt::Result {
        f.write_str(match self {
            Self::SdJwt(_) => "SdJwt",
            Self::Jwt(_) => "Jwt",
            Self::DeviceResponse(_) => "DeviceResponse",
            Self::IssuerSigned(_) => "IssuerSigned",
            Self::CoseCredential(_) => "CoseCredential",
            Self::Credential(_) => "Credential",
            Self::Presentation(_) => "Presentation",
            Self::Envelope(_) => "Envelope",
            Self::Claim169(_) => "Claim169",
            Self::LockedClaim169(_) => "LockedClaim169",
            Self::Broken(_) => "Broken",
        })
    }
}

impl<'i> Input<'i> {
    /// Recognises the content of a file: CBOR as it is, or text.
    ///
    /// # Errors
    /// [`NotRecognised`].
    pub fn open(bytes: &'i [u8]) -> Result<Self, NotRecognised> {
        match core::str::from_utf8(bytes) {
            Ok(text) => Self::of_text(text),
            Err(_) => Self::of(of_bytes(Cow::Borrowed(bytes))),
        }
    }

    /// Recognises a text. Line breaks around it, which files and scanners add, do not matter; a space does, because it
    /// is a character of Base45.
    ///
    /// # Errors
    /// [`NotRecognised`].
    pub fn of_text(text: &'i str) -> Result<Self, NotRecognised> {
        Self::of(of_text(Cow::Borrowed(text), MAX_LAYERS))
    }

    /// Recognises a document that was read as strict JSON already.
    ///
    /// # Errors
    /// [`NotRecognised`].
    pub fn of_document(document: Map<String, Value>) -> Result<Self, NotRecognised> {
        Self::of(of_document(document, MAX_LAYERS))
    }

    /// What has a form and breaks its rules is an input all the same: reading it says which rule.
    fn of(form: Result<Form<'i>, NotRecognised>) -> Result<Self, NotRecognised> {
        match form {
            Ok(form) => Ok(Self(form)),
            Err(error) if has_form(&error) => Ok(Self(Form::Broken(Box::new(error)))),
            Err(error) => Err(error),
        }
    }

    /// Reads it within the default budgets.
    ///
    /// # Errors
    /// [`NotRecognised`] with the reason of the form that it has.
    pub fn read(&self) -> Result<Presented<'_>, NotRecognised> {
        match &self.0 {
            Form::SdJwt(text) => SdJwtVc::parse(text, SdJwtBudget::DEFAULT)
                .map(|credential| Presented::SdJwtVc(Box::new(credential)))
                .map_err(NotRecognised::SdJwtVc),
            Form::Jwt(text) => read_jwt(text),
            Form::DeviceResponse(bytes) => {
                let response =
                    DeviceResponse::parse(bytes, MdocBudget::DEFAULT).map_err(NotRecognised::Mdoc)?;
                // A response that reports an error has no documents, and one that has none reports no error worth showing.
                if response.documents().is_empty() || response.status() != 0 {
                    return Err(NotRecognised::NoCredential);
                }
                Ok(Presented::DeviceResponse(response))
            }
            Form::IssuerSigned(bytes) => IssuerSigned::parse(bytes, MdocBudget::DEFAULT)
                .map(|mdoc| Presented::IssuerSigned(Box::new(mdoc)))
                .map_err(NotRecognised::Mdoc),
            Form::CoseCredential(bytes) => CoseCredential::parse(bytes, W3cBudget::DEFAULT)
                .map(|credential| Presented::CoseCredential(Box::new(credential)))
                .map_err(NotRecognised::CoseCredential),
            Form::Credential(document) => VerifiableCredential::from_value(document.clone())
                .map(|credential| Presented::Credential(Box::new(credential)))
                .map_err(NotRecognised::W3c),
            Form::Presentation(document) => {
                let presentation = VerifiablePresentation::from_value(document.clone(), W3cBudget::DEFAULT)
                    .map_err(NotRecognised::W3c)?;
                if presentation.credentials().is_empty() {
                    return Err(NotRecognised::NoCredential);
                }
                Ok(Presented::Presentation(Box::new(presentation)))
            }
            Form::Envelope(envelope) => Ok(Presented::Envelope(envelope.clone())),
            Form::Claim169(card) => Ok(Presented::Claim169(card.clone())),
            Form::LockedClaim169(card) => Ok(Presented::LockedClaim169(card.clone())),
            Form::Broken(error) => Err((**error).clone()),
        }
    }
}

/// Whether an error is of something that has the form of a format: any capital letters are Base45, but what inflates to
/// the structure of a card is one.
fn has_form(error: &NotRecognised) -> bool {
    match error {
        NotRecognised::Claim169(error) => {
            !matches!(error, Claim169Error::NotZlib | Claim169Error::OverBudget)
        }
        NotRecognised::W3c(error) => !matches!(error, NotConforming::NotJson | NotConforming::OverBudget),
        _ => false,
    }
}

fn of_text(text: Cow<'_, str>, layers: u8) -> Result<Form<'_>, NotRecognised> {
    let around = |character: char| matches!(character, '\r' | '\n' | '\t' | '\u{feff}');
    let text = match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim_matches(around)),
        Cow::Owned(text) => Cow::Owned(text.trim_matches(around).to_owned()),
    };
    let trimmed = text.trim();
    if trimmed.is_empty() {
        return Err(NotRecognised::Empty);
    }
    let starts_with = |scheme: &&'static str| {
        text.get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    };
    if WALLET_SCHEMES.iter().any(starts_with) {
        return Err(NotRecognised::WalletLink);
    }
    if trimmed.starts_with('{') {
        return match json::parse_value(trimmed.as_bytes(), W3cBudget::DEFAULT.json) {
            Ok(Value::Object(document)) => of_document(document, layers),
            Ok(_) => Err(NotRecognised::UnknownForm),
            Err(JsonError::OverBudget) => Err(NotRecognised::W3c(NotConforming::OverBudget)),
            Err(_) => Err(NotRecognised::W3c(NotConforming::NotJson)),
        };
    }
    if text.contains('~') {
        return Ok(Form::SdJwt(without_spaces(text)));
    }
    if is_jwt(trimmed) {
        return Ok(Form::Jwt(without_spaces(text)));
    }
    if let Some(bytes) = cbor_in_text(trimmed) {
        return of_bytes(Cow::Owned(bytes));
    }
    of_qr_text(&text, layers)
}

fn without_spaces(text: Cow<'_, str>) -> Cow<'_, str> {
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.trim()),
        Cow::Owned(text) => Cow::Owned(text.trim().to_owned()),
    }
}

/// Three parts of base64url, the first of which begins an object.
fn is_jwt(text: &str) -> bool {
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'_' | b'.');
    text.starts_with("eyJ") && text.matches('.').count() == 2 && text.bytes().all(is_base64url)
}

/// The CBOR that a text holds in hexadecimal or base64url. Digits and capital letters alone are a QR code's text
/// rather than base64url; small letters rule Base45 out.
fn cbor_in_text(text: &str) -> Option<Vec<u8>> {
    let hexadecimal = text.len().is_multiple_of(2) && text.bytes().all(|byte| byte.is_ascii_hexdigit());
    if hexadecimal && let Some(bytes) = from_hexadecimal(text).filter(|bytes| begins_like_a_credential(bytes))
    {
        return Some(bytes);
    }
    let may_be_base45 = !text.bytes().any(|byte| byte.is_ascii_lowercase() || byte == b'_');
    if may_be_base45 {
        return None;
    }
    base64url::decode(text.trim_end_matches('='))
        .ok()
        .filter(|bytes| begins_like_a_credential(bytes))
}

fn from_hexadecimal(text: &str) -> Option<Vec<u8>> {
    text.as_bytes()
        .chunks_exact(2)
        .map(|digits| {
            let digits = core::str::from_utf8(digits).ok()?;
            u8::from_str_radix(digits, 16).ok()
        })
        .collect()
}

fn begins_like_a_credential(bytes: &[u8]) -> bool {
    bytes.first().is_some_and(|first| {
        first >> 5 == CBOR_MAP || COSE_SIGN1.contains(first) || *first == TAG_WITH_A_BYTE
    })
}

fn of_bytes(bytes: Cow<'_, [u8]>) -> Result<Form<'_>, NotRecognised> {
    if !begins_like_a_credential(&bytes) {
        return Err(NotRecognised::UnknownForm);
    }
    if bytes.first().is_some_and(|first| first >> 5 == CBOR_MAP) {
        return of_cbor_map(bytes);
    }
    match CoseCredential::parse(&bytes, W3cBudget::DEFAULT) {
        Err(CoseCredentialError::WrongType | CoseCredentialError::Cose(_)) => {
            Claim169Message::parse_cose(&bytes, Claim169Budget::DEFAULT)
                .map(of_message)
                .map_err(NotRecognised::Claim169)
        }
        // Read again where it is wanted: the form is known by its type, whatever else is wrong.
        Ok(_) | Err(_) => Ok(Form::CoseCredential(bytes)),
    }
}

/// The two maps of ISO/IEC 18013-5 are told apart by their members.
fn of_cbor_map(bytes: Cow<'_, [u8]>) -> Result<Form<'_>, NotRecognised> {
    let mut cursor =
        Cursor::new(&bytes, MdocBudget::DEFAULT.cbor).map_err(|error| NotRecognised::Mdoc(error.into()))?;
    for _ in 0..cursor.map().unwrap_or_default() {
        match cursor.text() {
            Some("documents" | "documentErrors" | "status" | "version") => {
                return Ok(Form::DeviceResponse(bytes));
            }
            Some("nameSpaces" | "issuerAuth") => return Ok(Form::IssuerSigned(bytes)),
            Some("docType" | "issuerSigned") => return Err(NotRecognised::Mdoc(MdocError::Wrapped)),
            Some(_) => cursor.item(),
            None => return Err(NotRecognised::UnknownForm),
        };
    }
    Err(NotRecognised::UnknownForm)
}

fn of_document<'i>(document: Map<String, Value>, layers: u8) -> Result<Form<'i>, NotRecognised> {
    let layers = layers.checked_sub(1).ok_or(NotRecognised::UnknownForm)?;
    if document.contains_key("payload") {
        // The JWS JSON serialization says the same as the compact one, and is read as that.
        let text = Value::Object(document).to_string();
        return to_compact(&text, SdJwtBudget::DEFAULT)
            .map(|compact| Form::SdJwt(Cow::Owned(compact.into_owned())))
            .map_err(NotRecognised::SdJwtJson);
    }
    if EnvelopedPresentation::is_one(&document) {
        let envelope =
            EnvelopedPresentation::from_value(&Value::Object(document)).map_err(NotRecognised::W3c)?;
        return Ok(Form::Jwt(Cow::Owned(envelope.text().to_owned())));
    }
    if EnvelopedCredential::is_one(&document) {
        let envelope =
            EnvelopedCredential::from_value(&Value::Object(document)).map_err(NotRecognised::W3c)?;
        return Ok(match (envelope.kind(), envelope.text()) {
            (EnvelopeType::VcJwt, Some(text)) => Form::Jwt(Cow::Owned(text.to_owned())),
            (EnvelopeType::DcSdJwt, Some(text)) => Form::SdJwt(Cow::Owned(text.to_owned())),
            (EnvelopeType::VcCose, _) => Form::CoseCredential(Cow::Owned(envelope.bytes().to_vec())),
            _ => Form::Envelope(envelope),
        });
    }
    let is_of_type = |name: &str| match document.get("type") {
        Some(Value::Array(types)) => types.iter().any(|one| one == name),
        Some(one) => one == name,
        None => false,
    };
    if is_of_type("VerifiablePresentation") {
        return Ok(Form::Presentation(Value::Object(document)));
    }
    // Inji deployments deliver a card within a credential; where that has no proof, the card is what can be verified.
    if !document.contains_key("proof")
        && let Some(subject) = document.get("credentialSubject")
        && let Some(text) = qr_text_in_credential_subject(subject)
    {
        return of_text(Cow::Owned(text.to_owned()), layers).map(into_owned);
    }
    if is_of_type("VerifiableCredential") {
        return Ok(Form::Credential(Value::Object(document)));
    }
    Err(NotRecognised::UnknownForm)
}

/// What a text in Base45 holds: a Claim 169, or whatever PixelPass packed.
fn of_qr_text<'i>(text: &str, layers: u8) -> Result<Form<'i>, NotRecognised> {
    let layers = layers.checked_sub(1).ok_or(NotRecognised::UnknownForm)?;
    let error = match Claim169Message::parse_qr_text(text, Claim169Budget::DEFAULT) {
        Ok(message) => return Ok(of_message(message)),
        Err(Claim169Error::NotBase45) => return Err(NotRecognised::UnknownForm),
        Err(error @ (Claim169Error::NotZlib | Claim169Error::OverBudget)) => {
            return Err(NotRecognised::Claim169(error));
        }
        Err(error) => error,
    };
    match pixelpass::decode(text, "", PixelPassBudget::DEFAULT) {
        // The claims of a card without a signature around them.
        Ok(PixelPassContent::Json(Value::Object(document))) if document.contains_key("169") => {
            Err(NotRecognised::Claim169(error))
        }
        Ok(PixelPassContent::Json(Value::Object(document))) => of_document(document, layers),
        Ok(PixelPassContent::Json(_)) => Err(NotRecognised::UnknownForm),
        Ok(PixelPassContent::Text(content)) => of_text(Cow::Owned(content), layers).map(into_owned),
        // A COSE message is no JSON, so it was a card, and says itself what is wrong with it.
        Err(_) if matches!(error, Claim169Error::NotSigned) => Err(NotRecognised::Claim169(error)),
        Err(pixelpass::PixelPassError::Content) => Err(NotRecognised::Claim169(error)),
        Err(error) => Err(NotRecognised::PixelPass(error)),
    }
}

fn of_message<'i>(message: Claim169Message) -> Form<'i> {
    match message {
        Claim169Message::Signed(card) => Form::Claim169(card),
        Claim169Message::Encrypted(card) => Form::LockedClaim169(Box::new(card)),
    }
}

/// The form with everything that it borrowed as its own.
fn into_owned<'i>(form: Form<'_>) -> Form<'i> {
    match form {
        Form::SdJwt(text) => Form::SdJwt(Cow::Owned(text.into_owned())),
        Form::Jwt(text) => Form::Jwt(Cow::Owned(text.into_owned())),
        Form::DeviceResponse(bytes) => Form::DeviceResponse(Cow::Owned(bytes.into_owned())),
        Form::IssuerSigned(bytes) => Form::IssuerSigned(Cow::Owned(bytes.into_owned())),
        Form::CoseCredential(bytes) => Form::CoseCredential(Cow::Owned(bytes.into_owned())),
        Form::Credential(document) => Form::Credential(document),
        Form::Presentation(document) => Form::Presentation(document),
        Form::Envelope(envelope) => Form::Envelope(envelope),
        Form::Claim169(card) => Form::Claim169(card),
        Form::LockedClaim169(card) => Form::LockedClaim169(card),
        Form::Broken(error) => Form::Broken(error),
    }
}

/// A JWT that is a credential or a presentation; of the types that both refuse, it is some other token.
fn read_jwt(text: &str) -> Result<Presented<'_>, NotRecognised> {
    let budget = W3cBudget::DEFAULT;
    match JwtCredential::parse(text, budget) {
        Ok(credential) => return Ok(Presented::JwtCredential(Box::new(credential))),
        Err(JwtCredentialError::WrongType | JwtCredentialError::DocumentClaim) => {}
        Err(JwtCredentialError::Jws(JwsError::Malformed)) => return Err(NotRecognised::PlainJwt),
        Err(error) => return Err(NotRecognised::JwtCredential(error)),
    }
    match JwtPresentation::parse(text, budget) {
        Ok(presentation) if presentation.credentials().is_empty() => Err(NotRecognised::NoCredential),
        Ok(presentation) => Ok(Presented::JwtPresentation(Box::new(presentation))),
        Err(JwtPresentationError::WrongType | JwtPresentationError::DocumentClaim) => {
            Err(NotRecognised::PlainJwt)
        }
        Err(error) => Err(NotRecognised::JwtPresentation(error)),
    }
}
