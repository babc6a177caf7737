//! Requests and answers over the Digital Credentials API. Nothing of them is stored beside the request: key and nonce of each
//! protocol are derived, so that what a page is given can be made again, and what comes back can be opened.

use serde_json::{Map, Value, json};
use symbolon_crypto::encoding::base64url;
use symbolon_protocol::dcql::DcqlQuery;
use symbolon_protocol::digital_credentials::iso_mdoc::{EncryptionInfo, IsoMdocRequest, decrypt_response};
use symbolon_protocol::digital_credentials::openid4vp::{
    OriginRequest, OriginResponseMode, prepare_multisigned, prepare_signed,
};
use symbolon_protocol::digital_credentials::{DigitalCredentialMessage, ExchangeProtocol, Origin};
use symbolon_protocol::openid4vp::client_id::{ClientId, ClientIdKind};
use symbolon_protocol::openid4vp::client_metadata::ClientMetadata;
use symbolon_protocol::openid4vp::profile::PresentationProfile;
use symbolon_protocol::openid4vp::request::{RequestDefect, RequestNonce};
use symbolon_protocol::openid4vp::request_object::{RequestValidity, SignerReference};
use symbolon_protocol::openid4vp::response::VpToken;
use symbolon_verifier::Binding;
use symbolon_verifier::device_response::presentations_by_query;
use symbolon_verifier::digital_credentials::{DigitalCredentialsOffer, InvalidOffer, OfferPage};
use symbolon_verifier::request::ResponseKey;
use symbolon_verifier::store::RequestRecord;

use crate::proximity::reader_request;
use crate::request::{MakeRequestError, RequestOrder, encrypting};
use crate::state::State;

/// One protocol of one request.
pub(crate) struct Exchange {
    nonce: [u8; 32],
    pub(crate) key: ResponseKey,
}

impl Exchange {
    fn nonce(&self) -> String {
        base64url::encode(&self.nonce)
    }

    fn encryption_info(&self) -> EncryptionInfo {
        EncryptionInfo::new(&self.nonce, self.key.public_key())
    }
}

impl State {
    /// The origin of the verifier's own pages.
    pub(crate) fn own_origin(&self) -> Origin {
        Origin::of(self.configuration.identifier.url())
    }

    /// What a new request offers to a browser.
    pub(crate) fn choose_offer(
        &self,
        order: &RequestOrder,
    ) -> Result<Option<DigitalCredentialsOffer>, InvalidOffer> {
        let Some(wishes) = &order.digital_credentials else {
            return Ok(None);
        };
        if !order.transactions.is_empty() {
            return Err(InvalidOffer::Transactions);
        }
        let page = match order.page {
            Some(_) => OfferPage::Own,
            None => OfferPage::RelyingParty,
        };
        let permitted = match &order.relying_party {
            None => &self.configuration.origins,
            Some(name) => match self.relying_parties.get(name) {
                Some(party) => &party.document.origins,
                None => return Err(InvalidOffer::ForeignOrigin),
            },
        };
        DigitalCredentialsOffer::choose(
            wishes.clone(),
            page,
            &self.own_origin(),
            permitted,
            &order.query,
            self.configuration.profile,
        )
        .map(Some)
    }

    /// What a page hands to `navigator.credentials.get`: a request for each protocol that is offered.
    pub(crate) fn digital_requests(
        &self,
        record: &RequestRecord,
        offer: &DigitalCredentialsOffer,
        query: &DcqlQuery,
    ) -> Result<Vec<DigitalCredentialMessage>, MakeRequestError> {
        let protocols = offer.protocols.iter();
        protocols
            .map(|protocol| self.digital_request(record, offer, query, *protocol))
            .collect()
    }

    /// The request by one protocol.
    pub(crate) fn digital_request(
        &self,
        record: &RequestRecord,
        offer: &DigitalCredentialsOffer,
        query: &DcqlQuery,
        protocol: ExchangeProtocol,
    ) -> Result<DigitalCredentialMessage, MakeRequestError> {
        let exchange = self.exchange(record, protocol)?;
        let data = match protocol {
            ExchangeProtocol::IsoMdoc => self.iso_mdoc_request(&exchange, &offer.origin, query)?,
            ExchangeProtocol::OpenId4VpUnsigned => {
                self.origin_request(record, offer, query, &exchange)?.to_data()?
            }
            ExchangeProtocol::OpenId4VpSigned => {
                let request = self.origin_request(record, offer, query, &exchange)?;
                request_data(json!(self.sign_for_origin(record, offer, &request)?))
            }
            ExchangeProtocol::OpenId4VpMultisigned => {
                let request = self.origin_request(record, offer, query, &exchange)?;
                request_data(self.sign_by_each_name(record, offer, &request)?)
            }
        };
        Ok(DigitalCredentialMessage { protocol, data })
    }

    /// Key and nonce of one protocol.
    pub(crate) fn exchange(
        &self,
        record: &RequestRecord,
        protocol: ExchangeProtocol,
    ) -> Result<Exchange, MakeRequestError> {
        let secret = &self.dependencies.master_secret;
        Ok(Exchange {
            nonce: secret.derive_exchange_nonce(&record.tenant, &record.id, protocol)?,
            key: secret.derive_exchange_key(&record.tenant, &record.id, protocol)?,
        })
    }

    /// The parameters of OpenID4VP.
    fn origin_request(
        &self,
        record: &RequestRecord,
        offer: &DigitalCredentialsOffer,
        query: &DcqlQuery,
        exchange: &Exchange,
    ) -> Result<OriginRequest, MakeRequestError> {
        let name = self.name_shown(record);
        Ok(OriginRequest {
            response_mode: offer.response_mode,
            nonce: RequestNonce::parse(exchange.nonce()).ok_or(RequestDefect::Nonce)?,
            dcql_query: query.clone(),
            client_metadata: match offer.response_mode {
                OriginResponseMode::DcApi => ClientMetadata::for_plain_response(Some(name.to_owned())),
                OriginResponseMode::DcApiJwt => encrypting(&exchange.key, name),
            },
        })
    }

    fn sign_for_origin(
        &self,
        record: &RequestRecord,
        offer: &DigitalCredentialsOffer,
        request: &OriginRequest,
    ) -> Result<String, MakeRequestError> {
        let (client_id, reference) = self
            .origin_signer(record.choices.client_id_prefix)
            .or_else(|| self.origin_signer(ClientIdKind::X509Hash))
            .ok_or(MakeRequestError::NoIdentity)?;
        let prepared = prepare_signed(
            request,
            &client_id,
            core::slice::from_ref(&offer.origin),
            reference,
            self.dependencies.signer.algorithm()?,
            validity(record),
        )?;
        let signature = self.signature(&prepared.request(self.dependencies.signer.key.clone()))?;
        Ok(prepared.finish(&signature))
    }

    /// One signature for each name that the verifier has and its profile leaves.
    fn sign_by_each_name(
        &self,
        record: &RequestRecord,
        offer: &DigitalCredentialsOffer,
        request: &OriginRequest,
    ) -> Result<Value, MakeRequestError> {
        let kinds: &[ClientIdKind] = match self.configuration.profile {
            PresentationProfile::Haip => &[ClientIdKind::X509Hash],
            PresentationProfile::Standard => &[
                ClientIdKind::X509Hash,
                ClientIdKind::X509SanDns,
                ClientIdKind::DecentralizedIdentifier,
            ],
        };
        let signers: Vec<_> = kinds
            .iter()
            .filter_map(|kind| self.origin_signer(*kind))
            .collect();
        let prepared = prepare_multisigned(
            request,
            core::slice::from_ref(&offer.origin),
            &signers,
            self.dependencies.signer.algorithm()?,
            validity(record),
        )?;
        let key = &self.dependencies.signer.key;
        let signatures = prepared
            .parts()
            .iter()
            .map(|part| self.signature(&part.request(key.clone())))
            .collect::<Result<Vec<_>, _>>()?;
        prepared.finish(&signatures).ok_or(MakeRequestError::NoIdentity)
    }

    /// A name that the verifier signs under, and how its key is found; `None` for names that sign nothing here. Under the one that
    /// wallets have registered the key of answers is registered as well, and so cannot be fresh.
    fn origin_signer(&self, kind: ClientIdKind) -> Option<(ClientId, SignerReference<'_>)> {
        let reference = match kind {
            ClientIdKind::X509Hash | ClientIdKind::X509SanDns => {
                SignerReference::Certificates(&self.dependencies.signer.chain)
            }
            ClientIdKind::DecentralizedIdentifier => {
                SignerReference::VerificationMethod(&self.identities.did.as_ref()?.method)
            }
            ClientIdKind::RedirectUri | ClientIdKind::PreRegistered => return None,
        };
        let own = self.configuration.identifier.url();
        Some((self.identities.client_id(kind, own)?, reference))
    }

    /// ISO/IEC 18013-7 Annex C, with reader authentication.
    fn iso_mdoc_request(
        &self,
        exchange: &Exchange,
        origin: &Origin,
        query: &DcqlQuery,
    ) -> Result<Map<String, Value>, MakeRequestError> {
        let encryption_info = exchange.encryption_info();
        let transcript = encryption_info.transcript(origin);
        let request = IsoMdocRequest {
            device_request: reader_request(query, &transcript, &self.dependencies.signer)?,
            encryption_info,
        };
        Ok(request.to_data())
    }

    /// What proofs of an answer by OpenID4VP must be about.
    pub(crate) fn origin_binding(&self, offer: &DigitalCredentialsOffer, exchange: Exchange) -> Binding {
        let nonce = exchange.nonce();
        match offer.response_mode {
            OriginResponseMode::DcApi => Binding::openid4vp_dc_api(&offer.origin, &nonce, None),
            OriginResponseMode::DcApiJwt => {
                let thumbprint = exchange.key.public_key().thumbprint();
                Binding::openid4vp_dc_api(&offer.origin, &nonce, Some(&thumbprint))
                    .with_reader_key(exchange.key.into_secret_key())
            }
        }
    }

    /// The documents of an answer by ISO/IEC 18013-7 Annex C, each as the presentation of the query that asks for its type, and what
    /// their devices must have authenticated.
    pub(crate) fn open_iso_mdoc(
        &self,
        exchange: &Exchange,
        offer: &DigitalCredentialsOffer,
        query: &DcqlQuery,
        data: &Map<String, Value>,
    ) -> Option<(VpToken, Binding)> {
        let info = exchange.encryption_info();
        let crypto = &*self.dependencies.crypto;
        let key = exchange.key.secret_key();
        let response = decrypt_response(data, &info, &offer.origin, key, crypto).ok()?;
        let token = presentations_by_query(query, &response)?;
        let binding = Binding::iso_dc_api(&offer.origin, &exchange.nonce(), &info);
        Some((token, binding))
    }
}

fn request_data(request: Value) -> Map<String, Value> {
    Map::from_iter([("request".to_owned(), request)])
}

fn validity(record: &RequestRecord) -> RequestValidity {
    RequestValidity {
        issued_at: record.created_at,
        expires_at: record.expires_at,
    }
}
