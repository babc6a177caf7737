use serde_json::json;

use super::*;

fn path(value: Value) -> ClaimsPath {
    serde_json::from_value(value).unwrap()
}

fn claims() -> Map<String, Value> {
    // The example of OpenID4VP 1.0 §7.3.
    json!({
        "name": "Arthur Dent",
        "address": {"street_address": "42 Market Street", "locality": "Milliways", "postal_code": "12345"},
        "degrees": [
            {"type": "Bachelor of Science", "university": "University of Betelgeuse"},
            {"type": "Master of Science", "university": "University of Betelgeuse"}
        ],
        "nationalities": ["British", "Betelgeusian"]
    })
    .as_object()
    .cloned()
    .unwrap()
}

#[test]
fn selects_what_the_published_examples_select() {
    let claims = claims();
    let select = |value| path(value).select(&claims).map(|found| json!(found));
    assert_eq!(select(json!(["name"])), Ok(json!(["Arthur Dent"])));
    assert_eq!(
        select(json!(["address", "street_address"])),
        Ok(json!(["42 Market Street"]))
    );
    assert_eq!(select(json!(["nationalities", 1])), Ok(json!(["Betelgeusian"])));
    assert_eq!(
        select(json!(["degrees", null, "type"])),
        Ok(json!(["Bachelor of Science", "Master of Science"]))
    );
}

#[test]
fn aborts_where_the_rules_abort() {
    let claims = claims();
    let error = |value| path(value).select(&claims).unwrap_err();
    assert_eq!(
        error(json!(["name", "first"])),
        PathSelectionError::NotAnObject { position: 1 }
    );
    assert_eq!(
        error(json!(["address", 0])),
        PathSelectionError::NotAnArray { position: 1 }
    );
    assert_eq!(
        error(json!(["address", null])),
        PathSelectionError::NotAnArray { position: 1 }
    );
    assert_eq!(error(json!([0])), PathSelectionError::NotAnArray { position: 0 });
    assert_eq!(
        error(json!(["nationalities", 2])),
        PathSelectionError::NothingSelected { position: 1 }
    );
    assert_eq!(
        error(json!(["nobody"])),
        PathSelectionError::NothingSelected { position: 0 }
    );
}

#[test]
fn concrete_paths_name_each_selected_element() {
    let claims = claims();
    let found = path(json!(["degrees", null, "type"]))
        .select_with_paths(&claims)
        .unwrap();
    let paths: Vec<String> = found.iter().map(|claim| claim.path.to_string()).collect();
    assert_eq!(paths, ["degrees[0].type", "degrees[1].type"]);
}

#[test]
fn an_index_counts_the_elements_as_they_were_issued() {
    // Of [a, b, c, d] and, within what was the element 2, of [x, y] the first of each was withheld.
    let claims = json!({"list": ["b", {"inner": ["y"]}, "d"]});
    let claims = claims.as_object().unwrap();
    let list = path(json!(["list"])).parts().to_vec();
    let inner = path(json!(["list", 1, "inner"])).parts().to_vec();
    let places = ElementPlaces::Lacking(vec![(list, vec![0]), (inner, vec![0])]);
    let select = |value: Value, places: &ElementPlaces| {
        let found = path(value).select_presented(claims, places);
        found.map(|found| {
            let found = found.iter();
            let found = found.map(|claim| (claim.path.to_string(), claim.value.clone()));
            found.collect::<Vec<_>>()
        })
    };
    let one = |path: &str, value: Value| Ok(vec![(path.to_owned(), value)]);
    assert_eq!(select(json!(["list", 1]), &places), one("list[0]", json!("b")));
    assert_eq!(select(json!(["list", 3]), &places), one("list[2]", json!("d")));
    assert_eq!(
        select(json!(["list", 2, "inner", 1]), &places),
        one("list[1].inner[0]", json!("y"))
    );
    let nothing = |position| Err(PathSelectionError::NothingSelected { position });
    assert_eq!(select(json!(["list", 0]), &places), nothing(1));
    assert_eq!(select(json!(["list", 4]), &places), nothing(1));
    assert_eq!(select(json!(["list", 2, "inner", 0]), &places), nothing(3));
    assert_eq!(
        select(json!(["list", 0]), &ElementPlaces::AsIssued),
        one("list[0]", json!("b"))
    );
    let any = select(json!(["list", 7]), &ElementPlaces::Unknown).unwrap();
    assert_eq!(any.len(), 3);
}

#[test]
fn refuses_what_is_no_path() {
    for value in [
        json!([]),
        json!("name"),
        json!([-1]),
        json!([1.5]),
        json!([true]),
        json!([["a"]]),
    ] {
        assert!(serde_json::from_value::<ClaimsPath>(value).is_err());
    }
    assert!(serde_json::from_value::<ClaimsPath>(json!(vec!["a"; MAX_PATH_PARTS + 1])).is_err());
}

#[test]
fn writes_what_it_reads() {
    let value = json!(["degrees", null, "type", 3]);
    assert_eq!(serde_json::to_value(path(value.clone())).unwrap(), value);
}
