//! The guarded fetcher and the listener against each other, on loopback.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::net::SocketAddr;
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::middleware::from_fn_with_state;
use axum::response::Redirect;
use axum::routing::{get, post};
use http::header::{AUTHORIZATION, HeaderValue};
use http::{Method, Response};
use symbolon_http::fetch::{Fetch, FetchError, FetchPolicy, Fetched, GuardedFetcher, Redirects};
use symbolon_http::serve::{
    AdministrationToken, Encryption, Limits, Running, harden, listen, require_administration, serve,
};
use url::Url;

async fn start(router: Router) -> (Running, String) {
    let listener = listen(SocketAddr::from(([127, 0, 0, 1], 0))).unwrap();
    let limits = Limits {
        body_bytes: 1000,
        time: Duration::from_secs(5),
    };
    let running = serve(listener, Encryption::Plain, harden(router, limits))
        .await
        .unwrap();
    let base = format!("http://{}", running.address());
    (running, base)
}

async fn fetch(policy: FetchPolicy, url: &str) -> Result<Fetched, FetchError> {
    GuardedFetcher::new(policy)
        .unwrap()
        .fetch(Fetch::document(Url::parse(url).unwrap(), 100))
        .await
}

#[tokio::test]
async fn fetches_loopback_in_development_and_never_otherwise() {
    let (running, base) = start(Router::new().route("/", get(|| async { "text" }))).await;
    let fetched = fetch(FetchPolicy::Development, &base).await.unwrap();
    assert_eq!(
        (fetched.status, fetched.body.as_slice()),
        (200, b"text".as_slice())
    );
    assert_eq!(fetched.headers["x-content-type-options"], "nosniff");
    assert_eq!(fetched.headers["cache-control"], "no-store");
    assert!(matches!(
        fetch(FetchPolicy::Public, &base).await,
        Err(FetchError::Refused)
    ));
    let https = base.replace("http://", "https://");
    assert!(matches!(
        fetch(FetchPolicy::Public, &https).await,
        Err(FetchError::Refused)
    ));
    let by_name = format!("https://localhost:{}", running.address().port());
    assert!(matches!(
        fetch(FetchPolicy::Public, &by_name).await,
        Err(FetchError::Refused)
    ));
    running.shutdown().await;
    assert!(matches!(
        fetch(FetchPolicy::Development, &base).await,
        Err(FetchError::Unreachable)
    ));
}

#[tokio::test]
async fn checks_every_redirect_like_the_first_address() {
    let router = Router::new()
        .route(
            "/private",
            get(|| async { Redirect::temporary("http://169.254.169.254/latest") }),
        )
        .route("/circle", get(|| async { Redirect::temporary("/circle") }))
        .route("/once", get(|| async { Redirect::temporary("/end") }))
        .route("/end", get(|| async { "end" }));
    let (running, base) = start(router).await;
    let policy = FetchPolicy::Development;
    assert!(matches!(
        fetch(policy, &format!("{base}/private")).await,
        Err(FetchError::Refused)
    ));
    assert!(matches!(
        fetch(policy, &format!("{base}/circle")).await,
        Err(FetchError::Redirect)
    ));
    assert_eq!(fetch(policy, &format!("{base}/once")).await.unwrap().body, b"end");
    let mut request = Fetch::document(Url::parse(&format!("{base}/once")).unwrap(), 100);
    request.redirects = Redirects::Refuse;
    assert_eq!(
        GuardedFetcher::new(policy)
            .unwrap()
            .fetch(request)
            .await
            .unwrap()
            .status,
        307
    );
    running.shutdown().await;
}

#[tokio::test]
async fn reads_no_more_than_allowed_with_and_without_a_declared_length() {
    let endless = || async {
        let chunks = axum::body::Bytes::from_static(&[0; 64]);
        let stream = (0..10).map(move |_| Ok::<_, std::io::Error>(chunks.clone()));
        Response::new(Body::from_stream(Chunks(stream.collect::<Vec<_>>().into_iter())))
    };
    let router = Router::new()
        .route("/long", get(|| async { "x".repeat(101) }))
        .route("/endless", get(endless));
    let (running, base) = start(router).await;
    for path in ["long", "endless"] {
        let fetched = fetch(FetchPolicy::Development, &format!("{base}/{path}")).await;
        assert!(
            matches!(fetched, Err(FetchError::TooLarge { limit: 100 })),
            "{path}"
        );
    }
    running.shutdown().await;
}

#[tokio::test]
async fn refuses_a_body_over_its_limit_and_a_missing_or_wrong_token() {
    let token = AdministrationToken::new("right");
    let router = Router::new()
        .route(
            "/admin",
            post(|body: String| async move { body.len().to_string() }),
        )
        .layer(from_fn_with_state(token, require_administration));
    let (running, base) = start(router).await;
    let fetcher = GuardedFetcher::new(FetchPolicy::Development).unwrap();
    let send = async |token: Option<&'static str>, length: usize| {
        let mut request = Fetch::document(Url::parse(&format!("{base}/admin")).unwrap(), 100);
        request.method = Method::POST;
        request.body = vec![b'x'; length];
        if let Some(token) = token {
            request = request.with_header(AUTHORIZATION, HeaderValue::from_static(token));
        }
        fetcher.fetch(request).await.unwrap()
    };
    let missing = send(None, 1).await;
    assert_eq!(missing.status, 401);
    assert_eq!(
        missing.headers["www-authenticate"],
        r#"Bearer realm="administration""#
    );
    let wrong = send(Some("Bearer wrong"), 1).await;
    assert_eq!(wrong.status, 401);
    assert!(
        wrong.headers["www-authenticate"]
            .to_str()
            .unwrap()
            .contains("invalid_token")
    );
    assert_eq!(send(Some("Basic right"), 1).await.status, 401);
    assert_eq!(send(Some("Bearer right"), 1000).await.body, b"1000");
    assert_eq!(send(Some("Bearer right"), 1001).await.status, 413);
    running.shutdown().await;
}

struct Chunks<I>(I);

impl<I: Iterator + Unpin> futures_util::Stream for Chunks<I> {
    type Item = I::Item;

    fn poll_next(
        mut self: std::pin::Pin<&mut Self>,
        _: &mut std::task::Context<'_>,
    ) -> std::task::Poll<Option<I::Item>> {
        std::task::Poll::Ready(self.0.next())
    }
}
