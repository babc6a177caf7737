//! A request of the page's own, by QR codes, and its answer.

use core::time::Duration;
use std::sync::{Mutex, PoisonError};

use qrcode::{Color, EcLevel, QrCode};
use serde::{Deserialize, Serialize};
use symbolon_crypto::jose::jwe::PureJwe;
use symbolon_crypto::jose::jws::PreparedJws;
use symbolon_crypto::{
    PublicKey, Randomness, RandomnessUnavailable, RustCryptoProvider, SignatureAlgorithm, UnixTime,
};
use symbolon_did::{DidUrl, did_key, resolve};
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::openid4vp::client_id::ClientId;
use symbolon_protocol::openid4vp::request_object::SignerReference;
use symbolon_protocol::openid4vp::response::VpToken;
use symbolon_protocol::qr_transport::{FrameSize, Frames, Message};
use symbolon_verdict_page::{Conclusion, Shown};
use symbolon_verifier::answer::HolderKeys;
use symbolon_verifier::ask::{Ask, AskError, AskList};
use symbolon_verifier::by_qr::{AnswerRefused, AnswerUnreadable, AskedByQr, key_id_of_answer};
use symbolon_verifier::report::Report;
use zeroize::Zeroizing;

use crate::counter::Counter;
use crate::told::{Brought, Told};

/// How long a request may be answered: somebody who looks for a telephone has time, and nobody comes back to it the next day.
const LIFETIME: Duration = Duration::from_secs(10 * 60);

/// The random bytes of a request: its name, its nonce, its state, and the secret of the key that opens its answer.
pub const RANDOM_BYTES: usize = 4 * 32;

/// Why nobody is asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum AskProblem {
    /// There is no such thing to be asked for.
    #[error("nobody can be asked for that")]
    NotOffered,
    /// The request cannot be made here.
    #[error("the request cannot be made")]
    Failed,
}

impl AskProblem {
    /// The text of the page that says it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotOffered => "problem-ask",
            Self::Failed => "ask-failed",
        }
    }
}

/// A request that is shown.
#[derive(Debug, Clone, Serialize)]
pub struct PosedRequest {
    /// The shop's words for it.
    pub label: String,
    /// Until when it may be answered, as RFC 3339.
    pub until: String,
    /// How many different codes it is shown as.
    pub codes: usize,
    /// What the page keeps of it until it is answered or over. Whoever has it opens the answer.
    pub kept: String,
    /// What the page keeps of it from then on ([`Counter::remember_answered`]). It opens nothing.
    pub key_id: String,
}

/// What the page asks for, and the request that is shown.
#[derive(Default)]
pub(crate) struct Asking {
    list: Option<AskList>,
    /// What of the list can be asked for by what this device believes now.
    asks: Vec<Ask>,
    preparing: Option<(Ask, AskedByQr, PreparedJws)>,
    posed: Option<Posed>,
    answer: Option<VpToken>,
    closed: Option<Closed>,
}

/// A request that nothing answers any more. Its secret is gone.
struct Closed {
    key_id: String,
    /// The text for whoever answers it all the same.
    says: &'static str,
}

struct Posed {
    ask: Ask,
    asked: AskedByQr,
    frames: Frames,
}

/// What the page keeps of a request.
#[derive(Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
struct Kept {
    label: String,
    asked: String,
    object: String,
}

impl Counter {
    /// Says what people can be asked for, from now on: the JSON of the verifier's `[verifier.scan.ask]` with the queries behind it. What cannot be
    /// asked by what this device believes is left out, as long as that is so.
    ///
    /// # Errors
    /// [`AskError`]; what could be asked for before stays.
    pub fn set_asks(&mut self, list: &[u8], now: UnixTime) -> Result<(), AskError> {
        self.asking.list = Some(AskList::parse(list)?);
        self.compile_asks(now);
        Ok(())
    }

    /// The rules of policies name issuers, so they are read again whenever others may be believed.
    pub(crate) fn compile_asks(&mut self, now: UnixTime) {
        let list = self.asking.list.as_ref();
        let asks = list.and_then(|list| self.believing(now, |believed| list.usable(believed)));
        self.asking.offer(asks.unwrap_or_default());
    }

    /// What people can be asked for, in the shop's words.
    #[must_use]
    pub fn asks(&self) -> Vec<&str> {
        self.asking.asks.iter().map(Ask::label).collect()
    }

    /// Makes a request for one of [`Counter::asks`]: the bytes that the device's key is to sign (ES256), for [`Counter::pose`]. `key` is that key as an
    /// uncompressed point (SEC 1), by which wallets know the device; `random` are [`RANDOM_BYTES`] fresh ones.
    ///
    /// # Errors
    /// [`AskProblem`]; a request that is shown stays.
    pub fn prepare_request(
        &mut self,
        label: &str,
        key: &[u8],
        random: Vec<u8>,
        now: UnixTime,
    ) -> Result<Vec<u8>, AskProblem> {
        let ask = self.asking.asks.iter().find(|ask| ask.label() == label);
        let ask = ask.ok_or(AskProblem::NotOffered)?.clone();
        let (client_id, method) = client(key).ok_or(AskProblem::Failed)?;
        let drawn = Drawn(Mutex::new(Zeroizing::new(random)));
        let asked = AskedByQr::make(client_id, ask.query().clone(), LIFETIME, &drawn, now);
        let asked = asked.map_err(|_| AskProblem::Failed)?;
        let signer = SignerReference::VerificationMethod(&method);
        let name = self.asking.list.as_ref().map(|list| list.verifier.as_str());
        let prepared = asked.prepare(signer, SignatureAlgorithm::Es256, name.unwrap_or_default());
        let prepared = prepared.map_err(|_| AskProblem::Failed)?;
        let bytes = prepared.signing_input().as_bytes().to_vec();
        self.asking.preparing = Some((ask, asked, prepared));
        Ok(bytes)
    }

    /// Shows the request that was prepared, in place of the one before. `signature` is `r || s`.
    ///
    /// # Errors
    /// [`AskProblem::Failed`]; a request that is shown stays.
    pub fn pose(&mut self, signature: &[u8]) -> Result<PosedRequest, AskProblem> {
        let (ask, asked, prepared) = self.asking.preparing.take().ok_or(AskProblem::Failed)?;
        self.asking.pose(ask, asked, prepared.finish(signature))
    }

    /// Shows a request again that the page kept.
    ///
    /// # Errors
    /// [`AskProblem`] where it is over, or cannot be asked any more.
    pub fn resume_request(&mut self, kept: &str, now: UnixTime) -> Result<PosedRequest, AskProblem> {
        let kept: Kept = serde_json::from_str(kept).map_err(|_| AskProblem::Failed)?;
        let asked = AskedByQr::from_stored(kept.asked.as_bytes()).map_err(|_| AskProblem::Failed)?;
        let ask = self.asking.asked_for(&kept.label, asked.query());
        let ask = ask.ok_or(AskProblem::NotOffered)?.clone();
        if asked.is_over(now) {
            return Err(AskProblem::Failed);
        }
        self.asking.pose(ask, asked, kept.object)
    }

    /// Takes the request away: whatever answers it is not asked for any more.
    pub fn withdraw_request(&mut self) {
        self.asking.preparing = None;
        self.asking.posed = None;
        self.asking.answer = None;
    }

    /// The time of the request is over, by the clock of whoever shows it: its secret is dropped, and who answers it is told so.
    pub fn expire_request(&mut self) {
        self.asking.close("problem-expired");
    }

    /// The request was answered, in whichever window: its secret is dropped, and who answers it again is told so.
    pub fn close_request(&mut self) {
        self.asking.close("problem-replayed");
    }

    /// The same for a request that was closed before this counter was opened, by [`PosedRequest::key_id`].
    pub fn remember_answered(&mut self, key_id: String) {
        self.asking.closed = Some(Closed {
            key_id,
            says: "problem-replayed",
        });
    }

    /// The next code of the request that is shown, without end: its modules row by row, 1 where they are dark. Nothing where none is shown.
    #[must_use]
    pub fn next_code(&mut self) -> Option<Vec<u8>> {
        let frame = self.asking.posed.as_mut()?.frames.next()?;
        let code = QrCode::with_error_correction_level(frame, EcLevel::L).ok()?;
        let colors = code.into_colors().into_iter();
        Some(colors.map(|color| u8::from(color == Color::Dark)).collect())
    }

    /// An answer that was filmed: opened with the key of the request, and kept until its nonce is spent.
    pub(crate) fn take_answer(&mut self, jwe: &str, now: UnixTime) -> Told {
        let codec = PureJwe::new(&RustCryptoProvider);
        let key_id = key_id_of_answer(jwe, &codec);
        let closed = self.asking.closed.as_ref();
        if let Some(closed) = closed.filter(|closed| key_id.as_ref() == Some(&closed.key_id)) {
            return Told::problem(closed.says);
        }
        let Some(posed) = &self.asking.posed else {
            return Told::problem("problem-not-asked");
        };
        match posed.asked.open(jwe, &codec, now) {
            Ok(token) => {
                let spend = Brought::Answer {
                    nonce: posed.asked.nonce().as_str().to_owned(),
                    until: posed.asked.remembered_until(),
                };
                self.asking.answer = Some(token);
                Told {
                    brought: Some(spend),
                    ..Told::nothing()
                }
            }
            Err(AnswerRefused::Expired) => {
                self.expire_request();
                Told::problem("problem-expired")
            }
            Err(AnswerRefused::Unreadable(AnswerUnreadable::Declined)) => Told::problem("problem-declined"),
            Err(_) => Told::problem("problem-other-request"),
        }
    }

    /// Judges the answer that was taken, once: its nonce is spent by then ([`Brought::Answer`]). Whatever comes of it, the request is closed.
    #[must_use]
    pub fn judge_answer(&mut self, language: &str, now: UnixTime) -> Told {
        let Some(token) = self.asking.answer.take() else {
            return Told::problem("problem-not-asked");
        };
        let told = self.judged_answer(&token, language, now);
        self.close_request();
        told
    }

    fn judged_answer(&self, token: &VpToken, language: &str, now: UnixTime) -> Told {
        let Some(posed) = &self.asking.posed else {
            return Told::problem("problem-not-asked");
        };
        let Ok(binding) = posed.asked.binding() else {
            return Told::problem("problem-other-request");
        };
        let (query, policy) = (posed.asked.query(), posed.ask.policy());
        let judged = self.judging(now, |judge, evidence| match policy {
            Some(policy) => judge.judge_answer_to_policy(query, token, &binding, policy, evidence),
            None => judge.judge_answer(query, token, &binding, HolderKeys::OneKey, evidence),
        });
        let judged = match judged {
            Ok(Ok(judged)) => judged,
            Ok(Err(_)) => return Told::problem("problem-no-credential"),
            Err(problem) => return Told::problem(problem.text()),
        };
        let decision = policy.map(|policy| policy.decide(&judged.reports, judged.check, now));
        let all: Vec<&Report> = judged.reports.values().flatten().collect();
        let conclusion = Conclusion::of(judged.check, decision.as_ref(), &all);
        let reports = judged.reports.into_values().flatten();
        let shown: Vec<Shown> = reports.map(|report| Shown::of(report, now)).collect();
        self.tell(language, &shown, conclusion)
    }
}

impl Asking {
    /// What is shown is held to the rules as they are read now. Where they cannot be read any more, as an issuer is not believed that they name,
    /// those from before stay: they permit nobody else.
    fn offer(&mut self, asks: Vec<Ask>) {
        self.asks = asks;
        let Some(mut posed) = self.posed.take() else {
            return;
        };
        if let Some(ask) = self.asked_for(posed.ask.label(), posed.asked.query()) {
            posed.ask = ask.clone();
        }
        self.posed = Some(posed);
    }

    fn asked_for(&self, label: &str, query: &DcqlQuery) -> Option<&Ask> {
        let mut asks = self.asks.iter();
        asks.find(|ask| ask.label() == label && ask.query() == query)
    }

    fn close(&mut self, says: &'static str) {
        self.preparing = None;
        self.answer = None;
        let posed = self.posed.take();
        if let Some(key_id) = posed.and_then(|posed| posed.asked.response_key_id().ok()) {
            self.closed = Some(Closed { key_id, says });
        }
    }

    fn pose(&mut self, ask: Ask, asked: AskedByQr, object: String) -> Result<PosedRequest, AskProblem> {
        let stored = asked.to_stored().map_err(|_| AskProblem::Failed)?;
        let kept = Kept {
            label: ask.label().to_owned(),
            asked: core::str::from_utf8(&stored)
                .map_err(|_| AskProblem::Failed)?
                .to_owned(),
            object: object.clone(),
        };
        let frames = Message::Request(object).frames(FrameSize::PHONE);
        let frames = frames.map_err(|_| AskProblem::Failed)?;
        let posed = PosedRequest {
            label: ask.label().to_owned(),
            until: asked.expires_at().rfc3339(),
            codes: frames.fragments(),
            kept: serde_json::to_string(&kept).map_err(|_| AskProblem::Failed)?,
            key_id: asked.response_key_id().map_err(|_| AskProblem::Failed)?,
        };
        self.answer = None;
        self.posed = Some(Posed { ask, asked, frames });
        Ok(posed)
    }
}

/// How wallets know a device with this key: by a DID that holds it, as nothing is looked up without a network.
fn client(key: &[u8]) -> Option<(ClientId, DidUrl)> {
    let key = PublicKey::from_p256_sec1_bytes(key).ok()?;
    let did = did_key(&key).ok()?;
    let method = resolve(&did).ok()?.verification_method.id;
    Some((ClientId::decentralized_identifier(&did), method))
}

/// The DID of a device with this key, an uncompressed point (SEC 1), for whoever lists it in wallets.
#[must_use]
pub fn identifier_of(key: &[u8]) -> Option<String> {
    client(key).map(|(_, method)| method.did().as_str().to_owned())
}

/// Random bytes that the page drew, each of them given out once.
struct Drawn(Mutex<Zeroizing<Vec<u8>>>);

impl Randomness for Drawn {
    fn fill(&self, bytes: &mut [u8]) -> Result<(), RandomnessUnavailable> {
        let mut left = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let rest = left.len().checked_sub(bytes.len()).ok_or(RandomnessUnavailable)?;
        bytes.copy_from_slice(left.get(rest..).ok_or(RandomnessUnavailable)?);
        left.truncate(rest);
        Ok(())
    }
}
