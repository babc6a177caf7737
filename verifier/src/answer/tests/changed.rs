//! Random queries in every format: the answer to one is as asked, and whatever is changed in it is noticed.

use proptest::prelude::*;
use proptest::sample::{select, subsequence};
use proptest::test_runner::Config;
use serde_json::{Value, json};
use symbolon_credential::claims_path::ClaimsPath;
use symbolon_protocol::dcql::DcqlQuery;

use super::{answer, query};
use crate::answer::{AnswerCheck, HolderKeys, check_answer};
use crate::report::{CredentialFormat, Holder, Report};
use crate::session::tests::mdoc_world::{DOC_TYPE, MdocWorld, SPACE, transcript};
use crate::session::tests::w3c_world::{Form, TYPE_IRI, W3cWorld};
use crate::session::tests::world::{AUDIENCE, NONCE, VCT, World};

/// A format, with a holder who has a credential in it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Asked {
    SdJwt,
    Mdoc,
    Jwt,
    Ldp,
}

/// A query for one credential of a person with a family name, a given name (for W3C a country) and a date of birth.
#[derive(Debug, Clone)]
struct Case {
    claims: Vec<usize>,
    with_values: bool,
    several: bool,
    authority: bool,
}

/// What is changed in an answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Change {
    Nothing,
    Withheld,
    OtherValue,
    Further,
    OtherType,
    OtherFormat,
    OtherAuthority,
    NoProof,
    OtherName,
    Twice,
    Empty,
    Absent,
    Besides,
}

impl Asked {
    /// The path of a claim, and its value.
    fn claim(self, which: usize) -> (Value, &'static str) {
        match (self, which) {
            (Self::SdJwt, 0) => (json!(["family_name"]), "Diallo"),
            (Self::SdJwt, 1) => (json!(["given_name"]), "Amina"),
            (Self::SdJwt, _) => (json!(["birthdate"]), "1990-02-03"),
            (Self::Mdoc, 0) => (json!([SPACE, "family_name"]), "Diallo"),
            (Self::Mdoc, 1) => (json!([SPACE, "given_name"]), "Amina"),
            (Self::Mdoc, _) => (json!([SPACE, "birth_date"]), "1990-02-03"),
            (_, 0) => (json!(["credentialSubject", "familyName"]), "Diallo"),
            (_, 1) => (json!(["credentialSubject", "address", "country"]), "SN"),
            (_, _) => (json!(["credentialSubject", "birthDate"]), "1990-02-03"),
        }
    }

    fn ask(self, case: &Case, authority: &str) -> DcqlQuery {
        let claims = case.claims.iter().map(|which| {
            let (path, value) = self.claim(*which);
            match case.with_values {
                true => json!({ "path": path, "values": ["another", value] }),
                false => json!({ "path": path }),
            }
        });
        let (format, meta) = match self {
            Self::SdJwt => (
                "dc+sd-jwt",
                json!({ "vct_values": ["https://issuer.example/other", VCT] }),
            ),
            Self::Mdoc => ("mso_mdoc", json!({ "doctype_value": DOC_TYPE })),
            Self::Jwt => ("jwt_vc_json", json!({ "type_values": [[TYPE_IRI]] })),
            Self::Ldp => ("ldp_vc", json!({ "type_values": [[TYPE_IRI]] })),
        };
        let mut credential = json!({ "id": "id", "format": format, "meta": meta, "multiple": case.several,
            "claims": claims.collect::<Vec<_>>() });
        if case.authority {
            credential["trusted_authorities"] = json!([{ "type": "aki", "values": [authority] }]);
        }
        query(json!({ "credentials": [credential] }))
    }

    /// What a presentation of these claims proves. A JWT shows all of them.
    fn show(self, claims: &[usize]) -> Report {
        let names = |known: [&'static str; 3]| claims.iter().map(|which| known[*which]).collect::<Vec<_>>();
        match self {
            Self::SdJwt => super::shown(&World::new(), &names(["family_name", "given_name", "birthdate"])),
            Self::Mdoc => {
                let world = MdocWorld::new();
                let issued = world.authority.issue(&world.template());
                let shown = names(["family_name", "given_name", "birth_date"]);
                world.verify(&world.present_for(&issued, &shown, &transcript(AUDIENCE, NONCE)))
            }
            Self::Jwt => {
                let world = W3cWorld::new();
                world.verify(&world.presentation(Form::Jwt))
            }
            Self::Ldp => {
                let world = W3cWorld::new();
                let document = Value::Object(world.template().build().unwrap().document().clone());
                let shown = names([
                    "/credentialSubject/familyName",
                    "/credentialSubject/address/country",
                    "/credentialSubject/birthDate",
                ]);
                let derived = world.selective(&document, &shown);
                let presentation = world.present_documents(&[derived], |_| {});
                world.verify(presentation.to_string().as_bytes())
            }
        }
    }

    /// What follows from a change; `None` where it changes nothing that this query asks for.
    fn change(self, case: &Case, change: Change, report: &mut Report) -> Option<(usize, AnswerCheck)> {
        let (path, _) = self.claim(case.claims[0]);
        let path: ClaimsPath = serde_json::from_value(path).unwrap();
        let check = match change {
            Change::Nothing => AnswerCheck::AsAsked,
            Change::Withheld => {
                *place(&mut report.claims, &path) = Value::Null;
                remove(&mut report.claims, &path);
                AnswerCheck::WrongClaims
            }
            Change::OtherValue => {
                *place(&mut report.claims, &path) = json!("somebody else");
                if !case.with_values {
                    return Some((1, AnswerCheck::AsAsked));
                }
                AnswerCheck::WrongValue
            }
            Change::Further => {
                // Of a W3C credential nobody can tell what could have been withheld.
                report
                    .shown
                    .disclosed
                    .as_mut()?
                    .push(ClaimsPath::top_level("further"));
                AnswerCheck::UnaskedClaims
            }
            Change::OtherType => {
                report.credential_type = Some("another".to_owned());
                report.type_iris = vec!["another".to_owned()];
                AnswerCheck::WrongType
            }
            Change::OtherFormat => {
                report.format = CredentialFormat::Claim169;
                AnswerCheck::WrongFormat
            }
            Change::OtherAuthority => {
                report.authority_key_identifiers = vec![vec![1; 20]];
                case.authority.then_some(AnswerCheck::WrongAuthority)?
            }
            Change::NoProof => {
                report.holder.state = Holder::NotBound;
                AnswerCheck::HolderNotProven
            }
            Change::OtherName | Change::Besides => AnswerCheck::UnaskedCredential,
            Change::Twice if case.several => AnswerCheck::RepeatedCredential,
            Change::Twice => AnswerCheck::SeveralPresentations,
            Change::Empty => AnswerCheck::EmptyAnswer,
            Change::Absent => AnswerCheck::Incomplete,
        };
        let presentations = match change {
            Change::Twice => 2,
            Change::Empty => 0,
            _ => 1,
        };
        Some((presentations, check))
    }
}

/// What the path names.
fn place<'c>(claims: &'c mut serde_json::Map<String, Value>, path: &ClaimsPath) -> &'c mut Value {
    let names: Vec<String> = serde_json::from_value(json!(path)).unwrap();
    let (first, rest) = names.split_first().unwrap();
    let start = claims.get_mut(first).unwrap();
    rest.iter()
        .fold(start, |value, name| value.get_mut(name).unwrap())
}

fn remove(claims: &mut serde_json::Map<String, Value>, path: &ClaimsPath) {
    let mut names: Vec<String> = serde_json::from_value(json!(path)).unwrap();
    let last = names.pop().unwrap();
    if names.is_empty() {
        claims.shift_remove(&last);
        return;
    }
    let parent: ClaimsPath = serde_json::from_value(json!(names)).unwrap();
    place(claims, &parent)
        .as_object_mut()
        .unwrap()
        .shift_remove(&last);
}

fn case() -> impl Strategy<Value = Case> {
    (subsequence(vec![0, 1, 2], 1..=3), any::<[bool; 3]>()).prop_map(
        |(claims, [with_values, several, authority])| Case {
            claims,
            with_values,
            several,
            authority,
        },
    )
}

fn change() -> impl Strategy<Value = Change> {
    use Change::{
        Absent, Besides, Empty, Further, NoProof, Nothing, OtherAuthority, OtherFormat, OtherName, OtherType,
        OtherValue, Twice, Withheld,
    };
    select(vec![
        Nothing,
        Withheld,
        OtherValue,
        Further,
        OtherType,
        OtherFormat,
        OtherAuthority,
        NoProof,
        OtherName,
        Twice,
        Empty,
        Absent,
        Besides,
    ])
}

fn every_change_is_noticed(asked: Asked, mut case: Case, change: Change) -> Result<(), TestCaseError> {
    let honest = asked.show(&case.claims);
    let authority = honest.authority_key_identifiers.first();
    // A credential whose issuer is known by a DID has none.
    case.authority &= authority.is_some();
    let authority = authority.map(|key| symbolon_crypto::encoding::base64url::encode(key));
    let query = asked.ask(&case, &authority.unwrap_or_default());
    let mut changed = honest.clone();
    let Some((presentations, expected)) = asked.change(&case, change, &mut changed) else {
        return Ok(());
    };
    let name = if change == Change::OtherName {
        "other"
    } else {
        "id"
    };
    let mut reports = answer(&vec![(name, &changed); presentations]);
    match change {
        Change::Empty => {
            reports.insert(symbolon_protocol::dcql::QueryId::parse("id").unwrap(), Vec::new());
        }
        Change::Absent => reports.clear(),
        Change::Besides => reports.extend(answer(&[("more", &honest)])),
        _ => {}
    }
    let found = check_answer(&query, &reports, HolderKeys::OneKey);
    prop_assert_eq!(found, expected, "{:?} {:?} {:?}", asked, case, change);
    Ok(())
}

proptest! {
    #![proptest_config(Config { cases: 96, failure_persistence: None, ..Config::default() })]

    #[test]
    fn in_the_answer_of_an_sd_jwt(case in case(), change in change()) {
        every_change_is_noticed(Asked::SdJwt, case, change)?;
    }

    #[test]
    fn in_the_answer_of_an_mdoc(case in case(), change in change()) {
        every_change_is_noticed(Asked::Mdoc, case, change)?;
    }

    #[test]
    fn in_the_answer_of_a_w3c_jwt(case in case(), change in change()) {
        every_change_is_noticed(Asked::Jwt, case, change)?;
    }
}

proptest! {
    #![proptest_config(Config { cases: 48, failure_persistence: None, ..Config::default() })]

    #[test]
    fn in_the_answer_of_a_document_with_a_selective_proof(case in case(), change in change()) {
        every_change_is_noticed(Asked::Ldp, case, change)?;
    }
}
