//! `symbolon relying-party …` and `symbolon policy …`

mod openid_client;

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde::Deserialize;
use serde_json::{Map, Value, json};
use symbolon_crypto::encoding::base64url;
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::openid4vp::registration_certificate::{
    LocalizedText, RegisteredCredential, RegistrationCertificate, SERVICE_PROVIDER, SupervisoryAuthority,
};
use symbolon_store::{OpenError, Store};
use symbolon_verifier::name::{PolicyName, RelyingPartyName};
use symbolon_verifier::relying_party::{ApiKeyId, CertificateChoice, Permission, RelyingParty, Webhook};
use symbolon_verifier::store::{Delivery, DeliveryId, DeliveryStage, TenantId};
use symbolon_verifier_server::administration::{Administration, DeliveryPage, KeyListed, KeyMade, Removed};
use symbolon_verifier_server::configuration::MAX_RESULT_RETENTION_SECONDS;
use symbolon_verifier_server::store::EmbeddedVerifierStore;

use crate::arguments::{PolicyCommand, RegisteredContacts, RelyingPartyCommand};
use crate::commands::request::verifier_administration;
use crate::commands::{issuing, show};
use crate::configuration::identifier_text;
use crate::edge::{self, SystemRandomness};
use crate::installation::files::{Readers, write_atomically};
use crate::installation::{Installation, TENANT, party_certificate, relying_parties};
use crate::register::AdministrationClient;
use crate::services::{clock, verifier};

/// How many announcements are read at once.
const PAGE: usize = 200;

/// What a verifier keeps of its relying parties, wherever it is open.
enum Books {
    /// In this process.
    Opened(Administration),
    /// In a server, which is asked.
    Running(AdministrationClient),
}

#[derive(Deserialize)]
struct Keys {
    keys: Vec<KeyListed>,
}

impl Books {
    fn of(installation: &Installation) -> anyhow::Result<Self> {
        match Store::open(&installation.data_file(verifier::STORE)) {
            Ok(store) => Ok(Self::Opened(Administration {
                store: Arc::new(EmbeddedVerifierStore::new(store)),
                tenant: TenantId::parse(TENANT)?,
                randomness: Arc::new(SystemRandomness),
                clock: clock(),
            })),
            Err(OpenError::AlreadyOpen) => verifier_administration(installation).map(Self::Running),
            Err(error) => Err(error).context("the verifier's store cannot be opened"),
        }
    }

    async fn make_key(&self, party: &RelyingPartyName) -> anyhow::Result<KeyMade> {
        match self {
            Self::Opened(administration) => Ok(administration.make_key(party.clone()).await?),
            Self::Running(client) => {
                let path = format!("relying-parties/{party}/keys");
                client.post(&path, "application/json", Vec::new()).await
            }
        }
    }

    async fn keys(&self) -> anyhow::Result<Vec<KeyListed>> {
        match self {
            Self::Opened(administration) => Ok(administration.keys().await?),
            Self::Running(client) => Ok(client.get::<Keys>("relying-party-keys").await?.keys),
        }
    }

    async fn revoke(&self, party: &RelyingPartyName, id: &ApiKeyId) -> anyhow::Result<()> {
        match self {
            Self::Opened(administration) => Ok(administration.revoke(party, id).await?),
            Self::Running(client) => {
                let path = format!("relying-parties/{party}/keys/{id}");
                client.delete::<Value>(&path).await.map(|_| ())
            }
        }
    }

    async fn remove(&self, party: &RelyingPartyName) -> anyhow::Result<Removed> {
        match self {
            Self::Opened(administration) => Ok(administration.remove(party).await?),
            Self::Running(client) => {
                let removed = client.delete(&format!("relying-parties/{party}")).await?;
                removed.context("the server's answer does not read")
            }
        }
    }

    async fn deliveries(&self) -> anyhow::Result<Vec<Delivery>> {
        let mut all = Vec::new();
        let mut after: Option<DeliveryId> = None;
        loop {
            let page: DeliveryPage = match self {
                Self::Opened(administration) => administration.deliveries(after.as_ref(), PAGE).await?,
                Self::Running(client) => {
                    let place = after.map(|id| format!("?after={id}")).unwrap_or_default();
                    client.get(&format!("deliveries{place}")).await?
                }
            };
            all.extend(page.deliveries);
            match page.next {
                Some(next) => after = Some(next),
                None => return Ok(all),
            }
        }
    }

    async fn retry(&self, id: &DeliveryId) -> anyhow::Result<Delivery> {
        match self {
            Self::Opened(administration) => Ok(administration.retry(id).await?),
            Self::Running(client) => {
                let path = format!("deliveries/{id}/retry");
                client.post(&path, "application/json", Vec::new()).await
            }
        }
    }
}

/// Runs a command of relying parties.
///
/// # Errors
/// Files that cannot be used, a store or a server that fails, or nothing of that name.
pub async fn run(command: &RelyingPartyCommand, configuration: Option<&Path>) -> anyhow::Result<()> {
    let installation = Installation::load(configuration)?;
    match command {
        RelyingPartyCommand::Add {
            party,
            name,
            purpose,
            policies,
            own_queries,
            posted_verification,
            request_builder,
            origins,
            webhook,
        } => {
            let document = RelyingParty {
                purpose: purpose.clone(),
                policies: policies.clone(),
                own_queries: permission(*own_queries),
                posted_verification: permission(*posted_verification),
                request_builder: permission(*request_builder),
                origins: origins.clone(),
                webhook: webhook.clone().map(Webhook::new),
                ..RelyingParty::new(name.clone())
            };
            add(&installation, party, &document).await
        }
        RelyingPartyCommand::Certificate {
            party,
            identifier,
            request,
            import,
        } => {
            let document = known(&installation, party)?;
            let now = edge::system_time();
            let identifier = identifier.as_deref().unwrap_or_default();
            let certificate = match (request, import) {
                (Some(path), _) => {
                    let asked = party_certificate::ask(&installation, party, &document.name, identifier)?;
                    write_atomically(path, asked.as_bytes(), Readers::Everyone)
                        .with_context(|| format!("cannot write {}", path.display()))?;
                    show::line(&format!(
                        "{} asks for a certificate; symbolon keys sign request-signing gives it",
                        path.display()
                    ));
                    return Ok(());
                }
                (None, Some(path)) => party_certificate::take(&installation, party, path, now)?,
                (None, None) => {
                    party_certificate::give(&installation, party, &document.name, identifier, now)?
                }
            };
            show::line(&format!(
                "{party} is x509_hash:{}, until {}",
                base64url::encode(&certificate.sha256()),
                certificate.not_after().rfc3339()
            ));
            if document.certificate == CertificateChoice::Verifier {
                show::line(
                    "next: write certificate = \"own\" in its file, and start symbolon verifier serve again",
                );
            }
            Ok(())
        }
        RelyingPartyCommand::Register {
            party,
            country,
            contacts,
            days,
            out,
        } => register(&installation, party, (country, *days), contacts, out),
        RelyingPartyCommand::Key {
            party,
            revoke: Some(id),
        } => {
            Books::of(&installation)?.revoke(party, id).await?;
            show::line(&format!("revoked {id}"));
            Ok(())
        }
        RelyingPartyCommand::Key { party, revoke: None } => {
            known(&installation, party)?;
            show_key(&Books::of(&installation)?.make_key(party).await?);
            Ok(())
        }
        RelyingPartyCommand::List { json } => list(&installation, *json).await,
        RelyingPartyCommand::Remove { party } => {
            let file = relying_parties::remove(&installation, party);
            // Its keys and results go even when the file is gone already.
            let removed = Books::of(&installation)?.remove(party).await?;
            if removed == Removed::default() {
                file?;
            }
            show::line(&format!(
                "removed {party} with {} key(s) and {} request(s)",
                removed.keys, removed.requests
            ));
            Ok(())
        }
        RelyingPartyCommand::OpenidClient(arguments) => openid_client::add(&installation, arguments),
        RelyingPartyCommand::BuilderLink { party, qr } => {
            let document = known(&installation, party)?;
            if document.request_builder == Permission::Refused {
                bail!("{party} may not use the page: request_builder is not \"allowed\" in its file");
            }
            let link = verifier::builder_link(&installation, party, document.request_builder_generation)?;
            if let Some(path) = qr {
                issuing::write_qr(&link, path)?;
            }
            show::line(&link);
            Ok(())
        }
        RelyingPartyCommand::WebhookSecret { party } => {
            let document = known(&installation, party)?;
            let Some(webhook) = document.webhook else {
                bail!("{party} has no webhook");
            };
            let secret = verifier::master_secret(&installation)?;
            let tenant = TenantId::parse(TENANT)?;
            let secret = secret.derive_webhook_secret(&tenant, party, webhook.secret_version);
            show::line(&secret.expose());
            Ok(())
        }
        RelyingPartyCommand::Deliveries {
            retry: Some(id),
            json: _,
        } => {
            Books::of(&installation)?.retry(id).await?;
            show::line(&format!("{id} is tried again"));
            Ok(())
        }
        RelyingPartyCommand::Deliveries { retry: None, json } => {
            deliveries(&Books::of(&installation)?.deliveries().await?, *json)
        }
    }
}

/// Runs a command of policies.
///
/// # Errors
/// The first key that the verifier would refuse at its start.
pub fn policy(command: &PolicyCommand, configuration: Option<&Path>) -> anyhow::Result<()> {
    let PolicyCommand::Check { json } = command;
    let installation = Installation::load(configuration)?;
    let checked = verifier::check(&installation)?;
    let mut rows = Map::new();
    for policy in checked.policies() {
        let query = serde_json::to_value(policy.query())?;
        if *json {
            rows.insert(policy.name().to_string(), query);
        } else {
            show::line(&format!("{}", policy.name()));
            show::line(&format!("  {query}"));
        }
    }
    if *json {
        show::line(&serde_json::to_string_pretty(&rows)?);
    } else {
        show::line(&format!(
            "{} policies and {} relying parties are in order",
            checked.policies().count(),
            checked.relying_parties()
        ));
    }
    Ok(())
}

const fn permission(allowed: bool) -> Permission {
    if allowed {
        Permission::Allowed
    } else {
        Permission::Refused
    }
}

pub(super) fn known(installation: &Installation, party: &RelyingPartyName) -> anyhow::Result<RelyingParty> {
    let mut parties = relying_parties::relying_parties(installation)?;
    let document = parties.remove(party);
    document.with_context(|| format!("there is no relying party {party}"))
}

impl RegisteredContacts {
    /// The authority, where one is named.
    fn authority(&self, country: &str) -> Option<SupervisoryAuthority> {
        (!self.authority.is_empty()).then(|| {
            let (uri, others): (Vec<String>, Vec<String>) = self
                .authority
                .iter()
                .cloned()
                .partition(|contact| contact.starts_with("https://"));
            let (email, phone) = others.into_iter().partition(|contact| contact.contains('@'));
            SupervisoryAuthority {
                country: Some(country.to_owned()),
                uri,
                email,
                phone,
            }
        })
    }
}

/// Registers what the policies of a relying party ask for.
fn register(
    installation: &Installation,
    party: &RelyingPartyName,
    (country, days): (&str, u16),
    contacts: &RegisteredContacts,
    out: &Path,
) -> anyhow::Result<()> {
    let document = known(installation, party)?;
    let signer = party_certificate::signer(installation, party)
        .context("it has no certificate of its own: symbolon relying-party certificate makes one")?;
    let leaf = signer.chain.first().context("the certificate chain is empty")?;
    let sub = leaf.subject_organization_identifier();
    let sub = sub.context("its certificate has no identifier of an organisation")?;
    let checked = verifier::check(installation)?;
    let mut credentials = Vec::new();
    for policy in checked
        .policies()
        .filter(|policy| document.may_use(policy.name()))
    {
        for query in policy.query().into_iter().flat_map(DcqlQuery::credentials) {
            credentials.push(RegisteredCredential::of_query(query)?);
        }
    }
    let now = edge::system_time();
    let registration = RegistrationCertificate {
        name: document.name.clone(),
        sub: sub.to_owned(),
        country: country.to_owned(),
        registry_uri: identifier_text(&installation.loaded.configuration.verifier.identifier),
        entitlements: vec![SERVICE_PROVIDER.to_owned()],
        purpose: document
            .purpose
            .iter()
            .map(|purpose| LocalizedText {
                lang: "en".to_owned(),
                value: purpose.clone(),
            })
            .collect(),
        credentials,
        support_uri: contacts.support.clone(),
        supervisory_authority: contacts.authority(country),
        intermediary: None,
        iat: now,
        exp: Some(now.plus(Duration::from_secs(u64::from(days) * 86_400))),
    };
    let (certificate, anchor) = party_certificate::register(installation, &registration, now)?;
    if let Some(folder) = out.parent() {
        std::fs::create_dir_all(folder).with_context(|| format!("cannot make {}", folder.display()))?;
    }
    write_atomically(out, certificate.as_bytes(), Readers::Everyone)
        .with_context(|| format!("cannot write {}", out.display()))?;
    show::line(&format!("registered {party} in {}", out.display()));
    show::line(&format!(
        "next: write registration_certificate in its file, and {} in wallet.registrars",
        anchor.display()
    ));
    Ok(())
}

async fn add(
    installation: &Installation,
    party: &RelyingPartyName,
    document: &RelyingParty,
) -> anyhow::Result<()> {
    let policies = relying_parties::policies(installation)?;
    let urls = verifier::urls(installation);
    let knows = |policy: &PolicyName| policies.contains_key(policy);
    document.check(
        knows,
        MAX_RESULT_RETENTION_SECONDS,
        symbolon_verifier_server::webhook_urls(urls),
    )?;
    let path = relying_parties::add(installation, party, document)?;
    let key = match Books::of(installation) {
        Ok(books) => books.make_key(party).await,
        Err(error) => Err(error),
    };
    let key = key.inspect_err(|_| {
        // Without a key it would be half there. What cannot be removed is named by the next `add`.
        let _ = relying_parties::remove(installation, party);
    })?;
    show::line(&format!("added {party} in {}", path.display()));
    show_key(&key);
    show::line("next: start symbolon verifier serve again");
    Ok(())
}

fn show_key(key: &KeyMade) {
    show::line(&format!("key {}, shown this once:", key.key_id));
    show::line(&key.key);
}

async fn list(installation: &Installation, as_json: bool) -> anyhow::Result<()> {
    let parties = relying_parties::relying_parties(installation)?;
    let keys = Books::of(installation)?.keys().await?;
    if as_json {
        let rows: Vec<Value> = parties
            .iter()
            .map(|(name, party)| {
                let keys: Vec<&KeyListed> = keys_of(&keys, name).collect();
                json!({"relying_party": name, "name": party.name, "policies": party.policies, "keys": keys})
            })
            .collect();
        show::line(&serde_json::to_string_pretty(&rows)?);
        return Ok(());
    }
    for (name, party) in &parties {
        let policies: Vec<&str> = party.policies.iter().map(PolicyName::as_str).collect();
        show::line(&format!("{name:<16}  {}  {}", party.name, policies.join(", ")));
        for key in keys_of(&keys, name) {
            show::line(&format!("  key {}, made {}", key.key_id, key.created_at));
        }
    }
    for key in keys
        .iter()
        .filter(|key| !parties.contains_key(&key.relying_party))
    {
        show::line(&format!(
            "{}: key {}, made {}, of nobody: symbolon relying-party remove {}",
            key.relying_party, key.key_id, key.created_at, key.relying_party
        ));
    }
    Ok(())
}

fn keys_of<'k>(keys: &'k [KeyListed], party: &'k RelyingPartyName) -> impl Iterator<Item = &'k KeyListed> {
    keys.iter().filter(move |key| key.relying_party == *party)
}

fn deliveries(deliveries: &[Delivery], as_json: bool) -> anyhow::Result<()> {
    if as_json {
        show::line(&serde_json::to_string_pretty(deliveries)?);
        return Ok(());
    }
    for delivery in deliveries {
        let stage = match delivery.stage {
            DeliveryStage::Waiting { next_attempt_at } => {
                format!("waiting for {}", next_attempt_at.rfc3339())
            }
            DeliveryStage::Delivered { at } => format!("delivered {}", at.rfc3339()),
            DeliveryStage::GivenUp { at, reason } => {
                let reason = json!(reason);
                format!(
                    "given up {}: {}",
                    at.rfc3339(),
                    reason.as_str().unwrap_or_default()
                )
            }
        };
        show::line(&format!(
            "{}  {}  request {}  {} tries  {stage}",
            delivery.id, delivery.relying_party, delivery.request, delivery.attempts
        ));
    }
    Ok(())
}
