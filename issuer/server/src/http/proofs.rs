//! The header fields by which clients prove who they are and what they hold, and those that help them to.

use std::collections::BTreeSet;

use axum::response::Response;
use http::header::{AUTHORIZATION, HeaderName, WWW_AUTHENTICATE};
use http::{HeaderMap, HeaderValue, StatusCode};
use symbolon_http::openapi::{Answer, Operation, Presence, Security};
use symbolon_protocol::oauth::client::ClientHeaders;
use symbolon_protocol::oauth::client_attestation::{
    ATTESTATION_HEADER, CHALLENGE_HEADER, PROOF_OF_POSSESSION_HEADER,
};
use symbolon_protocol::oauth::dpop::{NONCE_HEADER, PROOF_HEADER};
use symbolon_protocol::oauth::error::TokenErrorCode;

use crate::issuer::{BackChannelRequest, Issuer};

/// The fields of one request.
pub(super) struct ProofFields<'a> {
    authorization: Vec<&'a str>,
    attestation: Vec<&'a str>,
    proof_of_possession: Vec<&'a str>,
    pub(super) dpop: Vec<&'a str>,
}

impl<'a> ProofFields<'a> {
    pub(super) fn of(headers: &'a HeaderMap) -> Self {
        Self {
            authorization: values(headers, AUTHORIZATION.as_str()),
            attestation: values(headers, ATTESTATION_HEADER),
            proof_of_possession: values(headers, PROOF_OF_POSSESSION_HEADER),
            dpop: values(headers, PROOF_HEADER),
        }
    }

    pub(super) fn request(&'a self, form: &'a [u8]) -> BackChannelRequest<'a> {
        BackChannelRequest {
            client: ClientHeaders {
                authorization: &self.authorization,
                attestation: &self.attestation,
                proof_of_possession: &self.proof_of_possession,
            },
            dpop: &self.dpop,
            form,
        }
    }

    /// Gives whoever proves keys a fresh nonce for the next proof ([RFC 9449 §8.2]), and whoever shows an attestation a fresh challenge.
    ///
    /// [RFC 9449 §8.2]: https://www.rfc-editor.org/rfc/rfc9449#section-8.2
    pub(super) fn refresh(&self, issuer: &Issuer, mut response: Response) -> Response {
        if !self.dpop.is_empty() {
            response = with_dpop_nonce(issuer, response);
        }
        if !self.attestation.is_empty() {
            response = with_challenge(issuer, response);
        }
        // A client that came with a password is told in the scheme that it used (RFC 6749 §5.2).
        if response.status() == StatusCode::UNAUTHORIZED && !self.authorization.is_empty() {
            set(&mut response, WWW_AUTHENTICATE.as_str(), "Basic");
        }
        response
    }
}

/// A field that is not text counts as one that is empty, so that it is refused and not overlooked.
fn values<'a>(headers: &'a HeaderMap, name: &str) -> Vec<&'a str> {
    headers
        .get_all(name)
        .iter()
        .map(|value| value.to_str().unwrap_or_default())
        .collect()
}

/// What the endpoints say at which clients prove who they are: the proofs that they take, and each error code with its status.
pub(super) fn back_channel(operation: Operation, codes: BTreeSet<(u16, &'static str)>) -> Operation {
    let mut operation = operation
        .secured(&[])
        .secured(&[Security::ClientAttestation, Security::ClientAttestationProof])
        .header(
            PROOF_HEADER,
            "A proof of the key that tokens are to be bound to (RFC 9449).",
            Presence::Sometimes,
        );
    let statuses: BTreeSet<u16> = codes.iter().map(|(status, _)| *status).collect();
    for status in statuses {
        let of_status = codes.iter().filter(|(of, _)| *of == status);
        let description = match status {
            400 => "The request is refused.",
            401 => "The client did not prove who it is.",
            _ => "The issuer cannot answer now.",
        };
        let answer = Answer::error(status, description, of_status.map(|(_, code)| *code)).not_cached();
        let answer = match status {
            401 => answer.named(
                WWW_AUTHENTICATE,
                "For a client that came with a password.",
                Presence::Sometimes,
            ),
            _ => answer.retry_after(),
        };
        operation = operation.answers(helped(answer));
    }
    operation
}

/// The header fields that help a client to its next proof.
pub(super) fn helped(answer: Answer) -> Answer {
    answer
        .header(
            NONCE_HEADER,
            "A nonce for the next DPoP proof.",
            Presence::Sometimes,
        )
        .header(
            CHALLENGE_HEADER,
            "A challenge for the next proof of the attested key.",
            Presence::Sometimes,
        )
}

/// Whether a refusal asks for something that must come with it.
pub(super) fn with_what_it_asks_for(issuer: &Issuer, code: TokenErrorCode, response: Response) -> Response {
    match code {
        TokenErrorCode::UseDpopNonce | TokenErrorCode::InvalidDpopProof => with_dpop_nonce(issuer, response),
        TokenErrorCode::UseAttestationChallenge => with_challenge(issuer, response),
        _ => response,
    }
}

/// Adds a nonce for DPoP proofs.
pub(super) fn with_dpop_nonce(issuer: &Issuer, mut response: Response) -> Response {
    match issuer.dpop_nonce() {
        Ok(nonce) => set(&mut response, NONCE_HEADER, nonce.as_str()),
        Err(error) => tracing::error!(%error, "no DPoP nonce made"),
    }
    response
}

fn with_challenge(issuer: &Issuer, mut response: Response) -> Response {
    match issuer.attestation_challenge() {
        Ok(challenge) => set(
            &mut response,
            CHALLENGE_HEADER,
            challenge.attestation_challenge.as_str(),
        ),
        Err(error) => tracing::error!(%error, "no attestation challenge made"),
    }
    response
}

fn set(response: &mut Response, name: &str, value: &str) {
    let name = HeaderName::from_bytes(name.as_bytes());
    if let (Ok(name), Ok(value)) = (name, HeaderValue::from_str(value)) {
        response.headers_mut().insert(name, value);
    }
}
