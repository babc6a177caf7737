//! Credentials and presentations in an envelope, as `data:` URLs
//! ([VCDM 2.0 §4.13.1](https://www.w3.org/TR/vc-data-model-2.0/#enveloped-verifiable-credentials)).

use core::fmt;

use serde_json::{Map, Value, json};
use symbolon_crypto::encoding::base64;

use super::context::{self, BASE_CONTEXT_V2};
use super::members::types;
use super::not_conforming::{NotConforming, Property};

const ENVELOPED_CREDENTIAL: &str = "EnvelopedVerifiableCredential";
const ENVELOPED_PRESENTATION: &str = "EnvelopedVerifiablePresentation";

/// What secures an enveloped credential.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum EnvelopeType {
    /// `application/vc+jwt`.
    VcJwt,
    /// `application/vc+sd-jwt`: an SD-JWT whose claims are a W3C credential.
    VcSdJwt,
    /// `application/dc+sd-jwt`: an SD-JWT VC of the IETF.
    DcSdJwt,
    /// `application/vc+cose`.
    VcCose,
}

/// What secures an enveloped presentation.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum PresentationEnvelopeType {
    /// `application/vp+jwt`.
    VpJwt,
}

impl EnvelopeType {
    /// The media type.
    #[must_use]
    pub const fn media_type(self) -> &'static str {
        match self {
            Self::VcJwt => "application/vc+jwt",
            Self::VcSdJwt => "application/vc+sd-jwt",
            Self::DcSdJwt => "application/dc+sd-jwt",
            Self::VcCose => "application/vc+cose",
        }
    }

    fn from_media_type(name: &str) -> Option<Self> {
        [Self::VcJwt, Self::VcSdJwt, Self::DcSdJwt, Self::VcCose]
            .into_iter()
            .find(|kind| kind.media_type().eq_ignore_ascii_case(name))
    }
}

/// A credential in its envelope, not yet opened.
#[derive(Clone, PartialEq, Eq)]
pub struct EnvelopedCredential {
    kind: EnvelopeType,
    content: Vec<u8>,
}

/// Without the credential, which is personal data.
impl fmt::Debug for EnvelopedCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvelopedCredential")
            .field("kind", &self.kind)
            .field("bytes", &self.content.len())
            .finish_non_exhaustive()
    }
}

impl EnvelopedCredential {
    /// A JWT or SD-JWT in its envelope.
    ///
    /// # Errors
    /// [`NotConforming::Envelope`] when the text has other characters than those that such tokens have, or the kind is
    /// one of bytes.
    pub fn from_text(kind: EnvelopeType, text: &str) -> Result<Self, NotConforming> {
        if kind == EnvelopeType::VcCose || !is_token(text) {
            return Err(NotConforming::Envelope);
        }
        Ok(Self {
            kind,
            content: text.as_bytes().to_vec(),
        })
    }

    /// A COSE message in its envelope.
    #[must_use]
    pub const fn from_cose(message: Vec<u8>) -> Self {
        Self {
            kind: EnvelopeType::VcCose,
            content: message,
        }
    }

    /// Reads an `EnvelopedVerifiableCredential` object.
    ///
    /// # Errors
    /// [`NotConforming`].
    pub fn from_value(value: &Value) -> Result<Self, NotConforming> {
        let object = value.as_object().ok_or(NotConforming::NotAnObject)?;
        let (media_type, content) = open(object, ENVELOPED_CREDENTIAL, Property::Credential)?;
        let kind = EnvelopeType::from_media_type(media_type).ok_or(NotConforming::Envelope)?;
        match (kind, content) {
            (EnvelopeType::VcCose, Content::Base64(bytes)) => Ok(Self::from_cose(bytes)),
            (_, Content::Text(text)) => Self::from_text(kind, text),
            // A token in base64 is still the token; the specification shows it plain and other suites encode it.
            (_, Content::Base64(bytes)) => {
                let text = String::from_utf8(bytes).map_err(|_| NotConforming::Envelope)?;
                Self::from_text(kind, &text)
            }
        }
    }

    /// Whether an object says that it is an enveloped credential.
    #[must_use]
    pub fn is_one(object: &Map<String, Value>) -> bool {
        types(object, Property::Credential).is_ok_and(|types| types.contains(&ENVELOPED_CREDENTIAL))
    }

    /// What secures it.
    #[must_use]
    pub const fn kind(&self) -> EnvelopeType {
        self.kind
    }

    /// The token, if it is one of text.
    #[must_use]
    pub fn text(&self) -> Option<&str> {
        match self.kind {
            EnvelopeType::VcCose => None,
            _ => core::str::from_utf8(&self.content).ok(),
        }
    }

    /// The bytes: of the token's text, or of the COSE message.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.content
    }

    /// The object for `verifiableCredential` of a presentation.
    #[must_use]
    pub fn to_value(&self) -> Value {
        let media_type = self.kind.media_type();
        let id = match self.text() {
            Some(text) => format!("data:{media_type},{text}"),
            None => format!("data:{media_type};base64,{}", base64::encode(&self.content)),
        };
        json!({ "@context": BASE_CONTEXT_V2, "type": ENVELOPED_CREDENTIAL, "id": id })
    }
}

/// A presentation in its envelope, not yet opened.
#[derive(Clone, PartialEq, Eq)]
pub struct EnvelopedPresentation {
    kind: PresentationEnvelopeType,
    text: String,
}

/// Without the presentation, which is personal data.
impl fmt::Debug for EnvelopedPresentation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("EnvelopedPresentation")
            .field("kind", &self.kind)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

impl EnvelopedPresentation {
    /// A `vp+jwt` in its envelope.
    ///
    /// # Errors
    /// [`NotConforming::Envelope`] when the text has other characters than a JWT has.
    pub fn from_jwt(text: &str) -> Result<Self, NotConforming> {
        if !is_token(text) {
            return Err(NotConforming::Envelope);
        }
        Ok(Self {
            kind: PresentationEnvelopeType::VpJwt,
            text: text.to_owned(),
        })
    }

    /// Reads an `EnvelopedVerifiablePresentation` object.
    ///
    /// # Errors
    /// [`NotConforming`].
    pub fn from_value(value: &Value) -> Result<Self, NotConforming> {
        let object = value.as_object().ok_or(NotConforming::NotAnObject)?;
        match open(object, ENVELOPED_PRESENTATION, Property::Presentation)? {
            (media_type, Content::Text(text)) if media_type.eq_ignore_ascii_case("application/vp+jwt") => {
                Self::from_jwt(text)
            }
            _ => Err(NotConforming::Envelope),
        }
    }

    /// Whether an object says that it is an enveloped presentation.
    #[must_use]
    pub fn is_one(object: &Map<String, Value>) -> bool {
        types(object, Property::Presentation).is_ok_and(|types| types.contains(&ENVELOPED_PRESENTATION))
    }

    /// What secures it.
    #[must_use]
    pub const fn kind(&self) -> PresentationEnvelopeType {
        self.kind
    }

    /// The token.
    #[must_use]
    pub fn text(&self) -> &str {
        &self.text
    }

    /// The object.
    #[must_use]
    pub fn to_value(&self) -> Value {
        json!({
            "@context": BASE_CONTEXT_V2,
            "type": ENVELOPED_PRESENTATION,
            "id": format!("data:application/vp+jwt,{}", self.text),
        })
    }
}

enum Content<'d> {
    Text(&'d str),
    Base64(Vec<u8>),
}

/// Checks what both kinds of enveloped object must have, and opens the `data:` URL
/// ([RFC 2397](https://www.rfc-editor.org/rfc/rfc2397)).
fn open<'d>(
    object: &'d Map<String, Value>,
    required: &str,
    of: Property,
) -> Result<(&'d str, Content<'d>), NotConforming> {
    context::check(object)?;
    // Nothing else: an object that is also a bare credential would be two things to two readers.
    if types(object, of)? != [required] {
        return Err(NotConforming::RequiredType { of });
    }
    let url = object.get("id").and_then(Value::as_str);
    let (media_type, data) = url
        .and_then(|url| url.strip_prefix("data:"))
        .and_then(|url| url.split_once(','))
        .ok_or(NotConforming::Envelope)?;
    match media_type.strip_suffix(";base64") {
        Some(media_type) => base64::decode(data)
            .map(|bytes| (media_type, Content::Base64(bytes)))
            .map_err(|_| NotConforming::Envelope),
        None => Ok((media_type, Content::Text(data))),
    }
}

/// The characters of compact JWTs and SD-JWTs; none of them is escaped in a URL.
fn is_token(text: &str) -> bool {
    !text.is_empty()
        && text
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || b"-_.~".contains(&byte))
}
