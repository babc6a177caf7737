//! The groups of the description.

use symbolon_http::openapi::Tag;

pub(crate) const DOCUMENTS: Tag = Tag {
    name: "Documents",
    description: "What anybody may read: metadata, keys, types, contexts.",
};
pub(crate) const STATUS: Tag = Tag {
    name: "Status lists",
    description: "Which credentials are revoked or suspended.",
};
pub(crate) const AUTHORIZATION: Tag = Tag {
    name: "Authorization",
    description: "From an offer or a resident who signs in to an access token.",
};
pub(crate) const ISSUANCE: Tag = Tag {
    name: "Issuance",
    description: "From an access token to credentials.",
};
pub(crate) const PAGES: Tag = Tag {
    name: "Pages",
    description: "The pages on which a resident signs in and consents. They are for browsers: their forms carry a token that only the \
                  page holds, and the cookie that the authorization endpoint set.",
};
pub(crate) const VCALM: Tag = Tag {
    name: "VCALM",
    description: "A coordinator hands in credentials to be signed. Each credential configuration that allows it is an instance.",
};
pub(crate) const ADMINISTRATION: Tag = Tag {
    name: "Administration",
    description: "What the operator does.",
};
