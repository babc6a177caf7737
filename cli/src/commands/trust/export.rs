//! `symbolon trust export`

use std::fs;
use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use symbolon_crypto::SecretKey;
use symbolon_crypto::signing::{KeyHandle, Sign as _, SignOutcome, SoftwareKey};
use symbolon_crypto::x509::Certificate;
use symbolon_trust::authorities::{check_authority, write_certificates};
use symbolon_trust::trust_list::{AnchoredFormat, TrustList, TrustedIssuer};
use symbolon_trust::validity::Validity;
use symbolon_trust::vical::{ParsedVical, VicalToSign};
use zeroize::Zeroizing;

use super::write;
use crate::arguments::{ExportArguments, ExportForm};
use crate::commands::show;
use crate::configuration::days;
use crate::edge;
use crate::installation::Installation;
use crate::trust_sources::read_certificates;

pub(super) fn run(arguments: &ExportArguments, installation: &Installation) -> anyhow::Result<()> {
    match arguments.form {
        ExportForm::List => {
            // Without the sources, which each reader names for itself.
            let list = installation.trust()?.trust_list;
            write(&arguments.out, &serde_json::to_vec_pretty(&list)?)
        }
        ExportForm::Iaca => {
            let list = installation.believed()?.trust_list;
            let authorities = authorities(&list, installation);
            let text = write_certificates(authorities.iter().map(|(_, certificate)| *certificate));
            write(&arguments.out, text.as_bytes())
        }
        ExportForm::Vical => vical(arguments, installation),
    }
}

/// The authorities of mdocs that can be believed now, each certificate with the issuer that has it.
fn authorities<'l>(
    list: &'l TrustList,
    installation: &Installation,
) -> Vec<(&'l TrustedIssuer, &'l Certificate)> {
    let now = edge::system_time();
    let is_usable = |issuer: &&TrustedIssuer| {
        issuer.vouches_for(AnchoredFormat::Mdoc)
            && matches!(
                list.validity_of(issuer, now),
                Validity::Current | Validity::InGrace { .. }
            )
    };
    let mut found: Vec<(&TrustedIssuer, &Certificate)> = Vec::new();
    for issuer in list.issuers.iter().filter(is_usable) {
        for certificate in &issuer.anchors {
            let is_new = !found.iter().any(|(_, known)| *known == certificate);
            if is_new && check_authority(certificate, installation.provider.as_ref()).is_ok() {
                found.push((issuer, certificate));
            }
        }
    }
    found
}

fn vical(arguments: &ExportArguments, installation: &Installation) -> anyhow::Result<()> {
    let missing = || anyhow!("a VICAL needs --signer-key, --signer-chain, --provider and --issue");
    let chain = read_certificates(arguments.signer_chain.as_ref().ok_or_else(missing)?)?;
    let key = signer(arguments.signer_key.as_ref().ok_or_else(missing)?, installation)?;
    if chain.first().map(Certificate::public_key) != Some(key.public_key()) {
        bail!("the first certificate of --signer-chain is not that of --signer-key");
    }
    let list = installation.believed()?.trust_list;
    let authorities: Vec<(&Certificate, Vec<&str>)> = authorities(&list, installation)
        .into_iter()
        .map(|(issuer, certificate)| {
            let types = arguments.doc_types.iter().map(String::as_str);
            (certificate, types.filter(|one| issuer.may_issue(one)).collect())
        })
        .filter(|(_, types): &(_, Vec<&str>)| !types.is_empty())
        .collect();
    let date = edge::system_time();
    let list = VicalToSign {
        provider: arguments.provider.as_deref().ok_or_else(missing)?,
        date,
        issue: arguments.issue.ok_or_else(missing)?,
        next_update: date.plus(days(arguments.days)),
        authorities,
    };
    let prepared = list.prepare(key.public_key().algorithm(), &chain)?;
    let SignOutcome::Signed(signature) = key.sign(&prepared.request(key.handle().clone()))? else {
        bail!("the key is locked");
    };
    let bytes = prepared.finish(&signature)?;
    // What a reader could not even read is not written.
    let entries = ParsedVical::parse(&bytes)?.unverified().entries.len();
    write(&arguments.out, &bytes)?;
    show::line(&format!("{entries} authorities"));
    Ok(())
}

fn signer(path: &Path, installation: &Installation) -> anyhow::Result<SoftwareKey> {
    let text = fs::read(path).map(Zeroizing::new);
    let text = text.with_context(|| format!("cannot read {}", path.display()))?;
    let wrong = || format!("{} is no private key as PKCS#8 in PEM", path.display());
    let der = Zeroizing::new(pem::parse(text.as_slice()).with_context(wrong)?.into_contents());
    let secret = SecretKey::from_pkcs8_der(&der).map_err(|_| anyhow!(wrong()))?;
    let handle = KeyHandle::new("vical-signer".to_owned());
    Ok(SoftwareKey::new(
        handle,
        secret,
        std::sync::Arc::clone(&installation.provider),
    ))
}
