//! What the issuer signs, and how a bad one signs it.

use serde_json::{Map, Value, json};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_credential::sd_jwt::Decoys;
use symbolon_credential::sd_jwt_vc::{CredentialToIssue, IssuerKeyReference, VerifiableCredentialType};
use symbolon_credential::status::StatusReference;
use symbolon_crypto::{CryptoProvider as _, PublicKey, RustCryptoProvider, SignatureAlgorithm, UnixTime};

use super::{ISSUER, IssuerTrick, State, TestIssuer, path};
use crate::support::formats;

impl TestIssuer {
    /// The credentials in an order of the issuer's own.
    pub(super) fn issue_all(&self, state: &mut State, configuration: &str, keys: &[PublicKey]) -> Value {
        let mut credentials: Vec<Value> = keys
            .iter()
            .rev()
            .map(|key| json!({ "credential": self.issue_one(state, configuration, key) }))
            .collect();
        if state.trick == IssuerTrick::TwoCredentials {
            credentials.push(credentials[0].clone());
        }
        credentials.truncate(self.endpoint.most());
        let mut body = json!({ "credentials": credentials });
        if let Some(id) = self.endpoint.notification_id() {
            body["notification_id"] = json!(id);
        }
        body
    }

    fn issue_one(&self, state: &mut State, configuration: &str, key: &PublicKey) -> Value {
        let other = formats::issue(
            configuration,
            key,
            state.trick,
            state.now,
            state.counter,
            &state.person,
        );
        let mut credential = other.unwrap_or_else(|| {
            let credential_type = state.configurations[configuration]["vct"].as_str();
            Value::from(self.issue(
                key,
                credential_type.unwrap(),
                state.trick,
                state.now,
                state.counter,
                &state.person,
            ))
        });
        if state.trick == IssuerTrick::CredentialAsAnotherShape {
            credential = match credential {
                Value::String(text) => json!({ "credential": text }),
                object => Value::from(object.to_string()),
            };
        }
        state.issued.push(key.clone());
        credential
    }

    fn issue(
        &self,
        key: &PublicKey,
        vct: &str,
        trick: IssuerTrick,
        now: UnixTime,
        index: u64,
        claims: &Map<String, Value>,
    ) -> String {
        let day = std::time::Duration::from_secs(86_400);
        let somebody = RustCryptoProvider
            .generate_key(SignatureAlgorithm::Es256, &self.randomness)
            .unwrap();
        let holder = match trick {
            IssuerTrick::CredentialForAnotherKey => Some(somebody.public_key()),
            IssuerTrick::CredentialWithoutKey => None,
            _ => Some(key.clone()),
        };
        let signer = match trick {
            IssuerTrick::CredentialSignedByStranger => &self.stranger,
            IssuerTrick::CredentialSignedByAnotherListedIssuer => &self.neighbour,
            _ => &self.identity,
        };
        let vct = match trick {
            IssuerTrick::CredentialOfAnotherType => "https://issuer.example/types/judge",
            _ => vct,
        };
        let issuer = match trick {
            IssuerTrick::CredentialNamesAnotherIssuer => "https://neighbour.example",
            _ => ISSUER,
        };
        let selectable = [
            "given_name",
            "family_name",
            "birth_date",
            "age_over_18",
            "address",
            "nationalities",
        ]
        .into_iter()
        .map(ClaimsPath::top_level)
        .chain([
            path(&json!(["address", "street"])),
            path(&json!(["nationalities", null])),
        ])
        .filter(|path| path.select(claims).is_ok())
        .collect();
        let reference = match trick {
            IssuerTrick::CredentialWithoutChain => IssuerKeyReference::KeyId("1".to_owned()),
            _ => IssuerKeyReference::CertificateChain(signer.chain()),
        };
        let prepared = CredentialToIssue {
            vct: VerifiableCredentialType::parse(vct).unwrap(),
            issuer: Some(issuer.to_owned()),
            issued_at: Some(now),
            not_before: (trick == IssuerTrick::CredentialNotYetValid).then(|| now.plus(day)),
            expires: Some(if trick == IssuerTrick::CredentialExpired {
                now.minus(day)
            } else {
                now.plus(day * 365)
            }),
            status: Some(StatusReference::new("https://issuer.example/status/1", index).unwrap()),
            holder,
            claims: claims.clone(),
            selectable,
            decoys: Decoys::None,
        }
        .prepare(SignatureAlgorithm::Es256, &reference, &self.randomness)
        .unwrap();
        let signature = signer.sign(prepared.signing_input().as_bytes());
        let text = prepared.finish(&signature);
        match trick {
            IssuerTrick::CredentialWithKeyBinding => {
                let (jwt, _) = text.split_once('~').unwrap();
                format!("{text}{jwt}")
            }
            IssuerTrick::CredentialFlipped => {
                let at = text.find('~').unwrap() - 10;
                let replacement = if text.as_bytes()[at] == b'A' { "B" } else { "A" };
                format!("{}{replacement}{}", &text[..at], &text[at + 1..])
            }
            IssuerTrick::CredentialWithForeignDisclosure => {
                // ["aaaaaaaaaaaaaaaaaaaaaa","judge",true]
                format!("{text}WyJhYWFhYWFhYWFhYWFhYWFhYWFhYWFhIiwianVkZ2UiLHRydWVd~")
            }
            _ => text,
        }
    }
}
