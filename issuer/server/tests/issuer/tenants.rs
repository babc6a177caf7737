//! Several issuers in one process, over one store and behind one listener: nothing of one is seen by, or works at, another
//! (ATTACKS.md rows 12, 15 and 19).

use std::collections::BTreeSet;
use std::io::{Read as _, Write as _};
use std::net::TcpStream;
use std::sync::Arc;

use reqwest::StatusCode;
use serde_json::{Value, json};
use symbolon_credential::sd_jwt::{SdJwt, SdJwtBudget, process};
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::x509::{Certificate, ChainProfile, verify_chain};
use symbolon_http::serve::{AdministrationToken, Encryption, listen};
use symbolon_issuer_server::administration::TransactionCode;
use symbolon_issuer_server::{
    EmbeddedIssuerStore, EmbeddedKeyValue, ServedIssuer, Server, StartError, TenantsError,
};
use symbolon_protocol::identifier::{IssuerIdentifier, UrlPolicy, WellKnown};
use symbolon_protocol::oauth::metadata::AuthorizationServerMetadata;
use symbolon_protocol::openid4vci::metadata::IssuerMetadata;
use symbolon_store::{Store, Tenant};

use crate::administration::PATHS;
use crate::harness::{HASSAN, Place, World, address_of, error_of, record, wanted};
use crate::wallet::{PUBLIC, Tokens, Wallet, open_policy, parameter};

const NORTH_TOKEN: &str = "the-token-of-north";
const SOUTH_TOKEN: &str = "the-token-of-south";

fn place(tenant: &'static str, host: &'static str, path: &'static str, token: &'static str) -> Place {
    Place {
        tenant,
        host,
        path,
        token,
        authorization: open_policy(),
    }
}

/// Two issuers, each of which knows another person by the same number.
async fn two(north: (&'static str, &'static str), south: (&'static str, &'static str)) -> [World; 2] {
    let places = [
        place("north", north.0, north.1, NORTH_TOKEN),
        place("south", south.0, south.1, SOUTH_TOKEN),
    ];
    let mut worlds = World::tenants(&places).await.into_iter();
    let (north, south) = (worlds.next().unwrap(), worlds.next().unwrap());
    north.import(&[record(HASSAN, "Hassan of the North")]).await;
    south.import(&[record(HASSAN, "Samira of the South")]).await;
    [north, south]
}

async fn two_by_path() -> [World; 2] {
    two(("127.0.0.1", "/north"), ("127.0.0.1", "/registers/south")).await
}

async fn well_known(world: &World) {
    let issuer = IssuerIdentifier::parse(&world.base).unwrap();
    let fetch = async |document| {
        let url = issuer.well_known(document);
        let response = world.client.get(url.as_str()).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::OK, "{url}");
        response.bytes().await.unwrap()
    };
    let body = fetch(WellKnown::CredentialIssuer).await;
    let metadata = IssuerMetadata::parse(&body, &issuer, UrlPolicy::Development).unwrap();
    let below = format!("{}/", world.base);
    assert!(metadata.credential_endpoint.as_str().starts_with(&below));
    assert!(metadata.nonce_endpoint.unwrap().as_str().starts_with(&below));
    let body = fetch(WellKnown::AuthorizationServer).await;
    let server = AuthorizationServerMetadata::parse(&body, &issuer, UrlPolicy::Development).unwrap();
    assert!(server.token_endpoint.unwrap().as_str().starts_with(&below));
    let body: Value = serde_json::from_slice(&fetch(WellKnown::JwtVcIssuer).await).unwrap();
    assert_eq!(body["issuer"], world.base.as_str());
}

#[tokio::test(flavor = "multi_thread")]
async fn well_known_documents_stand_above_the_path_and_everything_else_below_it() {
    let worlds = World::tenants(&[
        place("root", "127.0.0.1", "", "a"),
        place("one", "127.0.0.1", "/one", "b"),
        place("two", "127.0.0.1", "/one/two", "c"),
        place("three", "127.0.0.1", "/country/register/three", "d"),
        place("host", "localhost", "", "e"),
    ])
    .await;
    for world in &worlds {
        well_known(world).await;
        world.import(&[record(HASSAN, "Hassan Ali")]).await;
        let credential = world.issue(HASSAN).await;
        let sd_jwt = SdJwt::parse(&credential, SdJwtBudget::DEFAULT).unwrap();
        assert_eq!(process(&sd_jwt).unwrap().claims["iss"], world.base.as_str());
        // What one appends to the identifier is nothing, except where that is right: an issuer without a path.
        let appended = world.url("/.well-known/openid-credential-issuer");
        let status = world.client.get(appended).send().await.unwrap().status();
        let has_path = IssuerIdentifier::parse(&world.base).unwrap().url().url().path() != "/";
        assert_eq!(status == StatusCode::NOT_FOUND, has_path, "{}", world.base);
    }
    let root = &worlds[0];
    for unknown in [
        "/four/token",
        "/on/token",
        "/onetoken",
        "/.well-known/openid-credential-issuer/four",
    ] {
        let status = root.client.post(root.url(unknown)).send().await.unwrap().status();
        assert_eq!(status, StatusCode::NOT_FOUND, "{unknown}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn one_number_in_two_registers_is_two_people() {
    let worlds = two_by_path().await;
    for (world, name) in worlds.iter().zip(["Hassan of the North", "Samira of the South"]) {
        let credential = world.issue(HASSAN).await;
        let sd_jwt = SdJwt::parse(&credential, SdJwtBudget::DEFAULT).unwrap();
        let claims = process(&sd_jwt).unwrap().claims;
        assert_eq!(claims["full_name"], name);
        assert_eq!(claims["iss"], world.base.as_str());
        let uri = claims["status"]["status_list"]["uri"].as_str().unwrap();
        assert!(uri.starts_with(&format!("{}/", world.base)));
        let chain = sd_jwt.issuer_jwt().header.x5c.as_ref().unwrap().iter();
        let chain: Vec<_> = chain.map(|der| Certificate::parse(der).unwrap()).collect();
        for of in &worlds {
            let anchors = [of.issuer_anchor().clone()];
            let profile = ChainProfile::CredentialSigner;
            let verified = verify_chain(&chain, &anchors, profile, world.now(), &RustCryptoProvider);
            assert_eq!(verified.is_ok(), of.base == world.base);
        }
    }
    let references: BTreeSet<String> = futures(&worlds, async |world| {
        let page = world.administration().audit_entries(0).await.unwrap();
        let text = serde_json::to_string(&page).unwrap();
        let start = text.find("\\\"record\\\":\\\"").unwrap();
        text[start..start + 50].to_owned()
    })
    .await
    .into_iter()
    .collect();
    assert_eq!(references.len(), 2, "one person would have one reference");
}

async fn futures<T>(worlds: &[World; 2], of: impl AsyncFn(&World) -> T) -> [T; 2] {
    [of(&worlds[0]).await, of(&worlds[1]).await]
}

#[tokio::test(flavor = "multi_thread")]
async fn an_offer_of_one_issuer_is_none_of_another() {
    let [north, south] = two_by_path().await;
    let order = json!({
        "record": HASSAN,
        "configurations": ["NationalIdentity"],
        "tx_code": "not-required",
        "delivery": "by-reference",
    });
    let created = north.ordered("/offers", order).await;
    let address = address_of(&created);
    let path = address.strip_prefix(&north.base).unwrap().to_owned();
    let status = async |world: &World| world.client.get(world.url(&path)).send().await.unwrap().status();
    assert_eq!(status(&south).await, StatusCode::NOT_FOUND);
    assert_eq!(status(&north).await, StatusCode::OK);
    // Nor is it in the other's book, also by its name and for the same number.
    for list in [json!({}), json!({ "record": HASSAN })] {
        assert_eq!(south.ordered("/offers/list", list).await["offers"], json!([]));
    }
    let named = json!({ "offer": created["offer"] });
    for path in ["/offers/show", "/offers/cancel", "/offers/transaction-code"] {
        let answer = south.order(path).json(&named).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        let foreign = south.client.post(north.url(&format!("/admin/v1{path}")));
        let answer = foreign
            .bearer_auth(south.token)
            .json(&named)
            .send()
            .await
            .unwrap();
        assert_eq!(answer.status(), StatusCode::UNAUTHORIZED, "{path}");
    }
    assert_eq!(north.ordered("/offers/show", named).await["state"], "fetched");

    let offer = north.offer(HASSAN, TransactionCode::Required).await;
    let code = offer.tx_code.as_deref();
    let response = south.redeem(&offer.code, code).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(error_of(response).await, "invalid_grant");
    // Nor was it spent by that.
    assert_eq!(north.redeem(&offer.code, code).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_and_a_nonce_of_one_issuer_open_nothing_at_another() {
    let [north, south] = two_by_path().await;
    let (of_north, of_south) = (north.token(HASSAN).await, south.token(HASSAN).await);
    let key = north.wallet_key();
    let good = south.proof(&key, &south.nonce().await);
    let response = south
        .credential_request(&of_north, &wanted(std::slice::from_ref(&good)))
        .await;
    assert_eq!(response.status(), StatusCode::UNAUTHORIZED);
    let challenge = response.headers()["www-authenticate"].to_str().unwrap();
    assert!(challenge.contains("invalid_token"), "{challenge}");

    let foreign_nonce = north.nonce().await;
    let response = south
        .credential_request(&of_south, &wanted(&[south.proof(&key, &foreign_nonce)]))
        .await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(error_of(response).await, "invalid_nonce");

    let for_north = north.proof(&key, &south.nonce().await);
    let response = south.credential_request(&of_south, &wanted(&[for_north])).await;
    assert_eq!(response.status(), StatusCode::BAD_REQUEST);
    assert_eq!(error_of(response).await, "invalid_proof");

    let response = south.credential_request(&of_south, &wanted(&[good])).await;
    assert_eq!(response.status(), StatusCode::OK, "nothing of it was spent");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pushed_request_a_code_and_a_refresh_token_work_where_they_were_made() {
    let [north, south] = two_by_path().await;
    let wallet_of_north = Wallet::new(&north, PUBLIC).with_dpop();
    let wallet_of_south = Wallet::new(&south, PUBLIC).with_dpop();

    let request_uri = wallet_of_north.pushed(&[]).await;
    let refused = wallet_of_south.open_pushed(&request_uri).await;
    assert_eq!(refused.status(), StatusCode::BAD_REQUEST);
    let browser = crate::wallet::browser_key(&wallet_of_north.open_pushed(&request_uri).await);
    // The browser that signs in at one of them is nobody at the other.
    assert!(
        south
            .administration()
            .issuer()
            .authorization(&browser)
            .await
            .is_err()
    );
    let back = wallet_of_north.agree(&browser).await;
    assert_eq!(parameter(&back, "iss").unwrap(), north.base);
    let code = parameter(&back, "code").unwrap();

    let refused = wallet_of_south.redeem(&code).await;
    assert_eq!(error_of(refused).await, "invalid_grant");
    // A DPoP proof with a nonce of the other issuer is not fresh here.
    let foreign = wallet_of_south.nonce().await;
    let proof = wallet_of_north.proof(crate::wallet::DPOP_KEY, "/token", None, Some(&foreign));
    let form = wallet_of_north.redemption(&code, &[]);
    let refused = wallet_of_north.bare("/token").header("DPoP", proof).form(&form);
    assert_eq!(error_of(refused.send().await.unwrap()).await, "use_dpop_nonce");

    let tokens = Tokens::of(wallet_of_north.redeem(&code).await).await;
    let refresh = tokens.refresh.unwrap();
    let refused = wallet_of_south.refresh(&refresh).await;
    assert_eq!(error_of(refused).await, "invalid_grant");
    let refused = wallet_of_south.credential(&tokens.access).await;
    assert_eq!(refused.status(), StatusCode::UNAUTHORIZED);
    assert_eq!(wallet_of_north.refresh(&refresh).await.status(), StatusCode::OK);
}

#[tokio::test(flavor = "multi_thread")]
async fn the_administration_of_one_issuer_is_closed_to_the_operator_of_another() {
    let [north, south] = two_by_path().await;
    for (world, foreign) in [(&north, SOUTH_TOKEN), (&south, NORTH_TOKEN)] {
        for (method, path) in PATHS {
            let method = reqwest::Method::from_bytes(method.as_bytes()).unwrap();
            let url = world.url(&format!("/admin/v1{path}"));
            let response = world.client.request(method, url).bearer_auth(foreign);
            let response = response.json(&json!({ "record": HASSAN })).send().await.unwrap();
            assert_eq!(response.status(), StatusCode::UNAUTHORIZED, "{path}");
            assert!(response.bytes().await.unwrap().is_empty());
        }
        // Nor does it open what VCALM asks it for.
        let url = world.url("/vcalm/credentials/issue");
        let response = world.client.post(url).bearer_auth(foreign).json(&json!({}));
        assert_eq!(response.send().await.unwrap().status(), StatusCode::UNAUTHORIZED);
    }
    // There is none for all of them.
    let root = north.base.strip_suffix("/north").unwrap();
    for token in [NORTH_TOKEN, SOUTH_TOKEN] {
        let response = north.client.post(format!("{root}/admin/v1/records/export"));
        let response = response.bearer_auth(token).json(&json!({})).send().await.unwrap();
        assert_eq!(response.status(), StatusCode::NOT_FOUND);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn records_credentials_and_the_audit_log_of_one_issuer_are_not_there_for_another() {
    let [north, south] = two_by_path().await;
    north.import(&[record("2345678909", "Only in the North")]).await;
    let refused = south
        .order("/records/show")
        .json(&json!({ "record": "2345678909" }));
    let refused = refused.send().await.unwrap();
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    let records = south.ordered("/records/export", json!({})).await;
    assert_eq!(records["records"].as_array().unwrap().len(), 1);

    north.issue(HASSAN).await;
    let listed = north.ordered("/credentials/list", json!({})).await;
    let id = listed["credentials"][0]["id"].as_str().unwrap().to_owned();
    let of_south = south
        .ordered("/credentials/list", json!({ "record": HASSAN }))
        .await;
    assert!(of_south["credentials"].as_array().unwrap().is_empty());
    let order = json!({ "action": "revoke", "credentials": { "id": id } });
    let refused = south
        .order("/credentials/status")
        .json(&order)
        .send()
        .await
        .unwrap();
    assert_eq!(refused.status(), StatusCode::NOT_FOUND);
    assert_eq!(error_of(refused).await, "unknown_credential");
    let listed = north.ordered("/credentials/list", json!({})).await;
    assert_eq!(listed["credentials"][0]["status"], "valid");

    let audit = async |world: &World| {
        let verified = world.order("/audit/verify").send().await.unwrap();
        assert_eq!(verified.status(), StatusCode::OK);
        let url = world.url("/admin/v1/audit");
        let page = world
            .client
            .get(url)
            .bearer_auth(world.token)
            .send()
            .await
            .unwrap();
        page.text().await.unwrap()
    };
    assert!(audit(&north).await.contains(&id));
    assert!(!audit(&south).await.contains(&id));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_status_list_of_one_issuer_is_not_published_by_another() {
    let [north, south] = two_by_path().await;
    let status = async |world: &World, path: &str| {
        let response = world.client.get(world.url(path)).send().await.unwrap();
        (response.status(), response.text().await.unwrap())
    };
    north.issue(HASSAN).await;
    assert_eq!(status(&south, "/status/0").await.0, StatusCode::NOT_FOUND);
    assert_eq!(status(&north, "/status/0").await.0, StatusCode::OK);
    south.issue(HASSAN).await;
    let before = status(&south, "/status/0").await.1;
    let order = json!({ "action": "revoke", "credentials": { "record": HASSAN } });
    north.ordered("/credentials/status", order).await;
    assert_eq!(
        status(&south, "/status/0").await.1,
        before,
        "revoked there, not here"
    );
    let listed = south.ordered("/credentials/list", json!({})).await;
    assert_eq!(listed["credentials"][0]["status"], "valid");
}

/// Sends a request as it stands and returns the status of the answer.
fn raw(world: &World, request: &str) -> u16 {
    let authority = world.base.strip_prefix("http://").unwrap();
    let port = authority.split('/').next().unwrap().rsplit(':').next().unwrap();
    let mut stream = TcpStream::connect(format!("127.0.0.1:{port}")).unwrap();
    let request = request.replace("PORT", port).replace('\n', "\r\n");
    stream.write_all(request.as_bytes()).unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    answer.get(9..12).unwrap().parse().unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_one_host_that_a_request_names_chooses_the_issuer() {
    let [north, south] = two(("127.0.0.1", ""), ("localhost", "")).await;
    let order = json!({
        "record": HASSAN,
        "configurations": ["NationalIdentity"],
        "tx_code": "not-required",
        "delivery": "by-reference",
    });
    let created = north.ordered("/offers", order).await;
    let address = address_of(&created);
    let offer = address.strip_prefix(&north.base).unwrap().to_owned();
    let get = |target: &str, fields: &str| {
        raw(
            &north,
            &format!("GET {target} HTTP/1.1\n{fields}Connection: close\n\n"),
        )
    };
    assert_eq!(get(&offer, "Host: 127.0.0.1:PORT\n"), 200);
    assert_eq!(get(&offer, "Host: localhost:PORT\n"), 404);
    assert_eq!(get(&offer, "Host: LOCALHOST:PORT\n"), 404);
    for unknown in [
        "example.org",
        "example.org:PORT",
        "127.0.0.1",
        "127.0.0.1:1",
        "127.0.0.1.:PORT",
    ] {
        assert_eq!(get(&offer, &format!("Host: {unknown}\n")), 421, "{unknown}");
    }
    for unclear in [
        "",
        "Host: localhost:PORT\nHost: 127.0.0.1:PORT\n",
        "Host: 127.0.0.1:PORT, localhost:PORT\n",
        "Host: localhost@127.0.0.1:PORT\n",
        "Host: \n",
    ] {
        assert_eq!(get(&offer, unclear), 400, "{unclear:?}");
    }
    let absolute = format!("http://127.0.0.1:PORT{offer}");
    assert_eq!(get(&absolute, "Host: localhost:PORT\n"), 400);
    assert_eq!(get(&absolute, "Host: 127.0.0.1:PORT\n"), 200);
    for claimed in [
        "X-Forwarded-Host: 127.0.0.1:PORT",
        "Forwarded: host=\"127.0.0.1:PORT\"",
        "X-Host: 127.0.0.1:PORT",
    ] {
        assert_eq!(
            get(&offer, &format!("Host: localhost:PORT\n{claimed}\n")),
            404,
            "{claimed}"
        );
    }
    // A token goes with the issuer, not with the host that a request names.
    let export = |host: &str, token: &str| {
        raw(
            &south,
            &format!(
                "POST /admin/v1/records/export HTTP/1.1\nHost: {host}:PORT\nAuthorization: Bearer {token}\n\
                 Content-Length: 2\nConnection: close\n\n{{}}"
            ),
        )
    };
    assert_eq!(export("127.0.0.1", NORTH_TOKEN), 200);
    assert_eq!(export("localhost", SOUTH_TOKEN), 200);
    assert_eq!(export("localhost", NORTH_TOKEN), 401);
    assert_eq!(export("127.0.0.1", SOUTH_TOKEN), 401);
}

#[tokio::test(flavor = "multi_thread")]
async fn issuers_that_requests_cannot_tell_apart_are_refused_at_start() {
    let start = async |paths: [&str; 2]| {
        let world = World::start().await;
        let store = Store::open_in_memory().unwrap();
        let mut served = Vec::new();
        for (path, tenant) in paths.into_iter().zip(["north", "south"]) {
            let tenant = Tenant::parse(tenant).unwrap();
            let books = EmbeddedIssuerStore::new(EmbeddedKeyValue::new(store.clone(), tenant));
            let setup = world.setup_at(&format!("http://127.0.0.1:8080{path}"), Arc::new(books));
            served.push(ServedIssuer {
                issuer: symbolon_issuer_server::Issuer::open(setup).await.unwrap(),
                administration_token: AdministrationToken::new(path),
            });
        }
        let listener = listen(([127, 0, 0, 1], 0).into()).unwrap();
        Server::start_tenants(served, listener, Encryption::Plain)
            .await
            .map(|_| ())
    };
    assert!(matches!(
        start(["/north", "/north"]).await,
        Err(StartError::Tenants(TenantsError::SameAddress { .. }))
    ));
    for hides in [
        "/token",
        "/status",
        "/status/bitstring",
        "/offers/a",
        "/admin",
        "/admin/v1",
        "/vcalm",
        "/types",
    ] {
        for paths in [["", hides], [hides, ""]] {
            assert!(
                matches!(
                    start(paths).await,
                    Err(StartError::Tenants(TenantsError::Shadowed { .. }))
                ),
                "{hides}"
            );
        }
    }
    assert!(start(["", "/north"]).await.is_ok());
    assert!(start(["/north", "/north-east"]).await.is_ok());
}
