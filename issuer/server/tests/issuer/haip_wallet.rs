//! Wallets at an issuer of the high-assurance profile: who vouches for them and for their keys, and by which certificates
//! ([HAIP §4.4.1, §4.5.1]).
//!
//! [HAIP §4.4.1, §4.5.1]: https://openid.net/specs/openid4vc-high-assurance-interoperability-profile-1_0.html#section-4.4.1

use std::sync::Arc;
use std::time::Duration;

use reqwest::{Response, StatusCode};
use serde_json::{Value, json};
use symbolon_credential::sd_jwt::{SdJwt, SdJwtBudget};
use symbolon_credential::status::StatusReference;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::jose::jws::{self, CompactJws};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{PublicKey, SecretKey, SignatureAlgorithm};
use symbolon_issuer::attestation_status::UnknownAttestationStatus;
use symbolon_issuer::authorization::{
    AuthorizationPolicy, DpopPolicy, PreAuthorizedClients, RefreshTokens, TrustedAttesters,
};
use symbolon_issuer::haip::Profile;
use symbolon_issuer::mapping::CredentialConfiguration;
use symbolon_issuer::profile::IssuerProfile;
use symbolon_issuer_server::shipped_translations;
use symbolon_issuer_server::sign_in::SignInSetup;
use symbolon_protocol::identifier::IssuerIdentifier;
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::client_attestation::{AttestationContents, AttesterName, prepare_attestation};
use symbolon_protocol::openid4vci::identifiers::CNonce;
use symbolon_protocol::openid4vci::key_attestation::KeyAttestationClaims;
use symbolon_protocol::openid4vci::proof;

use crate::endpoint::{Attester, batches, claims, sign};
use crate::harness::{HASSAN, Shape, World, error_of, record};
use crate::wallet::{
    Authentication, DPOP_KEY, INSTANCE_KEY, NATIONAL, OTHER_KEY, Tokens, Wallet, browser_key, key, location,
    parameter,
};

/// Every instance of the wallet has this name.
const CLIENT: &str = "https://wallet.example";
const HOUR: Duration = Duration::from_secs(3_600);

/// An issuer of the profile that believes this wallet provider.
async fn world(attester: &Attester) -> World {
    world_with(attester, UnknownAttestationStatus::Refused).await
}

pub(crate) async fn world_with(attester: &Attester, unknown: UnknownAttestationStatus) -> World {
    let anchors = vec![attester.anchor.clone()];
    let authorization = AuthorizationPolicy {
        dpop: DpopPolicy::Required,
        pre_authorized: PreAuthorizedClients::Identified,
        refresh_tokens: RefreshTokens::For(Duration::from_secs(90 * 86_400)),
        attesters: TrustedAttesters {
            anchors,
            keys: Vec::new(),
        },
        unknown_attestation_status: unknown,
        ..AuthorizationPolicy::closed()
    };
    let trust = attester.trust();
    let shape: Shape = Arc::new(move |mut setup| {
        let wanted = ["NationalIdentity", "NationalIdentityMdoc"];
        let shipped = symbolon_schemas::CREDENTIALS.iter();
        let configurations = shipped
            .filter(|template| wanted.contains(&template.id))
            .map(|template| CredentialConfiguration::parse_for(Profile::Haip, template.mapping).unwrap())
            .collect();
        let old = &setup.profile;
        let (identifier, name) = (old.identifier().clone(), old.name().to_owned());
        setup.profile = IssuerProfile::new(identifier, name, configurations, old.policy().clone())
            .unwrap()
            .with_proof_trust(trust.clone())
            .with_profile(Profile::Haip);
        setup
    });
    let sign_in = SignInSetup::closed(Arc::new(shipped_translations().unwrap()));
    let world = World::start_as(batches(), authorization, sign_in, shape).await;
    world.import(&[record(HASSAN, "Hassan Ali")]).await;
    world
}

/// How an attestation names its signer.
pub(crate) enum Named<'a> {
    Chain(&'a [Certificate]),
    KeyId,
}

/// An instance of the wallet, and the provider that vouches for it.
pub(crate) struct Instance<'a> {
    pub(crate) wallet: Wallet<'a>,
    pub(crate) attester: &'a Attester,
    /// What the attestation says about its status.
    pub(crate) status: Option<StatusReference>,
}

impl<'a> Instance<'a> {
    pub(crate) fn new(world: &'a World, attester: &'a Attester) -> Self {
        let wallet = Wallet {
            authentication: Authentication::Public,
            ..Wallet::new(world, CLIENT)
        };
        Self {
            wallet,
            attester,
            status: None,
        }
    }

    fn attestation(&self, named: &Named<'_>) -> String {
        self.attestation_by(self.attester.secret_key(), named)
    }

    fn attestation_by(&self, signer: &SecretKey, named: &Named<'_>) -> String {
        let id = ClientIdentifier::parse(CLIENT).unwrap();
        let instance = key(INSTANCE_KEY).public_key();
        let now = self.wallet.world.now();
        let contents = AttestationContents {
            attester: "https://provider.example",
            client: &id,
            key: &instance,
            issued_at: now,
            expires_at: now.plus(HOUR),
            wallet_name: None,
            wallet_link: None,
            status: self.status.as_ref(),
        };
        let name = match named {
            Named::Chain(chain) => AttesterName::Certificates(chain),
            Named::KeyId => AttesterName::KeyId("provider"),
        };
        let prepared = prepare_attestation(contents, name, SignatureAlgorithm::Es256);
        sign(signer, prepared)
    }

    async fn post(&self, path: &str, form: &[(String, String)], attestation: &str, dpop: bool) -> Response {
        let wallet = &self.wallet;
        let server = IssuerIdentifier::parse(&wallet.world.base).unwrap();
        let challenge = wallet.challenge().await;
        let possession = wallet.proof_of_possession(INSTANCE_KEY, &server, Some(&challenge));
        let mut request = wallet
            .bare(path)
            .header("OAuth-Client-Attestation", attestation)
            .header("OAuth-Client-Attestation-PoP", possession);
        if dpop {
            let nonce = wallet.nonce().await;
            request = request.header("DPoP", wallet.proof(DPOP_KEY, path, None, Some(&nonce)));
        }
        request.form(form).send().await.unwrap()
    }

    pub(crate) async fn push(&self, named: &Named<'_>) -> Response {
        let form = self.wallet.request(&[]);
        self.post("/par", &form, &self.attestation(named), false).await
    }

    /// The whole way to a code.
    pub(crate) async fn code(&self) -> String {
        let leaf = [self.attester.leaf.clone()];
        let response = self.push(&Named::Chain(&leaf)).await;
        assert_eq!(response.status(), StatusCode::CREATED);
        let body: Value = response.json().await.unwrap();
        let opened = self
            .wallet
            .open_pushed(body["request_uri"].as_str().unwrap())
            .await;
        let back = self.wallet.agree(&browser_key(&opened)).await;
        parameter(&back, "code").unwrap()
    }

    pub(crate) async fn redeem(&self, form: &[(String, String)], dpop: bool) -> Response {
        let leaf = [self.attester.leaf.clone()];
        let attestation = self.attestation(&Named::Chain(&leaf));
        self.post("/token", form, &attestation, dpop).await
    }

    pub(crate) async fn credential(&self, token: &str, proofs: Value) -> Response {
        let wallet = &self.wallet;
        let nonce = wallet.nonce().await;
        let proof = wallet.proof(DPOP_KEY, "/credential", Some(token), Some(&nonce));
        wallet
            .bare("/credential")
            .header("authorization", format!("DPoP {token}"))
            .header("DPoP", proof)
            .json(&json!({ "credential_configuration_id": NATIONAL, "proofs": proofs }))
            .send()
            .await
            .unwrap()
    }
}

/// Chains that HAIP forbids: without certificates, with the anchor, of one who vouches for itself, of a stranger.
fn forbidden<'a>(attester: &Attester, stranger: &Attester) -> [(&'a str, Vec<Certificate>); 3] {
    [
        (
            "with the anchor",
            vec![attester.leaf.clone(), attester.anchor.clone()],
        ),
        ("the anchor itself", vec![attester.anchor.clone()]),
        ("of a stranger", vec![stranger.leaf.clone()]),
    ]
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wallet_is_attested_under_certificates_without_the_anchor() {
    let attester = Attester::new(81);
    let stranger = Attester::new(82);
    let world = world(&attester).await;
    let instance = Instance::new(&world, &attester);
    for (what, chain) in forbidden(&attester, &stranger) {
        let refused = instance.push(&Named::Chain(&chain)).await;
        assert_eq!(refused.status(), StatusCode::UNAUTHORIZED, "{what}");
        assert_eq!(error_of(refused).await, "invalid_client_attestation", "{what}");
    }
    let refused = instance.push(&Named::KeyId).await;
    assert_eq!(error_of(refused).await, "invalid_client_attestation");
    // The key of the anchor signs as well as any: its own certificate is what must not be there.
    let anchor = [attester.anchor.clone()];
    let own = instance.attestation_by(attester.root.secret_key(), &Named::Chain(&anchor));
    let form = instance.wallet.request(&[]);
    let refused = instance.post("/par", &form, &own, false).await;
    assert_eq!(error_of(refused).await, "invalid_client_attestation");
    let leaf = [attester.leaf.clone()];
    assert_eq!(
        instance.push(&Named::Chain(&leaf)).await.status(),
        StatusCode::CREATED
    );
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_of_the_profile_needs_the_attestation_the_key_and_the_verifier() {
    let attester = Attester::new(81);
    let world = world(&attester).await;
    let instance = Instance::new(&world, &attester);
    // Not pushed.
    let told = instance.wallet.open(&instance.wallet.request(&[])).await;
    assert_eq!(told.status(), StatusCode::BAD_REQUEST);
    let code = instance.code().await;
    let form = instance.wallet.redemption(&code, &[]);
    let refused = instance.redeem(&form, false).await;
    assert_eq!(error_of(refused).await, "invalid_dpop_proof");
    let refused = instance.wallet.post("/token", form.clone()).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(error_of(refused).await, "invalid_client");
    let without = instance.wallet.redemption(&code, &[("code_verifier", "")]);
    assert_eq!(
        error_of(instance.redeem(&without, true).await).await,
        "invalid_request"
    );
    let tokens = Tokens::of(instance.redeem(&form, true).await).await;
    assert_eq!(tokens.body["token_type"], "DPoP");
    // And so does its renewal, with the same key.
    let refresh = tokens.refresh.unwrap();
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", CLIENT),
        ("refresh_token", refresh.as_str()),
    ];
    let form = form.map(|(name, value)| (name.to_owned(), value.to_owned()));
    let refused = instance.redeem(&form, false).await;
    assert_eq!(error_of(refused).await, "invalid_dpop_proof");
    let refused = instance.wallet.post("/token", form.to_vec()).await;
    assert_eq!(error_of(refused).await, "invalid_client");
    let renewed = Tokens::of(instance.redeem(&form, true).await).await;
    assert_eq!(renewed.body["token_type"], "DPoP");
}

/// What a proof says of its keys.
fn attested_keys(
    world: &World,
    signer: &SecretKey,
    chain: &[Certificate],
    keys: &[PublicKey],
    nonce: Option<&str>,
) -> String {
    let nonce = nonce.map(|nonce| CNonce::parse(nonce).unwrap());
    let claims = KeyAttestationClaims {
        keys,
        key_storage: &[],
        user_authentication: &[],
        nonce: nonce.as_ref(),
        issued_at: world.now(),
        expires_at: Some(world.now().plus(HOUR)),
    };
    sign(signer, claims.prepare(SignatureAlgorithm::Es256, chain))
}

#[tokio::test(flavor = "multi_thread")]
async fn keys_are_attested_under_certificates_without_the_anchor() {
    let attester = Attester::new(81);
    let stranger = Attester::new(82);
    let world = world(&attester).await;
    let instance = Instance::new(&world, &attester);
    let code = instance.code().await;
    let form = instance.wallet.redemption(&code, &[]);
    let token = Tokens::of(instance.redeem(&form, true).await).await.access;
    let (holder, second) = (key(OTHER_KEY), world.wallet_key());
    let keys = [holder.public_key(), second.public_key()];
    let nonce = world.nonce().await;
    let jwt = |attestation: &str| {
        let issuer = IssuerIdentifier::parse(&world.base).unwrap();
        let nonce = CNonce::parse(nonce.as_str()).unwrap();
        let public = holder.public_key();
        let prepared = proof::prepare_attested(
            &public,
            attestation,
            &issuer,
            Some(&nonce),
            Some(CLIENT),
            world.now(),
        );
        json!({ "jwt": [sign(&holder, prepared)] })
    };
    let signer = attester.secret_key();
    let mut cases = vec![("no attestation", json!({ "jwt": [world.proof(&holder, &nonce)] }))];
    for (what, chain) in forbidden(&attester, &stranger) {
        let key = match what {
            "of a stranger" => stranger.secret_key(),
            "the anchor itself" => attester.root.secret_key(),
            _ => signer,
        };
        let attestation = attested_keys(&world, key, &chain, &keys, Some(&nonce));
        cases.push((what, jwt(&attestation)));
        cases.push((what, json!({ "attestation": [attestation] })));
    }
    let claims_of = |text: &str| {
        let payload = text.split('.').nth(1).unwrap();
        base64url::decode(payload).unwrap()
    };
    let good = attested_keys(
        &world,
        signer,
        core::slice::from_ref(&attester.leaf),
        &keys,
        Some(&nonce),
    );
    let header = json!({ "typ": "key-attestation+jwt", "kid": "provider" });
    let header = header.as_object().unwrap();
    let nameless = sign(
        signer,
        jws::prepare(SignatureAlgorithm::Es256, header, &claims_of(&good)),
    );
    cases.push(("no certificates", jwt(&nameless)));
    for (what, proofs) in cases {
        let refused = instance.credential(&token, proofs).await;
        assert_eq!(refused.status(), StatusCode::BAD_REQUEST, "{what}");
        assert_eq!(error_of(refused).await, "invalid_proof", "{what}");
    }
    // Both kinds of proof are taken, and each attested key gets a credential that is bound to it.
    let leaf = [attester.leaf.clone()];
    let good = attested_keys(&world, signer, &leaf, &keys, Some(&nonce));
    let by_jwt = instance.credential(&token, jwt(&good)).await;
    let fresh = world.nonce().await;
    let good = attested_keys(&world, signer, &leaf, &keys, Some(&fresh));
    let by_attestation = instance
        .credential(&token, json!({ "attestation": [good] }))
        .await;
    for response in [by_jwt, by_attestation] {
        assert_eq!(response.status(), StatusCode::OK);
        let body: Value = response.json().await.unwrap();
        let issued = body["credentials"].as_array().unwrap();
        assert_eq!(issued.len(), 2);
        for (issued, key) in issued.iter().zip(&keys) {
            let claims = claims(&issued["credential"]);
            assert_eq!(claims["_sd_alg"], "sha-256");
            assert_eq!(claims["cnf"]["jwk"]["x"], json!(key.to_jwk().x));
            assert!(claims["exp"].is_i64() || claims["status"]["status_list"].is_object());
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_credential_names_its_signer_by_certificates_without_the_anchor() {
    let attester = Attester::new(81);
    let world = world(&attester).await;
    let instance = Instance::new(&world, &attester);
    let code = instance.code().await;
    let token = Tokens::of(
        instance
            .redeem(&instance.wallet.redemption(&code, &[]), true)
            .await,
    )
    .await;
    let keys = [world.wallet_key().public_key()];
    let leaf = [attester.leaf.clone()];
    let nonce = world.nonce().await;
    let attested = attested_keys(&world, attester.secret_key(), &leaf, &keys, Some(&nonce));
    let response = instance
        .credential(&token.access, json!({ "attestation": [attested] }))
        .await;
    let body: Value = response.json().await.unwrap();
    let credential = body["credentials"][0]["credential"].as_str().unwrap();
    let sd_jwt = SdJwt::parse(credential, SdJwtBudget::DEFAULT).unwrap();
    signed_without_the_anchor(&world, &sd_jwt.issuer_jwt().header.x5c);
    // And so does the list that its status is in.
    let status = claims(&body["credentials"][0]["credential"])["status"]["status_list"].clone();
    let list = world.client.get(status["uri"].as_str().unwrap());
    let list = list.header("accept", "application/statuslist+jwt");
    let list = list.send().await.unwrap().text().await.unwrap();
    let list = CompactJws::parse(&list, 1 << 20).unwrap();
    signed_without_the_anchor(&world, &list.header.x5c);
}

fn signed_without_the_anchor(world: &World, chain: &Option<Vec<Vec<u8>>>) {
    let chain = chain.as_ref().unwrap();
    let chain: Vec<_> = chain.iter().map(|der| Certificate::parse(der).unwrap()).collect();
    assert!(!chain.is_empty() && !chain[0].is_self_signed());
    assert!(!chain.contains(world.issuer_anchor()));
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_of_the_profile_is_taken_up_by_signing_in_and_batches_are_announced() {
    let attester = Attester::new(81);
    let world = world(&attester).await;
    let order = json!({
        "record": HASSAN,
        "configurations": [NATIONAL],
        "tx_code": "not-required",
        "delivery": "by-value",
        "grants": "authorization-code",
    });
    let created = world.ordered("/offers", order).await;
    let link = created["link"].as_str().unwrap();
    assert!(link.starts_with("haip-vci://?credential_offer="), "{link}");
    let link = reqwest::Url::parse(link).unwrap();
    let (_, offer) = link.query_pairs().next().unwrap();
    let offer: Value = serde_json::from_str(&offer).unwrap();
    assert_eq!(offer["credential_configuration_ids"], json!([NATIONAL]));
    let state = offer["grants"]["authorization_code"]["issuer_state"]
        .as_str()
        .unwrap();
    let instance = Instance::new(&world, &attester);
    let leaf = [attester.leaf.clone()];
    let form = instance.wallet.request(&[("issuer_state", state)]);
    let attestation = instance.attestation(&Named::Chain(&leaf));
    let pushed = instance.post("/par", &form, &attestation, false).await;
    assert_eq!(pushed.status(), StatusCode::CREATED);

    let url = world.url("/.well-known/openid-credential-issuer");
    let metadata: Value = world.client.get(url).send().await.unwrap().json().await.unwrap();
    assert_eq!(metadata["batch_credential_issuance"]["batch_size"], 5);
    for configuration in metadata["credential_configurations_supported"]
        .as_object()
        .unwrap()
        .values()
    {
        assert!(configuration["scope"].is_string());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn the_answers_of_the_profile_name_the_issuer_and_the_scope() {
    let attester = Attester::new(81);
    let world = world(&attester).await;
    let instance = Instance::new(&world, &attester);
    let leaf = [attester.leaf.clone()];
    let pushed = instance.push(&Named::Chain(&leaf)).await;
    let body: Value = pushed.json().await.unwrap();
    let opened = instance
        .wallet
        .open_pushed(body["request_uri"].as_str().unwrap())
        .await;
    assert!(location(&opened).starts_with(&world.base));
    let back = instance.wallet.agree(&browser_key(&opened)).await;
    assert_eq!(parameter(&back, "iss").unwrap(), world.base);
    let form = instance
        .wallet
        .redemption(&parameter(&back, "code").unwrap(), &[]);
    let tokens = Tokens::of(instance.redeem(&form, true).await).await;
    assert_eq!(tokens.body["scope"], NATIONAL);
}
