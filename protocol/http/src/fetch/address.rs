//! Which addresses may be fetched from.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

/// Where fetches may go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum FetchPolicy {
    /// https to public addresses, and nothing else.
    Public,
    /// The same, and loopback as well, there also by plain http. For `development = true` alone.
    Development,
    /// Wherever the operator's own configuration points, also by plain http: the administration interface of the
    /// installation. Never for an address that anybody else chose.
    Configured,
}

impl FetchPolicy {
    /// Whether a connection to `address` is permitted.
    #[must_use]
    pub fn permits(self, address: IpAddr) -> bool {
        let address = unmapped(address);
        match self {
            Self::Public => is_public(address),
            Self::Development => is_public(address) || address.is_loopback(),
            Self::Configured => true,
        }
    }
}

/// An IPv4 address that is written as an IPv6 one is judged as what it is.
fn unmapped(address: IpAddr) -> IpAddr {
    match address {
        IpAddr::V6(v6) => v6.to_ipv4_mapped().map_or(address, IpAddr::V4),
        IpAddr::V4(_) => address,
    }
}

/// Whether an address is globally reachable, by the special-purpose registries of IANA (RFC 6890). What the registries
/// reserve is refused, and so are the IPv6 forms that embed an IPv4 address which a gateway would unpack.
fn is_public(address: IpAddr) -> bool {
    match address {
        IpAddr::V4(address) => is_public_v4(address),
        IpAddr::V6(address) => is_public_v6(address),
    }
}

fn is_public_v4(address: Ipv4Addr) -> bool {
    let [a, b, c, _] = address.octets();
    !(a == 0
        || address.is_private()
        || address.is_loopback()
        || address.is_link_local()
        || address.is_documentation()
        || address.is_broadcast()
        || address.is_multicast()
        || a >= 240
        || (a == 100 && (64..128).contains(&b))
        || (a == 192 && b == 0 && c == 0)
        || (a == 192 && b == 88 && c == 99)
        || (a == 198 && (b == 18 || b == 19)))
}

fn is_public_v6(address: Ipv6Addr) -> bool {
    let [a, b, ..] = address.segments();
    // Only 2000::/3 is assigned for global unicast.
    (a & 0xe000) == 0x2000
        && a != 0x2002
        && !(a == 0x2001 && b < 0x0200)
        && !(a == 0x2001 && b == 0x0db8)
        && (a & 0xfff0) != 0x3ff0
}

#[cfg(test)]
mod tests {
    use super::*;

    fn permits(policy: FetchPolicy, address: &str) -> bool {
        policy.permits(address.parse().unwrap())
    }

    #[test]
    fn refuses_every_private_and_special_range() {
        for address in [
            "0.0.0.0",
            "10.1.2.3",
            "100.64.0.1",
            "127.0.0.1",
            "169.254.169.254",
            "172.16.0.1",
            "172.31.255.255",
            "192.0.0.1",
            "192.0.2.1",
            "192.88.99.1",
            "192.168.1.1",
            "198.18.0.1",
            "198.51.100.1",
            "203.0.113.1",
            "224.0.0.1",
            "240.0.0.1",
            "255.255.255.255",
            "::",
            "::1",
            "::ffff:10.0.0.1",
            "::ffff:127.0.0.1",
            "64:ff9b::a00:1",
            "2002:a00:1::",
            "2001::1",
            "2001:db8::1",
            "fc00::1",
            "fd12::1",
            "fe80::1",
            "ff02::1",
            "3fff::1",
        ] {
            assert!(!permits(FetchPolicy::Public, address), "{address}");
        }
    }

    #[test]
    fn permits_public_addresses_and_in_development_loopback() {
        for address in [
            "1.1.1.1",
            "9.9.9.9",
            "172.32.0.1",
            "2606:4700::1111",
            "::ffff:1.1.1.1",
        ] {
            assert!(permits(FetchPolicy::Public, address), "{address}");
        }
        assert!(permits(FetchPolicy::Development, "127.0.0.1"));
        assert!(permits(FetchPolicy::Development, "::1"));
        assert!(!permits(FetchPolicy::Development, "10.0.0.1"));
        assert!(!permits(FetchPolicy::Development, "169.254.169.254"));
    }
}
