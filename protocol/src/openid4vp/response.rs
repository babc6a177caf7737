//! The answer to a presentation request ([OpenID4VP §8]).
//!
//! [OpenID4VP §8]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde::{Deserialize, Deserializer, Serialize, Serializer};
use serde_json::{Map, Value};
use symbolon_crypto::Randomness;
use symbolon_crypto::jose::jwe::{ContentCompression, EncryptionParameters, JweCodec, JweError, Recipient};
use thiserror::Error;
use url::{Url, form_urlencoded};

use super::client_metadata::ResponseEncryption;
use super::error::PresentationErrorCode;
use super::request::RequestNonce;
use crate::dcql::QueryId;
use crate::wire::{Form, FormRefused, parse_json};

/// The largest answer that is read, in bytes: several credentials with portraits, encrypted and form-encoded.
pub const MAX_RESPONSE_BYTES: usize = 4 * 1024 * 1024;

/// The largest number of presentations in one answer.
pub const MAX_PRESENTATIONS: usize = 64;

/// The largest reply to an answer, in bytes: a receipt may be part of it.
pub const MAX_REPLY_BYTES: usize = 64 * 1024;

/// `vp_token`: for each credential query that is answered a non-empty list of presentations.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct VpToken(pub BTreeMap<QueryId, Vec<Presentation>>);

/// One presentation ([OpenID4VP appendix B]): a text for SD-JWT VC, mdoc (base64url of the device response) and JWTs, an
/// object for presentations with a Data Integrity proof.
///
/// [OpenID4VP appendix B]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Presentation {
    /// A text.
    Text(String),
    /// A JSON object.
    Object(Map<String, Value>),
}

impl Presentation {
    /// The text, or the JSON text of the object.
    #[must_use]
    pub fn to_text(&self) -> Cow<'_, str> {
        match self {
            Self::Text(text) => Cow::Borrowed(text),
            Self::Object(object) => Cow::Owned(Value::Object(object.clone()).to_string()),
        }
    }
}

impl Serialize for Presentation {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Self::Text(text) => serializer.serialize_str(text),
            Self::Object(object) => object.serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for Presentation {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        match Value::deserialize(deserializer)? {
            Value::String(text) => Ok(Self::Text(text)),
            Value::Object(object) => Ok(Self::Object(object)),
            _ => Err(serde::de::Error::custom("a presentation is a text or an object")),
        }
    }
}

impl VpToken {
    /// Reads a token.
    ///
    /// # Errors
    /// [`ResponseError`].
    pub fn parse(json: &[u8]) -> Result<Self, ResponseError> {
        let token: Self = parse_json(json, MAX_RESPONSE_BYTES).map_err(|_| ResponseError::VpToken)?;
        token.check()?;
        Ok(token)
    }

    pub(crate) fn check(&self) -> Result<(), ResponseError> {
        if self.0.is_empty() || self.0.values().any(Vec::is_empty) {
            return Err(ResponseError::VpToken);
        }
        if self.0.values().map(Vec::len).sum::<usize>() > MAX_PRESENTATIONS {
            return Err(ResponseError::TooManyPresentations);
        }
        Ok(())
    }
}

/// The parameters of an answer.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationResponse {
    /// The presentations.
    pub vp_token: VpToken,
    /// The state of the request.
    pub state: Option<RequestNonce>,
}

#[derive(Serialize, Deserialize)]
struct ResponseMembers {
    #[serde(default, skip_serializing_if = "Option::is_none")]
    vp_token: Option<VpToken>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    error: Option<PresentationErrorCode>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    state: Option<String>,
}

impl AuthorizationResponse {
    /// The answer as JSON, which is what `direct_post.jwt` encrypts.
    ///
    /// # Errors
    /// [`ResponseError::VpToken`] when it cannot be written, which no answer causes.
    pub fn to_json(&self) -> Result<String, ResponseError> {
        let members = ResponseMembers {
            vp_token: Some(self.vp_token.clone()),
            error: None,
            state: self.state.as_ref().map(|state| state.as_str().to_owned()),
        };
        serde_json::to_string(&members).map_err(|_| ResponseError::VpToken)
    }

    /// The form of `direct_post`.
    ///
    /// # Errors
    /// As [`Self::to_json`].
    pub fn to_form(&self) -> Result<String, ResponseError> {
        let token = serde_json::to_string(&self.vp_token).map_err(|_| ResponseError::VpToken)?;
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("vp_token", &token);
        if let Some(state) = &self.state {
            form.append_pair("state", state.as_str());
        }
        Ok(form.finish())
    }

    /// The form of `direct_post.jwt`: the answer encrypted to the key of the request.
    ///
    /// # Errors
    /// As [`Self::to_jwe`].
    pub fn to_encrypted_form(
        &self,
        encryption: &ResponseEncryption,
        codec: &dyn JweCodec,
        randomness: &dyn Randomness,
    ) -> Result<String, ResponseError> {
        let jwe = self.to_jwe(encryption, codec, randomness)?;
        Ok(form_urlencoded::Serializer::new(String::new())
            .append_pair("response", &jwe)
            .finish())
    }

    /// The answer encrypted to the key of the request: what `direct_post.jwt` posts, and what is shown as QR codes.
    ///
    /// # Errors
    /// [`ResponseError::Encryption`] when the key or the source of randomness fails.
    pub fn to_jwe(
        &self,
        encryption: &ResponseEncryption,
        codec: &dyn JweCodec,
        randomness: &dyn Randomness,
    ) -> Result<String, ResponseError> {
        let recipient = Recipient {
            public_key: encryption.key.clone(),
            key_id: Some(encryption.key_id.clone()),
        };
        let parameters = EncryptionParameters {
            content_encryption: encryption.content,
            compression: ContentCompression::Plain,
            party_u: &[],
            party_v: &[],
        };
        codec
            .encrypt(self.to_json()?.as_bytes(), &recipient, parameters, randomness)
            .map_err(ResponseError::Encryption)
    }
}

/// A wallet's refusal. It goes only to an address that a verified request named: posting errors to whatever a link
/// says would make every wallet a messenger for strangers.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ErrorAnswer {
    /// Why.
    pub error: PresentationErrorCode,
    /// The state of the request.
    pub state: Option<RequestNonce>,
}

impl ErrorAnswer {
    /// The form to post.
    #[must_use]
    pub fn to_form(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        form.append_pair("error", self.error.as_str());
        if let Some(state) = &self.state {
            form.append_pair("state", state.as_str());
        }
        form.finish()
    }
}

/// What was posted to a response address.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum DirectPost {
    /// An encrypted answer.
    Encrypted(String),
    /// An answer, or the content of an encrypted one.
    Answer(AuthorizationResponse),
    /// A refusal; also a wallet that encrypts its answers may send it in the clear.
    Refusal(ErrorAnswer),
}

impl DirectPost {
    /// Reads a posted form.
    ///
    /// # Errors
    /// [`ResponseError`].
    pub fn parse_form(body: &[u8]) -> Result<Self, ResponseError> {
        let mut form = Form::parse(body, MAX_RESPONSE_BYTES).map_err(|refused| match refused {
            FormRefused::TooLarge => ResponseError::TooLarge,
            FormRefused::Repeated => ResponseError::RepeatedParameter,
        })?;
        let state = parse_state(form.take("state"))?;
        match (form.take("response"), form.take("vp_token"), form.take("error")) {
            (Some(jwe), None, None) => Ok(Self::Encrypted(jwe)),
            (None, Some(token), None) => {
                let vp_token = VpToken::parse(token.as_bytes())?;
                Ok(Self::Answer(AuthorizationResponse { vp_token, state }))
            }
            (None, None, Some(error)) => Ok(Self::Refusal(ErrorAnswer {
                error: PresentationErrorCode::from_wire(&error),
                state,
            })),
            _ => Err(ResponseError::NotOneAnswer),
        }
    }

    /// Reads the content of a decrypted answer.
    ///
    /// # Errors
    /// [`ResponseError`].
    pub fn parse_decrypted(payload: &[u8]) -> Result<Self, ResponseError> {
        let members: ResponseMembers =
            parse_json(payload, MAX_RESPONSE_BYTES).map_err(|_| ResponseError::Malformed)?;
        let state = parse_state(members.state)?;
        match (members.vp_token, members.error) {
            (Some(vp_token), None) => {
                vp_token.check()?;
                Ok(Self::Answer(AuthorizationResponse { vp_token, state }))
            }
            (None, Some(error)) => Ok(Self::Refusal(ErrorAnswer { error, state })),
            _ => Err(ResponseError::NotOneAnswer),
        }
    }
}

fn parse_state(state: Option<String>) -> Result<Option<RequestNonce>, ResponseError> {
    state
        .map(|text| RequestNonce::parse(text).ok_or(ResponseError::State))
        .transpose()
}

/// What a verifier replies to an answer ([OpenID4VP §8.2]).
///
/// [OpenID4VP §8.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8.2
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DirectPostReply {
    /// Where the resident's browser goes on, in the flow on one device. The fresh value may stand in its fragment.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub redirect_uri: Option<Url>,
    /// The receipt for the holder, where the verifier gives one: a member of this suite's own (`docs/e-kyc.md`), which other wallets
    /// ignore.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub presentation_receipt: Option<String>,
}

impl DirectPostReply {
    /// Reads a reply; `None` when it is none.
    #[must_use]
    pub fn parse(body: &[u8]) -> Option<Self> {
        parse_json(body, MAX_REPLY_BYTES).ok()
    }
}

/// Why an answer was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ResponseError {
    /// Over budget.
    #[error("the answer is larger than {MAX_RESPONSE_BYTES} bytes")]
    TooLarge,
    /// Not the JSON of the specification.
    #[error("the answer is malformed")]
    Malformed,
    /// One parameter twice.
    #[error("a parameter of the answer is repeated")]
    RepeatedParameter,
    /// Not exactly one of `response`, `vp_token` and `error`.
    #[error("the answer must have exactly one of response, vp_token and error")]
    NotOneAnswer,
    /// `vp_token` is no object of non-empty lists of texts, or names no query.
    #[error("vp_token is malformed")]
    VpToken,
    /// More than [`MAX_PRESENTATIONS`].
    #[error("the answer has more than {MAX_PRESENTATIONS} presentations")]
    TooManyPresentations,
    /// A state that no request has.
    #[error("state is malformed")]
    State,
    /// The answer could not be encrypted.
    #[error("the answer cannot be encrypted")]
    Encryption(#[source] JweError),
}

#[cfg(test)]
mod tests {
    use symbolon_crypto::jose::jwe::{ContentEncryption, PureJwe};
    use symbolon_crypto::testing::SeededRandomness;
    use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm};

    use super::*;

    fn presentations() -> Vec<Presentation> {
        let object = serde_json::json!({"type": ["VerifiablePresentation"]});
        vec![
            Presentation::Text("a.b.c~d~e.f.g".to_owned()),
            Presentation::Object(object.as_object().unwrap().clone()),
        ]
    }

    fn answer() -> AuthorizationResponse {
        let id = QueryId::parse("identity").unwrap();
        AuthorizationResponse {
            vp_token: VpToken(BTreeMap::from([(id, presentations())])),
            state: RequestNonce::parse("s-1"),
        }
    }

    fn key() -> SecretKey {
        RustCryptoProvider
            .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(5))
            .unwrap()
    }

    #[test]
    fn a_plain_answer_reads_back() {
        let form = answer().to_form().unwrap();
        assert_eq!(
            DirectPost::parse_form(form.as_bytes()),
            Ok(DirectPost::Answer(answer()))
        );
    }

    #[test]
    fn an_encrypted_answer_reads_back() {
        let secret = key();
        let encryption = ResponseEncryption {
            key: secret.public_key(),
            key_id: "k".to_owned(),
            content: ContentEncryption::A256Gcm,
        };
        let codec = PureJwe::new(&RustCryptoProvider);
        let form = answer()
            .to_encrypted_form(&encryption, &codec, &SeededRandomness::new(6))
            .unwrap();
        assert!(!form.contains("identity"));
        let DirectPost::Encrypted(jwe) = DirectPost::parse_form(form.as_bytes()).unwrap() else {
            panic!("encrypted")
        };
        let keys = |id: Option<&str>| (id == Some("k")).then(key);
        let opened = codec.decrypt(&jwe, &keys, MAX_RESPONSE_BYTES).unwrap();
        assert_eq!(
            DirectPost::parse_decrypted(&opened.payload),
            Ok(DirectPost::Answer(answer()))
        );
    }

    #[test]
    fn a_refusal_reads_back_in_the_clear_and_encrypted() {
        let refusal = ErrorAnswer {
            error: PresentationErrorCode::AccessDenied,
            state: RequestNonce::parse("s"),
        };
        assert_eq!(
            DirectPost::parse_form(refusal.to_form().as_bytes()),
            Ok(DirectPost::Refusal(refusal.clone()))
        );
        assert_eq!(
            DirectPost::parse_decrypted(br#"{"error":"access_denied","state":"s"}"#),
            Ok(DirectPost::Refusal(refusal))
        );
    }

    #[test]
    fn each_broken_answer_is_refused_for_its_own_reason() {
        for (form, error) in [
            ("", ResponseError::NotOneAnswer),
            ("state=s", ResponseError::NotOneAnswer),
            ("response=a&vp_token={}", ResponseError::NotOneAnswer),
            ("vp_token={\"a\":[\"b\"]}&error=x", ResponseError::NotOneAnswer),
            ("response=a&response=b", ResponseError::RepeatedParameter),
            ("vp_token={}", ResponseError::VpToken),
            ("vp_token=[]", ResponseError::VpToken),
            ("vp_token={\"a\":\"b\"}", ResponseError::VpToken),
            ("vp_token={\"a\":[]}", ResponseError::VpToken),
            ("vp_token={\"a\":[1]}", ResponseError::VpToken),
            ("vp_token={\"a\":[[\"b\"]]}", ResponseError::VpToken),
            ("vp_token={\"a b\":[\"c\"]}", ResponseError::VpToken),
            ("vp_token={\"a\":[\"b\"],\"a\":[\"c\"]}", ResponseError::VpToken),
            ("vp_token={\"a\":[\"b\"]}&state=a b", ResponseError::State),
        ] {
            assert_eq!(DirectPost::parse_form(form.as_bytes()), Err(error), "{form}");
        }
        let many = vec!["x"; MAX_PRESENTATIONS + 1];
        let payload = serde_json::json!({"vp_token": {"a": many}}).to_string();
        assert_eq!(
            DirectPost::parse_decrypted(payload.as_bytes()),
            Err(ResponseError::TooManyPresentations)
        );
        assert_eq!(
            DirectPost::parse_form(&vec![b'a'; MAX_RESPONSE_BYTES + 1]),
            Err(ResponseError::TooLarge)
        );
    }
}
