//! The answer to a request by QR codes, where `symbolon verify` reads it: decrypted with the key of the request, in time, and once.

use std::path::Path;

use anyhow::{Context as _, anyhow, bail};
use symbolon_crypto::UnixTime;
use symbolon_crypto_josekit::JosekitJwe;
use symbolon_protocol::openid4vp::request_object::CLOCK_TOLERANCE;
use symbolon_protocol::openid4vp::response::VpToken;
use symbolon_protocol::qr_transport::MAX_REQUEST_LIFETIME;
use symbolon_store::{Batch, CommitError, Space, Store, Tenant};
use symbolon_verifier::by_qr::open_answer;
use symbolon_verifier::request::RequestSecrets;
use symbolon_verifier::store::{Nonce, TenantId};

use crate::commands::ask_qr::master_secret;
use crate::installation::{Installation, TENANT};

/// Where the nonces of answered requests are remembered, beside the root of trust.
const MEMORY: &str = "answered-by-qr.redb";
const SPENT: Space = Space::new("answered-by-qr");
/// How many forgotten nonces one run removes.
const SWEEP: usize = 500;

/// What ties an answer to its request.
#[derive(Debug, Clone)]
pub struct QrRequest {
    /// What the answer repeats.
    pub state: String,
    /// What the proofs repeat, spent with the answer.
    pub nonce: String,
    /// Until when it may be answered.
    pub expires_at: UnixTime,
}

/// Opens an answer, and spends the nonce of its request before anything of it is judged.
///
/// # Errors
/// Another device asked, the request has expired or was answered, or the memory cannot be used.
pub fn open(
    jwe: &str,
    request: &QrRequest,
    installation: Option<&Installation>,
    memory_folder: &Path,
    now: UnixTime,
) -> anyhow::Result<VpToken> {
    let installation = installation.ok_or_else(|| {
        anyhow!(
            "an answer by QR codes is opened where it was asked for: run in the folder of that installation"
        )
    })?;
    if now > request.expires_at.plus(CLOCK_TOLERANCE) {
        bail!(
            "the request expired at {}; ask again",
            request.expires_at.rfc3339()
        );
    }
    let state = Nonce::parse(&request.state).context("the request has no usable state")?;
    let id = RequestSecrets::request_of_state(&request.state)
        .ok_or_else(|| anyhow!("the request was made by another program, or by the page of the verifier"))?;
    let (secret, tenant) = (master_secret(installation)?, TenantId::parse(TENANT)?);
    let key = || secret.derive_response_key(&tenant, &id).ok();
    let token = open_answer(jwe, &key, &state, &JosekitJwe::new())?;
    spend(&memory_folder.join(MEMORY), request, now)?;
    Ok(token)
}

/// Remembers the nonce, for as long as its request could be answered.
fn spend(path: &Path, request: &QrRequest, now: UnixTime) -> anyhow::Result<()> {
    let cannot = || {
        format!(
            "cannot remember in {} that the request is answered",
            path.display()
        )
    };
    let store = Store::open(path).with_context(cannot)?;
    let tenant = Tenant::parse(TENANT)?;
    let key = tenant.key(SPENT, &request.nonce);
    let mut batch = Batch::new()
        .require_absent(key.clone())
        .put(key, request.expires_at.seconds().to_be_bytes().to_vec());
    for old in store
        .scan(&tenant, SPENT, &[], None, SWEEP)
        .with_context(cannot)?
    {
        let expired = <[u8; 8]>::try_from(old.value.as_slice()).map(i64::from_be_bytes);
        let longest = MAX_REQUEST_LIFETIME + CLOCK_TOLERANCE;
        if expired.is_ok_and(|at| UnixTime::from_seconds(at).plus(longest) < now) {
            batch = batch.delete(tenant.key(SPENT, &old.suffix));
        }
    }
    match store.commit(batch) {
        Ok(()) => Ok(()),
        Err(CommitError::RequirementFailed { .. }) => bail!("the request was answered before; ask again"),
        Err(error) => Err(error).with_context(cannot),
    }
}
