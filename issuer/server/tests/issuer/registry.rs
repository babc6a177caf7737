//! The wallets that the issuer of the tests knows, and their keys.

use std::collections::BTreeSet;
use std::time::Duration;

use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SecretKey, SignatureAlgorithm, Thumbprint};
use symbolon_issuer::authorization::{
    AuthorizationPolicy, ClientAuthentication, ClientGrant, ClientRegistry, RefreshTokens, RegisteredClient,
    TrustedAttesters, UnknownClients,
};
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::client_attestation::AttesterKey;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;

use crate::harness::{HASSAN, World, record};

pub(crate) const BACK: &str = "https://wallet.example/back";
pub(crate) const VERIFIER: &str = "dBjftJeZ4CVP-mB92K27uhbUJU1p1r_wW1gFWFOEjXk";
pub(crate) const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";
pub(crate) const PUBLIC: &str = "public-wallet";
pub(crate) const ASSERTING: &str = "asserting-wallet";
pub(crate) const ATTESTED: &str = "attested-wallet";
pub(crate) const NATIONAL: &str = "NationalIdentity";

/// The key of a role. The same everywhere, so that the policy can be made before the wallet.
pub(crate) fn key(role: u64) -> SecretKey {
    RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(1_000 + role))
        .unwrap()
}

pub(crate) const ASSERTION_KEY: u64 = 1;
pub(crate) const ATTESTER_KEY: u64 = 2;
pub(crate) const INSTANCE_KEY: u64 = 3;
pub(crate) const DPOP_KEY: u64 = 4;
pub(crate) const OTHER_KEY: u64 = 5;

fn registered(name: &str, authentication: ClientAuthentication) -> RegisteredClient {
    RegisteredClient {
        name: name.to_owned(),
        redirect_uris: [BACK, "http://127.0.0.1/back"]
            .map(|uri| RedirectUri::parse(uri).unwrap())
            .to_vec(),
        authentication,
        grants: ClientGrant::ALL.into_iter().collect(),
    }
}

/// A registry of one client of each kind, a trusted attester, and refresh tokens for a day.
pub(crate) fn policy() -> AuthorizationPolicy {
    let id = |text: &str| ClientIdentifier::parse(text).unwrap();
    let asserting = ClientAuthentication::PrivateKeyJwt(vec![key(ASSERTION_KEY).public_key()]);
    let barred = |grant| RegisteredClient {
        grants: BTreeSet::from([grant]),
        ..registered("For one grant", ClientAuthentication::None)
    };
    let clients = ClientRegistry::new([
        (
            id(PUBLIC),
            registered("Public wallet", ClientAuthentication::None),
        ),
        (id(ASSERTING), registered("Asserting wallet", asserting)),
        (
            id(ATTESTED),
            registered("Attested wallet", ClientAuthentication::Attestation),
        ),
        (id("offers-only"), barred(ClientGrant::PreAuthorizedCode)),
        (id("signing-in-only"), barred(ClientGrant::AuthorizationCode)),
    ]);
    AuthorizationPolicy {
        clients: clients.unwrap(),
        attesters: TrustedAttesters {
            anchors: Vec::new(),
            keys: vec![AttesterKey {
                key_id: "attester".to_owned(),
                key: key(ATTESTER_KEY).public_key(),
            }],
        },
        refresh_tokens: RefreshTokens::For(Duration::from_secs(86_400)),
        ..AuthorizationPolicy::closed()
    }
}

pub(crate) fn open_policy() -> AuthorizationPolicy {
    AuthorizationPolicy {
        unknown_clients: UnknownClients::Public,
        ..policy()
    }
}

pub(crate) async fn world_of(authorization: AuthorizationPolicy) -> World {
    let policy = IssuerPolicy {
        credentials_per_offer: 3,
        ..IssuerPolicy::default()
    };
    let world = World::start_authorizing(policy, authorization).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world
}

pub(crate) fn thumbprint(role: u64) -> Thumbprint {
    key(role).public_key().thumbprint()
}
