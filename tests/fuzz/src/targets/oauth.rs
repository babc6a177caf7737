//! Messages and JWTs of OAuth, for servers and for clients.

use serde_json::json;
use symbolon_protocol::identifier::{HttpUrl, IssuerIdentifier};
use symbolon_protocol::oauth::access_token::{PresentedAccessToken, ResourceChallenge};
use symbolon_protocol::oauth::authorization_request::{AuthorizationEndpointRequest, State};
use symbolon_protocol::oauth::authorization_response::{self, AnswerExpectations, IssuerParameter};
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::client_assertion::{self, ClientAssertion};
use symbolon_protocol::oauth::client_attestation::{
    self, AttestationExpectations, AttesterKey, ChallengeResponse, TrustedAttesters,
};
use symbolon_protocol::oauth::dpop::{self, ExpectedKey, HttpMethod, ProvenRequest};
use symbolon_protocol::oauth::jwt::JwtId;
use symbolon_protocol::oauth::pkce::CodeVerifier;
use symbolon_protocol::oauth::pushed_request::{PushedAuthorizationResponse, PushedContents, PushedRequest};
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use symbolon_protocol::oauth::request_object::{self, SignedRequest};
use symbolon_protocol::oauth::scope::Scope;
use symbolon_protocol::openid4vci::authorization_details::RequestedCredential;

use super::{armour, for_part, one_of, with_text};
use crate::seeds::{ISSUER, NOW, TRUSTING_PROVIDER, WORLD};
use crate::{Reading, Target};

const CLIENT: &str = "https://wallet.example";
const REDIRECT_URI: &str = "https://wallet.example/cb?a=b";
const STATE: &str = "state";

/// Authorization requests and their answers, pushed requests, proofs, attestations, assertions, request objects.
pub(super) const OAUTH: Target = Target {
    name: "oauth",
    run: |input| {
        one_of(
            &[
                |input| {
                    let request = AuthorizationEndpointRequest::parse(input);
                    if let Ok(AuthorizationEndpointRequest::Plain(request)) = &request {
                        let again = AuthorizationEndpointRequest::parse(request.to_form().as_bytes());
                        assert_eq!(again, Ok(AuthorizationEndpointRequest::Plain(request.clone())));
                    }
                    Reading::of(&request)
                },
                |input| {
                    let request = PushedRequest::parse_form(input);
                    if let Ok(request) = &request {
                        let again = PushedRequest::parse_form(request.to_form().as_bytes());
                        let again = again.expect("a request that is written reads again");
                        assert_eq!(again.contents, request.contents);
                    }
                    Reading::of(&request)
                },
                |input| {
                    let answer = PushedAuthorizationResponse::parse(input);
                    if let Some(answer) = &answer {
                        let endpoint = HttpUrl::parse(ISSUER).expect("a URL");
                        let _ = answer.authorization_url(&endpoint, &client());
                    }
                    Reading::of_some(answer.as_ref())
                },
                |input| {
                    with_text(input, |text| {
                        let redirect_uri = RedirectUri::parse(REDIRECT_URI).expect("a redirect URI");
                        let state = State::parse(STATE).expect("a state");
                        let issuer = issuer();
                        let expected = AnswerExpectations {
                            redirect_uri: &redirect_uri,
                            state: &state,
                            issuer: &issuer,
                            issuer_parameter: IssuerParameter::NotPromised,
                        };
                        Reading::of(&authorization_response::parse(text, &expected))
                    })
                },
                |input| {
                    with_text(input, |text| {
                        let uri = RedirectUri::parse(text);
                        if let Ok(uri) = &uri {
                            let answer = uri.with_parameters(&[("code", "a&b")]);
                            let query = uri.answer_query(&answer).expect("an answer comes to its address");
                            assert_eq!(*query, "code=a%26b");
                        }
                        Reading::of(&uri)
                    })
                },
                |input| {
                    with_text(input, |text| {
                        let scope = Scope::parse(text);
                        if let Ok(scope) = &scope {
                            assert_eq!(Scope::parse(&scope.to_string()).as_ref(), Ok(scope));
                        }
                        Reading::of(&scope)
                    })
                },
                |input| with_text(input, |text| Reading::of(&RequestedCredential::parse_all(text))),
                |input| {
                    with_text(input, |text| {
                        let challenges = ResourceChallenge::parse_all(text);
                        for challenge in &challenges {
                            let written = challenge.header_value();
                            assert_eq!(ResourceChallenge::parse_all(&written).len(), 1);
                        }
                        let token = PresentedAccessToken::parse(Some(text), Some(text));
                        match challenges.as_slice() {
                            [] => Reading::of(&token),
                            _ => Reading::Accepted,
                        }
                    })
                },
                |input| {
                    let Some(text) = armour::jws(input) else {
                        return Reading::NOT_FOR_THE_TARGET;
                    };
                    let url = endpoint();
                    let request = ProvenRequest {
                        method: HttpMethod::Post,
                        url: &url,
                        access_token: None,
                    };
                    Reading::of(&dpop::verify(
                        &text,
                        request,
                        ExpectedKey::Any,
                        NOW,
                        &TRUSTING_PROVIDER,
                    ))
                },
                |input| attested(input, AttestedPart::Attestation),
                |input| attested(input, AttestedPart::ProofOfPossession),
                |input| {
                    let assertion =
                        armour::jws(input).and_then(|text| ClientAssertion::parse(text.into_owned()));
                    let Some(assertion) = assertion else {
                        return Reading::NOT_FOR_THE_TARGET;
                    };
                    let _ = client_assertion::claimed_client(&assertion);
                    let keys = [WORLD.holder.public().clone()];
                    Reading::of(&client_assertion::verify(
                        &assertion,
                        &client(),
                        &keys,
                        &issuer(),
                        NOW,
                        &TRUSTING_PROVIDER,
                    ))
                },
                |input| {
                    let object = armour::jws(input).and_then(|text| SignedRequest::parse(text.into_owned()));
                    let Some(object) = object else {
                        return Reading::NOT_FOR_THE_TARGET;
                    };
                    let keys = [WORLD.holder.public().clone()];
                    let request =
                        request_object::verify(&object, &client(), &keys, &issuer(), NOW, &TRUSTING_PROVIDER);
                    Reading::of(&request)
                },
                |input| Reading::of_some(ChallengeResponse::parse(input).as_ref()),
            ],
            input,
        )
    },
    seeds: || {
        let parameters = parameters();
        let AuthorizationEndpointRequest::Plain(request) =
            AuthorizationEndpointRequest::parse(parameters.as_bytes()).expect("a request")
        else {
            return Vec::new();
        };
        let holder = WORLD.holder.public();
        let jti = JwtId::parse("one").expect("an identifier");
        let url = endpoint();
        let proven = ProvenRequest {
            method: HttpMethod::Post,
            url: &url,
            access_token: None,
        };
        let finish = |prepared: symbolon_crypto::jose::jws::PreparedJws| {
            armour::parts_of_jws(&prepared.finish(&[7; 64]))
        };
        let object = request_object::prepare(&request, holder, &issuer(), &jti, NOW);
        let signed = PushedRequest {
            client: Default::default(),
            contents: PushedContents::Signed(SignedRequest::parse("a.b.c").expect("an object")),
        };
        vec![
            for_part(0, &parameters),
            for_part(0, "client_id=w&request_uri=urn:ietf:params:oauth:request_uri:x"),
            for_part(0, "client_id=w&request=a.b.c"),
            for_part(
                1,
                format!(
                    "{parameters}&client_assertion=a.b.c&client_assertion_type={}",
                    client_assertion::JWT_BEARER
                ),
            ),
            for_part(1, &*signed.to_form()),
            for_part(
                2,
                r#"{"request_uri":"urn:ietf:params:oauth:request_uri:x","expires_in":60}"#,
            ),
            for_part(3, format!("{REDIRECT_URI}&code=c&state={STATE}&iss={ISSUER}")),
            for_part(
                3,
                format!("{REDIRECT_URI}&error=access_denied&error_description=no&state={STATE}"),
            ),
            for_part(4, REDIRECT_URI),
            for_part(4, "org.example.wallet:/cb"),
            for_part(4, "http://127.0.0.1:49152/callback"),
            for_part(5, "identity licence"),
            for_part(
                6,
                r#"[{"type":"openid_credential","credential_configuration_id":"a","locations":["https://a.example"]}]"#,
            ),
            for_part(
                7,
                "Bearer realm=\"a, b\", DPoP algs=\"ES256\", error=\"use_dpop_nonce\"",
            ),
            for_part(7, "DPoP t0ken"),
            for_part(8, finish(dpop::prepare(holder, proven, &jti, None, NOW))),
            for_part(9, attestation_parts()),
            for_part(10, proof_of_possession_parts()),
            for_part(
                11,
                finish(client_assertion::prepare(&client(), holder, &issuer(), &jti, NOW)),
            ),
            for_part(12, finish(object)),
            for_part(13, r#"{"attestation_challenge":"fresh"}"#),
        ]
    },
};

/// Which of the two JWTs the fuzzer writes; the other is sound.
#[derive(Clone, Copy)]
enum AttestedPart {
    Attestation,
    ProofOfPossession,
}

fn attested(input: &[u8], part: AttestedPart) -> Reading {
    let Some(text) = armour::jws(input) else {
        return Reading::NOT_FOR_THE_TARGET;
    };
    let sound = match part {
        AttestedPart::Attestation => proof_of_possession_parts(),
        AttestedPart::ProofOfPossession => attestation_parts(),
    };
    let sound = armour::jws(&sound).expect("a sound token");
    let (attestation, proof) = match part {
        AttestedPart::Attestation => (&*text, &*sound),
        AttestedPart::ProofOfPossession => (&*sound, &*text),
    };
    let (issuer, client) = (issuer(), client());
    let keys = [AttesterKey {
        key_id: "known".to_owned(),
        key: WORLD.issuer.public().clone(),
    }];
    let expected = AttestationExpectations {
        server: &issuer,
        attesters: TrustedAttesters {
            anchors: core::slice::from_ref(&WORLD.root),
            keys: &keys,
        },
        client: Some(&client),
    };
    Reading::of(&client_attestation::verify(
        attestation,
        proof,
        &expected,
        NOW,
        &TRUSTING_PROVIDER,
    ))
}

fn attestation_parts() -> Vec<u8> {
    let header = json!({"alg": "ES256", "typ": client_attestation::ATTESTATION_TYPE, "kid": "known"});
    let claims = json!({
        "iss": "https://provider.example", "sub": CLIENT, "iat": NOW.seconds(), "exp": NOW.seconds() + 60,
        "cnf": {"jwk": WORLD.holder.public().to_jwk()}, "wallet_name": "Wallet",
        "wallet_link": "https://wallet.example/about",
        "status": {"status_list": {"idx": 7, "uri": "https://provider.example/status"}}
    });
    format!("{header}\n{claims}").into_bytes()
}

fn proof_of_possession_parts() -> Vec<u8> {
    let header = json!({"alg": "ES256", "typ": client_attestation::PROOF_OF_POSSESSION_TYPE});
    let claims = json!({"aud": ISSUER, "jti": "one", "iat": NOW.seconds(), "challenge": "fresh"});
    format!("{header}\n{claims}").into_bytes()
}

fn parameters() -> String {
    let challenge = CodeVerifier::parse("v".repeat(43))
        .expect("a verifier")
        .challenge();
    let details = json!([{"type": "openid_credential", "credential_configuration_id": "a"}]).to_string();
    let details: String = details.bytes().map(|byte| format!("%{byte:02X}")).collect();
    format!(
        "response_type=code&client_id={CLIENT}&redirect_uri={REDIRECT_URI}&state={STATE}&code_challenge={challenge}\
         &code_challenge_method=S256&scope=identity+licence&authorization_details={details}&issuer_state=offer\
         &resource={ISSUER}&resource=https://b.example&dpop_jkt={}&ui_locales=ar+fr",
        WORLD.holder.public().thumbprint()
    )
}

fn client() -> ClientIdentifier {
    ClientIdentifier::parse(CLIENT).expect("a client")
}

fn issuer() -> IssuerIdentifier {
    IssuerIdentifier::parse(ISSUER).expect("an identifier")
}

fn endpoint() -> HttpUrl {
    HttpUrl::parse("https://registry.example/token").expect("a URL")
}
