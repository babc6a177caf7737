//! What a wallet sends when it fetches a request object by POST ([OpenID4VP §5.10.1]).
//!
//! [OpenID4VP §5.10.1]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.10.1

use thiserror::Error;

use super::request::RequestNonce;
use super::wallet_metadata::WalletMetadata;
use crate::wire::{Form, FormRefused, parse_json};

/// The largest form that is read, in bytes.
pub const MAX_WALLET_PARAMETERS_BYTES: usize = 64 * 1024;

/// The parameters of the wallet.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WalletParameters {
    /// To be repeated in the request object.
    pub wallet_nonce: Option<RequestNonce>,
    /// What the wallet can do.
    pub wallet_metadata: Option<WalletMetadata>,
}

/// Why the form was refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WalletParametersError {
    /// Over [`MAX_WALLET_PARAMETERS_BYTES`].
    #[error("the parameters of the wallet are larger than {MAX_WALLET_PARAMETERS_BYTES} bytes")]
    TooLarge,
    /// One parameter twice.
    #[error("a parameter of the wallet is repeated")]
    RepeatedParameter,
    /// A nonce that is not URL-safe, or too long.
    #[error("wallet_nonce is malformed")]
    Nonce,
    /// Metadata that are no JSON object, or have members of other types.
    #[error("wallet_metadata is malformed")]
    Metadata,
}

impl WalletParameters {
    /// Reads the form.
    ///
    /// # Errors
    /// [`WalletParametersError`].
    pub fn parse_form(body: &[u8]) -> Result<Self, WalletParametersError> {
        let mut form = Form::parse(body, MAX_WALLET_PARAMETERS_BYTES).map_err(|refused| match refused {
            FormRefused::TooLarge => WalletParametersError::TooLarge,
            FormRefused::Repeated => WalletParametersError::RepeatedParameter,
        })?;
        let nonce = form.take("wallet_nonce");
        let wallet_nonce = nonce
            .map(|text| RequestNonce::parse(text).ok_or(WalletParametersError::Nonce))
            .transpose()?;
        let wallet_metadata = form
            .take("wallet_metadata")
            .map(|text| parse_json(text.as_bytes(), MAX_WALLET_PARAMETERS_BYTES))
            .transpose()
            .map_err(|_| WalletParametersError::Metadata)?;
        Ok(Self {
            wallet_nonce,
            wallet_metadata,
        })
    }

    /// The form to post.
    ///
    /// # Errors
    /// [`WalletParametersError::Metadata`] when the metadata cannot be written as JSON, which none causes.
    pub fn to_form(&self) -> Result<String, WalletParametersError> {
        let mut form = url::form_urlencoded::Serializer::new(String::new());
        if let Some(metadata) = &self.wallet_metadata {
            let text = serde_json::to_string(metadata).map_err(|_| WalletParametersError::Metadata)?;
            form.append_pair("wallet_metadata", &text);
        }
        if let Some(nonce) = &self.wallet_nonce {
            form.append_pair("wallet_nonce", nonce.as_str());
        }
        Ok(form.finish())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nonce_and_metadata_read_back() {
        let parameters = WalletParameters {
            wallet_nonce: RequestNonce::parse("n-1"),
            wallet_metadata: Some(WalletMetadata::default()),
        };
        assert_eq!(
            WalletParameters::parse_form(parameters.to_form().unwrap().as_bytes()),
            Ok(parameters)
        );
        assert_eq!(WalletParameters::parse_form(b""), Ok(WalletParameters::default()));
        assert_eq!(
            WalletParameters::parse_form(b"wallet_nonce=a+b"),
            Err(WalletParametersError::Nonce)
        );
        for metadata in [
            "[]",
            "{",
            "1",
            "{\"response_modes_supported\":1}",
            "{\"a\":1,\"a\":2}",
        ] {
            assert_eq!(
                WalletParameters::parse_form(format!("wallet_metadata={metadata}").as_bytes()),
                Err(WalletParametersError::Metadata),
                "{metadata}"
            );
        }
    }
}
