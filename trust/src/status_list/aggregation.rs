//! All lists of an issuer by their URIs (Token Status List, section 9): what a distributor or a verifier fetches ahead, so that nobody
//! learns later which credential was asked about.

use serde::{Deserialize, Serialize};
use symbolon_crypto::encoding::json::{self, JsonBudget};

/// The document of an aggregation endpoint, `application/json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct StatusListAggregation {
    /// The URIs of status list tokens.
    pub status_lists: Vec<String>,
}

/// How much of an aggregation is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct AggregationBudget {
    /// The longest document, in bytes.
    pub max_bytes: usize,
    /// The most lists.
    pub max_lists: usize,
    /// The longest URI, in bytes.
    pub max_uri_bytes: usize,
}

impl AggregationBudget {
    /// Room for the lists of 1,400 million credentials at a million each, several times over.
    pub const NATIONAL: Self = Self {
        max_bytes: 1 << 20,
        max_lists: 8_192,
        max_uri_bytes: 2_048,
    };
}

/// Why an aggregation is refused.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum StatusListAggregationError {
    /// No JSON object with an array of strings, or over budget.
    #[error("the status list aggregation is malformed or over its budget")]
    Malformed,
    /// More lists than are read.
    #[error("the status list aggregation names more than {most} lists")]
    TooManyLists {
        /// So many are read.
        most: usize,
    },
    /// A URI is longer than any that a credential may name.
    #[error("the status list aggregation has a URI of more than {most} bytes")]
    UriTooLong {
        /// The longest that is read.
        most: usize,
    },
}

impl StatusListAggregation {
    /// Reads the document of an aggregation endpoint. What its URIs lead to is verified list by list, and one that fails says nothing
    /// about the others (section 9).
    ///
    /// # Errors
    /// [`StatusListAggregationError`].
    pub fn parse(bytes: &[u8], budget: AggregationBudget) -> Result<Self, StatusListAggregationError> {
        let json_budget = JsonBudget {
            bytes: budget.max_bytes,
            depth: 8,
            items: budget.max_lists.saturating_add(64),
        };
        let aggregation: Self =
            json::parse(bytes, json_budget).map_err(|_| StatusListAggregationError::Malformed)?;
        if aggregation.status_lists.len() > budget.max_lists {
            return Err(StatusListAggregationError::TooManyLists {
                most: budget.max_lists,
            });
        }
        let too_long = |uri: &String| uri.len() > budget.max_uri_bytes;
        if aggregation.status_lists.iter().any(too_long) {
            return Err(StatusListAggregationError::UriTooLong {
                most: budget.max_uri_bytes,
            });
        }
        Ok(aggregation)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const BUDGET: AggregationBudget = AggregationBudget {
        max_bytes: 4_096,
        max_lists: 3,
        max_uri_bytes: 40,
    };

    /// The example of section 9.3.
    const SPECIFIED: &[u8] = br#"{ "status_lists" : [
        "https://example.com/statuslists/1", "https://example.com/statuslists/2", "https://example.com/statuslists/3" ] }"#;

    #[test]
    fn the_example_of_the_specification_reads() {
        let read = StatusListAggregation::parse(SPECIFIED, BUDGET).unwrap();
        assert_eq!(read.status_lists.len(), 3);
        assert_eq!(read.status_lists[2], "https://example.com/statuslists/3");
        let written = serde_json::to_vec(&read).unwrap();
        assert_eq!(StatusListAggregation::parse(&written, BUDGET), Ok(read));
    }

    #[test]
    fn what_is_malformed_or_over_budget_is_refused() {
        let parse = |text: &str| StatusListAggregation::parse(text.as_bytes(), BUDGET);
        for text in [
            "",
            "[]",
            "{}",
            r#"{"status_lists":"https://example.com/1"}"#,
            r#"{"status_lists":[1]}"#,
        ] {
            assert_eq!(parse(text), Err(StatusListAggregationError::Malformed), "{text}");
        }
        let four = r#"{"status_lists":["a","b","c","d"]}"#;
        assert_eq!(
            parse(four),
            Err(StatusListAggregationError::TooManyLists { most: 3 })
        );
        let long = format!(r#"{{"status_lists":["{}"]}}"#, "a".repeat(41));
        assert_eq!(
            parse(&long),
            Err(StatusListAggregationError::UriTooLong { most: 40 })
        );
        let huge = format!(r#"{{"status_lists":["{}"]}}"#, "a".repeat(5_000));
        assert_eq!(parse(&huge), Err(StatusListAggregationError::Malformed));
    }
}
