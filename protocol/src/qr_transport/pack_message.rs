//! What travels about offline packs: what a neighbour has, and where a new shop begins (`docs/packs.md`).

use symbolon_crypto::encoding::cbor::{Cursor, write};

/// The longest address of an onboarding, and the longest name of a scope, in bytes.
const MAX_ADDRESS_BYTES: usize = 512;
const MAX_SCOPE_BYTES: usize = 128;

/// The version of an onboarding.
const ONBOARDING_VERSION: u64 = 1;

/// Decimal digits of a group of a fingerprint, and the bytes of the digest that make one.
const FINGERPRINT_GROUPS: usize = 6;
const GROUP_BYTES: usize = 5;

/// Which pack a reader has: what a neighbour needs to know to show no more than what changed since.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PackState {
    /// The sequence number of the pack in force.
    pub sequence: u64,
    /// Its root.
    pub root: [u8; 32],
}

impl PackState {
    pub(super) fn write(&self, out: &mut Vec<u8>) {
        write::array(out, 2);
        write::unsigned(out, self.sequence);
        write::bytes(out, &self.root);
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        if cursor.array()? != 2 {
            return None;
        }
        Some(Self {
            sequence: cursor.unsigned()?,
            root: cursor.bytes()?.try_into().ok()?,
        })
    }
}

/// What a new shop is given: whom to believe, by a digest, and where to ask first.
///
/// It is pinned and not signed: nobody is known yet who could sign it. Whoever reads it compares its fingerprint with the one that the
/// operator says or prints elsewhere.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Onboarding {
    /// The address of the index of packs. Text of a stranger until it is parsed by whoever uses it.
    pub index: String,
    /// SHA-256 of the root of trust, which stands beside the index.
    pub root_of_trust: [u8; 32],
    /// The scope to pull; everything without it.
    pub scope: Option<String>,
}

impl Onboarding {
    /// What two people compare by telephone: six groups of five digits, which whoever does not know a second root of trust of the same
    /// digits would have to try 10³⁰ times to make.
    ///
    /// It is of the root of trust alone: a false address can withhold packs and not forge one.
    #[must_use]
    pub fn fingerprint(&self) -> String {
        let groups = self
            .root_of_trust
            .chunks_exact(GROUP_BYTES)
            .take(FINGERPRINT_GROUPS);
        let digits = groups.map(|group| {
            let number = group
                .iter()
                .fold(0_u64, |sum, byte| (sum << 8) | u64::from(*byte));
            format!("{:05}", number % 100_000)
        });
        digits.collect::<Vec<_>>().join(" ")
    }

    pub(super) fn write(&self, out: &mut Vec<u8>) -> Option<()> {
        if !self.is_within_bounds() {
            return None;
        }
        write::array(out, 4);
        write::unsigned(out, ONBOARDING_VERSION);
        write::text(out, &self.index);
        write::bytes(out, &self.root_of_trust);
        match &self.scope {
            Some(scope) => write::text(out, scope),
            None => write::null(out),
        }
        Some(())
    }

    pub(super) fn read(cursor: &mut Cursor<'_>) -> Option<Self> {
        if cursor.array()? != 4 || cursor.unsigned()? != ONBOARDING_VERSION {
            return None;
        }
        let index = cursor.text()?.to_owned();
        let root_of_trust = cursor.bytes()?.try_into().ok()?;
        let scope = match cursor.text() {
            Some(scope) => Some(scope.to_owned()),
            None => {
                cursor.null()?;
                None
            }
        };
        let read = Self {
            index,
            root_of_trust,
            scope,
        };
        read.is_within_bounds().then_some(read)
    }

    fn is_within_bounds(&self) -> bool {
        let scope = self.scope.as_ref().map_or(1, String::len);
        (1..=MAX_ADDRESS_BYTES).contains(&self.index.len()) && (1..=MAX_SCOPE_BYTES).contains(&scope)
    }
}
