use serde_json::json;
use symbolon_credential::Verified;
use symbolon_credential::claim169::{
    Claim169Budget, Claim169Message, Finger, Gender, ImageFormat, MaritalStatus, ParsedClaim169, join,
};
use symbolon_crypto::cose::{ContentEncryption, ContentKey};
use symbolon_crypto::testing::SeededRandomness;
use symbolon_crypto::{CryptoProvider, RustCryptoProvider, SecretKey};
use symbolon_protocol::identifier::IssuerIdentifier;

use super::*;
use crate::index::ShardId;
use crate::mapping::KeepPictures;
use crate::policy::IssuerPolicy;
use crate::store::{IssuanceOutcome, Revision};

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
        Self::with(symbolon_schemas::NATIONAL_IDENTITY.mapping)
    }

    fn with(mapping: &str) -> Self {
        let randomness = SeededRandomness::new(11);
        let configuration = CredentialConfiguration::parse(mapping).unwrap();
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
    ) -> Result<DraftedCard<'_>, CardError> {
        self.draft_with(record, index, replaced, FaceCode::Beside)
    }

    fn draft_with<'a>(
        &'a self,
        record: &IdRecord,
        index: u32,
        replaced: Option<&Stored<CredentialRecord>>,
        face: FaceCode<'a>,
    ) -> Result<DraftedCard<'a>, CardError> {
        let material = CardMaterial {
            profile: &self.profile,
            key: &self.key,
            face,
            pictures: &KeepPictures,
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

    fn sign(&self, prepared: PreparedCard<'_>) -> SignedCard {
        let requests = prepared.requests();
        let signatures = requests
            .iter()
            .map(|request| RustCryptoProvider.sign(&self.signer, &request.bytes).unwrap())
            .collect();
        prepared.finish(signatures, &self.randomness).unwrap()
    }

    fn read(&self, text: &str) -> Verified<Cwt> {
        ParsedClaim169::parse_qr_text(text, Claim169Budget::DEFAULT)
            .unwrap()
            .verify(&self.signer.public_key(), &RustCryptoProvider)
            .unwrap()
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

fn webp(bytes: usize) -> Vec<u8> {
    let mut face = b"RIFF\0\0\0\0WEBP".to_vec();
    face.extend((0..bytes - face.len()).map(|at| (at * 31 % 251) as u8));
    face
}

#[test]
fn a_card_reads_back_with_its_face_its_status_and_a_good_signature() {
    let desk = Desk::new();
    let drafted = desk.draft(&record(json!({})), 77, None).unwrap();
    let budget = drafted.face_budget(1_400, ImageKind::Webp).unwrap().unwrap();
    assert!((300..700).contains(&budget), "{budget}");
    let face = webp(budget);
    let signed = desk.sign(drafted.prepare(Some((ImageKind::Webp, face.clone()))).unwrap());
    assert_eq!(signed.issuance().credentials[0].kind, CredentialKind::Card);
    assert!(signed.issuance().access.is_none());
    let card = signed.release(IssuanceOutcome::Committed).unwrap();
    let text = &card.texts.identity;
    assert!(text.len() <= 1_400, "{}", text.len());
    assert!(card.texts.face.is_none());

    let cwt = desk.read(text);
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

#[test]
fn two_codes_are_one_credential_and_join_again() {
    let desk = Desk::new();
    let drafted = desk
        .draft_with(&record(json!({})), 5, None, FaceCode::Second)
        .unwrap();
    let beside = desk.draft(&record(json!({})), 5, None).unwrap();
    let budget = drafted.face_budget(1_400, ImageKind::Webp).unwrap().unwrap();
    let without_a_code_of_its_own = beside.face_budget(1_400, ImageKind::Webp).unwrap().unwrap();
    assert!(budget > without_a_code_of_its_own, "{budget}");
    let prepared = drafted.prepare(Some((ImageKind::Webp, webp(budget)))).unwrap();
    let sizes = prepared.sizes().unwrap();
    let signed = desk.sign(prepared);
    assert_eq!(signed.issuance().credentials.len(), 1);
    let card = signed.release(IssuanceOutcome::Committed).unwrap();
    let face_text = card.texts.face.unwrap();
    assert!(matches!(face_text, FaceText::Open(_)));
    let lengths = [card.texts.identity.len(), face_text.as_str().len()];
    assert_eq!([sizes[0].characters, sizes[1].characters], lengths);
    assert!(lengths[1] <= 1_400 && lengths[0] < 700, "{lengths:?}");

    let (identity, face) = (desk.read(&card.texts.identity), desk.read(face_text.as_str()));
    assert_eq!(identity.identity.face(), None);
    assert_eq!(face.identity.full_name, None);
    assert_eq!(
        identity.status.reference().unwrap(),
        face.status.reference().unwrap()
    );
    let joined = join(identity, face).unwrap();
    assert_eq!(joined.identity.face(), Some(webp(budget).as_slice()));
    assert_eq!(joined.identity.full_name.as_deref(), Some("حسن علي"));
}

fn face_key() -> NamedContentKey {
    let key = ContentKey::make(ContentEncryption::A256Gcm, &SeededRandomness::new(3)).unwrap();
    NamedContentKey::new("clinics", key).unwrap()
}

#[test]
fn an_encrypted_face_is_read_by_the_holders_of_its_key_alone() {
    let desk = Desk::new();
    let key = face_key();
    let drafted = desk
        .draft_with(&record(json!({})), 6, None, FaceCode::SecondFor(&key))
        .unwrap();
    let budget = drafted.face_budget(1_400, ImageKind::Webp).unwrap().unwrap();
    let prepared = drafted.prepare(Some((ImageKind::Webp, webp(budget)))).unwrap();
    let sizes = prepared.sizes().unwrap();
    let signed = desk.sign(prepared);
    // What is drawn and what is handed out are one text: a second encryption would be another.
    let drawn = signed.texts_to_draw().clone();
    let card = signed.release(IssuanceOutcome::Committed).unwrap();
    assert!(card.texts == drawn);
    let Some(FaceText::Encrypted(text)) = card.texts.face else {
        panic!("the face is encrypted");
    };
    assert_eq!(text.len(), sizes[1].characters);
    assert!(text.len() <= 1_400);
    let Claim169Message::Encrypted(locked) =
        Claim169Message::parse_qr_text(&text, Claim169Budget::DEFAULT).unwrap()
    else {
        panic!("the face is encrypted");
    };
    assert_eq!(locked.key_id(), Some(b"clinics".as_slice()));
    assert!(locked.unlock_with(&[]).is_err());
    let face = locked.unlock_with(&[key]).unwrap();
    let face = face
        .verify(&desk.signer.public_key(), &RustCryptoProvider)
        .unwrap();
    assert!(join(desk.read(&card.texts.identity), face).is_ok());
}

#[test]
fn a_record_without_a_picture_gets_one_code_whatever_was_asked() {
    let desk = Desk::new();
    let key = face_key();
    for face in [FaceCode::Beside, FaceCode::Second, FaceCode::SecondFor(&key)] {
        let drafted = desk.draft_with(&record(json!({})), 7, None, face).unwrap();
        let prepared = drafted.prepare(None).unwrap();
        assert_eq!(prepared.requests().len(), 1);
    }
}

#[test]
fn a_card_needs_as_many_signatures_as_it_has_codes() {
    let desk = Desk::new();
    let prepared = || {
        let drafted = desk.draft_with(&record(json!({})), 8, None, FaceCode::Second);
        let prepared = drafted.unwrap().prepare(Some((ImageKind::Webp, webp(300))));
        prepared.unwrap()
    };
    for count in [0, 1, 3] {
        let finished = prepared().finish(vec![vec![0; 64]; count], &desk.randomness);
        assert_eq!(finished.err(), Some(CardError::Signatures), "{count}");
    }
}

/// A card that has every attribute of the specification.
const EVERY_ATTRIBUTE: &str = include_str!("every-attribute.toml");

fn full_record() -> IdRecord {
    let webp = symbolon_crypto::encoding::base64::encode(&webp(40));
    let thumb = json!([{ "data": "AQID", "format": "template", "subformat": 100, "issuer": "VendorA" }]);
    let iris = json!([{ "data": webp }, { "data": webp, "format": "image", "subformat": "webp" }]);
    let mut extra = json!({
        "recordVersion": "1.2",
        "fullName": [{ "language": "ara", "value": "حسن علي" }, { "language": "eng", "value": "Hassan Ali" }],
        "firstName": "Hassan", "middleName": "B", "lastName": "Ali",
        "addressLine1": [{ "language": "ara", "value": "شارع الأرز" }],
        "city": [{ "language": "ara", "value": "القنيطرة" }],
        "email": "hassan@example.org", "phone": "+212635200010",
        "nationality": [{ "language": "eng", "value": "MAR" }],
        "maritalStatus": "M",
        "guardianName": [{ "language": "ara", "value": "علي" }],
        "goodFingers": ["rightThumb", "leftLittle", "tail"],
        "plusCode": "849VCWC8+R9", "legalStatus": "citizen",
        "face": format!("data:image/webp;base64,{webp}"),
        "voice": { "data": "AQID", "format": 2, "subformat": 1 },
    });
    let fields = extra.as_object_mut().unwrap();
    for finger in ["Thumb", "Pointer", "Middle", "Ring", "Little"] {
        fields.insert(format!("right{finger}"), thumb.clone());
        fields.insert(format!("left{finger}"), thumb.clone());
    }
    for part in ["rightEye", "leftEye", "rightPalm", "leftPalm"] {
        fields.insert(part.to_owned(), iris.clone());
    }
    record(extra)
}

#[test]
fn every_attribute_of_the_specification_can_be_mapped() {
    let desk = Desk::with(EVERY_ATTRIBUTE);
    let drafted = desk.draft(&full_record(), 9, None).unwrap();
    assert!(drafted.has_face());
    let card = desk.sign(drafted.prepare(None).unwrap());
    let cwt = desk.read(&card.texts_to_draw().identity);
    let identity = &cwt.identity;
    let text = |text: &Option<String>| text.clone().unwrap();
    assert_eq!(text(&identity.id), "2345678901");
    assert_eq!(text(&identity.version), "1.2");
    assert_eq!(text(&identity.language), "ara");
    assert_eq!(text(&identity.full_name), "حسن علي");
    assert_eq!(text(&identity.first_name), "Hassan");
    assert_eq!(text(&identity.middle_name), "B");
    assert_eq!(text(&identity.last_name), "Ali");
    assert_eq!(identity.date_of_birth.unwrap().compact(), "19871125");
    assert_eq!(identity.gender, Some(Gender::Male));
    assert_eq!(text(&identity.address), "شارع الأرز\nالقنيطرة");
    assert_eq!(text(&identity.email), "hassan@example.org");
    assert_eq!(text(&identity.phone), "+212635200010");
    assert_eq!(text(&identity.nationality), "MAR");
    assert_eq!(identity.marital_status, Some(MaritalStatus::Married));
    assert_eq!(text(&identity.guardian), "علي");
    assert_eq!(identity.image.as_deref(), Some(webp(40).as_slice()));
    assert_eq!(identity.image_format, Some(ImageFormat::Webp));
    let fingers: Vec<u8> = identity
        .best_quality_fingers
        .iter()
        .map(|finger: &Finger| finger.code())
        .collect();
    assert_eq!(fingers, [1, 10]);
    assert_eq!(text(&identity.second_full_name), "Hassan Ali");
    assert_eq!(text(&identity.second_language), "eng");
    assert_eq!(text(&identity.location_code), "849VCWC8+R9");
    assert_eq!(text(&identity.legal_status), "citizen");
    assert_eq!(text(&identity.country_of_issuance), "MA");
    assert_eq!(
        identity.biometrics.len(),
        15,
        "all but the face, which is at key 16"
    );
    let iris = &identity.biometrics[&BiometricPart::RightIris];
    assert!(
        iris.len() == 2 && iris[0] == iris[1],
        "a picture is told by its first bytes"
    );
    let thumb = &identity.biometrics[&BiometricPart::RightThumb][0];
    assert_eq!(
        (thumb.subformat, thumb.issuer.as_deref()),
        (Some(100), Some("VendorA"))
    );
    assert!(identity.unknown.is_empty());
}

#[test]
fn no_capture_of_the_body_stands_in_the_clear_beside_an_encrypted_face() {
    let desk = Desk::with(EVERY_ATTRIBUTE);
    let key = face_key();
    for with_face in [true, false] {
        let mut record = full_record();
        if !with_face {
            record = record.with_field("face", json!(null));
        }
        let drafted = desk
            .draft_with(&record, 9, None, FaceCode::SecondFor(&key))
            .unwrap();
        let card = desk.sign(drafted.prepare(None).unwrap());
        let texts = card.texts_to_draw();
        let identity = desk.read(&texts.identity);
        assert!(identity.identity.biometrics.is_empty() && identity.identity.image.is_none());
        let Some(FaceText::Encrypted(text)) = &texts.face else {
            panic!("there is a second code");
        };
        let Claim169Message::Encrypted(locked) =
            Claim169Message::parse_qr_text(text, Claim169Budget::DEFAULT).unwrap()
        else {
            panic!("it is encrypted");
        };
        let second = locked.unlock(key.key()).unwrap();
        let second = second
            .verify(&desk.signer.public_key(), &RustCryptoProvider)
            .unwrap();
        assert_eq!(second.identity.biometrics.len(), 15);
        assert_eq!(second.identity.image.is_some(), with_face);
    }
}

#[test]
fn a_value_that_is_not_written_strictly_gives_no_card() {
    let desk = Desk::with(EVERY_ATTRIBUTE);
    for (field, value) in [
        ("nationality", json!([{ "language": "eng", "value": "Morocco" }])),
        ("rightThumb", json!([{ "data": "AQID", "format": "sound" }])),
    ] {
        let record = full_record().with_field(field, value);
        let drafted = desk.draft(&record, 9, None).unwrap();
        assert!(
            matches!(drafted.prepare(None).err(), Some(CardError::Write(_))),
            "{field}"
        );
    }
}
