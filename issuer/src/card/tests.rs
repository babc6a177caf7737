use serde_json::json;
use symbolon_credential::claim169::{Claim169Budget, Gender, ParsedClaim169};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider, RustCryptoProvider, SecretKey};
use symbolon_protocol::identifier::IssuerIdentifier;

use super::*;
use crate::index::ShardId;
use crate::policy::IssuerPolicy;
use crate::store::Revision;

const NOW: UnixTime = UnixTime::from_seconds(1_800_000_123);

struct Desk {
    profile: IssuerProfile,
    secret: InstallationSecret,
    randomness: SeededRandomness,
    signer: SecretKey,
    key: CardKey,
}

impl Desk {
    fn new() -> Self {
        let randomness = SeededRandomness::new(11);
        let configuration =
            CredentialConfiguration::parse(symbolon_schemas::NATIONAL_IDENTITY.mapping).unwrap();
        let identifier = IssuerIdentifier::parse("https://registry.example").unwrap();
        let policy = IssuerPolicy::default();
        let signer = RustCryptoProvider
            .generate_key(SignatureAlgorithm::EdDsa, &randomness)
            .unwrap();
        let key = CardKey {
            handle: KeyHandle::new("cards"),
            algorithm: SignatureAlgorithm::EdDsa,
            key_id: signer.public_key().thumbprint().as_bytes().to_vec(),
        };
        Self {
            profile: IssuerProfile::new(identifier, "Registry".to_owned(), vec![configuration], policy)
                .unwrap(),
            secret: InstallationSecret::make(&randomness).unwrap(),
            randomness,
            signer,
            key,
        }
    }

    fn draft(
        &self,
        record: &IdRecord,
        index: u32,
        replaced: Option<&Stored<CredentialRecord>>,
    ) -> Result<DraftedCard, CardError> {
        let material = CardMaterial {
            profile: &self.profile,
            key: &self.key,
            secret: &self.secret,
            randomness: &self.randomness,
            now: NOW,
        };
        let configuration = self.profile.configurations().values().next().unwrap();
        let place = StatusIndex {
            shard: ShardId::FIRST,
            index,
        };
        draft(configuration, record, place, replaced, &material)
    }

    fn sign(&self, prepared: PreparedCard) -> SignedCard {
        let signature = RustCryptoProvider
            .sign(&self.signer, &prepared.request().bytes)
            .unwrap();
        prepared.finish(signature).unwrap()
    }

    fn card(&self, index: u32) -> Stored<CredentialRecord> {
        let signed = self.sign(
            self.draft(&record(json!({})), index, None)
                .unwrap()
                .prepare(None)
                .unwrap(),
        );
        let card = signed.release(IssuanceOutcome::Committed).unwrap();
        Stored {
            value: card.credential,
            revision: Revision::absent(),
        }
    }
}

fn record(extra: serde_json::Value) -> IdRecord {
    let mut record = json!({
        "UIN": "2345678901",
        "fullName": [{ "language": "ara", "value": "حسن علي" }],
        "dateOfBirth": "1987/11/25",
        "gender": [{ "language": "eng", "value": "MLE" }],
    });
    record
        .as_object_mut()
        .unwrap()
        .extend(extra.as_object().unwrap().clone());
    serde_json::from_value(record).unwrap()
}

#[test]
fn a_card_reads_back_with_its_face_its_status_and_a_good_signature() {
    let desk = Desk::new();
    let drafted = desk.draft(&record(json!({})), 77, None).unwrap();
    let budget = drafted.face_budget(1_400, ImageKind::Webp).unwrap().unwrap();
    assert!((300..700).contains(&budget), "{budget}");
    let mut face = b"RIFF\0\0\0\0WEBP".to_vec();
    face.extend((0..budget - face.len()).map(|at| (at * 31 % 251) as u8));
    let signed = desk.sign(drafted.prepare(Some((ImageKind::Webp, face.clone()))).unwrap());
    assert_eq!(signed.issuance().credentials[0].kind, CredentialKind::Card);
    assert!(signed.issuance().access.is_none());
    let card = signed.release(IssuanceOutcome::Committed).unwrap();
    assert!(card.qr_text.len() <= 1_400, "{}", card.qr_text.len());

    let parsed = ParsedClaim169::parse_qr_text(&card.qr_text, Claim169Budget::DEFAULT).unwrap();
    let cwt = parsed
        .verify(&desk.signer.public_key(), &RustCryptoProvider)
        .unwrap();
    assert_eq!(cwt.issuer.as_deref(), Some("https://registry.example"));
    assert_eq!(cwt.identity.full_name.as_deref(), Some("حسن علي"));
    assert_eq!(cwt.identity.gender, Some(Gender::Male));
    assert_eq!(cwt.identity.face(), Some(face.as_slice()));
    let status = cwt.status.reference().unwrap();
    assert_eq!(
        (status.uri(), status.index()),
        ("https://registry.example/status/0", 77)
    );
    assert_eq!(cwt.validity.issued_at.unwrap().seconds() % 86_400, 0);
}

#[test]
fn a_card_is_not_printed_unless_it_was_booked() {
    let desk = Desk::new();
    let signed = desk.sign(
        desk.draft(&record(json!({})), 1, None)
            .unwrap()
            .prepare(None)
            .unwrap(),
    );
    assert_eq!(
        signed.release(IssuanceOutcome::IndexTaken).err(),
        Some(IssuanceOutcome::IndexTaken)
    );
}

#[test]
fn a_reprint_ends_the_card_it_replaces_in_the_same_commit() {
    let desk = Desk::new();
    let old = desk.card(1);
    let drafted = desk.draft(&record(json!({})), 2, Some(&old)).unwrap();
    let signed = desk.sign(drafted.prepare(None).unwrap());
    let change = &signed.issuance().changes[0];
    assert_eq!(change.record.status, CredentialStatus::Revoked);
    assert_eq!(
        change.record.replaced_by.as_ref(),
        Some(&signed.issuance().credentials[0].id)
    );

    let replaced = Stored {
        value: change.record.clone(),
        revision: Revision::absent(),
    };
    assert_eq!(
        desk.draft(&record(json!({})), 3, Some(&replaced)).err(),
        Some(CardError::AlreadyReplaced)
    );
    let someone_else = record(json!({ "UIN": "9999999999" }));
    assert_eq!(
        desk.draft(&someone_else, 3, Some(&old)).err(),
        Some(CardError::NotThisResidentsCard)
    );
}

#[test]
fn the_deceased_get_no_card() {
    let desk = Desk::new();
    let deceased = record(json!({ "declaredAsDeceased": "Y" }));
    assert_eq!(desk.draft(&deceased, 1, None).err(), Some(CardError::Deceased));
}
