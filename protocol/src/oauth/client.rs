//! Who a client says it is ([RFC 6749 §2]).
//!
//! [RFC 6749 §2]: https://www.rfc-editor.org/rfc/rfc6749#section-2

use serde::{Deserialize, Deserializer, Serialize};
use thiserror::Error;

use super::client_assertion::{self, ClientAssertion};
use super::error::TokenErrorCode;
use crate::wire::Form;

/// `token_endpoint_auth_method` of a client that does not authenticate.
pub const PUBLIC_CLIENT: &str = "none";

/// `token_endpoint_auth_method` of a client that shows an attestation and proves its key by a second JWT.
pub const ATTESTATION: &str = "attest_jwt_client_auth";

/// `token_endpoint_auth_method` of a client that signs an assertion with its own key.
pub const PRIVATE_KEY_JWT: &str = "private_key_jwt";

/// The longest client identifier accepted from a peer, in bytes. Some are URLs.
pub const MAX_CLIENT_IDENTIFIER_BYTES: usize = 2048;

/// `client_id`: a name, and no authentication.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct ClientIdentifier(String);

impl ClientIdentifier {
    /// Takes an identifier; `None` when it is empty, too long or not printable ASCII ([RFC 6749 appendix A.1]).
    ///
    /// [RFC 6749 appendix A.1]: https://www.rfc-editor.org/rfc/rfc6749#appendix-A.1
    #[must_use]
    pub fn parse(text: impl Into<String>) -> Option<Self> {
        let text = text.into();
        let allowed = !text.is_empty()
            && text.len() <= MAX_CLIENT_IDENTIFIER_BYTES
            && text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
        allowed.then_some(Self(text))
    }

    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl std::fmt::Display for ClientIdentifier {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.write_str(&self.0)
    }
}

impl<'de> Deserialize<'de> for ClientIdentifier {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        Self::parse(String::deserialize(deserializer)?)
            .ok_or_else(|| serde::de::Error::custom("not a client identifier"))
    }
}

/// What the form of a request says about its client.
#[derive(Debug, Default)]
pub struct ClientParameters {
    /// `client_id`.
    pub client_id: Option<ClientIdentifier>,
    /// `client_assertion` of the type `jwt-bearer`.
    pub assertion: Option<ClientAssertion>,
}

impl ClientParameters {
    /// A client that only gives its name.
    #[must_use]
    pub fn public(client_id: ClientIdentifier) -> Self {
        Self {
            client_id: Some(client_id),
            assertion: None,
        }
    }

    pub(crate) fn take_from(form: &mut Form) -> Result<Self, ClientParametersError> {
        let client_id = form
            .take_value("client_id")
            .map(|text| ClientIdentifier::parse(text).ok_or(ClientParametersError::ClientId))
            .transpose()?;
        if form.take_value("client_secret").is_some() {
            return Err(ClientParametersError::Secret);
        }
        let kind = form.take_value("client_assertion_type");
        let assertion = match (kind, form.take_value("client_assertion")) {
            (None, None) => None,
            (Some(kind), Some(assertion)) if kind == client_assertion::JWT_BEARER => {
                Some(ClientAssertion::parse(assertion).ok_or(ClientParametersError::Assertion)?)
            }
            (Some(_), Some(_)) => return Err(ClientParametersError::AssertionType),
            (Some(_), None) | (None, Some(_)) => return Err(ClientParametersError::HalfAnAssertion),
        };
        Ok(Self { client_id, assertion })
    }

    pub(crate) fn append_to(&self, form: &mut url::form_urlencoded::Serializer<'_, String>) {
        if let Some(client_id) = &self.client_id {
            form.append_pair("client_id", client_id.as_str());
        }
        if let Some(assertion) = &self.assertion {
            form.append_pair("client_assertion_type", client_assertion::JWT_BEARER);
            form.append_pair("client_assertion", assertion.expose());
        }
    }
}

/// How a request authenticates its client. The JWTs are not verified yet.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum PresentedAuthentication<'a> {
    /// [`PUBLIC_CLIENT`].
    Public,
    /// [`ATTESTATION`]: the two header fields.
    Attestation {
        /// `OAuth-Client-Attestation`.
        attestation: &'a str,
        /// `OAuth-Client-Attestation-PoP`.
        proof_of_possession: &'a str,
    },
    /// [`PRIVATE_KEY_JWT`].
    Assertion(&'a ClientAssertion),
}

/// The header fields of a request that may authenticate its client. Each list has the value of every such field: a
/// second one is refused, because two readers would take two different values.
#[derive(Debug, Clone, Copy, Default)]
pub struct ClientHeaders<'a> {
    /// `Authorization`.
    pub authorization: &'a [&'a str],
    /// `OAuth-Client-Attestation`.
    pub attestation: &'a [&'a str],
    /// `OAuth-Client-Attestation-PoP`.
    pub proof_of_possession: &'a [&'a str],
}

impl<'a> PresentedAuthentication<'a> {
    /// Finds the one way in which a request authenticates its client.
    ///
    /// # Errors
    /// [`ClientParametersError`]; a client must not use more than one way in a request ([RFC 6749 §2.3]).
    ///
    /// [RFC 6749 §2.3]: https://www.rfc-editor.org/rfc/rfc6749#section-2.3
    pub fn find(
        headers: ClientHeaders<'a>,
        parameters: &'a ClientParameters,
    ) -> Result<Self, ClientParametersError> {
        if !headers.authorization.is_empty() {
            // Basic and whatever else: this suite shares no secrets with clients.
            return Err(ClientParametersError::Secret);
        }
        let attested = match (headers.attestation, headers.proof_of_possession) {
            ([], []) => None,
            ([attestation], [proof_of_possession]) => Some(Self::Attestation {
                attestation,
                proof_of_possession,
            }),
            ([_], []) | ([], [_]) => return Err(ClientParametersError::HalfAnAttestation),
            _ => return Err(ClientParametersError::RepeatedHeader),
        };
        match (attested, &parameters.assertion) {
            (None, None) => Ok(Self::Public),
            (Some(attested), None) => Ok(attested),
            (None, Some(assertion)) => Ok(Self::Assertion(assertion)),
            (Some(_), Some(_)) => Err(ClientParametersError::SeveralWays),
        }
    }
}

/// Why the client of a request was refused before anything was verified.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum ClientParametersError {
    /// Characters or a length that no identifier has.
    #[error("client_id is malformed")]
    ClientId,
    /// A shared secret, which no client of this suite has.
    #[error("clients do not authenticate by a shared secret here")]
    Secret,
    /// Only one of the two parameters of an assertion.
    #[error("client_assertion and client_assertion_type come together")]
    HalfAnAssertion,
    /// Not a JWT.
    #[error("client_assertion_type is not supported")]
    AssertionType,
    /// Characters or a length that no JWT has.
    #[error("client_assertion is malformed")]
    Assertion,
    /// Only one of the two header fields of an attestation.
    #[error("a client attestation and its proof of possession come together")]
    HalfAnAttestation,
    /// A header field twice.
    #[error("a client attestation header is repeated")]
    RepeatedHeader,
    /// An attestation beside an assertion.
    #[error("the client authenticates in more than one way")]
    SeveralWays,
}

impl ClientParametersError {
    /// The protocol's code for this refusal.
    #[must_use]
    pub fn code(self) -> TokenErrorCode {
        match self {
            Self::ClientId
            | Self::HalfAnAssertion
            | Self::HalfAnAttestation
            | Self::RepeatedHeader
            | Self::SeveralWays => TokenErrorCode::InvalidRequest,
            Self::Secret | Self::AssertionType | Self::Assertion => TokenErrorCode::InvalidClient,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parameters(body: &str) -> Result<ClientParameters, ClientParametersError> {
        ClientParameters::take_from(&mut Form::parse(body.as_bytes(), 4096).ok().unwrap())
    }

    const JWT_BEARER: &str =
        "client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer";

    #[test]
    fn each_way_to_authenticate_is_found() {
        let public = parameters("client_id=wallet").unwrap();
        let asserted = parameters(&format!("{JWT_BEARER}&client_assertion=a.b.c")).unwrap();
        let attested = ClientHeaders {
            attestation: &["a.b.c"],
            proof_of_possession: &["d.e.f"],
            ..Default::default()
        };
        let find = PresentedAuthentication::find;
        assert_eq!(
            find(ClientHeaders::default(), &public),
            Ok(PresentedAuthentication::Public)
        );
        assert!(matches!(
            find(ClientHeaders::default(), &asserted),
            Ok(PresentedAuthentication::Assertion(assertion)) if assertion.expose() == "a.b.c"
        ));
        assert!(matches!(
            find(attested, &public),
            Ok(PresentedAuthentication::Attestation {
                attestation: "a.b.c",
                proof_of_possession: "d.e.f"
            })
        ));
        assert_eq!(find(attested, &asserted), Err(ClientParametersError::SeveralWays));
    }

    #[test]
    fn a_repeated_or_lonely_header_is_refused() {
        let public = parameters("client_id=wallet").unwrap();
        let find = |headers| PresentedAuthentication::find(headers, &public);
        for (attestation, proof_of_possession, error) in [
            (&["a"][..], &[][..], ClientParametersError::HalfAnAttestation),
            (&[], &["a"], ClientParametersError::HalfAnAttestation),
            (&["a", "a"], &["b"], ClientParametersError::RepeatedHeader),
            (&["a"], &["b", "c"], ClientParametersError::RepeatedHeader),
        ] {
            let headers = ClientHeaders {
                attestation,
                proof_of_possession,
                ..Default::default()
            };
            assert_eq!(find(headers), Err(error));
        }
        let headers = ClientHeaders {
            authorization: &["Basic YTpi"],
            ..Default::default()
        };
        assert_eq!(find(headers), Err(ClientParametersError::Secret));
    }

    #[test]
    fn each_malformed_parameter_gets_its_code() {
        use TokenErrorCode::{InvalidClient, InvalidRequest};
        let other = "client_assertion_type=urn:ietf:params:oauth:client-assertion-type:saml2-bearer";
        for (body, code) in [
            ("client_id=%0a".to_owned(), InvalidRequest),
            ("client_id=a&client_secret=b".to_owned(), InvalidClient),
            ("client_assertion=a.b.c".to_owned(), InvalidRequest),
            (JWT_BEARER.to_owned(), InvalidRequest),
            (format!("{other}&client_assertion=a"), InvalidClient),
            (format!("{JWT_BEARER}&client_assertion=%20"), InvalidClient),
        ] {
            assert_eq!(parameters(&body).unwrap_err().code(), code, "{body}");
        }
        assert!(parameters("client_id=").unwrap().client_id.is_none());
    }

    #[test]
    fn what_is_written_reads_back() {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        let written = ClientParameters {
            client_id: ClientIdentifier::parse("https://wallet.example/?a=b c"),
            assertion: ClientAssertion::parse("a.b.c"),
        };
        written.append_to(&mut form);
        let read = parameters(&form.finish()).unwrap();
        assert_eq!(read.client_id, written.client_id);
        assert_eq!(read.assertion, written.assertion);
    }
}
