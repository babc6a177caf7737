//! QR texts within a credential, as Inji deployments deliver them to wallets.

use serde_json::Value;

/// The texts of the codes of one card.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct QrTexts<'s> {
    /// `identityQRCode`.
    pub identity: &'s str,
    /// `faceQRCode`, if the card has a second code.
    pub face: Option<&'s str>,
}

/// The texts within a `credentialSubject`: `{"claim169": {"identityQRCode": "…", "faceQRCode": "…"}}`. A member that is no
/// text, or an empty one, which mappings leave where there is nothing, counts as absent.
#[must_use]
pub fn qr_texts_in_credential_subject(subject: &Value) -> Option<QrTexts<'_>> {
    let codes = subject.get("claim169")?;
    let text = |name: &str| codes.get(name)?.as_str().filter(|text| !text.is_empty());
    Some(QrTexts {
        identity: text("identityQRCode")?,
        face: text("faceQRCode"),
    })
}

/// As [`qr_texts_in_credential_subject`], the first text alone.
#[must_use]
pub fn qr_text_in_credential_subject(subject: &Value) -> Option<&str> {
    qr_texts_in_credential_subject(subject).map(|texts| texts.identity)
}
