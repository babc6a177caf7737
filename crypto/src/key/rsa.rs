//! RSA public keys, which only verify ([RFC 8017](https://www.rfc-editor.org/rfc/rfc8017)).
//!
//! They are a type of their own and no [`PublicKey`](super::PublicKey), and their algorithms no
//! [`SignatureAlgorithm`](crate::SignatureAlgorithm): nothing that takes those takes RSA. Whoever means RSA says so by name,
//! and says which algorithm: a credential of MOSIP (PS256), or an ID token of an OpenID Provider elsewhere (RS256).

use core::fmt;

use serde::de::Error as _;
use serde::{Deserialize, Deserializer};
use x509_cert::der::asn1::{AnyRef, ObjectIdentifier, UintRef};
use x509_cert::der::{Decode as _, Reader as _, SliceReader};
use x509_cert::spki::SubjectPublicKeyInfoRef;

use super::InvalidKey;
use super::jwk::present;
use crate::algorithm::RsaAlgorithm;
use crate::encoding::{base64, base64url};

/// The smallest modulus, in bits ([RFC 7518 §3.3](https://www.rfc-editor.org/rfc/rfc7518#section-3.3)).
const MIN_MODULUS_BITS: usize = 2_048;
/// The largest modulus, in bits: verifying takes time with its square, and nobody's root has more.
const MAX_MODULUS_BITS: usize = 4_096;
/// The smallest public exponent (NIST SP 800-56B §6.2: above 2^16): forgeries of the past needed 3.
const MIN_EXPONENT: u64 = 65_537;
/// The largest public exponent: four bytes. Each bit costs a multiplication, so a longer one only burns time.
const MAX_EXPONENT_BYTES: usize = 4;
/// The longest PEM text, in bytes: a key of 4,096 bits has 800.
const MAX_PEM_BYTES: usize = 2_048;
const PEM_BEGIN: &str = "-----BEGIN PUBLIC KEY-----";
const PEM_END: &str = "-----END PUBLIC KEY-----";
/// `rsaEncryption` ([RFC 8017 A.1](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1)).
const RSA_ENCRYPTION: ObjectIdentifier = ObjectIdentifier::new_unwrap("1.2.840.113549.1.1.1");

/// An RSA public key of 2,048 to 4,096 bits.
#[derive(Clone, PartialEq, Eq)]
pub struct RsaPublicKey {
    /// Big-endian, without leading zeros.
    modulus: Vec<u8>,
    /// Big-endian, without leading zeros.
    exponent: Vec<u8>,
    /// The one algorithm it is for, where whoever published it said so.
    only: Option<RsaAlgorithm>,
}

/// A public JSON Web Key of type `RSA` ([RFC 7518 §6.3](https://www.rfc-editor.org/rfc/rfc7518#section-6.3)). Reading one
/// that holds a private member is an error; other unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RsaJwk {
    /// The modulus; base64url.
    pub n: String,
    /// The public exponent; base64url.
    pub e: String,
    /// Key identifier.
    pub kid: Option<String>,
    /// The algorithm the key is for.
    pub alg: Option<String>,
    /// What the key is for: `sig` or `enc`.
    pub use_: Option<String>,
}

#[derive(Deserialize)]
struct Wire {
    kty: String,
    n: String,
    e: String,
    kid: Option<String>,
    alg: Option<String>,
    #[serde(rename = "use")]
    use_: Option<String>,
    // Private members (RFC 7518 §6.3.2). `null` is a member too.
    #[serde(default, deserialize_with = "present")]
    d: bool,
    #[serde(default, deserialize_with = "present")]
    p: bool,
    #[serde(default, deserialize_with = "present")]
    q: bool,
    #[serde(default, deserialize_with = "present")]
    dp: bool,
    #[serde(default, deserialize_with = "present")]
    dq: bool,
    #[serde(default, deserialize_with = "present")]
    qi: bool,
    #[serde(default, deserialize_with = "present")]
    oth: bool,
    #[serde(default, deserialize_with = "present")]
    k: bool,
}

impl<'de> Deserialize<'de> for RsaJwk {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let wire = Wire::deserialize(deserializer)?;
        if wire.kty != "RSA" {
            return Err(D::Error::custom("not a key of type RSA"));
        }
        if wire.d || wire.p || wire.q || wire.dp || wire.dq || wire.qi || wire.oth || wire.k {
            return Err(D::Error::custom("a public key must not hold private members"));
        }
        Ok(Self {
            n: wire.n,
            e: wire.e,
            kid: wire.kid,
            alg: wire.alg,
            use_: wire.use_,
        })
    }
}

impl RsaPublicKey {
    /// Reads a JWK. One whose `alg` is `PS256` or `RS256` verifies that algorithm alone; whether its `use` fits is the
    /// caller's to say.
    ///
    /// # Errors
    /// [`InvalidKey`] for a modulus or an exponent outside the bounds, one with leading zeros (a second text of the same
    /// key), or another `alg`.
    pub fn from_jwk(jwk: &RsaJwk) -> Result<Self, InvalidKey> {
        let only = match jwk.alg.as_deref() {
            None => None,
            Some(name) => Some(RsaAlgorithm::from_jose_name(name).ok_or(InvalidKey)?),
        };
        let number = |text: &str| base64url::decode(text).map_err(|_| InvalidKey);
        Self::of(number(&jwk.n)?, number(&jwk.e)?, only)
    }

    /// Reads the PEM text of a `SubjectPublicKeyInfo` ([RFC 7468 §13](https://www.rfc-editor.org/rfc/rfc7468#section-13)),
    /// as a `publicKeyPem` has it; any line breaks are taken.
    ///
    /// # Errors
    /// [`InvalidKey`].
    pub fn from_public_key_pem(text: &str) -> Result<Self, InvalidKey> {
        if text.len() > MAX_PEM_BYTES {
            return Err(InvalidKey);
        }
        let body = text
            .trim()
            .strip_prefix(PEM_BEGIN)
            .and_then(|rest| rest.strip_suffix(PEM_END))
            .ok_or(InvalidKey)?;
        let body: String = body.chars().filter(|c| !c.is_ascii_whitespace()).collect();
        let der = base64::decode(&body).map_err(|_| InvalidKey)?;
        Self::from_subject_public_key_info(&der)
    }

    /// Reads a DER `SubjectPublicKeyInfo` with `rsaEncryption`. One restricted to PSS (`id-RSASSA-PSS`) is not read: its
    /// parameters could ask for another hash or salt.
    ///
    /// # Errors
    /// [`InvalidKey`].
    pub fn from_subject_public_key_info(der: &[u8]) -> Result<Self, InvalidKey> {
        let info = SubjectPublicKeyInfoRef::from_der(der).map_err(|_| InvalidKey)?;
        if info.algorithm.oid != RSA_ENCRYPTION || info.algorithm.parameters != Some(AnyRef::NULL) {
            return Err(InvalidKey);
        }
        let key = info.subject_public_key.as_bytes().ok_or(InvalidKey)?;
        let (modulus, exponent) = numbers(key).map_err(|_| InvalidKey)?;
        Self::of(modulus, exponent, None)
    }

    fn of(modulus: Vec<u8>, exponent: Vec<u8>, only: Option<RsaAlgorithm>) -> Result<Self, InvalidKey> {
        let is_odd = |number: &[u8]| number.last().is_some_and(|byte| byte & 1 == 1);
        if !(MIN_MODULUS_BITS..=MAX_MODULUS_BITS).contains(&bits(&modulus)?) || !is_odd(&modulus) {
            return Err(InvalidKey);
        }
        bits(&exponent)?;
        let value = exponent
            .iter()
            .fold(0_u64, |value, byte| (value << 8) | u64::from(*byte));
        if exponent.len() > MAX_EXPONENT_BYTES || value < MIN_EXPONENT || !is_odd(&exponent) {
            return Err(InvalidKey);
        }
        Ok(Self {
            modulus,
            exponent,
            only,
        })
    }

    /// The modulus, big-endian, without leading zeros.
    #[must_use]
    pub fn modulus(&self) -> &[u8] {
        &self.modulus
    }

    /// The public exponent, big-endian, without leading zeros.
    #[must_use]
    pub fn exponent(&self) -> &[u8] {
        &self.exponent
    }

    /// Whether signatures of this algorithm count.
    #[must_use]
    pub fn serves(&self, algorithm: RsaAlgorithm) -> bool {
        self.only.is_none_or(|only| only == algorithm)
    }
}

/// The length of a number; none for one with leading zeros.
fn bits(number: &[u8]) -> Result<usize, InvalidKey> {
    match number.first() {
        Some(first) if *first != 0 => Ok(number.len() * 8 - first.leading_zeros() as usize),
        _ => Err(InvalidKey),
    }
}

/// The two numbers of an `RSAPublicKey` ([RFC 8017 A.1.1](https://www.rfc-editor.org/rfc/rfc8017#appendix-A.1.1)).
fn numbers(der: &[u8]) -> x509_cert::der::Result<(Vec<u8>, Vec<u8>)> {
    let mut reader = SliceReader::new(der)?;
    let read = reader.sequence(|reader| -> x509_cert::der::Result<_> {
        let modulus = UintRef::decode(reader)?.as_bytes().to_vec();
        let exponent = UintRef::decode(reader)?.as_bytes().to_vec();
        Ok((modulus, exponent))
    })?;
    reader.finish()?;
    Ok(read)
}

impl fmt::Debug for RsaPublicKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "RSA key of {} bytes", self.modulus.len())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::rsa_figures::{LARGE_MODULUS, MODULUS, PEM};

    fn jwk(n: &str, e: &str) -> Result<RsaPublicKey, InvalidKey> {
        RsaPublicKey::from_jwk(&RsaJwk {
            n: n.to_owned(),
            e: e.to_owned(),
            kid: None,
            alg: None,
            use_: None,
        })
    }

    #[test]
    fn one_key_is_read_from_all_its_forms() {
        let key = jwk(MODULUS, "AQAB").unwrap();
        assert_eq!(RsaPublicKey::from_public_key_pem(PEM), Ok(key.clone()));
        let windows = PEM.replace('\n', "\r\n");
        assert_eq!(RsaPublicKey::from_public_key_pem(&windows), Ok(key.clone()));
        assert_eq!(key.modulus().len(), 256);
        assert_eq!(key.exponent(), [1, 0, 1]);
        assert!(jwk(LARGE_MODULUS, "AQAB").is_ok());
    }

    #[test]
    fn numbers_outside_their_bounds_are_refused() {
        let modulus = base64url::decode(MODULUS).unwrap();
        let text = |bytes: &[u8]| base64url::encode(bytes);
        for (why, n) in [
            ("2,047 bits", {
                let mut short = modulus.clone();
                short[0] = 0x7f;
                text(&short)
            }),
            ("a byte short", text(&modulus[1..])),
            ("a leading zero", text(&[&[0], modulus.as_slice()].concat())),
            ("even", text(&[&modulus[..255], &[2]].concat())),
            ("4,104 bits", text(&vec![0xff; 513])),
            ("nothing", String::new()),
        ] {
            assert!(jwk(&n, "AQAB").is_err(), "{why}");
        }
        assert!(jwk(&text(&vec![0xff; 512]), "AQAB").is_ok());
        for (why, e) in [
            ("one", vec![1]),
            ("three", vec![3]),
            ("even", vec![1, 0, 2]),
            ("below 65,537", vec![0xff, 0xff]),
            ("a leading zero", vec![0, 1, 0, 1]),
            ("five bytes", vec![1, 0, 0, 0, 1]),
            ("nothing", vec![]),
        ] {
            assert!(jwk(MODULUS, &text(&e)).is_err(), "{why}");
        }
    }

    #[test]
    fn a_private_member_another_type_and_another_alg_are_refused() {
        let parse = |text: &str| serde_json::from_str::<RsaJwk>(text);
        assert!(parse(r#"{"kty":"RSA","n":"AQAB","e":"AQAB","x5c":[]}"#).is_ok());
        for member in ["d", "p", "q", "dp", "dq", "qi", "oth", "k"] {
            let text = format!(r#"{{"kty":"RSA","n":"AQAB","e":"AQAB","{member}":null}}"#);
            assert!(parse(&text).is_err(), "{member}");
        }
        assert!(parse(r#"{"kty":"EC","n":"AQAB","e":"AQAB"}"#).is_err());
        for (alg, read) in [
            ("PS256", true),
            ("RS256", true),
            ("RS1", false),
            ("PS512", false),
            ("HS256", false),
        ] {
            let text = format!(r#"{{"kty":"RSA","n":"{MODULUS}","e":"AQAB","alg":"{alg}"}}"#);
            assert_eq!(
                RsaPublicKey::from_jwk(&parse(&text).unwrap()).is_ok(),
                read,
                "{alg}"
            );
        }
    }

    #[test]
    fn what_is_no_rsa_key_in_pem_is_refused() {
        for wrong in [
            String::new(),
            PEM.replace("PUBLIC KEY", "RSA PUBLIC KEY"),
            PEM.replace("PUBLIC KEY", "PRIVATE KEY"),
            PEM.replace("MIIBIjAN", "MIIBIjBN"),
            // `id-RSASSA-PSS`.
            PEM.replace("9w0BAQEF", "9w0BAQoF"),
            format!("{PEM}{PEM}"),
            "-----BEGIN PUBLIC KEY-----\n-----END PUBLIC KEY-----".to_owned(),
            "-----BEGIN PUBLIC KEY-----\nMCowBQYDK2VwAyEA11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=\n-----END PUBLIC KEY-----"
                .to_owned(),
        ] {
            assert!(RsaPublicKey::from_public_key_pem(&wrong).is_err(), "{wrong}");
        }
    }

    #[test]
    fn an_rsa_key_is_no_key_of_the_suite() {
        let jwk = format!(r#"{{"kty":"RSA","n":"{MODULUS}","e":"AQAB"}}"#);
        let jwk: crate::Jwk = serde_json::from_str(&jwk).unwrap();
        assert!(crate::PublicKey::from_jwk(&jwk).is_err());
        for name in ["PS256", "RS256"] {
            assert!(crate::SignatureAlgorithm::from_jose_name(name).is_none());
        }
        for value in [-37, -257] {
            assert!(crate::SignatureAlgorithm::from_cose_value(value).is_none());
        }
    }
}
