//! Relying parties with certificates of their own, and with registration certificates (OpenID4VP 1.0, sections 5.1 and 5.11).

use http::Method;
use http::header::AUTHORIZATION;
use serde_json::{Value, json};
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::x509::Certificate;
use symbolon_protocol::openid4vp::client_id::ClientIdPrefix;
use symbolon_protocol::openid4vp::registration_certificate::{RegistrationCertificate, RegistrationRefused};
use symbolon_protocol::openid4vp::request_object::{ClientProof, VerifiedRequest};
use symbolon_trust::testing::{DAY, NOW};
use symbolon_verifier::name::{PolicyName, RelyingPartyName};
use symbolon_verifier_server::ScanAccess;
use symbolon_verifier_server::configuration::VerifierConfiguration;

use crate::world::{ORGANIZATION, TOKEN, World, json_of, registrar};

fn registration(vct: &str) -> Value {
    json!({
        "name": "First Bank", "sub": ORGANIZATION, "country": "DE", "registry_uri": "https://registrar.example",
        "entitlements": ["https://uri.etsi.org/19475/Entitlement/Service_Provider"],
        "purpose": [{"lang": "en", "value": "Opening an account"}],
        "credentials": [{"format": "dc+sd-jwt", "meta": {"vct_values": [vct]}, "claim": [{"path": ["given_name"]}]}],
        "iat": NOW.minus(DAY), "exp": NOW.plus(DAY * 30),
    })
}

fn configure(configuration: &mut VerifierConfiguration, vct: &str) {
    let policy = json!({
        "purpose": "To open an account in your name",
        "credentials": [{"id": "identity", "format": "dc+sd-jwt", "types": [vct], "binding": "key",
            "claims": [{"path": ["given_name"]}]}],
    });
    let name = PolicyName::parse("account").unwrap();
    configuration
        .policies
        .insert(name, serde_json::from_value(policy).unwrap());
    for (name, document) in [
        (
            "bank",
            json!({
                "name": "First Bank", "purpose": "Banking", "policies": ["account"], "own_queries": "allowed",
                "certificate": "own", "registration_certificate": registration(vct).to_string(),
            }),
        ),
        (
            "shop",
            json!({"name": "Corner Shop", "purpose": "Selling wine", "policies": ["account"]}),
        ),
    ] {
        let name = RelyingPartyName::parse(name).unwrap();
        configuration
            .relying_parties
            .insert(name, serde_json::from_value(document).unwrap());
    }
}

async fn asked(world: &World, party: &str, body: &Value) -> (String, VerifiedRequest, String) {
    let bearer = format!("Bearer {TOKEN}");
    let path = format!("/admin/v1/relying-parties/{party}/keys");
    let made = world
        .send(Method::POST, &path, &[(AUTHORIZATION, &bearer)], "")
        .await;
    let key = format!("Bearer {}", json_of(&made)["key"].as_str().unwrap());
    let path = "/relying-party/v1/presentation-requests";
    let made = world
        .send(Method::POST, path, &[(AUTHORIZATION, &key)], &body.to_string())
        .await;
    assert_eq!(made.status, 201, "{}", String::from_utf8_lossy(&made.body));
    let made = json_of(&made);
    let request = world.open(made["authorization_request"].as_str().unwrap()).await;
    (made["request_id"].as_str().unwrap().to_owned(), request, key)
}

fn signer(request: &VerifiedRequest) -> &Certificate {
    match request.proof() {
        ClientProof::Certificate { certificate, .. } => certificate,
        proof => panic!("{proof:?}"),
    }
}

#[tokio::test]
async fn a_relying_party_signs_by_itself_and_says_what_it_is_registered_for() {
    let world = World::of_issuer(configure, ScanAccess::Open).await;
    let (id, request, key) = asked(&world, "bank", &json!({"policy": "account"})).await;
    let own = signer(&request);
    assert_eq!(own.subject_organization_identifier(), Some(ORGANIZATION));
    assert_eq!(
        *request.request().client_id.prefix(),
        ClientIdPrefix::X509Hash(own.sha256())
    );
    let [info] = request.request().verifier_info.as_slice() else {
        panic!("one attestation")
    };
    assert_eq!(
        (info.format.as_str(), &info.credential_ids),
        ("registration_cert", &None)
    );
    let anchors = [registrar().certificate().clone()];
    let verify = |access: &Certificate| {
        let text = info.data.as_str().unwrap();
        RegistrationCertificate::verify(text, &anchors, access, world.now(), &RustCryptoProvider)
    };
    assert_eq!(verify(own).unwrap().certificate().name, "First Bank");
    let metadata = &request.request().client_metadata;
    assert_eq!(metadata.client_name.as_deref(), Some("First Bank"));
    assert_eq!(
        metadata.purpose.as_deref(),
        Some("To open an account in your name")
    );
    // The answer is for this client, and judged so.
    assert_eq!(world.present_to(&request).await.status, 200);
    let path = format!("/relying-party/v1/presentation-requests/{id}");
    let result = json_of(&world.send(Method::GET, &path, &[(AUTHORIZATION, &key)], "").await);
    assert_eq!(
        result["result"]["outcome"]["presented"]["decision"]["outcome"],
        "satisfied"
    );

    // Whoever has none asks by the verifier's, and the registration of another is not theirs.
    let (_, request, _) = asked(&world, "shop", &json!({"policy": "account"})).await;
    assert_ne!(signer(&request).sha256(), own_hash(&world).await);
    assert!(request.request().verifier_info.is_empty());
    assert_eq!(
        verify(signer(&request)).map(|_| ()),
        Err(RegistrationRefused::NotTheVerifiers)
    );
    let metadata = &request.request().client_metadata;
    assert_eq!(
        metadata.purpose.as_deref(),
        Some("To open an account in your name")
    );
    let (_, request, _) = asked(&world, "bank", &json!({"dcql_query": world.query()})).await;
    assert_eq!(
        request.request().client_metadata.purpose.as_deref(),
        Some("Banking")
    );
}

async fn own_hash(world: &World) -> [u8; 32] {
    let (_, request, _) = asked(world, "bank", &json!({"policy": "account"})).await;
    signer(&request).sha256()
}
