//! Cards as Inji deployments deliver them to wallets: the texts of their QR codes, within a credential.

use serde_json::Value;
use symbolon_credential::claim169::qr_texts_in_credential_subject;
use symbolon_crypto::encoding::json::{self, JsonBudget};

/// What is to be judged in an input. A credential that holds the codes of a card is judged if it has a proof, and its codes are judged in any
/// case: each is signed by itself. Everything else stays as it is.
#[must_use]
pub fn expanded(input: Vec<u8>) -> Vec<Vec<u8>> {
    let Some((texts, has_proof)) = codes_within(&input) else {
        return vec![input];
    };
    has_proof.then_some(input).into_iter().chain(texts).collect()
}

fn codes_within(input: &[u8]) -> Option<(Vec<Vec<u8>>, bool)> {
    let text = core::str::from_utf8(input)
        .ok()?
        .trim_start_matches('\u{feff}')
        .trim();
    if !text.starts_with('{') {
        return None;
    }
    let document: Value = json::parse_value(text.as_bytes(), JsonBudget::DEFAULT).ok()?;
    let texts = qr_texts_in_credential_subject(document.get("credentialSubject")?)?;
    let texts = core::iter::once(texts.identity).chain(texts.face);
    let texts = texts.map(|text| text.as_bytes().to_vec()).collect();
    Some((texts, document.get("proof").is_some()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn the_codes_within_a_credential_are_judged_and_the_credential_where_it_has_a_proof() {
        let mut credential = json!({
            "type": ["VerifiableCredential"],
            "credentialSubject": { "claim169": { "identityQRCode": "6BF", "faceQRCode": "7CG" } },
        });
        let codes = || vec![b"6BF".to_vec(), b"7CG".to_vec()];
        assert_eq!(expanded(credential.to_string().into_bytes()), codes());
        credential["proof"] = json!({});
        let whole = credential.to_string().into_bytes();
        let all: Vec<_> = core::iter::once(whole.clone()).chain(codes()).collect();
        assert_eq!(expanded(whole), all);
    }

    #[test]
    fn everything_else_stays_as_it_is() {
        for input in [
            "6BF",
            "",
            "{",
            "{}",
            r#"{"credentialSubject":{"claim169":{"faceQRCode":"7CG"}}}"#,
            "{\"a\":1,\"a\":2}",
        ] {
            let input = input.as_bytes().to_vec();
            assert_eq!(expanded(input.clone()), [input]);
        }
        assert_eq!(expanded(vec![0xff, 0xfe]), [vec![0xff, 0xfe]]);
    }
}
