//! Limits and header fields that every answer has.

use std::time::Duration;

use axum::Router;
use axum::extract::DefaultBodyLimit;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HeaderName, REFERRER_POLICY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderValue, StatusCode};
use tower_http::limit::RequestBodyLimitLayer;
use tower_http::set_header::SetResponseHeaderLayer;
use tower_http::timeout::TimeoutLayer;

/// What a request may cost.
#[derive(Debug, Clone, Copy)]
pub struct Limits {
    /// The most bytes of body.
    pub body_bytes: usize,
    /// How long until an answer must have begun.
    pub time: Duration,
}

impl Limits {
    /// Enough for every protocol message that anybody may send.
    pub const PROTOCOL: Self = Self {
        body_bytes: 512 << 10,
        time: Duration::from_secs(30),
    };
}

/// Puts limits and header fields around every route of `router`. A handler that sets one of the fields itself keeps its
/// own value.
pub fn harden<S: Clone + Send + Sync + 'static>(router: Router<S>, limits: Limits) -> Router<S> {
    let field = |name: HeaderName, value: &'static str| {
        SetResponseHeaderLayer::if_not_present(name, HeaderValue::from_static(value))
    };
    router
        .layer(DefaultBodyLimit::disable())
        .layer(RequestBodyLimitLayer::new(limits.body_bytes))
        .layer(TimeoutLayer::with_status_code(
            StatusCode::SERVICE_UNAVAILABLE,
            limits.time,
        ))
        .layer(field(CACHE_CONTROL, "no-store"))
        .layer(field(
            CONTENT_SECURITY_POLICY,
            "default-src 'none'; frame-ancestors 'none'; base-uri 'none'",
        ))
        .layer(field(X_CONTENT_TYPE_OPTIONS, "nosniff"))
        .layer(field(X_FRAME_OPTIONS, "DENY"))
        .layer(field(REFERRER_POLICY, "no-referrer"))
}
