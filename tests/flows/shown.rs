//! What `symbolon wallet show` tells a person, in the person's language.

use crate::harness::{Installation, Role};
use crate::story;

#[test]
fn a_held_credential_is_shown_in_the_language_of_its_holder() {
    let installation = Installation::new();
    installation.sample(20);
    installation.ok(&["records", "import", "people.ndjson"]);
    let uin = story::living_adult(&installation);
    let _issuer = installation.serve(Role::Issuer);
    story::receive(&installation, &uin);
    let held = installation.json(&["wallet", "list", "--json"]);
    let id = held[0]["id"].as_str().unwrap();
    for (language, name, label) in [
        ("eng", "National identity", "Full name"),
        ("fra", "Identité nationale", "Nom complet"),
        ("ara", "الهوية الوطنية", "الاسم الكامل"),
    ] {
        let shown = installation.json(&["wallet", "show", id, "--language", language, "--json"]);
        assert_eq!(shown["name"], name);
        let labels: Vec<&str> = shown["claims"]
            .as_array()
            .unwrap()
            .iter()
            .filter_map(|claim| claim["name"].as_str())
            .collect();
        assert!(labels.contains(&label), "{labels:?}");
        assert_eq!(shown["background_color"], "#12394a");
        assert_eq!(shown["text_color"], "#ffffff");
        let description = shown["description"].as_str().unwrap();
        let text = installation.ok(&["wallet", "show", id, "--language", language]);
        for part in [name, label, description] {
            assert!(text.contains(part), "{part}\n{text}");
        }
    }
}
