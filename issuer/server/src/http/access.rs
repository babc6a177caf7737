//! Access tokens in requests, for every endpoint that they open ([RFC 6750 §2], [RFC 9449 §7]).
//!
//! [RFC 6750 §2]: https://www.rfc-editor.org/rfc/rfc6750#section-2
//! [RFC 9449 §7]: https://www.rfc-editor.org/rfc/rfc9449#section-7

use axum::response::Response;
use http::header::{AUTHORIZATION, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use symbolon_http::openapi::{Answer, Operation, Presence, Security};
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::oauth::access_token::{AccessTokenError, AccessTokenScheme, PresentedAccessToken};
use symbolon_protocol::oauth::dpop::{HttpMethod, NONCE_HEADER};

use super::answer::{challenge, failure};
use super::proofs::{ProofFields, with_dpop_nonce};
use crate::issuer::{AccessFailure, Issuer, ResourceRequest};

/// What every endpoint says that an access token opens.
pub(super) fn protected(operation: Operation) -> Operation {
    let refused = |status, description| {
        Answer::empty(status, description)
            .challenge("The scheme, the error, and what would do.")
            .header(
                NONCE_HEADER,
                "A nonce for the next proof, for a token that is bound to a key.",
                Presence::Sometimes,
            )
            .not_cached()
    };
    operation
        .secured(&[Security::BearerAccessToken])
        .secured(&[Security::DpopAccessToken, Security::DpopProof])
        .answers(refused(400, "The token is sent in more than one way."))
        .answers(refused(401, "The token or its proof is missing, or does not do."))
        .answers(refused(403, "The token does not open this."))
}

/// A token as it came with a posted request.
pub(super) struct Presented<'a> {
    token: PresentedAccessToken,
    fields: ProofFields<'a>,
    url: HttpUrl,
}

impl<'a> Presented<'a> {
    /// Reads the token of a request to the endpoint at `path`; otherwise the answer that refuses it.
    pub(super) fn read(
        issuer: &Issuer,
        headers: &'a HeaderMap,
        query: Option<&str>,
        path: &str,
    ) -> Result<Self, Box<Response>> {
        let Ok(url) = issuer.profile().identifier().endpoint(path) else {
            return Err(Box::new(failure(StatusCode::INTERNAL_SERVER_ERROR)));
        };
        let mut values = headers.get_all(AUTHORIZATION).iter();
        // With two of them, two readers would take two different tokens.
        let authorization = match (values.next(), values.next()) {
            (None, _) => Ok(None),
            (Some(value), None) => value.to_str().map(Some).map_err(|_| AccessTokenError::Malformed),
            (Some(_), Some(_)) => Err(AccessTokenError::Malformed),
        };
        let token = authorization.and_then(|value| PresentedAccessToken::parse(value, query));
        match token {
            Ok(token) => Ok(Self {
                token,
                fields: ProofFields::of(headers),
                url,
            }),
            Err(error) => Err(Box::new(challenges(issuer, error))),
        }
    }

    pub(super) fn request(&self) -> ResourceRequest<'_> {
        ResourceRequest {
            token: &self.token,
            dpop: &self.fields.dpop,
            method: HttpMethod::Post,
            url: &self.url,
        }
    }

    pub(super) const fn scheme(&self) -> AccessTokenScheme {
        self.token.scheme()
    }

    /// Gives whoever uses a bound token a nonce for the next proof.
    pub(super) fn refresh(&self, issuer: &Issuer, response: Response) -> Response {
        match self.token {
            PresentedAccessToken::Bearer(_) => response,
            PresentedAccessToken::Dpop(_) => with_dpop_nonce(issuer, response),
        }
    }
}

/// The answer to a token that opens nothing.
pub(super) fn challenged(error: &AccessFailure) -> Response {
    match error.challenge() {
        Some(answer) => challenge(answer),
        None => {
            tracing::error!(%error, "access token not looked up");
            failure(StatusCode::SERVICE_UNAVAILABLE)
        }
    }
}

/// The answer to a request without a usable token: a challenge for each scheme.
fn challenges(issuer: &Issuer, error: AccessTokenError) -> Response {
    let mut all = issuer.access_challenges(error).into_iter();
    let Some(mut response) = all.next().map(challenge) else {
        return failure(StatusCode::UNAUTHORIZED);
    };
    for further in all {
        if let Ok(value) = HeaderValue::from_str(&further.header_value()) {
            response.headers_mut().append(WWW_AUTHENTICATE, value);
        }
    }
    response
}
