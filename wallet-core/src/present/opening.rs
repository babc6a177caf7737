//! Opening a request: what came by a link or by codes is verified, and the person hears who asks for what. Nothing is signed here.

use symbolon_crypto::UnixTime;
use symbolon_protocol::openid4vp::error::PresentationErrorCode;
use symbolon_protocol::openid4vp::request_object::VerifiedRequest;

use super::consent::ConsentRequest;
use super::matching::Asking;
use super::outcome::{Opened, RequestProblem};
use super::registration::VerifierClaims;
use super::request::Refused;
use super::stage::PresentStage;
use crate::error::WalletError;
use crate::identifiers::FlowId;
use crate::language::Languages;
use crate::progress::Progress;
use crate::record::Stage;
use crate::wallet::{Binding, Wallet};

impl Wallet {
    /// Fetches and verifies the request behind a link, from a QR code or a deep link alike, and tells who asks for what and
    /// what would be disclosed. Nothing is signed and nothing sent: show it, then call [`Wallet::answer_request`].
    ///
    /// # Errors
    /// [`WalletError::RequestRefused`] when who asks cannot be established or the request breaks a rule. A refusal is told
    /// to the verifier only when the request proved that its address belongs to it. [`WalletError::UnreadableLink`] when the
    /// link is something else. After [`WalletError::Network`], call again with the same link.
    pub async fn present(
        &self,
        link: &str,
        languages: &Languages,
        now: UnixTime,
    ) -> Result<ConsentRequest, WalletError> {
        match self.open_request(link, languages, now).await? {
            Opened::AwaitingConsent(request) => Ok(*request),
            Opened::Refused { problem, .. } => Err(WalletError::RequestRefused(problem)),
        }
    }

    /// The same, for an app that leads the person back to the verifier also where the request is refused.
    ///
    /// # Errors
    /// As [`Wallet::present`]; a refusal that the verifier could be told of is [`Opened::Refused`].
    pub async fn open_request(
        &self,
        link: &str,
        languages: &Languages,
        now: UnixTime,
    ) -> Result<Opened, WalletError> {
        self.open(link, languages, None, now).await
    }

    /// The same for a request that somebody else than the wallet's owner brought: what is kept of it is bound to whoever did from its first
    /// record on, in the words that `bind` has for its name. See [`Wallet::bound_to`].
    ///
    /// # Errors
    /// As [`Wallet::open_request`].
    pub async fn open_bound_request(
        &self,
        link: &str,
        languages: &Languages,
        bind: &(dyn Fn(FlowId) -> String + Sync),
        now: UnixTime,
    ) -> Result<Opened, WalletError> {
        self.open(link, languages, Some(bind), now).await
    }

    async fn open(
        &self,
        link: &str,
        languages: &Languages,
        bind: Option<Binding<'_>>,
        now: UnixTime,
    ) -> Result<Opened, WalletError> {
        let fetched = self.fetch_request(link).await?;
        self.observe(Progress::VerifyingRequest);
        let verified = self.verify_request(
            &fetched.request_object,
            &fetched.client_id,
            fetched.wallet_nonce.as_ref(),
            now,
        );
        let verified = match verified.await {
            Ok(verified) => verified,
            Err(Refused::Request { problem, tell }) => {
                let redirect_uri = match tell {
                    Some(target) => self.tell(&target).await,
                    None => None,
                };
                return Ok(Opened::Refused {
                    problem,
                    redirect_uri,
                });
            }
            Err(refused) => return Err(refused.into()),
        };
        if self
            .refuses_always(&self.verifier_record(&verified, now), now)
            .await?
        {
            return Ok(self.refuse_again(&verified).await);
        }
        let rule = self.policy.relying_parties.over_asking;
        if !self.registration(&verified, languages, now).is_within(rule) {
            return Ok(self.refuse_access(&verified, RequestProblem::OverAsking).await);
        }
        // A wallet that strangers reach tells them nothing here: the request reaches its policy as one that cannot be answered.
        if self.has_one_reader() && self.cannot_authorize(&verified, now).await? {
            // The person alone is told. Whether it can be authorised depends on what is held, and a query may name values: a verifier
            // that heard of it would learn what is held, and what it says, before anybody has agreed to anything.
            return Ok(Opened::Refused {
                problem: RequestProblem::TransactionData,
                redirect_uri: None,
            });
        }
        let stage = PresentStage::AwaitingConsent {
            request_object: fetched.request_object,
            client_id: fetched.client_id,
            languages: languages.clone(),
        };
        let flow = self.begin_bound(Stage::Present(stage), bind, now).await?;
        let request = self.consent_request(flow, &verified, languages, now).await?;
        Ok(Opened::AwaitingConsent(Box::new(request)))
    }

    /// Verifies a request object that was read from QR codes, and tells who asks for what and what would be disclosed. Nothing goes over
    /// a network: the verifier is known by the wallet's own anchors, or by a DID that holds its key. Show what comes back, then
    /// call [`Wallet::answer_request`], whose outcome is an answer to show as QR codes.
    ///
    /// # Errors
    /// [`WalletError::RequestRefused`], of which nobody is told.
    pub async fn present_by_qr(
        &self,
        request_object: &str,
        languages: &Languages,
        now: UnixTime,
    ) -> Result<ConsentRequest, WalletError> {
        let (request_object, client_id) = self.read_by_qr(request_object)?;
        self.observe(Progress::VerifyingRequest);
        let verified = self.verify_again(&request_object, &client_id, now).await?;
        if self
            .refuses_always(&self.verifier_record(&verified, now), now)
            .await?
        {
            return Err(WalletError::RequestRefused(RequestProblem::RefusedAlways));
        }
        let stage = PresentStage::AwaitingConsent {
            request_object,
            client_id,
            languages: languages.clone(),
        };
        let flow = self.begin(Stage::Present(stage), now).await?;
        self.consent_request(flow, &verified, languages, now).await
    }

    /// Whether this wallet answers when its person acts, and not by a policy to whoever reaches it.
    pub(super) fn has_one_reader(&self) -> bool {
        self.policy.relying_parties.wallet_issuer.is_none()
    }

    /// Refuses what the person refused for always. A no that comes faster than a person answers would tell the verifier that it was
    /// remembered, so nobody hears anything: as of a person who reads the request and puts the phone away. Where a policy answers
    /// strangers, every refusal comes at once, and this one is like them.
    async fn refuse_again(&self, verified: &VerifiedRequest) -> Opened {
        let problem = RequestProblem::RefusedAlways;
        if self.has_one_reader() {
            return Opened::Refused {
                problem,
                redirect_uri: None,
            };
        }
        self.refuse_access(verified, problem).await
    }

    /// Refuses a request before the person is asked. The verifier hears that access was denied, if its request proved its address.
    async fn refuse_access(&self, verified: &VerifiedRequest, problem: RequestProblem) -> Opened {
        let redirect_uri = match verified.refuse(PresentationErrorCode::AccessDenied) {
            Some(target) => self.tell(&target).await,
            None => None,
        };
        Opened::Refused {
            problem,
            redirect_uri,
        }
    }

    /// Whether the request has a transaction that nothing which is held and would do can authorise.
    async fn cannot_authorize(&self, verified: &VerifiedRequest, now: UnixTime) -> Result<bool, WalletError> {
        if verified.request().transaction_data.is_empty() {
            return Ok(false);
        }
        let credentials = self.presentable().await?;
        let holdings = self.holdings(&credentials, verified, now)?;
        Ok(holdings.cannot_authorize(verified.request()))
    }

    pub(super) async fn consent_request(
        &self,
        flow: FlowId,
        verified: &VerifiedRequest,
        languages: &Languages,
        now: UnixTime,
    ) -> Result<ConsentRequest, WalletError> {
        let credentials = self.presentable().await?;
        let request = verified.request();
        let verifier = self.verifier_record(verified, now);
        let asking = Asking {
            refused_before: self.past_refusals(&verifier, &request.dcql_query, now).await?,
            verifier,
            claimed: VerifierClaims::of(verified),
            registration: self.registration(verified, languages, now),
            query: &request.dcql_query,
            transactions: &request.transaction_data,
        };
        self.holdings(&credentials, verified, now)?.consent_request(
            flow,
            asking,
            &self.policy,
            languages,
            now,
        )
    }
}
