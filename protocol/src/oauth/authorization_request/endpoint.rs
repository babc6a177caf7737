//! What arrives at an authorization endpoint: the parameters themselves, a signed object with them, or the name of a
//! request that was pushed before.

use super::{AuthorizationRequest, AuthorizationRequestError, AuthorizationRequestRefused, take_client_id};
use crate::oauth::client::ClientIdentifier;
use crate::oauth::pushed_request::RequestUri;
use crate::oauth::request_object::SignedRequest;
use crate::wire::{Form, FormRefused};

/// The longest query that is read, in bytes: room for a request object.
pub const MAX_AUTHORIZATION_REQUEST_BYTES: usize = 64 * 1024;

/// Parameters that may come more than once ([RFC 8707 §2](https://www.rfc-editor.org/rfc/rfc8707#section-2)).
pub(crate) const REPEATABLE: &[&str] = &["resource"];

/// A request at the authorization endpoint.
#[derive(Debug, PartialEq, Eq)]
pub enum AuthorizationEndpointRequest {
    /// The parameters.
    Plain(Box<AuthorizationRequest>),
    /// The parameters are in a signed object, and only those count ([RFC 9101 §6.3]).
    ///
    /// [RFC 9101 §6.3]: https://www.rfc-editor.org/rfc/rfc9101#section-6.3
    Signed {
        /// The client, which the object must name too.
        client_id: ClientIdentifier,
        /// The object.
        request: SignedRequest,
    },
    /// The parameters were pushed before, and only those count ([RFC 9126 §4]).
    ///
    /// [RFC 9126 §4]: https://www.rfc-editor.org/rfc/rfc9126#section-4
    Pushed {
        /// The client, which must be the one that pushed.
        client_id: ClientIdentifier,
        /// The name of the pushed request.
        request_uri: RequestUri,
    },
}

impl AuthorizationEndpointRequest {
    /// Reads the query of the endpoint, or the form that was posted to it.
    ///
    /// # Errors
    /// [`AuthorizationRequestRefused`].
    pub fn parse(query: &[u8]) -> Result<Self, AuthorizationRequestRefused> {
        let mut form = parse_form(query, MAX_AUTHORIZATION_REQUEST_BYTES)?;
        let object = form.take_value("request");
        let uri = form.take_value("request_uri");
        match (object, uri) {
            (None, None) => {
                AuthorizationRequest::take_from(&mut form).map(|request| Self::Plain(Box::new(request)))
            }
            (Some(object), None) => Ok(Self::Signed {
                client_id: take_client_id(&mut form)?,
                request: SignedRequest::parse(object).ok_or(AuthorizationRequestError::RequestObject)?,
            }),
            (None, Some(uri)) => Ok(Self::Pushed {
                client_id: take_client_id(&mut form)?,
                request_uri: RequestUri::parse(uri).ok_or(AuthorizationRequestError::RequestUri)?,
            }),
            (Some(_), Some(_)) => Err(AuthorizationRequestError::SeveralSources.into()),
        }
    }
}

pub(crate) fn parse_form(bytes: &[u8], limit: usize) -> Result<Form, AuthorizationRequestError> {
    Form::parse_with_repeatable(bytes, limit, REPEATABLE).map_err(|refused| match refused {
        FormRefused::TooLarge => AuthorizationRequestError::TooLarge,
        FormRefused::Repeated => AuthorizationRequestError::RepeatedParameter,
    })
}
