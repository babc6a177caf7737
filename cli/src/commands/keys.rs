//! `symbolon keys …`

mod revocation;

use std::fs;
use std::path::Path;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use serde_json::{Value, json};
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::x509::request::CertificateRequest;
use symbolon_crypto::{CryptoProvider, UnixTime};
use symbolon_crypto_aws_lc::AwsLcProvider;
use symbolon_issuer::audit::{KeyChange, KeyName};
use symbolon_issuer::credential_record::CredentialKind;
use symbolon_issuer_server::administration::{ChangedKey, CredentialList};
use symbolon_verifier::policy::MAX_RETENTION_DAYS;

use crate::arguments::{KeysCommand, SignArguments};
use crate::commands::show;
use crate::edge::{self, SystemRandomness};
use crate::installation::certification::{CertificateProfile, CertificationError, Root, ask, give};
use crate::installation::files::{Readers, write_atomically};
use crate::installation::keys::{KeyFolder, KeyPurpose, KeySlot, encode, read_chain_file};
use crate::installation::retired::RetiredKeys;
use crate::installation::rotation::{
    RotationError, Taken, certified_identifier, make_next, rotate_certified, rotate_listed, rotate_published,
    take_certificate,
};
use crate::installation::{Installation, IssuerChoice, key_passphrase, root_passphrase};
use crate::register::Register;

/// The label of a PKCS#10 request in PEM ([RFC 7468 §7](https://www.rfc-editor.org/rfc/rfc7468#section-7)).
const REQUEST_TAG: &str = "CERTIFICATE REQUEST";

/// Runs a keys command.
///
/// # Errors
/// Keys or certificates that cannot be used; whatever is refused leaves the old ones in place.
pub async fn run(command: &KeysCommand, choice: IssuerChoice<'_>) -> anyhow::Result<ExitCode> {
    match command {
        KeysCommand::List { json } => list(&choice.load()?, *json)?,
        KeysCommand::Encrypt => encrypt(&choice.load()?).await?,
        KeysCommand::Rotate { purpose } => rotate(&choice.load()?, purpose.purpose()).await?,
        KeysCommand::Request {
            purpose,
            out,
            new_key,
        } => {
            let installation = choice.load()?;
            let slot = if *new_key { KeySlot::Next } else { KeySlot::Current };
            ask_for_certificate(&installation, purpose.purpose(), slot, out).await?;
        }
        KeysCommand::Sign(arguments) => sign(arguments)?,
        KeysCommand::Revoke(arguments) => revocation::revoke(&choice.load()?, arguments).await?,
        KeysCommand::Crl(arguments) => revocation::make(arguments)?,
        KeysCommand::ImportCrl { file } => revocation::import(&choice.load()?, file)?,
        KeysCommand::ResumeCrl { authority, previous } => {
            revocation::resume(&choice.load()?, authority.authority(), previous.as_deref())?;
        }
        KeysCommand::Import { purpose, file, root } => {
            let installation = choice.load()?;
            import(&installation, purpose.purpose(), file, root.as_deref()).await?;
        }
    }
    Ok(ExitCode::SUCCESS)
}

fn profile(purpose: KeyPurpose) -> anyhow::Result<CertificateProfile> {
    CertificateProfile::of(purpose).ok_or_else(|| CertificationError::NoCertificate(purpose).into())
}

fn list(installation: &Installation, as_json: bool) -> anyhow::Result<()> {
    let keys = &installation.keys;
    let now = edge::system_time();
    let mut rows = Vec::new();
    for purpose in KeyPurpose::ALL {
        for slot in [KeySlot::Current, KeySlot::Next] {
            if let Some(row) = describe(installation, purpose, slot)? {
                rows.push(row);
            }
        }
    }
    let retired = RetiredKeys::read(keys.path())?;
    for key in retired.published(now) {
        rows.push(json!({
            "purpose": key.purpose,
            "state": "retired",
            "public_key": key.public_key,
            "published_until": key.published_until.rfc3339(),
        }));
    }
    let left = keys.left_in_the_clear()?;
    if as_json {
        let listed = json!({ "encrypted": keys.is_sealed(), "left_in_the_clear": left, "keys": rows });
        show::line(&serde_json::to_string_pretty(&listed)?);
        return Ok(());
    }
    show::line(if keys.is_sealed() {
        "the keys are encrypted"
    } else {
        "the keys are in plain files; symbolon keys encrypt changes that"
    });
    for row in &rows {
        let text = |name: &str| {
            row.get(name)
                .and_then(Value::as_str)
                .unwrap_or_default()
                .to_owned()
        };
        let until = match (text("certificate_until"), text("published_until")) {
            (until, _) if !until.is_empty() => format!("  certificate until {until}"),
            (_, until) if !until.is_empty() => format!("  published until {until}"),
            _ => String::new(),
        };
        show::line(&format!(
            "{:<22} {:<8} {:<7} {}{until}",
            text("purpose"),
            text("state"),
            text("algorithm"),
            text("thumbprint")
        ));
    }
    if !left.is_empty() {
        show::warning("plain key files are left beside the encrypted one: run symbolon keys encrypt again");
    }
    Ok(())
}

/// What may be known of a key; `None` where there is neither a key nor a certificate.
fn describe(
    installation: &Installation,
    purpose: KeyPurpose,
    slot: KeySlot,
) -> anyhow::Result<Option<Value>> {
    let keys = &installation.keys;
    let state = match slot {
        KeySlot::Current => "current",
        KeySlot::Next => "next",
    };
    if keys.has_key_in(purpose, slot)? {
        let key = keys.read_key_in(purpose, slot, &installation.provider)?;
        let until = match slot {
            KeySlot::Current if keys.has_chain(purpose) => keys
                .read_chain_of(purpose, key.public_key())?
                .first()
                .map(|leaf| leaf.not_after().rfc3339()),
            _ => None,
        };
        return Ok(Some(json!({
            "purpose": purpose.name(),
            "state": state,
            "algorithm": key.public_key().algorithm().jose_name(),
            "thumbprint": key.public_key().thumbprint().to_string(),
            "certificate_until": until,
        })));
    }
    if slot == KeySlot::Current && keys.has_chain(purpose) {
        let leaf = keys.read_chain(purpose)?;
        let leaf = leaf.first().and_then(|der| Certificate::parse(der).ok());
        let leaf = leaf.ok_or_else(|| anyhow!("the certificate of {} does not read", purpose.name()))?;
        return Ok(Some(json!({
            "purpose": purpose.name(),
            "state": "offline",
            "algorithm": leaf.public_key().algorithm().jose_name(),
            "thumbprint": leaf.public_key().thumbprint().to_string(),
            "certificate_until": leaf.not_after().rfc3339(),
        })));
    }
    Ok(None)
}

/// One of the changes that the audit log is told.
fn changed(name: &str, change: KeyChange) -> Option<ChangedKey> {
    KeyName::parse(name).map(|key| ChangedKey { key, change })
}

async fn encrypt(installation: &Installation) -> anyhow::Result<()> {
    let file = installation.loaded.configuration.key_passphrase_file.as_ref();
    let source = key_passphrase(file.map(|file| installation.loaded.resolve(file)));
    let mut sealed = Vec::new();
    for tenant in installation.loaded.configuration.tenants() {
        sealed.extend(Some(installation.of_tenant(&tenant)?.keys).filter(KeyFolder::is_sealed));
    }
    let moved = installation.keys.seal(&source, &sealed, &SystemRandomness)?;
    let changes = moved
        .iter()
        .filter_map(|name| changed(name, KeyChange::Encrypted));
    Register::note_key_changes(installation, changes.collect()).await?;
    if moved.is_empty() {
        show::line("every key is encrypted already");
        return Ok(());
    }
    for name in &moved {
        show::line(&format!("encrypted {name}"));
    }
    show::line(
        "the plain files are removed; a copy of them may still be in backups and on the disk's free space",
    );
    show::line(
        "next: the servers need the passphrase from now on; name its file in symbolon.toml, key_passphrase_file",
    );
    Ok(())
}

/// How long a retired key of ID tokens stays published: a day, for clients that keep ID tokens to verify them again.
const ID_TOKEN_KEY_RETIREMENT: Duration = Duration::from_secs(24 * 60 * 60);

async fn rotate(installation: &Installation, purpose: KeyPurpose) -> anyhow::Result<()> {
    let now = edge::system_time();
    match purpose {
        KeyPurpose::Registry | KeyPurpose::Pack => return Err(RotationError::Pinned(purpose).into()),
        KeyPurpose::CardSigning => {
            let until = last_expiry(installation, &[CredentialKind::Card], now).await?;
            rotate_listed(installation, purpose, until, &SystemRandomness, now)?;
        }
        KeyPurpose::AssertionEd25519 | KeyPurpose::AssertionP256 => {
            let kinds = [CredentialKind::LdpVc, CredentialKind::JwtVc];
            let until = last_expiry(installation, &kinds, now).await?;
            rotate_listed(installation, purpose, until, &SystemRandomness, now)?;
        }
        KeyPurpose::IdTokenSigning => {
            // The server that signs with the old one may run for a while: what it signs is good for minutes.
            let until = now.plus(ID_TOKEN_KEY_RETIREMENT);
            rotate_published(installation, purpose, until, &SystemRandomness, now)?;
        }
        KeyPurpose::EvidenceSigning => {
            // As long as a receipt may be kept that the old key signed.
            let longest = Duration::from_secs(u64::from(MAX_RETENTION_DAYS) * 24 * 60 * 60);
            rotate_published(installation, purpose, now.plus(longest), &SystemRandomness, now)?;
        }
        _ => {
            only_stopped(installation).await?;
            rotate_certified(installation, profile(purpose)?, now)?;
        }
    }
    let changes = changed(purpose.name(), KeyChange::Replaced);
    Register::note_key_changes(installation, changes.into_iter().collect()).await?;
    show::line(&format!(
        "{} signs with a new key from the next start on",
        purpose.name()
    ));
    show::line(
        "data/trust.json may have changed: give it to verifiers and wallets again, or a new pack, before the start",
    );
    Ok(())
}

/// A running issuer signs with the key that it has read, and would go on to.
async fn only_stopped(installation: &Installation) -> anyhow::Result<Register> {
    let register = Register::of(installation).await?;
    match register {
        Register::Opened { .. } => Ok(register),
        Register::Running(_) => {
            bail!("the issuer runs, and would sign with the old key until it is started again: stop it first")
        }
    }
}

/// When the last credential of these kinds expires; now, where there is none.
async fn last_expiry(
    installation: &Installation,
    kinds: &[CredentialKind],
    now: UnixTime,
) -> anyhow::Result<UnixTime> {
    let register = only_stopped(installation).await?;
    let mut last = now;
    let mut order = CredentialList::default();
    loop {
        let page = register.credentials(&order).await?;
        for credential in page
            .credentials
            .iter()
            .filter(|credential| kinds.contains(&credential.kind))
        {
            last = last.max(UnixTime::from_seconds(credential.expires_at));
        }
        match page.next {
            Some(next) => order.after = Some(next),
            None => return Ok(last),
        }
    }
}

async fn ask_for_certificate(
    installation: &Installation,
    purpose: KeyPurpose,
    slot: KeySlot,
    out: &Path,
) -> anyhow::Result<()> {
    let profile = profile(purpose)?;
    let key = match slot {
        KeySlot::Current => installation.keys.read_key(purpose, &installation.provider)?,
        KeySlot::Next => {
            let is_new = !installation.keys.has_key_in(purpose, KeySlot::Next)?;
            let key = make_next(installation, purpose)?;
            let changes = changed(purpose.name(), KeyChange::Prepared).filter(|_| is_new);
            Register::note_key_changes(installation, changes.into_iter().collect()).await?;
            key
        }
    };
    let der = ask(&profile, &key, &certified_identifier(installation, purpose))?;
    let pem = encode(REQUEST_TAG, &der);
    write_atomically(out, pem.as_bytes(), Readers::Everyone)
        .with_context(|| format!("cannot write {}", out.display()))?;
    show::line(&format!(
        "{} asks for a certificate of the key {}",
        out.display(),
        key.public_key().thumbprint()
    ));
    show::line("whoever signs it compares this thumbprint, which must come another way than the file");
    Ok(())
}

fn sign(arguments: &SignArguments) -> anyhow::Result<()> {
    let profile = profile(arguments.purpose.purpose())?;
    let path = &arguments.file;
    let text = fs::read(path).with_context(|| format!("cannot read {}", path.display()))?;
    let pem = pem::parse(&text).with_context(|| format!("{} is no PEM file", path.display()))?;
    // `NEW CERTIFICATE REQUEST` is what some older programs write.
    if pem.tag().trim_start_matches("NEW ") != REQUEST_TAG {
        bail!("{} holds no certificate signing request", path.display());
    }
    let request = CertificateRequest::parse(pem.contents(), &AwsLcProvider)
        .with_context(|| format!("{} is refused", path.display()))?;
    let provider: Arc<dyn CryptoProvider> = Arc::new(AwsLcProvider);
    let roots = KeyFolder::of_roots(
        &arguments.root,
        root_passphrase(arguments.passphrase_file.clone()),
    );
    let key = roots.read_key(profile.root, &provider)?;
    let chain = roots.read_chain_of(profile.root, key.public_key())?;
    let root = Root {
        key: &key,
        certificate: chain
            .first()
            .ok_or_else(|| anyhow!("the root has no certificate"))?,
    };
    let days = arguments.days.unwrap_or(profile.max_days());
    let der = give(
        &profile,
        &request,
        &root,
        days,
        &SystemRandomness,
        edge::system_time(),
    )?;
    let certificate = Certificate::parse(&der)?;
    write_atomically(
        &arguments.out,
        encode("CERTIFICATE", &der).as_bytes(),
        Readers::Everyone,
    )
    .with_context(|| format!("cannot write {}", arguments.out.display()))?;
    show::line(&format!(
        "signed as {}: {}",
        profile.purpose.name(),
        arguments.out.display()
    ));
    show::line(&format!("  key    {}", request.public_key.thumbprint()));
    for name in request.san_uris.iter().chain(&request.san_dns) {
        show::line(&format!("  name   {}", show::printable(name)));
    }
    show::line(&format!("  until  {}", certificate.not_after().rfc3339()));
    Ok(())
}

async fn import(
    installation: &Installation,
    purpose: KeyPurpose,
    file: &Path,
    root: Option<&Path>,
) -> anyhow::Result<()> {
    let profile = profile(purpose)?;
    let certificates = |path: &Path| -> anyhow::Result<Vec<Certificate>> {
        read_chain_file(path)?
            .iter()
            .map(|der| Certificate::parse(der))
            .collect::<Result<_, _>>()
            .with_context(|| format!("{} cannot be used", path.display()))
    };
    let chain = certificates(file)?;
    let root = match root {
        None => None,
        Some(path) => match <[Certificate; 1]>::try_from(certificates(path)?) {
            Ok([root]) => Some(root),
            Err(_) => bail!("{} must hold one certificate", path.display()),
        },
    };
    let taken = take_certificate(installation, profile, chain, root.as_ref(), edge::system_time())?;
    let change = match taken {
        Taken::Renewed => KeyChange::Certified,
        Taken::Rotated => KeyChange::Replaced,
    };
    let root_added = root.as_ref().map(|_| KeyChange::RootAdded);
    let changes = root_added.into_iter().chain([change]);
    let changes = changes.filter_map(|change| changed(purpose.name(), change));
    Register::note_key_changes(installation, changes.collect()).await?;
    show::line(match taken {
        Taken::Renewed => "the certificate is renewed; it serves from the next start on",
        Taken::Rotated => "the new key signs from the next start on; the old one stays published",
    });
    if root.is_some() {
        show::line(
            "data/trust.json names the new root: give it to verifiers and wallets again, or a new pack",
        );
    }
    Ok(())
}
