//! A credential against the rules of its type (draft-25 §4.5).

use std::collections::HashSet;

use serde_json::Value;
use thiserror::Error;

use super::{ClaimMetadata, SelectiveDisclosure, TypeMetadata};
use crate::claims_path::{ClaimsPath, PathPart};
use crate::sd_jwt::{Gaps, ProcessedClaims};
use crate::sd_jwt_vc::read::SdJwtVc;

/// Which claims of a credential are at hand.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum CredentialView {
    /// All: as issued.
    Issued,
    /// What the holder chose to show: a claim that may be withheld may be missing.
    Presented,
}

/// Where a credential breaks the rules of its type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum TypeMetadataRejected {
    /// It is of another type.
    #[error("the type metadata is for another type")]
    OtherType,
    /// A path leads through a claim that is no object or array where it must be one.
    #[error("claim {position} of the type metadata does not fit the credential's claims")]
    PathDoesNotFit {
        /// Its place in [`TypeMetadata::claims`].
        position: usize,
    },
    /// A claim is missing.
    #[error("the mandatory claim {position} of the type metadata is missing")]
    MandatoryClaimMissing {
        /// Its place in [`TypeMetadata::claims`].
        position: usize,
    },
    /// A claim is signed in the clear that must be selectively disclosable.
    #[error("claim {position} of the type metadata must be selectively disclosable")]
    NotSelective {
        /// Its place in [`TypeMetadata::claims`].
        position: usize,
    },
    /// A claim is selectively disclosable that must be signed in the clear.
    #[error("claim {position} of the type metadata must not be selectively disclosable")]
    Selective {
        /// Its place in [`TypeMetadata::claims`].
        position: usize,
    },
}

impl TypeMetadata {
    /// Checks a credential against the rules of its type.
    ///
    /// # Errors
    /// [`TypeMetadataRejected`].
    pub fn check(&self, credential: &SdJwtVc<'_>, view: CredentialView) -> Result<(), TypeMetadataRejected> {
        if self.vct != *credential.vct() {
            return Err(TypeMetadataRejected::OtherType);
        }
        let walk = Walk {
            processed: credential.processed(),
            view,
        };
        let disclosed: HashSet<&[PathPart]> = (walk.processed.disclosed.iter())
            .map(|claim| claim.path.parts())
            .collect();
        for (position, claim) in self.claims.iter().enumerate() {
            let selected = walk
                .select(&claim.path)
                .map_err(|_| TypeMetadataRejected::PathDoesNotFit { position })?;
            if selected.places.is_empty() && claim.mandatory && !selected.may_be_withheld(claim) {
                return Err(TypeMetadataRejected::MandatoryClaimMissing { position });
            }
            for place in &selected.places {
                let is_selective = match place {
                    Place::Shown { path, .. } => disclosed.contains(path.as_slice()),
                    Place::Withheld => true,
                };
                match (claim.sd, is_selective) {
                    (SelectiveDisclosure::Always, false) => {
                        return Err(TypeMetadataRejected::NotSelective { position });
                    }
                    (SelectiveDisclosure::Never, true) => {
                        return Err(TypeMetadataRejected::Selective { position });
                    }
                    _ => {}
                }
            }
        }
        Ok(())
    }
}

/// What a path selects from a credential as it was issued, as far as that can be seen.
struct Selected<'c> {
    places: Vec<Place<'c>>,
    /// Something that the path leads through may be withheld.
    parent_may_be_withheld: bool,
    /// What the path names may itself be withheld.
    claim_may_be_withheld: bool,
}

enum Place<'c> {
    /// A claim, and where it is in the processed claims.
    Shown { path: Vec<PathPart>, value: &'c Value },
    /// An array element that was not disclosed: it is there, and nobody can see into it.
    Withheld,
}

impl Selected<'_> {
    /// Whether the claim may be in the credential all the same: a claim that must be in the clear cannot hide behind a
    /// digest of its own.
    fn may_be_withheld(&self, claim: &ClaimMetadata) -> bool {
        self.parent_may_be_withheld || self.claim_may_be_withheld && claim.sd != SelectiveDisclosure::Never
    }
}

/// A path meets an object where it names an element, or the like.
struct DoesNotFit;

struct Walk<'c> {
    processed: &'c ProcessedClaims,
    view: CredentialView,
}

impl<'c> Walk<'c> {
    /// Follows a path. Places in arrays are those of the arrays as issued: elements that were not disclosed count.
    fn select(&self, path: &ClaimsPath) -> Result<Selected<'c>, DoesNotFit> {
        let mut selected = Selected {
            places: Vec::new(),
            parent_may_be_withheld: false,
            claim_may_be_withheld: false,
        };
        let last = path.parts().len().saturating_sub(1);
        for (position, part) in path.parts().iter().enumerate() {
            let mut next = Vec::new();
            let mut may_be_withheld = false;
            if position == 0 {
                let PathPart::Key(key) = part else {
                    return Err(DoesNotFit);
                };
                match self.processed.claims.get(key) {
                    Some(value) => next.push(shown(&[], part.clone(), value)),
                    None => may_be_withheld = self.has_gap(&[]),
                }
            }
            for place in core::mem::take(&mut selected.places) {
                match place {
                    Place::Shown { path, value } => {
                        may_be_withheld |= self.step(&path, value, part, &mut next)?;
                    }
                    // Whatever is in it.
                    Place::Withheld => selected.parent_may_be_withheld = true,
                }
            }
            if position == last {
                selected.claim_may_be_withheld |= may_be_withheld;
            } else {
                selected.parent_may_be_withheld |= may_be_withheld;
            }
            selected.places = next;
        }
        Ok(selected)
    }

    /// One step from one place; whether what is missing there may be withheld.
    fn step(
        &self,
        path: &[PathPart],
        value: &'c Value,
        part: &PathPart,
        next: &mut Vec<Place<'c>>,
    ) -> Result<bool, DoesNotFit> {
        if let PathPart::Key(key) = part {
            let object = value.as_object().ok_or(DoesNotFit)?;
            return Ok(match object.get(key) {
                Some(member) => {
                    next.push(shown(path, part.clone(), member));
                    false
                }
                None => self.has_gap(path),
            });
        }
        let array = value.as_array().ok_or(DoesNotFit)?;
        let missing = self.missing(path);
        let mut missing_left = missing.iter().copied().peekable();
        let mut elements = (0_u64..).zip(array);
        for issued in 0_u64.. {
            let place = if missing_left.next_if_eq(&issued).is_some() {
                if self.view == CredentialView::Issued {
                    // All disclosures are at hand, so this digest is a decoy: nothing was ever there.
                    continue;
                }
                Place::Withheld
            } else if let Some((index, element)) = elements.next() {
                shown(path, PathPart::Index(index), element)
            } else {
                break;
            };
            if *part == PathPart::All || *part == PathPart::Index(issued) {
                next.push(place);
            }
        }
        Ok(false)
    }

    /// The places of the elements that are missing.
    fn missing(&self, path: &[PathPart]) -> &'c [u64] {
        let arrays = &self.gaps().arrays;
        let missing = arrays.iter().find(|(array, _)| array == path);
        missing.map_or(&[], |(_, missing)| missing.as_slice())
    }

    fn has_gap(&self, path: &[PathPart]) -> bool {
        self.view == CredentialView::Presented && self.gaps().objects.iter().any(|object| object == path)
    }

    fn gaps(&self) -> &'c Gaps {
        &self.processed.gaps
    }
}

fn shown<'c>(parent: &[PathPart], part: PathPart, value: &'c Value) -> Place<'c> {
    Place::Shown {
        path: [parent, &[part]].concat(),
        value,
    }
}
