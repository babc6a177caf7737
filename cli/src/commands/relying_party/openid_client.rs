//! `symbolon relying-party openid-client`

use std::fs;
use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::Value;
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::openid_connect::client_keys::MAX_CLIENT_KEYS_BYTES;
use symbolon_protocol::openid_connect::provider_metadata::DISCOVERY_PATH;
use symbolon_verifier::openid_provider::{
    DeviceFlow, OpenIdClientDocument, OpenIdScopeDocument, ProviderAddresses, SignedResponseAlgorithm,
};

use super::known;
use crate::arguments::OpenIdClientArguments;
use crate::commands::show;
use crate::configuration::identifier_text;
use crate::installation::{Installation, relying_parties};
use crate::services::verifier;

/// Writes the client, and says what its programs need to know.
pub(super) fn add(installation: &Installation, arguments: &OpenIdClientArguments) -> anyhow::Result<()> {
    let party = &arguments.party;
    if known(installation, party)?.openid_client.is_some() {
        bail!("{party} has a client already: edit [openid_client] in its file");
    }
    let client = document(arguments)?;
    let check = || verifier::check(installation).map(|_| ());
    let path = relying_parties::add_openid_client(installation, party, &client, check)?;
    let section = &installation.loaded.configuration.verifier;
    let identifier = IssuerIdentifier::parse(&identifier_text(&section.identifier))?;
    let issuer = ProviderAddresses::of(&identifier)?.issuer;
    show::line(&format!("added a client of {party} to {}", path.display()));
    show::line(&format!("issuer:     {issuer}"));
    show::line(&format!("discovery:  {issuer}{DISCOVERY_PATH}"));
    show::line(&format!("client_id:  {}", client.client_id));
    for scope in &client.scopes {
        let openid = if scope.scope == "openid" { "" } else { "openid " };
        show::line(&format!("scope:      {openid}{}", scope.scope));
    }
    show::line(
        "how:        authorization code flow with PKCE (S256), private_key_jwt, id_token_signed_response_alg ES256",
    );
    show::line("next: start symbolon verifier serve again");
    Ok(())
}

fn document(arguments: &OpenIdClientArguments) -> anyhow::Result<OpenIdClientDocument> {
    let client_id = match &arguments.client_id {
        Some(client_id) => client_id.clone(),
        None => {
            ClientIdentifier::parse(arguments.party.as_str()).context("the name is no client identifier")?
        }
    };
    let scopes = arguments
        .scopes
        .iter()
        .map(|(scope, policy)| OpenIdScopeDocument {
            scope: scope.clone(),
            policy: policy.clone(),
            subject: arguments.subjects.iter().cloned().collect(),
            claims: arguments.claims.clone(),
            verified_claims: arguments.verified_claims,
        });
    let mut devices = vec![DeviceFlow::SameDevice];
    if !arguments.same_device_alone {
        devices.push(DeviceFlow::CrossDevice);
    }
    Ok(OpenIdClientDocument {
        client_id,
        redirect_uris: arguments.redirect_uris.clone(),
        jwks_uri: arguments.jwks_uri.clone(),
        sector: arguments.sector.clone(),
        id_token_signed_response_alg: SignedResponseAlgorithm::Es256,
        userinfo_signed_response_alg: arguments
            .signed_userinfo
            .then_some(SignedResponseAlgorithm::Es256),
        require_pushed_authorization_requests: arguments.pushed_requests,
        dpop_bound_access_tokens: arguments.bound_tokens,
        devices,
        jwks: arguments.jwks.as_deref().map(read_keys).transpose()?,
        scopes: scopes.collect(),
    })
}

fn read_keys(path: &Path) -> anyhow::Result<Value> {
    let cannot = || format!("cannot read {}", path.display());
    let length = fs::metadata(path).with_context(cannot)?.len();
    if length > MAX_CLIENT_KEYS_BYTES as u64 {
        bail!("{} is larger than {MAX_CLIENT_KEYS_BYTES} bytes", path.display());
    }
    let text = fs::read_to_string(path).with_context(cannot)?;
    serde_json::from_str(&text).with_context(|| format!("{} is no JSON", path.display()))
}
