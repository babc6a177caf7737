//! The formats and algorithms that a verifier reads ([OpenID4VP §11.1, appendix B]).
//!
//! [OpenID4VP §11.1, appendix B]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B

use serde::{Deserialize, Serialize};
use symbolon_crypto::SignatureAlgorithm;

use crate::dcql::DcqlQuery;
use crate::format::CredentialFormat;

/// `vp_formats_supported`; formats that the suite does not know are ignored.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VpFormats {
    /// `dc+sd-jwt`.
    #[serde(default, skip_serializing_if = "Option::is_none", rename = "dc+sd-jwt")]
    pub sd_jwt_vc: Option<SdJwtAlgorithms>,
    /// `mso_mdoc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mso_mdoc: Option<MdocAlgorithms>,
    /// `ldp_vc`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ldp_vc: Option<DataIntegrityAlgorithms>,
    /// `jwt_vc_json`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub jwt_vc_json: Option<JwtAlgorithms>,
}

/// The algorithms that a verifier accepts for SD-JWT VC; a missing list accepts all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct SdJwtAlgorithms {
    /// For the issuer's signature.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        rename = "sd-jwt_alg_values"
    )]
    pub credential: Option<Vec<String>>,
    /// For the key binding.
    #[serde(
        default,
        skip_serializing_if = "Option::is_none",
        rename = "kb-jwt_alg_values"
    )]
    pub key_binding: Option<Vec<String>>,
}

/// The algorithms that a verifier accepts for mdocs, as COSE numbers; a missing list accepts all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct MdocAlgorithms {
    /// For the issuer's signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub issuerauth_alg_values: Option<Vec<i64>>,
    /// For the device's signature.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub deviceauth_alg_values: Option<Vec<i64>>,
}

/// The proofs that a verifier accepts in W3C credentials and presentations; a missing list accepts all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct DataIntegrityAlgorithms {
    /// Types of proof.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub proof_type_values: Option<Vec<String>>,
    /// Cryptosuites of `DataIntegrityProof`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub cryptosuite_values: Option<Vec<String>>,
}

/// The algorithms that a verifier accepts for W3C credentials as JWTs, by their JOSE names; a missing list accepts all.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct JwtAlgorithms {
    /// For credentials and presentations alike.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub alg_values: Option<Vec<String>>,
}

/// The cryptosuites that the suite verifies.
const CRYPTOSUITES: [&str; 5] = [
    "eddsa-rdfc-2022",
    "eddsa-jcs-2022",
    "ecdsa-rdfc-2019",
    "ecdsa-jcs-2019",
    "ecdsa-sd-2023",
];

/// The types of proof that the suite verifies.
const PROOF_TYPES: [&str; 2] = ["DataIntegrityProof", "Ed25519Signature2020"];

/// The signature algorithms that the suite verifies in JWTs and mdocs.
const ALGORITHMS: [SignatureAlgorithm; 3] = [
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::Es384,
    SignatureAlgorithm::EdDsa,
];

/// HMAC 256/256 with a key agreed on over P-256, under the number that the specification gives it
/// ([OpenID4VP appendix B.2.2]).
///
/// [OpenID4VP appendix B.2.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#appendix-B.2.2
const DEVICE_MAC_P256: i64 = -65537;

impl VpFormats {
    /// Everything that the suite verifies.
    #[must_use]
    pub fn supported() -> Self {
        let owned = |names: &[&str]| Some(names.iter().map(|name| (*name).to_owned()).collect());
        let jose = || {
            Some(
                ALGORITHMS
                    .map(|algorithm| algorithm.jose_name().to_owned())
                    .to_vec(),
            )
        };
        // An mdoc may name its curve with the algorithm or leave it to the key (RFC 9864): -9 and -51 are ES256 on P-256
        // and ES384 on P-384.
        let cose = || vec![-7, -9, -35, -51, -8, -19];
        // A device may also make a MAC, which it agrees on with the key that the response is encrypted to.
        let device = [cose(), vec![DEVICE_MAC_P256]].concat();
        Self {
            sd_jwt_vc: Some(SdJwtAlgorithms {
                credential: jose(),
                key_binding: jose(),
            }),
            mso_mdoc: Some(MdocAlgorithms {
                issuerauth_alg_values: Some(cose()),
                deviceauth_alg_values: Some(device),
            }),
            ldp_vc: Some(DataIntegrityAlgorithms {
                proof_type_values: owned(&PROOF_TYPES),
                cryptosuite_values: owned(&CRYPTOSUITES),
            }),
            jwt_vc_json: Some(JwtAlgorithms { alg_values: jose() }),
        }
    }

    /// The same without the formats that a query does not ask for: what a request by QR code says, which has to be small.
    #[must_use]
    pub fn asked_by(mut self, query: &DcqlQuery) -> Self {
        let asks = |format| {
            query
                .credentials()
                .iter()
                .any(|credential| credential.meta.format() == format)
        };
        self.sd_jwt_vc = self.sd_jwt_vc.filter(|_| asks(CredentialFormat::SdJwtVc));
        self.mso_mdoc = self.mso_mdoc.filter(|_| asks(CredentialFormat::MsoMdoc));
        self.ldp_vc = self.ldp_vc.filter(|_| asks(CredentialFormat::LdpVc));
        self.jwt_vc_json = self.jwt_vc_json.filter(|_| asks(CredentialFormat::JwtVcJson));
        self
    }
}

fn lists_jose(list: Option<&Vec<String>>, algorithm: SignatureAlgorithm) -> bool {
    list.is_none_or(|names| {
        names
            .iter()
            .any(|name| SignatureAlgorithm::from_jose_name(name) == Some(algorithm))
    })
}

impl SdJwtAlgorithms {
    /// Whether the verifier accepts a credential signed with one algorithm and bound to a key of the other.
    #[must_use]
    pub fn accept(&self, credential: SignatureAlgorithm, key_binding: SignatureAlgorithm) -> bool {
        lists_jose(self.credential.as_ref(), credential) && lists_jose(self.key_binding.as_ref(), key_binding)
    }
}

impl MdocAlgorithms {
    /// Whether the verifier accepts an mdoc whose issuer signed with one COSE algorithm and whose device signs with the
    /// other.
    #[must_use]
    pub fn accept(&self, issuer: i64, device: i64) -> bool {
        let listed = |list: &Option<Vec<i64>>, algorithm| {
            list.as_ref()
                .is_none_or(|numbers| numbers.iter().any(|it| same_cose_algorithm(*it, algorithm)))
        };
        listed(&self.issuerauth_alg_values, issuer) && listed(&self.deviceauth_alg_values, device)
    }
}

/// The number with the curve and the one without it ([RFC 9864]) stand for the same signatures here: the key has one curve.
///
/// [RFC 9864]: https://www.rfc-editor.org/rfc/rfc9864
fn same_cose_algorithm(one: i64, other: i64) -> bool {
    const PAIRS: [(i64, i64); 3] = [(-7, -9), (-35, -51), (-8, -19)];
    one == other
        || PAIRS
            .iter()
            .any(|pair| *pair == (one, other) || *pair == (other, one))
}

impl DataIntegrityAlgorithms {
    /// Whether the verifier accepts a proof of this type, and of this cryptosuite where the type has them.
    #[must_use]
    pub fn accept(&self, proof_type: &str, cryptosuite: Option<&str>) -> bool {
        let listed = |list: &Option<Vec<String>>, name: &str| {
            list.as_ref()
                .is_none_or(|names| names.iter().any(|it| it == name))
        };
        listed(&self.proof_type_values, proof_type)
            && cryptosuite.is_none_or(|suite| listed(&self.cryptosuite_values, suite))
    }
}

impl JwtAlgorithms {
    /// Whether the verifier accepts a JWT signed with this algorithm.
    #[must_use]
    pub fn accept(&self, algorithm: SignatureAlgorithm) -> bool {
        lists_jose(self.alg_values.as_ref(), algorithm)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_the_suite_lists_it_accepts_and_reads_back() {
        let formats = VpFormats::supported();
        let text = serde_json::to_string(&formats).unwrap();
        assert_eq!(serde_json::from_str::<VpFormats>(&text).unwrap(), formats);
        let es256 = SignatureAlgorithm::Es256;
        assert!(formats.sd_jwt_vc.unwrap().accept(es256, es256));
        assert!(formats.mso_mdoc.unwrap().accept(-7, -7));
        let ldp = formats.ldp_vc.unwrap();
        assert!(ldp.accept("DataIntegrityProof", Some("ecdsa-sd-2023")));
        assert!(!ldp.accept("DataIntegrityProof", Some("bbs-2023")));
        assert!(!ldp.accept("JsonWebSignature2020", None));
        assert!(formats.jwt_vc_json.unwrap().accept(SignatureAlgorithm::EdDsa));
    }

    #[test]
    fn a_missing_list_accepts_all_and_a_list_what_it_names() {
        let any = MdocAlgorithms::default();
        assert!(any.accept(-7, -8));
        let fully_specified = MdocAlgorithms {
            issuerauth_alg_values: Some(vec![-9]),
            deviceauth_alg_values: Some(vec![-8]),
        };
        assert!(fully_specified.accept(-7, -8));
        assert!(!fully_specified.accept(-7, -7));
        assert!(!fully_specified.accept(-8, -8));
        let one = JwtAlgorithms {
            alg_values: Some(vec!["ES256".to_owned()]),
        };
        assert!(!one.accept(SignatureAlgorithm::EdDsa));
    }
}
