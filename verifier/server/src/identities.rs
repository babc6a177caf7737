//! What the verifier is called, by each kind of client identifier ([OpenID4VP §5.9.3]).
//!
//! All of them rest on one key and one certificate: the kinds differ in how a wallet comes to believe them.
//!
//! [OpenID4VP §5.9.3]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.9.3

use serde_json::Value;
use symbolon_crypto::x509::Certificate;
use symbolon_did::{DidDocument, DidUrl, VerificationMethod, web_did_of};
use symbolon_protocol::identifier::HttpUrl;
use symbolon_protocol::openid4vp::client_id::{ClientId, ClientIdKind, ClientIdPrefix};

use crate::configuration::VerifierConfiguration;
use crate::server::StartError;

/// The names of the verifier.
pub(crate) struct Identities {
    by_hash: ClientId,
    /// Where the identifier has a host name that the certificate has too.
    by_host: Option<ClientId>,
    /// Where the identifier has a host name.
    pub(crate) did: Option<DidIdentity>,
    /// Where wallets have it registered.
    pub(crate) registered: Option<ClientId>,
}

/// The `did:web` below the verifier's identifier.
pub(crate) struct DidIdentity {
    client_id: ClientId,
    /// How requests name the key.
    pub(crate) method: DidUrl,
    /// What is published.
    pub(crate) document: Value,
}

impl Identities {
    pub(crate) fn of(configuration: &VerifierConfiguration, leaf: &Certificate) -> Result<Self, StartError> {
        let identifier = &configuration.identifier;
        let host = identifier.url().host();
        let by_host = leaf
            .san_dns()
            .iter()
            .any(|name| name.eq_ignore_ascii_case(host))
            .then(|| ClientId::parse(&format!("x509_san_dns:{host}")).ok())
            .flatten();
        let registered = match &configuration.client_id {
            None => None,
            Some(text) => match ClientId::parse(text) {
                Ok(id) if *id.prefix() == ClientIdPrefix::PreRegistered => Some(id),
                _ => return Err(StartError::ClientId),
            },
        };
        Ok(Self {
            by_hash: ClientId::x509_hash(leaf.sha256()),
            by_host,
            did: did_identity(identifier.as_str(), leaf),
            registered,
        })
    }

    pub(crate) fn have(&self, kind: ClientIdKind) -> bool {
        match kind {
            ClientIdKind::X509Hash | ClientIdKind::RedirectUri => true,
            ClientIdKind::X509SanDns => self.by_host.is_some(),
            ClientIdKind::DecentralizedIdentifier => self.did.is_some(),
            ClientIdKind::PreRegistered => self.registered.is_some(),
        }
    }

    /// The identifier of that kind, in a request whose answer goes to `response_uri`.
    pub(crate) fn client_id(&self, kind: ClientIdKind, response_uri: &HttpUrl) -> Option<ClientId> {
        match kind {
            ClientIdKind::X509Hash => Some(self.by_hash.clone()),
            ClientIdKind::X509SanDns => self.by_host.clone(),
            ClientIdKind::DecentralizedIdentifier => self.did.as_ref().map(|did| did.client_id.clone()),
            ClientIdKind::RedirectUri => Some(ClientId::redirect_uri(response_uri)),
            ClientIdKind::PreRegistered => self.registered.clone(),
        }
    }
}

fn did_identity(identifier: &str, leaf: &Certificate) -> Option<DidIdentity> {
    let did = web_did_of(identifier).ok()?;
    let key = leaf.public_key();
    let method = did.with_fragment(&key.thumbprint().to_string()).ok()?;
    let document = DidDocument {
        id: did.clone(),
        verification_method: VerificationMethod {
            id: method.clone(),
            controller: did.clone(),
            public_key: key.clone(),
        },
    };
    Some(DidIdentity {
        client_id: ClientId::decentralized_identifier(&did),
        method,
        document: document.to_json(),
    })
}
