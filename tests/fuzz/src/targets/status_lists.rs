//! Token Status Lists and Bitstring Status Lists.

use std::time::Duration;

use serde_json::Value;
use symbolon_credential::w3c::{
    BitstringStatusEntry, StatusPurpose, StatusSize, VerifiableCredential, W3cBudget,
};
use symbolon_crypto::SignatureAlgorithm;
use symbolon_trust::bitstring_status_list::{BitstringStatusList, ListToPublish, PublishedList};
use symbolon_trust::status_list::{
    BitsPerStatus, PreparedStatusListCwt, PreparedStatusListToken, Status, StatusListBudget,
    StatusListClaims, StatusListToken, TokenStatusList,
};

use super::{armour, for_part, one_of, pack, w3c, with_text};
use crate::seeds::{DAY, NOW, TRUSTING_PROVIDER, WORLD};
use crate::{Reading, Target};

const MAX_BYTES: usize = 1 << 20;
/// Where the lists of the seeds are.
pub(super) const LIST: &str = "https://registry.example/status/1";

/// Tokens, credentials, and the compressed bits of both.
pub(super) const STATUS_LISTS: Target = Target {
    name: "status_lists",
    run: |input| {
        one_of(
            &[
                |input| {
                    let Some(text) = armour::jws(input) else {
                        return Reading::NOT_FOR_THE_TARGET;
                    };
                    let budget = StatusListBudget {
                        max_token_bytes: MAX_BYTES,
                        max_inflated_bytes: MAX_BYTES,
                    };
                    let token = match StatusListToken::parse(&text, budget) {
                        Ok(token) => token,
                        Err(error) => return Reading::refused(&error),
                    };
                    let verified = token.verify(LIST, &pack::issuer(), &TRUSTING_PROVIDER, NOW);
                    if let Ok(list) = &verified {
                        let _ = (
                            list.status(7),
                            list.status(u64::MAX),
                            list.list().not_valid().count(),
                        );
                    }
                    Reading::of(&verified.map(|_| ()))
                },
                |input| {
                    with_text(input, |text| {
                        for bits in [
                            BitsPerStatus::One,
                            BitsPerStatus::Two,
                            BitsPerStatus::Four,
                            BitsPerStatus::Eight,
                        ] {
                            if let Ok(list) = TokenStatusList::decode(bits, text, MAX_BYTES) {
                                assert!(list.as_bytes().len() <= MAX_BYTES, "inflated beyond the limit");
                                assert!(list.get(list.len()).is_err(), "there is nothing past the end");
                                let again = TokenStatusList::decode(bits, &list.encode(), MAX_BYTES);
                                assert_eq!(
                                    again.as_ref().map(TokenStatusList::as_bytes),
                                    Ok(list.as_bytes())
                                );
                            }
                        }
                        Reading::of(&TokenStatusList::decode(BitsPerStatus::Two, text, MAX_BYTES).map(|_| ()))
                    })
                },
                |input| {
                    let list = VerifiableCredential::parse(input, W3cBudget::DEFAULT)
                        .map_err(|error| Reading::refused(&error))
                        .and_then(|credential| {
                            PublishedList::read(&credential).map_err(|error| Reading::refused(&error))
                        });
                    match list {
                        Ok(list) => {
                            for index in [0, 7, u64::MAX] {
                                let entry = BitstringStatusEntry::new(StatusPurpose::Revocation, LIST, index);
                                let _ = list.status(&entry, NOW, MAX_BYTES);
                            }
                            Reading::of(&list.list(MAX_BYTES).map(|_| ()))
                        }
                        Err(reading) => reading,
                    }
                },
                |input| {
                    with_text(input, |text| {
                        let list = BitstringStatusList::decode(StatusSize::ONE, text, MAX_BYTES);
                        if let Ok(list) = &list {
                            assert!(list.as_bytes().len() <= MAX_BYTES, "inflated beyond the limit");
                            assert!(list.get(list.len()).is_err(), "there is nothing past the end");
                        }
                        Reading::of(&list.map(|_| ()))
                    })
                },
            ],
            input,
        )
    },
    seeds: || {
        let list = list();
        let token = token();
        let mut bits = BitstringStatusList::zeros(StatusSize::ONE, 131_072);
        bits.set(7, 1).expect("the index is in the list");
        let credential = ListToPublish {
            url: LIST,
            issuer: &w3c::issuer_did(),
            purpose: StatusPurpose::Revocation,
            valid_from: NOW,
            valid_until: Some(NOW.plus(DAY)),
            time_to_live: Some(Duration::from_secs(300)),
            list: &bits.encoded(),
            messages: &[],
        }
        .document()
        .expect("a list is published");
        vec![
            for_part(0, armour::parts_of_jws(&token)),
            for_part(0, token),
            for_part(1, list.encode()),
            for_part(2, Value::Object(credential.document().clone()).to_string()),
            for_part(3, bits.encode()),
        ]
    },
};

fn claims() -> StatusListClaims {
    StatusListClaims {
        uri: LIST.to_owned(),
        issued_at: NOW,
        expires_at: Some(NOW.plus(DAY)),
        time_to_live: Some(Duration::from_secs(3600)),
        aggregation_uri: None,
    }
}

/// The list as a signed JWT.
pub(super) fn token() -> String {
    let chain = [WORLD.status_leaf.clone()];
    let prepared = PreparedStatusListToken::prepare(&claims(), &list(), SignatureAlgorithm::Es256, &chain)
        .expect("a status list is prepared");
    let signature = WORLD.issuer.sign(&prepared.request(WORLD.issuer.handle()).bytes);
    prepared.finish(&signature)
}

/// The same as a CWT.
pub(super) fn cwt() -> Vec<u8> {
    let chain = [WORLD.status_leaf.clone()];
    let prepared = PreparedStatusListCwt::prepare(&claims(), &list(), SignatureAlgorithm::Es256, &chain)
        .expect("a status list is prepared");
    let signature = WORLD.issuer.sign(&prepared.request(WORLD.issuer.handle()).bytes);
    prepared.finish(&signature).expect("a status list is finished")
}

/// A list with something in it.
pub(super) fn list() -> TokenStatusList {
    let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 1 << 12);
    for (index, status) in [
        (7, Status::Invalid),
        (8, Status::Suspended),
        (4000, Status::Invalid),
    ] {
        list.set(index, status).expect("the index is in the list");
    }
    list
}
