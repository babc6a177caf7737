//! Who asks: what each kind of client identifier demands of a request ([OpenID4VP §5.9.3]).
//!
//! [OpenID4VP §5.9.3]: https://openid.net/specs/openid-4-verifiable-presentations-1_0.html#section-5.9.3

use serde_json::{Map, Value};
use symbolon_crypto::jose::jws::{CompactJws, JwsError, JwsHeader};
use symbolon_crypto::x509::{Certificate, ChainProfile, verify_chain};
use symbolon_crypto::{CryptoProvider, PublicKey};
use symbolon_did::{Did, DidUrl, PublishedDocument, Relationship, verification_key};
use url::Url;

use super::{
    ClientProof, MAX_REQUEST_OBJECT_BYTES, REQUEST_OBJECT_TYPE, RegisteredRequest, RequestExpectations,
    RequestObjectError, ResponseUriRule,
};
use crate::identifier::HttpUrl;
use crate::openid4vp::client_id::ClientIdPrefix;
use crate::openid4vp::registered::RegisteredClient;
use crate::openid4vp::request::{RequestDefect, response_uri};

/// A client as far as its request proves it, the claims, and the address that its answers may go to.
pub(super) struct Authenticated {
    pub(super) claims: Map<String, Value>,
    pub(super) proof: ClientProof,
    pub(super) response_uri: HttpUrl,
}

pub(super) fn authenticate(
    object: &str,
    expected: &RequestExpectations<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<Authenticated, RequestObjectError> {
    let jws =
        CompactJws::parse(object.trim_end(), MAX_REQUEST_OBJECT_BYTES).map_err(|error| match error {
            JwsError::Algorithm => RequestObjectError::Algorithm,
            _ => RequestObjectError::Malformed,
        })?;
    jws.expect_type(REQUEST_OBJECT_TYPE)
        .map_err(|_| RequestObjectError::WrongType)?;
    let claims: Map<String, Value> = jws.payload_json().map_err(|_| RequestObjectError::Malformed)?;
    check_client(&claims, expected)?;
    let Signer { key, proof, owner } = signer(&jws.header, expected, crypto)?;
    jws.verify(crypto, &key)
        .map_err(|_| RequestObjectError::Signature)?;
    let response_uri = owned_address(&claims, &owner, expected)?;
    Ok(Authenticated {
        claims,
        proof,
        response_uri,
    })
}

pub(super) fn authenticate_unsigned(
    parameters: &Map<String, Value>,
    expected: &RequestExpectations<'_>,
) -> Result<Authenticated, RequestObjectError> {
    check_client(parameters, expected)?;
    let (proof, owner) = match expected.client_id.prefix() {
        // The parameters are read against the address that identifies the client.
        ClientIdPrefix::RedirectUri(_) => (ClientProof::Nothing, AddressOwner::Client),
        ClientIdPrefix::PreRegistered => {
            let client = registered(expected)?;
            if !client.request_object_keys.keys.is_empty() {
                return Err(RequestObjectError::Unsigned);
            }
            (
                proof_of(client, RegisteredRequest::Unsigned),
                AddressOwner::Registered(client),
            )
        }
        ClientIdPrefix::X509Hash(_)
        | ClientIdPrefix::X509SanDns(_)
        | ClientIdPrefix::DecentralizedIdentifier(_) => return Err(RequestObjectError::Unsigned),
    };
    let response_uri = owned_address(parameters, &owner, expected)?;
    Ok(Authenticated {
        claims: parameters.clone(),
        proof,
        response_uri,
    })
}

fn check_client(
    claims: &Map<String, Value>,
    expected: &RequestExpectations<'_>,
) -> Result<(), RequestObjectError> {
    match claims.get("client_id").and_then(Value::as_str) {
        Some(client_id) if client_id == expected.client_id.as_str() => Ok(()),
        _ => Err(RequestObjectError::ClientIdMismatch),
    }
}

/// The key that must have signed, what its signature proves, and whose the address of the answer must be.
struct Signer<'a> {
    key: PublicKey,
    proof: ClientProof,
    owner: AddressOwner<'a>,
}

/// Whose the address of the answer must be.
enum AddressOwner<'a> {
    /// The holder's of the certificate.
    Certificate(Box<Certificate>),
    /// The client's, which signed for it or is called by it.
    Client,
    /// One of those that were registered.
    Registered(&'a RegisteredClient),
}

/// The key that must have signed an object with this header, and what its signature proves of the client. Where the answer goes is
/// not looked at.
pub(crate) fn proven_key(
    header: &JwsHeader,
    expected: &RequestExpectations<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<(PublicKey, ClientProof), RequestObjectError> {
    let Signer { key, proof, .. } = signer(header, expected, crypto)?;
    Ok((key, proof))
}

fn signer<'a>(
    header: &JwsHeader,
    expected: &RequestExpectations<'a>,
    crypto: &dyn CryptoProvider,
) -> Result<Signer<'a>, RequestObjectError> {
    match expected.client_id.prefix() {
        prefix @ (ClientIdPrefix::X509Hash(_) | ClientIdPrefix::X509SanDns(_)) => {
            certified(prefix, header, expected, crypto)
        }
        ClientIdPrefix::DecentralizedIdentifier(did) => Ok(Signer {
            key: key_of_did(did, header.kid.as_deref(), expected.clients.did_document)?,
            proof: ClientProof::DecentralizedIdentifier(did.clone()),
            owner: AddressOwner::Client,
        }),
        ClientIdPrefix::PreRegistered => {
            let client = registered(expected)?;
            if client.request_object_keys.keys.is_empty() {
                return Err(RequestObjectError::Signed);
            }
            Ok(Signer {
                key: client
                    .request_object_key(header.kid.as_deref())
                    .ok_or(RequestObjectError::NoKey)?,
                proof: proof_of(client, RegisteredRequest::Signed),
                owner: AddressOwner::Registered(client),
            })
        }
        ClientIdPrefix::RedirectUri(_) => Err(RequestObjectError::Signed),
    }
}

fn certified<'a>(
    prefix: &ClientIdPrefix,
    header: &JwsHeader,
    expected: &RequestExpectations<'_>,
    crypto: &dyn CryptoProvider,
) -> Result<Signer<'a>, RequestObjectError> {
    let ders = header.x5c.as_ref().ok_or(RequestObjectError::NoCertificate)?;
    let chain: Vec<Certificate> = ders
        .iter()
        .map(|der| Certificate::parse(der))
        .collect::<Result<_, _>>()
        .map_err(|_| RequestObjectError::Certificate)?;
    let leaf = chain.first().ok_or(RequestObjectError::NoCertificate)?;
    let is_named = match prefix {
        ClientIdPrefix::X509Hash(hash) => leaf.sha256() == *hash,
        ClientIdPrefix::X509SanDns(name) => leaf.san_dns().iter().any(|dns| dns.eq_ignore_ascii_case(name)),
        _ => false,
    };
    if !is_named {
        return Err(RequestObjectError::CertificateMismatch);
    }
    let verified = verify_chain(
        &chain,
        expected.clients.anchors,
        ChainProfile::RequestSigner,
        expected.now,
        crypto,
    )
    .map_err(RequestObjectError::Chain)?;
    Ok(Signer {
        key: verified.leaf.public_key().clone(),
        owner: AddressOwner::Certificate(Box::new(leaf.clone())),
        proof: ClientProof::Certificate {
            certificate: Box::new(leaf.clone()),
            anchor: Box::new(verified.anchor),
        },
    })
}

/// The key of the DID that `kid` names. Where there is a document it alone says which keys there are.
fn key_of_did(
    did: &Did,
    kid: Option<&str>,
    document: Option<&PublishedDocument>,
) -> Result<PublicKey, RequestObjectError> {
    let method = kid
        .and_then(|kid| DidUrl::parse(kid).ok())
        .filter(|method| method.did() == did)
        .ok_or(RequestObjectError::NoKey)?;
    match document.filter(|document| document.id() == did) {
        Some(document) => [Relationship::Authentication, Relationship::AssertionMethod]
            .into_iter()
            .find_map(|relationship| document.key(&method, relationship).ok().cloned()),
        None => verification_key(&method).ok(),
    }
    .ok_or(RequestObjectError::NoKey)
}

fn registered<'a>(expected: &RequestExpectations<'a>) -> Result<&'a RegisteredClient, RequestObjectError> {
    expected
        .clients
        .registered(expected.client_id)
        .ok_or(RequestObjectError::NotRegistered)
}

fn proof_of(client: &RegisteredClient, request: RegisteredRequest) -> ClientProof {
    ClientProof::Registered {
        name: client.name.clone(),
        request,
    }
}

fn owned_address(
    claims: &Map<String, Value>,
    owner: &AddressOwner<'_>,
    expected: &RequestExpectations<'_>,
) -> Result<HttpUrl, RequestObjectError> {
    let address = response_uri(claims, expected.client_id, expected.urls).map_err(|defect| match defect {
        RequestDefect::ForeignResponseUri => RequestObjectError::ForeignResponseUri,
        defect => RequestObjectError::Parameters(defect),
    })?;
    let owned = match (
        owner,
        expected.client_id.prefix(),
        expected.clients.response_uri_rule,
    ) {
        (AddressOwner::Client, _, _) => true,
        (AddressOwner::Registered(client), _, _) => client.response_uris.contains(&address),
        (AddressOwner::Certificate(_), ClientIdPrefix::X509SanDns(name), _) => {
            address.host().eq_ignore_ascii_case(name)
        }
        (AddressOwner::Certificate(leaf), _, ResponseUriRule::NamedInCertificate) => {
            names_address(leaf, &address)
        }
        (AddressOwner::Certificate(_), _, ResponseUriRule::AnyOfTrustedVerifier) => true,
    };
    if owned {
        Ok(address)
    } else {
        Err(RequestObjectError::ForeignResponseUri)
    }
}

fn names_address(leaf: &Certificate, address: &HttpUrl) -> bool {
    let same_origin = |uri: &String| Url::parse(uri).is_ok_and(|uri| uri.origin() == address.url().origin());
    leaf.san_dns()
        .iter()
        .any(|dns| dns.eq_ignore_ascii_case(address.host()))
        || leaf.san_uris().iter().any(same_origin)
}
