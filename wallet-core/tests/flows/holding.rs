//! Listing, showing, deleting.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::{Value, json};
use symbolon_wallet_core::hold::{Disclosable, Validity};
use symbolon_wallet_core::record::HistoryEvent;
use symbolon_wallet_core::testing::block_on;
use symbolon_wallet_core::{CredentialId, Languages, WalletError};

use crate::support::World;
use crate::support::issuer::metadata::configuration;
use crate::support::issuer::{CONFIGURATION, TYPE};
use crate::support::world::french;

#[test]
fn a_credential_is_shown_in_the_language_of_its_holder_in_the_order_of_its_issuer() {
    let world = World::new();
    let id = world.receive();
    let wallet = world.wallet();
    let list = block_on(wallet.list(&french(), world.now)).unwrap();
    assert_eq!(list.len(), 1);
    assert_eq!((list[0].id, list[0].name.as_str()), (id, "Identité nationale"));
    assert_eq!(list[0].issuer_name.as_deref(), Some("Registre national"));
    assert_eq!(list[0].background_color.as_deref(), Some("#004d40"));
    let expected = world.now.plus(Duration::from_secs(365 * 86_400));
    assert_eq!(list[0].validity, Validity::Until(expected));

    let shown = block_on(wallet.show(id, &french(), world.now)).unwrap();
    let names: Vec<&str> = shown
        .claims
        .iter()
        .take(3)
        .map(|claim| claim.name.as_str())
        .collect();
    assert_eq!(names, ["Nom", "Prénom", "Localité"]);
    let street = shown
        .claims
        .iter()
        .find(|claim| claim.path.to_string() == "address.street")
        .unwrap();
    assert_eq!(
        (&street.value, street.disclosable),
        (&json!("12 rue des Manguiers"), Disclosable::Selectively)
    );
    let number = shown
        .claims
        .iter()
        .find(|claim| claim.name == "document_number")
        .unwrap();
    assert_eq!(number.disclosable, Disclosable::Always);
    assert!(
        shown
            .claims
            .iter()
            .all(|claim| claim.name != "cnf" && claim.name != "exp")
    );

    let english = block_on(wallet.show(id, &Languages::new(["eng"]), world.now)).unwrap();
    assert_eq!(english.summary.name, "National identity");
    assert_eq!(english.claims[0].name, "Family name");
}

#[test]
fn where_the_issuer_names_nothing_the_type_and_what_it_extends_give_names_and_order() {
    let mut world = World::new();
    let mut configuration = configuration(TYPE);
    configuration
        .as_object_mut()
        .unwrap()
        .remove("credential_metadata");
    world
        .issuer
        .set_configurations(json!({ CONFIGURATION: configuration }));
    let base = "https://issuer.example/types/person";
    let french_label =
        |path: Value, label: &str| json!({ "path": path, "display": [{ "locale": "fr", "label": label }] });
    world.policy.type_metadata = BTreeMap::from([
        (
            TYPE.to_owned(),
            json!({
                "vct": TYPE,
                "extends": base,
                "claims": [french_label(json!(["birth_date"]), "Né(e) le"), french_label(json!(["given_name"]), "Prénom")],
            }),
        ),
        (
            base.to_owned(),
            json!({
                "vct": base,
                "display": [
                    { "locale": "en", "name": "Person" },
                    { "locale": "fr", "name": "Personne", "description": "Qui vous êtes", "rendering": {
                        "simple": { "background_color": "#12394a", "logo": {
                            "uri": "https://issuer.example/logo.png", "alt_text": "Un baobab" } },
                        "svg_templates": [{ "uri": "https://issuer.example/card.svg" }],
                    } },
                ],
                "claims": [french_label(json!(["given_name"]), "Petit nom"), french_label(json!(["family_name"]), "Nom")],
            }),
        ),
    ]);
    let id = world.receive();
    let shown = block_on(world.wallet().show(id, &french(), world.now)).unwrap();
    assert_eq!(shown.summary.name, "Personne");
    assert_eq!(shown.summary.description.as_deref(), Some("Qui vous êtes"));
    assert_eq!(shown.summary.background_color.as_deref(), Some("#12394a"));
    let simple = shown.rendering.simple.as_ref().unwrap();
    assert_eq!(simple.logo_alternative_text.as_deref(), Some("Un baobab"));
    assert_eq!(shown.rendering.svg_templates.len(), 1);
    let names: Vec<&str> = shown
        .claims
        .iter()
        .take(4)
        .map(|claim| claim.name.as_str())
        .collect();
    // What a type inherits comes first, under the name that it gives it itself.
    assert_eq!(names, ["Prénom", "Nom", "Né(e) le", "address.country"]);

    // Metadata that are in error are not used at all.
    let metadata = &mut world.policy.type_metadata;
    metadata.get_mut(base).unwrap()["extends"] = json!(TYPE);
    let shown = block_on(world.wallet().show(id, &french(), world.now)).unwrap();
    assert_eq!(shown.summary.name, CONFIGURATION);
    assert_eq!(shown.claims[0].name, "address.country");
}

#[test]
fn an_expired_credential_says_so() {
    let world = World::new();
    world.receive();
    let at = world.now.plus(Duration::from_secs(365 * 86_400));
    let list = block_on(world.wallet().list(&french(), at)).unwrap();
    assert_eq!(list[0].validity, Validity::Expired { at });
}

#[test]
fn a_deleted_credential_leaves_no_key_and_one_line_in_the_history() {
    let world = World::new();
    let id = world.receive();
    let wallet = world.wallet();
    block_on(wallet.delete(id, world.now)).unwrap();
    assert_eq!(world.held(), (0, 0));
    assert_eq!(
        block_on(wallet.show(id, &french(), world.now)),
        Err(WalletError::NotFound)
    );
    assert_eq!(block_on(wallet.delete(id, world.now)), Err(WalletError::NotFound));
    let history = block_on(wallet.history()).unwrap();
    assert!(matches!(&history[0].event, HistoryEvent::Deleted { credential, .. } if *credential == id));
    assert!(matches!(history[1].event, HistoryEvent::Received { .. }));
    let unknown = CredentialId::from_bytes([3; 16]);
    assert_eq!(
        block_on(wallet.show(unknown, &french(), world.now)),
        Err(WalletError::NotFound)
    );
}
