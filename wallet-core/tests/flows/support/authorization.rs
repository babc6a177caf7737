//! An authorization server in memory, and the tricks of a bad one.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use serde_json::json;
use symbolon_crypto::{RustCryptoProvider, Thumbprint, UnixTime};
use symbolon_protocol::identifier::{HttpUrl, IssuerIdentifier};
use symbolon_protocol::oauth::access_token::PresentedAccessToken;
use symbolon_protocol::oauth::authorization_request::{
    AuthorizationEndpointRequest, AuthorizationRequest, State as RequestState,
};
use symbolon_protocol::oauth::authorization_response::{AuthorizationAnswer, AuthorizationResponse};
use symbolon_protocol::oauth::client_attestation::{
    self, AttestationExpectations, AttesterKey, TrustedAttesters,
};
use symbolon_protocol::oauth::dpop::{self, ExpectedKey, HttpMethod, ProvenRequest};
use symbolon_protocol::oauth::error::AuthorizationErrorCode;
use symbolon_protocol::oauth::pushed_request::{PushedContents, PushedRequest};
use symbolon_protocol::openid4vci::token::{PRE_AUTHORIZED_CODE_GRANT, TokenGrant, TokenRequest};
use symbolon_protocol::secret::{AccessToken, AuthorizationCode};
use symbolon_wallet_core::{HttpRequest, HttpResponse};
use url::Url;

use super::attester::{CLIENT, provider_key};
use super::issuer::json_answer;
use super::refreshing::{RefreshTokens, SecondUse};

pub(crate) const SERVER: &str = "https://authorization.example";

/// What the server can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Abilities {
    pub(crate) pushing: Pushing,
    pub(crate) tokens: Tokens,
    pub(crate) clients: Clients,
    pub(crate) grants: Grants,
}

impl Abilities {
    /// Everything that the high-assurance profile demands.
    pub(crate) const HIGH_ASSURANCE: Self = Self {
        pushing: Pushing::Required,
        tokens: Tokens::DpopWithNonces,
        clients: Clients::Attested,
        grants: Grants::ByScope,
    };

    /// As little as the specification allows.
    pub(crate) const LEAST: Self = Self {
        pushing: Pushing::Absent,
        tokens: Tokens::Bearer,
        clients: Clients::Public,
        grants: Grants::ByScope,
    };
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Pushing {
    Absent,
    Offered,
    Required,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Tokens {
    Bearer,
    Dpop,
    DpopWithNonces,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Clients {
    Public,
    Attested,
}

/// What a token response says of what was granted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Grants {
    /// Nothing: the scope was granted.
    ByScope,
    /// This many datasets of each configuration.
    Datasets(usize),
    /// Datasets of a configuration that nobody asked for.
    SomethingElse,
}

/// What a bad server does.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum ServerTrick {
    None,
    /// A new nonce is never good enough.
    EndlessNonces,
    /// A new challenge is never good enough.
    EndlessChallenges,
    /// The first attestation is too old.
    StaleAttestationOnce,
    /// No attestation is fresh enough.
    StaleAttestationAlways,
    /// A token that is not bound, though that was asked for.
    BearerForDpop,
    /// A token that is bound to whatever, though nothing was asked for.
    DpopForBearer,
    RefusesPushedRequests,
    /// No access token is good for anything.
    ForgetsAccessTokens,
    RefusesCodes,
}

/// How the person, or somebody in between, answers on the page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Answer {
    SignsIn,
    SaysNo,
    /// The answer of a server that the person did not sign in at.
    OfAnotherServer,
    /// An answer that does not say whose it is.
    OfNobody,
    /// The answer to a request of somebody else.
    WithAnotherState,
}

pub(crate) struct TestServer {
    state: Mutex<State>,
}

struct State {
    abilities: Abilities,
    trick: ServerTrick,
    now: UnixTime,
    counter: u64,
    pushed: BTreeMap<String, AuthorizationRequest>,
    codes: BTreeMap<String, AuthorizationRequest>,
    tokens: BTreeMap<String, Granted>,
    refresh_tokens: RefreshTokens,
    seen: BTreeSet<String>,
    attestations: usize,
    requests: Vec<AuthorizationRequest>,
    refreshes: bool,
    nonces: usize,
}

/// What stands behind a token.
#[derive(Clone)]
pub(crate) struct Granted {
    pub(crate) client: Option<String>,
    key: Option<Thumbprint>,
    configurations: Vec<String>,
}

impl TestServer {
    pub(crate) fn new(now: UnixTime) -> Self {
        Self {
            state: Mutex::new(State {
                abilities: Abilities::LEAST,
                trick: ServerTrick::None,
                now,
                counter: 0,
                pushed: BTreeMap::new(),
                codes: BTreeMap::new(),
                tokens: BTreeMap::new(),
                refresh_tokens: RefreshTokens::default(),
                seen: BTreeSet::new(),
                attestations: 0,
                requests: Vec::new(),
                refreshes: false,
                nonces: 0,
            }),
        }
    }

    pub(crate) fn set_abilities(&self, abilities: Abilities) {
        self.state.lock().unwrap().abilities = abilities;
    }

    pub(crate) fn set_trick(&self, trick: ServerTrick) {
        self.state.lock().unwrap().trick = trick;
    }

    /// From now on a token comes with one that renews it.
    pub(crate) fn give_refresh_tokens(&self) {
        self.state.lock().unwrap().refreshes = true;
    }

    pub(crate) fn set_second_use(&self, second_use: SecondUse) {
        self.state.lock().unwrap().refresh_tokens.second_use = second_use;
    }

    /// What the server's clock says from now on.
    pub(crate) fn set_now(&self, now: UnixTime) {
        self.state.lock().unwrap().now = now;
    }

    /// Every access token is too old now.
    pub(crate) fn forget_access_tokens(&self) {
        self.state.lock().unwrap().tokens.clear();
    }

    pub(crate) fn forget_refresh_tokens(&self) {
        self.state.lock().unwrap().refresh_tokens.forget();
    }

    /// The requests that reached the authorization endpoint.
    pub(crate) fn requests(&self) -> Vec<AuthorizationRequest> {
        self.state.lock().unwrap().requests.clone()
    }

    /// The person opens the page and answers; what the browser comes back to.
    pub(crate) fn open_page(&self, url: &Url, answer: Answer) -> String {
        let mut state = self.state.lock().unwrap();
        assert_eq!(url.path(), "/authorize");
        let query = url.query().unwrap();
        let request = match AuthorizationEndpointRequest::parse(query.as_bytes()).unwrap() {
            AuthorizationEndpointRequest::Plain(request) => {
                assert_ne!(state.abilities.pushing, Pushing::Required);
                *request
            }
            AuthorizationEndpointRequest::Pushed {
                client_id,
                request_uri,
            } => {
                let request = state
                    .pushed
                    .remove(request_uri.as_str())
                    .expect("pushed, and not used");
                assert_eq!(request.client_id, client_id);
                request
            }
            AuthorizationEndpointRequest::Signed { .. } => panic!("not pushed"),
        };
        state.requests.push(request.clone());
        state.counter += 1;
        let code = format!("authorization-code-{}", state.counter);
        let issuer = IssuerIdentifier::parse(match answer {
            Answer::OfAnotherServer => "https://neighbour.example",
            _ => SERVER,
        });
        let another = RequestState::parse("another");
        let response = AuthorizationResponse {
            issuer: &issuer.unwrap(),
            state: match answer {
                Answer::WithAnotherState => another.as_ref(),
                _ => request.state.as_ref(),
            },
            answer: match answer {
                Answer::SaysNo => AuthorizationAnswer::Refused {
                    error: AuthorizationErrorCode::AccessDenied,
                    description: None,
                },
                _ => AuthorizationAnswer::Code(AuthorizationCode::parse(code.as_str()).unwrap()),
            },
        };
        let redirect = response.redirect(&request.redirect_uri).to_string();
        state.codes.insert(code, request);
        match answer {
            Answer::OfNobody => redirect.split("&iss=").next().unwrap().to_owned(),
            _ => redirect,
        }
    }

    pub(crate) fn answer(&self, request: &HttpRequest) -> HttpResponse {
        let mut state = self.state.lock().unwrap();
        match (request.method.name(), request.url.path()) {
            ("GET", "/.well-known/oauth-authorization-server") => state.metadata(),
            ("POST", "/challenge") => {
                state.counter += 1;
                let challenge = format!("challenge-{}", state.counter);
                json_answer(200, &json!({ "attestation_challenge": challenge }))
            }
            ("POST", "/par") => state.push(request),
            ("POST", "/token") => state.token(request),
            (method, path) => panic!("the authorization server does not know {method} {path}"),
        }
    }

    /// What the token of a credential request is good for, or the refusal.
    pub(crate) fn access(
        &self,
        request: &HttpRequest,
        presented: &PresentedAccessToken,
    ) -> Result<Option<Granted>, HttpResponse> {
        let mut state = self.state.lock().unwrap();
        let token = presented.token();
        if !token.expose().starts_with("access-") {
            return Ok(None);
        }
        let challenge = |error: &str| {
            let mut response = json_answer(401, &json!({}));
            let value = format!("DPoP error=\"{error}\", algs=\"ES256\"");
            response.headers.push(("WWW-Authenticate".to_owned(), value));
            response
        };
        let Some(granted) = state.tokens.get(token.expose()).cloned() else {
            return Err(challenge("invalid_token"));
        };
        match (presented, &granted.key) {
            (PresentedAccessToken::Bearer(_), None) => {}
            (PresentedAccessToken::Dpop(_), Some(key)) => {
                let proven = state.proof(request, Some(token), ExpectedKey::Bound(key));
                if !proven.expect("a valid proof").1 {
                    let mut response = challenge("use_dpop_nonce");
                    response.headers.push(state.nonce("resource"));
                    return Err(response);
                }
            }
            (presented, _) => panic!("the token is not presented as it was given: {presented:?}"),
        }
        Ok(Some(granted))
    }
}

impl State {
    fn metadata(&self) -> HttpResponse {
        let abilities = self.abilities;
        let mut metadata = json!({
            "issuer": SERVER,
            "authorization_endpoint": format!("{SERVER}/authorize?tenant=1"),
            "token_endpoint": format!("{SERVER}/token"),
            "response_types_supported": ["code"],
            "grant_types_supported": ["authorization_code", "refresh_token", PRE_AUTHORIZED_CODE_GRANT],
            "code_challenge_methods_supported": ["S256"],
            "authorization_response_iss_parameter_supported": true,
        });
        if abilities.pushing != Pushing::Absent {
            metadata["pushed_authorization_request_endpoint"] = json!(format!("{SERVER}/par"));
            metadata["require_pushed_authorization_requests"] = json!(abilities.pushing == Pushing::Required);
        }
        if abilities.tokens != Tokens::Bearer {
            metadata["dpop_signing_alg_values_supported"] = json!(["ES256"]);
        }
        metadata["token_endpoint_auth_methods_supported"] = match abilities.clients {
            Clients::Public => json!(["none"]),
            Clients::Attested => {
                metadata["challenge_endpoint"] = json!(format!("{SERVER}/challenge"));
                json!(["attest_jwt_client_auth"])
            }
        };
        if abilities.grants != Grants::ByScope {
            metadata["authorization_details_types_supported"] = json!(["openid_credential"]);
        }
        json_answer(200, &metadata)
    }

    fn push(&mut self, request: &HttpRequest) -> HttpResponse {
        if let Err(refusal) = self.client(request) {
            return refusal;
        }
        if self.trick == ServerTrick::RefusesPushedRequests {
            return json_answer(400, &json!({ "error": "invalid_request" }));
        }
        let pushed = PushedRequest::parse_form(&request.body).expect("a proper pushed request");
        let PushedContents::Plain(authorization) = pushed.contents else {
            panic!("not signed")
        };
        self.counter += 1;
        let name = format!("urn:ietf:params:oauth:request_uri:{}", self.counter);
        self.pushed.insert(name.clone(), *authorization);
        json_answer(201, &json!({ "request_uri": name, "expires_in": 60 }))
    }

    fn token(&mut self, request: &HttpRequest) -> HttpResponse {
        if let Err(refusal) = self.client(request) {
            return refusal;
        }
        let key = match self.abilities.tokens {
            Tokens::Bearer => None,
            _ => {
                let proven = self.proof(request, None, ExpectedKey::Any);
                let (key, good) = proven.expect("a valid proof");
                if !good {
                    let mut response = json_answer(400, &json!({ "error": "use_dpop_nonce" }));
                    response.headers.push(self.nonce("server"));
                    return response;
                }
                Some(key)
            }
        };
        let token = TokenRequest::parse_form(&request.body).expect("a proper token request");
        let invalid_grant = json_answer(400, &json!({ "error": "invalid_grant" }));
        let client = token.client.client_id.map(|client| client.as_str().to_owned());
        let granted = match &token.grant {
            TokenGrant::PreAuthorizedCode { code, .. } => {
                if !self.seen.insert(code.expose().to_owned()) {
                    return invalid_grant;
                }
                Granted {
                    client,
                    key,
                    configurations: Vec::new(),
                }
            }
            TokenGrant::AuthorizationCode {
                code,
                redirect_uri,
                code_verifier,
            } => {
                let Some(authorized) = self.codes.remove(code.expose()) else {
                    return invalid_grant;
                };
                assert_eq!(redirect_uri.as_ref(), Some(&authorized.redirect_uri));
                assert!(authorized.code_challenge.is_met_by(code_verifier));
                assert_eq!(client.as_deref(), Some(authorized.client_id.as_str()));
                assert_eq!(
                    key, authorized.dpop_jkt,
                    "the code is bound to the key of the token"
                );
                if self.trick == ServerTrick::RefusesCodes {
                    return invalid_grant;
                }
                let configurations = authorized
                    .authorization_details
                    .iter()
                    .map(|wanted| wanted.credential_configuration_id.as_str().to_owned());
                Granted {
                    client,
                    key,
                    configurations: configurations.collect(),
                }
            }
            TokenGrant::RefreshToken { refresh_token, .. } => {
                let Some(granted) = self.refresh_tokens.take(refresh_token.expose()) else {
                    return invalid_grant;
                };
                assert_eq!(granted.key, key, "the refresh token is bound to the key");
                assert_eq!(granted.client, client);
                granted
            }
            _ => panic!("another grant"),
        };
        self.grant(granted)
    }

    fn grant(&mut self, granted: Granted) -> HttpResponse {
        self.counter += 1;
        let token_type = match (self.trick, granted.key) {
            (ServerTrick::BearerForDpop, _) => "Bearer",
            (ServerTrick::DpopForBearer, _) | (_, Some(_)) => "DPoP",
            _ => "Bearer",
        };
        let mut body = json!({
            "access_token": format!("access-{}", self.counter), "token_type": token_type, "expires_in": 300,
        });
        let details = |configuration: &str, count: usize| {
            let identifiers: Vec<String> = (0..count).map(|at| format!("{configuration}#{at}")).collect();
            json!({
                "type": "openid_credential",
                "credential_configuration_id": configuration,
                "credential_identifiers": identifiers,
            })
        };
        match self.abilities.grants {
            Grants::ByScope => {}
            Grants::Datasets(count) => {
                let all = granted.configurations.iter().map(|name| details(name, count));
                body["authorization_details"] = all.collect();
            }
            Grants::SomethingElse => {
                body["authorization_details"] = json!([details("SomethingElse", 1)]);
            }
        }
        if self.refreshes {
            let name = format!("refresh-{}", self.counter);
            body["refresh_token"] = json!(name);
            self.refresh_tokens.give(name, granted.clone());
        }
        if self.trick != ServerTrick::ForgetsAccessTokens {
            self.tokens.insert(format!("access-{}", self.counter), granted);
        }
        json_answer(200, &body)
    }

    /// Who asks, where that is to be proven.
    fn client(&mut self, request: &HttpRequest) -> Result<(), HttpResponse> {
        let header = |wanted: &str| {
            let mut values = request.headers.iter().filter(|(name, _)| *name == wanted);
            let first = values.next().map(|(_, value)| value.as_str());
            assert!(values.next().is_none(), "{wanted} is repeated");
            first
        };
        let attestation = header("oauth-client-attestation");
        let proof = header("oauth-client-attestation-pop");
        let (attestation, proof) = match (self.abilities.clients, attestation, proof) {
            (Clients::Public, None, None) => return Ok(()),
            (Clients::Attested, Some(attestation), Some(proof)) => (attestation, proof),
            (clients, ..) => panic!("{clients:?} clients do not authenticate like this"),
        };
        let server = IssuerIdentifier::parse(SERVER).unwrap();
        let keys = [AttesterKey {
            key_id: "provider".to_owned(),
            key: provider_key(),
        }];
        let expected = AttestationExpectations {
            server: &server,
            attesters: TrustedAttesters {
                anchors: &[],
                keys: &keys,
            },
            client: None,
        };
        let verified =
            client_attestation::verify(attestation, proof, &expected, self.now, &RustCryptoProvider)
                .expect("a valid attestation");
        assert_eq!(verified.client().as_str(), CLIENT);
        let jti = verified.freshness().jti.as_str().to_owned();
        assert!(self.seen.insert(jti), "every proof of possession is a new one");
        self.attestations += 1;
        let challenge = verified.challenge().expect("a challenge").as_str().to_owned();
        let challenge_is_new = self.seen.insert(challenge.clone());
        let refusal = |error: &str| json_answer(400, &json!({ "error": error }));
        let stale = match self.trick {
            ServerTrick::StaleAttestationOnce => self.attestations == 1,
            ServerTrick::StaleAttestationAlways => true,
            _ => false,
        };
        if stale {
            return Err(refusal("use_fresh_attestation"));
        }
        if !challenge_is_new || self.trick == ServerTrick::EndlessChallenges {
            self.counter += 1;
            let mut response = refusal("use_attestation_challenge");
            response.headers.push((
                "OAuth-Client-Attestation-Challenge".to_owned(),
                format!("challenge-{}", self.counter),
            ));
            return Err(response);
        }
        Ok(())
    }

    /// The key of the proof, and whether its nonce is good.
    fn proof(
        &mut self,
        request: &HttpRequest,
        access_token: Option<&AccessToken>,
        expected: ExpectedKey<'_>,
    ) -> Result<(Thumbprint, bool), dpop::DpopError> {
        let values = request.headers.iter().filter(|(name, _)| *name == "dpop");
        let proof = dpop::the_one_proof(values.map(|(_, value)| value.as_str()))?;
        let proof = proof.ok_or(dpop::DpopError::Missing)?;
        let url = HttpUrl::parse(request.url.as_str()).unwrap();
        let proven = ProvenRequest {
            method: HttpMethod::Post,
            url: &url,
            access_token,
        };
        let verified = dpop::verify(proof, proven, expected, self.now, &RustCryptoProvider)?;
        let jti = verified.freshness().jti.as_str().to_owned();
        assert!(self.seen.insert(jti), "every proof is a new one");
        let role = if access_token.is_some() {
            "resource"
        } else {
            "server"
        };
        let good = match (self.abilities.tokens, verified.nonce()) {
            (Tokens::DpopWithNonces, Some(nonce)) => nonce.as_str() == format!("{role}-{}", self.nonces),
            (Tokens::DpopWithNonces, None) => false,
            _ => true,
        };
        Ok((
            *verified.thumbprint(),
            good && self.trick != ServerTrick::EndlessNonces,
        ))
    }

    fn nonce(&mut self, role: &str) -> (String, String) {
        if self.trick == ServerTrick::EndlessNonces {
            self.nonces += 1;
        }
        ("DPoP-Nonce".to_owned(), format!("{role}-{}", self.nonces))
    }
}

impl Granted {
    /// The configuration of a dataset that was granted.
    pub(crate) fn configuration_of(&self, dataset: &str) -> Option<String> {
        let (configuration, _) = dataset.split_once('#')?;
        self.configurations
            .iter()
            .any(|granted| granted == configuration)
            .then(|| configuration.to_owned())
    }
}
