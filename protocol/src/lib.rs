//! OAuth, OpenID4VCI, OpenID4VP, DCQL
