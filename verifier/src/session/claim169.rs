//! Claim 169: a card that its photo binds (MOSIP QR code 1.2.0; RFC 8392).

use serde_json::{Map, Value};
use symbolon_credential::claim169::{Gender, IdentityData, MaritalStatus, ParsedClaim169};

use super::context::Context;
use super::judged::{Judged, Permission, StatusSource};
use super::photo;
use crate::report::{Check, CheckName, CheckOutcome, CredentialFormat, Holder, Reason};

pub(super) fn judge<'a>(context: &Context<'_>, card: ParsedClaim169) -> Judged<'a> {
    let mut judged = Judged::nothing(CredentialFormat::Claim169);
    let trust_list = context.trust_list_check();
    if trust_list.outcome != CheckOutcome::Passed {
        return judged.without_trust_list(trust_list);
    }
    judged.trusted.checks.push(trust_list);
    let issuer = card
        .unverified_issuer()
        .and_then(|issuer| context.evidence.trust_list().issuer(issuer));
    let Some(issuer) = issuer else {
        return judged.not_listed();
    };
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
    judged
}

/// The attributes by name, for a page. Biometrics but the face stay where they are.
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
    attributes
        .into_iter()
        .filter_map(|(name, value)| value.map(|value| (name.to_owned(), Value::from(value))))
        .collect()
}
