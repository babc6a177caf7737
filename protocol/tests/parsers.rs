//! No input makes a parser panic, and what one accepts reads back.

use proptest::prelude::*;
use symbolon_protocol::identifier::{IssuerIdentifier, UrlPolicy};
use symbolon_protocol::oauth::access_token::{PresentedAccessToken, ResourceChallenge};
use symbolon_protocol::oauth::authorization_request::AuthorizationEndpointRequest;
use symbolon_protocol::oauth::metadata::AuthorizationServerMetadata;
use symbolon_protocol::oauth::pushed_request::PushedRequest;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use symbolon_protocol::openid4vci::credential::{CredentialRequest, CredentialResponse};
use symbolon_protocol::openid4vci::metadata::IssuerMetadata;
use symbolon_protocol::openid4vci::offer::{CredentialOffer, OfferLink};
use symbolon_protocol::openid4vci::token::{TokenRequest, TokenResponse};
use symbolon_protocol::openid4vp::client_id::ClientId;
use symbolon_protocol::openid4vp::link::RequestLink;
use symbolon_protocol::openid4vp::profile::RequestScheme;
use symbolon_protocol::openid4vp::registered::RegisteredClient;
use symbolon_protocol::openid4vp::request::{PresentationRequest, RequestReader};
use symbolon_protocol::openid4vp::response::DirectPost;
use symbolon_protocol::openid4vp::scope::ScopeQueries;
use symbolon_protocol::openid4vp::transaction_data::TransactionTypes;
use symbolon_protocol::openid4vp::wallet_parameters::WalletParameters;

/// Valid messages, to be broken at random places.
const SEEDS: &[&str] = &[
    r#"{"credential_issuer":"https://a.example","credential_configuration_ids":["x"],"grants":{"urn:ietf:params:oauth:grant-type:pre-authorized_code":{"pre-authorized_code":"c","tx_code":{"length":4}}}}"#,
    r#"{"credential_issuer":"https://a.example","credential_endpoint":"https://a.example/c","credential_configurations_supported":{"x":{"format":"dc+sd-jwt","vct":"v"}}}"#,
    r#"{"credential_configuration_id":"x","proofs":{"jwt":["a.b.c"]}}"#,
    r#"{"credentials":[{"credential":"a~"}],"notification_id":"n"}"#,
    r#"{"access_token":"t","token_type":"bearer","authorization_details":[{"type":"openid_credential","credential_configuration_id":"x","credential_identifiers":["y"]}]}"#,
    r#"{"vp_token":{"a":["b"]},"state":"s"}"#,
    r#"{"client_id":"x509_san_dns:a.example","response_type":"vp_token","response_mode":"direct_post","response_uri":"https://a.example/r","nonce":"n","dcql_query":{"credentials":[{"id":"a","format":"dc+sd-jwt","meta":{"vct_values":["v"]}}]},"client_metadata":{"vp_formats_supported":{"dc+sd-jwt":{}}}}"#,
    "grant_type=urn:ietf:params:oauth:grant-type:pre-authorized_code&pre-authorized_code=c&tx_code=1",
    "openid4vp://?client_id=x509_san_dns:a.example&request_uri=https://a.example/r&request_uri_method=post",
    "haip-vp://?client_id=redirect_uri:https://a.example/r&response_type=vp_token&nonce=n&dcql_query=%7B%22a%22:1%7D",
    r#"wallet_nonce=n&wallet_metadata={"vp_formats_supported":{"dc+sd-jwt":{}},"jwks":{"keys":[]}}"#,
    "openid-credential-offer://?credential_offer_uri=https://a.example/o",
    "x509_hash:AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA",
    "Bearer error=\"invalid_token\"",
    "Bearer realm=\"a\", DPoP algs=\"ES256\", error=\"use_dpop_nonce\"",
    "grant_type=authorization_code&code=c&redirect_uri=https://w.example/cb&code_verifier=vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv&client_id=w",
    "response_type=code&client_id=w&redirect_uri=https://w.example/cb&state=s&code_challenge=E9Melhoa2OwvFrEMTJguCHaoeK1t8URWbuGJSstw-cM&code_challenge_method=S256&scope=a&authorization_details=%5B%7B%22type%22%3A%22openid_credential%22%2C%22credential_configuration_id%22%3A%22a%22%7D%5D&resource=https://a.example",
    "https://w.example/cb?a=b",
];

fn broken_seed() -> impl Strategy<Value = String> {
    (
        prop::sample::select(SEEDS),
        any::<prop::sample::Index>(),
        any::<prop::sample::Index>(),
        "\\PC{0,6}",
    )
        .prop_map(|(seed, one, other, insert)| {
            let (one, other) = (one.index(seed.len()), other.index(seed.len()));
            format!("{}{insert}{}", &seed[..one.min(other)], &seed[one.max(other)..])
        })
}

fn any_text() -> impl Strategy<Value = String> {
    prop_oneof![4 => broken_seed(), 1 => "\\PC{0,200}", 1 => prop::sample::select(SEEDS).prop_map(str::to_owned)]
}

fn parse_with_everything(text: &str) {
    let bytes = text.as_bytes();
    if let Ok(issuer) = IssuerIdentifier::parse("https://a.example") {
        let _ = IssuerMetadata::parse(bytes, &issuer, UrlPolicy::Public);
        let _ = AuthorizationServerMetadata::parse(bytes, &issuer, UrlPolicy::Public);
    }
    let _ = TokenRequest::parse_form(bytes);
    let _ = TokenResponse::parse(bytes);
    let _ = CredentialResponse::parse(bytes);
    let _ = DirectPost::parse_form(bytes);
    let _ = WalletParameters::parse_form(bytes);
    let _ = RegisteredClient::parse(bytes);
    let _ = ResourceChallenge::parse_all(text);
    let _ = PresentedAccessToken::parse(Some(text), Some(text));
    let _ = AuthorizationEndpointRequest::parse(bytes);
    let _ = PushedRequest::parse_form(bytes);
    if let Ok(serde_json::Value::Object(claims)) = serde_json::from_str(text) {
        let reader = RequestReader {
            urls: UrlPolicy::Public,
            scopes: ScopeQueries::NONE,
            registered: None,
            transaction_types: TransactionTypes::NONE,
        };
        let _ = PresentationRequest::parse(&claims, &reader);
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(2_000))]

    #[test]
    fn no_input_makes_a_parser_panic(text in any_text()) {
        parse_with_everything(&text);
    }

    #[test]
    fn what_is_accepted_reads_back(text in any_text()) {
        let bytes = text.as_bytes();
        if let Ok(link) = RequestLink::parse(&text, UrlPolicy::Public) {
            prop_assert_eq!(RequestLink::parse(&link.to_uri(RequestScheme::HaipVp), UrlPolicy::Public), Ok(link));
        }
        if let Ok(AuthorizationEndpointRequest::Plain(request)) = AuthorizationEndpointRequest::parse(bytes) {
            let again = AuthorizationEndpointRequest::parse(request.to_form().as_bytes());
            prop_assert_eq!(again, Ok(AuthorizationEndpointRequest::Plain(request)));
        }
        if let Ok(uri) = RedirectUri::parse(&text) {
            let answer = uri.with_parameters(&[("code", "a&b"), ("state", " ")]);
            prop_assert_eq!(&*uri.answer_query(&answer).unwrap(), "code=a%26b&state=%20");
        }
        if let Ok(id) = ClientId::parse(&text) {
            prop_assert_eq!(ClientId::parse(id.as_str()), Ok(id));
        }
        if let Ok(request) = CredentialRequest::parse(bytes) {
            prop_assert_eq!(CredentialRequest::parse(&serde_json::to_vec(&request).unwrap()), Ok(request));
        }
        if let Ok(DirectPost::Answer(answer)) = DirectPost::parse_decrypted(bytes) {
            let json = answer.to_json().unwrap();
            prop_assert_eq!(DirectPost::parse_decrypted(json.as_bytes()), Ok(DirectPost::Answer(answer)));
        }
        if let Ok(offer) = CredentialOffer::parse(bytes, UrlPolicy::Public) {
            let json = offer.to_json().unwrap();
            let link = OfferLink::ByValue(Box::new(offer)).to_uri().unwrap();
            match OfferLink::parse(&link, UrlPolicy::Public) {
                Ok(OfferLink::ByValue(offer)) => prop_assert_eq!(offer.to_json().unwrap(), json),
                other => prop_assert!(false, "{:?}", other),
            }
        }
        if let Ok(OfferLink::ByReference(url)) = OfferLink::parse(&text, UrlPolicy::Public) {
            let link = OfferLink::ByReference(url.clone()).to_uri().unwrap();
            prop_assert!(matches!(OfferLink::parse(&link, UrlPolicy::Public), Ok(OfferLink::ByReference(read)) if read == url));
        }
    }
}
