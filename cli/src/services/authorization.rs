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
        unknown_attestation_status: section.unknown_attestation_status,
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
        trusted.anchors.extend(read_certificates(&loaded.resolve(path))?);
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

/// Reads anchors from a file in PEM.
///
/// # Errors
/// A file that cannot be read, or that does not hold certificates.
pub(super) fn read_certificates(path: &Path) -> anyhow::Result<Vec<Certificate>> {
    let text = std::fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let certificates = pem::parse_many(text).unwrap_or_default();
    if certificates.is_empty() || certificates.iter().any(|pem| pem.tag() != "CERTIFICATE") {
        bail!("{} does not hold certificates in PEM", path.display());
    }
    certificates
        .iter()
        .map(|certificate| {
            Certificate::parse(certificate.contents())
                .with_context(|| format!("a certificate of {} cannot be used", path.display()))
        })
        .collect()
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

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use symbolon_crypto::testing::SeededRandomness;
    use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SignatureAlgorithm};

    use super::*;

    const FILE: &str = r#"
        development = true
        [issuer]
        identifier = "http://127.0.0.1:8080"
        listen = "127.0.0.1:8080"
        name = "Registry"
        credential_configurations = []
        AUTHORIZATION
        [verifier]
        identifier = "http://127.0.0.1:8081"
        listen = "127.0.0.1:8081"
        name = "Clinic"
    "#;

    fn policy_of(authorization: &str) -> anyhow::Result<AuthorizationPolicy> {
        let folder = tempfile::tempdir()?;
        let path = folder.path().join("symbolon.toml");
        std::fs::write(&path, FILE.replace("AUTHORIZATION", authorization))?;
        let key = RustCryptoProvider
            .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(1))
            .unwrap()
            .public_key();
        let mut jwk = key.to_jwk();
        let set = |jwk: &Jwk| serde_json::json!({ "keys": [jwk] }).to_string();
        std::fs::write(folder.path().join("nameless.json"), set(&jwk))?;
        jwk.kid = Some("one".to_owned());
        std::fs::write(folder.path().join("keys.json"), set(&jwk))?;
        let loaded = LoadedConfiguration::load(&path, &BTreeMap::new())?;
        let policy = policy(&loaded.configuration.issuer, &loaded)?;
        policy.check()?;
        Ok(policy)
    }

    #[test]
    fn without_any_key_offers_are_redeemed_and_nothing_else() {
        let policy = policy_of("").unwrap();
        assert!(!policy.has_authorization_endpoint());
        assert_eq!(policy.refresh_tokens, RefreshTokens::Never);
    }

    #[test]
    fn every_kind_of_client_is_read() {
        let policy = policy_of(
            r#"
            [issuer.authorization]
            refresh_token_days = 30
            dpop = "required"
            attester_keys = ["keys.json"]
            [[issuer.clients]]
            client_id = "app"
            name = "App"
            redirect_uris = ["org.example.app:/back", "http://127.0.0.1/back"]
            authentication = "none"
            [[issuer.clients]]
            client_id = "server"
            name = "Server"
            redirect_uris = ["https://server.example/back"]
            authentication = "private_key_jwt"
            jwks = "keys.json"
            [[issuer.clients]]
            client_id = "attested"
            name = "Attested"
            authentication = "attestation"
            grants = ["pre_authorized_code"]
            "#,
        )
        .unwrap();
        assert_eq!(policy.clients.iter().count(), 3);
        assert!(policy.has_asserting_clients());
        assert_eq!(policy.attesters.keys[0].key_id, "one");
    }

    #[test]
    fn what_cannot_be_is_refused_by_name() {
        let client =
            |lines: &str| format!("[[issuer.clients]]\nclient_id = \"app\"\nname = \"App\"\n{lines}");
        for (text, named) in [
            (client("authentication = \"none\""), "app"),
            (
                client("authentication = \"none\"\nredirect_uris = [\"http://app.example/\"]"),
                "http://app.example/",
            ),
            (
                client("authentication = \"private_key_jwt\"\nredirect_uris = [\"https://app.example/\"]"),
                "jwks",
            ),
            (
                client(
                    "authentication = \"none\"\nredirect_uris = [\"https://app.example/\"]\njwks = \"keys.json\"",
                ),
                "jwks",
            ),
            (
                client("authentication = \"attestation\"\nredirect_uris = [\"https://app.example/\"]"),
                "attester",
            ),
            (
                client("authentication = \"none\"\nredirect_uris = [\"https://app.example/\"]\ngrants = []"),
                "grants",
            ),
            (
                "[issuer.authorization]\naccess_token_seconds = 59".to_owned(),
                "3600",
            ),
            (
                "[issuer.authorization]\nrefresh_token_days = 401".to_owned(),
                "400",
            ),
            (
                "[issuer.authorization]\nattester_keys = [\"nameless.json\"]".to_owned(),
                "kid",
            ),
            (
                "[issuer.authorization]\nattester_certificates = [\"keys.json\"]".to_owned(),
                "keys.json",
            ),
            ("[issuer.authorization]\ndopp = \"required\"".to_owned(), "dopp"),
        ] {
            let error = format!("{:#}", policy_of(&text).unwrap_err());
            assert!(error.contains(named), "{error}");
        }
    }
}
