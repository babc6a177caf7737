//! The claims that a wallet wants to find in a credential ([OpenID4VCI appendix B.1, B.3]).
//!
//! [OpenID4VCI appendix B.1, B.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-B

use serde::Deserialize;
use symbolon_credential::claims_path::{ClaimsPath, PathPart};

/// The largest number of claims in one entry of `authorization_details`.
pub const MAX_WANTED_CLAIMS: usize = 128;

/// A claim that a wallet wants. Unknown members are ignored.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct WantedClaim {
    /// Where it stands.
    pub path: ClaimsPath,
    /// Whether a credential without it is of no use to the wallet.
    #[serde(default)]
    pub mandatory: bool,
}

/// Whether a list of wanted claims can be processed: it is neither empty nor longer than [`MAX_WANTED_CLAIMS`], and no two of its claims are
/// one or contradict each other ([OpenID4VCI appendix B.3]).
///
/// [OpenID4VCI appendix B.3]: https://openid.net/specs/openid-4-verifiable-credential-issuance-1_0.html#appendix-B.3
#[must_use]
pub fn are_consistent(claims: &[WantedClaim]) -> bool {
    (1..=MAX_WANTED_CLAIMS).contains(&claims.len())
        && claims.iter().enumerate().all(|(at, claim)| {
            let earlier = claims.iter().take(at);
            earlier
                .into_iter()
                .all(|other| are_apart(&claim.path, &other.path))
        })
}

/// Whether two paths may stand in one list. Where they part, both go on by a name or both by a number: `null` beside a number
/// addresses one element twice, and a name beside either says that one claim is an object and an array.
fn are_apart(one: &ClaimsPath, other: &ClaimsPath) -> bool {
    let (one, other) = (one.parts(), other.parts());
    match one.iter().zip(other).find(|(one, other)| one != other) {
        None => one.len() != other.len(),
        Some((PathPart::Key(_), PathPart::Key(_)) | (PathPart::Index(_), PathPart::Index(_))) => true,
        Some(_) => false,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn consistent(json: &str) -> bool {
        let claims: Vec<WantedClaim> = serde_json::from_str(json).unwrap();
        are_consistent(&claims)
    }

    #[test]
    fn claims_that_are_one_or_contradict_each_other_are_noticed() {
        for good in [
            r#"[{"path":["name"]}]"#,
            r#"[{"path":["address"]},{"path":["address","street"],"mandatory":true}]"#,
            r#"[{"path":["degrees",0,"type"]},{"path":["degrees",1]}]"#,
            r#"[{"path":["degrees",null,"type"]},{"path":["degrees",null,"year"]}]"#,
        ] {
            assert!(consistent(good), "{good}");
        }
        for bad in [
            "[]",
            r#"[{"path":["name"]},{"path":["name"],"mandatory":true}]"#,
            r#"[{"path":["degrees",null]},{"path":["degrees",1]}]"#,
            r#"[{"path":["degrees",1,"type"]},{"path":["degrees",null,"year"]}]"#,
            r#"[{"path":["address",null]},{"path":["address","street"]}]"#,
            r#"[{"path":["address","street"]},{"path":["address",0]}]"#,
        ] {
            assert!(!consistent(bad), "{bad}");
        }
        let many: Vec<String> = (0..=MAX_WANTED_CLAIMS)
            .map(|at| format!(r#"{{"path":["c{at}"]}}"#))
            .collect();
        assert!(!consistent(&format!("[{}]", many.join(","))));
    }

    #[test]
    fn a_claim_without_a_path_is_none() {
        for bad in [
            r#"{}"#,
            r#"{"path":[]}"#,
            r#"{"path":["a",-1]}"#,
            r#"{"path":["a"],"mandatory":1}"#,
        ] {
            assert!(serde_json::from_str::<WantedClaim>(bad).is_err(), "{bad}");
        }
    }
}
