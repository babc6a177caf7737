//! What a holder shows ([RFC 9901 §7.2](https://www.rfc-editor.org/rfc/rfc9901.html#section-7.2)).

use thiserror::Error;

use super::digest::DigestAlgorithm;
use super::disclosure::Disclosure;
use super::key_binding::{KeyBindingClaims, PreparedKeyBinding};
use super::parse::SdJwt;
use super::process::{ProcessError, ProcessedClaims, process};
use crate::claims_path::{ClaimsPath, PathPart, PathSelectionError};

/// Why a selection cannot be made.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum SelectError {
    /// The SD-JWT does not hold together.
    #[error(transparent)]
    Process(#[from] ProcessError),
    /// A path selects nothing.
    #[error("path {position} selects none of the claims")]
    NothingSelected {
        /// Which of the paths, from zero.
        position: usize,
        /// What the path met.
        #[source]
        source: PathSelectionError,
    },
    /// The SD-JWT is bound to a verifier already.
    #[error("an SD-JWT with a key binding cannot be presented again")]
    AlreadyBound,
}

/// An SD-JWT with only the disclosures that are to be shown.
#[derive(Clone)]
pub struct Selection<'s> {
    issuer_jwt: &'s str,
    disclosures: Vec<&'s str>,
    digest_algorithm: DigestAlgorithm,
}

/// Selects what `paths` ask for: the claims themselves, with everything in them, and the parents without which they
/// cannot be shown. What is disclosed always needs no path.
///
/// # Errors
/// [`SelectError`]; a path that selects nothing is an error and not an empty answer.
pub fn select<'s>(sd_jwt: &'s SdJwt<'_>, paths: &[ClaimsPath]) -> Result<Selection<'s>, SelectError> {
    select_processed(sd_jwt, &process(sd_jwt)?, paths)
}

/// As [`select`], with what [`process`] made of the same SD-JWT, so that it is not processed twice.
///
/// # Errors
/// [`SelectError`].
pub fn select_processed<'s>(
    sd_jwt: &'s SdJwt<'_>,
    processed: &ProcessedClaims,
    paths: &[ClaimsPath],
) -> Result<Selection<'s>, SelectError> {
    if sd_jwt.key_binding().is_some() {
        return Err(SelectError::AlreadyBound);
    }
    let mut shown = vec![false; sd_jwt.disclosures().len()];
    for (position, path) in paths.iter().enumerate() {
        let nothing = |source| SelectError::NothingSelected { position, source };
        let mut show = |selected: &ClaimsPath| {
            for disclosed in &processed.disclosed {
                if selected.agrees_with(&disclosed.path)
                    && let Some(shown) = shown.get_mut(disclosed.disclosure)
                {
                    *shown = true;
                }
            }
        };
        if path.parts().contains(&PathPart::All) {
            let selected = path.select_with_paths(&processed.claims).map_err(nothing)?;
            selected.iter().for_each(|claim| show(&claim.path));
        } else {
            // It selects one place, and is the path to it.
            path.check(|name| processed.claims.get(name)).map_err(nothing)?;
            show(path);
        }
    }
    let disclosures = sd_jwt.disclosures().iter().zip(shown).filter(|(_, shown)| *shown);
    Ok(Selection {
        issuer_jwt: sd_jwt.issuer_jwt_text(),
        disclosures: disclosures
            .map(|(disclosure, _)| Disclosure::encoded(disclosure))
            .collect(),
        digest_algorithm: sd_jwt.digest_algorithm(),
    })
}

impl Selection<'_> {
    /// How many disclosures are shown.
    #[must_use]
    pub fn len(&self) -> usize {
        self.disclosures.len()
    }

    /// Whether nothing but what is disclosed always is shown.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.disclosures.is_empty()
    }

    /// The SD-JWT without a key binding. A verifier can then only compare the holder by eye, and anybody who sees the
    /// presentation can show it again.
    #[must_use]
    pub fn without_key_binding(&self) -> String {
        self.text(0)
    }

    /// Prepares the key binding JWT over exactly this selection.
    #[must_use]
    pub fn prepare_key_binding(&self, claims: &KeyBindingClaims) -> PreparedKeyBinding {
        PreparedKeyBinding::new(
            self.text(PreparedKeyBinding::USUAL_BYTES),
            self.digest_algorithm,
            claims,
        )
    }

    fn text(&self, spare: usize) -> String {
        let length: usize = self
            .disclosures
            .iter()
            .map(|text| text.len().saturating_add(1))
            .sum();
        let mut text = String::with_capacity(self.issuer_jwt.len() + length + 1 + spare);
        text.push_str(self.issuer_jwt);
        for disclosure in &self.disclosures {
            text.push('~');
            text.push_str(disclosure);
        }
        text.push('~');
        text
    }
}
