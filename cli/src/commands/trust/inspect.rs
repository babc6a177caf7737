//! `symbolon trust inspect`

use std::path::Path;

use anyhow::{Context as _, bail};
use serde_json::{Value, json};
use symbolon_crypto::CryptoProvider;
use symbolon_crypto_aws_lc::AwsLcProvider;
use symbolon_trust::authorities::{check_authority, parse_certificates};
use symbolon_trust::pack::{PackError, TrustSection};
use symbolon_trust::trust_list::{IssuerIdentifier, RootOfTrust, TrustList};
use symbolon_trust::vical::{ParsedVical, Vical};

use super::believed;
use crate::arguments::InspectArguments;
use crate::commands::show;
use crate::configuration::FILE_NAME;
use crate::edge;
use crate::installation::{Installation, read_trust};
use crate::trust_sources::read_certificates;

pub(super) fn run(arguments: &InspectArguments, configuration: Option<&Path>) -> anyhow::Result<()> {
    let bytes = super::read(&arguments.file)?;
    let (name, summary) = match bytes.first() {
        Some(b'{') => json_list(&bytes)?,
        _ => match parse_certificates(&bytes) {
            Ok(_) => ("certificates", certificates(&bytes)?),
            // The structures of CBOR begin with no letter; text that is none of these is a file of certificates that failed.
            Err(error) if bytes.first().is_none_or(u8::is_ascii) => return Err(error.into()),
            Err(_) => signed(arguments, &bytes, configuration)?,
        },
    };
    if arguments.json {
        show::line(&serde_json::to_string_pretty(&summary)?);
    } else {
        show::claim(0, name, &summary);
    }
    Ok(())
}

fn json_list(bytes: &[u8]) -> anyhow::Result<(&'static str, Value)> {
    let now = edge::system_time();
    if let Ok(root) = RootOfTrust::parse(bytes) {
        let listing = serde_json::to_value(believed(&root.trust_list, now))?;
        let keys = json!({ "registry_keys": root.registry_keys.len(), "pack_keys": root.pack_keys.len() });
        return Ok(("root of trust", json!({ "keys": keys, "trust_list": listing })));
    }
    let list = TrustList::parse(bytes).context("neither a root of trust nor a trust list")?;
    let listing = serde_json::to_value(believed(&list, now))?;
    Ok((
        "trust list",
        json!({ "signature": "none", "trust_list": listing }),
    ))
}

fn certificates(bytes: &[u8]) -> anyhow::Result<Value> {
    let shown = parse_certificates(bytes)?.into_iter().map(|certificate| {
        let authority = match check_authority(&certificate, &AwsLcProvider) {
            Ok(()) => "an issuing authority of mdocs".to_owned(),
            Err(error) => format!("no issuing authority of mdocs: {error}"),
        };
        json!({
            "identifier": IssuerIdentifier::of_certificate(&certificate),
            "name": certificate.subject_common_name(),
            "country": certificate.subject_country(),
            "state": certificate.subject_state(),
            "valid_from": certificate.not_before().rfc3339(),
            "valid_until": certificate.not_after().rfc3339(),
            "profile": authority,
        })
    });
    Ok(Value::Array(shown.collect()))
}

/// A signed list of the registry, or a VICAL.
fn signed(
    arguments: &InspectArguments,
    bytes: &[u8],
    configuration: Option<&Path>,
) -> anyhow::Result<(&'static str, Value)> {
    if let Ok(parsed) = ParsedVical::parse(bytes) {
        return Ok(("VICAL", vical(arguments, parsed, &AwsLcProvider)?));
    }
    let root = match &arguments.trust {
        Some(path) => read_trust(path)?,
        None if configuration.is_some() || Path::new(FILE_NAME).exists() => {
            Installation::load(configuration)?.trust()?
        }
        None => bail!("it is no VICAL; for a signed trust list give the root of trust with --trust"),
    };
    let section = TrustSection::from_published(bytes.to_vec());
    let list = match section.verify(&root, &AwsLcProvider) {
        Err(PackError::SignedStructure) => bail!("neither a VICAL nor a signed trust list"),
        verified => verified.context("the signed trust list is refused")?,
    };
    let listing = serde_json::to_value(believed(&list, edge::system_time()))?;
    let summary = json!({ "signature": "of the registry", "trust_list": listing });
    Ok(("signed trust list", summary))
}

fn vical(
    arguments: &InspectArguments,
    parsed: ParsedVical,
    provider: &dyn CryptoProvider,
) -> anyhow::Result<Value> {
    let Some(signers) = &arguments.signers else {
        let signature = "not checked: give the roots of its provider with --signers";
        return Ok(vical_summary(parsed.unverified(), signature, provider));
    };
    let roots = read_certificates(signers)?;
    let verified = parsed.verify(&roots, provider).context("the VICAL is refused")?;
    Ok(vical_summary(verified.vical(), "of its provider", provider))
}

fn vical_summary(vical: &Vical, signature: &str, provider: &dyn CryptoProvider) -> Value {
    let entries = vical.entries.iter().map(|entry| {
        let (identifier, usable) = match entry.authority(provider) {
            Ok(certificate) => (Some(IssuerIdentifier::of_certificate(&certificate)), None),
            Err(error) => (None, Some(error.to_string())),
        };
        json!({
            "identifier": identifier,
            "left_out": usable,
            "authority": entry.issuing_authority,
            "country": entry.issuing_country,
            "state": entry.state_or_province_name,
            "doc_types": entry.doc_types,
        })
    });
    json!({
        "version": vical.version,
        "provider": vical.provider,
        "issue": vical.issue,
        "date": vical.date.rfc3339(),
        "next_update": vical.next_update.map(|time| time.rfc3339()),
        "entries": entries.collect::<Vec<_>>(),
        "signature": signature,
    })
}
