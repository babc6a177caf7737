//! What the provider says of itself.

use std::collections::BTreeSet;

use symbolon_protocol::identifier::{HttpUrl, IssuerIdentifier, UrlError};
use symbolon_protocol::oauth::client::PRIVATE_KEY_JWT;
use symbolon_protocol::oauth::dpop::PROOF_ALGORITHMS;
use symbolon_protocol::oauth::pkce::S256;
use symbolon_protocol::openid_connect::authentication_request::OPENID_SCOPE;
use symbolon_protocol::openid_connect::identity_assurance::CheckMethod;
use symbolon_protocol::openid_connect::provider_metadata::{
    IdentityAssuranceMetadata, OpenIdProviderMetadata,
};
use symbolon_protocol::openid4vci::token::AUTHORIZATION_CODE_GRANT;

use super::claims::standard_scopes;
use super::client::OpenIdClient;

/// The algorithms that ID tokens and answers are signed by.
const SIGNING_ALGORITHMS: [&str; 1] = ["ES256"];

/// Where everything of the provider is.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ProviderAddresses {
    /// Its identifier.
    pub issuer: IssuerIdentifier,
    /// Where browsers begin.
    pub authorization: HttpUrl,
    /// Where codes become tokens.
    pub token: HttpUrl,
    /// Where the claims are.
    pub user_info: HttpUrl,
    /// Where its keys are.
    pub keys: HttpUrl,
    /// Where requests are pushed.
    pub pushed: HttpUrl,
}

impl ProviderAddresses {
    /// The provider of a verifier: below `openid` of its identifier.
    ///
    /// # Errors
    /// [`UrlError`] where the identifier is so long that these are too long.
    pub fn of(verifier: &IssuerIdentifier) -> Result<Self, UrlError> {
        let issuer = IssuerIdentifier::parse(verifier.endpoint("/openid")?.as_str())?;
        Ok(Self {
            authorization: issuer.endpoint("/authorize")?,
            token: issuer.endpoint("/token")?,
            user_info: issuer.endpoint("/userinfo")?,
            keys: issuer.endpoint("/jwks")?,
            pushed: issuer.endpoint("/par")?,
            issuer,
        })
    }
}

/// The metadata of a provider with these clients, whose pages are in these languages.
#[must_use]
pub fn metadata<'c>(
    addresses: &ProviderAddresses,
    clients: impl Iterator<Item = &'c OpenIdClient> + Clone,
    languages: Vec<String>,
) -> OpenIdProviderMetadata {
    let proofs = || PROOF_ALGORITHMS.iter().map(|algorithm| algorithm.jose_name());
    let scopes = || clients.clone().flat_map(OpenIdClient::scopes);
    let mut levels: Vec<String> = Vec::new();
    let mut scope_values: BTreeSet<&str> = standard_scopes().collect();
    scope_values.insert(OPENID_SCOPE);
    for scope in scopes() {
        scope_values.insert(&scope.document.scope);
        for level in scope.policy.assurances().levels() {
            if !levels.contains(level) {
                levels.push(level.clone());
            }
        }
    }
    let identity_assurance = identity_assurance(clients.clone());
    let mut claims: BTreeSet<String> = ["sub", "iss", "auth_time", "acr", "amr"]
        .into_iter()
        .map(str::to_owned)
        .collect();
    claims.extend(
        identity_assurance
            .claims_in_verified_claims_supported
            .iter()
            .cloned(),
    );
    let mut all = clients.clone().peekable();
    let all_push =
        all.peek().is_some() && all.all(|client| client.document().require_pushed_authorization_requests);
    OpenIdProviderMetadata {
        issuer: addresses.issuer.clone(),
        authorization_endpoint: addresses.authorization.clone(),
        token_endpoint: addresses.token.clone(),
        userinfo_endpoint: addresses.user_info.clone(),
        jwks_uri: addresses.keys.clone(),
        pushed_authorization_request_endpoint: addresses.pushed.clone(),
        require_pushed_authorization_requests: all_push,
        scopes_supported: scope_values.into_iter().map(str::to_owned).collect(),
        response_types_supported: vec!["code"],
        response_modes_supported: vec!["query"],
        grant_types_supported: vec![AUTHORIZATION_CODE_GRANT],
        acr_values_supported: levels,
        subject_types_supported: vec!["pairwise"],
        id_token_signing_alg_values_supported: SIGNING_ALGORITHMS.to_vec(),
        userinfo_signing_alg_values_supported: SIGNING_ALGORITHMS.to_vec(),
        token_endpoint_auth_methods_supported: vec![PRIVATE_KEY_JWT],
        token_endpoint_auth_signing_alg_values_supported: proofs().collect(),
        dpop_signing_alg_values_supported: proofs().collect(),
        code_challenge_methods_supported: vec![S256],
        claim_types_supported: vec!["normal"],
        claims_supported: claims.into_iter().collect(),
        claims_parameter_supported: true,
        request_parameter_supported: false,
        request_uri_parameter_supported: false,
        authorization_response_iss_parameter_supported: true,
        ui_locales_supported: languages,
        identity_assurance,
    }
}

/// What some policy of some client gives.
fn identity_assurance<'c>(clients: impl Iterator<Item = &'c OpenIdClient>) -> IdentityAssuranceMetadata {
    let mut frameworks = BTreeSet::new();
    let mut evidence = BTreeSet::new();
    let mut documents = BTreeSet::new();
    let mut records = BTreeSet::new();
    let mut claims = BTreeSet::new();
    let scopes = clients.flat_map(OpenIdClient::scopes);
    for support in scopes.filter_map(|scope| scope.policy.verified_claims_support()) {
        frameworks.insert(support.trust_framework);
        evidence.extend(support.evidence.into_iter().map(str::to_owned));
        documents.extend(support.documents);
        records.extend(support.records);
        claims.extend(support.claims);
    }
    let has_documents = evidence.contains("document");
    IdentityAssuranceMetadata {
        verified_claims_supported: !frameworks.is_empty(),
        trust_frameworks_supported: frameworks.into_iter().collect(),
        evidence_supported: evidence.into_iter().collect(),
        electronic_records_supported: records.into_iter().collect(),
        documents_supported: documents.into_iter().collect(),
        documents_check_methods_supported: CheckMethod::ALL
            .iter()
            .filter(|_| has_documents)
            .map(|method| method.as_str().to_owned())
            .collect(),
        claims_in_verified_claims_supported: claims.into_iter().collect(),
    }
}
