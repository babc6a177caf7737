//! An SD-JWT VC, read.

use symbolon_credential::claims_path::{ClaimsPath, PathPart};
use symbolon_credential::sd_jwt::{ProcessedClaims, SdJwt, SdJwtBudget, process};

use super::{PersonalClaim, collect};
use crate::hold::shown::Disclosable;

/// An SD-JWT with the claims that its disclosures make.
pub(crate) struct OpenedSdJwtVc<'a> {
    pub(crate) sd_jwt: SdJwt<'a>,
    pub(crate) processed: ProcessedClaims,
}

impl<'a> OpenedSdJwtVc<'a> {
    pub(super) fn open(text: &'a str) -> Option<Self> {
        Self::of(SdJwt::parse_received(text, SdJwtBudget::DEFAULT).ok()?)
    }

    /// What a verifier will read of a presentation that lacks its key binding.
    pub(crate) fn open_presented(text: &'a str) -> Option<Self> {
        Self::of(SdJwt::parse(text, SdJwtBudget::DEFAULT).ok()?)
    }

    fn of(sd_jwt: SdJwt<'a>) -> Option<Self> {
        let processed = process(&sd_jwt).ok()?;
        Some(Self { sd_jwt, processed })
    }

    pub(crate) fn personal_claims(&self) -> Vec<PersonalClaim> {
        let mut found = Vec::new();
        for (name, value) in &self.processed.claims {
            let mut path = vec![PathPart::Key(name.clone())];
            let withheld = || {
                self.processed
                    .disclosed
                    .iter()
                    .any(|claim| claim.path.parts().starts_with(&path))
            };
            if !TECHNICAL_CLAIMS.contains(&name.as_str()) || withheld() {
                collect(&mut path, value, &mut found);
            }
        }
        found
            .into_iter()
            .map(|(path, value)| PersonalClaim {
                disclosable: self.disclosable(&path),
                value: value.clone(),
                path,
            })
            .collect()
    }

    /// A claim can be withheld when it, something that contains it, or an element of it is behind a disclosure.
    fn disclosable(&self, path: &ClaimsPath) -> Disclosable {
        let withheld = |disclosed: &ClaimsPath| {
            path.parts().starts_with(disclosed.parts()) || disclosed.parts().starts_with(path.parts())
        };
        match self.processed.disclosed.iter().any(|claim| withheld(&claim.path)) {
            true => Disclosable::Selectively,
            false => Disclosable::Always,
        }
    }
}

/// Claims about the credential itself, which the summary tells in words.
const TECHNICAL_CLAIMS: &[&str] = &[
    "iss",
    "iat",
    "nbf",
    "exp",
    "cnf",
    "vct",
    "vct#integrity",
    "aka_vcts",
    "status",
    "jti",
];

#[cfg(test)]
mod tests {
    use serde_json::{Value, json};
    use symbolon_credential::sd_jwt::Decoys;
    use symbolon_credential::sd_jwt_vc::{CredentialToIssue, IssuerKeyReference, VerifiableCredentialType};
    use symbolon_crypto::SignatureAlgorithm;
    use symbolon_crypto::testing::SeededRandomness;

    use super::*;

    #[test]
    fn whatever_can_be_withheld_is_shown_as_such_also_a_technical_name_and_an_element_of_a_list() {
        let path = |value: Value| serde_json::from_value::<ClaimsPath>(value).unwrap();
        let Value::Object(claims) = json!({ "sub": "1990-X", "jti": "7", "languages": ["fr", "sus"] }) else {
            panic!("an object")
        };
        let prepared = CredentialToIssue {
            vct: VerifiableCredentialType::parse("https://issuer.example/types/person").unwrap(),
            issuer: Some("https://issuer.example".to_owned()),
            issued_at: None,
            not_before: None,
            expires: None,
            status: None,
            holder: None,
            claims,
            selectable: vec![path(json!(["sub"])), path(json!(["languages", null]))],
            decoys: Decoys::None,
        }
        .prepare(
            SignatureAlgorithm::Es256,
            &IssuerKeyReference::KeyId("1".to_owned()),
            &SeededRandomness::new(1),
        )
        .unwrap();
        let text = prepared.finish(&[0; 64]);
        let opened = OpenedSdJwtVc::open(&text).unwrap();
        let mut shown: Vec<_> = opened
            .personal_claims()
            .into_iter()
            .map(|claim| (claim.path.to_string(), claim.disclosable))
            .collect();
        shown.sort_by(|left, right| left.0.cmp(&right.0));
        assert_eq!(
            shown,
            [
                ("languages".to_owned(), Disclosable::Selectively),
                ("sub".to_owned(), Disclosable::Selectively)
            ]
        );
    }
}
