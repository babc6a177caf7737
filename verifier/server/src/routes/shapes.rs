//! The shapes of what the endpoints take and answer, for the description of the interface. Most messages are types of pure crates, which
//! know nothing of descriptions (`docs/adr/0014`); every test that speaks HTTP with the verifier holds the two against each other.
#![expect(
    dead_code,
    reason = "read as schemas alone; the messages have types of their own"
)]

mod decision;

use serde_json::Value;
use symbolon_http::openapi::{ProblemShape, ToSchema, named};
use symbolon_protocol::digital_credentials::ExchangeProtocol;
use symbolon_protocol::digital_credentials::openid4vp::OriginResponseMode;
use symbolon_protocol::openid4vp::client_id::ClientIdKind;
use symbolon_protocol::openid4vp::link::RequestUriMethod;
use symbolon_protocol::openid4vp::request::ResponseMode;
use symbolon_verifier::answer::AnswerCheck;
use symbolon_verifier::choices::RequestTransport;
use symbolon_verifier::report::{CredentialFormat, Verdict};
use symbolon_verifier::store::PageFlow;
use utoipa::openapi::schema::ArrayBuilder;
use utoipa::openapi::{RefOr, Schema};

pub(super) use self::decision::{PolicyDecision, policy_outcomes};

/// What a relying party asks for: a query of its own, or one of the configuration.
#[derive(ToSchema)]
pub(super) struct MakePresentationRequest {
    /// The query (OpenID4VP 1.0, section 6).
    #[schema(value_type = Option<Object>)]
    dcql_query: Option<Value>,
    /// The name of a query of the configuration.
    query: Option<String>,
    /// A scope that stands for a query.
    scope: Option<String>,
    /// Where the browser that began goes after the answer.
    return_to: Option<String>,
    /// A page of the verifier's own for the browser to begin on.
    #[schema(schema_with = page_flows, required = false)]
    page: Option<PageFlow>,
    /// How the verifier is named.
    #[schema(schema_with = client_id_kinds, required = false)]
    client_id_prefix: Option<ClientIdKind>,
    /// How the answer travels.
    #[schema(schema_with = response_modes, required = false)]
    response_mode: Option<ResponseMode>,
    /// Whether the link holds the request.
    #[schema(schema_with = request_deliveries, required = false)]
    request_delivery: Option<RequestTransport>,
    /// How a wallet fetches the request.
    #[schema(schema_with = request_uri_methods, required = false)]
    request_uri_method: Option<RequestUriMethod>,
    /// What the answer is to authorise.
    transaction_data: Option<Vec<TransactionOrderShape>>,
    /// What is offered to the browser of a page.
    digital_credentials: Option<DigitalCredentialsWishes>,
}

/// A transaction that an answer is to authorise (OpenID4VP 1.0, section 8.4).
#[derive(ToSchema)]
#[schema(as = TransactionOrder)]
pub(super) struct TransactionOrderShape {
    /// Its type, one of the configuration's.
    #[schema(rename = "type")]
    transaction_type: String,
    /// The credentials one of which authorises it, by their `id` in the query; said by the policy where there is one.
    credential_ids: Option<Vec<String>>,
    /// The members that the type defines.
    #[schema(value_type = Option<Object>)]
    members: Option<Value>,
}

/// A transaction that was authorised.
#[derive(ToSchema)]
pub(super) struct AuthorizedTransaction {
    /// Its place in the request.
    position: usize,
    /// Its type.
    #[schema(rename = "type")]
    transaction_type: String,
    /// The credential that authorised it, by its `id` in the query.
    query_id: String,
    /// The algorithm of the hash.
    hash_algorithm: String,
    /// The hash of the transaction's string in the request, which the holder signed.
    hash: String,
}

/// What is offered to the browser of a page (Digital Credentials API).
#[derive(ToSchema)]
pub(super) struct DigitalCredentialsWishes {
    /// The origin of the page; the verifier's own without it.
    origin: Option<String>,
    /// The protocols, the preferred one first; all that can ask the query without it.
    #[schema(schema_with = lists_of_protocols, required = false)]
    protocols: Option<Vec<ExchangeProtocol>>,
    /// How answers of OpenID4VP travel; encrypted without it.
    #[schema(schema_with = origin_response_modes, required = false)]
    response_mode: Option<OriginResponseMode>,
}

/// What a page hands to the browser.
#[derive(ToSchema)]
pub(super) struct DigitalCredentialsOffered {
    /// The origin that the page must have.
    origin: String,
    /// The member of the same name of what `navigator.credentials.get` takes.
    #[schema(value_type = Object)]
    digital: Value,
}

/// The answer that the browser gave.
#[derive(ToSchema)]
pub(super) struct DigitalCredentialAnswer {
    /// By which protocol.
    #[schema(schema_with = protocols)]
    protocol: ExchangeProtocol,
    /// What the protocol says.
    #[schema(value_type = Object)]
    data: Value,
}

/// A request that was made.
#[derive(ToSchema)]
pub(super) struct PresentationRequestMade {
    /// Its identifier.
    request_id: String,
    /// Where a wallet fetches it, unless it stands in the link.
    request_uri: Option<String>,
    /// The page to send the browser to.
    page: Option<String>,
    /// The link for a QR code or a button.
    authorization_request: String,
    /// When it can no longer be answered (RFC 3339).
    expires_at: String,
    /// The policy that decides about the answer.
    policy: Option<String>,
    /// What a page hands to the browser.
    digital_credentials: Option<DigitalCredentialsOffered>,
}

/// Where a request stands.
#[derive(ToSchema)]
pub(super) struct PresentationState {
    /// Its identifier.
    request_id: String,
    /// How far it has come.
    state: RequestProgress,
    /// The policy that decides about the answer.
    policy: Option<String>,
    /// When it can no longer be answered (RFC 3339).
    expires_at: String,
    /// What came of it.
    result: Option<PresentationResult>,
    /// Why there is no result although there is an answer.
    withheld: Option<Withheld>,
}

/// Why a result is withheld.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum Withheld {
    /// The browser that began has not come back with the code.
    UntilResponseCode,
}

/// How far a request has come.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum RequestProgress {
    /// It waits for an answer.
    Pending,
    /// It was answered.
    Answered,
    /// It was not answered in time.
    Expired,
}

/// What came of a request.
#[derive(ToSchema)]
pub(super) struct PresentationResult {
    /// When the answer came, in seconds since the epoch.
    received_at: i64,
    /// What it was.
    outcome: ResultOutcome,
    /// What the resident's browser brings back in the flow on one device.
    response_code: Option<String>,
}

/// What a wallet answered.
#[derive(ToSchema)]
#[schema(rename_all = "snake_case")]
pub(super) enum ResultOutcome {
    /// A presentation.
    Presented {
        /// What was found about each credential.
        reports: Vec<StoredReport>,
        /// Whether it is what was asked for.
        #[schema(schema_with = answer_checks)]
        answer: AnswerCheck,
        /// How the policy of the request decided, where it has one.
        decision: Option<PolicyDecision>,
        /// The transactions that it authorises.
        transactions: Option<Vec<AuthorizedTransaction>>,
    },
    /// An error.
    Declined {
        /// Its code.
        error: String,
    },
}

/// What was found about a credential.
#[derive(ToSchema)]
pub(super) struct StoredReport {
    /// The part of the query that it answers.
    query_id: String,
    /// The report.
    report: Report,
    /// The time of the credential, where the policy makes verified claims of it.
    validity: Option<CredentialPeriod>,
}

/// The time of a credential, as its issuer says it, in seconds since the epoch.
#[derive(ToSchema)]
pub(super) struct CredentialPeriod {
    /// When it was issued, or from when on it is valid.
    issued_at: Option<i64>,
    /// From when on it is no longer valid.
    expires_at: Option<i64>,
}

/// A report. Each axis has its state and its checks with their reasons.
#[derive(ToSchema)]
pub(super) struct Report {
    /// The version of this form.
    version: u16,
    /// The answer in one word.
    #[schema(schema_with = verdicts)]
    verdict: Verdict,
    /// The time of what is known about the status, in seconds since the epoch.
    as_of: Option<i64>,
    /// When this was verified, in seconds since the epoch.
    verified_at: i64,
    /// What was presented.
    #[schema(schema_with = formats)]
    format: CredentialFormat,
    /// The type of the credential.
    credential_type: Option<String>,
    /// Every type of a W3C credential, as IRIs.
    type_iris: Option<Vec<String>>,
    /// Who issued it.
    #[schema(value_type = Option<Object>)]
    issuer: Option<Value>,
    /// Whether it is what the issuer made.
    #[schema(value_type = Object)]
    authentic: Value,
    /// Whether that issuer may make it.
    #[schema(value_type = Object)]
    trusted: Value,
    /// What has become of it.
    #[schema(value_type = Object)]
    status: Value,
    /// Whether whoever shows it is whom it is about.
    #[schema(value_type = Object)]
    holder: Value,
    /// What the issuer's lists of messages say of it.
    #[schema(value_type = Option<Vec<Object>>)]
    status_messages: Option<Value>,
    /// What a person must be told.
    #[schema(value_type = Vec<Object>)]
    warnings: Vec<Value>,
    /// What was disclosed, where the credential is authentic and its issuer trusted.
    #[schema(value_type = Object)]
    claims: Value,
    /// The face to compare.
    #[schema(value_type = Option<Object>)]
    photo: Option<Value>,
    /// The authorities in the issuer's certificate chain, in base64url.
    authority_key_identifiers: Vec<String>,
    /// The key that the holder proved.
    holder_key: Option<String>,
}

/// What is kept of a request.
#[derive(ToSchema)]
pub(super) struct Evidence {
    /// Its identifier.
    request_id: String,
    /// The signed request.
    request_object: String,
    /// What the wallet sent within the encryption.
    #[schema(value_type = Option<Object>)]
    vp_token: Option<Value>,
}

/// What a wallet says when it fetches the request (OpenID4VP 1.0, section 5.10).
#[derive(ToSchema)]
pub(super) struct WalletParameters {
    /// What the request repeats.
    wallet_nonce: Option<String>,
    /// What the wallet can do, as JSON.
    wallet_metadata: Option<String>,
}

/// The answer of a wallet (OpenID4VP 1.0, sections 8.2, 8.3 and 8.5): encrypted, or an error.
#[derive(ToSchema)]
pub(super) struct AnswerForm {
    /// The encrypted answer, a JWE.
    response: Option<String>,
    /// The presentations as JSON, of an answer that is not encrypted.
    vp_token: Option<String>,
    /// The code of an error.
    error: Option<String>,
    /// The error in words.
    error_description: Option<String>,
    /// What the request said.
    state: Option<String>,
}

/// An answer was taken.
#[derive(ToSchema)]
pub(super) struct DirectPostReply {
    /// The receipt for the holder, where the policy gives one (a JWT).
    presentation_receipt: Option<String>,
    /// Where the resident's browser goes on.
    redirect_uri: Option<String>,
}

/// An answer was taken and is not accepted.
#[derive(ToSchema)]
pub(super) struct RefutedReply {
    /// `invalid_request`.
    error: String,
    /// The same in a sentence.
    error_description: Option<String>,
    /// Where the resident's browser goes on.
    redirect_uri: Option<String>,
}

/// A credential to be verified.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct VerifyCredential {
    /// The credential, with its proof or in an envelope.
    #[schema(value_type = Object)]
    verifiable_credential: Value,
    /// What the answer holds.
    options: Option<VerifyCredentialOptions>,
}

/// What an answer holds.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct VerifyCredentialOptions {
    /// What is to be checked: all of it.
    checks: Option<Vec<String>>,
    /// Whether each step is told.
    return_results: Option<bool>,
    /// Whether what is wrong is told.
    return_problem_details: Option<bool>,
    /// Whether the credential is repeated.
    return_credential: Option<bool>,
}

/// What was found about a credential.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct CredentialReport {
    /// Whether nothing is wrong.
    verified: bool,
    /// The credential.
    #[schema(value_type = Option<Object>)]
    credential: Option<Value>,
    /// Everything that was found.
    problem_details: Option<Vec<ProblemShape>>,
    /// What makes it unusable.
    errors: Option<Vec<ProblemShape>>,
    /// What a person should know beside.
    warnings: Option<Vec<ProblemShape>>,
    /// Each step.
    #[schema(value_type = Option<Object>)]
    results: Option<Value>,
}

/// A presentation to be verified.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct VerifyPresentation {
    /// The presentation, with its proof or in an envelope.
    #[schema(value_type = Option<Object>)]
    verifiable_presentation: Option<Value>,
    /// A presentation without a proof.
    #[schema(value_type = Option<Object>)]
    presentation: Option<Value>,
    /// What its proof must repeat, and what the answer holds.
    #[schema(value_type = Option<Object>)]
    options: Option<Value>,
}

/// What was found about a presentation.
#[derive(ToSchema)]
#[schema(rename_all = "camelCase")]
pub(super) struct PresentationReport {
    /// Whether nothing is wrong, with it or with its credentials.
    verified: bool,
    /// The presentation.
    #[schema(value_type = Option<Object>)]
    verifiable_presentation: Option<Value>,
    /// Everything that was found.
    problem_details: Vec<ProblemShape>,
    /// What makes it unusable.
    errors: Option<Vec<ProblemShape>>,
    /// What a person should know beside.
    warnings: Option<Vec<ProblemShape>>,
    /// Each step, of the presentation and of its credentials.
    results: PresentationSteps,
}

/// Each step of verifying a presentation.
#[derive(ToSchema)]
pub(super) struct PresentationSteps {
    /// Of the presentation itself.
    #[schema(value_type = Object)]
    presentation: Value,
    /// Of its credentials, in their order.
    credentials: Vec<CredentialReport>,
}

/// A fresh challenge.
#[derive(ToSchema)]
pub(super) struct ChallengeAnswer {
    /// What the proof repeats.
    challenge: String,
}

pub(super) fn page_flows() -> RefOr<Schema> {
    named([PageFlow::SameDevice, PageFlow::CrossDevice])
}

fn client_id_kinds() -> RefOr<Schema> {
    named(ClientIdKind::ALL)
}

fn response_modes() -> RefOr<Schema> {
    named([ResponseMode::DirectPost, ResponseMode::DirectPostJwt])
}

fn request_deliveries() -> RefOr<Schema> {
    named([RequestTransport::Reference, RequestTransport::Value])
}

fn protocols() -> RefOr<Schema> {
    named(ExchangeProtocol::ALL)
}

fn lists_of_protocols() -> RefOr<Schema> {
    ArrayBuilder::new().items(protocols()).build().into()
}

fn origin_response_modes() -> RefOr<Schema> {
    named([OriginResponseMode::DcApi, OriginResponseMode::DcApiJwt])
}

fn request_uri_methods() -> RefOr<Schema> {
    named([RequestUriMethod::Get, RequestUriMethod::Post])
}

fn verdicts() -> RefOr<Schema> {
    use Verdict::{Genuine, Invalid, Unknown, Valid};
    named([Valid, Genuine, Invalid, Unknown])
}

fn formats() -> RefOr<Schema> {
    use CredentialFormat::{Claim169, CoseVc, JwtVc, LdpVc, Mdoc, SdJwtVc};
    named([SdJwtVc, Claim169, Mdoc, LdpVc, JwtVc, CoseVc])
}

fn answer_checks() -> RefOr<Schema> {
    use AnswerCheck::{
        AsAsked, EmptyAnswer, HolderNotProven, Incomplete, RepeatedCredential, SeveralHolders,
        SeveralPresentations, TransactionAuthorizedTwice, TransactionNotAuthorized, UnaskedClaims,
        UnaskedCredential, UnneededCredential, WrongAuthority, WrongClaims, WrongFormat, WrongType,
        WrongValue,
    };
    named([
        AsAsked,
        Incomplete,
        UnaskedCredential,
        UnneededCredential,
        EmptyAnswer,
        SeveralPresentations,
        RepeatedCredential,
        WrongFormat,
        WrongType,
        WrongAuthority,
        HolderNotProven,
        WrongClaims,
        WrongValue,
        UnaskedClaims,
        SeveralHolders,
        TransactionNotAuthorized,
        TransactionAuthorizedTwice,
    ])
}
