use super::*;

const CHALLENGE: &str = "E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM";

fn query(more: &str) -> String {
    format!(
        "response_type=code&client_id=bank&redirect_uri=https%3A%2F%2Fbank.example%2Fcb&state=s&scope=openid+kyc\
         &code_challenge={CHALLENGE}&code_challenge_method=S256{more}"
    )
}

fn plain(query: &str) -> AuthenticationRequest {
    match AuthenticationEndpointRequest::parse(query.as_bytes()).unwrap() {
        AuthenticationEndpointRequest::Plain(request) => *request,
        AuthenticationEndpointRequest::Pushed { .. } => panic!("pushed"),
    }
}

#[test]
fn a_request_reads_back_from_its_form() {
    let claims = "%7B%22userinfo%22%3A%7B%22given_name%22%3A%7B%22essential%22%3Atrue%7D%7D%7D";
    let request = plain(&query(&format!(
        "&nonce=n&max_age=0&acr_values=high+low&claims={claims}&ui_locales=ar&login_hint=x&prompt=login"
    )));
    assert_eq!(request.nonce.as_deref(), Some("n"));
    assert_eq!(request.max_age, Some(0));
    assert_eq!(request.acr_values, ["high", "low"]);
    assert!(request.claims.userinfo.claims["given_name"].essential);
    assert_eq!(request.prompt, Prompt::Allowed);
    assert_eq!(request.oauth.ui_locales, ["ar"]);
    let read = AuthenticationRequest::parse_form(request.to_form().as_bytes()).unwrap();
    assert_eq!(read, request);
    assert_eq!(plain(&query("&prompt=none")).prompt, Prompt::Forbidden);
    assert_eq!(plain(&query("&max_age=99999999999")).max_age, Some(u32::MAX));
}

#[test]
fn what_is_wrong_is_told_where_the_client_wants_its_answers() {
    use AuthorizationErrorCode as Code;
    for (more, code) in [
        ("&prompt=none+login", Code::InvalidRequest),
        ("&max_age=-1", Code::InvalidRequest),
        ("&max_age=soon", Code::InvalidRequest),
        ("&claims=%7B", Code::InvalidRequest),
        ("&nonce=%00", Code::InvalidRequest),
        ("&request=a.b.c", Code::RequestNotSupported),
        (
            "&request_uri=https%3A%2F%2Fbank.example%2Fr",
            Code::RequestUriNotSupported,
        ),
    ] {
        let refused = AuthenticationEndpointRequest::parse(query(more).as_bytes()).unwrap_err();
        assert_eq!(refused.reason.code(), code, "{more}");
        let tell = refused.tell.unwrap();
        assert_eq!(tell.redirect_uri.as_str(), "https://bank.example/cb");
        assert_eq!(tell.state.unwrap().as_str(), "s");
    }
    let without = query("").replace("openid+", "");
    let refused = AuthenticationEndpointRequest::parse(without.as_bytes()).unwrap_err();
    assert_eq!(refused.reason.code(), Code::InvalidScope);
    let without = query("").replace("code_challenge=", "other=");
    let refused = AuthenticationEndpointRequest::parse(without.as_bytes()).unwrap_err();
    assert_eq!(refused.reason.code(), Code::InvalidRequest);
    let both = query("&request=a.b.c&request_uri=urn:ietf:params:oauth:request_uri:x");
    assert_eq!(
        AuthenticationEndpointRequest::parse(both.as_bytes())
            .unwrap_err()
            .tell,
        None
    );
}

#[test]
fn a_pushed_request_is_known_by_its_name_alone() {
    let query = "client_id=bank&request_uri=urn:ietf:params:oauth:request_uri:abc&scope=ignored";
    let read = AuthenticationEndpointRequest::parse(query.as_bytes()).unwrap();
    assert!(matches!(
        read,
        AuthenticationEndpointRequest::Pushed { client_id, request_uri }
            if client_id.as_str() == "bank" && request_uri.reference() == Some("abc")
    ));
}

#[test]
fn a_client_pushes_its_request_with_its_assertion() {
    let assertion = "&client_assertion_type=urn%3Aietf%3Aparams%3Aoauth%3Aclient-assertion-type%3Ajwt-bearer&client_assertion=a.b.c";
    let pushed = PushedAuthenticationRequest::parse_form(query(assertion).as_bytes()).unwrap();
    assert!(pushed.client.assertion.is_some());
    assert_eq!(pushed.request.oauth.client_id.as_str(), "bank");
    for (more, code) in [
        (
            "&request_uri=urn:ietf:params:oauth:request_uri:x",
            AuthorizationErrorCode::InvalidRequest,
        ),
        ("&request=a.b.c", AuthorizationErrorCode::RequestNotSupported),
        ("&client_secret=x", AuthorizationErrorCode::InvalidClient),
        ("&claims=%7B", AuthorizationErrorCode::InvalidRequest),
    ] {
        let refused = PushedAuthenticationRequest::parse_form(query(more).as_bytes()).unwrap_err();
        assert_eq!(refused.code(), code, "{more}");
    }
}
