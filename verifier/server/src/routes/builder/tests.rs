use symbolon_pages::Translations;
use symbolon_pages::testing::assert_complete;

use super::page::TEMPLATES;
use super::*;

fn translations() -> RequestBuilder {
    RequestBuilder::new("Verifier").unwrap()
}

#[test]
fn every_language_has_every_text() {
    assert_complete(translations().translations(), 2);
}

#[test]
fn every_text_is_shown_somewhere() {
    let sources = [
        include_str!("result.rs"),
        include_str!("page.rs"),
        include_str!("../builder.rs"),
    ];
    let builder = translations();
    let known: &Translations = builder.translations();
    for key in known.english().texts.keys() {
        let quoted = format!("\"{key}\"");
        let named = sources.iter().any(|source| source.contains(&quoted))
            || TEMPLATES.iter().any(|(_, source)| source.contains(&quoted));
        // The rest are words of rules, which the page puts together.
        let kinds = ["rule-", "reason-", "came-", "need-", "ask-"];
        assert!(
            named || kinds.iter().any(|kind| key.starts_with(kind)),
            "nothing shows {key}"
        );
    }
}

#[test]
fn every_rule_and_reason_has_words() {
    use symbolon_verifier::policy::{Rule, RuleReason};
    let builder = translations();
    let texts = &builder.translations().english().texts;
    // The names as the description of the interface lists them, each of which is one of these.
    let rules: Vec<String> = texts
        .keys()
        .filter_map(|key| key.strip_prefix("rule-"))
        .map(str::to_owned)
        .collect();
    assert_eq!(rules.len(), 14);
    for name in rules {
        serde_json::from_value::<Rule>(name.clone().into()).unwrap_or_else(|_| panic!("{name} is no rule"));
    }
    let reasons: Vec<String> = texts
        .keys()
        .filter_map(|key| key.strip_prefix("reason-"))
        .map(str::to_owned)
        .collect();
    assert_eq!(reasons.len(), 26);
    for name in reasons {
        serde_json::from_value::<RuleReason>(name.clone().into())
            .unwrap_or_else(|_| panic!("{name} is no reason"));
    }
}

#[test]
fn no_template_scripts_or_styles_inline_or_turns_escaping_off() {
    for (name, source) in TEMPLATES {
        let source = source.to_ascii_lowercase();
        for forbidden in [
            "style=",
            "<style",
            "onclick",
            "onload",
            "onsubmit",
            "|safe",
            "| safe",
            "autoescape",
            "http:",
            "https:",
        ] {
            assert!(!source.contains(forbidden), "{name} has {forbidden}");
        }
    }
}
