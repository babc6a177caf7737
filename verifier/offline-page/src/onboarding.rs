//! An operator's onboarding code: whom to believe and where to ask first, taken only where a person confirms it.

use serde::Serialize;
use sha2::{Digest as _, Sha256};
use symbolon_protocol::qr_transport::Onboarding;
use symbolon_trust::trust_list::RootOfTrust;

use crate::counter::Counter;
use crate::told::{Brought, Told};

/// What an onboarding code offers, for a person to compare and confirm. Nothing changes by it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct OfferedRoot {
    /// The fingerprint of the root of trust that the code names, as operators say it: six groups of five digits.
    pub fingerprint: String,
    /// That of the root of trust that this device believes, where it has one.
    pub own: Option<String>,
    /// Whether the two are the same.
    pub is_own: bool,
    /// The address of the index of packs.
    pub index: String,
    /// The scope to ask for; everything without it.
    pub scope: Option<String>,
}

/// Why a root of trust is not taken. The one before stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum OnboardingProblem {
    /// No code was read, or another person came since.
    #[error("there is no onboarding code to confirm")]
    NotOffered,
    /// What was typed is not the fingerprint that the code has.
    #[error("the fingerprint is another one")]
    OtherFingerprint,
    /// These bytes are not the root of trust that the code names.
    #[error("this is not the root of trust that the code names")]
    OtherRoot,
    /// They are, and cannot be read.
    #[error("the root of trust cannot be read")]
    Unreadable,
}

impl OnboardingProblem {
    /// The text of the page that says it.
    #[must_use]
    pub const fn text(self) -> &'static str {
        match self {
            Self::NotOffered => "join-again",
            Self::OtherFingerprint => "join-other-fingerprint",
            Self::OtherRoot => "join-other-root",
            Self::Unreadable => "root-unreadable",
        }
    }
}

/// The two digests by which an onboarding code may call a root of trust: of the file, and of the form in which it is published.
pub(crate) fn digests(file: &[u8], root: &RootOfTrust) -> [[u8; 32]; 2] {
    let published = root.to_json().unwrap_or_else(|_| file.to_vec());
    [file, &published].map(|bytes| Sha256::digest(bytes).into())
}

impl Counter {
    /// An onboarding code that was read. It changes nothing: a stranger may hold one before the camera at any time.
    pub(crate) fn offer(&mut self, onboarding: Onboarding) -> Told {
        let own = self.digests();
        let is_own = own.is_some_and(|own| own.contains(&onboarding.root_of_trust));
        let published = own.map(|[_, published]| published);
        let offered = OfferedRoot {
            fingerprint: onboarding.fingerprint(),
            own: published.map(|digest| fingerprint_of(&onboarding, digest)),
            is_own,
            index: onboarding.index.clone(),
            scope: onboarding.scope.clone(),
        };
        self.offered = Some(onboarding);
        let told = match (is_own, own) {
            (true, _) => Told::note("root-confirmed"),
            (false, Some(_)) => Told::problem("root-of-another"),
            (false, None) => Told::nothing(),
        };
        Told {
            brought: Some(Brought::Onboarding(offered)),
            ..told
        }
    }

    /// What an onboarding code may call the root of trust of this device by, as operators say it.
    #[must_use]
    pub fn spoken_fingerprint(&self) -> Option<String> {
        let [_, root_of_trust] = self.digests()?;
        let onboarding = Onboarding {
            index: String::new(),
            root_of_trust,
            scope: None,
        };
        Some(onboarding.fingerprint())
    }

    /// Whether a person has confirmed the code that was read last: by typing the fingerprint as the operator says it, or, where it names the root of
    /// trust that is believed already, by agreeing to its address alone.
    ///
    /// # Errors
    /// [`OnboardingProblem`].
    pub fn confirm(&self, said: &str) -> Result<(), OnboardingProblem> {
        let offered = self.offered.as_ref().ok_or(OnboardingProblem::NotOffered)?;
        let is_own = self
            .digests()
            .is_some_and(|own| own.contains(&offered.root_of_trust));
        let digits = |text: &str| text.chars().filter(char::is_ascii_digit).collect::<String>();
        if is_own || digits(said) == digits(&offered.fingerprint()) {
            Ok(())
        } else {
            Err(OnboardingProblem::OtherFingerprint)
        }
    }

    /// Whether these bytes, from wherever they came, are the root of trust that the confirmed code names: then the page keeps what is answered in
    /// place of the one before, and begins anew with it.
    ///
    /// # Errors
    /// [`OnboardingProblem`].
    pub fn join(&self, said: &str, root_of_trust: &[u8]) -> Result<Vec<u8>, OnboardingProblem> {
        self.confirm(said)?;
        let offered = self.offered.as_ref().ok_or(OnboardingProblem::NotOffered)?;
        let is_named = |bytes: &[u8]| <[u8; 32]>::from(Sha256::digest(bytes)) == offered.root_of_trust;
        let parsed = RootOfTrust::parse(root_of_trust);
        if is_named(root_of_trust) {
            return match parsed {
                Ok(_) => Ok(root_of_trust.to_vec()),
                Err(_) => Err(OnboardingProblem::Unreadable),
            };
        }
        // A file that somebody has laid out anew.
        let published = parsed.ok().and_then(|root| root.to_json().ok());
        let published = published.filter(|bytes| is_named(bytes));
        published.ok_or(OnboardingProblem::OtherRoot)
    }
}

fn fingerprint_of(like: &Onboarding, root_of_trust: [u8; 32]) -> String {
    let own = Onboarding {
        root_of_trust,
        ..like.clone()
    };
    own.fingerprint()
}
