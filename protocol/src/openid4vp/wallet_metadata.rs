//! What a wallet says that it can do ([OpenID4VP §10]).
//!
//! [OpenID4VP §10]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-10

use serde::{Deserialize, Serialize};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_crypto::jose::jwe::ContentEncryption;
use thiserror::Error;

use super::client_id::ClientIdKind;
use super::client_metadata::RESPONSE_KEY_AGREEMENT;
use super::error::PresentationErrorCode;
use super::request::{PresentationRequest, ResponseMode};
use super::vp_formats::VpFormats;
use crate::format::CredentialFormat;

/// The metadata of a wallet. Unknown members are ignored; of a list that is absent nothing is concluded.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct WalletMetadata {
    /// The formats and algorithms that it presents.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub vp_formats_supported: Option<VpFormats>,
    /// The kinds of client identifiers that it deals with.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_id_prefixes_supported: Option<Vec<String>>,
    /// Response types.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_types_supported: Option<Vec<String>>,
    /// Response modes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub response_modes_supported: Option<Vec<String>>,
    /// Algorithms of request objects.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub request_object_signing_alg_values_supported: Option<Vec<String>>,
    /// Key agreements of encrypted answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_encryption_alg_values_supported: Option<Vec<String>>,
    /// Content encryptions of encrypted answers.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub authorization_encryption_enc_values_supported: Option<Vec<String>>,
}

/// Why a request is nothing that this wallet could answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("{}", self.description())]
#[non_exhaustive]
pub enum BeyondWallet {
    /// Another kind of client identifier.
    ClientIdPrefix,
    /// Another response mode.
    ResponseMode,
    /// Another algorithm of the request object.
    SigningAlgorithm,
    /// No encryption that both know.
    Encryption,
    /// None of the formats that are asked for.
    Formats,
}

impl BeyondWallet {
    /// The reason in a sentence.
    #[must_use]
    pub const fn description(self) -> &'static str {
        match self {
            Self::ClientIdPrefix => "the wallet does not deal with this kind of client identifier",
            Self::ResponseMode => "the wallet does not know this response mode",
            Self::SigningAlgorithm => "the wallet does not verify this algorithm",
            Self::Encryption => "the wallet encrypts in no way that is read here",
            Self::Formats => "the wallet presents none of the formats that are asked for",
        }
    }

    /// The protocol's code.
    #[must_use]
    pub const fn code(self) -> PresentationErrorCode {
        match self {
            Self::Formats => PresentationErrorCode::VpFormatsNotSupported,
            _ => PresentationErrorCode::InvalidRequest,
        }
    }
}

impl WalletMetadata {
    /// What a wallet of this suite can do, of whatever its policy lets it deal with.
    #[must_use]
    pub fn new(kinds: &[ClientIdKind], modes: &[ResponseMode], formats: VpFormats) -> Self {
        let names = |names: Vec<&str>| Some(names.into_iter().map(str::to_owned).collect());
        Self {
            vp_formats_supported: Some(formats),
            client_id_prefixes_supported: names(kinds.iter().map(|kind| kind.as_str()).collect()),
            response_types_supported: names(vec![super::request::RESPONSE_TYPE]),
            response_modes_supported: names(modes.iter().map(|mode| mode.as_str()).collect()),
            request_object_signing_alg_values_supported: names(
                SIGNING_ALGORITHMS.map(SignatureAlgorithm::jose_name).to_vec(),
            ),
            authorization_encryption_alg_values_supported: names(vec![RESPONSE_KEY_AGREEMENT]),
            authorization_encryption_enc_values_supported: names(
                CONTENT_ENCRYPTIONS.map(ContentEncryption::jose_name).to_vec(),
            ),
        }
    }

    /// Whether this wallet could answer a request that is signed with `algorithm`.
    ///
    /// # Errors
    /// [`BeyondWallet`].
    pub fn can_answer(
        &self,
        request: &PresentationRequest,
        algorithm: SignatureAlgorithm,
    ) -> Result<(), BeyondWallet> {
        let lists = |list: &Option<Vec<String>>, name: &str| {
            list.as_ref()
                .is_none_or(|names| names.iter().any(|one| one == name))
        };
        if !lists(
            &self.client_id_prefixes_supported,
            request.client_id.prefix().kind().as_str(),
        ) {
            return Err(BeyondWallet::ClientIdPrefix);
        }
        if !lists(&self.response_modes_supported, request.response_mode.as_str()) {
            return Err(BeyondWallet::ResponseMode);
        }
        if !lists(
            &self.request_object_signing_alg_values_supported,
            algorithm.jose_name(),
        ) {
            return Err(BeyondWallet::SigningAlgorithm);
        }
        let offered = &request.client_metadata.encrypted_response_enc_values_supported;
        let encrypts = lists(
            &self.authorization_encryption_alg_values_supported,
            RESPONSE_KEY_AGREEMENT,
        ) && match offered {
            None => lists(
                &self.authorization_encryption_enc_values_supported,
                ContentEncryption::A128Gcm.jose_name(),
            ),
            Some(offered) => offered
                .iter()
                .any(|name| lists(&self.authorization_encryption_enc_values_supported, name)),
        };
        if request.response_mode == ResponseMode::DirectPostJwt && !encrypts {
            return Err(BeyondWallet::Encryption);
        }
        match &self.vp_formats_supported {
            Some(formats) if !presents_any(formats, request) => Err(BeyondWallet::Formats),
            _ => Ok(()),
        }
    }
}

fn presents_any(formats: &VpFormats, request: &PresentationRequest) -> bool {
    request
        .dcql_query
        .credentials()
        .iter()
        .any(|query| match query.meta.format() {
            CredentialFormat::SdJwtVc => formats.sd_jwt_vc.is_some(),
            CredentialFormat::MsoMdoc => formats.mso_mdoc.is_some(),
            CredentialFormat::LdpVc => formats.ldp_vc.is_some(),
            CredentialFormat::JwtVcJson => formats.jwt_vc_json.is_some(),
            CredentialFormat::Other(_) => false,
        })
}

/// What wallets of the suite verify, the preferred first.
const SIGNING_ALGORITHMS: [SignatureAlgorithm; 3] = [
    SignatureAlgorithm::Es256,
    SignatureAlgorithm::Es384,
    SignatureAlgorithm::EdDsa,
];

/// How wallets of the suite encrypt, the preferred first.
const CONTENT_ENCRYPTIONS: [ContentEncryption; 2] = [ContentEncryption::A256Gcm, ContentEncryption::A128Gcm];

#[cfg(test)]
mod tests {
    use serde_json::json;
    use symbolon_crypto::SecretKey;
    use symbolon_crypto::testing::SeededRandomness;

    use super::*;
    use crate::dcql::DcqlQuery;
    use crate::identifier::HttpUrl;
    use crate::openid4vp::client_id::ClientId;
    use crate::openid4vp::client_metadata::ClientMetadata;
    use crate::openid4vp::request::RequestNonce;

    fn request(mode: ResponseMode) -> PresentationRequest {
        let key = SecretKey::generate(SignatureAlgorithm::Es256, &SeededRandomness::new(1)).unwrap();
        let query = json!({"credentials": [
            {"id": "id", "format": "dc+sd-jwt", "meta": {"vct_values": ["urn:identity"]}}
        ]});
        PresentationRequest {
            client_id: ClientId::x509_hash([3; 32]),
            response_mode: mode,
            response_uri: Some(HttpUrl::parse("https://clinic.example/responses/1").unwrap()),
            nonce: RequestNonce::parse("n").unwrap(),
            state: None,
            dcql_query: DcqlQuery::parse(query.to_string().as_bytes()).unwrap(),
            scope: None,
            transaction_data: Vec::new(),
            verifier_info: Vec::new(),
            client_metadata: ClientMetadata::for_encrypted_response(&key.public_key(), None),
        }
    }

    fn answers(metadata: &serde_json::Value, mode: ResponseMode) -> Result<(), BeyondWallet> {
        let metadata: WalletMetadata = serde_json::from_value(metadata.clone()).unwrap();
        metadata.can_answer(&request(mode), SignatureAlgorithm::Es256)
    }

    #[test]
    fn a_wallet_of_the_suite_answers_a_verifier_of_the_suite() {
        let metadata = WalletMetadata::new(
            &[ClientIdKind::X509Hash],
            &[ResponseMode::DirectPostJwt],
            VpFormats::supported(),
        );
        let value = serde_json::to_value(&metadata).unwrap();
        assert_eq!(answers(&value, ResponseMode::DirectPostJwt), Ok(()));
        assert_eq!(answers(&json!({}), ResponseMode::DirectPostJwt), Ok(()));
    }

    #[test]
    fn what_a_wallet_lists_is_all_that_it_does() {
        use ResponseMode::{DirectPost, DirectPostJwt};
        for (metadata, mode, beyond) in [
            (
                json!({"client_id_prefixes_supported": ["pre-registered"]}),
                DirectPost,
                BeyondWallet::ClientIdPrefix,
            ),
            (
                json!({"response_modes_supported": ["direct_post.jwt"]}),
                DirectPost,
                BeyondWallet::ResponseMode,
            ),
            (
                json!({"request_object_signing_alg_values_supported": ["EdDSA"]}),
                DirectPost,
                BeyondWallet::SigningAlgorithm,
            ),
            (
                json!({"authorization_encryption_alg_values_supported": ["RSA-OAEP"]}),
                DirectPostJwt,
                BeyondWallet::Encryption,
            ),
            (
                json!({"authorization_encryption_enc_values_supported": ["A256CBC-HS512"]}),
                DirectPostJwt,
                BeyondWallet::Encryption,
            ),
            (
                json!({"vp_formats_supported": {"mso_mdoc": {}}}),
                DirectPost,
                BeyondWallet::Formats,
            ),
        ] {
            assert_eq!(answers(&metadata, mode), Err(beyond), "{metadata}");
        }
        let one = json!({"authorization_encryption_enc_values_supported": ["A256GCM"]});
        assert_eq!(answers(&one, DirectPostJwt), Ok(()));
        let other = json!({"authorization_encryption_enc_values_supported": ["A256CBC-HS512"]});
        assert_eq!(answers(&other, DirectPost), Ok(()));
        assert_eq!(
            BeyondWallet::Formats.code(),
            PresentationErrorCode::VpFormatsNotSupported
        );
    }
}
