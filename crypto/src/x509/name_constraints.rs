//! Name constraints ([RFC 5280 §4.2.1.10](https://www.rfc-editor.org/rfc/rfc5280#section-4.2.1.10)) on DNS names, the
//! hosts of URIs, and distinguished names: the kinds of names that name somebody in this suite.

use x509_cert::der::asn1::{Any, ObjectIdentifier};
use x509_cert::der::{Encode as _, Tag, Tagged as _};
use x509_cert::ext::pkix::constraints::name::{GeneralSubtree, NameConstraints as Wire};
use x509_cert::ext::pkix::name::GeneralName;
use x509_cert::name::Name;

use super::certificate::Certificate;

/// The names that an authority may certify.
pub(super) struct NameConstraints {
    permitted: Vec<Constraint>,
    excluded: Vec<Constraint>,
    /// Constraints on names of other kinds, or with distances, which cannot be enforced.
    unsupported: bool,
}

enum Constraint {
    Dns(String),
    UriHost(String),
    Directory(DirectoryName),
}

/// What became of a certificate under an authority's constraints.
pub(super) enum Finding {
    /// All its names are allowed.
    Allowed,
    /// A name is outside the permitted ones or among the excluded ones.
    Violated,
    /// The constraints are of a kind that cannot be enforced.
    Unsupported,
}

impl NameConstraints {
    pub(super) fn new(wire: Wire) -> Self {
        let mut unsupported = false;
        let mut read = |subtrees: Option<Vec<GeneralSubtree>>| -> Vec<Constraint> {
            let constraints = subtrees.unwrap_or_default().into_iter().filter_map(|subtree| {
                let constraint = match subtree.base {
                    GeneralName::DnsName(name) => Some(name.to_string().to_ascii_lowercase())
                        .filter(|base| base.is_empty() || is_dns_name(base.strip_prefix('.').unwrap_or(base)))
                        .map(Constraint::Dns),
                    GeneralName::UniformResourceIdentifier(host) => {
                        Some(Constraint::UriHost(host.to_string().to_ascii_lowercase()))
                    }
                    GeneralName::DirectoryName(name) => {
                        Some(Constraint::Directory(DirectoryName::new(&name)))
                    }
                    _ => None,
                };
                unsupported |= constraint.is_none() || subtree.minimum != 0 || subtree.maximum.is_some();
                constraint
            });
            constraints.collect()
        };
        let (permitted, excluded) = (read(wire.permitted_subtrees), read(wire.excluded_subtrees));
        Self {
            permitted,
            excluded,
            unsupported,
        }
    }

    /// Holds the names of a certificate against the constraints.
    pub(super) fn check(&self, certificate: &Certificate) -> Finding {
        if self.unsupported {
            return Finding::Unsupported;
        }
        let dns_allowed = certificate
            .san_dns()
            .iter()
            .all(|name| self.allows_dns(&name.to_ascii_lowercase()));
        let uris_allowed = certificate.san_uris().iter().all(|uri| self.allows_uri(uri));
        if dns_allowed && uris_allowed && self.allows_directory_names(certificate) {
            Finding::Allowed
        } else {
            Finding::Violated
        }
    }

    fn allows_dns(&self, name: &str) -> bool {
        // `example.org.` is the host `example.org` for a resolver and another text for a comparison.
        let constrained = self
            .permitted
            .iter()
            .chain(&self.excluded)
            .any(|base| base.dns().is_some());
        if constrained && !is_dns_name(name.strip_prefix("*.").unwrap_or(name)) {
            return false;
        }
        let mut permitted = self.permitted.iter().filter_map(Constraint::dns).peekable();
        let within_permitted = permitted.peek().is_none() || permitted.any(|base| dns_within(name, base));
        within_permitted
            && !self
                .excluded
                .iter()
                .filter_map(Constraint::dns)
                .any(|base| dns_touches(name, base))
    }

    /// A certificate without a distinguished name is within every constraint on them.
    fn allows_directory_names(&self, certificate: &Certificate) -> bool {
        let permitted: Vec<_> = self.permitted.iter().filter_map(Constraint::directory).collect();
        let excluded: Vec<_> = self.excluded.iter().filter_map(Constraint::directory).collect();
        if permitted.is_empty() && excluded.is_empty() {
            return true;
        }
        let Some(names) = certificate.distinguished_names() else {
            return false;
        };
        names.iter().map(DirectoryName::new).all(|name| {
            let within = |base: &&DirectoryName| name.is_within(base);
            let may_be_within = |base: &&DirectoryName| name.may_be_within(base);
            (permitted.is_empty() || permitted.iter().any(within)) && !excluded.iter().any(may_be_within)
        })
    }

    fn allows_uri(&self, uri: &str) -> bool {
        let mut permitted = self.permitted.iter().filter_map(Constraint::uri_host).peekable();
        let mut excluded = self.excluded.iter().filter_map(Constraint::uri_host).peekable();
        if permitted.peek().is_none() && excluded.peek().is_none() {
            return true;
        }
        // RFC 5280: under a constraint on URIs, a URI without a host name is refused.
        let Some(host) = host_name(uri) else { return false };
        let within_permitted = permitted.peek().is_none() || permitted.any(|base| host_within(&host, base));
        within_permitted && !excluded.any(|base| host_within(&host, base))
    }
}

impl Constraint {
    fn dns(&self) -> Option<&str> {
        match self {
            Self::Dns(base) => Some(base),
            Self::UriHost(_) | Self::Directory(_) => None,
        }
    }

    fn uri_host(&self) -> Option<&str> {
        match self {
            Self::UriHost(base) => Some(base),
            Self::Dns(_) | Self::Directory(_) => None,
        }
    }

    fn directory(&self) -> Option<&DirectoryName> {
        match self {
            Self::Directory(base) => Some(base),
            Self::Dns(_) | Self::UriHost(_) => None,
        }
    }
}

/// A distinguished name as it is compared ([RFC 5280 §7.1](https://www.rfc-editor.org/rfc/rfc5280#section-7.1)): letters of one case, and one
/// space between words. Otherwise a name that is excluded could be written in another way.
struct DirectoryName(Vec<Vec<(ObjectIdentifier, Compared)>>);

/// The value of an attribute as it is compared.
#[derive(PartialEq, Eq, PartialOrd, Ord)]
enum Compared {
    /// A text whatever its encoding.
    Text(String),
    /// What is no text that is read here, as it is encoded.
    Encoded(Vec<u8>),
}

impl DirectoryName {
    fn new(name: &Name) -> Self {
        let relative = name.iter_rdn().map(|relative| {
            let attributes = relative.iter();
            let mut attributes: Vec<_> = attributes
                .map(|attribute| (attribute.oid, compared(&attribute.value)))
                .collect();
            attributes.sort();
            attributes
        });
        Self(relative.collect())
    }

    fn is_within(&self, base: &Self) -> bool {
        self.0.starts_with(&base.0)
    }

    /// Whether nothing rules out that the name is within `base`: what cannot be compared could be the same in another encoding.
    fn may_be_within(&self, base: &Self) -> bool {
        let may_be = |(name, base): (&(ObjectIdentifier, Compared), &(ObjectIdentifier, Compared))| {
            let is_compared = matches!((&name.1, &base.1), (Compared::Text(_), Compared::Text(_)));
            name.0 == base.0 && (name.1 == base.1 || !is_compared)
        };
        let mut relative = self.0.iter().zip(&base.0);
        self.0.len() >= base.0.len()
            && relative.all(|(name, base)| name.len() == base.len() && name.iter().zip(base).all(may_be))
    }
}

fn compared(value: &Any) -> Compared {
    let text = match value.tag() {
        Tag::Utf8String
        | Tag::PrintableString
        | Tag::NumericString
        | Tag::VisibleString
        | Tag::Ia5String
        | Tag::TeletexString => core::str::from_utf8(value.value()).ok().map(str::to_owned),
        Tag::BmpString => {
            let (units, rest) = value.value().as_chunks::<2>();
            let units = units.iter().map(|unit| u16::from_be_bytes(*unit));
            let text = char::decode_utf16(units).collect::<Result<_, _>>().ok();
            text.filter(|_: &String| rest.is_empty())
        }
        _ => None,
    };
    match text {
        Some(text) => {
            let words: Vec<String> = text.split_whitespace().map(str::to_lowercase).collect();
            Compared::Text(words.join(" "))
        }
        None => Compared::Encoded(value.to_der().unwrap_or_default()),
    }
}

/// Whether a text is labels of letters, digits, hyphens and underscores with dots between them, none of them empty.
fn is_dns_name(name: &str) -> bool {
    name.split('.').all(|label| {
        !label.is_empty()
            && label
                .bytes()
                .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_')
    })
}

/// Whether a DNS name is `base` or has labels added on its left. An empty base holds every name; with a leading dot,
/// as some authorities write, at least one label must be added.
fn dns_within(name: &str, base: &str) -> bool {
    let prefix = name.strip_suffix(base);
    base.is_empty()
        || prefix.is_some_and(|prefix| {
            if base.starts_with('.') {
                !prefix.is_empty()
            } else {
                prefix.is_empty() || prefix.ends_with('.')
            }
        })
}

/// Whether a DNS name, or one of those that a wildcard stands for, is within `base`.
fn dns_touches(name: &str, base: &str) -> bool {
    dns_within(name, base)
        || name.strip_prefix("*.").is_some_and(|parent| {
            dns_within(parent, base) || dns_within(base.trim_start_matches('.'), parent)
        })
}

/// Whether a host is `base` itself or, when `base` begins with a dot, has labels added on its left.
fn host_within(host: &str, base: &str) -> bool {
    match base.strip_prefix('.') {
        Some(_) => host.strip_suffix(base).is_some_and(|prefix| !prefix.is_empty()),
        None => base.is_empty() || host == base,
    }
}

/// The host of a URI in lower case, when it is a name: addresses and whatever does not read as a host are `None`.
fn host_name(uri: &str) -> Option<String> {
    let (_, rest) = uri.split_once("://")?;
    let authority = rest.split(['/', '?', '#']).next()?;
    // A backslash ends the host for browsers and not for RFC 3986: a URI that has one names nobody.
    if authority.contains('\\') {
        return None;
    }
    let host_and_port = authority.rsplit('@').next()?;
    let host = match host_and_port.split_once(':') {
        Some((host, port)) if port.bytes().all(|byte| byte.is_ascii_digit()) => host,
        Some(_) => return None,
        None => host_and_port,
    };
    let of_a_name = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'.' || byte == b'_';
    let last_label = host.rsplit('.').next()?;
    let named = !last_label.is_empty()
        && host.bytes().all(of_a_name)
        // A last label without a letter ends an address, in whatever notation.
        && last_label.bytes().any(|byte| byte.is_ascii_alphabetic())
        && !last_label.starts_with("0x");
    named.then(|| host.to_ascii_lowercase())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_dns_constraint_holds_the_name_and_what_is_below_it() {
        assert!(dns_within("example.org", "example.org"));
        assert!(dns_within("a.example.org", "example.org"));
        assert!(dns_within("a.example.org", ".example.org"));
        assert!(!dns_within("example.org", ".example.org"));
        assert!(!dns_within("badexample.org", "example.org"));
        assert!(dns_within("anything.test", ""));
    }

    #[test]
    fn an_excluded_name_excludes_the_wildcard_that_stands_for_it() {
        assert!(dns_touches("*.example.org", "secret.example.org"));
        assert!(dns_touches("*.secret.example.org", "example.org"));
        assert!(!dns_touches("*.example.org", "example.net"));
    }

    #[test]
    fn a_uri_constraint_without_a_dot_is_one_host() {
        assert!(host_within("example.org", "example.org"));
        assert!(!host_within("a.example.org", "example.org"));
        assert!(host_within("a.example.org", ".example.org"));
        assert!(!host_within("example.org", ".example.org"));
    }

    #[test]
    fn a_text_in_an_encoding_that_cannot_be_read_may_be_an_excluded_one() {
        let organization = ObjectIdentifier::new_unwrap("2.5.4.10");
        let name = |tag, bytes: &[u8]| {
            let value = Any::new(tag, bytes).unwrap();
            DirectoryName(vec![vec![(organization, compared(&value))]])
        };
        let base = name(Tag::Utf8String, "Société Mal".as_bytes());
        // The same in Latin 1, as authorities have always written it in a TeletexString.
        let latin = name(Tag::TeletexString, b"Soci\xe9t\xe9 Mal");
        assert!(!latin.is_within(&base) && latin.may_be_within(&base));
        let half = name(Tag::BmpString, b"\0M\0a\0");
        assert!(half.may_be_within(&base) && !half.is_within(&base));
        let other = name(Tag::PrintableString, b"Bien");
        assert!(!other.may_be_within(&base));
        assert!(name(Tag::Utf8String, "société  MAL".as_bytes()).may_be_within(&base));
    }

    #[test]
    fn only_names_are_hosts() {
        assert_eq!(
            host_name("https://user@Example.org:8443/path?x#y").as_deref(),
            Some("example.org")
        );
        for uri in [
            "https://127.0.0.1/",
            "https://[::1]/",
            "https://0x7f000001/",
            "https:///path",
            "urn:example",
            "https://a\\@b.example/",
            "https://example.org:80:90/",
        ] {
            assert_eq!(host_name(uri), None, "{uri}");
        }
    }
}
