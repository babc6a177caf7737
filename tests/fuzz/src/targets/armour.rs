//! Base64url hides from a fuzzer what it encodes: one changed letter breaks the JSON within. Inputs of token parsers are
//! therefore the parts of a token, one a line, which are armoured here; an input without a line break is a token as it is.

use std::borrow::Cow;

use symbolon_crypto::encoding::base64url;

/// What stands in for a signature: ES256 and EdDSA have 64 bytes.
const SIGNATURE: [u8; 64] = [7; 64];

/// A compact JWS of `header` and `payload` on one line each. Further lines become the signature.
pub(super) fn jws(input: &[u8]) -> Option<Cow<'_, str>> {
    let Some((header, rest)) = split(input, b'\n') else {
        return core::str::from_utf8(input).ok().map(Cow::Borrowed);
    };
    let (payload, signature) = split(rest, b'\n').unwrap_or((rest, &SIGNATURE));
    Some(Cow::Owned(compact(header, payload, signature)))
}

/// An SD-JWT: header and payload, then one disclosure a line, and behind an empty line header and payload of the key binding.
pub(super) fn sd_jwt(input: &[u8]) -> Option<Cow<'_, str>> {
    let mut lines = input.split(|byte| *byte == b'\n');
    let (Some(header), Some(payload)) = (lines.next(), lines.next()) else {
        return core::str::from_utf8(input).ok().map(Cow::Borrowed);
    };
    let mut text = compact(header, payload, &SIGNATURE);
    text.push('~');
    for disclosure in lines.by_ref().take_while(|line| !line.is_empty()) {
        text.push_str(&base64url::encode(disclosure));
        text.push('~');
    }
    if let (Some(header), Some(payload)) = (lines.next(), lines.next()) {
        text.push_str(&compact(header, payload, &SIGNATURE));
    }
    Some(Cow::Owned(text))
}

/// Takes the armour off a token, as a seed.
pub(super) fn parts_of_jws(text: &str) -> Vec<u8> {
    let parts: Vec<Vec<u8>> = text.split('.').take(2).map(decoded).collect();
    parts.join(&b'\n')
}

/// Takes the armour off an SD-JWT, as a seed.
pub(super) fn parts_of_sd_jwt(text: &str) -> Vec<u8> {
    let mut parts = text.split('~');
    let mut lines = vec![parts_of_jws(parts.next().unwrap_or_default())];
    let mut disclosures: Vec<&str> = parts.collect();
    let key_binding = disclosures.pop().filter(|text| !text.is_empty());
    lines.extend(disclosures.into_iter().map(decoded));
    if let Some(key_binding) = key_binding {
        lines.push(Vec::new());
        lines.push(parts_of_jws(key_binding));
    }
    lines.join(&b'\n')
}

fn decoded(part: &str) -> Vec<u8> {
    base64url::decode(part).expect("a seed is base64url")
}

fn compact(header: &[u8], payload: &[u8], signature: &[u8]) -> String {
    let mut text = base64url::encode(header);
    text.push('.');
    base64url::encode_into(payload, &mut text);
    text.push('.');
    base64url::encode_into(signature, &mut text);
    text
}

fn split(input: &[u8], at: u8) -> Option<(&[u8], &[u8])> {
    let position = input.iter().position(|byte| *byte == at)?;
    Some((input.get(..position)?, input.get(position + 1..)?))
}
