//! What is kept of sign-ins. All of it lives minutes.

use core::fmt;

use serde::{Deserialize, Serialize};
use serde_json::{Map, Value};
use symbolon_crypto::UnixTime;
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::pkce::CodeChallenge;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use symbolon_protocol::oauth::scope::Scope;

use crate::name::RelyingPartyName;
use crate::store::{RequestId, TenantId, identifier};

identifier! {
    /// The identifier of a pushed request: the digest of its `request_uri`.
    PushedRequestId
}
identifier! {
    /// The identifier of a sign-in under way; it stands in the address of its page, so it is random.
    SignInId
}
identifier! {
    /// The identifier of a grant: the digest of its code. It stands in the access token.
    GrantId
}

/// A request that a client has pushed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct PushedRequestRecord {
    /// Whose provider it was pushed to.
    pub tenant: TenantId,
    /// Its identifier.
    pub id: PushedRequestId,
    /// Who pushed it.
    pub client_id: ClientIdentifier,
    /// Its parameters, as a form.
    pub request: String,
    /// The last second in which it may be used.
    pub expires_at: UnixTime,
}

/// A sign-in that has begun and is not over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInRecord {
    /// Whose provider it is at.
    pub tenant: TenantId,
    /// Its identifier.
    pub id: SignInId,
    /// Whose client sent the browser.
    pub relying_party: RelyingPartyName,
    /// The parameters of the client's request, as a form.
    pub request: String,
    /// The scope value that says by which policy.
    pub scope: String,
    /// What a wallet on the same device answers.
    pub same_device: Option<SignInRequest>,
    /// What a wallet on another device answers.
    pub cross_device: Option<SignInRequest>,
    /// When it began.
    pub created_at: UnixTime,
    /// The last second in which it may be completed.
    pub expires_at: UnixTime,
}

/// A presentation request of a sign-in.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInRequest {
    /// The request.
    pub id: RequestId,
    /// What a wallet opens.
    pub link: String,
}

impl SignInRecord {
    /// Its requests.
    pub fn requests(&self) -> impl Iterator<Item = &SignInRequest> {
        self.same_device.iter().chain(&self.cross_device)
    }
}

/// What a sign-in has brought: a code, and then a token.
#[derive(Clone, PartialEq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct GrantRecord {
    /// Whose provider gave it.
    pub tenant: TenantId,
    /// Its identifier.
    pub id: GrantId,
    /// Whose client it is for.
    pub relying_party: RelyingPartyName,
    /// The client.
    pub client_id: ClientIdentifier,
    /// Where the code went.
    pub redirect_uri: RedirectUri,
    /// Whose verifier redeems it.
    pub code_challenge: CodeChallenge,
    /// The thumbprint of the key that it is bound to, where the request bound it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub dpop_jkt: Option<String>,
    /// What the ID token repeats.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub nonce: Option<String>,
    /// What was granted.
    pub scope: Scope,
    /// Who signed in, as the client knows them.
    pub subject: String,
    /// The level of assurance.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr: Option<String>,
    /// When the person signed in.
    pub authenticated_at: UnixTime,
    /// What the ID token says of them.
    pub id_token_claims: Map<String, Value>,
    /// What the userinfo endpoint says of them.
    pub user_info_claims: Map<String, Value>,
    /// The last second in which the code may be redeemed.
    pub code_expires_at: UnixTime,
    /// How far it has come.
    pub stage: GrantStage,
}

/// How far a grant has come.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "stage", rename_all = "snake_case", deny_unknown_fields)]
pub enum GrantStage {
    /// There is a code.
    Issued,
    /// The code has become a token.
    Redeemed {
        /// The digest of the token.
        token_digest: String,
        /// The thumbprint of the key that the token is bound to.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        token_jkt: Option<String>,
        /// The last second in which the token opens anything.
        token_expires_at: UnixTime,
    },
    /// The code came a second time: nothing of it is good any more.
    Ended,
}

impl GrantRecord {
    /// The last second in which anything of it is kept: as long as the code or the token lives that it has.
    #[must_use]
    pub const fn kept_until(&self) -> UnixTime {
        match self.stage {
            GrantStage::Redeemed { token_expires_at, .. } => token_expires_at,
            GrantStage::Issued | GrantStage::Ended => self.code_expires_at,
        }
    }
}

/// It holds what is known of a person.
impl fmt::Debug for GrantRecord {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter
            .debug_struct("GrantRecord")
            .field("relying_party", &self.relying_party)
            .field("stage", &self.stage)
            .finish_non_exhaustive()
    }
}
