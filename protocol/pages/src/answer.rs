//! Answers of pages: HTML with its header fields, redirects, and the files that pages refer to.

use axum_core::response::{IntoResponse as _, Response};
use http::header::{
    CACHE_CONTROL, CONTENT_LANGUAGE, CONTENT_SECURITY_POLICY, CONTENT_TYPE, LOCATION, SET_COOKIE, VARY,
};
use http::{HeaderValue, StatusCode};

use crate::language::LANGUAGE_COOKIE;
use crate::translations::{Translation, Translations};

/// How pages look.
pub const STYLE: &str = include_str!("style.css");

/// The pages' picture.
pub const ICON: &str = include_str!("icon.svg");

/// A page under its content security policy. It may hold personal data: nothing of it is kept.
#[must_use]
pub fn page(status: StatusCode, html: String, language: &Translation, policy: HeaderValue) -> Response {
    let mut response = (status, html).into_response();
    let headers = response.headers_mut();
    headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/html; charset=utf-8"));
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    headers.insert(VARY, HeaderValue::from_static("accept-language, cookie"));
    if let Ok(language) = HeaderValue::from_str(&language.tag) {
        headers.insert(CONTENT_LANGUAGE, language);
    }
    headers.insert(CONTENT_SECURITY_POLICY, policy);
    response
}

/// On to another page of ours, as a GET (RFC 9110 §15.4.4).
#[must_use]
pub fn see_other(location: &str) -> Response {
    let Ok(mut location) = HeaderValue::from_str(location) else {
        return StatusCode::INTERNAL_SERVER_ERROR.into_response();
    };
    // It may carry a code.
    location.set_sensitive(true);
    let mut response = (StatusCode::SEE_OTHER, [(LOCATION, location)]).into_response();
    response
        .headers_mut()
        .insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    response
}

/// Remembers a language in the browser, and loads `location`, the page without the wish in its address. `secure` is whether the
/// page is reached by https.
#[must_use]
pub fn switch_language(translations: &Translations, tag: &str, location: &str, secure: bool) -> Response {
    let mut response = see_other(location);
    if let Some(language) = translations.matching(tag) {
        let secure = if secure { "; Secure" } else { "" };
        let cookie = format!(
            "{LANGUAGE_COOKIE}={}; Path=/; HttpOnly; SameSite=Lax{secure}",
            language.tag
        );
        if let Ok(cookie) = HeaderValue::from_str(&cookie) {
            response.headers_mut().append(SET_COOKIE, cookie);
        }
    }
    response
}

/// A file that pages refer to.
#[must_use]
pub fn file(media_type: &'static str, content: &'static str) -> Response {
    let headers = [(CONTENT_TYPE, media_type), (CACHE_CONTROL, "public, max-age=300")];
    (headers, content).into_response()
}
