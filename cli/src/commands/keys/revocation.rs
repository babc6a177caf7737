//! `symbolon keys revoke`, `keys crl`, `keys import-crl`, `keys resume-crl`: which certificates an authority has taken back.

use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, anyhow, bail};
use symbolon_crypto::CryptoProvider;
use symbolon_crypto::signing::SoftwareKey;
use symbolon_crypto::x509::{Certificate, RevocationList, RevocationReason, RevokedCertificate};
use symbolon_crypto_aws_lc::AwsLcProvider;
use symbolon_issuer::audit::KeyChange;
use symbolon_issuer_server::CertificateAuthority;

use super::{changed, profile};
use crate::arguments::{CrlArguments, RevokeArguments};
use crate::commands::show;
use crate::configuration::days;
use crate::edge;
use crate::installation::files::{Readers, write_atomically};
use crate::installation::keys::{KeyFolder, KeyPurpose, read_chain_file};
use crate::installation::revocation::{
    ListFolder, MAX_LIST_DAYS, RENEWED_LIST_LIFETIME, Signing, next_list, read_list, root_of,
};
use crate::installation::{Installation, root_passphrase};
use crate::register::Register;

/// The key of an authority, and its certificate.
struct OpenedRoot {
    key: SoftwareKey,
    certificate: Certificate,
}

impl OpenedRoot {
    fn read(
        keys: &KeyFolder,
        purpose: KeyPurpose,
        provider: &Arc<dyn CryptoProvider>,
    ) -> anyhow::Result<Self> {
        let key = keys.read_key(purpose, provider)?;
        let chain = keys.read_chain_of(purpose, key.public_key())?;
        let certificate = chain.into_iter().next();
        Ok(Self {
            certificate: certificate.ok_or_else(|| anyhow!("the root has no certificate"))?,
            key,
        })
    }

    const fn signing(&self) -> Signing<'_> {
        Signing {
            key: &self.key,
            certificate: &self.certificate,
        }
    }

    /// A certificate of this authority as one that is revoked from now on.
    fn revoke(
        &self,
        certificate: &Certificate,
        reason: RevocationReason,
    ) -> anyhow::Result<RevokedCertificate> {
        if certificate.issuer_name() != self.certificate.subject_name() || certificate == &self.certificate {
            bail!("the certificate is none that this authority has given");
        }
        Ok(RevokedCertificate::new(certificate, edge::system_time(), reason))
    }
}

/// The authority that gives the certificates of a key.
fn authority_of(purpose: KeyPurpose) -> anyhow::Result<CertificateAuthority> {
    let root = profile(purpose)?.root;
    let authority = CertificateAuthority::ALL.into_iter();
    let mut authority = authority.filter(|authority| root_of(*authority) == root);
    authority
        .next()
        .with_context(|| format!("the authority of {} publishes no revocation list", purpose.name()))
}

/// Revokes a certificate of the installation, where the key of its authority is at hand.
pub(super) async fn revoke(installation: &Installation, arguments: &RevokeArguments) -> anyhow::Result<()> {
    let purpose = arguments.purpose.purpose();
    let authority = authority_of(purpose)?;
    let root = root_of(authority);
    let certificate = match &arguments.certificate {
        Some(path) => read_certificate(path)?,
        None => {
            let chain = installation.keys.read_chain(purpose)?;
            let leaf = chain
                .first()
                .ok_or_else(|| anyhow!("the key has no certificate"))?;
            Certificate::parse(leaf)?
        }
    };
    let opened = match &arguments.root {
        Some(folder) => {
            let passphrase = root_passphrase(arguments.passphrase_file.clone());
            let roots = KeyFolder::of_roots(folder, passphrase);
            OpenedRoot::read(&roots, root, &installation.provider)?
        }
        None if installation.keys.has_key(root)? => {
            OpenedRoot::read(&installation.keys, root, &installation.provider)?
        }
        None => bail!(
            "the key of the authority is not in this installation: bring its medium and name it with --root, or make the list there \
             with symbolon keys crl and take it with symbolon keys import-crl"
        ),
    };
    let lifetime = match &arguments.root {
        Some(_) => days(checked_days(arguments.days)?),
        None => RENEWED_LIST_LIFETIME,
    };
    let revoked = opened.revoke(&certificate, arguments.reason.reason())?;
    let list = ListFolder::below(&installation.issuer_folder()).publish(
        authority,
        &opened.signing(),
        core::slice::from_ref(&revoked),
        lifetime,
        installation.provider.as_ref(),
        edge::system_time(),
    )?;
    let changes = changed(purpose.name(), KeyChange::Revoked);
    Register::note_key_changes(installation, changes.into_iter().collect()).await?;
    tell(authority, &list);
    show::line(
        "the issuer serves the list from now on; whoever has verified the one before asks again when that is a day old",
    );
    show::line(
        "everything that the key has signed falls with it: replace it with symbolon keys rotate, and issue anew",
    );
    Ok(())
}

/// Makes a list on the machine that has the roots; no installation is needed there.
pub(super) fn make(arguments: &CrlArguments) -> anyhow::Result<()> {
    let authority = arguments.authority.authority();
    let provider: Arc<dyn CryptoProvider> = Arc::new(AwsLcProvider);
    let passphrase = root_passphrase(arguments.passphrase_file.clone());
    let roots = KeyFolder::of_roots(&arguments.root, passphrase);
    let opened = OpenedRoot::read(&roots, root_of(authority), &provider)?;
    let before = match &arguments.previous {
        Some(path) => Some(read_list(path)?.with_context(|| format!("there is no {}", path.display()))?),
        None => None,
    };
    let mut revoked = Vec::new();
    for path in &arguments.revoke {
        revoked.push(opened.revoke(&read_certificate(path)?, arguments.reason.reason())?);
    }
    let lifetime = days(checked_days(arguments.days)?);
    let now = edge::system_time();
    let signing = opened.signing();
    let list = next_list(
        &signing,
        before.as_ref(),
        &revoked,
        lifetime,
        provider.as_ref(),
        now,
    )?;
    write_atomically(&arguments.out, list.der(), Readers::Everyone)
        .with_context(|| format!("cannot write {}", arguments.out.display()))?;
    tell(authority, &list);
    Ok(())
}

/// Takes a list that was made on another machine.
pub(super) fn import(installation: &Installation, file: &Path) -> anyhow::Result<()> {
    let list = read_list(file)?.with_context(|| format!("there is no {}", file.display()))?;
    for authority in CertificateAuthority::ALL {
        let chain = installation.keys.read_chain(root_of(authority))?;
        let Some(root) = chain.first().and_then(|der| Certificate::parse(der).ok()) else {
            continue;
        };
        if list.names_issuer(&root) {
            let folder = ListFolder::below(&installation.issuer_folder());
            folder.take(authority, &list, &root, installation.provider.as_ref())?;
            tell(authority, &list);
            return Ok(());
        }
    }
    bail!("the list is of no authority of this issuer")
}

/// Goes on with a list that was lost, set back or restored.
pub(super) fn resume(
    installation: &Installation,
    authority: CertificateAuthority,
    previous: Option<&Path>,
) -> anyhow::Result<()> {
    let folder = ListFolder::below(&installation.issuer_folder());
    let copy = previous
        .map(|path| read_list(path)?.with_context(|| format!("there is no {}", path.display())))
        .transpose()?;
    let root = root_of(authority);
    let list = if installation.keys.has_key(root)? {
        let opened = OpenedRoot::read(&installation.keys, root, &installation.provider)?;
        folder.resume(
            authority,
            &opened.signing(),
            copy.as_ref(),
            RENEWED_LIST_LIFETIME,
            installation.provider.as_ref(),
            edge::system_time(),
        )?
    } else {
        let chain = installation.keys.read_chain(root)?;
        let certificate = chain
            .first()
            .ok_or_else(|| anyhow!("the root has no certificate"))?;
        let certificate = Certificate::parse(certificate)?;
        let provider = installation.provider.as_ref();
        folder.resume_by_copy(authority, copy.as_ref(), &certificate, provider)?
    };
    tell(authority, &list);
    Ok(())
}

fn checked_days(days: u16) -> anyhow::Result<u16> {
    if days == 0 || u32::from(days) > MAX_LIST_DAYS {
        bail!("a list holds for 1 to {MAX_LIST_DAYS} days");
    }
    Ok(days)
}

fn read_certificate(path: &Path) -> anyhow::Result<Certificate> {
    let chain = read_chain_file(path)?;
    let leaf = chain.first().map(|der| Certificate::parse(der));
    leaf.transpose()
        .ok()
        .flatten()
        .with_context(|| format!("{} holds no certificate", path.display()))
}

fn tell(authority: CertificateAuthority, list: &RevocationList) {
    show::line(&format!(
        "{} number {} names {} certificates; the next one is due by {}",
        authority.file_name(),
        list.number().to_u64().unwrap_or_default(),
        list.count(),
        list.next_update().rfc3339()
    ));
}
