//! What somebody shows without having been asked for it: a file, or the text of a QR code.

use serde_json::Value;
use symbolon_credential::claim169::qr_texts_in_credential_subject;
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_protocol::openid4vp::response::VpToken;

/// What is to be judged in an input, each as bytes that [`Input::open`](symbolon_credential::Input::open) takes: the presentations of a
/// `vp_token`; a credential that holds the codes of a card, as Inji deployments deliver cards to wallets, if it has a proof, and its codes
/// in any case, because each is signed by itself. Everything else stays as it is.
#[must_use]
pub fn presentations(input: Vec<u8>) -> Vec<Vec<u8>> {
    let shown = match vp_token(&input) {
        None => vec![input],
        Some(token) => token
            .0
            .values()
            .flatten()
            .map(|presentation| presentation.to_text().into_owned().into_bytes())
            .collect(),
    };
    shown.into_iter().flat_map(expanded).collect()
}

/// The input as a `vp_token`: an object from query to an array of presentations (OpenID4VP §8.1). Documents of the W3C are
/// objects too, with members that no query can be named like (`@context`).
fn vp_token(bytes: &[u8]) -> Option<VpToken> {
    let text = core::str::from_utf8(bytes).ok()?;
    let text = text.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
    if !text.starts_with('{') {
        return None;
    }
    VpToken::parse(text.as_bytes()).ok()
}

fn expanded(input: Vec<u8>) -> Vec<Vec<u8>> {
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
        assert_eq!(presentations(credential.to_string().into_bytes()), codes());
        credential["proof"] = json!({});
        let whole = credential.to_string().into_bytes();
        let all: Vec<_> = core::iter::once(whole.clone()).chain(codes()).collect();
        assert_eq!(presentations(whole), all);
    }

    #[test]
    fn the_presentations_of_an_answer_are_judged_each_by_itself() {
        let answer = json!({ "id": ["a~b~", { "type": "VerifiablePresentation" }], "age": ["c~"] });
        let mut found = presentations(answer.to_string().into_bytes());
        found.sort();
        let object = json!({ "type": "VerifiablePresentation" }).to_string();
        assert_eq!(found, [&b"a~b~"[..], b"c~", object.as_bytes()]);
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
            assert_eq!(presentations(input.clone()), [input]);
        }
        assert_eq!(presentations(vec![0xff, 0xfe]), [vec![0xff, 0xfe]]);
    }
}
