//! The answer on its way ([OpenID4VP §8.2]).
//!
//! [OpenID4VP §8.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8.2

use std::time::Duration;

use symbolon_crypto::UnixTime;
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::openid4vp::response::{DirectPostReply, MAX_REPLY_BYTES};
use symbolon_protocol::presentation_receipt::PresentationReceipt;
use url::Url;
use zeroize::Zeroizing;

use super::stage::{FinishedPresentation, PresentStage, Sending};
use crate::error::WalletError;
use crate::exchange::{Body, JSON};
use crate::identifiers::HistoryId;
use crate::ports::{Change, HttpResponse};
use crate::record::{Delivery, HistoryEntry, HistoryEvent, ReceiptRecord, VerifierRecord};
use crate::wallet::{Cursor, Wallet};

/// Whether the verifier may have seen the answer before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Attempt {
    /// It cannot have.
    First,
    /// It may have.
    Repeated,
}

/// How long an answer is sent again after the process died. Verifiers wait minutes, and nobody expects an app that is opened
/// the next day to send something.
const SENDING_LIFETIME: Duration = Duration::from_secs(10 * 60);

impl Wallet {
    /// Posts the answer and writes down what became of it.
    pub(super) async fn send_answer(
        &self,
        cursor: &mut Cursor<'_>,
        sending: Sending,
        attempt: Attempt,
    ) -> Result<PresentStage, WalletError> {
        if sending.agreed.plus(SENDING_LIFETIME) < cursor.now {
            return unconfirmed(cursor, sending).await;
        }
        let form = Body::Form(Zeroizing::new(sending.form.clone()));
        let response = self
            .post(&sending.response_uri, form, JSON, MAX_REPLY_BYTES)
            .await?;
        match (response.is_success(), attempt) {
            (true, _) => {
                let redirect_uri = self.return_address(&response);
                let receipt = self.receipt(&sending, &response);
                let history = sending.history_change(cursor.now, Delivery::Accepted, receipt);
                let presentation = sending.presentation;
                let finished = FinishedPresentation::Presented {
                    presentation,
                    redirect_uri,
                };
                cursor
                    .write_presentation(PresentStage::Finished(Box::new(finished)), vec![history])
                    .await
            }
            // A verifier takes a nonce once: it may refuse the copy because it has the original.
            (false, Attempt::Repeated) => unconfirmed(cursor, sending).await,
            (false, Attempt::First) => {
                let history = sending.history_change(cursor.now, Delivery::Rejected, None);
                // A verifier that refuses what it was shown may lead back all the same: its relying party waits there.
                let finished = match self.return_address(&response) {
                    None => FinishedPresentation::Rejected,
                    Some(redirect_uri) => FinishedPresentation::RejectedAndReturned { redirect_uri },
                };
                cursor
                    .write_presentation(PresentStage::Finished(Box::new(finished)), vec![history])
                    .await
            }
        }
    }

    /// Posts the refusal. The person's decision stands whether or not the verifier hears of it.
    pub(super) async fn send_refusal(
        &self,
        cursor: &mut Cursor<'_>,
        response_uri: &HttpUrl,
        form: String,
        verifier: VerifierRecord,
    ) -> Result<PresentStage, WalletError> {
        let form = Body::Form(Zeroizing::new(form));
        let sent = self.post(response_uri, form, JSON, MAX_REPLY_BYTES).await;
        let redirect_uri = sent
            .ok()
            .filter(HttpResponse::is_success)
            .and_then(|response| self.return_address(&response));
        let finished = match redirect_uri {
            None => FinishedPresentation::Declined,
            Some(redirect_uri) => FinishedPresentation::DeclinedAndReturned { redirect_uri },
        };
        let history = self.declined(verifier, cursor.now)?;
        cursor
            .write_presentation(PresentStage::Finished(Box::new(finished)), vec![history])
            .await
    }

    /// The entry of the history that says that nothing was shown.
    pub(super) fn declined(&self, verifier: VerifierRecord, at: UnixTime) -> Result<Change, WalletError> {
        let id = HistoryId::make(self.ports.randomness.as_ref())?;
        let event = HistoryEvent::Declined { verifier };
        Ok(Change::PutHistory(Box::new(HistoryEntry {
            id,
            at,
            event,
            data_requests: Vec::new(),
        })))
    }

    /// The receipt in the reply, compared with what was sent. Nothing is asked of a verifier that announced none, and nothing of one
    /// believed: no key of the request could have signed it.
    fn receipt(&self, sending: &Sending, response: &HttpResponse) -> Option<ReceiptRecord> {
        let expected = sending.receipt.as_ref()?;
        let reply = DirectPostReply::parse(&response.body).unwrap_or_default();
        let Some(receipt) = reply.presentation_receipt else {
            return Some(ReceiptRecord::Missing);
        };
        Some(
            match PresentationReceipt::verify(&receipt, expected, self.ports.crypto.as_ref()) {
                Ok(_) => ReceiptRecord::Verified { receipt },
                Err(refused) => ReceiptRecord::Refused {
                    reason: refused.to_string(),
                },
            },
        )
    }

    /// Where the verifier wants the person to go on ([OpenID4VP §8.2]).
    ///
    /// [OpenID4VP §8.2]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-8.2
    pub(super) fn return_address(&self, response: &HttpResponse) -> Option<Url> {
        DirectPostReply::parse(&response.body)
            .unwrap_or_default()
            .redirect_uri
            .filter(|url| {
                self.policy.urls.permits(url) && url.username().is_empty() && url.password().is_none()
            })
    }
}

async fn unconfirmed(cursor: &mut Cursor<'_>, sending: Sending) -> Result<PresentStage, WalletError> {
    // The history already says that the arrival is not confirmed.
    let finished = FinishedPresentation::Unconfirmed {
        presentation: sending.presentation,
    };
    cursor
        .write_presentation(PresentStage::Finished(Box::new(finished)), Vec::new())
        .await
}
