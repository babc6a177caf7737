//! The codes of a printed card, judged together.
//!
//! A card may have one code that says who somebody is and another that shows the face. Each is a credential of its own and is judged as
//! one. What neither can say is that they belong together, and only that lets the face stand for the name: otherwise the face of one
//! person passes beside the name of another. They are of one card when they name one issuer and share a place in its status list, a
//! subject or an identifier, and contradict each other nowhere.

use symbolon_credential::Verified;
use symbolon_credential::claim169::{Cwt, join};

use crate::policy::HolderPolicy;
use crate::report::{Check, CheckName, Holder, Reason, Report, Status, Verdict};

/// How many codes are compared with each other: as many as are read from one picture.
pub const MAX_CODES_TOGETHER: usize = 16;

/// One credential that was judged, and, where it is a code of a card that is believed, what it says.
/// [`VerificationSession::into_code`](crate::VerificationSession::into_code) makes it.
#[derive(Debug, Clone)]
pub struct JudgedCode {
    pub(crate) report: Report,
    pub(crate) card: Option<Box<Verified<Cwt>>>,
    pub(crate) holder: HolderPolicy,
}

impl JudgedCode {
    /// The report about it alone.
    #[must_use]
    pub const fn report(&self) -> &Report {
        &self.report
    }

    /// The report about it alone.
    #[must_use]
    pub fn into_report(self) -> Report {
        self.report
    }

    /// Whether it says who somebody is and leaves open what they look like.
    fn lacks_face(&self) -> bool {
        self.card
            .as_ref()
            .is_some_and(|card| card.identity.face().is_none())
    }

    fn has_face(&self) -> bool {
        self.card
            .as_ref()
            .is_some_and(|card| card.identity.face().is_some())
    }

    /// Whether it shows a face and does not say whose, so that it means nothing without another code.
    fn is_face_alone(&self) -> bool {
        self.has_face()
            && self.card.as_ref().is_some_and(|card| {
                let identity = &card.identity;
                let names = [
                    &identity.full_name,
                    &identity.first_name,
                    &identity.last_name,
                    &identity.second_full_name,
                ];
                names.iter().all(|name| name.is_none()) && identity.date_of_birth.is_none()
            })
    }

    fn is_one_card_with(&self, other: &Self) -> bool {
        match (&self.card, &other.card) {
            (Some(one), Some(other)) => join((**one).clone(), (**other).clone()).is_ok(),
            _ => false,
        }
    }

    /// Takes the photo of `face`, a code of the same card.
    fn show_face_of(&mut self, face: &Report) {
        let holder = &mut self.report.holder;
        holder.checks.retain(|check| check.name != CheckName::Photo);
        holder.checks.push(Check::passed(CheckName::CardCodes));
        let usable = match face.verdict {
            Verdict::Valid | Verdict::Genuine => true,
            // Of neither the status is known: then the photo is no worse than the name.
            Verdict::Unknown => self.report.status.state == Status::Unknown,
            Verdict::Invalid => false,
        };
        if usable && face.photo.is_some() {
            holder.state = Holder::CompareByEye;
            holder.checks.push(Check::passed(CheckName::Photo));
            self.report.photo.clone_from(&face.photo);
            self.report.as_of = self.report.as_of.min(face.as_of);
        } else {
            holder
                .checks
                .push(Check::absent(CheckName::Photo, Reason::EvidenceRefused));
        }
        self.judge_again();
    }

    /// A face was shown with it that is another card's, or it is a face that was shown with another card's name.
    fn refute(&mut self) {
        let holder = &mut self.report.holder;
        holder.state = Holder::Refuted;
        holder.checks.retain(|check| check.name != CheckName::Photo);
        holder
            .checks
            .push(Check::failed(CheckName::CardCodes, Reason::OtherCard));
        self.report.photo = None;
        self.judge_again();
    }

    fn judge_again(&mut self) {
        let report = &mut self.report;
        report.verdict = Verdict::judge(
            report.authentic.state,
            report.trusted.state,
            report.status.state,
            report.holder.state,
            self.holder,
        );
    }
}

/// Judges together what was shown together: a code that lacks a face takes the photo of the code of its card that shows one. A face that is
/// of none of the cards beside it is refuted, and so is a name that was shown with such a face in place of its own. Everything else stays as
/// it was judged alone, in its order.
#[must_use]
pub fn judge_together(mut codes: Vec<JudgedCode>) -> Vec<Report> {
    let considered = codes.get(..MAX_CODES_TOGETHER).unwrap_or(&codes);
    let orphan = |face: &&JudgedCode| {
        face.is_face_alone()
            && !considered
                .iter()
                .any(|name| !name.has_face() && name.is_one_card_with(face))
    };
    let (has_orphans, has_names) = (
        considered.iter().any(|face| orphan(&face)),
        considered.iter().any(JudgedCode::lacks_face),
    );
    let change = |code: &JudgedCode| {
        if code.lacks_face() {
            let mut faces = considered.iter().filter(|face| face.has_face());
            match faces.find(|face| code.is_one_card_with(face)) {
                Some(face) => Change::ShowFace(Box::new(face.report.clone())),
                None if has_orphans => Change::Refute,
                None => Change::Keep,
            }
        } else if has_names && orphan(&code) {
            Change::Refute
        } else {
            Change::Keep
        }
    };
    let changes: Vec<Change> = considered.iter().map(change).collect();
    for (code, change) in codes.iter_mut().zip(changes) {
        match change {
            Change::ShowFace(face) => code.show_face_of(&face),
            Change::Refute => code.refute(),
            Change::Keep => {}
        }
    }
    codes.into_iter().map(JudgedCode::into_report).collect()
}

/// What judging together changes about a code.
enum Change {
    Keep,
    ShowFace(Box<Report>),
    Refute,
}
