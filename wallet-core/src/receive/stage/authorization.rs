//! What is stored of the authorization server, and while the person signs in there.

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::KeyHandle;
use symbolon_protocol::identifier::{HttpUrl, IssuerIdentifier};
use symbolon_protocol::oauth::authorization_request::{IssuerState, State};
use symbolon_protocol::oauth::authorization_response::IssuerParameter;
use symbolon_protocol::oauth::client::{ClientIdentifier, ClientParameters};
use symbolon_protocol::oauth::pkce::CodeVerifier;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use symbolon_protocol::oauth::scope::Scope;
use symbolon_protocol::secret::AuthorizationCode;
use url::Url;

use super::{Plan, SendState};
use crate::secret;

/// The authorization server, from metadata that was checked.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedServer {
    /// Its identifier.
    pub issuer: IssuerIdentifier,
    /// Who the wallet is to it.
    pub client: PlannedClient,
    /// What kind of tokens it is asked for.
    pub tokens: PlannedTokens,
    /// Where challenges for attestations come from.
    pub challenge_endpoint: Option<HttpUrl>,
}

/// Who the wallet is to an authorization server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannedClient {
    /// Nobody in particular.
    Anonymous,
    /// A client that gives its name.
    Public(ClientIdentifier),
    /// A client that its provider attests.
    Attested(ClientIdentifier),
}

impl PlannedClient {
    /// The name that it gives.
    #[must_use]
    pub const fn identifier(&self) -> Option<&ClientIdentifier> {
        match self {
            Self::Anonymous => None,
            Self::Public(client) | Self::Attested(client) => Some(client),
        }
    }
}

/// The kind of tokens that a server is asked for.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PlannedTokens {
    /// Whoever holds one may use it.
    Bearer,
    /// Bound to a key of this wallet ([RFC 9449](https://www.rfc-editor.org/rfc/rfc9449)).
    Dpop,
}

/// What the authorization request asks for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RequestedAccess {
    /// The scopes of the configurations.
    Scope {
        /// Them.
        scope: Scope,
        /// The issuer, where the server may serve several.
        resource: Option<IssuerIdentifier>,
    },
    /// The configurations themselves.
    AuthorizationDetails {
        /// The issuer, where the server may serve several.
        locations: Vec<IssuerIdentifier>,
    },
}

/// The person signs in at the issuer.
#[derive(Serialize, Deserialize)]
pub struct Authorizing {
    /// What will be requested where.
    pub plan: Plan,
    /// What is asked for.
    pub access: RequestedAccess,
    /// What the offer held.
    pub issuer_state: Option<IssuerState>,
    /// Where the person signs in.
    pub authorization_endpoint: HttpUrl,
    /// Where the request is pushed before.
    pub pushed_request_endpoint: Option<HttpUrl>,
    /// Whether the server names itself in its answers.
    pub issuer_parameter: IssuerParameter,
    /// Where the browser brings the answer.
    pub redirect_uri: RedirectUri,
    /// What the answer must repeat.
    pub state: State,
    /// What redeems the code.
    #[serde(serialize_with = "secret::write")]
    pub code_verifier: CodeVerifier,
    /// The key that code and token are to be bound to, once it exists.
    pub token_key: Option<KeyHandle>,
    /// The page, once it is prepared.
    pub sign_in: Option<PreparedSignIn>,
}

/// The page on which the person signs in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PreparedSignIn {
    /// What the browser opens.
    pub url: Url,
    /// When the server forgets the request that it was pushed.
    pub expires: Option<UnixTime>,
}

/// The code of the sign-in is about to be spent, or was.
#[derive(Serialize, Deserialize)]
pub struct RedeemingCode {
    /// What will be requested where.
    pub plan: Plan,
    /// The code.
    #[serde(serialize_with = "secret::write")]
    pub code: AuthorizationCode,
    /// Where it came to.
    pub redirect_uri: RedirectUri,
    /// What redeems it.
    #[serde(serialize_with = "secret::write")]
    pub code_verifier: CodeVerifier,
    /// The key that the token is to be bound to.
    pub token_key: Option<KeyHandle>,
    /// Whether the server may have seen the request.
    pub sent: SendState,
}

impl Plan {
    /// What the form of a request says about this wallet.
    pub(crate) fn client_parameters(&self) -> ClientParameters {
        self.client_identifier()
            .map_or_else(ClientParameters::default, |client| {
                ClientParameters::public(client.clone())
            })
    }

    /// The name that the wallet gives; `None` where it is anonymous.
    pub(crate) fn client_identifier(&self) -> Option<&ClientIdentifier> {
        self.server.as_ref().and_then(|server| server.client.identifier())
    }

    /// The kind of tokens to ask for.
    pub(crate) fn tokens(&self) -> PlannedTokens {
        self.server
            .as_ref()
            .map_or(PlannedTokens::Bearer, |server| server.tokens)
    }
}
