//! Cards.

use std::sync::Arc;
use std::time::Duration;

use symbolon_credential::claim169::ImageKind;
use symbolon_crypto::UnixTime;
use symbolon_crypto::cose::NamedContentKey;
use symbolon_issuer::card::{CardMaterial, CardTexts, DraftedCard, FaceCode, FaceText, draft};
use symbolon_issuer::index::ShardId;
use symbolon_issuer::mapping::CredentialConfiguration;
use symbolon_issuer::record::{CalendarDate, IdRecord, PictureType};
use symbolon_issuer::store::{IssuanceOutcome, StoreError};

use super::types::{CardFormat, CardOrder, FaceOrder, PrintedCard};
use super::{Administration, AdministrationError};
use crate::card::{CardInput, Format, print};
use crate::setup::{CARD_QR_MAX_CHARACTERS, CodeCount, MIN_CARD_FACE_BYTES};

impl Administration {
    /// Books a card and returns the texts of its QR codes. A card that it replaces is revoked in the same commit.
    ///
    /// # Errors
    /// [`AdministrationError::UnknownRecord`], [`AdministrationError::UnknownConfiguration`], [`AdministrationError::Card`],
    /// [`AdministrationError::FaceKey`], [`AdministrationError::NotConfigured`] without a key for cards, or a failure of the store.
    /// [`AdministrationError::NotPublished`]: the card is booked and the old one revoked, the publication follows.
    pub async fn issue_card(&self, order: &CardOrder) -> Result<PrintedCard, AdministrationError> {
        let issuer = &self.issuer;
        let signer = issuer.setup.keys.cards.as_ref();
        let signer = signer.ok_or(AdministrationError::NotConfigured {
            what: "key for cards",
        })?;
        let configuration = self.card_configuration(order)?;
        let (codes, face_key) = self.codes(order)?;
        for _ in 0..MAX_ATTEMPTS {
            let record = issuer
                .store()
                .record(&order.record)
                .await?
                .ok_or(AdministrationError::UnknownRecord)?;
            let replaced = match &order.replaces {
                Some(id) => Some(
                    issuer
                        .store()
                        .credential(id)
                        .await?
                        .ok_or(AdministrationError::UnknownCredential)?,
                ),
                None => None,
            };
            let now = issuer.now();
            let place = issuer
                .allocator
                .allocate(issuer.store(), now, &*issuer.setup.randomness)
                .await?;
            let material = CardMaterial {
                profile: issuer.profile(),
                key: &signer.key,
                face: match (codes, &face_key) {
                    (CodeCount::One, _) => FaceCode::Beside,
                    (CodeCount::Two, None) => FaceCode::Second,
                    (CodeCount::Two, Some(key)) => FaceCode::SecondFor(key),
                },
                pictures: &*issuer.setup.pictures,
                secret: &issuer.secret,
                randomness: &*issuer.setup.randomness,
                now,
            };
            let drafted = draft(configuration, &record, place, replaced.as_ref(), &material)?;
            let face = self.face(&record, &drafted)?;
            let prepared = drafted.prepare(face)?;
            if prepared
                .sizes()?
                .iter()
                .any(|size| size.characters > CARD_QR_MAX_CHARACTERS)
            {
                return Err(AdministrationError::CardTooLarge);
            }
            let signatures = prepared
                .requests()
                .iter()
                .map(|request| signer.signature(request))
                .collect::<Result<_, _>>()?;
            let signed = prepared.finish(signatures, &*issuer.setup.randomness)?;
            // Drawn before it is booked: a name that no font writes must not leave a card in the books that nobody holds.
            let expires_at = signed.expires_at();
            let texts = signed.texts_to_draw().clone();
            let document = self.draw(&record, texts, expires_at, order.format).await?;
            let outcome = issuer.store().commit_issuance(signed.issuance().clone()).await?;
            match signed.release(outcome) {
                Ok(card) => {
                    issuer.events.notify_one();
                    let shard = replaced
                        .and_then(|replaced| replaced.value.status_index)
                        .map(|place| place.shard);
                    self.publish(shard).await?;
                    return Ok(PrintedCard {
                        credential: card.credential.id,
                        qr_text: card.texts.identity,
                        face_qr_text: card.texts.face.map(|face| face.as_str().to_owned()),
                        expires_at: card.credential.expires_at.seconds(),
                        document,
                    });
                }
                // The old card or the record was changed meanwhile: judge it again.
                Err(IssuanceOutcome::CredentialChanged) => {}
                Err(outcome) => return Err(AdministrationError::Outcome(outcome)),
            }
        }
        Err(StoreError::Contended { what: "credential" }.into())
    }

    async fn draw(
        &self,
        record: &IdRecord,
        texts: CardTexts,
        expires_at: Option<UnixTime>,
        format: CardFormat,
    ) -> Result<Vec<u8>, AdministrationError> {
        let fonts = self.issuer.fonts().await?;
        let (record, issuer) = (record.clone(), Arc::clone(&self.issuer));
        let drawn = tokio::task::spawn_blocking(move || {
            // A face that only the holders of a key are to see is not printed for everybody either.
            let shown = !matches!(texts.face, Some(FaceText::Encrypted(_)));
            let photo = record.picture(IdRecord::FACE_FIELD).filter(|_| shown);
            let photo = photo.map(|(_, bytes)| bytes);
            // `exp` is the first second in which the card is no longer valid.
            let last_second = expires_at.map(|time| time.minus(Duration::from_secs(1)));
            let valid_until = last_second.and_then(|time| CalendarDate::of(time).ok());
            let name = issuer.profile().name();
            let input = CardInput::of_record(&record, name, valid_until, photo.as_deref(), &texts);
            let format = match format {
                CardFormat::Pdf => Format::Pdf,
                CardFormat::Png => Format::Png,
            };
            print(&input, format, &fonts)
        });
        Ok(drawn.await.map_err(|_| AdministrationError::Interrupted)??)
    }

    fn card_configuration(&self, order: &CardOrder) -> Result<&CredentialConfiguration, AdministrationError> {
        let profile = self.issuer.profile();
        match &order.configuration {
            Some(id) => profile
                .configuration(id)
                .ok_or(AdministrationError::UnknownConfiguration),
            None => {
                let mut with_card = profile.configurations().values().filter(|found| found.has_card());
                match (with_card.next(), with_card.next()) {
                    (Some(only), None) => Ok(only),
                    _ => Err(AdministrationError::UnknownConfiguration),
                }
            }
        }
    }

    /// Which codes the card of an order has, and who may read the second.
    fn codes(
        &self,
        order: &CardOrder,
    ) -> Result<(CodeCount, Option<Arc<NamedContentKey>>), AdministrationError> {
        let configured = &self.issuer.setup.card_codes;
        Ok(match &order.face {
            None => (configured.count, configured.face_key.clone()),
            Some(FaceOrder::SecondCode) => (CodeCount::Two, configured.face_key.clone()),
            Some(FaceOrder::EncryptedFor(key)) => (CodeCount::Two, Some(Arc::new(key.read()?))),
        })
    }

    /// The face within the bytes that are left for it; `None` when the record has no picture, or the configuration has put one there.
    fn face(
        &self,
        record: &IdRecord,
        drafted: &DraftedCard<'_>,
    ) -> Result<Option<(ImageKind, Vec<u8>)>, AdministrationError> {
        if drafted.has_face() {
            return Ok(None);
        }
        let Some((kind, bytes)) = record.picture(IdRecord::FACE_FIELD) else {
            return Ok(None);
        };
        let budget = drafted
            .face_budget(CARD_QR_MAX_CHARACTERS, ImageKind::Webp)?
            .filter(|budget| *budget >= MIN_CARD_FACE_BYTES)
            .ok_or(AdministrationError::CardTooLarge)?;
        if bytes.len() <= budget && kind == PictureType::WebP {
            return Ok(Some((ImageKind::Webp, bytes)));
        }
        let fitted = self.issuer.setup.pictures.fit(kind, &bytes, budget);
        let fitted = fitted.map_err(|_| AdministrationError::CardTooLarge)?;
        Ok(Some((image_kind(fitted.kind), fitted.bytes)))
    }

    async fn publish(&self, shard: Option<ShardId>) -> Result<(), AdministrationError> {
        self.issuer
            .publish_changes(shard)
            .await
            .map_err(AdministrationError::NotPublished)
    }
}

const fn image_kind(kind: PictureType) -> ImageKind {
    match kind {
        PictureType::Png => ImageKind::Png,
        PictureType::Jpeg => ImageKind::Jpeg,
        PictureType::WebP => ImageKind::Webp,
    }
}

/// Each lost round means that somebody else changed the card to be replaced.
const MAX_ATTEMPTS: usize = 16;
