//! Languages for the tests of this crate.

use std::sync::Arc;

use minijinja::context;

use crate::{Templates, Translations};

const LANGUAGES: [(&str, &str); 4] = [
    (
        "en",
        r#"language = "English"
direction = "ltr"
[texts]
page-skip = "Skip to the content"
number-title = "Sign in"
consent-purpose = "{wallet} wants to receive these credentials from {issuer}."
"#,
    ),
    (
        "ar",
        "language = \"العربية\"\ndirection = \"rtl\"\n[texts]\nnumber-title = \"الدخول\"\n",
    ),
    ("fr", "language = \"Français\"\ndirection = \"ltr\"\n[texts]\n"),
    ("hi", "language = \"हिन्दी\"\ndirection = \"ltr\"\n[texts]\n"),
];

pub(crate) fn translations() -> Translations {
    Translations::new(&LANGUAGES).unwrap()
}

#[test]
fn a_template_says_its_texts_in_the_language_of_the_page_and_escapes_what_is_filled_in() {
    let sources = [(
        "page.html",
        r#"<h1 dir="ltr">{{ text("number-title") }}</h1><p>{{ text("consent-purpose", wallet=wallet) }}</p>"#,
    )];
    let templates = Templates::new(&sources, &Arc::new(translations()), &["issuer"]).unwrap();
    let html = templates
        .render(
            "page.html",
            context! { tag => "ar", issuer => "Registry", wallet => "<b>" },
        )
        .unwrap();
    assert!(html.contains("<h1 dir=\"ltr\">الدخول</h1>"), "{html}");
    assert!(html.contains("&lt;b&gt;") && html.contains("Registry"), "{html}");
    let lacking = templates.render("page.html", context! { tag => "ar", wallet => "x" });
    assert!(lacking.is_err(), "a page without what every text may name");
}

#[test]
fn a_language_with_a_text_that_english_lacks_is_refused() {
    let wrong = [
        LANGUAGES[0],
        (
            "fr",
            "language = \"x\"\ndirection = \"ltr\"\n[texts]\nown = \"x\"\n",
        ),
    ];
    assert!(Translations::new(&wrong).is_err());
}
