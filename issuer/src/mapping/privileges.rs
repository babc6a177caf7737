//! Driving privileges ([ISO/IEC 18013-5 §7.2.4]).
//!
//! [ISO/IEC 18013-5 §7.2.4]: https://www.iso.org/standard/69084.html

use serde_json::{Map, Value};

use super::value::MappedValue;
use crate::record::CalendarDate;

/// The most privileges of one licence: the standard knows some twenty categories.
const MAX_PRIVILEGES: usize = 64;
/// The most codes of one privilege.
const MAX_CODES: usize = 32;

/// The privileges that a field holds as a list of `{category, issueDate?, expiryDate?, codes?}`, where a code is
/// `{code, sign?, value?}`; dates are written as everywhere in a record. `None` for anything else: a privilege that is not
/// understood whole must not be issued in part.
pub(super) fn driving_privileges(field: &Value) -> Option<MappedValue> {
    let privileges = field.as_array().filter(|list| list.len() <= MAX_PRIVILEGES)?;
    let privileges: Option<Vec<MappedValue>> = privileges.iter().map(privilege).collect();
    privileges.map(MappedValue::List)
}

fn privilege(value: &Value) -> Option<MappedValue> {
    let members = known(value, &["category", "issueDate", "expiryDate", "codes"])?;
    let mut written = vec![("vehicle_category_code", text(members.get("category")?)?)];
    for (source, target) in [("issueDate", "issue_date"), ("expiryDate", "expiry_date")] {
        if let Some(date) = members.get(source) {
            let date = CalendarDate::parse(date.as_str()?).ok()?;
            written.push((target, MappedValue::Date(date)));
        }
    }
    if let Some(codes) = members.get("codes") {
        let codes = codes.as_array().filter(|codes| codes.len() <= MAX_CODES)?;
        let codes: Option<Vec<MappedValue>> = codes.iter().map(code).collect();
        written.push(("codes", MappedValue::List(codes?)));
    }
    Some(MappedValue::Members(written))
}

fn code(value: &Value) -> Option<MappedValue> {
    let members = known(value, &["code", "sign", "value"])?;
    let mut written = vec![("code", text(members.get("code")?)?)];
    for name in ["sign", "value"] {
        if let Some(value) = members.get(name) {
            written.push((name, text(value)?));
        }
    }
    Some(MappedValue::Members(written))
}

/// An object without any other member.
fn known<'v>(value: &'v Value, names: &[&str]) -> Option<&'v Map<String, Value>> {
    value
        .as_object()
        .filter(|members| members.keys().all(|name| names.contains(&name.as_str())))
}

fn text(value: &Value) -> Option<MappedValue> {
    value
        .as_str()
        .filter(|text| !text.is_empty())
        .map(|text| MappedValue::Text(text.to_owned()))
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    #[test]
    fn privileges_are_written_as_the_standard_has_them() {
        let field = json!([
            { "category": "B", "issueDate": "2015/03/01", "expiryDate": "2030/02/28", "codes": [{ "code": "01", "sign": "=", "value": "7" }] },
            { "category": "AM" },
        ]);
        assert_eq!(
            driving_privileges(&field).unwrap().to_element().to_json(),
            json!([
                { "vehicle_category_code": "B", "issue_date": "2015-03-01", "expiry_date": "2030-02-28",
                  "codes": [{ "code": "01", "sign": "=", "value": "7" }] },
                { "vehicle_category_code": "AM" },
            ])
        );
    }

    #[test]
    fn a_privilege_that_is_not_understood_whole_is_refused() {
        for field in [
            json!({ "category": "B" }),
            json!([{ "issueDate": "2015/03/01" }]),
            json!([{ "category": "B", "expiryDate": "2030/02/30" }]),
            json!([{ "category": "B", "onlyInDaylight": true }]),
            json!([{ "category": "B", "codes": [{ "sign": "=" }] }]),
        ] {
            assert!(driving_privileges(&field).is_none(), "{field}");
        }
    }
}
