//! How old a statement about the status may be, type by type: a clinic accepts a week, a bank an hour.

use core::time::Duration;
use std::collections::BTreeMap;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use symbolon_crypto::UnixTime;
use symbolon_crypto::encoding::json::{self, JsonBudget};
use thiserror::Error;

use super::StatusAge;

/// The name of the rule for printed cards, which have no credential type.
pub const CLAIM_169_TYPE: &str = "claim_169";

/// The most types that have rules of their own.
pub const MAX_FRESHNESS_TYPES: usize = 256;
/// The longest document, in bytes.
const MAX_DOCUMENT_BYTES: usize = 256 << 10;
/// The longest name of a type, in bytes.
const MAX_TYPE_BYTES: usize = 512;
/// The longest age that can be named, in seconds: ten years. Whoever wants more wants none.
const MAX_OLDEST_SECONDS: u64 = 10 * 366 * 24 * 60 * 60;

/// What an older statement means than the rule allows. Bad news is never too old: what was revoked stays revoked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum WhenOlder {
    /// It counts, and whoever reads the verdict is warned.
    Warn,
    /// It is no evidence: the status is not known, and so is the verdict.
    #[default]
    Unknown,
}

/// How old a statement about the status may be, and what an older one means.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct FreshnessRule {
    /// The oldest statement that counts without a word.
    pub oldest: StatusAge,
    /// What an older one means.
    pub when_older: WhenOlder,
}

impl FreshnessRule {
    /// A statement counts as long as its signer allows.
    pub const AS_SIGNED: Self = Self {
        oldest: StatusAge::AsSigned,
        when_older: WhenOlder::Unknown,
    };

    /// What a statement of that time is worth at `now`. One without a time is as old as nobody knows: it is worth nothing where an age
    /// is demanded.
    #[must_use]
    pub fn judge(self, made_at: Option<UnixTime>, now: UnixTime) -> Freshness {
        let StatusAge::AtMost(most) = self.oldest else {
            return Freshness::Fresh;
        };
        match (made_at, self.when_older) {
            (Some(made_at), _) if now.since(made_at) <= most => Freshness::Fresh,
            (Some(made_at), WhenOlder::Warn) => Freshness::Old {
                fresh_until: made_at.plus(most),
            },
            (_, WhenOlder::Unknown) | (None, WhenOlder::Warn) => Freshness::TooOld,
        }
    }

    /// The stricter of two: the younger age, and of equal ages the harder consequence.
    fn stricter(self, other: Self) -> Self {
        let rank = |rule: Self| {
            let age = match rule.oldest {
                StatusAge::AtMost(age) => age,
                StatusAge::AsSigned => Duration::MAX,
            };
            (age, rule.when_older == WhenOlder::Warn)
        };
        if rank(other) < rank(self) { other } else { self }
    }
}

/// What a statement about the status is worth.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Freshness {
    /// It counts.
    Fresh,
    /// It counts, with a warning.
    Old {
        /// The last second in which it was fresh.
        fresh_until: UnixTime,
    },
    /// It is no evidence.
    TooOld,
}

/// The rules of freshness of a verifier: one for every type, and those of single types. Clones share the rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct FreshnessRules {
    otherwise: FreshnessRule,
    types: Option<Arc<BTreeMap<String, FreshnessRule>>>,
}

impl FreshnessRules {
    /// Every statement counts as long as its signer allows.
    pub const AS_SIGNED: Self = Self::of_every_type(FreshnessRule::AS_SIGNED);

    /// One rule for all.
    #[must_use]
    pub const fn of_every_type(rule: FreshnessRule) -> Self {
        Self {
            otherwise: rule,
            types: None,
        }
    }

    /// The rules that a document says.
    ///
    /// # Errors
    /// [`FreshnessError`] names what in it cannot be.
    pub fn new(document: &FreshnessDocument) -> Result<Self, FreshnessError> {
        if document.types.len() > MAX_FRESHNESS_TYPES {
            return Err(FreshnessError::TooManyTypes);
        }
        let otherwise = rule(document.oldest_seconds, document.when_older)?;
        let types = document.types.iter().map(|(name, named)| {
            if name.is_empty() || name.len() > MAX_TYPE_BYTES {
                return Err(FreshnessError::TypeName);
            }
            Ok((name.clone(), rule(Some(named.oldest_seconds), named.when_older)?))
        });
        let types: BTreeMap<_, _> = types.collect::<Result<_, _>>()?;
        Ok(Self {
            otherwise,
            types: (!types.is_empty()).then(|| Arc::new(types)),
        })
    }

    /// The rules that a document says, as the JSON that pages and apps carry.
    ///
    /// # Errors
    /// [`FreshnessError`]; also where it is no such document, or has more than 256 KiB.
    pub fn from_json(bytes: &[u8]) -> Result<Self, FreshnessError> {
        let budget = JsonBudget {
            bytes: MAX_DOCUMENT_BYTES,
            ..JsonBudget::DEFAULT
        };
        let document: FreshnessDocument =
            json::parse(bytes, budget).map_err(|_| FreshnessError::Unreadable)?;
        Self::new(&document)
    }

    /// The rule where the type is not known or has none of its own.
    #[must_use]
    pub const fn otherwise(&self) -> FreshnessRule {
        self.otherwise
    }

    /// The rule for a credential of these types: of several that have one, the strictest.
    #[must_use]
    pub fn of_types<'t>(&self, types: impl IntoIterator<Item = &'t str>) -> FreshnessRule {
        let Some(rules) = &self.types else {
            return self.otherwise;
        };
        let named = types.into_iter().filter_map(|name| rules.get(name).copied());
        named.reduce(FreshnessRule::stricter).unwrap_or(self.otherwise)
    }
}

fn rule(oldest_seconds: Option<u64>, when_older: WhenOlder) -> Result<FreshnessRule, FreshnessError> {
    let oldest = match oldest_seconds {
        None => StatusAge::AsSigned,
        Some(seconds @ 1..=MAX_OLDEST_SECONDS) => StatusAge::AtMost(Duration::from_secs(seconds)),
        Some(_) => return Err(FreshnessError::Age),
    };
    Ok(FreshnessRule { oldest, when_older })
}

/// The rules as a file or a page's configuration writes them.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct FreshnessDocument {
    /// The oldest statement about a status that counts, in seconds; as old as its signer allows where nothing is said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub oldest_seconds: Option<u64>,
    /// What an older one means: `warn` or `unknown`.
    pub when_older: WhenOlder,
    /// The rules of single types, by `vct`, document type, W3C type or its IRI; `claim_169` for printed cards. Its keys have no
    /// environment variables.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub types: BTreeMap<String, TypeFreshnessDocument>,
}

/// The rule of one type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct TypeFreshnessDocument {
    /// The oldest statement about a status that counts, in seconds.
    pub oldest_seconds: u64,
    /// What an older one means: `warn` or `unknown`.
    #[serde(default)]
    pub when_older: WhenOlder,
}

/// Why rules of freshness are refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum FreshnessError {
    /// It is no document of rules.
    #[error("not the rules of freshness")]
    Unreadable,
    /// An age of nothing, or of more than ten years.
    #[error("an oldest age must be between one second and ten years")]
    Age,
    /// More than [`MAX_FRESHNESS_TYPES`].
    #[error("more than {MAX_FRESHNESS_TYPES} types have rules of freshness")]
    TooManyTypes,
    /// No name, or one too long to be a type's.
    #[error("the name of a credential type is empty or too long")]
    TypeName,
}

#[cfg(test)]
mod tests {
    use super::*;

    const MADE: UnixTime = UnixTime::from_seconds(1_000_000);

    fn at_most(seconds: u64, when_older: WhenOlder) -> FreshnessRule {
        FreshnessRule {
            oldest: StatusAge::AtMost(Duration::from_secs(seconds)),
            when_older,
        }
    }

    #[test]
    fn a_statement_grows_old_exactly_when_its_rule_says() {
        let at = |seconds| MADE.plus(Duration::from_secs(seconds));
        for when_older in [WhenOlder::Warn, WhenOlder::Unknown] {
            let rule = at_most(3_600, when_older);
            assert_eq!(rule.judge(Some(MADE), at(3_600)), Freshness::Fresh);
            let older = match when_older {
                WhenOlder::Warn => Freshness::Old {
                    fresh_until: at(3_600),
                },
                WhenOlder::Unknown => Freshness::TooOld,
            };
            assert_eq!(rule.judge(Some(MADE), at(3_601)), older);
            assert_eq!(rule.judge(None, at(0)), Freshness::TooOld);
        }
        assert_eq!(
            FreshnessRule::AS_SIGNED.judge(None, at(1 << 40)),
            Freshness::Fresh
        );
    }

    #[test]
    fn a_type_has_its_own_rule_and_of_several_the_strictest() {
        let document = FreshnessDocument {
            oldest_seconds: Some(604_800),
            when_older: WhenOlder::Warn,
            types: [("bank", 3_600), ("clinic", 86_400)]
                .map(|(name, oldest_seconds)| {
                    let rule = TypeFreshnessDocument {
                        oldest_seconds,
                        when_older: WhenOlder::Unknown,
                    };
                    (name.to_owned(), rule)
                })
                .into(),
        };
        let rules = FreshnessRules::new(&document).unwrap();
        assert_eq!(rules.of_types(["other"]), at_most(604_800, WhenOlder::Warn));
        assert_eq!(rules.of_types([]), at_most(604_800, WhenOlder::Warn));
        assert_eq!(rules.of_types(["clinic"]), at_most(86_400, WhenOlder::Unknown));
        for both in [["clinic", "bank"], ["bank", "clinic"]] {
            assert_eq!(rules.of_types(both), at_most(3_600, WhenOlder::Unknown));
        }
        let (warned, refused) = (at_most(60, WhenOlder::Warn), at_most(60, WhenOlder::Unknown));
        assert_eq!(warned.stricter(refused), refused);
        assert_eq!(refused.stricter(warned), refused);
        assert_eq!(FreshnessRule::AS_SIGNED.stricter(warned), warned);
    }

    #[test]
    fn the_json_that_pages_carry_is_read_and_nothing_else() {
        let rules = br#"{"oldest_seconds": 604800, "types": {"bank": {"oldest_seconds": 3600, "when_older": "warn"}}}"#;
        let rules = FreshnessRules::from_json(rules).unwrap();
        assert_eq!(rules.of_types(["bank"]), at_most(3_600, WhenOlder::Warn));
        assert_eq!(rules.otherwise(), at_most(604_800, WhenOlder::Unknown));
        assert_eq!(FreshnessRules::from_json(b"{}"), Ok(FreshnessRules::AS_SIGNED));
        for other in [&br#"{"oldest": 60}"#[..], br#"{"when_older": "valid"}"#, b"{} {}"] {
            assert_eq!(FreshnessRules::from_json(other), Err(FreshnessError::Unreadable));
        }
    }

    #[test]
    fn ages_and_names_that_cannot_be_are_refused() {
        let of = |name: &str, oldest_seconds| {
            let rule = TypeFreshnessDocument {
                oldest_seconds,
                when_older: WhenOlder::Warn,
            };
            FreshnessRules::new(&FreshnessDocument {
                types: [(name.to_owned(), rule)].into(),
                ..FreshnessDocument::default()
            })
        };
        assert!(of("type", 1).is_ok());
        assert_eq!(of("type", 0), Err(FreshnessError::Age));
        assert!(of("type", MAX_OLDEST_SECONDS).is_ok());
        assert_eq!(of("type", MAX_OLDEST_SECONDS + 1), Err(FreshnessError::Age));
        assert_eq!(of("", 60), Err(FreshnessError::TypeName));
        assert_eq!(of(&"t".repeat(513), 60), Err(FreshnessError::TypeName));
        let rule = TypeFreshnessDocument {
            oldest_seconds: 60,
            when_older: WhenOlder::Warn,
        };
        let many = |count| FreshnessDocument {
            types: (0..count)
                .map(|number: usize| (number.to_string(), rule))
                .collect(),
            ..FreshnessDocument::default()
        };
        assert!(FreshnessRules::new(&many(MAX_FRESHNESS_TYPES)).is_ok());
        let refused = FreshnessRules::new(&many(MAX_FRESHNESS_TYPES + 1));
        assert_eq!(refused, Err(FreshnessError::TooManyTypes));
    }
}
