//! The authorization request ([RFC 6749 §4.1.1], [OpenID4VCI §5.1]).
//!
//! Two parameters that RFC 6749 leaves to servers are demanded here. `code_challenge`, because a code without one can be
//! redeemed by whoever sees it ([RFC 9700 §2.1.1]); and `redirect_uri`, because wallets are not registered one by one.
//!
//! [RFC 6749 §4.1.1]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1.1
//! [OpenID4VCI §5.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-5.1
//! [RFC 9700 §2.1.1]: https://www.rfc-editor.org/rfc/rfc9700#section-2.1.1

mod endpoint;
mod error;

use serde::{Deserialize, Deserializer, Serialize};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::{Randomness, RandomnessUnavailable, Thumbprint, random_bytes};
use url::form_urlencoded;

use super::client::ClientIdentifier;
use super::pkce::{self, CodeChallenge};
use super::redirect_uri::RedirectUri;
use super::scope::Scope;
use crate::identifier::IssuerIdentifier;
use crate::openid4vci::authorization_details::RequestedCredential;
use crate::wire::Form;

pub(crate) use endpoint::parse_form;
pub use endpoint::{AuthorizationEndpointRequest, MAX_AUTHORIZATION_REQUEST_BYTES};
pub use error::{AnswerAddress, AuthorizationRequestError, AuthorizationRequestRefused};

/// The longest `state` and the longest `issuer_state` that are read, in bytes. Servers store them.
pub const MAX_STATE_BYTES: usize = 2048;

/// The most `resource` parameters and the most languages of a request.
pub const MAX_REPEATED_VALUES: usize = 16;

macro_rules! state_text {
    ($(#[$outer:meta])* $name:ident) => {
        $(#[$outer])*
        #[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// A fresh value of 16 random bytes.
            ///
            /// # Errors
            /// [`RandomnessUnavailable`].
            pub fn make(randomness: &dyn Randomness) -> Result<Self, RandomnessUnavailable> {
                Ok(Self(base64url::encode(&random_bytes::<16>(randomness)?)))
            }

            /// Takes a value; `None` when it is empty, longer than [`MAX_STATE_BYTES`] or not printable ASCII.
            #[must_use]
            pub fn parse(text: impl Into<String>) -> Option<Self> {
                let text = text.into();
                let allowed = !text.is_empty()
                    && text.len() <= MAX_STATE_BYTES
                    && text.bytes().all(|byte| (0x20..0x7f).contains(&byte));
                allowed.then_some(Self(text))
            }

            /// The text.
            #[must_use]
            pub fn as_str(&self) -> &str {
                &self.0
            }
        }

        impl<'de> Deserialize<'de> for $name {
            fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                Self::parse(String::deserialize(deserializer)?)
                    .ok_or_else(|| serde::de::Error::custom("not a non-empty printable string"))
            }
        }
    };
}

state_text! {
    /// `state`: ties the answer to the request that the same browser made ([RFC 6749 §10.12]).
    ///
    /// [RFC 6749 §10.12]: https://www.rfc-editor.org/rfc/rfc6749#section-10.12
    State
}
state_text! {
    /// `issuer_state`: what the offer held. Whoever made the offer chose it: it proves nothing
    /// ([OpenID4VCI §5.1.3]).
    ///
    /// [OpenID4VCI §5.1.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-5.1.3
    IssuerState
}

/// A request for an authorization code. Unknown parameters are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AuthorizationRequest {
    /// The client, as it names itself.
    pub client_id: ClientIdentifier,
    /// Where the answer goes. A server compares it with what it allows this client before anything goes there.
    pub redirect_uri: RedirectUri,
    /// What the answer repeats.
    pub state: Option<State>,
    /// Whose verifier redeems the code.
    pub code_challenge: CodeChallenge,
    /// The credentials, by the scopes of their configurations. Values that the server does not know are ignored.
    pub scope: Option<Scope>,
    /// The credentials, by the names of their configurations. Where both name the same, this counts.
    pub authorization_details: Vec<RequestedCredential>,
    /// What the offer held.
    pub issuer_state: Option<IssuerState>,
    /// The issuers whose credentials are asked for ([RFC 8707](https://www.rfc-editor.org/rfc/rfc8707)).
    pub resource: Vec<IssuerIdentifier>,
    /// The key that the code is to be bound to ([RFC 9449 §10](https://www.rfc-editor.org/rfc/rfc9449#section-10)).
    pub dpop_jkt: Option<Thumbprint>,
    /// The languages that the resident reads, the preferred one first (BCP 47).
    pub ui_locales: Vec<String>,
}

impl AuthorizationRequest {
    /// The request as a form: to be pushed, or as the query of the authorization endpoint.
    #[must_use]
    pub fn to_form(&self) -> String {
        let mut form = form_urlencoded::Serializer::new(String::new());
        for (name, value) in self.parameters() {
            form.append_pair(name, &value);
        }
        form.finish()
    }

    /// The parameters with their values, as texts.
    pub(crate) fn parameters(&self) -> Vec<(&'static str, String)> {
        let mut parameters = vec![
            ("response_type", "code".to_owned()),
            ("client_id", self.client_id.as_str().to_owned()),
            ("redirect_uri", self.redirect_uri.as_str().to_owned()),
            ("code_challenge", self.code_challenge.to_string()),
            ("code_challenge_method", pkce::S256.to_owned()),
        ];
        let mut optional = |name, value: Option<String>| parameters.extend(value.map(|value| (name, value)));
        optional(
            "state",
            self.state.as_ref().map(|state| state.as_str().to_owned()),
        );
        optional("scope", self.scope.as_ref().map(ToString::to_string));
        if !self.authorization_details.is_empty() {
            // Texts alone: they are always written.
            optional(
                "authorization_details",
                serde_json::to_string(&self.authorization_details).ok(),
            );
        }
        optional(
            "issuer_state",
            self.issuer_state.as_ref().map(|state| state.as_str().to_owned()),
        );
        optional("dpop_jkt", self.dpop_jkt.as_ref().map(ToString::to_string));
        optional(
            "ui_locales",
            (!self.ui_locales.is_empty()).then(|| self.ui_locales.join(" ")),
        );
        parameters.extend(
            self.resource
                .iter()
                .map(|issuer| ("resource", issuer.to_string())),
        );
        parameters
    }

    /// Reads the parameters of a form.
    pub(crate) fn take_from(form: &mut Form) -> Result<Self, AuthorizationRequestRefused> {
        let address = take_address(form)?;
        match Asked::take_from(form) {
            Ok(asked) => Ok(asked.at(address)),
            Err(error) => Err(address.refuse(error)),
        }
    }
}

/// Reads who asks and where the answer goes. It comes first: without them, an error stays with the browser.
pub(crate) fn take_address(form: &mut Form) -> Result<AnswerAddress, AuthorizationRequestRefused> {
    let client_id = take_client_id(form)?;
    let redirect_uri = form
        .take_value("redirect_uri")
        .ok_or(AuthorizationRequestError::MissingRedirectUri)?;
    let redirect_uri =
        RedirectUri::parse(&redirect_uri).map_err(|_| AuthorizationRequestError::RedirectUri)?;
    let state = form.take_value("state").map(State::parse);
    let address = AnswerAddress {
        client_id,
        redirect_uri,
        state: state.clone().flatten(),
    };
    if state == Some(None) {
        return Err(address.refuse(AuthorizationRequestError::State));
    }
    Ok(address)
}

pub(crate) fn take_client_id(form: &mut Form) -> Result<ClientIdentifier, AuthorizationRequestError> {
    let text = form
        .take_value("client_id")
        .ok_or(AuthorizationRequestError::MissingClientId)?;
    ClientIdentifier::parse(text).ok_or(AuthorizationRequestError::ClientId)
}

/// Everything of a request but who asks and where the answer goes.
struct Asked {
    code_challenge: CodeChallenge,
    scope: Option<Scope>,
    authorization_details: Vec<RequestedCredential>,
    issuer_state: Option<IssuerState>,
    resource: Vec<IssuerIdentifier>,
    dpop_jkt: Option<Thumbprint>,
    ui_locales: Vec<String>,
}

impl Asked {
    fn take_from(form: &mut Form) -> Result<Self, AuthorizationRequestError> {
        use AuthorizationRequestError as Error;
        match form.take_value("response_type").as_deref() {
            Some("code") => {}
            Some(_) => return Err(Error::ResponseType),
            None => return Err(Error::MissingResponseType),
        }
        // The default of the code flow, and the only one here.
        if form
            .take_value("response_mode")
            .is_some_and(|mode| mode != "query")
        {
            return Err(Error::ResponseMode);
        }
        let method = form.take_value("code_challenge_method");
        let code_challenge = form
            .take_value("code_challenge")
            .ok_or(Error::MissingCodeChallenge)?;
        let code_challenge = CodeChallenge::parse(&code_challenge, method.as_deref())?;
        let scope = form
            .take_value("scope")
            .map(|text| Scope::parse(&text))
            .transpose()?;
        let authorization_details = match form.take_value("authorization_details") {
            None => Vec::new(),
            Some(text) => RequestedCredential::parse_all(&text)?,
        };
        let issuer_state = form
            .take_value("issuer_state")
            .map(|text| IssuerState::parse(text).ok_or(Error::IssuerState))
            .transpose()?;
        let resource = form.take_values("resource");
        if resource.len() > MAX_REPEATED_VALUES {
            return Err(Error::Resource);
        }
        let resource = resource
            .iter()
            .map(|text| IssuerIdentifier::parse(text).map_err(|_| Error::Resource))
            .collect::<Result<_, _>>()?;
        let dpop_jkt = form
            .take_value("dpop_jkt")
            .map(|text| Thumbprint::parse(&text).map_err(|_| Error::DpopThumbprint))
            .transpose()?;
        // A wish: what cannot be read of it is passed over.
        let ui_locales = form.take_value("ui_locales").unwrap_or_default();
        let is_tag = |tag: &&str| {
            (1..=35).contains(&tag.len())
                && tag
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        };
        let ui_locales = ui_locales
            .split(' ')
            .filter(is_tag)
            .take(MAX_REPEATED_VALUES)
            .map(str::to_owned)
            .collect();
        Ok(Self {
            code_challenge,
            scope,
            authorization_details,
            issuer_state,
            resource,
            dpop_jkt,
            ui_locales,
        })
    }

    fn at(self, address: AnswerAddress) -> AuthorizationRequest {
        AuthorizationRequest {
            client_id: address.client_id,
            redirect_uri: address.redirect_uri,
            state: address.state,
            code_challenge: self.code_challenge,
            scope: self.scope,
            authorization_details: self.authorization_details,
            issuer_state: self.issuer_state,
            resource: self.resource,
            dpop_jkt: self.dpop_jkt,
            ui_locales: self.ui_locales,
        }
    }
}

#[cfg(test)]
pub(super) mod tests;
