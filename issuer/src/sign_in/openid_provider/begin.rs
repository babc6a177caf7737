//! To the provider and back ([OpenID Connect Core 1.0 §3.1.2]).
//!
//! [OpenID Connect Core 1.0 §3.1.2]: https://openid.net/specs/openid-connect-core-1_0.html#AuthorizationEndpoint

use serde::{Deserialize, Serialize};
use serde_json::json;
use sha2::{Digest as _, Sha256};
use symbolon_crypto::encoding::base64url;
use symbolon_crypto::{Randomness, RandomnessUnavailable};
use symbolon_protocol::identifier::HttpUrl;
use url::{Url, form_urlencoded};
use zeroize::Zeroizing;

use super::{ProviderError, ProviderMetadata, ProviderSettings};
use crate::secret::{BearerSecret, InstallationSecret, Purpose, SecretDigest};

/// What is kept while the browser is at the provider: the digest of `state`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct ProviderState(SecretDigest);

/// A browser that is sent to the provider.
pub struct Beginning {
    /// What to keep.
    pub state: ProviderState,
    /// Where the browser goes.
    pub location: Url,
}

/// Sends a browser to the provider, which sends it back to `redirect_uri`. The languages are the resident's, best first.
///
/// # Errors
/// When there is no randomness.
pub fn begin(
    settings: &ProviderSettings,
    metadata: &ProviderMetadata,
    redirect_uri: &HttpUrl,
    languages: &[&str],
    secret: &InstallationSecret,
    randomness: &dyn Randomness,
) -> Result<Beginning, RandomnessUnavailable> {
    let state = BearerSecret::make(randomness)?;
    let challenge = base64url::encode(&Sha256::digest(verifier(secret, state.expose()).as_bytes()));
    let mut location = metadata.authorization_endpoint.url().clone();
    {
        let mut query = location.query_pairs_mut();
        query
            .append_pair("response_type", "code")
            .append_pair("client_id", &settings.client_id)
            .append_pair("redirect_uri", redirect_uri.as_str())
            .append_pair("scope", &settings.scope)
            .append_pair("state", state.expose())
            .append_pair("nonce", &nonce(secret, state.expose()))
            .append_pair("code_challenge", &challenge)
            .append_pair("code_challenge_method", "S256");
        if let Some(values) = &settings.acr_values {
            query.append_pair("acr_values", values);
        }
        if !languages.is_empty() {
            query.append_pair("ui_locales", &languages.join(" "));
        }
        // The claim that names the record is worth nothing to ask for where it is `sub`, which is always there.
        if metadata.takes_claims_parameter && settings.record_claim != "sub" {
            let wanted = json!({ settings.record_claim.as_str(): { "essential": true } });
            query.append_pair(
                "claims",
                &json!({ "id_token": wanted, "userinfo": wanted }).to_string(),
            );
        }
    }
    Ok(Beginning {
        state: ProviderState(state.digest()),
        location,
    })
}

/// What the browser brought back, held against what was kept.
pub struct ProviderAnswer {
    /// The code.
    pub(super) code: Zeroizing<String>,
    state: Zeroizing<String>,
}

impl ProviderAnswer {
    /// Reads the query with which the browser came back ([OpenID Connect Core 1.0 §3.1.2.5], [RFC 9207 §2.4]).
    ///
    /// # Errors
    /// [`ProviderError::ForeignAnswer`] before anything else is looked at; [`ProviderError::Denied`] and
    /// [`ProviderError::Refused`] for an error; [`ProviderError::Malformed`].
    ///
    /// [OpenID Connect Core 1.0 §3.1.2.5]: https://openid.net/specs/openid-connect-core-1_0.html#AuthResponse
    /// [RFC 9207 §2.4]: https://www.rfc-editor.org/rfc/rfc9207#section-2.4
    pub fn parse(
        query: &str,
        kept: &ProviderState,
        settings: &ProviderSettings,
        metadata: &ProviderMetadata,
    ) -> Result<Self, ProviderError> {
        const WHAT: &str = "answer";
        if query.len() > MAX_ANSWER_BYTES {
            return Err(ProviderError::Malformed(WHAT));
        }
        let pairs: Vec<_> = form_urlencoded::parse(query.as_bytes()).collect();
        let one = |name: &str| {
            let mut values = pairs
                .iter()
                .filter(|(own, _)| own == name)
                .map(|(_, value)| value.as_ref());
            match (values.next(), values.next()) {
                (first, None) => Ok(first),
                // Two readers would take two different values.
                _ => Err(ProviderError::Malformed(WHAT)),
            }
        };
        let state = one("state")?.ok_or(ProviderError::ForeignAnswer)?;
        if SecretDigest::of(state) != kept.0 {
            return Err(ProviderError::ForeignAnswer);
        }
        match one("iss")? {
            Some(issuer) if issuer == settings.issuer.as_str() => {}
            None if !metadata.answers_name_the_issuer => {}
            _ => return Err(ProviderError::ForeignAnswer),
        }
        match (one("code")?, one("error")?) {
            (Some(code), None) if !code.is_empty() => Ok(Self {
                code: Zeroizing::new(code.to_owned()),
                state: Zeroizing::new(state.to_owned()),
            }),
            (
                None,
                Some("access_denied" | "login_required" | "consent_required" | "interaction_required"),
            ) => Err(ProviderError::Denied),
            (None, Some(_)) => Err(ProviderError::Refused),
            _ => Err(ProviderError::Malformed(WHAT)),
        }
    }

    /// The `nonce` that the ID token must have.
    #[must_use]
    pub fn nonce(&self, secret: &InstallationSecret) -> Zeroizing<String> {
        nonce(secret, &self.state)
    }

    pub(super) fn verifier(&self, secret: &InstallationSecret) -> Zeroizing<String> {
        verifier(secret, &self.state)
    }
}

/// A code, a state and an issuer are far shorter.
const MAX_ANSWER_BYTES: usize = 8 << 10;

fn nonce(secret: &InstallationSecret, state: &str) -> Zeroizing<String> {
    derive(secret, Purpose::ProviderNonce, state)
}

/// 43 characters, as [RFC 7636 §4.1](https://www.rfc-editor.org/rfc/rfc7636#section-4.1) recommends.
fn verifier(secret: &InstallationSecret, state: &str) -> Zeroizing<String> {
    derive(secret, Purpose::ProviderVerifier, state)
}

fn derive(secret: &InstallationSecret, purpose: Purpose, state: &str) -> Zeroizing<String> {
    Zeroizing::new(base64url::encode(
        &secret.derive_tag(purpose, &[state.as_bytes()]),
    ))
}
