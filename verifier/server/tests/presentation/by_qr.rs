//! The shop's page asks for a presentation by QR codes and reads the answer, as browser and wallet do it.

use http::Method;
use http::header::{ACCEPT_LANGUAGE, CONTENT_TYPE};
use serde_json::{Value, json};
use symbolon_credential::mdoc::SessionTranscript;
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::encoding::cbor::write;
use symbolon_crypto::encoding::zlib::{Effort, deflate};
use symbolon_crypto::jose::jwe::PureJwe;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_protocol::openid4vp::request_object::{
    KnownClients, RequestExpectations, ResponseUriRule, VerifiedRequest, unproven_client_id, verify_by_qr,
};
use symbolon_protocol::openid4vp::response::{AuthorizationResponse, VpToken};
use symbolon_protocol::qr_transport::{
    CarriedCredential, FrameDecoder, FrameSize, Message, Progress, proof_audience,
};
use symbolon_qr_picture::{
    ErrorCorrection, FrameTime, PictureSource, Symbol, Version, draw_animation, read_picture,
};
use symbolon_trust::status_list::Status;
use symbolon_verifier::name::PolicyName;
use symbolon_verifier_server::configuration::VerifierConfiguration;
use symbolon_verifier_server::{ScanAccess, ScanCode};
use ur::ur::{Type, try_encode};

use crate::world::formats::present_mdoc_in;
use crate::world::{DOC_TYPE, World, json_of, token};

const FORM: &str = "application/x-www-form-urlencoded";

/// Has the page ask, and answers the name of the request.
async fn ask(world: &World, what: &str) -> String {
    let body = url::form_urlencoded::Serializer::new(String::new())
        .append_pair("ask", what)
        .finish();
    let asked = world
        .send(Method::POST, "/scan/requests", &[(CONTENT_TYPE, FORM)], &body)
        .await;
    assert_eq!(asked.status, 303);
    let page = asked.headers["location"].to_str().unwrap().to_owned();
    page.strip_prefix("/scan?request=").unwrap().to_owned()
}

/// Films the request on the page, missing the first frames, and verifies it as a wallet does.
async fn film(world: &World, id: &str) -> VerifiedRequest {
    let page = world
        .send(Method::GET, &format!("/scan?request={id}"), &[], "")
        .await;
    assert_eq!(page.status, 200);
    let page = String::from_utf8(page.body).unwrap();
    assert!(
        page.contains(&format!("/scan/requests/{id}")) && page.contains(&format!("data-request=\"{id}\""))
    );
    let picture = world
        .send(Method::GET, &format!("/scan/requests/{id}"), &[], "")
        .await;
    assert_eq!(
        (picture.status, picture.media_type().as_str()),
        (200, "image/gif")
    );
    assert_eq!(picture.headers["cache-control"], "no-store");
    let found = read_picture(&picture.body, PictureSource::Rendered).unwrap();
    let mut decoder = FrameDecoder::default();
    let message = found
        .iter()
        .skip(2)
        .find_map(|code| match decoder.take(code.text().unwrap()).unwrap() {
            Progress::Complete(message) => Some(message),
            Progress::Assembling { .. } => None,
        });
    let Some(Message::Request(object)) = message else {
        panic!("a request")
    };
    let anchors = [world.anchor.clone()];
    let client_id = unproven_client_id(&object).unwrap();
    let expected = RequestExpectations {
        client_id: &client_id,
        clients: KnownClients::anchored_by(&anchors, ResponseUriRule::NamedInCertificate),
        urls: UrlPolicy::Development,
        issuer: None,
        wallet_nonce: None,
        now: world.now(),
    };
    verify_by_qr(&object, &expected, &RustCryptoProvider).unwrap()
}

/// An answer with these claims, for this audience.
fn answer_for(world: &World, request: &VerifiedRequest, audience: &str, names: &[&str]) -> Message {
    let text = world.present(audience, request.request().nonce.as_str(), names);
    let answer = AuthorizationResponse {
        vp_token: token("identity", vec![text]),
        state: request.request().state.clone(),
    };
    seal(request, &answer)
}

/// Encrypts an answer to the key of a request.
fn seal(request: &VerifiedRequest, answer: &AuthorizationResponse) -> Message {
    let encryption = request.request().response_encryption().unwrap().unwrap();
    let codec = PureJwe::new(&RustCryptoProvider);
    Message::Response(
        answer
            .to_jwe(&encryption, &codec, &SeededRandomness::new(8))
            .unwrap(),
    )
}

fn answer(world: &World, request: &VerifiedRequest, names: &[&str]) -> Message {
    let audience = proof_audience(request.request().client_id.as_str());
    answer_for(world, request, &audience, names)
}

/// Asks who somebody is, and what the page is told of the answer.
pub(crate) async fn asked_and_told(world: &World) -> Value {
    let id = ask(world, "Who are you?").await;
    let request = film(world, &id).await;
    let frames = frames(&answer(world, &request, &["given_name"]));
    told(world, &frames, Some(&id)).await
}

/// Every second frame of two rounds, as a bad camera sees them.
fn frames(message: &Message) -> Vec<String> {
    let frames = message.frames(FrameSize::PHONE).unwrap();
    let count = frames.fragments() * 6;
    frames.take(count).step_by(2).collect()
}

async fn told(world: &World, codes: &[String], request: Option<&str>) -> Value {
    let body = json!({ "codes": codes, "request": request }).to_string();
    let headers = [(CONTENT_TYPE, "application/json"), (ACCEPT_LANGUAGE, "en")];
    let fetched = world.send(Method::POST, "/scan/codes", &headers, &body).await;
    assert_eq!(fetched.status, 200);
    json_of(&fetched)
}

async fn problem(world: &World, codes: &[String], request: Option<&str>) -> String {
    let told = told(world, codes, request).await;
    assert_eq!(
        (&told["verdict"], &told["html"]),
        (&json!("unreadable"), &json!(""))
    );
    told["problem"].as_str().unwrap_or_default().to_owned()
}

/// The form of the page, as a browser without scripts sends it.
async fn upload(world: &World, pictures: &[&[u8]], request: Option<&str>) -> (u16, String) {
    let mut body = Vec::new();
    let mut part = |name: &str, content: &[u8]| {
        let head =
            format!("--edge\r\nContent-Disposition: form-data; name=\"{name}\"; filename=\"f\"\r\n\r\n");
        body.extend_from_slice(head.as_bytes());
        body.extend_from_slice(content);
        body.extend_from_slice(b"\r\n");
    };
    if let Some(request) = request {
        part("request", request.as_bytes());
    }
    pictures.iter().for_each(|picture| part("picture", picture));
    body.extend_from_slice(b"--edge--\r\n");
    let headers = [
        (CONTENT_TYPE, "multipart/form-data; boundary=edge"),
        (ACCEPT_LANGUAGE, "en"),
    ];
    let page = world.send(Method::POST, "/scan", &headers, &body).await;
    (page.status, String::from_utf8(page.body).unwrap())
}

fn symbols(frames: &[String]) -> Vec<Symbol> {
    let draw =
        |frame: &String| Symbol::draw(frame.as_bytes(), ErrorCorrection::Low, Version::LARGEST).unwrap();
    frames.iter().map(draw).collect()
}

#[tokio::test]
async fn a_presentation_is_asked_for_filmed_and_judged_with_its_proof() {
    let world = World::new().await;
    let id = ask(&world, "Who are you?").await;
    let request = film(&world, &id).await;
    let frames = frames(&answer(&world, &request, &["given_name"]));
    let some = told(&world, &frames[..1], Some(&id)).await;
    assert_eq!(some["verdict"], "unreadable");
    assert_eq!(some["progress"]["known"], 1);
    assert!(some["progress"]["fragments"].as_u64().unwrap() > 3, "{some}");
    let whole = told(&world, &frames, Some(&id)).await;
    assert_eq!(whole["verdict"], "valid", "{whole}");
    let html = whole["html"].as_str().unwrap();
    assert!(html.contains("Amina") && html.contains("shown by the person it belongs to"));
}

#[tokio::test]
async fn an_answer_is_taken_once_in_time_and_for_its_request_alone() {
    let world = World::new().await;
    let (id, other) = (
        ask(&world, "Who are you?").await,
        ask(&world, "Who are you?").await,
    );
    let request = film(&world, &id).await;
    let frames = frames(&answer(&world, &request, &["given_name"]));
    assert_eq!(problem(&world, &frames, None).await, "problem-not-asked");
    assert_eq!(
        problem(&world, &frames, Some(&other)).await,
        "problem-other-request"
    );
    assert_eq!(problem(&world, &frames, Some("nothing")).await, "problem-expired");
    assert_eq!(told(&world, &frames, Some(&id)).await["verdict"], "valid");
    assert_eq!(problem(&world, &frames, Some(&id)).await, "problem-replayed");

    let late = ask(&world, "Who are you?").await;
    let request = film(&world, &late).await;
    let frames = self::frames(&answer(&world, &request, &["given_name"]));
    world.advance(601);
    assert_eq!(problem(&world, &frames, Some(&late)).await, "problem-expired");
    let gone = world
        .send(Method::GET, &format!("/scan/requests/{late}"), &[], "")
        .await;
    assert_eq!(gone.status, 404);
    let page = world
        .send(
            Method::GET,
            &format!("/scan?request={late}"),
            &[(ACCEPT_LANGUAGE, "en")],
            "",
        )
        .await;
    assert!(
        String::from_utf8(page.body)
            .unwrap()
            .contains("The request has expired")
    );
}

#[tokio::test]
async fn key_and_state_of_an_answer_are_those_of_its_request() {
    let world = World::new().await;
    let (id, other) = (
        ask(&world, "Who are you?").await,
        ask(&world, "Who are you?").await,
    );
    let (request, other) = (film(&world, &id).await, film(&world, &other).await);
    let audience = proof_audience(request.request().client_id.as_str());
    let shown = world.present(&audience, request.request().nonce.as_str(), &["given_name"]);
    let answer = |state: &VerifiedRequest| AuthorizationResponse {
        vp_token: token("identity", vec![shown.clone()]),
        state: state.request().state.clone(),
    };
    for wrong in [seal(&other, &answer(&request)), seal(&request, &answer(&other))] {
        assert_eq!(
            problem(&world, &frames(&wrong), Some(&id)).await,
            "problem-other-request"
        );
    }
    let right = seal(&request, &answer(&request));
    assert_eq!(told(&world, &frames(&right), Some(&id)).await["verdict"], "valid");
}

#[tokio::test]
async fn the_device_of_an_mdoc_signs_for_this_transport() {
    let configure = |configuration: &mut VerifierConfiguration, _: &str| {
        let counter = json!({ "purpose": "To know your name", "credentials": [{
            "id": "identity", "format": "mso_mdoc", "types": [DOC_TYPE], "binding": "key",
            "claims": [{ "path": [DOC_TYPE, "given_name"] }],
        }] });
        let name = PolicyName::parse("counter").unwrap();
        configuration
            .policies
            .insert(name, serde_json::from_value(counter).unwrap());
    };
    let world = World::of_issuer(configure, ScanAccess::Open).await;
    for (by_qr, verdict) in [(false, "invalid"), (true, "valid")] {
        let id = ask(&world, "Over 18?").await;
        let request = film(&world, &id).await;
        let asked = request.request();
        let (client_id, nonce) = (asked.client_id.as_str(), asked.nonce.as_str());
        let key = asked.response_encryption().unwrap().unwrap().key.thumbprint();
        let transcript = if by_qr {
            SessionTranscript::symbolon_qr(client_id, nonce, &key)
        } else {
            SessionTranscript::openid4vp(client_id, nonce, Some(&key), "")
        };
        let query = asked.dcql_query.credentials()[0].id.clone();
        let answer = AuthorizationResponse {
            vp_token: VpToken([(query, vec![present_mdoc_in(&world, &transcript)])].into()),
            state: asked.state.clone(),
        };
        let judged = told(&world, &frames(&seal(&request, &answer)), Some(&id)).await;
        assert_eq!(judged["verdict"], verdict, "{judged}");
    }
}

/// A proof for the network is none by QR code, and what was asked by QR codes is not answered over the network.
#[tokio::test]
async fn nothing_of_one_channel_is_good_on_the_other() {
    let world = World::new().await;
    let id = ask(&world, "Who are you?").await;
    let request = film(&world, &id).await;
    let client_id = request.request().client_id.as_str();
    let online = answer_for(&world, &request, client_id, &["given_name"]);
    let judged = told(&world, &frames(&online), Some(&id)).await;
    assert_eq!(judged["verdict"], "invalid");
    assert!(
        judged["html"]
            .as_str()
            .unwrap()
            .contains("proof that it belongs to this person is wrong")
    );

    let id = ask(&world, "Who are you?").await;
    let request = film(&world, &id).await;
    let Message::Response(jwe) = answer(&world, &request, &["given_name"]) else {
        panic!("an answer")
    };
    let form = format!("response={jwe}");
    let path = format!("/openid4vp/responses/{id}");
    let posted = world
        .send(Method::POST, &path, &[(CONTENT_TYPE, FORM)], &form)
        .await;
    assert_eq!(posted.status, 404);
    let path = format!("/openid4vp/requests/{id}");
    assert_eq!(world.send(Method::GET, &path, &[], "").await.status, 404);
    // And nobody makes such a request over the network.
    let body = json!({ "query": "shop", "response_mode": "symbolon_qr.jwt" });
    let made = world.administer(Method::POST, "", &body.to_string()).await;
    assert_eq!(made.status, 400);

    let (_, link) = world.make_request(&json!({ "query": "shop" })).await;
    let over_network = world.open(&link).await;
    let by_qr = proof_audience(over_network.request().client_id.as_str());
    let text = world.present(&by_qr, over_network.request().nonce.as_str(), &["given_name"]);
    let answer = AuthorizationResponse {
        vp_token: token("identity", vec![text]),
        state: over_network.request().state.clone(),
    };
    let posted = world
        .post(&over_network, &world.encrypt(&over_network, &answer))
        .await;
    assert_eq!(posted.status, 400);
}

#[tokio::test]
async fn the_answer_must_be_what_was_asked_for() {
    let world = World::new().await;
    for (names, sentence) in [
        (&["given_name", "family_name"][..], "something else, or more"),
        (&[], "Something that was asked for is missing"),
    ] {
        let id = ask(&world, "Who are you?").await;
        let request = film(&world, &id).await;
        let judged = told(&world, &frames(&answer(&world, &request, names)), Some(&id)).await;
        assert_eq!(judged["verdict"], "invalid", "{names:?}");
        let html = judged["html"].as_str().unwrap();
        assert!(html.contains(sentence), "{html}");
        // What counts stands first.
        assert!(html.find("data-verdict=\"invalid\"") < html.find("data-verdict=\"valid\""));
    }
}

#[tokio::test]
async fn a_revoked_credential_is_refused_for_that_alone() {
    let world = World::new().await;
    world.publish(Status::Invalid);
    let id = ask(&world, "Who are you?").await;
    let request = film(&world, &id).await;
    let judged = told(
        &world,
        &frames(&answer(&world, &request, &["given_name"])),
        Some(&id),
    )
    .await;
    assert_eq!(judged["verdict"], "invalid");
    let html = judged["html"].as_str().unwrap();
    assert!(html.contains("revoked by its issuer") && html.matches("<article").count() == 1);
}

#[tokio::test]
async fn a_policy_decides_about_the_answer() {
    let world = World::of_issuer(
        |configuration, vct| {
            let counter = json!({ "purpose": "To know your name", "credentials": [{
                "id": "identity", "format": "dc+sd-jwt", "types": [vct], "binding": "key",
                "claims": [{ "path": ["given_name"], "pattern": "F[a-z]+" }],
            }] });
            let name = PolicyName::parse("counter").unwrap();
            configuration
                .policies
                .insert(name, serde_json::from_value(counter).unwrap());
        },
        ScanAccess::Open,
    )
    .await;
    let id = ask(&world, "Over 18?").await;
    let request = film(&world, &id).await;
    let name = request.request().dcql_query.credentials()[0]
        .id
        .as_str()
        .to_owned();
    let audience = proof_audience(request.request().client_id.as_str());
    let text = world.present(&audience, request.request().nonce.as_str(), &["given_name"]);
    let answer = AuthorizationResponse {
        vp_token: token(&name, vec![text]),
        state: request.request().state.clone(),
    };
    let judged = told(&world, &frames(&seal(&request, &answer)), Some(&id)).await;
    assert_eq!(judged["verdict"], "invalid");
    assert!(
        judged["html"]
            .as_str()
            .unwrap()
            .contains("does not meet what is demanded"),
        "{judged}"
    );
}

#[tokio::test]
async fn an_animation_is_uploaded_without_a_script() {
    let world = World::new().await;
    let id = ask(&world, "Who are you?").await;
    let request = film(&world, &id).await;
    let shown = symbols(&frames(&answer(&world, &request, &["given_name"])));
    let animation = draw_animation(&shown, 3, FrameTime::CAMERA).unwrap();
    let (status, page) = upload(&world, &[&animation], None).await;
    assert_eq!(status, 200);
    assert!(page.contains("not on this page"));
    // Single pictures, some of them missing: what is asked stays on the page.
    let some: Vec<Vec<u8>> = shown.iter().take(2).map(|one| one.to_png(3).unwrap()).collect();
    let some: Vec<&[u8]> = some.iter().map(Vec::as_slice).collect();
    let (_, page) = upload(&world, &some, Some(&id)).await;
    assert!(
        page.contains("Some of the codes are missing") && page.contains(&format!("data-request=\"{id}\""))
    );
    let (_, page) = upload(&world, &[&animation], Some(&id)).await;
    assert!(page.contains("data-verdict=\"valid\""), "{page}");
    assert!(!page.contains("data-request="), "the request is answered");
}

/// A credential that is too large for one code is shown as several, without having been asked for.
#[tokio::test]
async fn a_large_credential_is_read_from_its_frames() {
    let world = World::new().await;
    let credential = Message::Credential(CarriedCredential::Text(world.credential()));
    let judged = told(&world, &frames(&credential), None).await;
    assert_eq!(judged["verdict"], "unknown");
    assert!(
        judged["html"]
            .as_str()
            .unwrap()
            .contains("a copy could look the same")
    );
    let frame = symbols(&frames(&credential)[..1])[0].to_png(4).unwrap();
    let one = world
        .send(
            Method::POST,
            "/scan/frames",
            &[(CONTENT_TYPE, "image/png")],
            &frame,
        )
        .await;
    let one = json_of(&one);
    assert_eq!(
        (&one["verdict"], &one["progress"]["known"]),
        (&json!("unreadable"), &json!(1))
    );
    assert_eq!(one["codes"].as_array().unwrap().len(), 1);
}

#[tokio::test]
async fn frames_that_do_not_belong_together_are_refused() {
    let world = World::new().await;
    let message = |salts| Message::Credential(CarriedCredential::Text(world.credential_of(salts)));
    let (ours, others) = (frames(&message(5)), frames(&message(6)));
    let mixed = vec![ours[0].clone(), others[1].clone()];
    assert_eq!(problem(&world, &mixed, None).await, "problem-frames");
    let damaged = vec![ours[0].replace("CREDENTIAL", "RESPONSE"), ours[1].clone()];
    assert_eq!(problem(&world, &damaged, None).await, "problem-frames");
    let id = ask(&world, "Who are you?").await;
    let picture = world
        .send(Method::GET, &format!("/scan/requests/{id}"), &[], "")
        .await;
    let shown = read_picture(&picture.body, PictureSource::Rendered).unwrap();
    let request: Vec<String> = shown.iter().map(|code| code.text().unwrap().to_owned()).collect();
    assert_eq!(problem(&world, &request, Some(&id)).await, "problem-request");
    let endless = vec![ours[0].clone(); 4 * 1024 + 64 + 17];
    let body = json!({ "codes": endless }).to_string();
    let headers = [(CONTENT_TYPE, "application/json")];
    assert_eq!(
        world
            .send(Method::POST, "/scan/codes", &headers, &body)
            .await
            .status,
        413
    );
}

/// What stands in a Uniform Resource of a credential, whose checksum is right.
fn resource(content: &[u8]) -> String {
    try_encode(content, &Type::Custom("symbolon-credential"))
        .unwrap()
        .to_ascii_uppercase()
}

#[tokio::test]
async fn what_is_or_announces_too_much_is_refused() {
    let world = World::new().await;
    let announced = |fragments: u64, bytes: u64| {
        let mut fields = Vec::new();
        write::array(&mut fields, 5);
        for value in [1, fragments, bytes, 1] {
            write::unsigned(&mut fields, value);
        }
        write::bytes(&mut fields, &[7; 100]);
        let whole = resource(&fields);
        let (start, body) = whole.rsplit_once('/').unwrap();
        format!("{start}/1-{fragments}/{body}")
    };
    let headers = [(CONTENT_TYPE, "application/json")];
    for (fragments, bytes, status) in [(1_025, 102_500, 413), (1_311, 131_073, 413), (3, 300, 200)] {
        let body = json!({ "codes": [announced(fragments, bytes)] }).to_string();
        let answered = world.send(Method::POST, "/scan/codes", &headers, &body).await;
        assert_eq!(answered.status, status, "{fragments}");
    }
    // A code of some hundred bytes that inflates to more than any credential has.
    let mut text = Vec::new();
    write::text(&mut text, &"a".repeat(300 << 10));
    let mut bomb = Vec::new();
    write::bytes(&mut bomb, &deflate(&text, Effort::Best));
    assert_eq!(problem(&world, &[resource(&bomb)], None).await, "problem-frames");
}

#[tokio::test]
async fn only_what_the_operator_named_is_asked_for_and_only_by_devices_that_were_let_in() {
    let world = World::new().await;
    let form = [(CONTENT_TYPE, FORM)];
    let unknown = world
        .send(Method::POST, "/scan/requests", &form, "ask=Everything")
        .await;
    assert_eq!(unknown.status, 400);
    let page = world
        .send(Method::GET, "/scan", &[(ACCEPT_LANGUAGE, "en")], "")
        .await;
    let page = String::from_utf8(page.body).unwrap();
    assert!(page.contains("<option>Who are you?</option>"), "{page}");

    let code = ScanCode::derive(
        &symbolon_verifier::request::MasterSecret::new(zeroize::Zeroizing::new([3; 32])),
        1,
    );
    let closed = World::with_page(|_| {}, ScanAccess::Code(code)).await;
    let asked = closed
        .send(Method::POST, "/scan/requests", &form, "ask=Who+are+you%3F")
        .await;
    assert_eq!(asked.status, 403);
    let picture = closed.send(Method::GET, "/scan/requests/x", &[], "").await;
    assert_eq!(picture.status, 403);
}
