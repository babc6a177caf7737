//! The document of a server.

use std::collections::BTreeMap;

use url::Url;
use utoipa::openapi::schema::Components;
use utoipa::openapi::{Info, OpenApi, PathItem, Paths, Server};

use super::operation::Tag;
use super::router::{Endpoint, Endpoints};
use super::security::Security;

/// What is described.
#[derive(Debug, Clone, Copy)]
pub struct About<'a> {
    /// What the interface is called.
    pub title: &'a str,
    /// What it is for.
    pub description: &'a str,
    /// Its version.
    pub version: &'a str,
    /// Where it is: all paths are below the path of this URL, but for those that a specification puts elsewhere on the host.
    pub server: &'a Url,
}

/// For whom a description is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Audience {
    /// For whoever is outside: without what only the administration token opens.
    Public,
    /// For the operator: everything.
    Operator,
}

/// Describes endpoints.
#[must_use]
pub fn describe(about: &About<'_>, endpoints: &Endpoints, audience: Audience) -> OpenApi {
    let base = about.server.path().trim_end_matches('/');
    let mut paths: BTreeMap<&str, PathItem> = BTreeMap::new();
    let mut components = Components::default();
    let mut tags: Vec<Tag> = Vec::new();
    let mut order = Vec::new();
    for endpoint in endpoints.iter().filter(|endpoint| audience.includes(endpoint)) {
        let (operation, schemas) = endpoint.operation.write();
        for (name, schema) in schemas.iter() {
            components.schemas.insert(name.clone(), schema.clone());
        }
        for scheme in endpoint.operation.security.iter().flatten() {
            let (name, scheme) = scheme.declared();
            components.add_security_scheme(name, scheme);
        }
        if !tags.contains(&endpoint.operation.tag) {
            tags.push(endpoint.operation.tag);
        }
        let item = PathItem::new(endpoint.method.clone(), operation);
        match paths.get_mut(endpoint.path.as_str()) {
            Some(former) => former.merge_operations(item),
            None => {
                order.push(endpoint.path.as_str());
                paths.insert(&endpoint.path, item);
            }
        }
    }
    let mut described = Paths::new();
    for path in order {
        let Some(mut item) = paths.remove(path) else {
            continue;
        };
        let below = path.strip_prefix(base).filter(|below| below.starts_with('/'));
        if below.is_none() {
            item.servers = Some(vec![Server::new(about.server.origin().ascii_serialization())]);
        }
        described.paths.insert(below.unwrap_or(path).to_owned(), item);
    }
    let mut info = Info::new(about.title, about.version);
    info.description = Some(about.description.to_owned());
    let mut document = OpenApi::new(info, described);
    document.servers = Some(vec![Server::new(about.server.as_str().trim_end_matches('/'))]);
    document.components = Some(components);
    document.tags = Some(tags.iter().map(written).collect());
    document
}

fn written(tag: &Tag) -> utoipa::openapi::Tag {
    let mut written = utoipa::openapi::Tag::new(tag.name);
    written.description = Some(tag.description.to_owned());
    written
}

impl Audience {
    fn includes(self, endpoint: &Endpoint) -> bool {
        let ways = &endpoint.operation.security;
        let of_operator = !ways.is_empty()
            && ways
                .iter()
                .all(|all_of| all_of.contains(&Security::AdministrationToken));
        self == Self::Operator || !of_operator
    }
}
