//! Requests to the endpoints of an authorization server where a client says who it is and which key it holds
//! ([RFC 9126], [RFC 6749 §3.2], [RFC 9449 §5], [OAuth 2.0 Attestation-Based Client Authentication]).
//!
//! [RFC 9126]: https://www.rfc-editor.org/rfc/rfc9126
//! [RFC 6749 §3.2]: https://www.rfc-editor.org/rfc/rfc6749#section-3.2
//! [RFC 9449 §5]: https://www.rfc-editor.org/rfc/rfc9449#section-5
//! [OAuth 2.0 Attestation-Based Client Authentication]: https://datatracker.ietf.org/doc/draft-ietf-oauth-attestation-based-client-auth/

use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::{KeyHandle, SignOutcome};
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::client_attestation::{
    AttestationChallenge, CHALLENGE_HEADER, ChallengeResponse, MAX_CHALLENGE_RESPONSE_BYTES,
    prepare_proof_of_possession,
};
use symbolon_protocol::oauth::dpop::{HttpMethod, ProvenRequest};
use symbolon_protocol::oauth::error::{ErrorResponse, TokenErrorCode};
use symbolon_protocol::oauth::jwt::JwtId;
use zeroize::Zeroizing;

use super::nonces::{NonceOf, Novelty};
use super::{Body, DPOP, Headers, JSON, Sent, is_success_of};
use crate::error::{DeviceFault, WalletError};
use crate::ports::WantedAttestation;
use crate::receive::{PlannedClient, PlannedServer};
use crate::wallet::Wallet;

/// How often a request is sent in all: it can lack a nonce, a challenge and a fresh attestation, each once.
const MAX_ATTEMPTS: usize = 4;

const ATTESTATION: &str = "oauth-client-attestation";
const PROOF_OF_POSSESSION: &str = "oauth-client-attestation-pop";

/// A form for an authorization server.
#[derive(Clone, Copy)]
pub(crate) struct ServerRequest<'a> {
    /// The server; `None` for one that is spoken to anonymously and without proofs.
    pub(crate) server: Option<&'a PlannedServer>,
    pub(crate) url: &'a HttpUrl,
    pub(crate) form: &'a Zeroizing<String>,
    /// The key that tokens are to be bound to.
    pub(crate) key: Option<&'a KeyHandle>,
    pub(crate) max_response_bytes: usize,
}

impl Wallet {
    /// Posts a form, with the attestation of this wallet and the proof of its key where the server takes them, and again with
    /// the nonce, the challenge or the fresher attestation that the server asks for.
    pub(crate) async fn post_to_server(
        &self,
        request: ServerRequest<'_>,
        now: UnixTime,
    ) -> Result<Sent, WalletError> {
        let url = request.url;
        let mut wanted = WantedAttestation::Valid;
        let mut challenge = None;
        let mut attempts = 0;
        loop {
            attempts += 1;
            let mut headers = Headers::new();
            if let Some(server) = request.server
                && let PlannedClient::Attested(client) = &server.client
            {
                if challenge.is_none() {
                    challenge = self.fetch_challenge(server).await?;
                }
                let attested = self
                    .attest(server, client, wanted, challenge.as_ref(), now)
                    .await?;
                let Some(attested) = attested else {
                    return Ok(Sent::KeyLocked);
                };
                headers.extend(attested);
            }
            let nonce = self.nonces.last(url, NonceOf::AuthorizationServer);
            if let Some(key) = request.key {
                let proven = ProvenRequest {
                    method: HttpMethod::Post,
                    url,
                    access_token: None,
                };
                let Some(proof) = self.prove(key, proven, nonce.as_ref(), now)? else {
                    return Ok(Sent::KeyLocked);
                };
                headers.push((DPOP, proof));
            }
            let body = Body::Form(request.form.clone());
            let response = self
                .post_with(url, headers, body, JSON, request.max_response_bytes)
                .await?;
            let novelty = self
                .nonces
                .remember(url, NonceOf::AuthorizationServer, nonce.as_ref(), &response);
            challenge = response
                .header_values(CHALLENGE_HEADER)
                .next()
                .and_then(AttestationChallenge::parse);
            let error = ErrorResponse::<TokenErrorCode>::parse(&response.body).map(|error| error.error);
            let again = match error.filter(|_| !response.is_success()) {
                Some(TokenErrorCode::UseDpopNonce) => novelty == Novelty::Fresh,
                Some(TokenErrorCode::UseAttestationChallenge) => true,
                Some(TokenErrorCode::UseFreshAttestation) => {
                    let first = wanted == WantedAttestation::Valid;
                    wanted = WantedAttestation::Fresh;
                    first
                }
                _ => false,
            };
            if !again || attempts >= MAX_ATTEMPTS {
                return Ok(Sent::Answered(response));
            }
        }
    }

    /// A server that has an endpoint for challenges wants one in every proof.
    async fn fetch_challenge(
        &self,
        server: &PlannedServer,
    ) -> Result<Option<AttestationChallenge>, WalletError> {
        let Some(endpoint) = &server.challenge_endpoint else {
            return Ok(None);
        };
        let response = self
            .post(endpoint, Body::Empty, JSON, MAX_CHALLENGE_RESPONSE_BYTES)
            .await?;
        // The nonce of the proofs that go with the challenge comes with it.
        self.nonces
            .remember(endpoint, NonceOf::AuthorizationServer, None, &response);
        // Without a challenge the server says itself what is wrong.
        Ok(is_success_of(&response, JSON)
            .then(|| ChallengeResponse::parse(&response.body))
            .flatten()
            .map(|response| response.attestation_challenge))
    }

    /// The two header fields; `None` while the attested key waits for the person.
    async fn attest(
        &self,
        server: &PlannedServer,
        client: &ClientIdentifier,
        wanted: WantedAttestation,
        challenge: Option<&AttestationChallenge>,
        now: UnixTime,
    ) -> Result<Option<Headers>, WalletError> {
        let attester = self
            .client
            .as_ref()
            .and_then(|client| client.attester.as_ref())
            .ok_or(WalletError::DeviceFailed(DeviceFault::Attestation))?;
        let attestation = attester.attestation(&server.issuer, wanted).await?;
        let key = attestation.key;
        let jti = JwtId::make(self.ports.randomness.as_ref())?;
        let prepared =
            prepare_proof_of_possession(client, &key.public_key, &server.issuer, &jti, challenge, now);
        match attester.sign(&prepared.request(key.handle))? {
            SignOutcome::Signed(signature) => Ok(Some(vec![
                (ATTESTATION, attestation.jwt),
                (PROOF_OF_POSSESSION, prepared.finish(&signature)),
            ])),
            SignOutcome::Locked => Ok(None),
        }
    }
}
