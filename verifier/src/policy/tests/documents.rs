use super::*;
use symbolon_protocol::openid4vp::transaction_data::TransactionTypes;

#[test]
fn each_mistake_is_named_by_its_key() {
    let card = |more: Value| {
        let mut rule = json!({"id": "card", "format": "claim_169", "binding": "face", "keep_photo": true});
        for (key, value) in more.as_object().unwrap() {
            rule[key] = value.clone();
        }
        json!({ "credentials": [rule] })
    };
    let single = |more: Value| json!({ "credentials": [identity(more)] });
    let second = |more: Value| {
        let mut rule = identity(json!({"id": "other"}));
        for (key, value) in more.as_object().unwrap() {
            rule[key] = value.clone();
        }
        json!({ "credentials": [identity(json!({})), rule] })
    };
    for (document, key) in [
        (json!({"credentials": []}), "credentials: "),
        (single(json!({"bindings": "key"})), "bindings"),
        (single(json!({"binding": "hope"})), "hope"),
        (single(json!({"types": []})), "credentials[0].types: "),
        (
            single(json!({"issuers": ["Nobody"]})),
            "credentials[0].issuers[0]: ",
        ),
        (
            single(json!({"assurance": "very high"})),
            "credentials[0].assurance: ",
        ),
        (single(json!({"binding": "face"})), "credentials[0].keep_photo: "),
        (
            single(json!({"claims": [{"path": ["a"], "pattern": "("}]})),
            "credentials[0].claims[0].pattern: ",
        ),
        (
            single(json!({"claims": [{"path": ["a"], "pattern": "a)|(b"}]})),
            "credentials[0].claims[0].pattern: ",
        ),
        (
            single(json!({"claims": [{"path": ["a"], "pattern": "(?:\\w{999}){999}"}]})),
            "credentials[0].claims[0].pattern: ",
        ),
        (
            single(json!({"claims": [{"path": ["a"], "values": [1.5]}]})),
            "credentials[0].claims[0].values[0]: ",
        ),
        (
            single(json!({"claims": [{"path": ["a"]}, {"path": ["a"]}]})),
            "credentials[0].claims[1].path: ",
        ),
        (
            single(json!({"claims": [{"path": ["a"], "presence": "optional"}]})),
            "credentials[0].claims: ",
        ),
        // What would be asked for twice.
        (
            single(json!({
                "claims": [{"path": ["n"]}, {"path": ["b"], "presence": "optional"}],
                "age": {"over": 18, "birth_date": ["b"]},
            })),
            "credentials: ",
        ),
        (
            single(json!({"age": {"over": 0, "birth_date": ["b"]}})),
            "credentials[0].age.over: ",
        ),
        (single(json!({"age": {"over": 18}})), "credentials[0].age: "),
        (
            single(json!({"format": "mso_mdoc", "types": ["a", "b"]})),
            "credentials[0].types: ",
        ),
        (
            single(json!({"format": "mso_mdoc", "claims": [{"path": ["a"]}]})),
            "credentials[0].claims[0].path: ",
        ),
        (
            single(json!({"format": "mso_mdoc", "age": {"over": 18, "claims": [["a", 0]]}})),
            "credentials[0].age.claims[0]: ",
        ),
        (card(json!({"binding": "key"})), "credentials[0].binding: "),
        (card(json!({"types": ["a"]})), "credentials[0].types: "),
        (second(json!({"id": "identity"})), "credentials[1].id: "),
        (second(json!({"one_of": "identity"})), "credentials[1].one_of: "),
        (
            json!({"utc_offset_minutes": 900, "credentials": [identity(json!({}))]}),
            "utc_offset_minutes: ",
        ),
        (
            json!({"purpose": " ", "credentials": [identity(json!({}))]}),
            "purpose: ",
        ),
        (
            json!({"purpose": "a\nb", "credentials": [identity(json!({}))]}),
            "purpose: ",
        ),
        (
            json!({"query": "none", "credentials": [identity(json!({}))]}),
            "query: ",
        ),
        (
            json!({"combined": "same_claims", "credentials": [identity(json!({}))]}),
            "same_claims: ",
        ),
        (
            json!({"same_claims": [{"identity": ["a"]}], "credentials": [identity(json!({}))]}),
            "same_claims: ",
        ),
        (
            json!({
                "combined": "same_claims", "same_claims": [{"another": ["a"]}],
                "credentials": [identity(json!({}))],
            }),
            "same_claims[0]: ",
        ),
        (
            json!({
                "combined": "same_claims", "same_claims": [{"identity": ["a"]}],
                "credentials": [identity(json!({"claims": [{"path": ["a"], "presence": "optional"}, {"path": ["b"]}]}))],
            }),
            "same_claims[0].identity: ",
        ),
    ] {
        let refused = compile(document.clone()).unwrap_err();
        assert!(refused.contains(key), "{key} in {refused}\n{document}");
    }
}

#[test]
fn alternatives_are_all_required_or_all_optional() {
    let rule =
        |id: &str, presence: &str| identity(json!({"id": id, "one_of": "either", "presence": presence}));
    let both = json!({"credentials": [rule("a", "required"), rule("b", "optional")]});
    assert!(
        compile(both)
            .unwrap_err()
            .starts_with("credentials[1].presence: ")
    );
    let both = json!({"credentials": [rule("a", "optional"), rule("b", "optional")]});
    assert!(compile(both).is_ok());
}

#[test]
fn a_query_by_hand_asks_for_the_same_credentials_in_the_same_formats() {
    let query = |id: &str, format: &str| {
        let meta = if format == "mso_mdoc" {
            json!({ "doctype_value": DOC_TYPE })
        } else {
            json!({ "vct_values": [IDENTITY] })
        };
        let query = json!({"credentials": [{"id": id, "format": format, "meta": meta}]});
        let query = DcqlQuery::parse(query.to_string().as_bytes()).unwrap();
        BTreeMap::from([("by-hand".to_owned(), query)])
    };
    let document = json!({"query": "by-hand", "credentials": [identity(json!({}))]});
    let good = query("identity", "dc+sd-jwt");
    let policy = compile_with(document.clone(), &good).unwrap();
    assert_eq!(policy.query(), good.get("by-hand"));
    for wrong in [query("other", "dc+sd-jwt"), query("identity", "mso_mdoc")] {
        assert!(
            compile_with(document.clone(), &wrong)
                .unwrap_err()
                .starts_with("query: ")
        );
    }
}

#[test]
fn an_issuer_is_known_by_its_identifier_or_by_a_name_that_only_one_has() {
    assert!(compile(json!({"credentials": [identity(json!({"issuers": [REGISTRY, "City"]}))]})).is_ok());
    let mut list = trust_list();
    for issuer in &mut list.issuers {
        "City".clone_into(&mut issuer.name);
    }
    let document: PolicyDocument =
        serde_json::from_value(json!({"credentials": [identity(json!({"issuers": ["City"]}))]})).unwrap();
    let surroundings = PolicySurroundings {
        trust_list: &list,
        assurances: &Assurances::default(),
        queries: &BTreeMap::new(),
        transaction_types: TransactionTypes::NONE,
    };
    let refused = PresentationPolicy::compile(PolicyName::parse("p").unwrap(), &document, surroundings);
    assert_eq!(refused.unwrap_err().problem, PolicyProblem::AmbiguousIssuer);
}

#[test]
fn levels_of_assurance_are_checked() {
    let compile = |scale: Value| {
        let scale: AssuranceScale = serde_json::from_value(scale).unwrap();
        scale
            .compile(&trust_list())
            .map(|_| ())
            .map_err(|error| error.key)
    };
    let entry = |issuer: &str, level: &str| json!({"issuer": issuer, "level": level});
    assert_eq!(
        compile(json!({"levels": ["low"], "issuers": [entry("City", "low")]})),
        Ok(())
    );
    assert_eq!(
        compile(json!({"levels": ["low", "low"]})),
        Err("levels[1]".to_owned())
    );
    assert_eq!(
        compile(json!({"levels": ["low"], "issuers": [entry("City", "high")]})),
        Err("issuers[0].level".to_owned())
    );
    assert_eq!(
        compile(json!({"levels": ["low"], "issuers": [entry("Nobody", "low")]})),
        Err("issuers[0].issuer".to_owned())
    );
}
