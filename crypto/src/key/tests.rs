use proptest::prelude::*;

use super::{Jwk, PublicKey, SecretKey};
use crate::SignatureAlgorithm;
use crate::testing::SeededRandomness;

const ALL: [SignatureAlgorithm; 3] = [
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::Es384,
    SignatureAlgorithm::EdDsa,
];

fn key(algorithm: SignatureAlgorithm, seed: u64) -> SecretKey {
    SecretKey::generate(algorithm, &SeededRandomness::new(seed)).unwrap()
}

fn jwk(text: &str) -> Jwk {
    serde_json::from_str(text).unwrap()
}

#[test]
fn the_thumbprint_is_that_of_rfc_8037_appendix_a_3() {
    let key = jwk(r#"{"kty":"OKP","crv":"Ed25519","x":"11qYAYKxCrfVS_7TyWQHOg7hcvPapiMlrwIaaPcHURo"}"#);
    let thumbprint = PublicKey::from_jwk(&key).unwrap().thumbprint();
    assert_eq!(
        thumbprint.to_string(),
        "kPrK_qmxVWaYVA9wwBF6Iuo3vVzz7TxHCTwXBygrS4k"
    );
}

#[test]
fn a_public_jwk_with_a_private_member_is_refused_even_when_the_member_is_null() {
    for member in [
        r#""d":"AA""#,
        r#""d":null"#,
        r#""k":"AA""#,
        r#""p":1"#,
        r#""q":{}"#,
    ] {
        let text = format!(r#"{{"kty":"EC","crv":"P-256","x":"","y":"",{member}}}"#);
        assert!(serde_json::from_str::<Jwk>(&text).is_err(), "{member}");
    }
    assert!(serde_json::from_str::<Jwk>(r#"{"kty":"EC","crv":"P-256","x":"","y":"","foo":1}"#).is_ok());
}

#[test]
fn a_jwk_whose_alg_its_curve_cannot_serve_is_refused() {
    for (algorithm, served, refused) in [
        (SignatureAlgorithm::Es256, ["ES256", "ECDH-ES"], ["ES384", "none"]),
        (
            SignatureAlgorithm::Es384,
            ["ES384", "ECDH-ES"],
            ["ES256", "HS256"],
        ),
        (
            SignatureAlgorithm::EdDsa,
            ["EdDSA", "Ed25519"],
            ["ES256", "ECDH-ES"],
        ),
    ] {
        let named = |alg: &str| Jwk {
            alg: Some(alg.to_owned()),
            ..key(algorithm, 1).public_key().to_jwk()
        };
        for alg in served {
            assert!(PublicKey::from_jwk(&named(alg)).is_ok(), "{alg}");
        }
        for alg in refused {
            assert!(PublicKey::from_jwk(&named(alg)).is_err(), "{alg}");
        }
    }
}

#[test]
fn coordinates_of_another_length_or_off_the_curve_are_refused() {
    let good = key(SignatureAlgorithm::Es256, 2).public_key().to_jwk();
    for x in ["", "AA", good.y.as_deref().unwrap()] {
        let changed = Jwk {
            x: x.to_owned(),
            ..good.clone()
        };
        assert!(PublicKey::from_jwk(&changed).is_err());
    }
}

#[test]
fn an_ed25519_key_of_small_order_or_in_a_second_encoding_is_refused() {
    assert!(PublicKey::from_ed25519_bytes(&[0; 32]).is_err());
    // y = p + 3, another encoding of y = 3.
    let mut second = [0xff; 32];
    second[0] = 0xf0;
    second[31] = 0x7f;
    assert!(PublicKey::from_ed25519_bytes(&second).is_err());
}

#[test]
fn a_scalar_of_another_length_is_refused() {
    for length in [0, 16, 24, 31, 33, 48] {
        assert!(SecretKey::from_p256_scalar(&vec![1; length]).is_err(), "{length}");
    }
    assert!(SecretKey::from_p256_scalar(&[1; 32]).is_ok());
    assert!(SecretKey::from_p256_scalar(&[0; 32]).is_err());
    assert!(SecretKey::from_p256_scalar(&[0xff; 32]).is_err());
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(16))]
    #[test]
    fn every_form_of_a_key_reads_back(seed: u64) {
        for algorithm in ALL {
            let secret = key(algorithm, seed);
            let public = secret.public_key();
            prop_assert_eq!(&PublicKey::from_jwk(&public.to_jwk()).unwrap(), &public);
            let mut info = public.to_subject_public_key_info().unwrap();
            prop_assert_eq!(&PublicKey::from_subject_public_key_info(&info).unwrap(), &public);
            info.push(0);
            prop_assert!(PublicKey::from_subject_public_key_info(&info).is_err());
            let der = secret.to_pkcs8_der().unwrap();
            prop_assert_eq!(&SecretKey::from_pkcs8_der(&der).unwrap().public_key(), &public);
        }
    }

    #[test]
    fn no_bytes_make_a_reader_panic(bytes in proptest::collection::vec(any::<u8>(), 0..120)) {
        let _ = PublicKey::from_subject_public_key_info(&bytes);
        let _ = PublicKey::from_ed25519_bytes(&bytes);
        let _ = PublicKey::from_p256_sec1_bytes(&bytes);
        let _ = PublicKey::from_p384_sec1_bytes(&bytes);
        let _ = SecretKey::from_pkcs8_der(&bytes);
    }
}
