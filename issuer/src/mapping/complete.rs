//! Whether a record gives a credential of a configuration at all, asked before anybody is invited to fetch one.

use super::picture::{FitPicture, FittedPicture, PictureDoesNotFit};
use super::{CredentialConfiguration, IssuanceTimes, MappingError};
use crate::record::{IdRecord, PictureType};

impl CredentialConfiguration {
    /// Checks that `record` has a value of the right kind for every claim that a credential must have, without making one.
    /// Pictures are taken to fit their budgets: to scale one costs more than the whole offer.
    ///
    /// # Errors
    /// [`MappingError`], which names the first claim that cannot be had.
    pub fn check_record(&self, record: &IdRecord, times: IssuanceTimes) -> Result<(), MappingError> {
        self.map_claims(record, times, &Fitting).map(|_| ())
    }
}

/// Stands for an image library whose work is not needed.
struct Fitting;

/// How a JPEG begins; of a picture that nobody sees that is all there is.
const BEGINNING_OF_A_JPEG: [u8; 3] = [0xff, 0xd8, 0xff];

impl FitPicture for Fitting {
    fn fit(&self, kind: PictureType, _: &[u8], _: usize) -> Result<FittedPicture, PictureDoesNotFit> {
        Ok(FittedPicture {
            kind,
            bytes: Vec::new(),
        })
    }

    fn jpeg(&self, _: PictureType, _: &[u8], _: usize) -> Result<Vec<u8>, PictureDoesNotFit> {
        Ok(BEGINNING_OF_A_JPEG.to_vec())
    }
}
