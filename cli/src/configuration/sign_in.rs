//! `[issuer.sign_in]`: how residents sign in on the issuer's own pages. `docs/sign-in.md` describes the keys.

use std::path::PathBuf;

use serde::{Deserialize, Serialize};
use symbolon_issuer::sign_in::Channel;

use super::ConfigurationError;

/// `[issuer.sign_in]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct SignInSection {
    /// By what residents are recognised.
    pub method: SignInMethodName,
    /// How codes are sent, for `one_time_code`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<SenderName>,
    /// Which contact of the record codes are sent to.
    #[serde(default)]
    pub channel: Channel,
    /// The file that messages are appended to, for the sender `file`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub file: Option<PathBuf>,
    /// Where messages are posted, for the sender `webhook`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook: Option<String>,
    /// The file with the secret that webhooks are signed by, at least 32 bytes.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub webhook_secret: Option<PathBuf>,
    /// A folder of texts in other languages, or in other words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub translations: Option<PathBuf>,
    /// The provider, for `openid_provider`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub provider: Option<ProviderSection>,
}

/// By what residents are recognised.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SignInMethodName {
    /// By a code that is sent to them.
    OneTimeCode,
    /// By an OpenID Provider.
    OpenidProvider,
}

/// How codes are sent.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum SenderName {
    /// To nobody: the operator's page shows them. For development.
    Demo,
    /// Appended to a file.
    File,
    /// Posted to a gateway.
    Webhook,
}

/// `[issuer.sign_in.provider]`
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct ProviderSection {
    /// The provider's identifier, below which its metadata are found.
    pub issuer: String,
    /// What pages call it.
    pub name: String,
    /// What the provider calls this issuer.
    pub client_id: String,
    /// The scopes to ask for, `openid` among them.
    #[serde(default = "default_scope")]
    pub scope: String,
    /// The claim that names the record.
    pub record_claim: String,
    /// What that claim holds.
    pub record_claim_holds: RecordClaimName,
    /// The private key of `private_key_jwt`, a file as `data/keys` has them; without it the issuer is a public client.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_key: Option<PathBuf>,
    /// What the provider calls that key.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_key_id: Option<String>,
    /// Which authentication contexts to ask for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub acr_values: Option<String>,
    /// Permits a provider within the operator's own network.
    #[serde(default, skip_serializing_if = "is_false")]
    pub private_network: bool,
}

/// What the claim that names the record holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum RecordClaimName {
    /// A UIN.
    Uin,
    /// A virtual identifier.
    Vid,
}

impl SignInSection {
    /// What a development installation has: codes that the operator's page shows.
    #[must_use]
    pub const fn demo() -> Self {
        Self {
            method: SignInMethodName::OneTimeCode,
            sender: Some(SenderName::Demo),
            channel: Channel::Phone,
            file: None,
            webhook: None,
            webhook_secret: None,
            translations: None,
            provider: None,
        }
    }

    /// Checks that every key belongs to the method and the sender, and that none is missing.
    ///
    /// # Errors
    /// The first key that is missing or says nothing.
    pub(super) fn check(&self, development: bool) -> Result<(), ConfigurationError> {
        let by_code = self.method == SignInMethodName::OneTimeCode;
        let needs = |holds: bool, wanted: bool, key, why| match (holds, wanted) {
            (true, true) | (false, false) => Ok(()),
            (false, true) => Err(ConfigurationError::Missing { key, why }),
            (true, false) => Err(ConfigurationError::Useless { key, why }),
        };
        needs(
            self.sender.is_some(),
            by_code,
            "issuer.sign_in.sender",
            "method = \"one_time_code\"",
        )?;
        needs(
            self.provider.is_some(),
            !by_code,
            "issuer.sign_in.provider",
            "method = \"openid_provider\"",
        )?;
        let file = self.sender == Some(SenderName::File);
        let webhook = self.sender == Some(SenderName::Webhook);
        needs(
            self.file.is_some(),
            file,
            "issuer.sign_in.file",
            "sender = \"file\"",
        )?;
        needs(
            self.webhook.is_some(),
            webhook,
            "issuer.sign_in.webhook",
            "sender = \"webhook\"",
        )?;
        needs(
            self.webhook_secret.is_some(),
            webhook,
            "issuer.sign_in.webhook_secret",
            "sender = \"webhook\"",
        )?;
        if self.sender == Some(SenderName::Demo) && !development {
            return Err(ConfigurationError::DemoSender);
        }
        Ok(())
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde passes a reference")]
const fn is_false(flag: &bool) -> bool {
    !*flag
}

fn default_scope() -> String {
    "openid".to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn checked(text: &str, development: bool) -> Result<(), String> {
        let section: SignInSection = toml::from_str(text).map_err(|error| error.to_string())?;
        section.check(development).map_err(|error| error.to_string())
    }

    #[test]
    fn a_section_that_fits_is_taken() {
        let provider = "method = \"openid_provider\"\n[provider]\nissuer = \"https://login.example\"\nname = \"Login\"\n\
             client_id = \"c\"\nrecord_claim = \"individual_id\"\nrecord_claim_holds = \"uin\"\n";
        for good in [
            "method = \"one_time_code\"\nsender = \"file\"\nfile = \"data/codes.ndjson\"\nchannel = \"email\"\n",
            "method = \"one_time_code\"\nsender = \"webhook\"\nwebhook = \"https://sms.example\"\nwebhook_secret = \"s\"\n",
            provider,
        ] {
            assert_eq!(checked(good, false), Ok(()), "{good}");
        }
        let demo = toml::to_string(&SignInSection::demo()).unwrap();
        assert_eq!(checked(&demo, true), Ok(()));
    }

    #[test]
    fn a_key_that_is_missing_or_says_nothing_is_named() {
        for (wrong, key) in [
            ("method = \"one_time_code\"\n", "issuer.sign_in.sender"),
            ("method = \"openid_provider\"\n", "issuer.sign_in.provider"),
            (
                "method = \"one_time_code\"\nsender = \"file\"\n",
                "issuer.sign_in.file",
            ),
            (
                "method = \"one_time_code\"\nsender = \"webhook\"\n",
                "issuer.sign_in.webhook",
            ),
            (
                "method = \"one_time_code\"\nsender = \"webhook\"\nwebhook = \"https://sms.example\"\n",
                "issuer.sign_in.webhook_secret",
            ),
            (
                "method = \"one_time_code\"\nsender = \"file\"\nfile = \"f\"\nwebhook = \"w\"\n",
                "issuer.sign_in.webhook",
            ),
            ("method = \"one_time_code\"\nsender = \"demo\"\n", "demo"),
            ("method = \"password\"\n", "password"),
            (
                "method = \"one_time_code\"\nsender = \"file\"\nfile = \"f\"\nnonsense = 1\n",
                "nonsense",
            ),
        ] {
            let refused = checked(wrong, false).unwrap_err();
            assert!(refused.contains(key), "{refused}");
        }
    }
}
