//! `symbolon verifier ask-nearby`: the reader's side of a session of ISO/IEC 18013-5, over a line on this machine.

use std::path::Path;
use std::process::ExitCode;

use anyhow::{Context as _, bail};
use symbolon_credential::mdoc::{ItemsRequest, PreparedDeviceRequest, SessionTranscript};
use symbolon_crypto::cose::EncodedX5Chain;
use symbolon_crypto::signing::{Sign as _, SignOutcome};
use symbolon_protocol::digital_credentials::items::items_of_query;
use symbolon_protocol::proximity::ble::StateSignal;
use symbolon_protocol::proximity::{AskedFaceToFace, MAX_RESPONSE_MESSAGE_BYTES, ReaderEvent, ScannedReader};
use symbolon_verifier::Binding;
use symbolon_verifier::device_response::presentations_by_query;
use tokio::net::TcpStream;
use zeroize::Zeroizing;

use crate::arguments::AskNearbyArguments;
use crate::commands::judge::StoredRequest;
use crate::commands::request::{RequestEvidence, write_evidence};
use crate::commands::{ask_qr, verify, wallet};
use crate::edge::{self, SystemRandomness};
use crate::installation::Installation;
use crate::installation::keys::KeyPurpose;
use crate::nearby::{Line, Received};

/// Asks the wallet whose engagement was read, and judges what it answers.
///
/// # Errors
/// No such query, or one that a reader cannot ask; keys that cannot be read; a wallet that cannot be reached, ends the session or
/// breaks a rule.
pub async fn run(arguments: &AskNearbyArguments, configuration: Option<&Path>) -> anyhow::Result<ExitCode> {
    let installation = Installation::load(configuration)?;
    if !arguments.connect.ip().is_loopback() {
        bail!("--connect takes an address of this machine alone: the line stands for Bluetooth");
    }
    let query = ask_qr::query(&installation, &arguments.query)?;
    let items = items_of_query(&query).context("a reader cannot ask for it face to face")?;
    let engagement = wallet::link(&arguments.engagement)?;
    let provider = installation.provider.as_ref();
    let scanned = ScannedReader::scan(engagement.trim(), provider, &SystemRandomness)?;
    let session = scanned.session();
    let request = signed(&installation, &items, session.transcript())?;
    let asked_at = edge::system_time();
    let response = respond(scanned, &request, arguments).await?;
    let Some(token) = presentations_by_query(&query, &response) else {
        bail!("the wallet's answer is no response of a device");
    };
    if token.0.is_empty() {
        bail!("the wallet shows nothing");
    }
    if let Some(folder) = &arguments.evidence {
        let asked = AskedFaceToFace::new(session.transcript(), &request, asked_at);
        let evidence = RequestEvidence {
            request_object: serde_json::to_string(&asked)?,
            vp_token: Some(serde_json::to_value(&token)?),
        };
        write_evidence(&evidence, folder)?;
    }
    let stored = symbolon_verifier::input::presentations(serde_json::to_vec(&token)?);
    let request = StoredRequest::face_to_face(Binding::proximity(&session), query, asked_at);
    verify::answer(
        &stored,
        &request,
        arguments.pack.as_deref(),
        arguments.json,
        configuration,
    )
    .await
}

/// Sends the request, and takes the one answer.
async fn respond(
    scanned: ScannedReader,
    request: &[u8],
    arguments: &AskNearbyArguments,
) -> anyhow::Result<Zeroizing<Vec<u8>>> {
    let stream = TcpStream::connect(arguments.connect)
        .await
        .with_context(|| format!("no wallet listens on {}", arguments.connect))?;
    let mut line = Line::new(stream, MAX_RESPONSE_MESSAGE_BYTES);
    line.signal(StateSignal::Start).await?;
    let (message, awaiting) = scanned.establish(request).map_err(|ended| ended.error)?;
    line.send(&message).await?;
    let Received::Message(answer) = line.receive().await? else {
        bail!("the wallet has ended the connection");
    };
    match awaiting.receive(&answer) {
        Ok(ReaderEvent::Response {
            device_response,
            reader,
        }) => {
            line.end(&reader.terminate()).await;
            Ok(device_response)
        }
        Ok(ReaderEvent::LastResponse { device_response }) => Ok(device_response),
        Ok(ReaderEvent::Ended(_)) => bail!("the wallet has ended the session"),
        Err(ended) => {
            line.end(&ended.farewell).await;
            Err(ended.error.into())
        }
    }
}

/// The request, signed by the verifier as the reader that it is.
fn signed(
    installation: &Installation,
    items: &[ItemsRequest],
    transcript: &SessionTranscript,
) -> anyhow::Result<Vec<u8>> {
    let keys = &installation.keys;
    let key = keys.read_key(KeyPurpose::RequestSigning, &installation.provider)?;
    let chain = keys.read_chain_of(KeyPurpose::RequestSigning, key.public_key())?;
    let ders: Vec<Vec<u8>> = chain
        .iter()
        .map(|certificate| certificate.der().to_vec())
        .collect();
    let chain = EncodedX5Chain::new(key.public_key().algorithm(), &ders)
        .context("the certificate of the verifier cannot be used for a reader")?;
    let prepared = PreparedDeviceRequest::new(items, transcript, &chain);
    match key.sign(&prepared.request(key.handle().clone()))? {
        SignOutcome::Signed(signature) => Ok(prepared.finish(&signature)),
        SignOutcome::Locked => bail!("the request key is locked"),
    }
}
