//! The whole flow of the high-assurance profile: a wallet that its provider vouches for, pushed request, PKCE, sign-in, tokens bound
//! to a key by nonces of the server, attested keys, copies, both formats, the verdict. And the same wallet when it leaves one thing out.

use std::sync::{Arc, Mutex};

use reqwest::redirect::Policy;
use reqwest::{Client, StatusCode, Url};
use serde_json::{Value, json};
use symbolon_cli::edge::{self, SystemRandomness};
use symbolon_cli::holder::DevelopmentProvider;
use symbolon_cli::installation::Installation as Loaded;
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto_josekit::JosekitJwe;
use symbolon_protocol::identifier::{IssuerIdentifier, UrlPolicy};
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use symbolon_protocol::openid4vci::identifiers::ConfigurationId;
use symbolon_wallet_core::receive::{ReceiveOutcome, Wanted};
use symbolon_wallet_core::testing::MemoryKeys;
use symbolon_wallet_core::{
    BoxFuture, HttpRequest, HttpResponse, Languages, MemoryStore, Method, Ports, Silent, Transport,
    TransportError, Wallet, WalletClient, WalletPolicy,
};

use crate::harness::{Installation, Role, Server};
use crate::sign_in::{Browser, Receiving, run};
use crate::story::{import_people, offer};

const BACK: &str = "http://127.0.0.1:9/callback";

/// An issuer without a key for its metadata, and a wallet that must have them signed.
#[test]
fn a_wallet_that_must_have_metadata_signed_takes_no_others() {
    let installation = Installation::new();
    let issuer = installation.serve(Role::Issuer);
    let uin = import_people(&installation);
    let link = || {
        let offer = offer(&installation, &uin, "NationalIdentity", &[]);
        offer["link"].as_str().unwrap().to_owned()
    };
    let receive = |link: &str| {
        let mut command = installation.command(&["wallet", "receive", link]);
        command.env("SYMBOLON_WALLET_SIGNED_METADATA", "required");
        command.output().unwrap()
    };
    assert!(receive(&link()).status.success());
    drop(issuer);
    for file in ["metadata-signing.key.pem", "metadata-signing.chain.pem"] {
        std::fs::remove_file(installation.path(&format!("data/keys/{file}"))).unwrap();
    }
    let _issuer = installation.serve(Role::Issuer);
    let link = link();
    let refused = receive(&link);
    assert!(!refused.status.success());
    let said = String::from_utf8(refused.stderr).unwrap();
    assert!(said.contains("issuer metadata"), "{said}");
    installation.ok(&["wallet", "receive", &link]);
}

/// An issuer of the profile that serves, and somebody it knows.
pub(crate) fn prepare() -> (Installation, Server, String) {
    let urls = Installation::none();
    let installation = Installation::new_with(&[
        "--issuer",
        &urls.issuer,
        "--verifier",
        &urls.verifier,
        "--profile",
        "haip",
    ]);
    let server = installation.serve(Role::Issuer);
    let uin = import_people(&installation);
    (installation, server, uin)
}

#[test]
fn the_wallet_of_the_command_line_receives_shows_and_renews_both_formats_of_the_profile() {
    let (installation, _issuer, uin) = prepare();
    let checked = installation.json(&["issuer", "check", "--json"]);
    assert_eq!(checked["profile"], "haip");
    let asked = [
        "--issuer",
        &installation.issuer,
        "--credential",
        "NationalIdentity",
        "--credential",
        "NationalIdentityMdoc",
        "--copies",
        "3",
        "--language",
        "fra",
    ];
    let receiving = Receiving::start(&installation, &asked);
    run(async {
        let mut browser = Browser::new(&installation);
        let first = browser
            .send(reqwest::Method::GET, receiving.page.as_str(), &[])
            .await;
        assert_eq!(first.status(), 303);
        let url = format!("{}/sign-in", installation.issuer);
        let page = browser.send(reqwest::Method::GET, &url, &[]).await;
        let page = page.text().await.unwrap();
        assert!(page.contains("<html lang=\"fr\""), "{page}");
        let back = browser.decide(&uin, "/consent/approve").await;
        browser.send(reqwest::Method::GET, &back, &[]).await;
    });
    let (printed, succeeded) = receiving.end();
    assert!(succeeded, "{printed}");
    let received: Vec<&str> = printed
        .lines()
        .filter_map(|line| line.strip_prefix("received "))
        .collect();
    assert_eq!(received.len(), 2, "{printed}");
    let issued = installation.json(&["credential", "list", "--record", &uin, "--json"]);
    let issued = issued
        .as_array()
        .or_else(|| issued["credentials"].as_array())
        .unwrap();
    assert_eq!(issued.len(), 6, "three copies of each");

    let _verifier = installation.serve(Role::Verifier);
    for query in ["age-over-18", "age-over-18-mdoc"] {
        let made = installation.json(&["request", "create", "--query", query, "--json"]);
        let link = made["authorization_request"].as_str().unwrap();
        installation.ok(&["wallet", "present", link, "--yes"]);
        let id = made["request_id"].as_str().unwrap();
        installation.ok(&["request", "show", id, "--wait", "--evidence", query]);
        let (presentation, request) = (
            format!("{query}/presentation.json"),
            format!("{query}/request.jwt"),
        );
        let reports = installation.json(&["verify", &presentation, "--request", &request, "--json"]);
        let report = if reports.is_array() { &reports[0] } else { &reports };
        assert_eq!(report["verdict"], "valid", "{query}: {report}");
        assert_eq!(report["holder"]["state"], "proven_by_key", "{query}: {report}");
    }

    // Without the resident, with the same instance key, in another process.
    let printed = installation.ok(&["wallet", "renew", received[0]]);
    assert!(printed.starts_with("received "), "{printed}");
    // Another wallet is another instance, and an offer is no way around the provider: without it, nothing of the issuer is for a
    // wallet whose keys nobody attests.
    let offer = offer(&installation, &uin, "NationalIdentity", &["--by-value"]);
    let link = offer["link"].as_str().unwrap();
    assert!(link.starts_with("haip-vci:"), "{link}");
    installation.ok(&["wallet", "receive", link, "--wallet", "second"]);
    let root = installation.path("data/keys/wallet-provider.chain.pem");
    std::fs::rename(&root, installation.path("away.pem")).unwrap();
    let said = installation.fails(1, &["wallet", "receive", link, "--wallet", "third"]);
    assert!(said.contains("nothing supported"), "{said}");
}

/// What a careless wallet leaves out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Part {
    Nothing,
    /// The request goes through the browser.
    Pushing,
    Challenge,
    Verifier,
    Attestation,
    /// The provider vouches for the wallet when it asks and not when it redeems.
    AttestationOfTheToken,
    ProofOfTheToken,
    ProofOfTheCredential,
    KeyAttestation,
}

/// A transport that leaves a part out, or tells the wallet that the issuer does without.
struct Careless {
    http: Client,
    part: Part,
    /// What the issuer answered that was no success: the last part of the path, the status, the code.
    refusals: Mutex<Vec<(String, u16, String)>>,
}

impl Careless {
    fn leave_out(&self, request: &mut HttpRequest) {
        let path = request.url.path().to_owned();
        let drop_field = |body: &mut Vec<u8>, name: &str| {
            let kept: Vec<(String, String)> = url::form_urlencoded::parse(body)
                .filter(|(known, _)| known != name)
                .map(|(name, value)| (name.into_owned(), value.into_owned()))
                .collect();
            let mut form = url::form_urlencoded::Serializer::new(String::new());
            *body = form.extend_pairs(kept).finish().into_bytes();
        };
        let at = |endpoint: &str| path.ends_with(endpoint);
        match self.part {
            Part::Challenge if at("/par") => drop_field(&mut request.body, "code_challenge"),
            Part::Verifier if at("/token") => drop_field(&mut request.body, "code_verifier"),
            Part::Attestation => request
                .headers
                .retain(|(name, _)| !name.starts_with("oauth-client-attestation")),
            Part::AttestationOfTheToken if at("/token") => request
                .headers
                .retain(|(name, _)| !name.starts_with("oauth-client-attestation")),
            Part::ProofOfTheToken if at("/token") => request.headers.retain(|(name, _)| *name != "dpop"),
            // Signed, they would say what the issuer said.
            Part::KeyAttestation if at("/openid-credential-issuer") => {
                request.headers.retain(|(name, _)| *name != "accept");
            }
            Part::ProofOfTheCredential if at("/credential") => {
                request.headers.retain(|(name, _)| *name != "dpop");
            }
            _ => {}
        }
    }

    /// What the wallet is told instead of what the issuer said of itself.
    fn retell(&self, path: &str, body: Vec<u8>) -> Vec<u8> {
        let Ok(mut document) = serde_json::from_slice::<Value>(&body) else {
            return body;
        };
        match self.part {
            Part::Pushing if path.contains("oauth-authorization-server") => {
                let members = document.as_object_mut().unwrap();
                members.remove("pushed_authorization_request_endpoint");
                members.remove("require_pushed_authorization_requests");
            }
            Part::KeyAttestation if path.contains("openid-credential-issuer") => {
                let configurations = document["credential_configurations_supported"].as_object_mut();
                for configuration in configurations.unwrap().values_mut() {
                    let jwt = &mut configuration["proof_types_supported"]["jwt"];
                    jwt.as_object_mut().unwrap().remove("key_attestations_required");
                }
            }
            _ => return body,
        }
        document.to_string().into_bytes()
    }
}

impl Transport for Careless {
    fn send(&self, mut request: HttpRequest) -> BoxFuture<'_, Result<HttpResponse, TransportError>> {
        Box::pin(async move {
            self.leave_out(&mut request);
            let path = request.url.path().to_owned();
            let mut sent = match request.method {
                Method::Get => self.http.get(request.url),
                Method::Post => self.http.post(request.url),
            };
            for (name, value) in &request.headers {
                sent = sent.header(*name, value);
            }
            let answer = sent.body(request.body).send().await.unwrap();
            let status = answer.status();
            let headers = answer.headers().iter();
            let headers = headers
                .map(|(name, value)| (name.as_str().to_owned(), value.to_str().unwrap().to_owned()))
                .collect::<Vec<_>>();
            let body = answer.bytes().await.unwrap().to_vec();
            if !status.is_success() {
                let said: Value = serde_json::from_slice(&body).unwrap_or_default();
                let challenge = headers.iter().find(|(name, _)| name == "www-authenticate");
                let code = match (said["error"].as_str(), challenge) {
                    (Some(code), _) => code.to_owned(),
                    (None, Some((_, challenge))) => challenge.clone(),
                    (None, None) => String::new(),
                };
                let endpoint = path.rsplit('/').next().unwrap_or_default().to_owned();
                let refusal = (endpoint, status.as_u16(), code);
                self.refusals.lock().unwrap().push(refusal);
            }
            Ok(HttpResponse {
                status: status.as_u16(),
                headers,
                body: self.retell(&path, body),
            })
        })
    }
}

fn http() -> Client {
    let builder = Client::builder().no_proxy().redirect(Policy::none());
    builder.build().unwrap()
}

/// A wallet that its provider vouches for, and that leaves a part out.
fn wallet(installation: &Installation, part: Part) -> (Wallet, Arc<Careless>) {
    let loaded = Loaded::load(Some(&installation.path("symbolon.toml"))).unwrap();
    let identifier = ClientIdentifier::parse("symbolon-wallet").unwrap();
    let folder = installation.path(&format!("{part:?}"));
    let provider = DevelopmentProvider::of(&loaded, &folder, identifier.clone()).unwrap();
    let provider = Arc::new(provider);
    let transport = Arc::new(Careless {
        http: http(),
        part,
        refusals: Mutex::default(),
    });
    let crypto = Arc::new(RustCryptoProvider);
    let randomness = Arc::new(SystemRandomness);
    let ports = Ports {
        transport: Arc::clone(&transport) as _,
        store: Arc::new(MemoryStore::default()),
        keys: Arc::new(MemoryKeys::new(
            Arc::clone(&crypto) as _,
            Arc::clone(&randomness) as _,
        )),
        crypto,
        encryption: Arc::new(JosekitJwe::new()),
        randomness,
        json_ld: None,
        progress: Arc::new(Silent),
    };
    let trust = loaded.trust().unwrap();
    let policy = WalletPolicy::from_trust_list(&trust.trust_list, UrlPolicy::Development).unwrap();
    let client = WalletClient {
        identifier,
        redirect_uri: RedirectUri::parse(BACK).unwrap(),
        attester: Some(Arc::clone(&provider) as _),
        languages: Languages::default(),
    };
    let wallet = Wallet::new(ports, policy)
        .with_key_attester(provider)
        .with_client(client);
    (wallet, transport)
}

#[test]
fn a_wallet_that_leaves_one_part_of_the_profile_out_is_refused() {
    let (installation, _server, uin) = prepare();
    let at = |endpoint: &str, status: StatusCode, code: &str| {
        vec![(endpoint.to_owned(), status.as_u16(), code.to_owned())]
    };
    let (bad, unauthorized) = (StatusCode::BAD_REQUEST, StatusCode::UNAUTHORIZED);
    let challenged = "DPoP error=\"invalid_dpop_proof\", algs=\"ES256 ES384 EdDSA\"";
    for (part, refusals) in [
        (Part::Nothing, Vec::new()),
        (Part::Pushing, Vec::new()),
        (Part::Challenge, at("par", bad, "invalid_request")),
        (Part::Verifier, at("token", bad, "invalid_request")),
        (Part::Attestation, at("par", unauthorized, "invalid_client")),
        (
            Part::AttestationOfTheToken,
            at("token", unauthorized, "invalid_client"),
        ),
        (Part::ProofOfTheToken, at("token", bad, "invalid_dpop_proof")),
        (
            Part::ProofOfTheCredential,
            at("credential", unauthorized, challenged),
        ),
        (Part::KeyAttestation, at("credential", bad, "invalid_proof")),
    ] {
        let (wallet, transport) = wallet(&installation, part);
        let outcome = run(receive(&installation, &wallet, &uin, part));
        // A server's nonce is asked for once, and is no refusal.
        let told: Vec<_> = transport.refusals.lock().unwrap().clone();
        let told: Vec<_> = told
            .into_iter()
            .filter(|(_, _, code)| !code.contains("use_dpop_nonce"))
            .take(1)
            .collect();
        assert_eq!(told, refusals, "{part:?}");
        let stored =
            matches!(&outcome, Some(ReceiveOutcome::Stored { credentials, .. }) if credentials.len() == 1);
        assert_eq!(stored, part == Part::Nothing, "{part:?}: {outcome:?}");
        let held = run(wallet.list(&Languages::default(), edge::system_time())).unwrap();
        assert_eq!(held.len(), usize::from(part == Part::Nothing), "{part:?}");
    }
    let issued = installation.json(&["credential", "list", "--record", &uin, "--json"]);
    let issued = issued
        .as_array()
        .or_else(|| issued["credentials"].as_array())
        .unwrap();
    assert_eq!(issued.len(), 1, "{}", json!(issued));
}

/// The whole way, as far as it goes; `None` where it ends in the browser.
async fn receive(
    installation: &Installation,
    wallet: &Wallet,
    uin: &str,
    part: Part,
) -> Option<ReceiveOutcome> {
    let now = edge::system_time();
    let issuer = IssuerIdentifier::parse(&installation.issuer).unwrap();
    let wanted = Wanted::Configurations(vec![ConfigurationId::parse("NationalIdentity").unwrap()]);
    let asked = wallet.ask_issuer(issuer, wanted, now).await.unwrap();
    let outcome = wallet.accept_offer(asked.flow, None, now).await.unwrap();
    let ReceiveOutcome::SignInNeeded { url } = outcome else {
        return Some(outcome);
    };
    if part == Part::Pushing {
        let page = http().get(url.as_str()).send().await.unwrap();
        assert_eq!(page.status(), StatusCode::BAD_REQUEST);
        assert!(page.headers().get("set-cookie").is_none() && page.headers().get("location").is_none());
        return None;
    }
    let mut browser = Browser::new(installation);
    let page = Url::parse(url.as_str()).unwrap();
    let back = browser.answer(&page, uin, "/consent/approve").await;
    let outcome = wallet
        .complete_sign_in(asked.flow, &back, edge::system_time())
        .await;
    Some(outcome.unwrap())
}
