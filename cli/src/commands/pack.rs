//! `symbolon pack …`

use std::fs;
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::{Context as _, anyhow, bail};
use serde_json::{Value, json};
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::base64;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto_aws_lc::AwsLcProvider;
use symbolon_data_integrity::SsiJsonLd;
use symbolon_http::fetch::{FetchPolicy, GuardedFetcher};
use symbolon_issuer_server::CertificateAuthority;
use symbolon_issuer_server::administration::{PackOrder, VerbatimListOrder};
use symbolon_protocol::identifier::UrlPolicy;
use symbolon_trust::pack::{
    Compacted, Delta, Pack, PackTools, RevocationSection, SectionChange, SectionKind, SeenRevocationList,
    VerbatimForm, VerbatimSection, compact, delta, is_delta,
};
use symbolon_trust::trust_list::{IssuerIdentifier, RootOfTrust, TrustList};
use symbolon_trust_store::HeldPack;
use symbolon_verifier::{PackCredentials, Tools};

use crate::arguments::{BuildArguments, PackCommand, PackTrust};
use crate::commands::distribution;
use crate::commands::evidence::Network;
use crate::commands::show;
use crate::configuration::identifier_text;
use crate::edge;
use crate::installation::files::{Readers, write_atomically};
use crate::installation::revocation::{ListFolder, list_uri};
use crate::installation::{Installation, TRUST, read_trust};
use crate::register::Register;

/// Runs a pack command.
///
/// # Errors
/// Keys or files that cannot be used, or a pack or delta that is refused.
pub async fn run(command: &PackCommand, configuration: Option<&Path>) -> anyhow::Result<ExitCode> {
    match command {
        PackCommand::Build(arguments) => build(arguments, configuration).await?,
        PackCommand::Distribution(command) => return distribution::pack(command, configuration).await,
        PackCommand::Inspect { file, trust, json } => {
            let bytes = read(file)?;
            if is_delta(&bytes) {
                print(*json, "delta", &delta_summary(&bytes)?)?;
            } else {
                let trust = Trust::load(trust, configuration)?;
                let summary = with_tools(|tools| {
                    let pack = Pack::open_with(&bytes, &trust.root, tools, edge::system_time(), None)?;
                    Ok(summary(&pack, bytes.len()))
                })?;
                print(*json, "pack", &summary)?;
            }
        }
        PackCommand::Delta { base, target, out } => {
            let bytes = delta(&read(base)?, &read(target)?)?;
            write(out, &bytes)?;
        }
        PackCommand::Compact { base, deltas, out } => {
            let deltas = deltas
                .iter()
                .map(|file| read(file))
                .collect::<Result<Vec<_>, _>>()?;
            let deltas: Vec<&[u8]> = deltas.iter().map(Vec::as_slice).collect();
            match compact(&read(base)?, &deltas)? {
                Compacted::Delta(bytes) => write(out, &bytes)?,
                Compacted::Pack(bytes) => {
                    write(out, &bytes)?;
                    show::line("it is the whole pack, which is smaller than a delta");
                }
            }
        }
        PackCommand::Apply {
            file,
            pack,
            trust,
            at,
        } => apply(file, pack, &Trust::load(trust, configuration)?, at.as_deref())?,
    }
    Ok(ExitCode::SUCCESS)
}

/// Whom to believe, and where it says so: what was accepted is remembered beside it.
struct Trust {
    root: RootOfTrust,
    folder: PathBuf,
}

impl Trust {
    fn load(trust: &PackTrust, configuration: Option<&Path>) -> anyhow::Result<Self> {
        let path = match &trust.trust {
            Some(path) => path.clone(),
            None => Installation::load(configuration)?.data_file(TRUST),
        };
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        Ok(Self {
            root: read_trust(&path)?,
            folder: folder.unwrap_or(Path::new(".")).to_owned(),
        })
    }
}

/// Everything that this command line verifies packs with.
fn with_tools<T>(work: impl FnOnce(PackTools<'_>) -> anyhow::Result<T>) -> anyhow::Result<T> {
    let json_ld = SsiJsonLd::new();
    let credentials = PackCredentials::new(Tools::with_json_ld(&AwsLcProvider, &json_ld));
    work(PackTools::new(&AwsLcProvider).with_credentials(&credentials))
}

async fn build(arguments: &BuildArguments, configuration: Option<&Path>) -> anyhow::Result<()> {
    let installation = Installation::load(configuration)?;
    let root = installation.believed()?;
    let mut lists = Vec::new();
    for (uri, file) in &arguments.verbatim {
        lists.push((uri.clone(), read(file)?));
    }
    if !arguments.fetch.is_empty() {
        let network = network(&installation)?;
        for uri in &arguments.fetch {
            let body = network
                .status_list(uri)
                .await
                .ok_or_else(|| anyhow!("the status list at {uri} could not be had"))?;
            lists.push((uri.clone(), body));
        }
    }
    let verbatim = lists
        .iter()
        .map(|(uri, body)| verbatim_order(uri, body, &root.trust_list))
        .collect::<Result<_, _>>()?;
    let sections = arguments
        .sections
        .iter()
        .map(|file| read(file).map(|bytes| base64::encode(&bytes)))
        .collect::<Result<_, _>>()?;
    let order = PackOrder {
        scopes: arguments.scopes.clone(),
        sections,
        verbatim,
        revocation_lists: revocation_lists(arguments, &installation, &root.trust_list).await?,
    };
    let built = Register::of_all(&installation).await?.build_pack(&order).await?;
    if built.left_out > 0 {
        bail!(
            "no reader would accept the pack: {} of the lists are refused by the trust list of the issuer. Where that has changed, start it again",
            built.left_out
        );
    }
    let pack = built.pack;
    // What came from others may be signed by nobody: a pack that no reader accepts does not leave the house.
    with_tools(|tools| {
        Pack::open_with(&pack, &root, tools, edge::system_time(), None)
            .context("no reader would accept the pack")
            .map(drop)
    })?;
    write(&arguments.out, &pack)
}

/// The revocation lists of certificates of the installation's own authorities, and those that were named, once it is certain that a reader will
/// accept them. A pack without a list that the one before had would say that somebody has left it out.
async fn revocation_lists(
    arguments: &BuildArguments,
    installation: &Installation,
    trust_list: &TrustList,
) -> anyhow::Result<Vec<String>> {
    let now = edge::system_time();
    let mut lists = Vec::new();
    for (uri, file) in &arguments.crl {
        let bytes = read(file)?;
        lists.push((uri, pem::parse(&bytes).map_or(bytes, pem::Pem::into_contents)));
    }
    if !arguments.fetch_crl.is_empty() {
        let network = network(installation)?;
        for uri in &arguments.fetch_crl {
            let body = network.revocation_list(uri).await;
            let body = body.ok_or_else(|| anyhow!("the revocation list at {uri} could not be had"))?;
            lists.push((uri, body));
        }
    }
    let chains = arguments
        .crl_authority
        .iter()
        .map(|file| authority_chain(file))
        .collect::<anyhow::Result<Vec<_>>>()?;
    let find =
        |uri: &str, der: &[u8]| RevocationSection::find(uri, der, &chains, trust_list, &AwsLcProvider, now);
    let mut found = Vec::new();
    for (uri, der) in &lists {
        let list =
            find(uri, der).with_context(|| format!("the revocation list at {uri} cannot be carried"))?;
        found.push(list.ok_or_else(|| {
            anyhow!("the revocation list at {uri} is of an authority that the trust list does not have (--crl-authority names one under an anchor)")
        })?);
    }
    for (uri, der) in own_revocation_lists(installation)? {
        let list = find(&uri, &der)
            .with_context(|| format!("the installation's own revocation list, {uri}, cannot be carried"))?;
        // Where the trust list does not have that authority, nobody is asked to believe it.
        let Some(list) = list else { continue };
        match found
            .iter_mut()
            .find(|(_, other)| list.1.is_about_the_same_as(other))
        {
            Some(named) if named.1.is_older_than(&list.1) => *named = list,
            Some(_) => {}
            None => found.push(list),
        }
    }
    let in_base64 = |(section, _): &(RevocationSection, _)| base64::encode(section.as_bytes());
    Ok(found.iter().map(in_base64).collect())
}

/// The lists that the issuers of this installation serve, with their addresses.
fn own_revocation_lists(installation: &Installation) -> anyhow::Result<Vec<(String, Vec<u8>)>> {
    let mut lists = Vec::new();
    for tenant in installation.loaded.configuration.tenants() {
        let of_tenant = installation.of_tenant(&tenant)?;
        let identifier = identifier_text(&of_tenant.issuer().identifier);
        let folder = ListFolder::below(&of_tenant.issuer_folder());
        for authority in CertificateAuthority::ALL {
            if let Some(list) = folder.read(authority)? {
                lists.push((list_uri(&identifier, authority), list.der().to_vec()));
            }
        }
    }
    Ok(lists)
}

/// The certificates of an authority and of those above it, without the anchor.
fn authority_chain(file: &Path) -> anyhow::Result<Vec<Certificate>> {
    let parsed = pem::parse_many(read(file)?).with_context(|| format!("cannot read {}", file.display()))?;
    parsed
        .iter()
        .map(|part| Certificate::parse(part.contents()).with_context(|| format!("in {}", file.display())))
        .collect()
}

/// A list as an order for a pack names it, once it is certain that a reader will accept it.
fn verbatim_order(uri: &str, body: &[u8], trust_list: &TrustList) -> anyhow::Result<VerbatimListOrder> {
    let section = VerbatimSection::new(uri, VerbatimForm::recognise(body), body)?;
    with_tools(|tools| {
        section
            .check(trust_list, tools, edge::system_time())
            .with_context(|| format!("the status list at {uri} cannot be carried"))
    })?;
    Ok(VerbatimListOrder {
        uri: uri.to_owned(),
        body: base64::encode(body),
    })
}

fn network(installation: &Installation) -> anyhow::Result<Network> {
    let development = installation.loaded.configuration.development;
    let (urls, fetches) = if development {
        (UrlPolicy::Development, FetchPolicy::Development)
    } else {
        (UrlPolicy::Public, FetchPolicy::Public)
    };
    Ok(Network {
        fetcher: GuardedFetcher::new(fetches)?,
        urls,
        past: None,
    })
}

fn apply(file: &Path, pack: &Path, trust: &Trust, at: Option<&str>) -> anyhow::Result<()> {
    let now = match at {
        Some(text) => UnixTime::parse_rfc3339(text).with_context(|| format!("--at {text}"))?,
        None => edge::system_time(),
    };
    let incoming = read(file)?;
    let held = HeldPack::at(pack, &trust.folder)?;
    let applied = with_tools(|tools| Ok(held.apply(&incoming, &trust.root, tools, now)?))?;
    let memory = applied.context("refused; the pack in use is the one before")?;
    show::line(&format!(
        "the pack with sequence {} of {} is in use",
        memory.sequence,
        memory.created.rfc3339()
    ));
    for missing in memory.missing_revocation_lists() {
        show::warning(&missing_revocation_list(missing));
    }
    Ok(())
}

/// What is said of a revocation list that an earlier pack had and this one lacks.
pub fn missing_revocation_list(missing: &SeenRevocationList) -> String {
    format!(
        "the pack has no revocation list of the authority whose list of {} was at {}: whether its signers were revoked since is not known",
        missing.this_update.rfc3339(),
        missing.uri
    )
}

fn summary(pack: &Pack<'_>, bytes: usize) -> Value {
    let lists: Vec<_> = pack
        .status_lists()
        .map(|list| {
            json!({
                "uri": list.uri(),
                "issuer": list.issuer().as_str(),
                "produced_at": list.produced_at().rfc3339(),
                "entries": list.universe(),
                "revoked": list.invalid_count(),
                "suspended": list.suspended_count(),
            })
        })
        .collect();
    let revocation_lists: Vec<_> = pack
        .revocation_lists()
        .iter()
        .map(|packed| {
            let list = packed.list();
            json!({
                "uri": packed.uri(),
                "authority": packed.authority().subject_common_name(),
                "authority_certificate": IssuerIdentifier::of_certificate(packed.authority()).as_str(),
                "this_update": list.this_update().rfc3339(),
                "next_update": list.next_update().rfc3339(),
                "number": list.number().to_string(),
                "revoked": list.count(),
            })
        })
        .collect();
    let issuers: Vec<_> = pack
        .trust_list()
        .issuers
        .iter()
        .map(|issuer| match &issuer.source {
            None => json!({ "identifier": issuer.identifier.as_str(), "name": issuer.name }),
            Some(source) => json!({
                "identifier": issuer.identifier.as_str(),
                "name": issuer.name,
                "source": source,
            }),
        })
        .collect();
    json!({
        "bytes": bytes,
        "version": pack.version().number(),
        "sequence": pack.sequence(),
        "created": pack.created().rfc3339(),
        "valid_until": pack.valid_until().rfc3339(),
        "grace_seconds": pack.grace().as_secs(),
        "scopes": pack.scopes(),
        "issuers": issuers,
        "sources": pack.trust_list().sources,
        "status_lists": lists,
        "unproven_status_lists": pack.unproven_status_lists().collect::<Vec<_>>(),
        "revocation_lists": revocation_lists,
    })
}

fn delta_summary(bytes: &[u8]) -> anyhow::Result<Value> {
    let delta = Delta::parse(bytes)?;
    let changes: Vec<_> = delta.changes()?.iter().map(change).collect();
    Ok(json!({
        "bytes": bytes.len(),
        "base_sequence": delta.base_sequence(),
        "base_root": base64::encode(delta.base_root()),
        "sequence": delta.target_sequence(),
        "root": base64::encode(delta.target_root()),
        "sections": changes,
    }))
}

fn change(change: &SectionChange) -> Value {
    match change {
        SectionChange::Unchanged => json!({ "change": "none" }),
        SectionChange::Whole { kind, bytes } => {
            let kind = match kind {
                SectionKind::Trust => "trust",
                SectionKind::Status => "status",
                SectionKind::Verbatim => "verbatim",
                SectionKind::Revocation => "revocation list",
            };
            json!({ "change": "whole", "kind": kind, "bytes": bytes })
        }
        SectionChange::Patched { bytes } => json!({ "change": "patched", "bytes": bytes }),
        SectionChange::Status {
            header_bytes,
            set_bytes,
            indices,
        } => json!({
            "change": "indices",
            "header_bytes": header_bytes,
            "set_bytes": set_bytes,
            "indices": indices,
        }),
    }
}

fn print(as_json: bool, name: &str, summary: &Value) -> anyhow::Result<()> {
    if as_json {
        show::line(&serde_json::to_string_pretty(summary)?);
    } else {
        show::claim(0, name, summary);
    }
    Ok(())
}

fn read(file: &Path) -> anyhow::Result<Vec<u8>> {
    fs::read(file).with_context(|| format!("cannot read {}", file.display()))
}

fn write(out: &Path, bytes: &[u8]) -> anyhow::Result<()> {
    write_atomically(out, bytes, Readers::Everyone)
        .with_context(|| format!("cannot write {}", out.display()))?;
    show::line(&format!("{} bytes in {}", bytes.len(), out.display()));
    Ok(())
}
