use std::collections::{BTreeMap, BTreeSet, VecDeque};

use cargo_metadata::{DependencyKind, Metadata, MetadataCommand, PackageId};

use crate::{ASSEMBLERS, INPUT_OUTPUT_CRATES, LAYERS, PORT_IMPLEMENTATIONS, Purity};

fn metadata() -> Metadata {
    MetadataCommand::new()
        .manifest_path(concat!(env!("CARGO_MANIFEST_DIR"), "/../../Cargo.toml"))
        .other_options(vec!["--locked".to_owned()])
        .exec()
        .expect("cargo metadata answers")
}

#[test]
fn every_package_stands_in_the_layer_table() {
    let known: BTreeSet<&str> = LAYERS
        .iter()
        .map(|layer| layer.package)
        .chain(ASSEMBLERS.iter().copied())
        .collect();
    let metadata = metadata();
    let found: BTreeSet<&str> = metadata
        .workspace_packages()
        .iter()
        .map(|package| package.name.as_str())
        .collect();
    assert_eq!(
        found, known,
        "the workspace and the layer table name different packages"
    );
}

#[test]
fn no_edge_points_upwards() {
    let metadata = metadata();
    let mut wrong = Vec::new();
    for package in metadata.workspace_packages() {
        let Some(layer) = LAYERS.iter().find(|layer| layer.package == package.name.as_str()) else {
            continue;
        };
        for dependency in &package.dependencies {
            // A crate's own tests may use its own features, which cargo writes as an edge to itself.
            let ours = dependency.name.starts_with("symbolon-") && dependency.name != package.name.as_str();
            // What a port asks for is shown with its implementation, which no pure crate links.
            let in_tests = dependency.kind == DependencyKind::Development
                && PORT_IMPLEMENTATIONS.contains(&dependency.name.as_str());
            if ours && !in_tests && !layer.may_use.contains(&dependency.name.as_str()) {
                wrong.push(format!(
                    "{} -> {} ({:?})",
                    package.name, dependency.name, dependency.kind
                ));
            }
        }
    }
    assert!(wrong.is_empty(), "edges outside the layer table: {wrong:#?}");
}

#[test]
fn nothing_that_does_input_or_output_stands_below_a_pure_crate() {
    let metadata = metadata();
    let names: BTreeMap<&PackageId, &str> = metadata
        .packages
        .iter()
        .map(|package| (&package.id, package.name.as_str()))
        .collect();
    let resolve = metadata.resolve.as_ref().expect("the graph is resolved");
    let edges: BTreeMap<&PackageId, Vec<&PackageId>> = resolve
        .nodes
        .iter()
        .map(|node| {
            let below = node
                .deps
                .iter()
                .filter(|dependency| {
                    dependency.dep_kinds.iter().any(|kind| {
                        let applies = kind.target.as_ref().is_none_or(|target| {
                            let target = target.to_string();
                            !target.contains("wasm")
                                && !target.contains("windows")
                                && !target.contains("hermit")
                        });
                        kind.kind == DependencyKind::Normal && applies
                    })
                })
                .map(|dependency| &dependency.pkg)
                .collect();
            (&node.id, below)
        })
        .collect();

    let mut wrong = Vec::new();
    for layer in LAYERS.iter().filter(|layer| layer.purity == Purity::Pure) {
        let root = metadata
            .workspace_packages()
            .into_iter()
            .find(|package| package.name.as_str() == layer.package)
            .map(|package| &package.id)
            .expect("the first test checks the names");
        let mut seen = BTreeSet::from([root]);
        let mut queue = VecDeque::from([root]);
        while let Some(id) = queue.pop_front() {
            for below in edges.get(id).into_iter().flatten() {
                if seen.insert(below) {
                    queue.push_back(below);
                }
            }
        }
        for id in seen {
            if let Some(name) = names.get(id).filter(|name| INPUT_OUTPUT_CRATES.contains(name)) {
                wrong.push(format!("{} reaches {name}", layer.package));
            }
        }
    }
    assert!(
        wrong.is_empty(),
        "pure crates that reach input or output: {wrong:#?}"
    );
}
