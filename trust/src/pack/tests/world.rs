use symbolon_crypto::{RustCryptoProvider, UnixTime};

use super::super::*;
use crate::status_list::{BitsPerStatus, Status, TokenStatusList};
use crate::testing::{NOW, TestIssuer, TestRegistry};
use crate::trust_list::{CredentialTypeRule, RootOfTrust, TrustList};

pub(super) const ISSUER: &str = "https://issuer.example";
pub(super) const URI: &str = "https://issuer.example/status/0";

/// One registry, two issuers, one verifier.
pub(super) struct World {
    pub(super) registry: TestRegistry,
    pub(super) issuer: TestIssuer,
    pub(super) other: TestIssuer,
}

impl World {
    pub(super) fn new() -> Self {
        Self {
            registry: TestRegistry::new(1),
            issuer: TestIssuer::new(ISSUER, 100),
            other: TestIssuer::new("https://other.example", 200),
        }
    }

    pub(super) fn trust_list(&self, issued_at: UnixTime) -> TrustList {
        let all = || vec![CredentialTypeRule::Any];
        self.registry
            .trust_list(vec![self.issuer.entry(all()), self.other.entry(all())], issued_at)
    }

    pub(super) fn root(&self) -> RootOfTrust {
        self.registry.root_of_trust(self.trust_list(NOW))
    }

    /// A pack with one list of the first issuer and one of the second.
    pub(super) fn pack(&self, sequence: u64, at: UnixTime) -> Vec<u8> {
        let sections = vec![
            self.issuer.status_section(URI, &list(), at),
            self.other
                .status_section("https://other.example/status/9", &list(), at),
        ];
        self.registry.pack(sequence, &self.trust_list(at), sections, at)
    }

    pub(super) fn open<'a>(&self, pack: &'a [u8]) -> Result<Pack<'a>, PackError> {
        self.open_at(pack, NOW, None)
    }

    pub(super) fn open_at<'a>(
        &self,
        pack: &'a [u8],
        now: UnixTime,
        last: Option<&LastSeen>,
    ) -> Result<Pack<'a>, PackError> {
        Pack::open(pack, &self.root(), &RustCryptoProvider, now, last)
    }
}

pub(super) fn list() -> TokenStatusList {
    let mut list = TokenStatusList::all_valid(BitsPerStatus::Two, 5_000);
    for index in (7..5_000).step_by(97) {
        list.set(index, Status::Invalid).unwrap();
    }
    list.set(8, Status::Suspended).unwrap();
    list
}
