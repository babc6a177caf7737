//! The client of a relying party, as its file says it ([OpenID Connect Registration 1.0 §2]).
//!
//! [OpenID Connect Registration 1.0 §2]: https://openid.net/specs/openid-connect-registration-1_0.html#ClientMetadata

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_crypto::PublicKey;
use symbolon_protocol::dcql::QueryId;
use symbolon_protocol::identifier::{HttpUrl, UrlPolicy};
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use symbolon_protocol::oauth::scope::Scope;
use symbolon_protocol::openid_connect::client_keys::parse_client_keys;
use thiserror::Error;
use url::Url;

use super::subject::Sector;
use crate::name::{PolicyName, RelyingPartyName};
use crate::policy::{PolicyError, PolicyProblem, PresentationPolicy, at};
use crate::relying_party::RelyingParty;

const MAX_REDIRECT_URIS: usize = 16;
const MAX_SCOPES: usize = 16;
const MAX_CLAIMS: usize = 64;
const MAX_SECTOR_CHARACTERS: usize = 255;

/// Scope values of OpenID Connect Core 1.0 §5.4 and §11, which mean the same everywhere.
const STANDARD_SCOPES: [&str; 5] = ["profile", "email", "address", "phone", "offline_access"];

/// `[openid_client]` of a relying party's file. Nothing in it is believed before [`Self::compile`] has checked it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenIdClientDocument {
    /// What the client is called.
    pub client_id: ClientIdentifier,
    /// Where answers may go: https, each exactly as requests name it.
    pub redirect_uris: Vec<RedirectUri>,
    /// Where the client publishes its keys.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks_uri: Option<HttpUrl>,
    /// Who shares this client's subjects: every relying party whose file names the same sector. The relying party alone without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sector: Option<String>,
    /// By which algorithm ID tokens are signed.
    #[serde(default)]
    pub id_token_signed_response_alg: SignedResponseAlgorithm,
    /// By which algorithm answers of the userinfo endpoint are signed; they are plain JSON without it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub userinfo_signed_response_alg: Option<SignedResponseAlgorithm>,
    /// Whether requests that were not pushed are refused (RFC 9126 §6). Then nobody but the client can begin.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub require_pushed_authorization_requests: bool,
    /// Whether tokens that are bound to no key are refused (RFC 9449 §5.2).
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub dpop_bound_access_tokens: bool,
    /// Where the wallet may be; both without it.
    #[serde(default = "both_devices")]
    pub devices: Vec<DeviceFlow>,
    /// The keys of the client, a JWK Set.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwks: Option<Value>,
    /// What scope values mean.
    pub scopes: Vec<OpenIdScopeDocument>,
}

/// What a scope value means.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct OpenIdScopeDocument {
    /// The value; `openid` for requests that name no other.
    pub scope: String,
    /// The policy that the answer must satisfy.
    pub policy: PolicyName,
    /// Which claim identifies the person to the issuer, by the credential's `id` in the policy. Where alternatives have one each, they must be
    /// the same number.
    pub subject: BTreeMap<QueryId, ClaimsPath>,
    /// The claims of the policy's mapping that the userinfo endpoint answers without being asked for one by one.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claims: Vec<String>,
    /// Whether `verified_claims` with all claims of the mapping stand there without being asked for.
    #[serde(default, skip_serializing_if = "core::ops::Not::not")]
    pub verified_claims: bool,
}

/// The algorithms of what the provider signs. RS256 is none of them: the suite has no RSA keys.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum SignedResponseAlgorithm {
    /// ECDSA with P-256 and SHA-256.
    #[default]
    #[serde(rename = "ES256")]
    Es256,
}

/// Where the wallet is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DeviceFlow {
    /// On the device with the browser: what it brings goes to the browser that began and to no other.
    SameDevice,
    /// On another device, which scans a code. Whom a picture of the code was sent to cannot be told.
    CrossDevice,
}

fn both_devices() -> Vec<DeviceFlow> {
    vec![DeviceFlow::SameDevice, DeviceFlow::CrossDevice]
}

/// A client that was checked.
#[derive(Debug, Clone)]
pub struct OpenIdClient {
    relying_party: RelyingPartyName,
    document: OpenIdClientDocument,
    keys: ClientKeys,
    sector: Sector,
    scopes: Vec<OpenIdScope>,
}

/// The keys of a client.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ClientKeys {
    /// They stand in the file.
    Registered(Vec<PublicKey>),
    /// They are fetched.
    Published(HttpUrl),
}

/// A scope value that was checked.
#[derive(Debug, Clone)]
pub struct OpenIdScope {
    /// What the file says.
    pub document: OpenIdScopeDocument,
    /// The policy.
    pub policy: PresentationPolicy,
}

/// What is wrong with a client.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum OpenIdClientProblem {
    /// Another client has this identifier.
    #[error("is the identifier of another relying party's client")]
    ClientIdTaken,
    /// Not an address that a bank's server has.
    #[error("must be an https URL")]
    RedirectUri,
    /// None at all.
    #[error("names none")]
    Nothing,
    /// A sign-in brings no transaction.
    #[error("names a policy whose transactions each request must bring")]
    TransactionsToBring,
    /// Neither or both.
    #[error("exactly one of jwks and jwks_uri is needed")]
    NoKeys,
    /// The keys do not read.
    #[error("is no set of public keys with one that signs by ES256, ES384 or EdDSA")]
    Keys,
    /// An address that the installation does not use.
    #[error("must be an https URL")]
    KeysUri,
    /// Not one value, or one that means something else.
    #[error("must be one scope value, and none of profile, email, address, phone, offline_access")]
    Scope,
    /// The relying party may not use the policy.
    #[error("names none of the relying party's policies")]
    PolicyNotAllowed,
    /// Nobody can be asked for it by a request.
    #[error("the policy is about printed cards, which nobody can be asked for")]
    PolicyOfCards,
    /// Nobody sees the face.
    #[error("the policy has a credential whose binding is not \"key\": nobody is there to compare a face")]
    NotBoundByKey,
    /// The credentials may be several people's.
    #[error("the policy takes credentials of several people")]
    SeveralPeople,
    /// The claim may be missing.
    #[error("is no required claim of a credential of the policy")]
    SubjectNotRequired,
    /// The claim is not kept until the browser comes back for it.
    #[error("is not among the policy's keep_claims")]
    SubjectNotKept,
    /// An answer could satisfy the policy without any of these credentials.
    #[error("the policy can be satisfied without any of these credentials")]
    SubjectMissable,
    /// The mapping has no such claim.
    #[error("is no claim of the policy's mapping")]
    UnknownClaim,
    /// The policy has no mapping.
    #[error("the policy has no mapping of verified claims")]
    NoMapping,
}

impl OpenIdClientDocument {
    /// Checks the client of a relying party.
    ///
    /// # Errors
    /// [`PolicyError`] with the offending key.
    pub fn compile(
        &self,
        name: &RelyingPartyName,
        party: &RelyingParty,
        policies: &BTreeMap<PolicyName, PresentationPolicy>,
        urls: UrlPolicy,
    ) -> Result<OpenIdClient, PolicyError> {
        self.check_redirect_uris(urls)?;
        let keys = self.keys(urls)?;
        crate::policy::check_words("sector", self.sector.as_deref(), MAX_SECTOR_CHARACTERS)?;
        if self.devices.is_empty() {
            return Err(wrong("devices", OpenIdClientProblem::Nothing));
        }
        let sector = match &self.sector {
            Some(sector) => Sector::Shared(sector.clone()),
            None => Sector::RelyingParty(name.clone()),
        };
        Ok(OpenIdClient {
            relying_party: name.clone(),
            document: self.clone(),
            keys,
            sector,
            scopes: self.compile_scopes(party, policies)?,
        })
    }

    fn check_redirect_uris(&self, urls: UrlPolicy) -> Result<(), PolicyError> {
        let uris = &self.redirect_uris;
        if uris.is_empty() {
            return Err(wrong("redirect_uris", OpenIdClientProblem::Nothing));
        }
        if uris.len() > MAX_REDIRECT_URIS {
            let most = MAX_REDIRECT_URIS;
            return Err(at("redirect_uris", PolicyProblem::TooMany { most }));
        }
        for (position, uri) in uris.iter().enumerate() {
            // A scheme of an app's own is taken by whoever registers it on the device.
            if !Url::parse(uri.as_str()).is_ok_and(|url| urls.permits(&url)) {
                let key = format!("redirect_uris[{position}]");
                return Err(wrong(key, OpenIdClientProblem::RedirectUri));
            }
        }
        Ok(())
    }

    fn keys(&self, urls: UrlPolicy) -> Result<ClientKeys, PolicyError> {
        match (&self.jwks, &self.jwks_uri) {
            (Some(set), None) => parse_client_keys(set.to_string().as_bytes())
                .map(ClientKeys::Registered)
                .map_err(|_| wrong("jwks", OpenIdClientProblem::Keys)),
            (None, Some(uri)) => match uri.permitted(urls) {
                Ok(uri) => Ok(ClientKeys::Published(uri.clone())),
                Err(_) => Err(wrong("jwks_uri", OpenIdClientProblem::KeysUri)),
            },
            _ => Err(wrong("jwks", OpenIdClientProblem::NoKeys)),
        }
    }

    fn compile_scopes(
        &self,
        party: &RelyingParty,
        policies: &BTreeMap<PolicyName, PresentationPolicy>,
    ) -> Result<Vec<OpenIdScope>, PolicyError> {
        if self.scopes.is_empty() {
            return Err(wrong("scopes", OpenIdClientProblem::Nothing));
        }
        if self.scopes.len() > MAX_SCOPES {
            return Err(at("scopes", PolicyProblem::TooMany { most: MAX_SCOPES }));
        }
        let mut seen = BTreeSet::new();
        let mut compiled = Vec::with_capacity(self.scopes.len());
        for (position, scope) in self.scopes.iter().enumerate() {
            let below = format!("scopes[{position}]");
            if !seen.insert(&scope.scope) {
                return Err(at(format!("{below}.scope"), PolicyProblem::Repeated));
            }
            let scope = scope.compile(party, policies);
            compiled.push(scope.map_err(|error| error.below(&below))?);
        }
        Ok(compiled)
    }
}

impl OpenIdScopeDocument {
    fn compile(
        &self,
        party: &RelyingParty,
        policies: &BTreeMap<PolicyName, PresentationPolicy>,
    ) -> Result<OpenIdScope, PolicyError> {
        use OpenIdClientProblem as Problem;
        let is_one = Scope::parse(&self.scope).is_ok_and(|scope| scope.values().eq([self.scope.as_str()]));
        if !is_one || STANDARD_SCOPES.contains(&self.scope.as_str()) {
            return Err(wrong("scope", Problem::Scope));
        }
        let policy = policies.get(&self.policy).filter(|_| party.may_use(&self.policy));
        let policy = policy.ok_or_else(|| wrong("policy", Problem::PolicyNotAllowed))?;
        if policy.query().is_none() {
            return Err(wrong("policy", Problem::PolicyOfCards));
        }
        if policy.transactions().iter().any(|rule| rule.members.is_none()) {
            return Err(wrong("policy", Problem::TransactionsToBring));
        }
        if !policy.is_bound_by_keys() {
            return Err(wrong("policy", Problem::NotBoundByKey));
        }
        if policy.takes_several_people() {
            return Err(wrong("policy", Problem::SeveralPeople));
        }
        for (credential, claim) in &self.subject {
            let key = || format!("subject.{}", credential.as_str());
            if !policy.requires(credential, claim) {
                return Err(wrong(key(), Problem::SubjectNotRequired));
            }
            if !policy.keeps(credential, claim) {
                return Err(wrong(key(), Problem::SubjectNotKept));
            }
        }
        if !policy.always_has_one_of(&self.subject.keys().collect()) {
            return Err(wrong("subject", Problem::SubjectMissable));
        }
        self.check_claims(policy)?;
        Ok(OpenIdScope {
            document: self.clone(),
            policy: policy.clone(),
        })
    }
}

impl OpenIdScopeDocument {
    fn check_claims(&self, policy: &PresentationPolicy) -> Result<(), PolicyError> {
        if self.claims.len() > MAX_CLAIMS {
            return Err(at("claims", PolicyProblem::TooMany { most: MAX_CLAIMS }));
        }
        let support = policy.verified_claims_support();
        if self.verified_claims && support.is_none() {
            return Err(wrong("verified_claims", OpenIdClientProblem::NoMapping));
        }
        let is_known = |claim: &String| {
            support
                .as_ref()
                .is_some_and(|support| support.claims.contains(claim))
        };
        match self.claims.iter().position(|claim| !is_known(claim)) {
            Some(position) => Err(wrong(
                format!("claims[{position}]"),
                OpenIdClientProblem::UnknownClaim,
            )),
            None => Ok(()),
        }
    }
}

impl OpenIdClient {
    /// Whose client it is.
    #[must_use]
    pub const fn relying_party(&self) -> &RelyingPartyName {
        &self.relying_party
    }

    /// What its file says.
    #[must_use]
    pub const fn document(&self) -> &OpenIdClientDocument {
        &self.document
    }

    /// What it is called.
    #[must_use]
    pub const fn client_id(&self) -> &ClientIdentifier {
        &self.document.client_id
    }

    /// By which keys it signs.
    #[must_use]
    pub const fn keys(&self) -> &ClientKeys {
        &self.keys
    }

    /// Whom its subjects are for.
    #[must_use]
    pub const fn sector(&self) -> &Sector {
        &self.sector
    }

    /// What its scope values mean.
    #[must_use]
    pub fn scopes(&self) -> &[OpenIdScope] {
        &self.scopes
    }

    /// The meaning of a scope value.
    #[must_use]
    pub fn scope(&self, value: &str) -> Option<&OpenIdScope> {
        self.scopes.iter().find(|scope| scope.document.scope == value)
    }

    /// Whether answers may go there: to exactly what is registered, port included. A bank's server has an address of its own, unlike the
    /// app on somebody's machine that RFC 8252 §7.3 has in mind.
    #[must_use]
    pub fn may_be_answered_at(&self, uri: &RedirectUri) -> bool {
        self.document.redirect_uris.contains(uri)
    }
}

pub(super) fn wrong(key: impl Into<String>, problem: OpenIdClientProblem) -> PolicyError {
    at(key, PolicyProblem::OpenIdClient(problem))
}
