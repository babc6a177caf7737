//! The high-assurance profile: what it chooses is seen from outside, and what contradicts it does not start.

use std::sync::Arc;
use std::time::Duration;

use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_http::serve::{AdministrationToken, Encryption, listen};
use symbolon_issuer::authorization::{
    AuthorizationPolicy, ClientAuthentication, ClientGrant, ClientRegistry, DpopPolicy, PreAuthorizedClients,
    PushedRequests, RefreshTokens, RegisteredClient, TrustedAttesters, UnknownClients,
};
use symbolon_issuer::haip::{Profile, ProfileContradiction};
use symbolon_issuer::mapping::{CredentialConfiguration, Target};
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer::profile::{IssuerProfile, ProofTrust};
use symbolon_issuer::store::IssuerStore;
use symbolon_issuer_server::{
    EmbeddedIssuerStore, EmbeddedKeyValue, Issuer, IssuerKeys, Listening, OpenIssuerError, Running, Server,
};
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::client_attestation::AttesterKey;
use symbolon_store::{Store, Tenant};

use crate::harness::{ADMINISTRATION_TOKEN, HASSAN, World, error_of, record};
use crate::wallet::{ATTESTER_KEY, key};

/// What an issuer of the profile is made of.
struct Parts {
    configurations: Vec<String>,
    /// A configuration that is read as without the profile.
    bare: Option<String>,
    authorization: AuthorizationPolicy,
    proof_trust: ProofTrust,
    keys: IssuerKeys,
}

fn configuration(id: &str) -> String {
    let template = symbolon_schemas::CREDENTIALS
        .iter()
        .find(|template| template.id == id);
    template.unwrap().mapping.to_owned()
}

fn parts(world: &World) -> Parts {
    let anchors = vec![world.issuer_anchor().clone()];
    let store: Arc<dyn IssuerStore> = Arc::new(books());
    Parts {
        configurations: vec![
            configuration("NationalIdentity"),
            configuration("NationalIdentityMdoc"),
        ],
        bare: None,
        authorization: AuthorizationPolicy {
            pushed_requests: PushedRequests::Required,
            dpop: DpopPolicy::Required,
            unknown_clients: UnknownClients::Refused,
            pre_authorized: PreAuthorizedClients::Identified,
            refresh_tokens: RefreshTokens::For(Duration::from_secs(90 * 86_400)),
            attesters: TrustedAttesters {
                anchors: anchors.clone(),
                keys: Vec::new(),
            },
            ..AuthorizationPolicy::closed()
        },
        proof_trust: ProofTrust {
            attesters: anchors,
            certificates: Vec::new(),
        },
        keys: world.setup_at("http://127.0.0.1:8080", store).keys,
    }
}

fn books() -> EmbeddedIssuerStore {
    let store = Store::open_in_memory().unwrap();
    EmbeddedIssuerStore::new(EmbeddedKeyValue::new(store, Tenant::parse("default").unwrap()))
}

async fn open(world: &World, base: &str, parts: Parts) -> Result<Arc<Issuer>, OpenIssuerError> {
    let mut setup = world.setup_at(base, Arc::new(books()));
    let configurations = parts
        .configurations
        .iter()
        .map(|text| CredentialConfiguration::parse_for(Profile::Haip, text).unwrap());
    let bare = parts.bare.iter().map(|text| {
        let renamed = text
            .replace("NationalIdentity\"", "Bare\"")
            .replace("types/national-identity", "types/bare");
        CredentialConfiguration::parse(&renamed).unwrap()
    });
    let configurations = configurations.chain(bare).collect();
    let identifier = IssuerIdentifier::parse(base).unwrap();
    let policy = IssuerPolicy::default();
    let profile = IssuerProfile::new(identifier, "Registry".to_owned(), configurations, policy).unwrap();
    setup.profile = profile
        .with_authorization(parts.authorization)
        .unwrap()
        .with_proof_trust(parts.proof_trust)
        .with_profile(Profile::Haip);
    setup.keys = parts.keys;
    Issuer::open(setup).await
}

async fn serve(world: &World) -> (Running, String) {
    let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    let issuer = open(world, &base, parts(world)).await.unwrap();
    let listening = Listening {
        listener,
        encryption: Encryption::Plain,
        administration_token: AdministrationToken::new(ADMINISTRATION_TOKEN),
    };
    (Server::start(issuer, listening).await.unwrap(), base)
}

fn client(authentication: ClientAuthentication) -> ClientRegistry {
    let registered = RegisteredClient {
        name: "A wallet".to_owned(),
        redirect_uris: vec![
            symbolon_protocol::oauth::redirect_uri::RedirectUri::parse(crate::wallet::BACK).unwrap(),
        ],
        authentication,
        grants: ClientGrant::ALL.into_iter().collect(),
    };
    ClientRegistry::new([(ClientIdentifier::parse("a-wallet").unwrap(), registered)]).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn every_choice_that_contradicts_the_profile_is_refused_at_start_by_its_name() {
    type Change = fn(&mut Parts, &World);
    let changes: [(&str, Change); 23] = [
        ("authorization.pushed_requests", |parts, _| {
            parts.authorization.pushed_requests = PushedRequests::Optional;
        }),
        ("authorization.dpop", |parts, _| {
            parts.authorization.dpop = DpopPolicy::Optional
        }),
        ("authorization.unknown_clients", |parts, _| {
            parts.authorization.unknown_clients = UnknownClients::Public;
        }),
        ("authorization.pre_authorized_clients", |parts, _| {
            parts.authorization.pre_authorized = PreAuthorizedClients::Anonymous;
        }),
        ("authorization.attester_certificates", |parts, _| {
            parts.authorization.attesters.anchors.clear()
        }),
        ("authorization.attester_keys", |parts, _| {
            parts.authorization.attesters.keys.push(AttesterKey {
                key_id: "attester".to_owned(),
                key: key(ATTESTER_KEY).public_key(),
            });
        }),
        ("the client a-wallet", |parts, _| {
            parts.authorization.clients = client(ClientAuthentication::None);
        }),
        ("the client a-wallet", |parts, _| {
            let keys = vec![key(ATTESTER_KEY).public_key()];
            parts.authorization.clients = client(ClientAuthentication::PrivateKeyJwt(keys));
        }),
        ("format of the credential configuration", |parts, _| {
            let other = symbolon_schemas::CREDENTIALS.iter().find(|template| {
                let read = CredentialConfiguration::parse(template.mapping).unwrap();
                matches!(read.target(), Target::LdpVc { .. } | Target::JwtVcJson { .. })
            });
            parts.configurations.push(other.unwrap().mapping.to_owned());
        }),
        ("proof-types of the credential configuration", |parts, _| {
            let text = configuration("NationalIdentity");
            parts.configurations[0] = format!("proof-types = [\"jwt\"]\n{text}");
        }),
        ("proof-types of the credential configuration", |parts, _| {
            let text = configuration("NationalIdentity");
            parts.configurations[0] = format!("proof-types = [\"attestation\"]\n{text}");
        }),
        ("key-attestation in the credential configuration", |parts, _| {
            // Both kinds of proof, written for an issuer without the profile, which chooses nothing.
            let text = configuration("NationalIdentity");
            parts.bare = Some(format!("proof-types = [\"jwt\", \"attestation\"]\n{text}"));
        }),
        ("credentials.key_attester_certificates", |parts, _| {
            parts.proof_trust.attesters.clear()
        }),
        ("the key metadata-signing", |parts, _| parts.keys.metadata = None),
        ("the key credential-signing", |parts, _| {
            parts.keys.credentials.key.algorithm = SignatureAlgorithm::EdDsa;
        }),
        ("the key document-signing", |parts, _| {
            parts.keys.documents.as_mut().unwrap().key.algorithm = SignatureAlgorithm::Es384;
        }),
        ("the key status-signing", |parts, _| {
            parts.keys.status.key.algorithm = SignatureAlgorithm::EdDsa;
        }),
        ("the certificates of the key status-signing", |parts, world| {
            parts.keys.status.key.chain.push(world.issuer_anchor().clone());
        }),
        ("the key metadata-signing", |parts, _| {
            parts.keys.metadata.as_mut().unwrap().key.algorithm = SignatureAlgorithm::EdDsa;
        }),
        ("a certificate of the key metadata-signing", |parts, _| {
            parts.keys.metadata.as_mut().unwrap().key.chain.clear();
        }),
        ("a certificate of the key credential-signing", |parts, _| {
            parts.keys.credentials.key.chain.clear();
        }),
        ("must not be self-signed", |parts, world| {
            parts.keys.credentials.key.chain = vec![world.issuer_anchor().clone()];
        }),
        ("the anchor does not belong", |parts, world| {
            parts
                .keys
                .credentials
                .key
                .chain
                .push(world.issuer_anchor().clone());
        }),
    ];
    let world = World::start().await;
    let base = "http://127.0.0.1:8080";
    assert!(open(&world, base, parts(&world)).await.is_ok());
    for (named, change) in changes {
        let mut parts = parts(&world);
        change(&mut parts, &world);
        match open(&world, base, parts).await {
            Err(OpenIssuerError::Profile(refused)) => {
                let said = refused.to_string();
                assert!(said.contains(named), "{named}: {said}");
                assert!(said.contains("HAIP §"), "{said}");
            }
            Err(other) => panic!("{named}: {other}"),
            Ok(_) => panic!("{named}: it starts"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_same_choices_are_the_operators_without_the_profile() {
    let world = World::start().await;
    let mut setup = world.setup_at("http://127.0.0.1:8080", Arc::new(books()));
    setup.keys.metadata = None;
    assert!(Issuer::open(setup).await.is_ok());
    assert!(
        ProfileContradiction::Dpop
            .to_string()
            .contains("authorization.dpop")
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn what_the_profile_chooses_is_in_the_metadata() {
    let world = World::start().await;
    let (_running, base) = serve(&world).await;
    let fetch = async |path: &str| -> Value {
        world
            .client
            .get(format!("{base}{path}"))
            .send()
            .await
            .unwrap()
            .json()
            .await
            .unwrap()
    };
    let server = fetch("/.well-known/oauth-authorization-server").await;
    assert_eq!(server["require_pushed_authorization_requests"], true);
    assert_eq!(
        server["token_endpoint_auth_methods_supported"],
        json!(["attest_jwt_client_auth"])
    );
    assert_eq!(server["code_challenge_methods_supported"], json!(["S256"]));
    assert_eq!(server["authorization_response_iss_parameter_supported"], true);
    assert_ne!(server["pre-authorized_grant_anonymous_access_supported"], true);
    let grants = server["grant_types_supported"].as_array().unwrap();
    assert!(grants.contains(&json!("authorization_code")) && grants.contains(&json!("refresh_token")));

    let issuer = fetch("/.well-known/openid-credential-issuer").await;
    assert!(issuer["nonce_endpoint"].is_string());
    let configurations = issuer["credential_configurations_supported"].as_object().unwrap();
    assert_eq!(configurations.len(), 2);
    for (id, configuration) in configurations {
        let format = configuration["format"].as_str().unwrap();
        assert!(["dc+sd-jwt", "mso_mdoc"].contains(&format), "{id}");
        assert_eq!(configuration["scope"], id.as_str());
        let types = configuration["proof_types_supported"].as_object().unwrap();
        for name in ["jwt", "attestation"] {
            assert!(
                types[name]["key_attestations_required"].is_object(),
                "{id} {name}"
            );
        }
    }
    let signed = world
        .client
        .get(format!("{base}/.well-known/openid-credential-issuer"))
        .header("accept", "application/jwt");
    let signed = signed.send().await.unwrap();
    assert_eq!(signed.headers()["content-type"], "application/jwt");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_that_nobody_attests_gets_nothing_and_offers_are_for_wallets_of_the_profile() {
    let world = World::start().await;
    let (running, base) = serve(&world).await;
    let administration = running.administration();
    let rows = format!("{}\n", record(HASSAN, "Hassan Ali"));
    let imported = administration.import(symbolon_issuer::record::RowFormat::Ndjson, rows.into_bytes());
    assert!(imported.await.is_ok());
    let order = json!({
        "record": HASSAN,
        "configurations": ["NationalIdentity"],
        "tx_code": "not-required",
        "delivery": "by-value",
    });
    let created = administration
        .create_offer(serde_json::from_value(order).unwrap())
        .await
        .unwrap();
    assert!(
        created.link.starts_with("haip-vci://?credential_offer="),
        "{}",
        created.link
    );
    let link = created.link.replacen("haip-vci", "openid-credential-offer", 1);
    let created = symbolon_issuer_server::administration::OfferCreated { link, ..created };
    let offer = crate::harness::Offer::of(created);

    let post = async |path: &str, form: &[(&str, &str)]| {
        let request = world.client.post(format!("{base}{path}")).form(form);
        request.send().await.unwrap()
    };
    let redemption = [
        ("grant_type", crate::harness::PRE_AUTHORIZED),
        ("pre-authorized_code", offer.code.as_str()),
    ];
    let refused = post("/token", &redemption).await;
    assert_eq!(error_of(refused).await, "invalid_client");
    let pushed = [
        ("response_type", "code"),
        ("client_id", "a-wallet"),
        ("redirect_uri", crate::wallet::BACK),
        ("code_challenge", crate::wallet::CHALLENGE),
        ("code_challenge_method", "S256"),
        ("scope", "NationalIdentity"),
    ];
    let refused = post("/par", &pushed).await;
    assert!(refused.status().is_client_error());
    assert_eq!(error_of(refused).await, "invalid_client");
    let url = reqwest::Url::parse_with_params(&format!("{base}/authorize"), &pushed).unwrap();
    let refused = world.client.get(url).send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
}
