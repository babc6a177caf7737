//! Texts of every language.

#[test]
fn an_operator_adds_a_language_and_what_it_lacks_is_english() {
    let folder = tempfile::tempdir().unwrap();
    let write = |name: &str, text: &str| std::fs::write(folder.path().join(name), text).unwrap();
    write(
        "sw.toml",
        "language = \"Kiswahili\"\ndirection = \"ltr\"\n[texts]\nnumber-title = \"Ingia\"\n",
    );
    write(
        "en.toml",
        "language = \"English\"\ndirection = \"ltr\"\n[texts]\nnumber-title = \"Log in\"\n",
    );
    write("notes.txt", "not a language");
    let all = crate::tests::translations().with_folder(folder.path()).unwrap();
    let swahili = all.matching("sw-KE").unwrap();
    assert_eq!(all.text(swahili, "number-title", &[]), "Ingia");
    assert_eq!(all.text(swahili, "page-skip", &[]), "Skip to the content");
    assert_eq!(all.text(all.english(), "number-title", &[]), "Log in");
}

#[test]
fn a_file_that_is_wrong_is_refused_with_its_name() {
    for (name, text, expected) in [
        (
            "sw.toml",
            "language = \"x\"\ndirection = \"up\"\n[texts]\n",
            "sw.toml: ",
        ),
        (
            "sw.toml",
            "language = \"x\"\ndirection = \"ltr\"\n[texts]\nnonsense = \"x\"\n",
            "sw.toml: there is no text nonsense",
        ),
        (
            "sw.toml",
            "language = \"x\"\ndirection = \"ltr\"\n[texts]\nnumber-title = \"{code}\"\n",
            "sw.toml: number-title has a name in braces",
        ),
        (
            "not a tag.toml",
            "language = \"x\"\ndirection = \"ltr\"\n[texts]\n",
            "not a tag.toml is not named",
        ),
    ] {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join(name), text).unwrap();
        let refused = crate::tests::translations()
            .with_folder(folder.path())
            .unwrap_err();
        assert!(refused.to_string().starts_with(expected), "{refused}");
    }
}

#[test]
fn what_is_filled_in_is_isolated_and_never_read_as_a_text() {
    let shipped = crate::tests::translations();
    let english = shipped.english();
    let filled = shipped.text(
        english,
        "consent-purpose",
        &[("wallet", "{issuer}"), ("issuer", "Registry")],
    );
    assert_eq!(
        filled,
        "\u{2068}{issuer}\u{2069} wants to receive these credentials from \u{2068}Registry\u{2069}."
    );
}
