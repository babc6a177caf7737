//! Claim 169: a card that its photo binds (MOSIP QR code 1.2.0; RFC 8392).

use serde_json::{Map, Value};
use symbolon_credential::claim169::{
    BiometricPart, Gender, IdentityData, LockedClaim169, MaritalStatus, ParsedClaim169, UnlockError,
};

use super::context::Context;
use super::judged::{Judged, Permission, StatusSource};
use super::photo;
use crate::report::{Authentic, Check, CheckName, CheckOutcome, CredentialFormat, Holder, Reason, Trusted};

/// Judges a code that only the holders of a key can read.
pub(super) fn judge_locked<'a>(context: &Context<'_>, card: &LockedClaim169) -> Judged<'a> {
    match card.unlock_with(context.evidence.content_keys()) {
        Ok(opened) => {
            let mut judged = judge(context, opened);
            judged
                .authentic
                .checks
                .insert(0, Check::passed(CheckName::Decryption));
            judged
        }
        // It names the key that was tried: somebody changed it, or the key is another's of the same name.
        Err(UnlockError::WrongKey) if card.key_id().is_some() => {
            Judged::nothing(CredentialFormat::Claim169).broken(CheckName::Decryption, Reason::DoesNotOpen)
        }
        Err(UnlockError::Content(_)) => {
            Judged::nothing(CredentialFormat::Claim169).broken(CheckName::IssuerSignature, Reason::Malformed)
        }
        Err(_) => not_opened(),
    }
}

/// A code for other readers than this one. That says nothing against it.
fn not_opened<'a>() -> Judged<'a> {
    let mut judged = Judged::nothing(CredentialFormat::Claim169);
    judged.authentic.state = Authentic::Unknown;
    judged.authentic.checks.extend([
        Check::absent(CheckName::Decryption, Reason::KeyNotAtHand),
        Check::absent(CheckName::IssuerSignature, Reason::NotReached),
    ]);
    judged.trusted.state = Trusted::Unknown;
    judged
        .trusted
        .checks
        .push(Check::absent(CheckName::IssuerListed, Reason::NotReached));
    judged
        .holder
        .checks
        .push(Check::absent(CheckName::Photo, Reason::NotReached));
    judged
}

pub(super) fn judge<'a>(context: &Context<'_>, card: ParsedClaim169) -> Judged<'a> {
    let mut judged = Judged::nothing(CredentialFormat::Claim169);
    let trust_list = context.trust_list_check();
    if trust_list.outcome != CheckOutcome::Passed {
        return judged.without_trust_list(trust_list);
    }
    judged.trusted.checks.push(trust_list);
    let issuer = card
        .unverified_issuer()
        .and_then(|issuer| context.issuer_for(CredentialFormat::Claim169, issuer));
    let Some(issuer) = issuer else {
        return judged.not_listed();
    };
    if let Err(check) = context.judge_source(&mut judged, issuer) {
        return judged.without_trust_list(check);
    }
    judged.trusted.checks.push(Check::passed(CheckName::IssuerListed));

    // The key comes from the trust list alone, where it stands under this issuer; what the card says about keys only
    // helps to find it.
    let Some(key) = issuer.claim169_key(card.key_id()) else {
        return judged.not_authentic(CheckName::IssuerKey, Reason::Missing);
    };
    judged.authentic.checks.push(Check::passed(CheckName::IssuerKey));
    let Ok(card) = card.verify(&key, context.tools.crypto) else {
        return judged.not_authentic(CheckName::IssuerSignature, Reason::WrongSignature);
    };
    judged
        .authentic
        .checks
        .push(Check::passed(CheckName::IssuerSignature));
    judged.judge_period(context, &card.validity);
    // To list a key for these codes is to permit them.
    judged.judge_permission(issuer, Permission::Granted);
    judged.status = StatusSource::Token(card.status.clone());
    judged.claims = claims(&card.identity);
    judged.photo = card.identity.face().and_then(photo::of_picture);

    // A printed code can be copied by whoever sees it: no key binds it, whatever claims it carries.
    let (state, check) = match judged.photo {
        Some(_) => (Holder::CompareByEye, Check::passed(CheckName::Photo)),
        None => (Holder::NotBound, Check::absent(CheckName::Photo, Reason::Missing)),
    };
    judged.holder.state = state;
    judged.holder.checks.push(check);
    judged.card = Some(Box::new(card));
    judged
}

/// The attributes by name, for a page. Of biometrics it says which there are; the captures themselves stay where they are.
fn claims(identity: &IdentityData) -> Map<String, Value> {
    let gender = identity.gender.map(|gender| match gender {
        Gender::Male => "male",
        Gender::Female => "female",
        Gender::Other => "other",
    });
    let marital_status = identity.marital_status.map(|status| match status {
        MaritalStatus::Unmarried => "unmarried",
        MaritalStatus::Married => "married",
        MaritalStatus::Divorced => "divorced",
    });
    let date_of_birth = identity
        .date_of_birth
        .map(|date| format!("{:04}-{:02}-{:02}", date.year(), date.month(), date.day()));
    let attributes = [
        ("id", identity.id.as_deref()),
        ("version", identity.version.as_deref()),
        ("full_name", identity.full_name.as_deref()),
        ("first_name", identity.first_name.as_deref()),
        ("middle_name", identity.middle_name.as_deref()),
        ("last_name", identity.last_name.as_deref()),
        ("language", identity.language.as_deref()),
        ("second_full_name", identity.second_full_name.as_deref()),
        ("second_language", identity.second_language.as_deref()),
        ("date_of_birth", date_of_birth.as_deref()),
        ("gender", gender),
        ("address", identity.address.as_deref()),
        ("email", identity.email.as_deref()),
        ("phone", identity.phone.as_deref()),
        ("nationality", identity.nationality.as_deref()),
        ("marital_status", marital_status),
        ("guardian", identity.guardian.as_deref()),
        ("location_code", identity.location_code.as_deref()),
        ("legal_status", identity.legal_status.as_deref()),
        ("country_of_issuance", identity.country_of_issuance.as_deref()),
    ];
    let texts = attributes
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name.to_owned(), Value::from(value))));
    let mut claims: Map<String, Value> = texts.collect();
    let fingers = identity.best_quality_fingers.iter().map(|finger| finger.code());
    let captured = identity.biometrics.keys().map(|part| name(*part));
    for (name, list) in [
        (
            "best_quality_fingers",
            fingers.map(Value::from).collect::<Vec<_>>(),
        ),
        ("biometrics", captured.map(Value::from).collect()),
    ] {
        if !list.is_empty() {
            claims.insert(name.to_owned(), Value::Array(list));
        }
    }
    claims
}

const fn name(part: BiometricPart) -> &'static str {
    match part {
        BiometricPart::RightThumb => "right_thumb",
        BiometricPart::RightPointerFinger => "right_pointer_finger",
        BiometricPart::RightMiddleFinger => "right_middle_finger",
        BiometricPart::RightRingFinger => "right_ring_finger",
        BiometricPart::RightLittleFinger => "right_little_finger",
        BiometricPart::LeftThumb => "left_thumb",
        BiometricPart::LeftPointerFinger => "left_pointer_finger",
        BiometricPart::LeftMiddleFinger => "left_middle_finger",
        BiometricPart::LeftRingFinger => "left_ring_finger",
        BiometricPart::LeftLittleFinger => "left_little_finger",
        BiometricPart::RightIris => "right_iris",
        BiometricPart::LeftIris => "left_iris",
        BiometricPart::Face => "face",
        BiometricPart::RightPalm => "right_palm",
        BiometricPart::LeftPalm => "left_palm",
        BiometricPart::Voice => "voice",
    }
}
