//! The name of a credential in the books, from the name that its coordinator gave it.

use symbolon_protocol::openid4vci::identifiers::ConfigurationId;
use symbolon_protocol::vcalm::reference::CredentialReference;

use crate::identifiers::{CredentialId, IdentifierError, hexadecimal};
use crate::secret::{InstallationSecret, Purpose};

/// The identifier of the credential that a coordinator refers to by `reference`, below one configuration.
///
/// It is derived and not stored: two credentials of one name are one identifier, which the books give away once, and the
/// name itself, which may be personal data, is kept nowhere.
///
/// # Errors
/// [`IdentifierError`], which no digest makes happen.
pub fn credential_id(
    secret: &InstallationSecret,
    configuration: &ConfigurationId,
    reference: &CredentialReference,
) -> Result<CredentialId, IdentifierError> {
    let parts = [configuration.as_str().as_bytes(), reference.as_str().as_bytes()];
    let tag = secret.derive_tag(Purpose::CredentialReference, &parts);
    let (half, _) = tag.split_at(16);
    hexadecimal(half).parse()
}
