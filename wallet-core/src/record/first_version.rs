//! The first written form of a held credential, when every credential was an SD-JWT VC. It is read and never written.

use serde::Deserialize;
use symbolon_crypto::UnixTime;
use symbolon_crypto::signing::KeyHandle;

use super::credential::{CredentialDisplay, HeldContent, HeldCredential, StatusListKind, StatusReference};
use crate::identifiers::CredentialId;

/// A credential as version 1 wrote it.
#[derive(Deserialize)]
pub(super) struct HeldSdJwtVc {
    id: CredentialId,
    issuer: String,
    issuer_name: Option<String>,
    configuration: String,
    credential_type: String,
    sd_jwt: String,
    key: KeyHandle,
    received: UnixTime,
    expires: Option<UnixTime>,
    status: Option<TokenStatusReference>,
    display: CredentialDisplay,
}

#[derive(Deserialize)]
struct TokenStatusReference {
    uri: String,
    index: u64,
}

impl From<HeldSdJwtVc> for HeldCredential {
    fn from(held: HeldSdJwtVc) -> Self {
        Self {
            id: held.id,
            issuer: held.issuer,
            issuer_name: held.issuer_name,
            configuration: held.configuration,
            credential_type: held.credential_type,
            content: HeldContent::SdJwtVc { sd_jwt: held.sd_jwt },
            key: held.key,
            received: held.received,
            not_before: None,
            expires: held.expires,
            status: held
                .status
                .map(|reference| StatusReference {
                    uri: reference.uri,
                    index: reference.index,
                    list: StatusListKind::Token,
                })
                .into_iter()
                .collect(),
            display: held.display,
            copies: Vec::new(),
            batch: 0,
            arrived: None,
            spent: None,
        }
    }
}
