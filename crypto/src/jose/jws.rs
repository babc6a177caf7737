//! JWS in compact serialization ([RFC 7515](https://www.rfc-editor.org/rfc/rfc7515)).

use core::fmt;

use serde_json::{Map, Value};
use thiserror::Error;

use crate::algorithm::SignatureAlgorithm;
use crate::encoding::json::{self, JsonBudget};
use crate::encoding::{base64, base64url};
use crate::key::{Jwk, PublicKey};
use crate::provider::CryptoProvider;
use crate::signing::{KeyHandle, SignatureRequest};

/// The longest protected header that is read, in bytes of JSON: room for six certificates.
pub(super) const MAX_HEADER_BYTES: usize = 64 << 10;
/// The most certificates an `x5c` header may hold; a chain of the suite has two or three.
const MAX_X5C_CERTIFICATES: usize = 6;

/// A dot and the longest signature of the suite in base64url.
const ROOM_FOR_SIGNATURE: usize = 129;

/// Why a text is no JWS of the suite.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum JwsError {
    /// Longer than the caller allows.
    #[error("the JWS is over its budget")]
    OverBudget,
    /// Not three parts of base64url, or a header that is no strict JSON object.
    #[error("not a compact JWS")]
    Malformed,
    /// `alg` is missing, `none`, or outside the allowed set.
    #[error("the JWS names no algorithm that is allowed")]
    Algorithm,
    /// A `crit` header: an extension that must be understood and is not.
    #[error("the JWS has a critical extension that is not understood")]
    Critical,
    /// `typ` is not what is expected here.
    #[error("the JWS is of another type than the one expected here")]
    WrongType,
    /// The signature does not verify, or the key does not fit the algorithm.
    #[error("the signature of the JWS does not verify")]
    Signature,
}

/// The protected header.
#[derive(Debug, Clone, PartialEq)]
pub struct JwsHeader {
    /// `alg`, from the allowed set.
    pub algorithm: SignatureAlgorithm,
    /// `typ`.
    pub typ: Option<String>,
    /// `cty`.
    pub cty: Option<String>,
    /// `kid`.
    pub kid: Option<String>,
    /// `jwk`, a public key; whether to believe it is the caller's decision.
    pub jwk: Option<Jwk>,
    /// `x5c`, the DER certificates, leaf first; whether to believe them is the caller's decision.
    pub x5c: Option<Vec<Vec<u8>>>,
    /// Every member, those above included.
    pub members: Map<String, Value>,
}

/// A compact JWS whose signature has not been checked.
#[derive(Clone)]
pub struct CompactJws<'a> {
    /// The protected header.
    pub header: JwsHeader,
    /// The decoded payload.
    pub payload: Vec<u8>,
    /// What is signed: header and payload as they came.
    pub signing_input: &'a str,
    /// The decoded signature.
    pub signature: Vec<u8>,
    text: &'a str,
}

impl<'a> CompactJws<'a> {
    /// Reads a compact JWS of at most `max_bytes`.
    ///
    /// # Errors
    /// [`JwsError`]; `alg: none` and unknown algorithms are refused here already, and so is any `crit`.
    pub fn parse(text: &'a str, max_bytes: usize) -> Result<Self, JwsError> {
        if text.len() > max_bytes {
            return Err(JwsError::OverBudget);
        }
        let (signing_input, signature) = text.rsplit_once('.').ok_or(JwsError::Malformed)?;
        let (header, payload) = signing_input.split_once('.').ok_or(JwsError::Malformed)?;
        let header = base64url::decode(header).map_err(|_| JwsError::Malformed)?;
        let payload = base64url::decode(payload).map_err(|_| JwsError::Malformed)?;
        let signature = base64url::decode(signature).map_err(|_| JwsError::Malformed)?;
        let header = JwsHeader::parse(&header)?;
        Ok(Self {
            header,
            payload,
            signing_input,
            signature,
            text,
        })
    }

    /// The whole text.
    #[must_use]
    pub const fn text(&self) -> &'a str {
        self.text
    }

    /// Checks that `typ` is `expected`; a missing `typ` is another type. The prefix `application/` may be left
    /// out or not (RFC 7515 §4.1.9).
    ///
    /// # Errors
    /// [`JwsError::WrongType`].
    pub fn expect_type(&self, expected: &str) -> Result<(), JwsError> {
        let typ = self.header.typ.as_deref().ok_or(JwsError::WrongType)?;
        let typ = typ.strip_prefix("application/").unwrap_or(typ);
        if typ.eq_ignore_ascii_case(expected) {
            Ok(())
        } else {
            Err(JwsError::WrongType)
        }
    }

    /// Verifies the signature with `key`, whose own algorithm must be the one of the header.
    ///
    /// # Errors
    /// [`JwsError::Signature`].
    pub fn verify(&self, provider: &dyn CryptoProvider, key: &PublicKey) -> Result<(), JwsError> {
        provider
            .verify(
                key,
                self.header.algorithm,
                self.signing_input.as_bytes(),
                &self.signature,
            )
            .map_err(|_| JwsError::Signature)
    }

    /// Reads the payload as a strict JSON value of a type.
    ///
    /// # Errors
    /// [`JwsError::Malformed`] when it is none.
    pub fn payload_json<T: serde::de::DeserializeOwned>(&self) -> Result<T, JwsError> {
        json::parse(&self.payload, JsonBudget::DEFAULT).map_err(|_| JwsError::Malformed)
    }
}

/// Without the payload, which may be personal data.
impl fmt::Debug for CompactJws<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CompactJws")
            .field("algorithm", &self.header.algorithm)
            .field("typ", &self.header.typ)
            .field("bytes", &self.text.len())
            .finish_non_exhaustive()
    }
}

impl JwsHeader {
    fn parse(bytes: &[u8]) -> Result<Self, JwsError> {
        let budget = JsonBudget {
            bytes: MAX_HEADER_BYTES,
            ..JsonBudget::DEFAULT
        };
        let Ok(Value::Object(members)) = json::parse_value(bytes, budget) else {
            return Err(JwsError::Malformed);
        };
        let text = |name: &str| match members.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(JwsError::Malformed),
        };
        let algorithm = text("alg")?
            .as_deref()
            .and_then(SignatureAlgorithm::from_jose_name)
            .ok_or(JwsError::Algorithm)?;
        if members.contains_key("crit") {
            return Err(JwsError::Critical);
        }
        let jwk = match members.get("jwk") {
            None => None,
            Some(jwk) => Some(serde_json::from_value(jwk.clone()).map_err(|_| JwsError::Malformed)?),
        };
        let x5c = match members.get("x5c") {
            None => None,
            Some(Value::Array(certificates))
                if !certificates.is_empty() && certificates.len() <= MAX_X5C_CERTIFICATES =>
            {
                let decode = |certificate: &Value| {
                    certificate
                        .as_str()
                        .and_then(|text| base64::decode(text).ok())
                        .ok_or(JwsError::Malformed)
                };
                Some(certificates.iter().map(decode).collect::<Result<_, _>>()?)
            }
            Some(_) => return Err(JwsError::Malformed),
        };
        Ok(Self {
            algorithm,
            typ: text("typ")?,
            cty: text("cty")?,
            kid: text("kid")?,
            jwk,
            x5c,
            members,
        })
    }
}

/// A JWS that lacks its signature.
#[derive(Clone)]
pub struct PreparedJws {
    signing_input: String,
    algorithm: SignatureAlgorithm,
}

/// Without the payload, which may be personal data.
impl fmt::Debug for PreparedJws {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PreparedJws")
            .field("algorithm", &self.algorithm)
            .field("bytes", &self.signing_input.len())
            .finish_non_exhaustive()
    }
}

/// A protected header as it is written, for signers whose tokens all have the same one: with certificates in it,
/// encoding it costs more than hashing the whole token.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EncodedHeader {
    /// base64url, and the dot behind it.
    text: String,
    algorithm: SignatureAlgorithm,
}

impl EncodedHeader {
    /// Encodes `header` without its `alg`, which is set from `algorithm`.
    #[must_use]
    pub fn new(algorithm: SignatureAlgorithm, header: &Map<String, Value>) -> Self {
        let mut members = Map::with_capacity(header.len() + 1);
        members.insert("alg".to_owned(), Value::from(algorithm.jose_name()));
        members.extend(
            header
                .iter()
                .filter(|(name, _)| *name != "alg")
                .map(|(name, value)| (name.clone(), value.clone())),
        );
        let mut text = base64url::encode(Value::Object(members).to_string().as_bytes());
        text.push('.');
        Self { text, algorithm }
    }

    /// Prepares a JWS with this header.
    #[must_use]
    pub fn prepare(&self, payload: &[u8]) -> PreparedJws {
        self.prepare_with_room(payload, 0)
    }

    /// Prepares a JWS with this header, in a text with room for `room` bytes behind the signature.
    #[must_use]
    pub fn prepare_with_room(&self, payload: &[u8], room: usize) -> PreparedJws {
        let length = self
            .text
            .len()
            .saturating_add(base64url::encoded_length(payload.len()));
        let mut signing_input =
            String::with_capacity(length.saturating_add(ROOM_FOR_SIGNATURE).saturating_add(room));
        signing_input.push_str(&self.text);
        base64url::encode_into(payload, &mut signing_input);
        PreparedJws {
            signing_input,
            algorithm: self.algorithm,
        }
    }
}

/// Prepares a JWS: `header` without `alg`, which is set from `algorithm`.
#[must_use]
pub fn prepare(algorithm: SignatureAlgorithm, header: &Map<String, Value>, payload: &[u8]) -> PreparedJws {
    EncodedHeader::new(algorithm, header).prepare(payload)
}

/// The value of an `x5c` header.
#[must_use]
pub fn x5c_value<'a>(certificates: impl IntoIterator<Item = &'a [u8]>) -> Value {
    certificates
        .into_iter()
        .map(|der| Value::String(base64::encode(der)))
        .collect()
}

impl PreparedJws {
    /// What `key` has to sign.
    #[must_use]
    pub fn request(&self, key: KeyHandle) -> SignatureRequest {
        SignatureRequest {
            key,
            algorithm: self.algorithm,
            bytes: self.signing_input.as_bytes().to_vec(),
        }
    }

    /// What has to be signed.
    #[must_use]
    pub fn signing_input(&self) -> &str {
        &self.signing_input
    }

    /// The compact JWS.
    #[must_use]
    pub fn finish(self, signature: &[u8]) -> String {
        let mut text = self.signing_input;
        text.push('.');
        base64url::encode_into(signature, &mut text);
        text
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::provider::RustCryptoProvider;
    use crate::testing::SeededRandomness;

    fn signed(header: Value) -> (String, PublicKey) {
        let provider = RustCryptoProvider;
        let key = provider
            .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(1))
            .unwrap();
        let prepared = prepare(
            SignatureAlgorithm::Es256,
            header.as_object().unwrap(),
            br#"{"a":1}"#,
        );
        let signature = provider.sign(&key, prepared.signing_input().as_bytes()).unwrap();
        (prepared.finish(&signature), key.public_key())
    }

    #[test]
    fn what_was_signed_verifies_and_a_changed_payload_does_not() {
        let (text, key) = signed(json!({ "typ": "example+jwt" }));
        let jws = CompactJws::parse(&text, 4096).unwrap();
        jws.expect_type("example+jwt").unwrap();
        jws.verify(&RustCryptoProvider, &key).unwrap();
        assert_eq!(jws.expect_type("kb+jwt"), Err(JwsError::WrongType));

        let parts: Vec<&str> = text.split('.').collect();
        let changed = format!("{}.{}.{}", parts[0], base64url::encode(br#"{"a":2}"#), parts[2]);
        let jws = CompactJws::parse(&changed, 4096).unwrap();
        assert_eq!(jws.verify(&RustCryptoProvider, &key), Err(JwsError::Signature));
    }

    #[test]
    fn refuses_none_unknown_algorithms_and_critical_extensions() {
        let token = |header: &str| format!("{}.e30.AA", base64url::encode(header.as_bytes()));
        for (header, error) in [
            (r#"{"alg":"none"}"#, JwsError::Algorithm),
            (r#"{"alg":"HS256"}"#, JwsError::Algorithm),
            (r#"{"alg":"RS256"}"#, JwsError::Algorithm),
            (r#"{}"#, JwsError::Algorithm),
            (r#"{"alg":"ES256","crit":["b64"]}"#, JwsError::Critical),
            (r#"{"alg":"ES256","alg":"EdDSA"}"#, JwsError::Malformed),
            (
                r#"{"alg":"ES256","jwk":{"kty":"EC","crv":"P-256","x":"","y":"","d":"AA"}}"#,
                JwsError::Malformed,
            ),
            (r#"{"alg":"ES256","x5c":[]}"#, JwsError::Malformed),
        ] {
            assert_eq!(
                CompactJws::parse(&token(header), 4096).unwrap_err(),
                error,
                "{header}"
            );
        }
        assert_eq!(CompactJws::parse("a.b", 4096).unwrap_err(), JwsError::Malformed);
        assert_eq!(CompactJws::parse("a.b.c", 4).unwrap_err(), JwsError::OverBudget);
    }

    #[test]
    fn a_header_that_is_kept_signs_every_payload_and_cannot_choose_the_algorithm() {
        let header = json!({ "alg": "none", "typ": "example+jwt", "x5c": ["AAAA"] });
        let header = header.as_object().unwrap();
        let kept = EncodedHeader::new(SignatureAlgorithm::Es256, header);
        for payload in [b"".as_slice(), b"{}", b"another"] {
            let once = prepare(SignatureAlgorithm::Es256, header, payload);
            assert_eq!(kept.prepare(payload).signing_input(), once.signing_input());
            let text = once.finish(&[0; 64]);
            let jws = CompactJws::parse(&text, 4096).unwrap();
            assert_eq!(jws.header.algorithm, SignatureAlgorithm::Es256);
            assert_eq!(jws.payload, payload);
        }
    }

    #[test]
    fn nothing_of_the_payload_is_in_debug_output() {
        let (text, _) = signed(json!({ "typ": "example+jwt" }));
        let jws = CompactJws::parse(&text, 4096).unwrap();
        let prepared = prepare(SignatureAlgorithm::Es256, &Map::new(), br#"{"a":1}"#);
        let request = prepared.request(KeyHandle::new("k"));
        let shown = format!("{jws:?}{prepared:?}{request:?}");
        assert!(
            !shown.contains("eyJhIjoxfQ")
                && !shown.contains("123, 34, 97")
                && !shown.contains("101, 121, 74"),
            "{shown}"
        );
    }

    #[test]
    fn a_key_of_another_algorithm_never_verifies() {
        let (text, _) = signed(json!({}));
        let other = RustCryptoProvider
            .generate_key(SignatureAlgorithm::EdDsa, &SeededRandomness::new(2))
            .unwrap()
            .public_key();
        let jws = CompactJws::parse(&text, 4096).unwrap();
        assert_eq!(jws.verify(&RustCryptoProvider, &other), Err(JwsError::Signature));
    }
}
