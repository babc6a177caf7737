//! Links that the owner brings.

use symbolon_wallet_core::consent_policy::PersonAddress;
use url::Url;

use super::{Agent, AgentError};
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
    /// says somebody else than `person`, or leads nowhere.
    ///
    /// # Errors
    /// [`AgentError::NoSuchPerson`] where it leads to what can be nobody's address.
    pub fn brought(&self, link: &str, person: Option<PersonAddress>) -> Result<Option<Brought>, AgentError> {
        let Some((_, parameters)) = link.split_once('?') else {
            return Ok(None);
        };
        let addressed = match self.own_path(link).map(|path| addressed(&path)) {
            None => person,
            Some(None) => return Ok(None),
            Some(Some(addressed)) => {
                let addressed = addressed?;
                if person.is_some() && person != addressed {
                    return Ok(None);
                }
                addressed
            }
        };
        Ok(Some(Brought {
            person: addressed,
            parameters: parameters.to_owned(),
        }))
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
fn addressed(path: &str) -> Option<Result<Option<PersonAddress>, AgentError>> {
    let ends = [AUTHORIZE, CREDENTIAL_OFFER];
    let of_person = ends.iter().find_map(|end| path.strip_suffix(end))?;
    if of_person.is_empty() {
        return Some(Ok(None));
    }
    let person = of_person.strip_prefix("/people/")?;
    // One segment; another path is no endpoint's.
    let named = person.parse().map(Some);
    (!person.contains('/')).then(|| named.map_err(|_| AgentError::NoSuchPerson))
}
