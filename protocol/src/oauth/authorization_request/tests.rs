use super::*;
use crate::oauth::error::AuthorizationErrorCode as Code;
use crate::oauth::pkce::CodeVerifier;
use crate::openid4vci::identifiers::ConfigurationId;

/// A request with every parameter.
pub(in crate::oauth) fn request() -> AuthorizationRequest {
    AuthorizationRequest {
        client_id: ClientIdentifier::parse("https://wallet.example").unwrap(),
        redirect_uri: RedirectUri::parse("https://wallet.example/cb?a=b").unwrap(),
        state: State::parse("a+b c&d=%"),
        code_challenge: CodeVerifier::parse("v".repeat(43)).unwrap().challenge(),
        scope: Scope::parse("identity licence").ok(),
        authorization_details: vec![RequestedCredential::new(
            ConfigurationId::parse("national-identity").unwrap(),
            vec![IssuerIdentifier::parse("https://issuer.example").unwrap()],
        )],
        issuer_state: IssuerState::parse("from the offer"),
        resource: vec![
            IssuerIdentifier::parse("https://issuer.example").unwrap(),
            IssuerIdentifier::parse("https://other.example").unwrap(),
        ],
        dpop_jkt: Thumbprint::parse(&"A".repeat(43)).ok(),
        ui_locales: vec!["ar".to_owned(), "fr-CH".to_owned()],
    }
}

fn parse(query: &str) -> Result<AuthorizationEndpointRequest, AuthorizationRequestRefused> {
    AuthorizationEndpointRequest::parse(query.as_bytes())
}

#[test]
fn a_request_reads_back() {
    let read = parse(&format!("{}&something_new=1", request().to_form()));
    assert_eq!(read, Ok(AuthorizationEndpointRequest::Plain(Box::new(request()))));
    let least = AuthorizationRequest {
        state: None,
        scope: None,
        authorization_details: Vec::new(),
        issuer_state: None,
        resource: Vec::new(),
        dpop_jkt: None,
        ui_locales: Vec::new(),
        ..request()
    };
    assert_eq!(
        parse(&least.to_form()),
        Ok(AuthorizationEndpointRequest::Plain(Box::new(least)))
    );
}

#[test]
fn a_parameter_without_a_value_counts_as_left_out() {
    let query = request().to_form();
    let query = format!("{query}&response_mode=&request=&request_uri=");
    assert_eq!(
        parse(&query),
        Ok(AuthorizationEndpointRequest::Plain(Box::new(request())))
    );
}

#[test]
fn each_broken_parameter_gets_its_code_and_the_client_is_told() {
    let good = request().to_form();
    let challenge = request().code_challenge.to_string();
    let long = "a".repeat(MAX_STATE_BYTES + 1);
    for (from, to, code) in [
        (
            "response_type=code",
            "response_type=token",
            Code::UnsupportedResponseType,
        ),
        ("response_type=code", "", Code::InvalidRequest),
        (
            "code_challenge_method=S256",
            "code_challenge_method=plain",
            Code::InvalidRequest,
        ),
        ("code_challenge_method=S256", "", Code::InvalidRequest),
        (challenge.as_str(), "", Code::InvalidRequest),
        (challenge.as_str(), "short", Code::InvalidRequest),
        ("scope=identity+licence", "scope=%22", Code::InvalidScope),
        ("openid_credential", "payment", Code::InvalidAuthorizationDetails),
        ("resource=https", "resource=ftp", Code::InvalidTarget),
        ("dpop_jkt=A", "dpop_jkt=!", Code::InvalidRequest),
        ("issuer_state=from", "issuer_state=%00", Code::InvalidRequest),
        ("state=a", "state=%00", Code::InvalidRequest),
        (
            "issuer_state=from",
            &format!("issuer_state={long}"),
            Code::InvalidRequest,
        ),
        (
            "ui_locales=ar",
            "response_mode=fragment&ui_locales=ar",
            Code::InvalidRequest,
        ),
    ] {
        let query = good.replacen(from, to, 1);
        assert_ne!(query, good, "{from}");
        let refused = parse(&query).unwrap_err();
        assert_eq!(refused.reason.code(), code, "{to}: {refused}");
        let tell = refused.tell.unwrap();
        assert_eq!(tell.redirect_uri, request().redirect_uri);
        assert_eq!(tell.client_id, request().client_id);
        if !to.contains("state=%00") || to.starts_with("issuer_state") {
            assert_eq!(tell.state, request().state, "{to}");
        }
    }
}

#[test]
fn nobody_is_told_when_it_is_not_known_who_asks_or_where_to_answer() {
    let good = request().to_form();
    for (from, to) in [
        ("client_id=https%3A%2F%2Fwallet.example", ""),
        ("client_id=https", "client_id=%01https"),
        ("redirect_uri=https%3A%2F%2Fwallet.example%2Fcb%3Fa%3Db", ""),
        ("redirect_uri=https", "redirect_uri=javascript"),
        ("client_id", "client_id=a&client_id"),
        ("redirect_uri", "redirect_uri=a&redirect_uri"),
        ("client_id", "request=a.b.c&request_uri=urn:a&client_id"),
        ("client_id", "request=%20&client_id"),
        ("client_id", "request_uri=nothing&client_id"),
    ] {
        let query = good.replacen(from, to, 1);
        assert_ne!(query, good, "{from}");
        assert_eq!(parse(&query).unwrap_err().tell, None, "{to}");
    }
    let long = format!("{good}&x={}", "a".repeat(MAX_AUTHORIZATION_REQUEST_BYTES));
    let refused = parse(&long).unwrap_err();
    assert_eq!(refused.reason, AuthorizationRequestError::TooLarge);
}

#[test]
fn resource_alone_may_be_repeated() {
    let good = request().to_form();
    assert_eq!(good.matches("resource=").count(), 2);
    for name in ["client_id", "scope", "state", "code_challenge", "unknown"] {
        let query = format!("{good}&unknown=1&{name}=x");
        let refused = parse(&query).unwrap_err();
        assert_eq!(
            refused.reason,
            AuthorizationRequestError::RepeatedParameter,
            "{name}"
        );
    }
}

#[test]
fn a_pushed_or_signed_request_is_told_by_its_parameter() {
    let pushed = parse("client_id=a&request_uri=urn:ietf:params:oauth:request_uri:x&scope=ignored").unwrap();
    assert!(matches!(
        pushed,
        AuthorizationEndpointRequest::Pushed { client_id, request_uri }
            if client_id.as_str() == "a" && request_uri.reference() == Some("x")
    ));
    let signed = parse("client_id=a&request=x.y.z&scope=ignored").unwrap();
    assert!(matches!(
        signed,
        AuthorizationEndpointRequest::Signed { request, .. } if request.as_str() == "x.y.z"
    ));
}
