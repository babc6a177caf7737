//! `symbolon verifier ask-qr`: a request that is shown as QR codes, made without a server and without a network.

use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use symbolon_crypto::signing::{Sign as _, SignOutcome};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::openid4vp::client_id::ClientId;
use symbolon_protocol::openid4vp::profile::PresentationProfile;
use symbolon_protocol::openid4vp::request_object::{RequestValidity, SignerReference, prepare};
use symbolon_protocol::qr_transport::Message;
use symbolon_verifier::by_qr;
use symbolon_verifier::request::{MasterSecret, RequestSecrets};
use symbolon_verifier::store::TenantId;
use zeroize::Zeroizing;

use crate::arguments::AskQrArguments;
use crate::commands::frames::{self, Screen};
use crate::commands::show;
use crate::edge::{self, SystemRandomness};
use crate::installation::files::{Readers, write_atomically};
use crate::installation::keys::KeyPurpose;
use crate::installation::{Installation, TENANT};
use crate::services::verifier::queries;

/// Makes the request, keeps it for the answer, and shows it.
///
/// # Errors
/// No such query, keys that cannot be read, a file that cannot be written.
pub async fn run(installation: &Installation, arguments: &AskQrArguments) -> anyhow::Result<()> {
    let section = &installation.loaded.configuration.verifier;
    if section.profile == PresentationProfile::Haip {
        bail!("profile haip leaves no requests by QR codes: wallets of the profile fetch them (HAIP §5.1)");
    }
    let query = query(installation, &arguments.query)?;
    let keys = &installation.keys;
    let signing = keys.read_key(KeyPurpose::RequestSigning, &installation.provider)?;
    let chain = keys.read_chain_of(KeyPurpose::RequestSigning, signing.public_key())?;
    let leaf = chain.first().context("the request signer has no certificate")?;
    // The state names the request, from which the key that opens the answer is derived again.
    let secrets = RequestSecrets::make(&SystemRandomness)?.with_name_in_state()?;
    let key = master_secret(installation)?.derive_response_key(&TenantId::parse(TENANT)?, &secrets.id)?;
    let client_id = ClientId::x509_hash(leaf.sha256());
    let request = by_qr::request(
        client_id,
        &secrets.nonce,
        &secrets.state,
        &query,
        &key,
        &section.name,
    )?;
    let issued_at = edge::system_time();
    let expires_at = issued_at.plus(Duration::from_secs(60 * u64::from(arguments.minutes)));
    let prepared = prepare(
        &request,
        SignerReference::Certificates(&chain),
        leaf.public_key().algorithm(),
        RequestValidity {
            issued_at,
            expires_at,
        },
        None,
    )?;
    let object = match signing.sign(&prepared.request(signing.handle().clone()))? {
        SignOutcome::Signed(signature) => prepared.finish(&signature),
        SignOutcome::Locked => bail!("the request key is locked"),
    };
    write_atomically(&arguments.request, object.as_bytes(), Readers::Owner)
        .with_context(|| format!("cannot write {}", arguments.request.display()))?;
    show::line(&format!(
        "the request is good until {}; judge its answer with symbolon verify --request {}",
        expires_at.rfc3339(),
        arguments.request.display()
    ));
    frames::show(&Message::Request(object), &Screen::of_argument(&arguments.out)).await
}

/// The secret that the keys of requests are derived from.
///
/// # Errors
/// Keys that cannot be read.
pub fn master_secret(installation: &Installation) -> anyhow::Result<MasterSecret> {
    let secret = installation.keys.read_verifier_secret()?;
    Ok(MasterSecret::new(Zeroizing::new(*secret.as_bytes())))
}

/// A query of the configuration by its name, or a file with one.
///
/// # Errors
/// Neither, or no query.
pub fn query(installation: &Installation, argument: &str) -> anyhow::Result<DcqlQuery> {
    let value: Value = match queries(installation)?.remove(argument) {
        Some(value) => value,
        None => {
            let text = std::fs::read_to_string(argument).with_context(|| {
                format!(
                    "{} is no query of the configuration, and no file",
                    show::printable(argument)
                )
            })?;
            serde_json::from_str(&text).with_context(|| format!("{argument} is no JSON"))?
        }
    };
    DcqlQuery::parse_own(value.to_string().as_bytes()).context("the query is wrong")
}
