//! Requests and answers over the Digital Credentials API, as a page, a relying party's server and a wallet meet them.

mod pages;

use http::Method;
use http::header::{AUTHORIZATION, CONTENT_TYPE, COOKIE, ORIGIN};
use serde_json::{Map, Value, json};
use symbolon_credential::mdoc::{
    DeviceRequest, EncodedDocument, IssuerSigned, MdocBudget, SessionTranscript,
};
use symbolon_crypto::RustCryptoProvider;
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::jose::jwe::PureJwe;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::Certificate;
use symbolon_http::fetch::Fetched;
use symbolon_http::testing::status_of_announced;
use symbolon_protocol::digital_credentials::iso_mdoc::{IsoMdocRequest, encrypt_response};
use symbolon_protocol::digital_credentials::openid4vp::{
    OriginRequest, VerifiedOriginRequest, answer_data, signed_requests,
};
use symbolon_protocol::digital_credentials::{DigitalCredentialMessage, ExchangeProtocol, Origin};
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_protocol::openid4vp::client_id::ClientIdPrefix;
use symbolon_protocol::openid4vp::client_metadata::ResponseEncryption;
use symbolon_protocol::openid4vp::profile::PresentationProfile;
use symbolon_protocol::openid4vp::request_object::{KnownClients, ResponseUriRule};
use symbolon_protocol::openid4vp::response::{MAX_RESPONSE_BYTES, VpToken};
use symbolon_verifier::name::RelyingPartyName;
use symbolon_verifier_server::ScanAccess;
use symbolon_verifier_server::configuration::VerifierConfiguration;

use crate::world::formats::{mdoc, mdoc_query};
use crate::world::{DOC_TYPE, World, json_of, token};

const RETURN: &str = "http://127.0.0.1/done";
const SHOP: &str = "http://127.0.0.1:9";

/// The wallet of the world's holder, on a platform that says which origin asks.
struct Wallet<'w> {
    world: &'w World,
    origin: Origin,
}

impl<'w> Wallet<'w> {
    fn at(world: &'w World, origin: &str) -> Self {
        let origin = Origin::parse(origin, UrlPolicy::Development).unwrap();
        Self { world, origin }
    }

    /// What is asked, once it is verified for the origin.
    fn read(&self, message: &DigitalCredentialMessage) -> OriginRequest {
        if message.protocol == ExchangeProtocol::OpenId4VpUnsigned {
            return VerifiedOriginRequest::unsigned(&message.data)
                .unwrap()
                .request()
                .clone();
        }
        let anchors = [self.world.anchor.clone()];
        let clients = KnownClients::anchored_by(&anchors, ResponseUriRule::NamedInCertificate);
        let signed = signed_requests(message.protocol, &message.data).unwrap();
        let first = signed.first().unwrap();
        let (urls, now) = (UrlPolicy::Development, self.world.now());
        first
            .verify(&self.origin, clients, urls, now, &RustCryptoProvider)
            .unwrap()
            .request()
            .clone()
    }

    fn present(&self, request: &OriginRequest, audience: &str) -> VpToken {
        let text = self
            .world
            .present(audience, request.nonce.as_str(), &["given_name"]);
        token("identity", vec![text])
    }

    /// The answer with a credential of the format that the request asks for.
    fn answer(&self, message: &DigitalCredentialMessage) -> Value {
        if message.protocol == ExchangeProtocol::IsoMdoc {
            return self.answer_iso(message, &[self.document(message)]);
        }
        let request = self.read(message);
        let is_mdoc = request.dcql_query.credentials()[0].meta.format().as_str() == "mso_mdoc";
        let token = if is_mdoc {
            let encryption = request.response_encryption().unwrap();
            let thumbprint = encryption.map(|encryption| encryption.key.thumbprint());
            let transcript = SessionTranscript::openid4vp_dc_api(
                self.origin.as_str(),
                request.nonce.as_str(),
                thumbprint.as_ref(),
            );
            self.mdoc_token(&transcript)
        } else {
            self.present(&request, &self.origin.audience())
        };
        self.sealed(message.protocol, token, &request)
    }

    fn mdoc_token(&self, transcript: &SessionTranscript) -> VpToken {
        token("identity", vec![base64url::encode(&self.response(transcript))])
    }

    fn response(&self, transcript: &SessionTranscript) -> Vec<u8> {
        let issued = mdoc(self.world);
        let held = IssuerSigned::parse(&issued, MdocBudget::DEFAULT).unwrap();
        let prepared = held
            .present(&[(DOC_TYPE, "given_name")])
            .unwrap()
            .prepare(transcript);
        let holder = &self.world.holder;
        let signature = holder.sign(&prepared.request(holder.handle()));
        prepared.finish(&signature).unwrap()
    }

    fn sealed(&self, protocol: ExchangeProtocol, token: VpToken, request: &OriginRequest) -> Value {
        let encryption = request.response_encryption().unwrap();
        json!({ "protocol": protocol, "data": seal(token, encryption.as_ref()) })
    }

    fn document(&self, message: &DigitalCredentialMessage) -> EncodedDocument {
        let request = IsoMdocRequest::parse(&message.data).unwrap();
        let transcript = request.encryption_info.transcript(&self.origin);
        let asked = DeviceRequest::parse(&request.device_request).unwrap();
        let [document] = asked.doc_requests() else {
            panic!("one document")
        };
        let reader = Certificate::parse(document.reader_chain().unwrap()[0]).unwrap();
        document
            .verify_reader(reader.public_key(), &transcript, &RustCryptoProvider)
            .unwrap();
        let response = self.response(&transcript);
        EncodedDocument::all_of(&response, MdocBudget::DEFAULT)
            .unwrap()
            .remove(0)
    }

    fn answer_iso(&self, message: &DigitalCredentialMessage, documents: &[EncodedDocument]) -> Value {
        let request = IsoMdocRequest::parse(&message.data).unwrap();
        let response = EncodedDocument::response_of(documents);
        let randomness = SeededRandomness::new(31);
        let data = encrypt_response(
            &response,
            &request.encryption_info,
            &self.origin,
            &RustCryptoProvider,
            &randomness,
        );
        json!({ "protocol": "org-iso-mdoc", "data": data.unwrap() })
    }
}

fn seal(token: VpToken, encryption: Option<&ResponseEncryption>) -> Map<String, Value> {
    let codec = PureJwe::new(&RustCryptoProvider);
    answer_data(token, encryption, &codec, &SeededRandomness::new(30)).unwrap()
}

/// A request that was made.
struct Made {
    id: String,
    origin: String,
    requests: Vec<DigitalCredentialMessage>,
    page: Option<String>,
    link: String,
}

impl Made {
    fn of(made: &Value) -> Self {
        let text = |name: &str| made[name].as_str().map(str::to_owned);
        let offered = &made["digital_credentials"];
        Self {
            id: text("request_id").unwrap(),
            origin: offered["origin"].as_str().unwrap().to_owned(),
            requests: DigitalCredentialMessage::parse_requests(offered.to_string().as_bytes()).unwrap(),
            page: text("page"),
            link: text("authorization_request").unwrap(),
        }
    }

    fn by(&self, protocol: ExchangeProtocol) -> &DigitalCredentialMessage {
        let mut requests = self.requests.iter();
        requests.find(|request| request.protocol == protocol).unwrap()
    }
}

async fn make(world: &World, query: &Value, more: &Value) -> Made {
    Made::of(&json_of(&try_to_make(world, query, more, 201).await))
}

async fn try_to_make(world: &World, query: &Value, more: &Value, status: u16) -> Fetched {
    let mut body = json!({ "dcql_query": query, "digital_credentials": {} });
    for (name, value) in more.as_object().unwrap() {
        body[name] = value.clone();
    }
    let made = world.administer(Method::POST, "", &body.to_string()).await;
    assert_eq!(made.status, status, "{}", String::from_utf8_lossy(&made.body));
    made
}

async fn bring(world: &World, id: &str, answer: &Value) -> Fetched {
    let bearer = format!("Bearer {}", crate::world::TOKEN);
    let headers = [
        (AUTHORIZATION, bearer.as_str()),
        (CONTENT_TYPE, "application/json"),
    ];
    let path = format!("/admin/v1/presentation-requests/{id}/digital-credentials");
    world
        .send(Method::POST, &path, &headers, &answer.to_string())
        .await
}

fn presented(result: &Value) -> &Value {
    &result["result"]["outcome"]["presented"]
}

#[tokio::test]
async fn each_protocol_is_asked_answered_and_valid() {
    let world = World::new().await;
    for protocol in ExchangeProtocol::ALL {
        for mode in ["dc_api.jwt", "dc_api"] {
            let more = json!({ "digital_credentials": { "response_mode": mode } });
            let made = make(&world, &mdoc_query(), &more).await;
            assert_eq!(made.origin, world.base);
            let offered: Vec<_> = made.requests.iter().map(|request| request.protocol).collect();
            assert_eq!(offered, ExchangeProtocol::ALL);
            let wallet = Wallet::at(&world, &made.origin);
            let answer = wallet.answer(made.by(protocol));
            let brought = bring(&world, &made.id, &answer).await;
            assert_eq!(brought.status, 200, "{}", String::from_utf8_lossy(&brought.body));
            let result = json_of(&brought);
            let presented = presented(&result);
            assert_eq!(presented["answer"], "as_asked", "{protocol:?} {mode}: {result:#}");
            let report = &presented["reports"][0]["report"];
            assert_eq!(report["verdict"], "valid", "{protocol:?} {mode}: {report:#}");
            assert_eq!(report["claims"][DOC_TYPE]["given_name"], "Amina");
            assert_eq!(world.result(&made.id).await, result);

            let evidence = world
                .administer(Method::GET, &format!("/{}/evidence", made.id), "")
                .await;
            let evidence = json_of(&evidence);
            let asked: Value = serde_json::from_str(evidence["request_object"].as_str().unwrap()).unwrap();
            assert_eq!(asked["origin"], json!(world.base));
            assert_eq!(asked["protocol"], json!(protocol));
            assert!(evidence["vp_token"]["identity"][0].is_string());
        }
    }
}

#[tokio::test]
async fn other_formats_are_asked_by_openid4vp_alone() {
    let world = World::new().await;
    let made = make(&world, &world.query(), &json!({})).await;
    assert_eq!(made.requests.len(), 3);
    for request in &made.requests {
        let made = make(&world, &world.query(), &json!({})).await;
        let answer = Wallet::at(&world, &made.origin).answer(made.by(request.protocol));
        let result = json_of(&bring(&world, &made.id, &answer).await);
        assert_eq!(
            presented(&result)["reports"][0]["report"]["verdict"],
            "valid",
            "{result:#}"
        );
    }
    let only = json!({ "digital_credentials": { "protocols": ["org-iso-mdoc"] } });
    let refused = try_to_make(&world, &world.query(), &only, 400).await;
    assert_eq!(json_of(&refused)["error"], "invalid_request");
}

#[tokio::test]
async fn signed_requests_name_their_origin_and_hold_nothing_of_the_other_way() {
    let world = World::new().await;
    let made = make(&world, &mdoc_query(), &json!({})).await;
    let decode = |text: &str| -> Value { serde_json::from_slice(&base64url::decode(text).unwrap()).unwrap() };
    let unsigned = Value::Object(made.by(ExchangeProtocol::OpenId4VpUnsigned).data.clone());
    let signed = &made.by(ExchangeProtocol::OpenId4VpSigned).data["request"];
    let signed = decode(signed.as_str().unwrap().split('.').nth(1).unwrap());
    let several = &made.by(ExchangeProtocol::OpenId4VpMultisigned).data["request"];
    let shared = decode(several["payload"].as_str().unwrap());
    for parameters in [&unsigned, &signed, &shared] {
        for absent in ["state", "response_uri", "redirect_uri"] {
            assert!(parameters.get(absent).is_none(), "{absent} in {parameters}");
        }
        assert_eq!(parameters["response_mode"], "dc_api.jwt");
    }
    for signed in [&signed, &shared] {
        assert_eq!(signed["expected_origins"], json!([world.base]));
    }
    assert!(unsigned.get("client_id").is_none() && shared.get("client_id").is_none());
    assert!(signed["client_id"].as_str().unwrap().starts_with("x509_hash:"));
    for signature in several["signatures"].as_array().unwrap() {
        let header = decode(signature["protected"].as_str().unwrap());
        assert!(header["client_id"].is_string());
    }
    let nonces = [&unsigned, &signed, &shared].map(|parameters| parameters["nonce"].clone());
    assert!(nonces[0] != nonces[1] && nonces[1] != nonces[2] && nonces[0] != nonces[2]);
    let keys = [&unsigned, &signed, &shared].map(|parameters| parameters["client_metadata"]["jwks"].clone());
    assert!(keys[0] != keys[1] && keys[1] != keys[2] && keys[0] != keys[2]);

    let again = json_of(
        &world
            .administer(Method::GET, &format!("/{}/digital-credentials", made.id), "")
            .await,
    );
    assert_eq!(again["origin"], json!(world.base));
    assert_eq!(again["digital"]["requests"][2]["data"], unsigned);
}

#[tokio::test]
async fn an_answer_fits_its_protocol_its_request_and_its_way_alone() {
    let world = World::new().await;
    let made = make(&world, &mdoc_query(), &json!({})).await;
    let other = make(&world, &mdoc_query(), &json!({})).await;
    let wallet = Wallet::at(&world, &made.origin);
    let renamed = |protocol: ExchangeProtocol, name: &str| {
        let mut answer = wallet.answer(made.by(protocol));
        answer["protocol"] = json!(name);
        answer
    };
    let unsigned = ExchangeProtocol::OpenId4VpUnsigned;
    let signed = ExchangeProtocol::OpenId4VpSigned;
    let request = wallet.read(made.by(signed));
    let plain = json!({ "protocol": signed, "data": seal(wallet.present(&request, &wallet.origin.audience()), None) });
    for (answer, said) in [
        (renamed(unsigned, "openid4vp-v1-signed"), "decrypted"),
        (renamed(signed, "openid4vp-v1-multisigned"), "decrypted"),
        (renamed(signed, "org-iso-mdoc"), "decrypted"),
        (
            renamed(ExchangeProtocol::IsoMdoc, "openid4vp-v1-signed"),
            "decrypted",
        ),
        (renamed(signed, "openid4vp"), "malformed"),
        (wallet.answer(other.by(signed)), "decrypted"),
        (wallet.answer(other.by(ExchangeProtocol::IsoMdoc)), "decrypted"),
        (plain, "encrypted"),
        (json!({ "protocol": signed, "data": {} }), "malformed"),
        (json!({ "protocol": signed, "data": "text" }), "malformed"),
        (
            json!({ "protocol": signed, "data": { "response": "a.b.c.d.e" } }),
            "decrypted",
        ),
    ] {
        let refused = bring(&world, &made.id, &answer).await;
        assert_eq!(refused.status, 400, "{answer}");
        let refused = json_of(&refused);
        assert_eq!(refused["error"], "invalid_request");
        let description = refused["error_description"].as_str().unwrap();
        assert!(description.contains(said), "{description}: {answer}");
    }
    // Nothing of that has spent the request.
    let answer = wallet.answer(made.by(signed));
    assert_eq!(bring(&world, &made.id, &answer).await.status, 200);
    let again = bring(&world, &made.id, &answer).await;
    assert_eq!(
        (again.status, &json_of(&again)["error"]),
        (410, &json!("invalid_request"))
    );
}

#[tokio::test]
async fn a_protocol_that_was_not_offered_is_not_answered() {
    let world = World::new().await;
    let one = json!({ "digital_credentials": { "protocols": ["openid4vp-v1-signed"] } });
    let made = make(&world, &mdoc_query(), &one).await;
    assert_eq!(made.requests.len(), 1);
    let wallet = Wallet::at(&world, &made.origin);
    let mut answer = wallet.answer(&made.requests[0]);
    answer["protocol"] = json!("openid4vp-v1-unsigned");
    let refused = json_of(&bring(&world, &made.id, &answer).await);
    assert_eq!(
        refused["error_description"],
        "the request does not offer this protocol"
    );
}

#[tokio::test]
async fn an_answer_in_the_clear_is_of_its_protocol_too() {
    let world = World::new().await;
    let more = json!({ "digital_credentials": { "response_mode": "dc_api" } });
    let made = make(&world, &world.query(), &more).await;
    let wallet = Wallet::at(&world, &made.origin);
    let mut answer = wallet.answer(made.by(ExchangeProtocol::OpenId4VpUnsigned));
    answer["protocol"] = json!("openid4vp-v1-signed");
    let result = json_of(&bring(&world, &made.id, &answer).await);
    let report = &presented(&result)["reports"][0]["report"];
    assert_eq!(report["verdict"], "invalid", "{report:#}");

    // And one that was encrypted although that was not asked for.
    let sealed = make(&world, &world.query(), &json!({})).await;
    let answer = wallet.answer(sealed.by(ExchangeProtocol::OpenId4VpSigned));
    let made = make(&world, &world.query(), &more).await;
    assert_eq!(bring(&world, &made.id, &answer).await.status, 400);
}

#[tokio::test]
async fn what_was_shown_to_another_origin_or_in_another_way_is_invalid() {
    let world = World::new().await;
    let signed = ExchangeProtocol::OpenId4VpSigned;
    // Shown to a page of another origin, which passes it on.
    for query in [world.query(), mdoc_query()] {
        let made = make(&world, &query, &json!({})).await;
        let phished = Wallet::at(&world, "http://127.0.0.1:666");
        let answer = phished.answer(made.by(ExchangeProtocol::OpenId4VpUnsigned));
        let result = json_of(&bring(&world, &made.id, &answer).await);
        let report = &presented(&result)["reports"][0]["report"];
        assert_eq!(report["verdict"], "invalid", "{report:#}");
        assert!(
            report["holder"]["checks"].to_string().contains("failed"),
            "{report:#}"
        );
    }
    let made = make(&world, &mdoc_query(), &json!({})).await;
    let phished = Wallet::at(&world, "http://127.0.0.1:666");
    let iso = made.by(ExchangeProtocol::IsoMdoc);
    let request = IsoMdocRequest::parse(&iso.data).unwrap();
    let response = phished.response(&request.encryption_info.transcript(&phished.origin));
    let own = Wallet::at(&world, &made.origin);
    let documents = EncodedDocument::all_of(&response, MdocBudget::DEFAULT).unwrap();
    let result = json_of(&bring(&world, &made.id, &own.answer_iso(iso, &documents)).await);
    assert_eq!(presented(&result)["reports"][0]["report"]["verdict"], "invalid");

    // With the audience and the handover of the flow by redirect.
    let made = make(&world, &world.query(), &json!({})).await;
    let request = own.read(made.by(signed));
    let client_id = world
        .open(&made.link)
        .await
        .request()
        .client_id
        .as_str()
        .to_owned();
    let answer = own.sealed(signed, own.present(&request, &client_id), &request);
    let result = json_of(&bring(&world, &made.id, &answer).await);
    assert_eq!(presented(&result)["reports"][0]["report"]["verdict"], "invalid");

    let made = make(&world, &mdoc_query(), &json!({})).await;
    let request = own.read(made.by(signed));
    let by_link = world.open(&made.link).await;
    let thumbprint = request.response_encryption().unwrap().unwrap().key.thumbprint();
    let transcript = SessionTranscript::openid4vp(
        by_link.request().client_id.as_str(),
        request.nonce.as_str(),
        Some(&thumbprint),
        by_link.request().response_uri.as_ref().unwrap().as_str(),
    );
    let answer = own.sealed(signed, own.mdoc_token(&transcript), &request);
    let result = json_of(&bring(&world, &made.id, &answer).await);
    assert_eq!(presented(&result)["reports"][0]["report"]["verdict"], "invalid");
}

#[tokio::test]
async fn documents_that_nobody_asked_for_spoil_the_answer() {
    let world = World::new().await;
    let made = make(&world, &mdoc_query(), &json!({})).await;
    let wallet = Wallet::at(&world, &made.origin);
    let iso = made.by(ExchangeProtocol::IsoMdoc);
    let document = wallet.document(iso);
    let answer = wallet.answer_iso(iso, &[document.clone(), document]);
    let result = json_of(&bring(&world, &made.id, &answer).await);
    assert_eq!(
        presented(&result)["answer"],
        "several_presentations",
        "{result:#}"
    );

    let mut other = mdoc_query();
    other["credentials"][0]["meta"]["doctype_value"] = json!("org.symbolon.other.1");
    let made = make(&world, &other, &json!({})).await;
    let iso = made.by(ExchangeProtocol::IsoMdoc);
    let answer = wallet.answer_iso(iso, &[wallet.document(iso)]);
    let result = json_of(&bring(&world, &made.id, &answer).await);
    assert_eq!(presented(&result)["answer"], "unasked_credential", "{result:#}");
}

#[tokio::test]
async fn whoever_shows_nothing_has_declined() {
    let world = World::new().await;
    let made = make(&world, &mdoc_query(), &json!({})).await;
    let answer = json!({ "protocol": "openid4vp-v1-signed", "data": { "error": "access_denied" } });
    let result = json_of(&bring(&world, &made.id, &answer).await);
    assert_eq!(result["result"]["outcome"]["declined"]["error"], "access_denied");

    let made = make(&world, &mdoc_query(), &json!({})).await;
    let wallet = Wallet::at(&world, &made.origin);
    let answer = wallet.answer_iso(made.by(ExchangeProtocol::IsoMdoc), &[]);
    let result = json_of(&bring(&world, &made.id, &answer).await);
    assert_eq!(result["result"]["outcome"]["declined"]["error"], "access_denied");
}

#[tokio::test]
async fn an_answer_is_json_and_no_larger_than_any() {
    let world = World::new().await;
    let made = make(&world, &mdoc_query(), &json!({})).await;
    let bearer = format!("Bearer {}", crate::world::TOKEN);
    let path = format!("/admin/v1/presentation-requests/{}/digital-credentials", made.id);
    let answer = Wallet::at(&world, &made.origin).answer(made.by(ExchangeProtocol::IsoMdoc));
    let form = [
        (AUTHORIZATION, bearer.as_str()),
        (CONTENT_TYPE, "application/x-www-form-urlencoded"),
    ];
    let refused = world.send(Method::POST, &path, &form, &answer.to_string()).await;
    assert_eq!(refused.status, 400);
    let fields = [
        ("authorization", bearer.as_str()),
        ("content-type", "application/json"),
    ];
    let status = status_of_announced(&format!("{}{path}", world.base), &fields, MAX_RESPONSE_BYTES + 1).await;
    assert_eq!(status.unwrap(), 413);
}
