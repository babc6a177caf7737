//! The codes that a development installation sends to nobody.

use super::{Administration, AdministrationError};
use crate::sign_in::ShownMessage;

impl Administration {
    /// The newest sign-in codes, newest first, of an issuer that shows them instead of sending them.
    ///
    /// # Errors
    /// [`AdministrationError::NotConfigured`] where codes are sent, or nobody signs in.
    pub fn sign_in_codes(&self) -> Result<Vec<ShownMessage>, AdministrationError> {
        let shown = self.issuer.setup.sign_in.shown();
        let shown = shown.ok_or(AdministrationError::NotConfigured {
            what: "sign-in codes to show",
        })?;
        Ok(shown.messages())
    }
}
