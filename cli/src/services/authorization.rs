//! The policy of the issuer's authorization server, from the configuration and the files that it names.

use std::path::Path;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use serde::Deserialize;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{Jwk, PublicKey};
use symbolon_issuer::authorization::{
    AuthorizationPolicy, ClientAuthentication, ClientRegistry, RefreshTokens, RegisteredClient,
    TrustedAttesters,
};
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::client_attestation::AttesterKey;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;

use crate::configuration::{
    AuthorizationSection, ClientAuthenticationName, ClientSection, IssuerSection, LoadedConfiguration,
};

const SECONDS_PER_DAY: u64 = 86_400;

/// Reads the policy.
///
/// # Errors
/// A file that cannot be read, or a client that cannot be as it is described, by its `client_id`.
pub fn policy(issuer: &IssuerSection, loaded: &LoadedConfiguration) -> anyhow::Result<AuthorizationPolicy> {
    let section = &issuer.authorization;
    let clients = issuer
        .clients
        .iter()
        .map(|client| {
            read_client(client, loaded)
                .with_context(|| format!("the client {} of [[issuer.clients]] is refused", client.client_id))
        })
        .collect::<anyhow::Result<Vec<_>>>()?;
    Ok(AuthorizationPolicy {
        clients: ClientRegistry::new(clients)?,
        unknown_clients: section.unknown_clients,
        attesters: attesters(section, loaded)?,
        pushed_requests: section.pushed_requests,
        dpop: section.dpop,
        pre_authorized: section.pre_authorized_clients,
        access_token_lifetime: Duration::from_secs(section.access_token_seconds),
        refresh_tokens: match section.refresh_token_days {
            Some(days) => RefreshTokens::For(Duration::from_secs(days.saturating_mul(SECONDS_PER_DAY))),
            None => RefreshTokens::Never,
        },
    })
}

fn read_client(
    section: &ClientSection,
    loaded: &LoadedConfiguration,
) -> anyhow::Result<(ClientIdentifier, RegisteredClient)> {
    let id = ClientIdentifier::parse(section.client_id.as_str())
        .ok_or_else(|| anyhow!("client_id is printable ASCII"))?;
    let redirect_uris = section
        .redirect_uris
        .iter()
        .map(|text| RedirectUri::parse(text).with_context(|| format!("redirect_uris: {text}")))
        .collect::<anyhow::Result<_>>()?;
    let authentication = match (section.authentication, &section.jwks) {
        (ClientAuthenticationName::None, None) => ClientAuthentication::None,
        (ClientAuthenticationName::Attestation, None) => ClientAuthentication::Attestation,
        (ClientAuthenticationName::PrivateKeyJwt, Some(path)) => {
            let keys = read_keys(&loaded.resolve(path))?;
            ClientAuthentication::PrivateKeyJwt(keys.into_iter().map(|(_, key)| key).collect())
        }
        (ClientAuthenticationName::PrivateKeyJwt, None) => bail!("private_key_jwt needs jwks"),
        (_, Some(_)) => bail!("jwks belongs to private_key_jwt alone"),
    };
    let client = RegisteredClient {
        name: section.name.clone(),
        redirect_uris,
        authentication,
        grants: section.grants.iter().copied().collect(),
    };
    Ok((id, client))
}

fn attesters(
    section: &AuthorizationSection,
    loaded: &LoadedConfiguration,
) -> anyhow::Result<TrustedAttesters> {
    let mut trusted = TrustedAttesters::default();
    for path in &section.attester_certificates {
        let path = loaded.resolve(path);
        let text = std::fs::read(&path).with_context(|| format!("cannot read {}", path.display()))?;
        let certificates = pem::parse_many(text).unwrap_or_default();
        if certificates.is_empty() || certificates.iter().any(|pem| pem.tag() != "CERTIFICATE") {
            bail!("{} does not hold certificates in PEM", path.display());
        }
        for certificate in certificates {
            let certificate = Certificate::parse(certificate.contents())
                .with_context(|| format!("a certificate of {} cannot be used", path.display()))?;
            trusted.anchors.push(certificate);
        }
    }
    for path in &section.attester_keys {
        let path = loaded.resolve(path);
        for (key_id, key) in read_keys(&path)? {
            let key_id = key_id.ok_or_else(|| anyhow!("a key of {} has no kid", path.display()))?;
            trusted.keys.push(AttesterKey { key_id, key });
        }
    }
    Ok(trusted)
}

#[derive(Deserialize)]
struct KeySet {
    keys: Vec<Jwk>,
}

fn read_keys(path: &Path) -> anyhow::Result<Vec<(Option<String>, PublicKey)>> {
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let set: KeySet = serde_json::from_slice(&text)
        .with_context(|| format!("{} is no JWK set of public keys", path.display()))?;
    set.keys
        .iter()
        .map(|jwk| {
            let key = PublicKey::from_jwk(jwk)
                .with_context(|| format!("a key of {} cannot be used", path.display()))?;
            Ok((jwk.kid.clone(), key))
        })
        .collect()
}
