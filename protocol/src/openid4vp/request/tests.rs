use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider as _, RustCryptoProvider, SignatureAlgorithm};

use super::*;
use crate::dcql::CredentialQueryDefect;

fn good() -> Map<String, Value> {
    let key = RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(1))
        .unwrap()
        .public_key();
    let query = json!({"credentials": [
        {"id": "id", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:identity"]}, "claims": [{"path": ["name"]}]}
    ]});
    PresentationRequest {
        client_id: ClientId::x509_hash([3; 32]),
        response_mode: ResponseMode::DirectPostJwt,
        response_uri: Some(HttpUrl::parse("https://clinic.example/responses/1").unwrap()),
        nonce: RequestNonce::parse("n-0S6_WzA2Mj").unwrap(),
        state: RequestNonce::parse("s"),
        dcql_query: DcqlQuery::parse(query.to_string().as_bytes()).unwrap(),
        scope: None,
        transaction_data: Vec::new(),
        verifier_info: Vec::new(),
        client_metadata: ClientMetadata::for_encrypted_response(&key, Some("Clinic".to_owned())),
    }
    .to_claims()
    .unwrap()
}

fn parse(claims: &Map<String, Value>) -> Result<PresentationRequest, RequestDefect> {
    PresentationRequest::parse(claims, &reader(ScopeQueries::NONE, None))
}

fn reader<'a>(scopes: &'a ScopeQueries, registered: Option<&'a ClientMetadata>) -> RequestReader<'a> {
    RequestReader {
        urls: UrlPolicy::Public,
        scopes,
        registered,
        transaction_types: TransactionTypes::NONE,
    }
}

#[test]
fn a_request_reads_back() {
    let claims = good();
    let request = parse(&claims).unwrap();
    assert_eq!(request.to_claims(), Ok(claims));
    let encryption = request.response_encryption().unwrap().unwrap();
    assert_eq!(encryption.content.jose_name(), "A256GCM");
    assert_eq!(encryption.key_id, encryption.key.thumbprint().to_string());
}

#[test]
fn each_broken_parameter_gets_its_exact_code() {
    use PresentationErrorCode as Code;
    let invalid = Code::InvalidRequest;
    for (name, value, defect, code) in [
        (
            "client_id",
            json!(""),
            RequestDefect::ClientId(ClientIdError::Malformed),
            invalid,
        ),
        (
            "client_id",
            json!(1),
            RequestDefect::Malformed { member: "client_id" },
            invalid,
        ),
        ("client_id", Value::Null, RequestDefect::NoClientId, invalid),
        (
            "response_type",
            json!("code"),
            RequestDefect::ResponseType,
            Code::UnsupportedResponseType,
        ),
        (
            "response_mode",
            json!("query"),
            RequestDefect::ResponseMode,
            invalid,
        ),
        (
            "response_mode",
            json!("fragment"),
            RequestDefect::ResponseUri,
            invalid,
        ),
        ("response_mode", Value::Null, RequestDefect::ResponseMode, invalid),
        ("response_uri", Value::Null, RequestDefect::NoResponseUri, invalid),
        (
            "response_uri",
            json!("http://clinic.example/"),
            RequestDefect::ResponseUriNotPermitted,
            invalid,
        ),
        (
            "redirect_uri",
            json!("https://clinic.example/"),
            RequestDefect::RedirectUri,
            invalid,
        ),
        ("nonce", Value::Null, RequestDefect::Nonce, invalid),
        ("nonce", json!("a b"), RequestDefect::Nonce, invalid),
        ("nonce", json!("é"), RequestDefect::Nonce, invalid),
        (
            "nonce",
            json!("a".repeat(MAX_NONCE_BYTES + 1)),
            RequestDefect::Nonce,
            invalid,
        ),
        ("state", json!("a b"), RequestDefect::State, invalid),
        (
            "transaction_data",
            json!(["e30"]),
            RequestDefect::TransactionData(TransactionDefect::MissingMember),
            Code::InvalidTransactionData,
        ),
        ("dcql_query", Value::Null, RequestDefect::NoQuery, invalid),
        (
            "dcql_query",
            json!({"credentials": []}),
            RequestDefect::Query(DcqlError::NoCredentials),
            invalid,
        ),
        ("scope", json!("identity"), RequestDefect::QueryAndScope, invalid),
        (
            "presentation_definition",
            json!({}),
            RequestDefect::DraftShape,
            invalid,
        ),
        (
            "client_id_scheme",
            json!("x509_san_dns"),
            RequestDefect::DraftShape,
            invalid,
        ),
        (
            "client_metadata",
            Value::Null,
            RequestDefect::ClientMetadata,
            invalid,
        ),
        (
            "client_metadata",
            json!({"jwks": {"keys": []}}),
            RequestDefect::ClientMetadata,
            invalid,
        ),
        (
            "client_metadata",
            json!({"vp_formats_supported": {"ac_vp": {}}}),
            RequestDefect::Formats,
            Code::VpFormatsNotSupported,
        ),
        (
            "client_metadata",
            json!({"vp_formats_supported": {"dc+sd-jwt": {}}}),
            RequestDefect::NoEncryptionKey,
            invalid,
        ),
    ] {
        let mut claims = good();
        if value.is_null() {
            claims.remove(name);
        } else {
            claims.insert(name.to_owned(), value);
        }
        assert_eq!(parse(&claims), Err(defect), "{name}");
        assert_eq!(defect.code(), code, "{name}");
    }
}

#[test]
fn a_scope_stands_for_the_query_that_it_was_given_or_for_none() {
    let mut claims = good();
    let query = claims.remove("dcql_query").unwrap();
    claims.insert("scope".to_owned(), json!("identity"));
    let unknown = RequestDefect::Scope(ScopeError::Unknown);
    assert_eq!(parse(&claims), Err(unknown));
    assert_eq!(unknown.code(), PresentationErrorCode::InvalidScope);

    let mut scopes = ScopeQueries::default();
    let query = DcqlQuery::parse(query.to_string().as_bytes()).unwrap();
    scopes.insert("identity", query.clone()).unwrap();
    let read = |claims: &Map<String, Value>| PresentationRequest::parse(claims, &reader(&scopes, None));
    let request = read(&claims).unwrap();
    assert_eq!(request.dcql_query, query);
    assert_eq!(request.to_claims(), Ok(claims.clone()));
    for scope in ["", "identity passport"] {
        claims.insert("scope".to_owned(), json!(scope));
        let defect = read(&claims).unwrap_err();
        assert_eq!(defect.code(), PresentationErrorCode::InvalidScope, "{scope}");
    }
}

#[test]
fn the_metadata_of_a_registered_client_are_those_that_were_registered() {
    let mut claims = good();
    claims.insert("client_id".to_owned(), json!("clinic"));
    let metadata = claims.remove("client_metadata").unwrap();
    let registered: ClientMetadata = serde_json::from_value(metadata.clone()).unwrap();
    let reader = reader(ScopeQueries::NONE, Some(&registered));
    let request = PresentationRequest::parse(&claims, &reader).unwrap();
    assert_eq!(request.client_metadata, registered);
    assert_eq!(request.to_claims(), Ok(claims.clone()));
    claims.insert("client_metadata".to_owned(), metadata);
    let defect = PresentationRequest::parse(&claims, &reader).unwrap_err();
    assert_eq!(defect, RequestDefect::RegisteredMetadata);
    assert_eq!(defect.code(), PresentationErrorCode::InvalidClient);
}

#[test]
fn an_address_that_identifies_the_client_may_be_left_out_and_not_be_another() {
    let mut claims = good();
    let id = "redirect_uri:https://clinic.example/responses/1";
    claims.insert("client_id".to_owned(), json!(id));
    assert!(parse(&claims).is_ok());
    claims.remove("response_uri");
    let request = parse(&claims).unwrap();
    assert_eq!(
        request.response_uri.unwrap().as_str(),
        "https://clinic.example/responses/1"
    );
    for other in ["https://clinic.example/responses/1/", "https://other.example/"] {
        claims.insert("response_uri".to_owned(), json!(other));
        assert_eq!(parse(&claims), Err(RequestDefect::ForeignResponseUri));
    }
}

#[test]
fn without_holder_binding_a_state_is_required() {
    let mut claims = good();
    claims["dcql_query"]["credentials"][0]["require_cryptographic_holder_binding"] = json!(false);
    assert!(parse(&claims).is_ok());
    claims.remove("state");
    assert_eq!(parse(&claims), Err(RequestDefect::NoState));
}

#[test]
fn a_key_that_is_not_for_encryption_or_has_no_name_is_not_used() {
    for (name, value) in [
        ("use", json!("sig")),
        ("alg", json!("ECDH-ES+A256KW")),
        ("alg", Value::Null),
        ("kid", Value::Null),
        ("crv", json!("P-384")),
        ("x", json!("AAAA")),
    ] {
        let mut claims = good();
        let key = claims["client_metadata"]["jwks"]["keys"][0]
            .as_object_mut()
            .unwrap();
        if value.is_null() {
            key.remove(name);
        } else {
            key.insert(name.to_owned(), value);
        }
        assert_eq!(parse(&claims), Err(RequestDefect::NoEncryptionKey), "{name}");
    }
    let mut claims = good();
    claims["client_metadata"]["encrypted_response_enc_values_supported"] = json!(["A192GCM"]);
    assert_eq!(parse(&claims), Err(RequestDefect::NoEncryptionKey));
    claims["client_metadata"]
        .as_object_mut()
        .unwrap()
        .remove("encrypted_response_enc_values_supported");
    let encryption = parse(&claims).unwrap().response_encryption().unwrap().unwrap();
    assert_eq!(encryption.content.jose_name(), "A128GCM");
}

#[test]
fn the_query_is_checked_within_the_request() {
    let mut claims = good();
    claims["dcql_query"]["credentials"][0]["claims"] = json!([]);
    let reason = CredentialQueryDefect::NoClaims;
    assert_eq!(
        parse(&claims),
        Err(RequestDefect::Query(DcqlError::Credential {
            position: 0,
            reason
        }))
    );
}
