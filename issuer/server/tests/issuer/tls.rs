//! The issuer behind TLS, and behind a proxy that ends it.

use std::net::SocketAddr;
use std::sync::Arc;

use reqwest::{Client, StatusCode};
use symbolon_crypto::encoding::base64;
use symbolon_crypto::signing::{DescribeKeys as _, KeyHandle, SoftwareKey};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::x509::issue::{LeafRequest, Validity, leaf, root};
use symbolon_crypto::{RustCryptoProvider, SecretKey, SignatureAlgorithm, UnixTime};
use symbolon_http::serve::{AdministrationToken, Encryption, TlsFiles, listen};
use symbolon_issuer_server::{EmbeddedIssuerStore, EmbeddedKeyValue, Issuer, Listening, Running, Server};
use symbolon_protocol::identifier::{IssuerIdentifier, UrlPolicy};
use symbolon_protocol::openid4vci::metadata::IssuerMetadata;
use symbolon_store::{Store, Tenant};

use crate::harness::World;

/// An issuer at `base`, listening as it is told.
async fn serve(
    world: &World,
    base: &str,
    listener: std::net::TcpListener,
    encryption: Encryption,
) -> Running {
    let books = EmbeddedKeyValue::new(
        Store::open_in_memory().unwrap(),
        Tenant::parse("default").unwrap(),
    );
    let setup = world.setup_at(base, Arc::new(EmbeddedIssuerStore::new(books)));
    let listening = Listening {
        listener,
        encryption,
        administration_token: AdministrationToken::new("another-token"),
    };
    Server::start(Issuer::open(setup).await.unwrap(), listening)
        .await
        .unwrap()
}

fn pem(label: &str, der: &[u8]) -> String {
    let text = base64::encode(der);
    let lines: Vec<&str> = text
        .as_bytes()
        .chunks(64)
        .map(|line| std::str::from_utf8(line).unwrap())
        .collect();
    format!(
        "-----BEGIN {label}-----\n{}\n-----END {label}-----\n",
        lines.join("\n")
    )
}

fn free() -> std::net::TcpListener {
    listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_listener_with_a_certificate_speaks_tls_alone() {
    let world = World::start().await;
    let folder = tempfile::tempdir().unwrap();
    let randomness = SeededRandomness::new(60);
    let key = |name: &str| {
        let secret = SecretKey::generate(SignatureAlgorithm::Es256, &randomness).unwrap();
        SoftwareKey::new(KeyHandle::new(name), secret, Arc::new(RustCryptoProvider))
    };
    let (authority, subject) = (key("authority"), key("listener"));
    // The client looks at the clock of the machine.
    let validity = Validity {
        not_before: UnixTime::from_seconds(1_000_000_000),
        not_after: UnixTime::from_seconds(2_500_000_000),
    };
    let described = authority.describe(authority.handle()).unwrap();
    let anchor = root("Listeners", validity, &described, &authority, &randomness).unwrap();
    let request = LeafRequest {
        subject_name: "localhost".to_owned(),
        san_uris: Vec::new(),
        san_dns: vec!["localhost".to_owned()],
        validity,
        extended_key_usage: None,
        public_key: subject.public_key().clone(),
    };
    let signer = Certificate::parse(&anchor).unwrap();
    let der = leaf(&request, &signer, &described, &authority, &randomness).unwrap();
    let files = TlsFiles {
        certificate: folder.path().join("listener.pem"),
        key: folder.path().join("listener-key.pem"),
    };
    std::fs::write(&files.certificate, pem("CERTIFICATE", &der)).unwrap();
    let private = subject.secret_key().to_pkcs8_der().unwrap();
    std::fs::write(&files.key, pem("PRIVATE KEY", &private)).unwrap();

    let listener = free();
    let port = listener.local_addr().unwrap().port();
    let base = format!("https://localhost:{port}");
    let running = serve(&world, &base, listener, Encryption::Tls(files)).await;
    let trusting = Client::builder()
        .no_proxy()
        .tls_certs_only([reqwest::Certificate::from_der(&anchor).unwrap()])
        .build()
        .unwrap();
    for path in [
        "/.well-known/openid-credential-issuer",
        "/.well-known/oauth-authorization-server",
    ] {
        let answer = trusting.get(format!("{base}{path}")).send().await.unwrap();
        assert_eq!(answer.status(), StatusCode::OK, "{path}");
    }
    for path in [
        "/nonce",
        "/credential",
        "/deferred_credential",
        "/notification",
        "/token",
    ] {
        assert!(
            trusting.post(format!("{base}{path}")).send().await.is_ok(),
            "{path}"
        );
        let plain = world
            .client
            .post(format!("http://localhost:{port}{path}"))
            .send()
            .await;
        assert!(plain.is_err(), "{path} answers without TLS");
    }
    running.shutdown().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn every_address_of_a_public_issuer_is_an_https_address_below_its_identifier() {
    let world = World::start().await;
    let listener = free();
    let address = listener.local_addr().unwrap();
    let base = "https://id.example/register";
    let running = serve(&world, base, listener, Encryption::Plain).await;
    // As a proxy would ask that ends TLS.
    let url = format!("http://{address}/.well-known/openid-credential-issuer/register");
    let answer = world
        .client
        .get(url)
        .header("host", "id.example")
        .send()
        .await
        .unwrap();
    assert_eq!(answer.status(), StatusCode::OK);
    assert_eq!(answer.headers()["content-type"], "application/json");
    let body = answer.bytes().await.unwrap();
    let issuer = IssuerIdentifier::parse(base).unwrap();
    let metadata = IssuerMetadata::parse(&body, &issuer, UrlPolicy::Public).unwrap();
    let raw: serde_json::Value = serde_json::from_slice(&body).unwrap();
    assert_eq!(raw["credential_issuer"], base);
    let addresses = [
        Some(metadata.credential_endpoint),
        metadata.nonce_endpoint,
        metadata.notification_endpoint,
    ];
    for endpoint in addresses {
        let endpoint = endpoint.unwrap();
        assert!(
            endpoint.as_str().starts_with("https://id.example/register/"),
            "{endpoint:?}"
        );
    }
    running.shutdown().await;
}
