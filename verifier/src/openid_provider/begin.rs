//! Whether a request begins a sign-in ([OpenID Connect Core 1.0 §3.1.2.2]).
//!
//! [OpenID Connect Core 1.0 §3.1.2.2]: https://openid.net/specs/openid-connect-core-1_0.html#AuthRequestValidation

use serde_json::Value;
use symbolon_protocol::oauth::error::AuthorizationErrorCode;
use symbolon_protocol::oauth::scope::Scope;
use symbolon_protocol::openid_connect::authentication_request::{
    AuthenticationRequest, OPENID_SCOPE, Prompt,
};
use thiserror::Error;

use super::claims::{is_standard_scope, reads_verified_claims};
use super::client::{OpenIdClient, OpenIdScope};

/// A request that begins a sign-in.
#[derive(Debug, Clone)]
pub struct Begun<'c> {
    /// What its scope means.
    pub scope: &'c OpenIdScope,
    /// The values of its scope that mean something.
    pub granted: Scope,
}

/// How a request came.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum RequestPath {
    /// By the browser.
    Browser,
    /// By the client itself, which said who it is.
    Pushed,
}

/// Why a request begins nothing. The client is told where its request wants the answer, which must be one of its addresses.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum BeginRefusal {
    /// This client's requests are pushed.
    #[error("this client pushes its requests")]
    NotPushed,
    /// No value of the scope has a meaning for this client, or two have one.
    #[error("scope names no policy of this client, or more than one")]
    Scope,
    /// Nothing may be shown, and nobody is ever signed in already.
    #[error("every sign-in needs the wallet, and prompt is none")]
    LoginRequired,
    /// The claims request asks for verified claims in a way that does not read.
    #[error("verified_claims is malformed")]
    VerifiedClaims,
    /// The client cannot do without a level of assurance that there is not.
    #[error("none of the required values of acr can be reached")]
    Acr,
}

impl BeginRefusal {
    /// The protocol's code for this refusal.
    #[must_use]
    pub const fn code(self) -> AuthorizationErrorCode {
        match self {
            Self::NotPushed | Self::VerifiedClaims => AuthorizationErrorCode::InvalidRequest,
            Self::Scope => AuthorizationErrorCode::InvalidScope,
            Self::LoginRequired => AuthorizationErrorCode::LoginRequired,
            // OpenID Connect Core 1.0 §5.5.1.1: a failed attempt at authentication.
            Self::Acr => AuthorizationErrorCode::AccessDenied,
        }
    }
}

impl OpenIdClient {
    /// Checks a request of this client, whose redirect URI is one of [its own](Self::may_be_answered_at).
    ///
    /// # Errors
    /// [`BeginRefusal`].
    pub fn begin(
        &self,
        request: &AuthenticationRequest,
        path: RequestPath,
    ) -> Result<Begun<'_>, BeginRefusal> {
        if self.document().require_pushed_authorization_requests && path == RequestPath::Browser {
            return Err(BeginRefusal::NotPushed);
        }
        let begun = self.understood(request).ok_or(BeginRefusal::Scope)?;
        if !reads_verified_claims(&request.claims) {
            return Err(BeginRefusal::VerifiedClaims);
        }
        let levels = begun.scope.policy.assurances().levels();
        let is_reachable = |value: &Value| levels.iter().any(|level| *value == level.as_str());
        if let Some(acr) = required_acr(request)
            && !acr.iter().any(is_reachable)
        {
            return Err(BeginRefusal::Acr);
        }
        if request.prompt == Prompt::Forbidden {
            return Err(BeginRefusal::LoginRequired);
        }
        Ok(begun)
    }

    /// What the scope of a request means: that of the one value that has a meaning, or of `openid` where no other has. Values that mean
    /// nothing are passed over, as OpenID Connect Core 1.0 §3.1.2.1 has it; two meanings at once are none.
    #[must_use]
    pub fn understood(&self, request: &AuthenticationRequest) -> Option<Begun<'_>> {
        let requested = request.oauth.scope.as_ref()?;
        let mut own = requested
            .values()
            .filter(|value| *value != OPENID_SCOPE)
            .filter_map(|value| self.scope(value));
        let scope = match (own.next(), own.next()) {
            (Some(scope), None) => scope,
            (None, _) => self.scope(OPENID_SCOPE)?,
            (Some(_), Some(_)) => return None,
        };
        Some(Begun {
            scope,
            granted: granted(requested, scope)?,
        })
    }
}

/// The values of `acr` that the client cannot do without ([OpenID Connect Core 1.0 §5.5.1.1]).
///
/// [OpenID Connect Core 1.0 §5.5.1.1]: https://openid.net/specs/openid-connect-core-1_0.html#acrSemantics
pub(super) fn required_acr(request: &AuthenticationRequest) -> Option<&[Value]> {
    let acr = request.claims.id_token.claims.get("acr")?;
    (acr.essential && !acr.values.is_empty()).then_some(acr.values.as_slice())
}

fn granted(requested: &Scope, scope: &OpenIdScope) -> Option<Scope> {
    let means =
        |value: &&str| *value == OPENID_SCOPE || *value == scope.document.scope || is_standard_scope(value);
    let values: Vec<&str> = requested.values().filter(means).collect();
    Scope::parse(&values.join(" ")).ok()
}
