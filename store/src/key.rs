//! Keys: a space, a tenant, and a suffix chosen by the caller.

use crate::error::TenantError;

/// A named part of the store, such as `records` or `nonces`. Keys of two spaces never meet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Space(&'static str);

impl Space {
    /// Names a space. The name is part of the stored format.
    #[must_use]
    pub const fn new(name: &'static str) -> Self {
        Self(name)
    }

    /// The name given to [`Space::new`].
    #[must_use]
    pub const fn name(self) -> &'static str {
        self.0
    }
}

/// One customer of an installation. Every key belongs to exactly one tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Tenant(String);

impl Tenant {
    /// Reads a tenant name: 1 to 32 characters of `a-z`, `0-9` and `-`.
    ///
    /// # Errors
    /// [`TenantError`] when the name is empty, too long, or has another character. The separator byte between tenant and suffix
    /// is outside this alphabet, so no tenant's keys can be a prefix of another's.
    pub fn parse(name: &str) -> Result<Self, TenantError> {
        if name.is_empty() || name.len() > MAX_TENANT_BYTES {
            return Err(TenantError::Length);
        }
        if !name
            .bytes()
            .all(|byte| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'-')
        {
            return Err(TenantError::Character);
        }
        Ok(Self(name.to_owned()))
    }

    /// The tenant's name.
    #[must_use]
    pub fn name(&self) -> &str {
        &self.0
    }

    /// The key of this tenant with the given suffix.
    #[must_use]
    pub fn key(&self, space: Space, suffix: impl AsRef<[u8]>) -> Key {
        let suffix = suffix.as_ref();
        let mut bytes = self.prefix();
        bytes.extend_from_slice(suffix);
        Key { space, bytes }
    }

    /// What every key of this tenant begins with: the name and the separator.
    pub(crate) fn prefix(&self) -> Vec<u8> {
        let mut bytes = Vec::with_capacity(self.0.len() + 64);
        bytes.extend_from_slice(self.0.as_bytes());
        bytes.push(TENANT_SEPARATOR);
        bytes
    }
}

/// Where a value is kept. Made by [`Tenant::key`] only, so no key lacks its tenant.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Key {
    space: Space,
    bytes: Vec<u8>,
}

impl Key {
    /// The space of the key.
    #[must_use]
    pub const fn space(&self) -> Space {
        self.space
    }

    /// The key as stored: tenant, separator, suffix.
    #[must_use]
    pub fn bytes(&self) -> &[u8] {
        &self.bytes
    }
}

/// Long enough for any short name, short enough to keep keys small.
const MAX_TENANT_BYTES: usize = 32;
/// Outside the alphabet of tenant names.
const TENANT_SEPARATOR: u8 = 0;

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_tenant_name_has_a_narrow_alphabet() {
        assert!(Tenant::parse("default").is_ok());
        assert_eq!(Tenant::parse("").unwrap_err(), TenantError::Length);
        assert_eq!(Tenant::parse(&"a".repeat(33)).unwrap_err(), TenantError::Length);
        assert_eq!(Tenant::parse("a\0b").unwrap_err(), TenantError::Character);
        assert_eq!(Tenant::parse("Über").unwrap_err(), TenantError::Character);
    }

    #[test]
    fn keys_begin_with_their_tenant() {
        let key = Tenant::parse("north").unwrap().key(Space::new("records"), b"42");
        assert_eq!(key.bytes(), b"north\x0042");
        assert_eq!(key.space().name(), "records");
    }
}
