//! Messages of OpenID4VP, and its queries.

use std::collections::BTreeMap;
use std::sync::LazyLock;
use std::time::Duration;

use serde_json::{Value, json};
use symbolon_credential::claims_path::ElementPlaces;
use symbolon_crypto::encoding::json::{JsonBudget, parse_value};
use symbolon_crypto::jose::jwe::PureJwe;
use symbolon_crypto::{RustCryptoProvider, SignatureAlgorithm};
use symbolon_protocol::dcql::{
    Candidate, CandidateKind, DcqlQuery, Disclosed, HolderBinding, Presented, W3cFormat, check_answer,
    match_query,
};
use symbolon_protocol::identifier::{HttpUrl, UrlPolicy};
use symbolon_protocol::openid4vp::client_id::ClientId;
use symbolon_protocol::openid4vp::client_metadata::ClientMetadata;
use symbolon_protocol::openid4vp::link::RequestLink;
use symbolon_protocol::openid4vp::profile::RequestScheme;
use symbolon_protocol::openid4vp::registered::RegisteredClient;
use symbolon_protocol::openid4vp::request::{PresentationRequest, RequestNonce, RequestReader, ResponseMode};
use symbolon_protocol::openid4vp::request_object::{
    self, KnownClients, RequestExpectations, RequestValidity, ResponseUriRule, SignerReference,
};
use symbolon_protocol::openid4vp::response::{AuthorizationResponse, DirectPost, DirectPostReply, VpToken};
use symbolon_protocol::openid4vp::scope::ScopeQueries;
use symbolon_protocol::openid4vp::transaction_data::TransactionTypes;
use symbolon_protocol::openid4vp::wallet_parameters::WalletParameters;

use super::{armour, for_part, one_of, with_text};
use crate::seeds::{NOW, Repeating, TRUSTING_PROVIDER, WORLD};
use crate::{Reading, Target};

const POLICY: UrlPolicy = UrlPolicy::Public;

const READER: RequestReader<'static> = RequestReader {
    urls: POLICY,
    scopes: ScopeQueries::NONE,
    registered: None,
    transaction_types: TransactionTypes::NONE,
};

/// Queries.
pub(super) const DCQL: Target = Target {
    name: "dcql",
    run: |input| {
        let query = DcqlQuery::parse(input);
        if let Ok(query) = &query {
            let written = serde_json::to_vec(query).expect("a query is written");
            assert_eq!(
                DcqlQuery::parse(&written).as_ref(),
                Ok(query),
                "a query that is written reads the same"
            );
            let _ = query.asks_without_holder_binding();
            answer_with_everything(query);
        }
        Reading::of(&query)
    },
    seeds: || {
        queries()
            .iter()
            .map(|query| query.to_string().into_bytes())
            .collect()
    },
};

/// Candidates of every kind against every part of a query.
fn answer_with_everything(query: &DcqlQuery) {
    let claims = json!({
        "name": "Asha", "address": {"locality": "Pune"}, "nationalities": ["IN", 7, true], "list": [0],
        "org.iso.18013.5.1": {"family_name": "Rao"}, "credentialSubject": {"given": "Asha"}
    });
    let claims = claims.as_object().cloned().unwrap_or_default();
    let extended = ["urn:person".to_owned()];
    let lists = ["https://lists.example/tl".to_owned()];
    let keys = [vec![1, 2, 3]];
    let types = ["https://www.w3.org/2018/credentials#VerifiableCredential".to_owned()];
    let kinds = [
        CandidateKind::SdJwtVc {
            vct: "urn:identity",
            extended: &extended,
        },
        CandidateKind::MsoMdoc {
            doctype: "org.iso.18013.5.1.mDL",
        },
        CandidateKind::W3c {
            format: W3cFormat::LdpVc,
            types: &types,
        },
        CandidateKind::W3c {
            format: W3cFormat::JwtVcJson,
            types: &types,
        },
    ];
    let candidates: Vec<Candidate<'_>> = kinds
        .into_iter()
        .map(|kind| Candidate {
            kind,
            claims: &claims,
            element_places: &ElementPlaces::AsIssued,
            authority_key_identifiers: &keys,
            trusted_lists: &lists,
            holder_binding: HolderBinding::Proven,
        })
        .collect();
    let Ok(matches) = match_query(query, &candidates, &|_, paths| paths.len()) else {
        return;
    };
    let names: Vec<[u8; 1]> = (0..).map(|name| [name]).take(candidates.len()).collect();
    let mut answer: BTreeMap<_, Vec<Presented<'_>>> = BTreeMap::new();
    for found in matches.answer() {
        let presented = Presented {
            candidate: *candidates
                .get(found.candidate)
                .expect("a match is one of the candidates"),
            disclosed: Disclosed::Selectively(&found.disclose),
            credential: names.get(found.candidate).expect("every candidate has a name"),
        };
        answer.entry(found.query.clone()).or_default().push(presented);
    }
    assert_eq!(
        check_answer(query, &answer),
        Ok(()),
        "what a wallet finds, a verifier takes"
    );
}

/// Links, request objects, answers.
pub(super) const PRESENTATION: Target = Target {
    name: "presentation",
    run: |input| {
        one_of(
            &[
                |input| {
                    with_text(input, |text| {
                        let link = RequestLink::parse(text, POLICY);
                        if let Ok(link) = &link {
                            let again = RequestLink::parse(&link.to_uri(RequestScheme::HaipVp), POLICY);
                            assert_eq!(again.as_ref(), Ok(link), "a link that is written reads the same");
                        }
                        Reading::of(&link)
                    })
                },
                |input| {
                    let Some(text) = armour::jws(input) else {
                        return Reading::NOT_FOR_THE_TARGET;
                    };
                    let expected = RequestExpectations {
                        client_id: &CLIENT,
                        clients: KnownClients::anchored_by(
                            core::slice::from_ref(&WORLD.root),
                            ResponseUriRule::AnyOfTrustedVerifier,
                        ),
                        urls: POLICY,
                        issuer: None,
                        wallet_nonce: None,
                        now: NOW,
                    };
                    Reading::of(&request_object::verify(&text, &expected, &TRUSTING_PROVIDER))
                },
                |input| match parse_value(input, JsonBudget::MESSAGE) {
                    Ok(Value::Object(claims)) => {
                        let request = PresentationRequest::parse(&claims, &READER);
                        if let Ok(request) = &request {
                            let written = request
                                .to_claims()
                                .expect("a request that was read can be written");
                            let again = PresentationRequest::parse(&written, &READER);
                            assert_eq!(
                                again.as_ref(),
                                Ok(request),
                                "a request that is written reads the same"
                            );
                        }
                        Reading::of(&request)
                    }
                    other => Reading::refused(&other.err()),
                },
                |input| {
                    let answer = DirectPost::parse_form(input);
                    if let Ok(DirectPost::Answer(answer)) = &answer {
                        answer_again(answer);
                    }
                    Reading::of(&answer)
                },
                |input| {
                    let answer = DirectPost::parse_decrypted(input);
                    if let Ok(DirectPost::Answer(answer)) = &answer {
                        answer_again(answer);
                    }
                    Reading::of(&answer)
                },
                |input| Reading::of(&VpToken::parse(input)),
                |input| Reading::of_some(DirectPostReply::parse(input).as_ref()),
                |input| Reading::of(&WalletParameters::parse_form(input)),
                |input| with_text(input, |text| Reading::of(&ClientId::parse(text))),
                |input| Reading::of(&RegisteredClient::parse(input)),
            ],
            input,
        )
    },
    seeds: || {
        let claims = request().to_claims().expect("a request is written");
        let validity = RequestValidity {
            issued_at: NOW,
            expires_at: NOW.plus(Duration::from_secs(300)),
        };
        let chain = [WORLD.leaf.clone()];
        let object = request_object::prepare(
            &request(),
            SignerReference::Certificates(&chain),
            SignatureAlgorithm::Es256,
            validity,
            None,
        )
        .expect("a request object is prepared")
        .finish(&[7; 64]);
        let answer = AuthorizationResponse {
            vp_token: VpToken::parse(br#"{"id":["eyJ~"],"other":[{"@context":[],"n":[1,-2]},"b"]}"#)
                .expect("an answer"),
            state: RequestNonce::parse("state-1"),
        };
        let encryption = request()
            .response_encryption()
            .ok()
            .flatten()
            .expect("the answer is encrypted");
        let encrypted = answer
            .to_encrypted_form(
                &encryption,
                &PureJwe::new(&RustCryptoProvider),
                &Repeating::new(8),
            )
            .expect("an answer is encrypted");
        vec![
            for_part(
                0,
                format!(
                    "openid4vp://?client_id={}&request_uri=https%3A%2F%2Fclinic.example%2Frequests%2F1&request_uri_method=post",
                    CLIENT.as_str()
                ),
            ),
            for_part(1, armour::parts_of_jws(&object)),
            for_part(2, Value::Object(claims).to_string()),
            for_part(3, answer.to_form().expect("an answer is written")),
            for_part(3, encrypted),
            for_part(3, "error=access_denied&state=state-1"),
            for_part(4, answer.to_json().expect("an answer is written")),
            for_part(5, r#"{"id":["eyJ~"]}"#),
            for_part(6, r#"{"redirect_uri":"https://clinic.example/done"}"#),
            for_part(7, "wallet_nonce=abc&wallet_metadata=%7B%7D"),
            for_part(8, CLIENT.as_str()),
            for_part(8, "x509_san_dns:clinic.example"),
            for_part(
                0,
                "haip-vp://?client_id=redirect_uri%3Ahttps%3A%2F%2Fclinic.example%2Fr&response_type=vp_token&dcql_query=%7B%7D",
            ),
            for_part(
                7,
                "wallet_metadata=%7B%22vp_formats_supported%22%3A%7B%7D%2C%22jwks%22%3A%7B%22keys%22%3A%5B%5D%7D%7D",
            ),
            for_part(
                9,
                r#"{"client_id":"clinic","name":"Clinic","response_uris":["https://clinic.example/r"],"client_metadata":{"vp_formats_supported":{}}}"#,
            ),
        ]
    },
};

fn answer_again(answer: &AuthorizationResponse) {
    let form = answer.to_form().expect("an answer that was read can be written");
    let again = DirectPost::parse_form(form.as_bytes());
    assert_eq!(
        again,
        Ok(DirectPost::Answer(answer.clone())),
        "an answer that is written reads the same"
    );
    let written = answer.to_json().expect("an answer that was read can be written");
    let again = DirectPost::parse_decrypted(written.as_bytes());
    assert_eq!(
        again,
        Ok(DirectPost::Answer(answer.clone())),
        "an answer that is written reads the same"
    );
}

static CLIENT: LazyLock<ClientId> = LazyLock::new(|| ClientId::x509_hash(WORLD.leaf.sha256()));

fn request() -> PresentationRequest {
    let query = queries().first().map(Value::to_string).unwrap_or_default();
    PresentationRequest {
        client_id: CLIENT.clone(),
        response_mode: ResponseMode::DirectPostJwt,
        response_uri: Some(HttpUrl::parse("https://registry.example/responses/1").expect("a URL")),
        nonce: RequestNonce::parse("n-0S6_WzA2Mj").expect("a nonce"),
        state: RequestNonce::parse("state-1"),
        dcql_query: DcqlQuery::parse(query.as_bytes()).expect("a query"),
        scope: None,
        transaction_data: Vec::new(),
        verifier_info: Vec::new(),
        client_metadata: ClientMetadata::for_encrypted_response(
            WORLD.issuer.public(),
            Some("Clinic".to_owned()),
        ),
    }
}

fn queries() -> [Value; 5] {
    let everything = json!({
        "credentials": [
            {"id": "id", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:identity", "urn:other"]}, "multiple": true,
             "require_cryptographic_holder_binding": true,
             "trusted_authorities": [{"type": "aki", "values": ["s9tIpPmhxdiuNkHMEWNpYim8S8Y"]}],
             "claims": [{"id": "a", "path": ["name"]}, {"id": "b", "path": ["address", "locality"], "values": ["Pune", 7, true]},
                        {"id": "c", "path": ["nationalities", null]}, {"id": "d", "path": ["list", 0]}],
             "claim_sets": [["a", "b"], ["c", "d"]]},
            {"id": "mdl", "format": "mso_mdoc", "meta": {"doctype_value": "org.iso.18013.5.1.mDL"},
             "claims": [{"path": ["org.iso.18013.5.1", "family_name"], "intent_to_retain": false}]},
            {"id": "vc", "format": "ldp_vc", "meta": {"type_values": [["https://www.w3.org/2018/credentials#VerifiableCredential"]]},
             "claims": [{"path": ["credentialSubject", "given"]}]}
        ],
        "credential_sets": [{"options": [["id"], ["mdl", "vc"]], "required": true, "purpose": "Age"}, {"options": [["vc"]], "required": false}]
    });
    let simple = json!({"credentials": [
        {"id": "id", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:identity"]}, "claims": [{"path": ["name"]}]}
    ]});
    let authorities = json!({"credentials": [
        {"id": "list", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:person"]}, "require_cryptographic_holder_binding": false,
         "trusted_authorities": [{"type": "etsi_tl", "values": ["https://lists.example/tl"]},
                                 {"type": "openid_federation", "values": ["https://anchor.example"]}]},
        {"id": "key", "format": "mso_mdoc", "meta": {}, "trusted_authorities": [{"type": "aki", "values": ["AQID"]}],
         "claims": [{"path": ["org.iso.18013.5.1", "family_name"], "values": ["Rao", "Roy"], "intent_to_retain": true}]}
    ]});
    let options = json!({
        "credentials": [
            {"id": "a", "format": "jwt_vc_json", "meta": {"type_values": [["IdentityCredential"], ["urn:x", "urn:y"]]}, "multiple": true},
            {"id": "b", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:identity"]},
             "claims": [{"path": ["nationalities", 1], "values": [7]}, {"path": ["nationalities", null], "values": ["IN", true]}]},
            {"id": "c", "format": "ldp_vc", "meta": {}, "claims": [{"path": ["credentialSubject", "given"]}]}
        ],
        "credential_sets": [
            {"options": [["a", "b"], ["b", "c"], ["c"]]}, {"options": [["b"], ["a"]], "required": false}, {"options": [["c", "c"]]}
        ]
    });
    let sets = json!({"credentials": [
        {"id": "id", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:identity"]},
         "claims": [{"id": "a", "path": ["name"], "values": ["Nobody"]}, {"id": "b", "path": ["name"]}, {"id": "c", "path": ["missing"]},
                    {"id": "d", "path": ["list", 0], "values": [0, -1, 9_007_199_254_740_993_i64]}],
         "claim_sets": [["a", "b"], ["c"], ["d", "d"]]}
    ]});
    [simple, everything, authorities, options, sets]
}
