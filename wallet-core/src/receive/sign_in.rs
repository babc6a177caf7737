//! The person signs in at the issuer: from a plan to the page that the browser opens, from the browser's answer to its code
//! ([OpenID4VCI §5], [RFC 6749 §4.1], [RFC 9126], [RFC 7636], [RFC 9207]).
//!
//! [OpenID4VCI §5]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-5
//! [RFC 6749 §4.1]: https://www.rfc-editor.org/rfc/rfc6749#section-4.1
//! [RFC 9126]: https://www.rfc-editor.org/rfc/rfc9126
//! [RFC 7636]: https://www.rfc-editor.org/rfc/rfc7636
//! [RFC 9207]: https://www.rfc-editor.org/rfc/rfc9207

use core::time::Duration;

use symbolon_crypto::UnixTime;
use symbolon_protocol::oauth::authorization_request::{AuthorizationRequest, IssuerState, State};
use symbolon_protocol::oauth::authorization_response::{self, AnswerExpectations, AuthorizationAnswer};
use symbolon_protocol::oauth::error::{AuthorizationErrorCode, ErrorResponse};
use symbolon_protocol::oauth::metadata::AuthorizationServerMetadata;
use symbolon_protocol::oauth::pkce::CodeVerifier;
use symbolon_protocol::oauth::pushed_request::{
    MAX_PUSHED_RESPONSE_BYTES, PushedAuthorizationResponse, PushedContents, PushedRequest,
};
use symbolon_protocol::oauth::scope::Scope;
use symbolon_protocol::openid4vci::authorization_details::{OPENID_CREDENTIAL, RequestedCredential};
use symbolon_protocol::openid4vci::metadata::IssuerMetadata;

use super::outcome::{ReceiptProblem, ReceiveOutcome};
use super::run::Step;
use super::stage::{
    Authorizing, FinishedReceipt, Plan, PreparedSignIn, ReceiveStage, RedeemingCode, RequestedAccess,
    SendState,
};
use crate::error::{DeviceFault, WalletError};
use crate::exchange::{JSON, Sent, ServerRequest, is_success_of};
use crate::identifiers::FlowId;
use crate::progress::Progress;
use crate::record::Stage;
use crate::wallet::{Cursor, Wallet};

/// How long before the server forgets a pushed request the wallet pushes it again: the browser needs time to open it.
const PUSHED_REQUEST_MARGIN: Duration = Duration::from_secs(5);

impl Wallet {
    /// The browser came back with an answer, at `answer`: the address that it was led to, with everything in it.
    ///
    /// # Errors
    /// [`WalletError::ForeignAnswer`] when the answer is another server's or to another request: the flow still waits for its
    /// own. [`WalletError::WrongStage`] when the flow does not wait for an answer. Otherwise as [`Wallet::accept_offer`].
    pub async fn complete_sign_in(
        &self,
        flow: FlowId,
        answer: &str,
        now: UnixTime,
    ) -> Result<ReceiveOutcome, WalletError> {
        let flow = self.flow(flow).await?;
        let mut cursor = Cursor::at(self, &flow, now);
        let Stage::Receive(ReceiveStage::Authorizing(authorizing)) = flow.stage else {
            return Err(WalletError::WrongStage);
        };
        let server = authorizing.plan.server.as_ref().ok_or(WalletError::WrongStage)?;
        let expected = AnswerExpectations {
            redirect_uri: &authorizing.redirect_uri,
            state: &authorizing.state,
            issuer: &server.issuer,
            issuer_parameter: authorizing.issuer_parameter,
        };
        let answer = authorization_response::parse(answer, &expected).map_err(WalletError::ForeignAnswer)?;
        let token_key = authorizing.token_key.clone();
        let stage = match answer {
            AuthorizationAnswer::Code(code) => ReceiveStage::RedeemingCode(Box::new(RedeemingCode {
                plan: authorizing.plan,
                code,
                redirect_uri: authorizing.redirect_uri,
                code_verifier: authorizing.code_verifier,
                token_key: authorizing.token_key,
                sent: SendState::Never,
            })),
            AuthorizationAnswer::Refused { error, .. } => ReceiveStage::Finished(FinishedReceipt::Refused {
                problem: problem_of(error),
                stored: Vec::new(),
            }),
        };
        let stage = cursor.write_receipt(stage, Vec::new()).await?;
        self.drop_token_key(token_key.as_ref(), &stage)?;
        self.drive_receipt(cursor, stage).await
    }

    /// The stage that begins a sign-in, with everything that only this wallet may know. The inner error is the issuer's fault
    /// and final.
    pub(super) fn begin_sign_in(
        &self,
        plan: Plan,
        issuer_state: Option<IssuerState>,
        issuer: &IssuerMetadata,
        server: &AuthorizationServerMetadata,
    ) -> Result<Result<ReceiveStage, ReceiptProblem>, WalletError> {
        let (Some(client), Some(authorization_endpoint)) = (&self.client, &server.authorization_endpoint)
        else {
            return Ok(Err(ReceiptProblem::GrantNotSupported));
        };
        if server.require_signed_request_object {
            return Ok(Err(ReceiptProblem::SignedRequestRequired));
        }
        let pushed_request_endpoint = server.pushed_authorization_request_endpoint.clone();
        if server.require_pushed_authorization_requests && pushed_request_endpoint.is_none() {
            return Ok(Err(ReceiptProblem::ServerMetadata));
        }
        let randomness = self.ports.randomness.as_ref();
        Ok(Ok(ReceiveStage::Authorizing(Box::new(Authorizing {
            access: requested_access(&plan, issuer, server),
            plan,
            issuer_state,
            authorization_endpoint: authorization_endpoint.clone(),
            pushed_request_endpoint,
            issuer_parameter: server.issuer_parameter(),
            redirect_uri: client.redirect_uri.clone(),
            state: State::make(randomness)?,
            code_verifier: CodeVerifier::make(randomness)?,
            token_key: None,
            sign_in: None,
        }))))
    }

    /// One durable step towards the page: creates the key that the code will be bound to, or pushes the request, or waits for
    /// the person.
    pub(super) async fn prepare_sign_in(
        &self,
        cursor: &mut Cursor<'_>,
        mut authorizing: Authorizing,
    ) -> Result<Step, WalletError> {
        if let Some(key) = self.make_token_key(&authorizing.plan, authorizing.token_key.as_ref())? {
            authorizing.token_key = Some(key);
            let stage = ReceiveStage::Authorizing(Box::new(authorizing));
            return cursor.write_receipt(stage, Vec::new()).await.map(Step::Next);
        }
        if let Some(sign_in) = &authorizing.sign_in
            && sign_in.expires.is_none_or(|expires| cursor.now < expires)
        {
            let url = sign_in.url.clone();
            return Ok(Step::Wait(ReceiveOutcome::SignInNeeded { url }));
        }
        self.observe(Progress::PreparingSignIn);
        let request = self.authorization_request(&authorizing)?;
        let sign_in = match authorizing.pushed_request_endpoint.clone() {
            None => {
                let mut url = authorizing.authorization_endpoint.url().clone();
                let form = request.to_form();
                let query = match url.query().filter(|query| !query.is_empty()) {
                    Some(own) => format!("{own}&{form}"),
                    None => form,
                };
                url.set_query(Some(&query));
                PreparedSignIn { url, expires: None }
            }
            Some(endpoint) => {
                let pushed = PushedRequest {
                    client: authorizing.plan.client_parameters(),
                    contents: PushedContents::Plain(Box::new(request)),
                };
                let form = pushed.to_form();
                let request = ServerRequest {
                    server: authorizing.plan.server.as_ref(),
                    url: &endpoint,
                    form: &form,
                    key: None,
                    max_response_bytes: MAX_PUSHED_RESPONSE_BYTES,
                };
                let response = match self.post_to_server(request, cursor.now).await? {
                    Sent::Answered(response) => response,
                    Sent::KeyLocked => return Ok(Step::Wait(ReceiveOutcome::KeyLocked)),
                };
                let answer = is_success_of(&response, JSON)
                    .then(|| PushedAuthorizationResponse::parse(&response.body))
                    .flatten();
                let client = authorizing.plan.client_identifier();
                let (Some(answer), Some(client)) = (answer, client) else {
                    let error = ErrorResponse::<AuthorizationErrorCode>::parse(&response.body);
                    let problem = error.map_or(ReceiptProblem::AuthorizationRefused, |error| {
                        problem_of(error.error)
                    });
                    return cursor.refuse(problem).await.map(Step::Next);
                };
                let lifetime = Duration::from_secs(answer.expires_in).saturating_sub(PUSHED_REQUEST_MARGIN);
                PreparedSignIn {
                    url: answer.authorization_url(&authorizing.authorization_endpoint, client),
                    expires: Some(cursor.now.plus(lifetime)),
                }
            }
        };
        let url = sign_in.url.clone();
        authorizing.sign_in = Some(sign_in);
        let stage = ReceiveStage::Authorizing(Box::new(authorizing));
        cursor.write_receipt(stage, Vec::new()).await?;
        Ok(Step::Wait(ReceiveOutcome::SignInNeeded { url }))
    }

    fn authorization_request(&self, authorizing: &Authorizing) -> Result<AuthorizationRequest, WalletError> {
        let plan = &authorizing.plan;
        let client_id = plan.client_identifier().cloned();
        let (scope, resource, authorization_details) = match &authorizing.access {
            RequestedAccess::Scope { scope, resource } => (
                Some(scope.clone()),
                resource.iter().cloned().collect(),
                Vec::new(),
            ),
            RequestedAccess::AuthorizationDetails { locations } => {
                let details = plan
                    .credentials
                    .iter()
                    .map(|planned| RequestedCredential::new(planned.configuration.clone(), locations.clone()))
                    .collect();
                (None, Vec::new(), details)
            }
        };
        let dpop_jkt = match &authorizing.token_key {
            None => None,
            Some(key) => Some(self.ports.keys.describe(key)?.public_key.thumbprint()),
        };
        Ok(AuthorizationRequest {
            client_id: client_id.ok_or(WalletError::DeviceFailed(DeviceFault::Internal))?,
            redirect_uri: authorizing.redirect_uri.clone(),
            state: Some(authorizing.state.clone()),
            code_challenge: authorizing.code_verifier.challenge(),
            scope,
            authorization_details,
            issuer_state: authorizing.issuer_state.clone(),
            resource,
            dpop_jkt,
            ui_locales: self
                .client
                .as_ref()
                .map(|client| client.languages.tags())
                .unwrap_or_default(),
        })
    }
}

/// Scopes where every configuration has one, as the high-assurance profile demands ([HAIP §4.2]); otherwise the names of the
/// configurations. A server that takes only scopes refuses the latter, and says so.
///
/// [HAIP §4.2]: https://openid.net/specs/openid4vc-high-assurance-interoperability-profile-1_0.html#section-4.2
fn requested_access(
    plan: &Plan,
    issuer: &IssuerMetadata,
    server: &AuthorizationServerMetadata,
) -> RequestedAccess {
    let scopes: Option<Vec<&str>> = plan
        .credentials
        .iter()
        .map(|planned| {
            issuer
                .credential_configurations_supported
                .get(&planned.configuration)?
                .common()?
                .scope
                .as_deref()
        })
        .collect();
    // A scope can stand for configurations that were not asked for. Only where it stands for nothing else does it say what
    // the details would say.
    let is_exact = |scope: &&str| {
        issuer
            .credential_configurations_supported
            .iter()
            .filter(|(_, configuration)| {
                configuration
                    .common()
                    .is_some_and(|common| common.scope.as_deref() == Some(*scope))
            })
            .all(|(id, _)| {
                plan.credentials
                    .iter()
                    .any(|planned| planned.configuration == *id)
            })
    };
    let takes_details = server
        .authorization_details_types_supported
        .iter()
        .any(|known| known == OPENID_CREDENTIAL);
    let serves_several = issuer.authorization_servers.is_some();
    let scope = scopes
        .filter(|scopes| !takes_details || scopes.iter().all(is_exact))
        .and_then(|scopes| Scope::parse(&scopes.join(" ")).ok());
    match scope {
        Some(scope) => RequestedAccess::Scope {
            scope,
            resource: serves_several.then(|| plan.issuer.clone()),
        },
        None => RequestedAccess::AuthorizationDetails {
            locations: serves_several.then(|| plan.issuer.clone()).into_iter().collect(),
        },
    }
}

fn problem_of(error: AuthorizationErrorCode) -> ReceiptProblem {
    match error {
        AuthorizationErrorCode::AccessDenied => ReceiptProblem::AuthorizationDenied,
        AuthorizationErrorCode::InvalidClient
        | AuthorizationErrorCode::UnauthorizedClient
        | AuthorizationErrorCode::InvalidClientAttestation => ReceiptProblem::ClientAuthenticationRequired,
        _ => ReceiptProblem::AuthorizationRefused,
    }
}
