//! Status lists as issuers publish them.

use std::time::Duration;

use symbolon_credential::data_integrity::{Cryptosuite, ProofOptions, ProofPurpose, prepare};
use symbolon_credential::w3c::jose::prepare_credential;
use symbolon_credential::w3c::{StatusPurpose, StatusSize};
use symbolon_crypto::{SignatureAlgorithm, UnixTime};
use symbolon_trust::bitstring_status_list::{BitstringStatusList, ListToPublish};
use symbolon_trust::status_list::{
    BitsPerStatus, PreparedStatusListToken, Status, StatusListClaims, TokenStatusList,
};

use super::certificates::Identity;
use super::dids::DidKey;
use super::formats::json_ld;

const ENTRIES: u32 = 1 << 17;

/// A Token Status List with these states, and all others valid.
pub(crate) fn token(signer: &Identity, uri: &str, issued_at: UnixTime, states: &[(u64, Status)]) -> String {
    let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, ENTRIES);
    for (index, state) in states {
        list.set(*index, *state).unwrap();
    }
    let claims = StatusListClaims {
        uri: uri.to_owned(),
        issued_at,
        expires_at: Some(issued_at.plus(Duration::from_secs(14 * 86_400))),
        time_to_live: Some(Duration::from_secs(12 * 3600)),
        aggregation_uri: None,
    };
    let chain = [signer.certificate.clone()];
    let prepared =
        PreparedStatusListToken::prepare(&claims, &list, SignatureAlgorithm::Es256, &chain).unwrap();
    let request = prepared.request(symbolon_crypto::signing::KeyHandle::new("any"));
    prepared.finish(&signer.sign(&request.bytes))
}

/// How a Bitstring Status List is signed.
#[derive(Clone, Copy)]
pub(crate) enum Signed {
    AsJwt,
    WithProof,
}

/// A Bitstring Status List for revocation with these entries set.
pub(crate) fn bitstring(
    signer: &DidKey,
    url: &str,
    made: UnixTime,
    revoked: &[u64],
    signed: Signed,
) -> String {
    let mut list = BitstringStatusList::zeros(StatusSize::ONE, ENTRIES);
    for index in revoked {
        list.set(*index, 1).unwrap();
    }
    let to_publish = ListToPublish {
        url,
        issuer: signer.did(),
        purpose: StatusPurpose::Revocation,
        valid_from: made,
        valid_until: None,
        time_to_live: None,
        list: &list.encoded(),
        messages: &[],
    };
    let credential = to_publish.document().unwrap();
    match signed {
        Signed::AsJwt => {
            let jwt = prepare_credential(&credential, signer.algorithm(), &signer.method, &[]).unwrap();
            let signature = signer.sign(jwt.signing_input().as_bytes());
            jwt.finish(&signature)
        }
        Signed::WithProof => {
            let options = ProofOptions {
                cryptosuite: Cryptosuite::EcdsaRdfc2019,
                verification_method: signer.method.to_string(),
                purpose: ProofPurpose::AssertionMethod,
                created: Some(made),
                expires: None,
                domain: None,
                challenge: None,
            };
            let document = serde_json::Value::Object(credential.into_document());
            let prepared = prepare(&document, &options, signer.public_key(), &json_ld()).unwrap();
            let signature = signer.sign(prepared.signing_input());
            prepared.finish(&signature).to_string()
        }
    }
}
