//! A MOSIP ID Repository on loopback that answers in the shapes of the public one, and misbehaves as it is told to.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::{any, post};
use axum::{Json, Router};
use http::{HeaderMap, Method, StatusCode, Uri};
use serde_json::{Value, json};
use symbolon_http::fetch::FetchPolicy;
use symbolon_issuer::policy::IssuerPolicy;
use symbolon_issuer_server::{MosipRepository, MosipSettings, Records, Retrieval};
use url::Url;
use zeroize::Zeroizing;

use crate::harness::{FATIMA, HASSAN, Shape, World, record};

/// How the repository answers a question for a record.
#[derive(Clone)]
pub(crate) enum Mood {
    Well,
    /// With this status and body.
    Answers(u16, String),
    /// As another person.
    AsAnother,
    /// With this status of the record.
    StatusOfRecord(&'static str),
    /// Never to its end.
    Slowly,
    /// With more bytes than any record has.
    Endlessly,
    /// With a redirect to somewhere else.
    Elsewhere,
    /// Well so many times, and then with this status of the record.
    WellThen(usize, &'static str),
}

pub(crate) struct Repository {
    url: Url,
    pub(crate) people: Mutex<BTreeMap<String, Value>>,
    /// Whose virtual identifiers are.
    pub(crate) vids: Mutex<BTreeMap<&'static str, &'static str>>,
    mood: Mutex<Mood>,
    logins: AtomicUsize,
    questions: AtomicUsize,
    /// The token that is accepted now.
    token: Mutex<String>,
    pub(crate) accepts: Mutex<bool>,
    pub(crate) seen: Mutex<Vec<(Method, String)>>,
}

/// Stands for Fatima.
pub(crate) const VID: &str = "9876543210123456";
/// Stood for Fatima, and has expired.
pub(crate) const EXPIRED_VID: &str = "9876543210123457";

const SECRET: &str = "the secret of the client";

impl Repository {
    pub(crate) async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = Url::parse(&format!("http://{}", listener.local_addr().unwrap())).unwrap();
        let people = [(HASSAN, "Hassan Ali"), (FATIMA, "Fatima Zahra")];
        let repository = Arc::new(Self {
            url,
            people: Mutex::new(
                people
                    .map(|(uin, name)| (uin.to_owned(), identity(uin, name)))
                    .into(),
            ),
            vids: Mutex::new([(VID, FATIMA)].into()),
            mood: Mutex::new(Mood::Well),
            logins: AtomicUsize::new(0),
            questions: AtomicUsize::new(0),
            token: Mutex::new(String::new()),
            accepts: Mutex::new(true),
            seen: Mutex::new(Vec::new()),
        });
        let router = Router::new()
            .route("/v1/authmanager/authenticate/clientidsecretkey", post(login))
            .route("/idrepository/v1/identity/idvid/{*rest}", any(question))
            .with_state(Arc::clone(&repository));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        repository
    }

    pub(crate) fn is(&self, mood: Mood) {
        *self.mood.lock().unwrap() = mood;
    }

    pub(crate) fn revoke_token(&self) {
        self.token.lock().unwrap().clear();
    }

    pub(crate) fn counts(&self) -> (usize, usize) {
        (
            self.logins.load(Ordering::SeqCst),
            self.questions.load(Ordering::SeqCst),
        )
    }

    pub(crate) async fn issuer(self: &Arc<Self>, retrieval: Retrieval) -> World {
        let policy = IssuerPolicy {
            credentials_per_offer: 3,
            ..IssuerPolicy::default()
        };
        World::start_shaped(policy, self.shape(retrieval)).await
    }

    /// Lets an issuer have its records here.
    pub(crate) fn shape(&self, retrieval: Retrieval) -> Shape {
        let url = self.url.clone();
        Arc::new(move |mut setup| {
            let settings = MosipSettings {
                url: url.clone(),
                app_id: "idrepo".to_owned(),
                client_id: "symbolon".to_owned(),
                client_secret: Zeroizing::new(SECRET.to_owned()),
                retrieval,
                addresses: FetchPolicy::Development,
            };
            let (schema, clock) = (Arc::clone(&setup.record_schema), Arc::clone(&setup.clock));
            let repository = MosipRepository::new(settings, schema, clock).unwrap();
            setup.records = Records::Repository(Arc::new(repository));
            setup
        })
    }
}

/// A record as the repository has it: the number is a number, and a version of the schema with a fraction.
pub(crate) fn identity(uin: &str, name: &str) -> Value {
    let mut identity = record(uin, name);
    identity["UIN"] = json!(uin.parse::<u64>().unwrap());
    identity["IDSchemaVersion"] = json!(1.0);
    identity
}

pub(crate) fn envelope(id: &str, response: Value, errors: Value) -> Value {
    json!({
        "id": id,
        "version": "v1",
        "responsetime": "2026-11-23T12:00:00.000Z",
        "metadata": null,
        "response": response,
        "errors": errors,
    })
}

pub(crate) fn error(code: &str) -> Value {
    envelope(
        "mosip.id.read",
        Value::Null,
        json!([{ "errorCode": code, "message": "No Record(s) found" }]),
    )
}

async fn login(State(repository): State<Arc<Repository>>, Json(body): Json<Value>) -> Response {
    let number = repository.logins.fetch_add(1, Ordering::SeqCst) + 1;
    let request = &body["request"];
    let known =
        request["appId"] == "idrepo" && request["clientId"] == "symbolon" && request["secretKey"] == SECRET;
    if !known || !*repository.accepts.lock().unwrap() {
        return Json(envelope(
            "string",
            Value::Null,
            json!([{ "errorCode": "KER-ATH-401", "message": "" }]),
        ))
        .into_response();
    }
    let token = format!("eyJhbGciOiJSUzI1NiJ9.token-{number}.signature");
    repository.token.lock().unwrap().clone_from(&token);
    let cookie = format!("Authorization={token}; Max-Age=600; Path=/; Secure; HttpOnly");
    let answer = json!({ "status": "Success", "message": "Clientid and Token combination had been validated successfully" });
    (
        [("set-cookie", cookie)],
        Json(envelope("string", answer, Value::Null)),
    )
        .into_response()
}

async fn question(
    State(repository): State<Arc<Repository>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response {
    let asked = repository.questions.fetch_add(1, Ordering::SeqCst);
    repository
        .seen
        .lock()
        .unwrap()
        .push((method.clone(), uri.to_string()));
    let cookie = headers
        .get("cookie")
        .and_then(|value| value.to_str().ok())
        .unwrap_or_default();
    let token = repository.token.lock().unwrap().clone();
    if token.is_empty() || cookie != format!("Authorization={token}") {
        // As the gateway in front of the services does.
        return (StatusCode::UNAUTHORIZED, Json(error("KER-ATH-401"))).into_response();
    }
    let (number, kind) = if method == Method::GET {
        let kind = uri.query().unwrap().strip_prefix("idType=").unwrap();
        (uri.path().rsplit('/').next().unwrap().to_owned(), kind.to_owned())
    } else {
        assert_eq!(uri.path(), "/idrepository/v1/identity/idvid/v2");
        let body: Value = serde_json::from_slice(&body).unwrap();
        let text = |key: &str| body["request"][key].as_str().unwrap().to_owned();
        (text("id"), text("idType"))
    };
    let mood = repository.mood.lock().unwrap().clone();
    let status = match mood {
        Mood::Answers(status, body) => return (StatusCode::from_u16(status).unwrap(), body).into_response(),
        Mood::AsAnother => {
            let other = identity(FATIMA, "Fatima Zahra");
            return Json(envelope(
                "mosip.id.read",
                json!({ "status": "ACTIVATED", "identity": other }),
                Value::Null,
            ))
            .into_response();
        }
        Mood::Slowly => {
            let never = futures_util::stream::pending::<Result<Bytes, std::io::Error>>();
            return Response::new(Body::from_stream(never));
        }
        Mood::Endlessly => return " ".repeat(8 << 20).into_response(),
        Mood::Elsewhere => {
            let there = format!("{}stolen", repository.url);
            return (StatusCode::TEMPORARY_REDIRECT, [("location", there)]).into_response();
        }
        Mood::Well => "ACTIVATED",
        Mood::StatusOfRecord(status) => status,
        Mood::WellThen(times, status) if asked >= times => status,
        Mood::WellThen(..) => "ACTIVATED",
    };
    let uin = match kind.as_str() {
        "UIN" => number,
        "VID" if number == EXPIRED_VID => return Json(error("IDR-VID-001")).into_response(),
        "VID" => match repository.vids.lock().unwrap().get(number.as_str()) {
            Some(uin) => (*uin).to_owned(),
            None => return Json(error("IDR-IDC-007")).into_response(),
        },
        other => panic!("{other} is no type of a number"),
    };
    match repository.people.lock().unwrap().get(&uin) {
        Some(identity) => {
            let response = json!({ "status": status, "identity": identity, "documents": [], "verifiedAttributes": null });
            Json(envelope("mosip.id.read", response, Value::Null)).into_response()
        }
        None => Json(error("IDR-IDC-007")).into_response(),
    }
}
