//! The refresh tokens of the authorization server.

use std::collections::{BTreeMap, BTreeSet};

use super::authorization::Granted;

/// What comes of a refresh token that is used a second time.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub(crate) enum SecondUse {
    #[default]
    IsRefused,
    /// As at servers that do not rotate them.
    IsTaken,
    /// It may have been stolen, and so may those that were given for it (RFC 9700, section 4.14.2).
    EndsTheAccess,
}

#[derive(Default)]
pub(crate) struct RefreshTokens {
    good: BTreeMap<String, Granted>,
    spent: BTreeSet<String>,
    pub(crate) second_use: SecondUse,
}

impl RefreshTokens {
    pub(crate) fn give(&mut self, name: String, granted: Granted) {
        self.good.insert(name, granted);
    }

    pub(crate) fn forget(&mut self) {
        self.good.clear();
    }

    /// What the token is good for, which is used now.
    pub(crate) fn take(&mut self, name: &str) -> Option<Granted> {
        let is_first_use = self.spent.insert(name.to_owned());
        match self.second_use {
            SecondUse::IsTaken => self.good.get(name).cloned(),
            SecondUse::EndsTheAccess if !is_first_use => {
                self.forget();
                None
            }
            _ => self.good.remove(name),
        }
    }
}
