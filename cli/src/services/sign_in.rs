//! How residents sign in, from the configuration and the files that it names.

use std::sync::Arc;

use anyhow::{Context as _, anyhow};
use symbolon_crypto::signing::KeyHandle;
use symbolon_http::fetch::FetchPolicy;
use symbolon_issuer::sign_in::openid_provider::{ProviderClientKey, ProviderSettings, RecordClaimKind};
use symbolon_issuer_server::shipped_translations;
use symbolon_issuer_server::sign_in::{
    CodeSender, DemoSender, FileSender, ProviderSetup, SignInSetup, SignInWay, WebhookSecret, WebhookSender,
};
use symbolon_protocol::identifier::{HttpUrl, UrlPolicy};

use crate::configuration::{ProviderSection, RecordClaimName, SenderName, SignInSection};
use crate::installation::Installation;
use crate::services::clock;

/// What the key of `private_key_jwt` is called here.
const CLIENT_KEY: &str = "provider-client";

/// Reads how residents sign in.
///
/// # Errors
/// A file that cannot be read or written, or a provider that cannot be as it is described.
pub fn setup(installation: &Installation) -> anyhow::Result<SignInSetup> {
    let Some(section) = &installation.issuer().sign_in else {
        return Ok(SignInSetup::closed(Arc::new(shipped_translations()?)));
    };
    let mut translations = shipped_translations()?;
    if let Some(folder) = &section.translations {
        translations = translations.with_folder(&installation.loaded.resolve(folder))?;
    }
    let way = match &section.provider {
        Some(provider) => SignInWay::OpenIdProvider(Box::new(
            provider_setup(provider, installation).context("[issuer.sign_in.provider] is refused")?,
        )),
        None => SignInWay::OneTimeCode {
            channel: section.channel,
            sender: sender(section, installation)?,
        },
    };
    Ok(SignInSetup {
        way,
        translations: Arc::new(translations),
        answer_after: SignInSetup::ANSWER_AFTER,
    })
}

fn sender(section: &SignInSection, installation: &Installation) -> anyhow::Result<CodeSender> {
    let missing = |key: &str| anyhow!("issuer.sign_in.{key} is missing");
    match section.sender.ok_or_else(|| missing("sender"))? {
        SenderName::Demo => Ok(CodeSender::Shown(Arc::new(DemoSender::default()))),
        SenderName::File => {
            let file = section.file.as_ref().ok_or_else(|| missing("file"))?;
            let path = installation.loaded.resolve(file);
            let sender = FileSender::open(&path)
                .with_context(|| format!("issuer.sign_in.file: cannot write {}", path.display()))?;
            Ok(CodeSender::Sent(Arc::new(sender)))
        }
        SenderName::Webhook => {
            let url = section.webhook.as_ref().ok_or_else(|| missing("webhook"))?;
            let url = HttpUrl::parse(url).context("issuer.sign_in.webhook")?;
            url.permitted(url_policy(installation))
                .context("issuer.sign_in.webhook")?;
            let file = section
                .webhook_secret
                .as_ref()
                .ok_or_else(|| missing("webhook_secret"))?;
            let path = installation.loaded.resolve(file);
            let text = zeroize::Zeroizing::new(
                std::fs::read_to_string(&path).with_context(|| format!("cannot read {}", path.display()))?,
            );
            let secret = WebhookSecret::parse(&text).ok_or_else(|| {
                anyhow!(
                    "{} holds fewer than {} bytes",
                    path.display(),
                    WebhookSecret::MIN_BYTES
                )
            })?;
            Ok(CodeSender::Sent(Arc::new(WebhookSender::new(
                url,
                secret,
                clock(),
            )?)))
        }
    }
}

fn provider_setup(section: &ProviderSection, installation: &Installation) -> anyhow::Result<ProviderSetup> {
    let kind = match section.record_claim_holds {
        RecordClaimName::Uin => RecordClaimKind::Uin,
        RecordClaimName::Vid => RecordClaimKind::Vid,
    };
    let policy = url_policy(installation);
    let mut settings = ProviderSettings::new(
        &section.issuer,
        &section.client_id,
        &section.scope,
        &section.record_claim,
        kind,
        policy,
    )?;
    if let Some(values) = &section.acr_values {
        settings = settings.with_acr_values(values)?;
    }
    let mut sign = None;
    if let Some(file) = &section.client_key {
        let path = installation.loaded.resolve(file);
        let key = installation
            .keys
            .read_key_file(&path, KeyHandle::new(CLIENT_KEY), &installation.provider)
            .with_context(|| format!("client_key: {}", path.display()))?;
        settings = settings.with_client_key(ProviderClientKey {
            handle: key.handle().clone(),
            algorithm: key.public_key().algorithm(),
            key_id: section.client_key_id.clone(),
        });
        sign = Some(Arc::new(key) as _);
    }
    let reach = match (section.private_network, policy) {
        (true, _) => FetchPolicy::Configured,
        (false, UrlPolicy::Development) => FetchPolicy::Development,
        (false, UrlPolicy::Public) => FetchPolicy::Public,
    };
    Ok(ProviderSetup::new(settings, section.name.clone(), sign, reach)?)
}

const fn url_policy(installation: &Installation) -> UrlPolicy {
    if installation.loaded.configuration.development {
        UrlPolicy::Development
    } else {
        UrlPolicy::Public
    }
}
