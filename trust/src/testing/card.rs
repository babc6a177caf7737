//! Cards: Claim 169 codes.

use symbolon_credential::Validity;
use symbolon_credential::claim169::{
    Biometric, Claim169KeyReference, Cwt, DateOfBirth, IdentityData, ImageKind, SignedClaim169, prepare,
};
use symbolon_credential::status::{CredentialStatus, StatusReference};
use symbolon_crypto::PublicKey;

use super::{DAY, NOW, TestIssuer, TestKey};

impl TestIssuer {
    /// The claims of a person's card with this face, good for ten years, whose status stands at this index of the issuer's first list.
    ///
    /// # Panics
    /// Where the index is beyond every list.
    #[must_use]
    pub fn card(&self, face: &[u8], index: u64) -> Cwt {
        let identity = IdentityData {
            full_name: Some("Amina Diallo".to_owned()),
            date_of_birth: Some(DateOfBirth::new(1990, 2, 3).expect("a date")),
            ..IdentityData::default()
        };
        let place = StatusReference::new(self.status_uri(0), index).expect("a place in the list");
        Cwt {
            issuer: Some(self.identifier.to_string()),
            subject: None,
            validity: Validity {
                issued_at: Some(NOW.minus(DAY)),
                not_before: Some(NOW.minus(DAY)),
                expires: Some(NOW.plus(DAY * 3_650)),
            },
            identity: identity.with_face(Biometric::image(face.to_vec(), ImageKind::Webp)),
            status: CredentialStatus::StatusList(place),
            confirmation: None,
            unknown: Vec::new(),
        }
    }
}

impl TestKey {
    /// Signs a card.
    #[must_use]
    pub fn sign_card(&self, claims: &Cwt) -> SignedClaim169 {
        self.sign_card_as(self.public_key(), claims)
    }

    /// The same in the name of a key that may be another's.
    #[must_use]
    pub fn sign_card_as(&self, named: &PublicKey, claims: &Cwt) -> SignedClaim169 {
        let reference = Claim169KeyReference::KeyId(named.thumbprint().as_bytes().to_vec());
        let prepared = prepare(claims, self.public_key().algorithm(), &reference);
        let prepared = prepared.expect("the card is prepared");
        let signature = self.sign(&prepared.request(self.handle()));
        prepared.finish(signature).expect("the card is finished")
    }
}
