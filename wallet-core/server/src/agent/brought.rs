//! Links that the owner brings.

use symbolon_wallet_core::consent_policy::PersonAddress;
use url::Url;

use super::Agent;
use crate::http::agent::{AUTHORIZE, CREDENTIAL_OFFER};

/// A link, read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Brought {
    /// Whose wallet it is for; the first person's without.
    pub person: Option<PersonAddress>,
    /// Its parameters.
    pub parameters: String,
}

impl Agent {
    /// Reads a link of any scheme, for the wallet of `person`. A link to an endpoint of this wallet says itself whose it is for: `None` where it
    /// says somebody else, or leads nowhere.
    #[must_use]
    pub fn brought(&self, link: &str, person: Option<PersonAddress>) -> Option<Brought> {
        let (_, parameters) = link.split_once('?')?;
        let addressed = match self.own_path(link) {
            None => person,
            Some(path) => {
                let addressed = addressed(&path)?;
                if person.is_some() && person != addressed {
                    return None;
                }
                addressed
            }
        };
        Some(Brought {
            person: addressed,
            parameters: parameters.to_owned(),
        })
    }

    /// The path of a link below the wallet's own identifier.
    fn own_path(&self, link: &str) -> Option<String> {
        let own = Url::parse(self.identifier.as_str()).ok()?;
        let link = Url::parse(link.trim()).ok()?;
        if link.origin() != own.origin() {
            return None;
        }
        let path = link.path().strip_prefix(own.path().trim_end_matches('/'))?;
        path.starts_with('/').then(|| path.to_owned())
    }
}

/// Whose endpoint a path is; `None` where it is no endpoint that takes requests or offers.
fn addressed(path: &str) -> Option<Option<PersonAddress>> {
    let ends = [AUTHORIZE, CREDENTIAL_OFFER];
    let of_person = ends.iter().find_map(|end| path.strip_suffix(end))?;
    if of_person.is_empty() {
        return Some(None);
    }
    of_person.strip_prefix("/people/")?.parse().ok().map(Some)
}
