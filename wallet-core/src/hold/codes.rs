//! A credential as codes that are shown as they are, without having been asked for: whoever scans them reads all of it, and nobody can
//! tell by them that the person who shows them is the one they speak of.

use serde_json::{Map, Value};
use symbolon_credential::claim169::qr_texts_in_credential_subject;
use symbolon_credential::pixelpass;
use symbolon_protocol::qr_transport::{CarriedCredential, MAX_FRAME_CHARACTERS};

use super::open_held;
use crate::error::WalletError;
use crate::identifiers::CredentialId;
use crate::record::HeldContent;
use crate::wallet::Wallet;

/// A credential as codes.
#[derive(Clone, PartialEq, Eq)]
pub struct CredentialCodes {
    /// The texts to draw, each as one code: those of the Claim 169 card that the credential carries, the identity first, or else the whole
    /// credential as PixelPass text. Empty where it is larger than a code.
    pub still: Vec<String>,
    /// The same for an animation, which holds what no single code does.
    pub animated: CarriedCredential,
}

impl Wallet {
    /// A credential as codes.
    ///
    /// # Errors
    /// [`WalletError::NotFound`] when it is not held.
    pub async fn codes(&self, id: CredentialId) -> Result<CredentialCodes, WalletError> {
        let held = self.held(id).await?;
        let opened = open_held(&held, self.json_ld())?;
        let still = still_codes(opened.claims(), &held.content);
        Ok(CredentialCodes {
            still,
            animated: held.content.carried(),
        })
    }
}

fn still_codes(claims: &Map<String, Value>, content: &HeldContent) -> Vec<String> {
    let card = claims
        .get("credentialSubject")
        .and_then(qr_texts_in_credential_subject);
    if let Some(card) = card {
        let texts = core::iter::once(card.identity).chain(card.face);
        return texts.map(str::to_owned).collect();
    }
    let whole = pixelpass::encode(&content.text(), "").ok();
    let fits = whole.filter(|text| text.len() <= MAX_FRAME_CHARACTERS);
    fits.into_iter().collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use symbolon_credential::pixelpass::PixelPassBudget;

    use super::*;

    fn still(claims: &Value, sd_jwt: &str) -> Vec<String> {
        let content = HeldContent::SdJwtVc {
            sd_jwt: sd_jwt.to_owned(),
        };
        still_codes(claims.as_object().unwrap(), &content)
    }

    #[test]
    fn the_codes_of_a_card_come_before_the_whole_credential() {
        let card =
            json!({ "credentialSubject": { "claim169": { "identityQRCode": "6BF", "faceQRCode": "7CG" } } });
        assert_eq!(still(&card, "a~"), ["6BF", "7CG"]);
        let codes = still(&json!({ "name": "Amina" }), "eyJ.a.b~c~");
        let [code] = codes.as_slice() else {
            panic!("one code");
        };
        let read = pixelpass::decode(code, "", PixelPassBudget::DEFAULT).unwrap();
        assert_eq!(read.into_text(), "eyJ.a.b~c~");
    }

    #[test]
    fn what_no_code_holds_is_for_an_animation() {
        // Nothing that compresses.
        let mut state = 1_u64;
        let text: String = (0..8_000)
            .map(|_| {
                state = state.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1);
                char::from(b'!' + u8::try_from(state >> 58).unwrap())
            })
            .collect();
        assert!(still(&json!({}), &text).is_empty());
    }
}
