//! What a person reads of a report.

use core::time::Duration;

use symbolon_crypto::UnixTime;
use symbolon_verifier::report::{
    Authentic, Check, CheckName, CheckOutcome, Holder, PhotoType, Reason, Report, Standing, Status, Trusted,
    Verdict, Warning,
};

use crate::claims::{Claim, read};

/// A report as the page shows it. Texts are keys, which the page says in its language.
pub struct Shown {
    report: Report,
    now: UnixTime,
}

/// How long ago something was, as roughly as a person says it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Age {
    pub(crate) key: &'static str,
    pub(crate) count: u64,
}

/// One check, for whoever opens the details.
pub(crate) struct ShownCheck<'a> {
    pub(crate) outcome: &'static str,
    pub(crate) name: String,
    pub(crate) reason: Option<String>,
    pub(crate) section: &'a str,
}

impl Shown {
    /// What is shown of a report at `now`.
    #[must_use]
    pub const fn of(report: Report, now: UnixTime) -> Self {
        Self { report, now }
    }

    pub(crate) const fn report(&self) -> &Report {
        &self.report
    }

    /// The word that counts of several: what is refused counts most.
    #[must_use]
    pub fn worst(shown: &[Self]) -> &'static str {
        let verdicts = shown.iter().map(|shown| shown.report.verdict);
        let worst = verdicts.max_by_key(|verdict| verdict.severity());
        worst.map_or("unreadable", Verdict::as_str)
    }

    /// Whether it is the code of a card that shows no face, so that another code of the card may.
    #[must_use]
    pub fn lacks_face(&self) -> bool {
        let report = &self.report;
        report.holder.state == Holder::NotBound
            && report.checks().any(|check| {
                check.name == CheckName::Photo && matches!(check.outcome, CheckOutcome::Absent { .. })
            })
    }

    /// The key of the sentence that says why, with what to do.
    pub(crate) fn sentence(&self) -> &'static str {
        let report = &self.report;
        match report.verdict {
            Verdict::Valid => "why-valid",
            Verdict::Genuine => "why-genuine",
            Verdict::Invalid => refusal(report),
            Verdict::Unknown => doubt(report),
        }
    }

    /// The face, as a `data:` URL; the media type is one of a list and the rest is base64.
    pub(crate) fn photo(&self) -> Option<String> {
        let photo = self.report.photo.as_ref()?;
        (photo.media_type != PhotoType::Jpeg2000)
            .then(|| format!("data:{};base64,{}", photo.media_type.as_str(), photo.base64))
    }

    /// Whether there is a face that browsers do not show.
    pub(crate) fn has_hidden_photo(&self) -> bool {
        let photo = self.report.photo.as_ref();
        photo.is_some_and(|photo| photo.media_type == PhotoType::Jpeg2000)
    }

    pub(crate) fn claims(&self) -> Vec<Claim> {
        read(&self.report.claims)
    }

    /// How old the knowledge of the status is.
    pub(crate) fn age(&self) -> Option<Age> {
        let as_of = self.report.as_of?;
        Some(age(self.now.since(as_of)))
    }

    /// The warnings: the key, and the time that it speaks of.
    pub(crate) fn warnings(&self) -> Vec<(&'static str, Option<UnixTime>)> {
        let text = |warning: &Warning| match *warning {
            Warning::TrustListInGrace { expired_at } => ("warning-trust-list", Some(expired_at)),
            Warning::PackInGrace { expired_at } => ("warning-pack", Some(expired_at)),
            Warning::StatusInGrace { expired_at } => ("warning-status", Some(expired_at)),
            Warning::StatusOld { fresh_until } => ("warning-status-old", Some(fresh_until)),
            Warning::CertificateRevoked { revoked_at, .. } => ("warning-certificate", Some(revoked_at)),
            Warning::PackRefused => ("warning-pack-refused", None),
        };
        self.report.warnings.iter().map(text).collect()
    }

    pub(crate) fn checks(&self) -> Vec<ShownCheck<'_>> {
        self.report.checks().map(shown_check).collect()
    }
}

fn shown_check(check: &Check) -> ShownCheck<'_> {
    let (outcome, reason) = match check.outcome {
        CheckOutcome::Passed => ("passed", None),
        CheckOutcome::Failed { reason } => ("failed", Some(reason)),
        CheckOutcome::Absent { reason } => ("absent", Some(reason)),
    };
    ShownCheck {
        outcome,
        name: words(&check.name),
        reason: reason.map(|reason| words(&reason)),
        section: &check.section,
    }
}

/// The name of a check as the report's JSON writes it, with spaces. The details are for whoever reads specifications, and stay English.
#[must_use]
pub fn words(value: &impl serde::Serialize) -> String {
    match serde_json::to_value(value) {
        Ok(serde_json::Value::String(text)) => text.replace('_', " "),
        _ => String::new(),
    }
}

/// Why it is refused: what is most plainly wrong first.
fn refusal(report: &Report) -> &'static str {
    if report.failed_because(Reason::OtherCard) {
        return "why-other-card";
    }
    match report.status.state {
        Status::Revoked => return "why-revoked",
        Status::Suspended => return "why-suspended",
        _ => {}
    }
    let not_authentic = report.authentic.state == Authentic::NotAuthentic;
    let of_nobody_trusted = [
        Reason::UnknownIssuer,
        Reason::NoChainToAnchor,
        Reason::TypeNotAllowed,
        Reason::CertificateRevoked,
    ];
    if of_nobody_trusted
        .iter()
        .any(|reason| report.failed_because(*reason))
    {
        "why-issuer"
    } else if not_authentic && report.failed_because(Reason::Expired) {
        "why-expired"
    } else if not_authentic && report.failed_because(Reason::NotYetValid) {
        "why-not-yet"
    } else if not_authentic {
        "why-forged"
    } else if report.trusted.state == Trusted::NotTrusted {
        "why-issuer"
    } else if report.holder.state == Holder::Refuted {
        "why-holder"
    } else {
        "why-refused"
    }
}

/// Why it cannot be told.
fn doubt(report: &Report) -> &'static str {
    if report.checks().any(|check| {
        check.outcome
            == CheckOutcome::Absent {
                reason: Reason::KeyNotAtHand,
            }
    }) {
        return "why-locked";
    }
    if report.trusted.state == Trusted::Unknown {
        return "why-no-trust-list";
    }
    match (report.standing(), report.holder.state) {
        (Standing::NotCovered, _) => "why-not-covered",
        (Standing::TooOld, _) => "why-status-old",
        (Standing::NotKnown, _) => "why-status-unknown",
        (Standing::WithoutStatus, _) => "why-without-status",
        (_, Holder::NotBound) => "why-no-photo",
        (_, Holder::NotChecked) => "why-not-asked",
        _ => "why-unknown",
    }
}

fn age(ago: Duration) -> Age {
    let minutes = ago.as_secs() / 60;
    match minutes {
        0..60 => Age {
            key: "age-minutes",
            count: minutes,
        },
        60..2_880 => Age {
            key: "age-hours",
            count: minutes / 60,
        },
        _ => Age {
            key: "age-days",
            count: minutes / 1_440,
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_age_is_told_in_the_unit_that_people_use() {
        let told = |seconds| {
            let age = age(Duration::from_secs(seconds));
            (age.key, age.count)
        };
        assert_eq!(told(59), ("age-minutes", 0));
        assert_eq!(told(3_599), ("age-minutes", 59));
        assert_eq!(told(47 * 3_600), ("age-hours", 47));
        assert_eq!(told(48 * 3_600), ("age-days", 2));
    }
}
