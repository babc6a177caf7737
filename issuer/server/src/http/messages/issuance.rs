//! OpenID4VCI: offers, nonces, credentials, notifications.
#![expect(
    dead_code,
    reason = "read as schemas alone; the messages are types of the protocol crate"
)]

use serde_json::Value;
use symbolon_http::openapi::{ToSchema, any_of, object, text};
use symbolon_protocol::openid4vci::notification::NotificationEvent;
use utoipa::openapi::{RefOr, Schema};

use crate::administration::shapes::notification_events;

/// An offer ([OpenID4VCI §4.1.1]).
///
/// [OpenID4VCI §4.1.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-4.1.1
#[derive(ToSchema)]
pub(in crate::http) struct CredentialOffer {
    /// Who offers.
    credential_issuer: String,
    /// What.
    #[schema(min_items = 1)]
    credential_configuration_ids: Vec<String>,
    /// The ways to it.
    grants: Option<Grants>,
}

/// The ways from an offer to a token.
#[derive(ToSchema)]
pub(in crate::http) struct Grants {
    /// The resident signs in.
    authorization_code: Option<AuthorizationCodeGrant>,
    /// The offer itself is the right.
    #[schema(rename = "urn:ietf:params:oauth:grant-type:pre-authorized_code")]
    pre_authorized_code: Option<PreAuthorizedCodeGrant>,
}

/// The resident signs in.
#[derive(ToSchema)]
pub(in crate::http) struct AuthorizationCodeGrant {
    /// What the authorization request repeats.
    issuer_state: Option<String>,
    /// Where.
    authorization_server: Option<String>,
}

/// The offer itself is the right.
#[derive(ToSchema)]
pub(in crate::http) struct PreAuthorizedCodeGrant {
    /// The code.
    #[schema(rename = "pre-authorized_code")]
    pre_authorized_code: String,
    /// Says that the resident must also know a code.
    tx_code: Option<TransactionCodePrompt>,
    /// Where.
    authorization_server: Option<String>,
}

/// How the resident is asked for a transaction code.
#[derive(ToSchema)]
pub(in crate::http) struct TransactionCodePrompt {
    /// Which characters it has.
    input_mode: Option<InputMode>,
    /// How many.
    length: Option<u32>,
    /// Where it came from.
    description: Option<String>,
}

/// The characters of a transaction code.
#[derive(ToSchema)]
#[schema(rename_all = "lowercase")]
pub(in crate::http) enum InputMode {
    /// Digits.
    Numeric,
    /// Any.
    Text,
}

/// A fresh nonce ([OpenID4VCI §7.2]).
///
/// [OpenID4VCI §7.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-7.2
#[derive(ToSchema)]
pub(in crate::http) struct NonceResponse {
    /// What proofs of keys repeat.
    c_nonce: String,
}

/// A credential request ([OpenID4VCI §8.2]). It names either a dataset of the token or a configuration.
///
/// [OpenID4VCI §8.2]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8.2
#[derive(ToSchema)]
pub(in crate::http) struct CredentialRequest {
    /// A dataset that the token names.
    credential_identifier: Option<String>,
    /// A configuration, where the token names no datasets.
    credential_configuration_id: Option<String>,
    /// Proofs of the keys that the credentials are bound to.
    proofs: Option<Proofs>,
    /// How the answer is encrypted.
    credential_response_encryption: Option<ResponseEncryption>,
}

/// Proofs of keys, of one kind ([OpenID4VCI appendix F]).
///
/// [OpenID4VCI appendix F]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-F
#[derive(ToSchema)]
pub(in crate::http) struct Proofs {
    /// JWTs, each signed with its key.
    jwt: Option<Vec<String>>,
    /// One attestation of keys.
    attestation: Option<Vec<String>>,
    /// W3C presentations with Data Integrity proofs.
    #[schema(value_type = Option<Vec<Object>>)]
    di_vp: Option<Vec<Value>>,
}

/// How an answer is encrypted ([OpenID4VCI §10]).
///
/// [OpenID4VCI §10]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-10
#[derive(ToSchema)]
pub(in crate::http) struct ResponseEncryption {
    /// The wallet's public key.
    #[schema(value_type = Object)]
    jwk: Value,
    /// The encryption of the content.
    enc: String,
    /// How it is compressed first.
    zip: Option<String>,
}

/// Credentials ([OpenID4VCI §8.3]).
///
/// [OpenID4VCI §8.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-8.3
#[derive(ToSchema)]
pub(in crate::http) struct CredentialResponse {
    /// One for each proof.
    #[schema(min_items = 1)]
    credentials: Vec<IssuedCredential>,
    /// What a notification names.
    notification_id: Option<String>,
}

/// A credential.
#[derive(ToSchema)]
pub(in crate::http) struct IssuedCredential {
    /// An object for `ldp_vc`, a text for every other format.
    #[schema(schema_with = credential)]
    credential: Value,
}

/// The credential is not ready ([OpenID4VCI §9]).
///
/// [OpenID4VCI §9]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-9
#[derive(ToSchema)]
pub(in crate::http) struct DeferredResponse {
    /// What the deferred credential endpoint is asked with.
    transaction_id: String,
    /// Seconds to wait before.
    #[schema(minimum = 1)]
    interval: u64,
}

/// Asks again for a credential ([OpenID4VCI §9.1]).
///
/// [OpenID4VCI §9.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-9.1
#[derive(ToSchema)]
pub(in crate::http) struct DeferredCredentialRequest {
    /// What the credential endpoint answered.
    transaction_id: String,
    /// How the answer is encrypted.
    credential_response_encryption: Option<ResponseEncryption>,
}

/// What became of credentials in the wallet ([OpenID4VCI §11.1]).
///
/// [OpenID4VCI §11.1]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#section-11.1
#[derive(ToSchema)]
pub(in crate::http) struct NotificationRequest {
    /// What the credential endpoint answered.
    notification_id: String,
    /// What happened.
    #[schema(schema_with = notification_events)]
    event: NotificationEvent,
    /// For whoever reads a log.
    event_description: Option<String>,
}

fn credential() -> RefOr<Schema> {
    any_of(text(), object())
}
