//! Everything together.

use std::collections::BTreeMap;
use std::num::NonZeroUsize;
use std::sync::{Arc, Mutex};

use serde_json::json;
use symbolon_credential::data_integrity::JsonLdProcessor;
use symbolon_crypto::jose::jwe::PureJwe;
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::x509::Certificate;
use symbolon_crypto::{RustCryptoProvider, UnixTime};
use symbolon_data_integrity::SsiJsonLd;
use symbolon_protocol::identifier::{IssuerIdentifier, UrlPolicy};
use symbolon_protocol::oauth::client::ClientIdentifier;
use symbolon_protocol::oauth::redirect_uri::RedirectUri;
use symbolon_protocol::openid4vp::request_object::ResponseUriRule;
use symbolon_protocol::secret::TransactionCode;
use symbolon_wallet_core::receive::ReceiveOutcome;
use symbolon_wallet_core::testing::{MemoryKeys, block_on};
use symbolon_wallet_core::{
    AllowedIssuer, AllowedTypes, AttestKeys, CredentialId, FlowId, IssuerPolicy, Languages, ListKeys as _,
    MemoryStore, Ports, RelyingPartyPolicy, SignedMetadata, Silent, Telling, TransportError, Wallet,
    WalletClient, WalletError, WalletPolicy, WalletStore as _,
};
use url::Url;

use super::attester::{CLIENT, TestAttester};
use super::authorization::{Abilities, Answer, SERVER};
use super::certificates::certificates;
use super::dids::dids;
use super::formats::{DOCTYPE, Kind, W3C_TYPE, contexts};
use super::issuer::{ISSUER, TYPE, TestIssuer};
use super::network::{Faults, MortalStore, Network};
use super::verifier::TestVerifier;

/// Where the browser brings the answers of issuers.
pub(crate) const REDIRECT_URI: &str = "org.example.wallet:/signed-in";

/// A wallet that can be killed and opened again, an issuer and a verifier.
pub(crate) struct World {
    pub(crate) issuer: Arc<TestIssuer>,
    pub(crate) verifier: Arc<TestVerifier>,
    pub(crate) store: MemoryStore,
    pub(crate) keys: MemoryKeys,
    pub(crate) faults: Arc<Faults>,
    pub(crate) policy: WalletPolicy,
    pub(crate) now: UnixTime,
    pub(crate) json_ld: Option<Arc<dyn JsonLdProcessor>>,
    pub(crate) client: Option<WalletClient>,
    pub(crate) attester: Arc<TestAttester>,
    pub(crate) copies: usize,
    pub(crate) key_attester: Option<Arc<dyn AttestKeys>>,
    pub(crate) signed_metadata: SignedMetadata,
    log: Arc<Mutex<Vec<String>>>,
    down: Arc<Mutex<Option<(String, TransportError)>>>,
    pub(crate) randomness: Arc<SeededRandomness>,
}

impl World {
    pub(crate) fn new() -> Self {
        let certificates = certificates();
        let now = certificates.now;
        let randomness = Arc::new(SeededRandomness::new(1));
        let keys = MemoryKeys::new(Arc::new(RustCryptoProvider), Arc::new(SeededRandomness::new(2)));
        let allowed = |identifier: &str, name: &str, anchors: [&Certificate; 2], dids| AllowedIssuer {
            identifier: IssuerIdentifier::parse(identifier).unwrap(),
            name: name.to_owned(),
            anchors: anchors.map(Certificate::clone).to_vec(),
            dids,
            types: AllowedTypes::Only(vec![
                TYPE.to_owned(),
                "https://issuer.example/types/residence".to_owned(),
                DOCTYPE.to_owned(),
                W3C_TYPE.to_owned(),
            ]),
            status_prefix: None,
            formats: Vec::new(),
        };
        let policy = WalletPolicy {
            issuers: IssuerPolicy::AllowList(vec![
                allowed(
                    ISSUER,
                    "Registre national",
                    [&certificates.issuer.root, &certificates.document_signer.root],
                    dids().of_issuer(),
                ),
                allowed(
                    "https://neighbour.example",
                    "The neighbour",
                    [
                        &certificates.neighbour.root,
                        &certificates.neighbour_document_signer.root,
                    ],
                    dids().of_neighbour(),
                ),
            ]),
            relying_parties: RelyingPartyPolicy::anchored_by(
                vec![certificates.verifier.root.clone()],
                ResponseUriRule::NamedInCertificate,
            ),
            urls: UrlPolicy::Public,
            contexts: contexts(),
            etsi_trusted_lists: Vec::new(),
            type_metadata: BTreeMap::from([(
                TYPE.to_owned(),
                json!({ "vct": TYPE, "claims": [{ "path": ["birth_date"], "display": [{ "locale": "fr", "label": "Né(e) le" }] }] }),
            )]),
        };
        Self {
            issuer: Arc::new(TestIssuer::new(
                certificates.issuer.clone(),
                certificates.stranger.clone(),
                certificates.neighbour.clone(),
                now,
            )),
            verifier: Arc::new(TestVerifier::new(certificates, now)),
            store: MemoryStore::new(),
            keys,
            faults: Arc::default(),
            policy,
            now,
            json_ld: Some(Arc::new(SsiJsonLd::new())),
            client: None,
            attester: Arc::new(TestAttester::new(now)),
            copies: 1,
            key_attester: None,
            signed_metadata: SignedMetadata::WhereOffered,
            log: Arc::default(),
            down: Arc::default(),
            randomness,
        }
    }

    /// A new process over what the last one left.
    pub(crate) fn wallet(&self) -> Wallet {
        self.wallet_on(self.ports())
    }

    /// What a wallet of this world works with.
    pub(crate) fn ports(&self) -> Ports {
        let network = Network {
            issuer: Arc::clone(&self.issuer),
            verifier: Arc::clone(&self.verifier),
            faults: Arc::clone(&self.faults),
            log: Arc::clone(&self.log),
            down: Arc::clone(&self.down),
        };
        Ports {
            transport: Arc::new(network),
            store: Arc::new(MortalStore {
                inner: self.store.clone(),
                faults: Arc::clone(&self.faults),
                telling: Telling::default(),
            }),
            keys: Arc::new(self.keys.clone()),
            crypto: Arc::new(RustCryptoProvider),
            encryption: Arc::new(PureJwe::new(&RustCryptoProvider)),
            randomness: Arc::clone(&self.randomness) as _,
            json_ld: self.json_ld.clone(),
            progress: Arc::new(Silent),
        }
    }

    /// A new process on these ports.
    pub(crate) fn wallet_on(&self, ports: Ports) -> Wallet {
        let mut wallet = Wallet::new(ports, self.policy.clone())
            .with_copies(NonZeroUsize::new(self.copies).unwrap())
            .with_signed_metadata(self.signed_metadata);
        if let Some(attester) = &self.key_attester {
            wallet = wallet.with_key_attester(Arc::clone(attester));
        }
        match &self.client {
            Some(client) => wallet.with_client(client.clone()),
            None => wallet,
        }
    }

    /// A wallet that is known to authorization servers, and an issuer whose server can do this.
    pub(crate) fn with_sign_in(abilities: Abilities) -> Self {
        let mut world = Self::new();
        world.issuer.set_authorization_servers(&[SERVER]);
        world.issuer.server.set_abilities(abilities);
        world.client = Some(WalletClient {
            identifier: ClientIdentifier::parse(CLIENT).unwrap(),
            redirect_uri: RedirectUri::parse(REDIRECT_URI).unwrap(),
            attester: Some(Arc::clone(&world.attester) as _),
            languages: Languages::new(["fra", "en"]),
        });
        world
    }

    /// Receives the credential of an offer for which the person signs in.
    pub(crate) fn receive_by_sign_in(&self) -> CredentialId {
        match self.sign_in(Answer::SignsIn).1.unwrap() {
            ReceiveOutcome::Stored { credentials, .. } => credentials[0],
            other => panic!("{other:?}"),
        }
    }

    /// Accepts an offer, opens the page and hands over how that was answered.
    pub(crate) fn sign_in(&self, answer: Answer) -> (FlowId, Result<ReceiveOutcome, WalletError>) {
        let wallet = self.wallet();
        let offer = block_on(wallet.receive_offer(&self.issuer.offer_to_sign_in(), self.now)).unwrap();
        let outcome = block_on(wallet.accept_offer(offer.flow, None, self.now)).unwrap();
        let redirect = self.issuer.server.open_page(&page(&outcome), answer);
        let outcome = block_on(wallet.complete_sign_in(offer.flow, &redirect, self.now));
        (offer.flow, outcome)
    }

    /// Every request whose line contains `part` fails from now on; `None` ends it.
    pub(crate) fn set_down(&self, down: Option<(&str, TransportError)>) {
        *self.down.lock().unwrap() = down.map(|(part, error)| (part.to_owned(), error));
    }

    /// What was requested so far.
    pub(crate) fn requests(&self) -> Vec<String> {
        self.log.lock().unwrap().clone()
    }

    /// Receives one credential.
    pub(crate) fn receive(&self) -> CredentialId {
        self.receive_link(&self.issuer.offer(None))
    }

    /// Receives a credential of this kind.
    pub(crate) fn receive_kind(&self, kind: Kind) -> CredentialId {
        self.receive_link(&self.issuer.offer_of(&[kind.configuration()]))
    }

    /// Receives the one credential of an offer.
    pub(crate) fn receive_link(&self, link: &str) -> CredentialId {
        let wallet = self.wallet();
        let offer = block_on(wallet.receive_offer(link, self.now)).unwrap();
        match block_on(wallet.accept_offer(offer.flow, None, self.now)).unwrap() {
            ReceiveOutcome::Stored { credentials, .. } => credentials[0],
            other => panic!("{other:?}"),
        }
    }

    /// How many credentials are held, and how many keys exist.
    pub(crate) fn held(&self) -> (usize, usize) {
        (
            block_on(self.store.credentials()).unwrap().len(),
            self.keys.list().unwrap().len(),
        )
    }

    /// How many entries the history has.
    pub(crate) fn history_length(&self) -> usize {
        block_on(self.store.history()).unwrap().len()
    }
}

/// The page that the wallet has the browser open.
pub(crate) fn page(outcome: &ReceiveOutcome) -> Url {
    match outcome {
        ReceiveOutcome::SignInNeeded { url } => url.clone(),
        other => panic!("{other:?}"),
    }
}

pub(crate) fn french() -> Languages {
    Languages::new(["fr"])
}

pub(crate) fn code(text: &str) -> TransactionCode {
    TransactionCode::parse(text).unwrap()
}
