//! Every kind of client identifier, every way that a request travels, and both response modes.

use http::Method;
use http::header::CONTENT_TYPE;
use serde_json::{Value, json};
use symbolon_crypto::RustCryptoProvider;
use symbolon_did::{Did, PublishedDocument, web_did_of};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_protocol::openid4vp::link::{RequestDelivery, RequestLink, RequestUriMethod};
use symbolon_protocol::openid4vp::profile::PresentationProfile;
use symbolon_protocol::openid4vp::registered::RegisteredClient;
use symbolon_protocol::openid4vp::request::ResponseMode;
use symbolon_protocol::openid4vp::request_object::{
    ClientProof, KnownClients, RequestExpectations, ResponseUriRule, VerifiedRequest, verify, verify_unsigned,
};
use symbolon_protocol::openid4vp::scope::ScopeQueries;
use symbolon_verifier_server::configuration::VerifierConfiguration;

use crate::world::{TOKEN, World, json_of};

const CLIENT: &str = "clinic";

fn registered(configuration: &mut VerifierConfiguration) {
    configuration.client_id = Some(CLIENT.to_owned());
}

/// What a wallet knows of this verifier.
struct Knowledge {
    document: PublishedDocument,
    registered: Vec<RegisteredClient>,
    scopes: ScopeQueries,
}

async fn knowledge(world: &World) -> Knowledge {
    let did: Did = web_did_of(&world.base).unwrap();
    let document = world.send(Method::GET, "/.well-known/did.json", &[], "").await;
    assert_eq!(
        (document.status, document.media_type().as_str()),
        (200, "application/did+json")
    );
    let headers = [(http::header::AUTHORIZATION, &*format!("Bearer {TOKEN}"))];
    let registration = world
        .send(Method::GET, "/admin/v1/registration", &headers, "")
        .await;
    Knowledge {
        document: PublishedDocument::parse(&document.body, &did).unwrap(),
        registered: RegisteredClient::parse(&registration.body).into_iter().collect(),
        scopes: ScopeQueries::default(),
    }
}

/// Opens a link however it delivers the request. Returns how it did.
async fn open(world: &World, link: &str, known: &Knowledge) -> (VerifiedRequest, &'static str) {
    let link = RequestLink::parse(link, UrlPolicy::Development).unwrap();
    let anchors = [world.anchor.clone()];
    let expected = RequestExpectations {
        client_id: &link.client_id,
        clients: KnownClients {
            did_document: Some(&known.document),
            registered: &known.registered,
            scopes: &known.scopes,
            ..KnownClients::anchored_by(&anchors, ResponseUriRule::NamedInCertificate)
        },
        urls: UrlPolicy::Development,
        issuer: None,
        wallet_nonce: None,
        now: world.now(),
    };
    let (object, how) = match &link.request {
        RequestDelivery::Unsigned(request) => {
            return (
                verify_unsigned(request.parameters(), &expected).unwrap(),
                "unsigned",
            );
        }
        RequestDelivery::ByValue(object) => (object.clone(), "value"),
        RequestDelivery::ByReference { request_uri, method } => {
            let headers = [(CONTENT_TYPE, "application/x-www-form-urlencoded")];
            let (fetched, how) = match method {
                RequestUriMethod::Get => (
                    world.send(Method::GET, request_uri.as_str(), &[], "").await,
                    "get",
                ),
                RequestUriMethod::Post => (
                    world
                        .send(Method::POST, request_uri.as_str(), &headers, "wallet_nonce=n")
                        .await,
                    "post",
                ),
            };
            assert_eq!(fetched.status, 200);
            (String::from_utf8(fetched.body).unwrap(), how)
        }
        _ => panic!("an unknown delivery"),
    };
    (verify(&object, &expected, &RustCryptoProvider).unwrap(), how)
}

/// Whether a request proves what it should.
type Proves<'p> = &'p dyn Fn(&ClientProof) -> bool;

#[tokio::test]
async fn a_request_of_every_kind_is_made_opened_answered_and_judged_valid() {
    let world = World::configured(registered).await;
    let known = knowledge(&world).await;
    let x509 = |proof: &ClientProof| matches!(proof, ClientProof::Certificate { .. });
    let did = |proof: &ClientProof| matches!(proof, ClientProof::DecentralizedIdentifier(_));
    let listed = |proof: &ClientProof| matches!(proof, ClientProof::Registered { .. });
    let nothing = |proof: &ClientProof| *proof == ClientProof::Nothing;
    let kinds: [(&str, Proves<'_>); 4] = [
        ("x509_hash", &x509),
        ("decentralized_identifier", &did),
        ("pre-registered", &listed),
        ("redirect_uri", &nothing),
    ];
    for (kind, proves) in kinds {
        let deliveries: &[(Value, &str)] = match kind {
            "redirect_uri" => &[(json!({}), "unsigned")],
            _ => &[
                (json!({"request_delivery": "reference"}), "get"),
                (json!({"request_uri_method": "post"}), "post"),
                (json!({"request_delivery": "value"}), "value"),
            ],
        };
        for (delivery, how) in deliveries {
            for mode in ["direct_post.jwt", "direct_post"] {
                // A registered client has its one response mode among its metadata: a key to encrypt to.
                let mut body = json!({
                    "dcql_query": world.query(), "client_id_prefix": kind, "response_mode": mode,
                });
                for (name, value) in delivery.as_object().unwrap() {
                    body[name] = value.clone();
                }
                let (id, link) = world.make_request(&body).await;
                let (request, delivered) = open(&world, &link, &known).await;
                assert_eq!(delivered, *how, "{body}");
                assert!(proves(request.proof()), "{body}: {:?}", request.proof());
                assert_eq!(request.request().response_mode.as_str(), mode);
                assert_eq!(answer(&world, &request).await, 200, "{body}");
                let result = world.result(&id).await;
                let report = &result["result"]["outcome"]["presented"]["reports"][0]["report"];
                assert_eq!(report["verdict"], "valid", "{body}: {result:#}");
            }
        }
    }
}

async fn answer(world: &World, request: &VerifiedRequest) -> u16 {
    let form = match request.request().response_mode {
        ResponseMode::DirectPost => world.answer(request).to_form().unwrap(),
        ResponseMode::DirectPostJwt => world.encrypt(request, &world.answer(request)),
        other => panic!("the verifier asked for {other:?}"),
    };
    world.post(request, &form).await.status
}

#[tokio::test]
async fn an_answer_travels_as_the_request_wants_it() {
    let world = World::new().await;
    let known = knowledge(&world).await;
    let plain = json!({"dcql_query": world.query(), "response_mode": "direct_post"});
    let (id, link) = world.make_request(&plain).await;
    let (request, _) = open(&world, &link, &known).await;
    let metadata = &request.request().client_metadata;
    assert_eq!(
        (&metadata.jwks, &metadata.encrypted_response_enc_values_supported),
        (&None, &None)
    );
    let (_, other) = world.make_request(&json!({"dcql_query": world.query()})).await;
    let (encrypted, _) = open(&world, &other, &known).await;
    let form = world.encrypt(&encrypted, &world.answer(&request));
    assert_eq!(world.post(&request, &form).await.status, 400);
    let form = world.answer(&encrypted).to_form().unwrap();
    assert_eq!(world.post(&encrypted, &form).await.status, 400);
    assert_eq!(world.result(&id).await["state"], "pending");
}

#[tokio::test]
async fn a_request_that_stands_in_its_link_is_not_fetched() {
    let world = World::new().await;
    let value = json!({"dcql_query": world.query(), "request_delivery": "value"});
    let (id, _) = world.make_request(&value).await;
    let path = format!("/openid4vp/requests/{id}");
    assert_eq!(world.send(Method::GET, &path, &[], "").await.status, 404);
    let headers = [(CONTENT_TYPE, "application/x-www-form-urlencoded")];
    assert_eq!(world.send(Method::POST, &path, &headers, "").await.status, 404);
}

#[tokio::test]
async fn the_answers_of_a_registered_client_go_to_one_address_and_are_told_apart_by_their_state() {
    let world = World::configured(registered).await;
    let known = knowledge(&world).await;
    let body = json!({"dcql_query": world.query(), "client_id_prefix": CLIENT_KIND});
    let (one, link) = world.make_request(&body).await;
    let (first, _) = open(&world, &link, &known).await;
    let (two, link) = world.make_request(&body).await;
    let (second, _) = open(&world, &link, &known).await;
    assert_eq!(first.request().response_uri, second.request().response_uri);

    let mut crossed = world.answer(&first);
    crossed.state = second.request().state.clone();
    assert_eq!(
        world.post(&first, &world.encrypt(&first, &crossed)).await.status,
        400,
        "the proof is for the other request"
    );
    assert_eq!(world.result(&one).await["state"], "pending");
    assert_eq!(world.result(&two).await["state"], "answered");

    let name = first.request().state.as_ref().unwrap().as_str()[..43].to_owned();
    let (foreign, _) = world.make_request(&json!({"dcql_query": world.query()})).await;
    for state in [
        "",
        "guessed",
        &name,
        &format!("{foreign}{foreign}"),
        &"a".repeat(86),
    ] {
        let mut stray = world.answer(&first);
        stray.state = symbolon_protocol::openid4vp::request::RequestNonce::parse(state);
        let refused = world.post(&first, &world.encrypt(&first, &stray)).await;
        assert!(matches!(refused.status, 400 | 404), "{state}: {}", refused.status);
    }
    assert_eq!(world.result(&one).await["state"], "pending");
    // Nor at the address of a request of another kind.
    let own = format!("/openid4vp/responses/{one}");
    let headers = [(CONTENT_TYPE, "application/x-www-form-urlencoded")];
    let form = world.encrypt(&first, &world.answer(&first));
    assert_eq!(world.send(Method::POST, &own, &headers, &form).await.status, 404);
    assert_eq!(answer(&world, &first).await, 200);
    assert_eq!(world.result(&one).await["state"], "answered");
}

const CLIENT_KIND: &str = "pre-registered";

#[tokio::test]
async fn without_a_registered_name_there_is_no_registration() {
    let world = World::new().await;
    let headers = [(http::header::AUTHORIZATION, &*format!("Bearer {TOKEN}"))];
    let missing = world
        .send(Method::GET, "/admin/v1/registration", &headers, "")
        .await;
    assert_eq!(missing.status, 404);
    let body = json!({"dcql_query": world.query(), "client_id_prefix": CLIENT_KIND});
    assert_eq!(
        world.administer(Method::POST, "", &body.to_string()).await.status,
        400
    );
}

#[tokio::test]
async fn a_scope_stands_for_a_query_of_the_configuration() {
    let query = json!({"credentials": [{
        "id": "identity", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:identity"]},
    }]});
    let configured = query.clone();
    let world = World::configured(move |configuration| {
        configuration.queries.insert("identity".to_owned(), configured);
        configuration
            .scopes
            .insert("com.example.identity".to_owned(), "identity".to_owned());
    })
    .await;
    let (_, link) = world
        .make_request(&json!({"scope": "com.example.identity"}))
        .await;
    let mut known = knowledge(&world).await;
    let meaning = DcqlQuery::parse(query.to_string().as_bytes()).unwrap();
    known
        .scopes
        .insert("com.example.identity", meaning.clone())
        .unwrap();
    let (request, _) = open(&world, &link, &known).await;
    assert_eq!(
        request
            .request()
            .scope
            .as_ref()
            .map(ToString::to_string)
            .as_deref(),
        Some("com.example.identity")
    );
    assert_eq!(request.request().dcql_query, meaning);
}

#[tokio::test]
async fn under_the_profile_what_contradicts_it_is_refused_where_a_request_is_made() {
    let world = World::configured(|configuration| {
        registered(configuration);
        configuration.profile = PresentationProfile::Haip;
    })
    .await;
    let (_, link) = world.make_request(&json!({"dcql_query": world.query()})).await;
    assert!(link.starts_with("haip-vp://?client_id=x509_hash"), "{link}");
    assert_eq!(world.present_to(&world.open(&link).await).await.status, 200);
    let w3c = json!({"credentials": [{
        "id": "a", "format": "ldp_vc", "meta": {"type_values": [["https://a.example/T"]]},
    }]});
    for (name, value) in [
        ("client_id_prefix", json!("decentralized_identifier")),
        ("client_id_prefix", json!("pre-registered")),
        ("client_id_prefix", json!("redirect_uri")),
        ("response_mode", json!("direct_post")),
        ("request_delivery", json!("value")),
        ("dcql_query", w3c),
    ] {
        let mut body = json!({"dcql_query": world.query()});
        body[name] = value;
        let refused = world.administer(Method::POST, "", &body.to_string()).await;
        assert_eq!(refused.status, 400, "{body}");
        let description = json_of(&refused)["error_description"].to_string();
        assert!(
            description.contains("profile haip contradicts"),
            "{body}: {description}"
        );
    }
}
