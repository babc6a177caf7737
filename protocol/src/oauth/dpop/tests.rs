use super::*;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{RustCryptoProvider, SecretKey};

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_000);

fn key(algorithm: SignatureAlgorithm, seed: u64) -> SecretKey {
    RustCryptoProvider
        .generate_key(algorithm, &SeededRandomness::new(seed))
        .unwrap()
}

fn url(text: &str) -> HttpUrl {
    HttpUrl::parse(text).unwrap()
}

fn jti() -> JwtId {
    JwtId::parse("one").unwrap()
}

fn finish(key: &SecretKey, prepared: PreparedJws) -> String {
    let signature = RustCryptoProvider
        .sign(key, prepared.signing_input().as_bytes())
        .unwrap();
    prepared.finish(&signature)
}

/// A proof with whatever header and claims, signed.
fn signed(key: &SecretKey, header: Value, claims: &Value) -> String {
    let header = header.as_object().unwrap();
    let algorithm = key.public_key().algorithm();
    finish(
        key,
        jws::prepare(algorithm, header, claims.to_string().as_bytes()),
    )
}

fn verify_at_token_endpoint(proof: &str) -> Result<VerifiedDpopProof, DpopError> {
    let url = url("https://as.example/token");
    let request = ProvenRequest {
        method: HttpMethod::Post,
        url: &url,
        access_token: None,
    };
    verify(proof, request, ExpectedKey::Any, NOW, &RustCryptoProvider)
}

#[test]
fn a_proof_of_every_algorithm_verifies() {
    let target = url("https://as.example/token");
    let nonce = DpopNonce::parse("fresh").unwrap();
    for algorithm in PROOF_ALGORITHMS {
        let key = key(*algorithm, 1);
        let request = ProvenRequest {
            method: HttpMethod::Post,
            url: &target,
            access_token: None,
        };
        let prepared = prepare(&key.public_key(), request, &jti(), Some(&nonce), NOW);
        let verified = verify_at_token_endpoint(&finish(&key, prepared)).unwrap();
        assert_eq!(*verified.thumbprint(), key.public_key().thumbprint());
        assert_eq!(verified.nonce(), Some(&nonce));
        assert_eq!(verified.freshness().jti, jti());
    }
}

/// The proof of RFC 9449 §4.1, figure 2, at the moment and for the request that it was made for.
#[test]
fn the_example_of_rfc_9449_verifies() {
    let proof = concat!(
        "eyJ0eXAiOiJkcG9wK2p3dCIsImFsZyI6IkVTMjU2IiwiandrIjp7Imt0eSI6IkVDIiwieCI6Imw4dEZyaHgtMzR0VjNoUklDUkRZOX",
        "pDa0RscEJoRjQyVVFVZldWQVdCRnMiLCJ5IjoiOVZFNGpmX09rX282NHpiVFRsY3VOSmFqSG10NnY5VERWclUwQ2R2R1JEQSIsImNy",
        "diI6IlAtMjU2In19.eyJqdGkiOiItQndDM0VTYzZhY2MybFRjIiwiaHRtIjoiUE9TVCIsImh0dSI6Imh0dHBzOi8vc2VydmVyLmV4Y",
        "W1wbGUuY29tL3Rva2VuIiwiaWF0IjoxNTYyMjYyNjE2fQ.2-GxA6T8lP4vfrg8v-FdWP0A0zdrj8igiMLvqRMUvwnQg4PtFLbdLXiO",
        "SsX0x7NVY-FNyJK70nfbV37xRZT3Lg"
    );
    let url = url("https://server.example.com/token");
    let request = ProvenRequest {
        method: HttpMethod::Post,
        url: &url,
        access_token: None,
    };
    let now = UnixTime::from_seconds(1_562_262_620);
    let verified = verify(proof, request, ExpectedKey::Any, now, &RustCryptoProvider).unwrap();
    // §6.1: the `jkt` of the key.
    assert_eq!(
        verified.thumbprint().to_string(),
        "0ZcOCORZNYy-DWpqq30jZyJGHTN0d2HglBV3uiguA4I"
    );
}

#[test]
fn each_broken_proof_is_refused_for_its_own_reason() {
    let key = key(SignatureAlgorithm::Es256, 1);
    let jwk = json!(key.public_key().to_jwk());
    let good = json!({ "jti": "a", "htm": "POST", "htu": "https://as.example/token", "iat": NOW.seconds() });
    let header = json!({ "typ": "dpop+jwt", "jwk": jwk });
    assert!(verify_at_token_endpoint(&signed(&key, header.clone(), &good)).is_ok());

    let with = |name: &str, value: Value| {
        let mut claims = good.clone();
        claims[name] = value;
        claims
    };
    for (claims, error) in [
        (with("htm", json!("GET")), DpopError::WrongMethod),
        (with("htm", json!("post")), DpopError::WrongMethod),
        (with("htm", Value::Null), DpopError::WrongMethod),
        (
            with("htu", json!("https://as.example/par")),
            DpopError::WrongTarget,
        ),
        (
            with("htu", json!("http://as.example/token")),
            DpopError::WrongTarget,
        ),
        (
            with("htu", json!("https://as.example:8443/token")),
            DpopError::WrongTarget,
        ),
        (
            with("htu", json!("https://as.example.evil/token")),
            DpopError::WrongTarget,
        ),
        (
            with("htu", json!("https://a@as.example/token")),
            DpopError::WrongTarget,
        ),
        (with("htu", Value::Null), DpopError::WrongTarget),
        (with("jti", json!("")), DpopError::NoIdentifier),
        (with("iat", json!("now")), DpopError::NoIssuedAt),
        (with("iat", json!(NOW.seconds() - 301)), DpopError::Stale),
        (with("iat", json!(NOW.seconds() + 301)), DpopError::Stale),
        (with("nonce", json!("a b")), DpopError::Nonce),
        (with("nonce", json!(7)), DpopError::Nonce),
    ] {
        let proof = signed(&key, header.clone(), &claims);
        assert_eq!(verify_at_token_endpoint(&proof), Err(error), "{claims}");
    }

    let other = RustCryptoProvider
        .generate_key(SignatureAlgorithm::Es256, &SeededRandomness::new(2))
        .unwrap();
    let mut private = json!(key.public_key().to_jwk());
    private["d"] = json!("AAAA");
    for (header, error) in [
        (json!({ "typ": "JWT", "jwk": jwk }), DpopError::WrongType),
        (json!({ "jwk": jwk }), DpopError::WrongType),
        (json!({ "typ": "dpop+jwt" }), DpopError::Key),
        (json!({ "typ": "dpop+jwt", "kid": "a" }), DpopError::Key),
        (json!({ "typ": "dpop+jwt", "jwk": private }), DpopError::Malformed),
        (
            json!({ "typ": "dpop+jwt", "jwk": json!(other.public_key().to_jwk()) }),
            DpopError::Signature,
        ),
    ] {
        assert_eq!(
            verify_at_token_endpoint(&signed(&key, header.clone(), &good)),
            Err(error),
            "{header}"
        );
    }
    let unsigned = format!(
        "{}.{}.",
        base64url::encode(
            json!({ "typ": "dpop+jwt", "alg": "none", "jwk": jwk })
                .to_string()
                .as_bytes()
        ),
        base64url::encode(good.to_string().as_bytes())
    );
    assert_eq!(verify_at_token_endpoint(&unsigned), Err(DpopError::Algorithm));
    assert_eq!(
        verify_at_token_endpoint(&"a".repeat(MAX_PROOF_BYTES + 1)),
        Err(DpopError::Malformed)
    );
}

#[test]
fn a_proof_is_for_one_access_token_and_one_key() {
    let key = key(SignatureAlgorithm::Es256, 1);
    let target = url("https://rs.example/credential?a=b");
    let token = AccessToken::parse("Kz~8mXK1EalYznwH-LC-1fBAo.4Ljp~zsPE_NeO.gxU").unwrap();
    let other = AccessToken::parse("other").unwrap();
    let request = |access_token| ProvenRequest {
        method: HttpMethod::Post,
        url: &target,
        access_token,
    };
    let with_token = finish(
        &key,
        prepare(&key.public_key(), request(Some(&token)), &jti(), None, NOW),
    );
    let without = finish(&key, prepare(&key.public_key(), request(None), &jti(), None, NOW));
    let bound = key.public_key().thumbprint();
    let check = |proof: &str, token, bound| {
        verify(
            proof,
            request(Some(token)),
            ExpectedKey::Bound(bound),
            NOW,
            &RustCryptoProvider,
        )
        .map(drop)
    };
    assert_eq!(check(&with_token, &token, &bound), Ok(()));
    assert_eq!(
        check(&with_token, &other, &bound),
        Err(DpopError::WrongAccessToken)
    );
    assert_eq!(check(&without, &token, &bound), Err(DpopError::WrongAccessToken));
    let foreign = Thumbprint::parse(&base64url::encode(&[7; 32])).unwrap();
    let error = check(&with_token, &token, &foreign).unwrap_err();
    assert_eq!(error, DpopError::WrongKey);
    assert_eq!(error.resource_code(), ResourceErrorCode::InvalidToken);
    // RFC 9449 §7.1: the `ath` of the example token.
    assert_eq!(
        access_token_hash(&token),
        "fUHyO2r2Z3DZ53EsNrWBb0xWXoaNy59IiKCAqksmQEo"
    );
}

#[test]
fn addresses_are_compared_after_normalization() {
    let expected = url("https://as.example/a/~b%2Fc?query=1");
    for same in [
        "https://as.example/a/~b%2Fc",
        "HTTPS://AS.example:443/a/%7Eb%2fc",
        "https://as.example/x/../a/./~b%2Fc?other#fragment",
        "https://as.example/%61/%7eb%2Fc",
    ] {
        assert!(is_same_target(same, &expected), "{same}");
    }
    for other in [
        "https://as.example/a/~b/c",
        "https://as.example/A/~b%2Fc",
        "https://as.example/a/~b%2Fc/",
        "https://as.example/a/~b%252Fc",
        "as.example/a/~b%2Fc",
        "",
    ] {
        assert!(!is_same_target(other, &expected), "{other}");
    }
}

#[test]
fn a_second_header_is_refused() {
    assert_eq!(the_one_proof([]), Ok(None));
    assert_eq!(the_one_proof(["a"]), Ok(Some("a")));
    assert_eq!(the_one_proof(["a", "a"]), Err(DpopError::RepeatedHeader));
}

#[test]
fn a_missing_nonce_asks_for_one_and_everything_else_is_an_invalid_proof() {
    assert_eq!(DpopError::NonceRequired.token_code().as_str(), "use_dpop_nonce");
    assert_eq!(
        DpopError::NonceRequired.resource_code().as_str(),
        "use_dpop_nonce"
    );
    for error in [
        DpopError::Missing,
        DpopError::Replayed,
        DpopError::Stale,
        DpopError::RepeatedHeader,
    ] {
        assert_eq!(error.token_code().as_str(), "invalid_dpop_proof");
        assert_eq!(error.resource_code().as_str(), "invalid_dpop_proof");
    }
}
