//! What somebody shows without having been asked for it: a file, or the text of a QR code.

use serde_json::Value;
use symbolon_credential::claim169::qr_texts_in_credential_subject;
use symbolon_credential::{Input, NotRecognised};
use symbolon_crypto::encoding::json::{self, JsonBudget};
use symbolon_protocol::dcql::QueryId;
use symbolon_protocol::openid4vp::response::{Presentation, VpToken};

/// What is to be judged in an input, each as bytes that [`Input::open`](symbolon_credential::Input::open) takes: the presentations of a
/// `vp_token`; a credential that holds the codes of a card, as Inji deployments deliver cards to wallets, if it has a proof, and its codes
/// in any case, because each is signed by itself. Everything else stays as it is.
#[must_use]
pub fn presentations(input: Vec<u8>) -> Vec<ShownInput> {
    let shown = match vp_token(&input) {
        None => vec![ShownInput::alone(input)],
        Some(token) => token
            .0
            .into_iter()
            .flat_map(|(query, presentations)| {
                presentations.into_iter().map(move |presentation| ShownInput {
                    query: Some(query.clone()),
                    bytes: presentation.to_text().into_owned().into_bytes(),
                })
            })
            .collect(),
    };
    shown.into_iter().flat_map(expanded).collect()
}

/// The presentations of an answer with the query that each answers, recognised by their forms.
///
/// # Errors
/// [`NotRecognised`] when one has the form of none.
pub fn inputs_of_token(token: &VpToken) -> Result<Vec<(&QueryId, Input<'_>)>, NotRecognised> {
    token
        .0
        .iter()
        .flat_map(|(id, presentations)| presentations.iter().map(move |presentation| (id, presentation)))
        .map(|(id, presentation)| {
            let input = match presentation {
                Presentation::Text(text) => Input::of_text(text)?,
                Presentation::Object(document) => Input::of_document(document.clone())?,
            };
            Ok((id, input))
        })
        .collect()
}

/// A credential or presentation, to be judged by itself.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ShownInput {
    /// The credential query that it answers, where a `vp_token` says it.
    pub query: Option<QueryId>,
    /// What [`Input::open`](symbolon_credential::Input::open) takes.
    pub bytes: Vec<u8>,
}

impl ShownInput {
    /// Something that answers no query that is known.
    #[must_use]
    pub const fn alone(bytes: Vec<u8>) -> Self {
        Self { query: None, bytes }
    }
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

fn expanded(input: ShownInput) -> Vec<ShownInput> {
    let Some((texts, has_proof)) = codes_within(&input.bytes) else {
        return vec![input];
    };
    let query = input.query.clone();
    let texts = texts.into_iter().map(|bytes| ShownInput {
        query: query.clone(),
        bytes,
    });
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

    fn bytes_of(input: Vec<u8>) -> Vec<Vec<u8>> {
        let shown = presentations(input).into_iter();
        shown.map(|shown| shown.bytes).collect()
    }

    #[test]
    fn the_codes_within_a_credential_are_judged_and_the_credential_where_it_has_a_proof() {
        let mut credential = json!({
            "type": ["VerifiableCredential"],
            "credentialSubject": { "claim169": { "identityQRCode": "6BF", "faceQRCode": "7CG" } },
        });
        let codes = || vec![b"6BF".to_vec(), b"7CG".to_vec()];
        assert_eq!(bytes_of(credential.to_string().into_bytes()), codes());
        credential["proof"] = json!({});
        let whole = credential.to_string().into_bytes();
        let all: Vec<_> = core::iter::once(whole.clone()).chain(codes()).collect();
        assert_eq!(bytes_of(whole), all);
    }

    #[test]
    fn the_presentations_of_an_answer_are_judged_each_by_itself() {
        let answer = json!({ "id": ["a~b~", { "type": "VerifiablePresentation" }], "age": ["c~"] });
        let mut found: Vec<_> = presentations(answer.to_string().into_bytes())
            .into_iter()
            .map(|shown| (shown.query.unwrap().to_string(), shown.bytes))
            .collect();
        found.sort();
        let object = json!({ "type": "VerifiablePresentation" })
            .to_string()
            .into_bytes();
        let id = "id".to_owned();
        let expected = [
            ("age".to_owned(), b"c~".to_vec()),
            (id.clone(), b"a~b~".to_vec()),
            (id, object),
        ];
        assert_eq!(found, expected);
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
            assert_eq!(bytes_of(input.clone()), [input]);
        }
        assert_eq!(bytes_of(vec![0xff, 0xfe]), [vec![0xff, 0xfe]]);
    }
}
