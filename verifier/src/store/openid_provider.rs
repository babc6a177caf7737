//! What is kept of sign-ins by OpenID Connect: pushed requests, sign-ins under way, and what they brought.

use super::{Insertion, Replacement, StoreFuture, TenantId};
use crate::openid_provider::{
    GrantId, GrantRecord, PushedRequestId, PushedRequestRecord, SignInId, SignInRecord,
};

/// What a verifier keeps as a provider of OpenID Connect. Every key begins with the tenant.
///
/// An implementation guarantees what [`VerifierStore`](super::VerifierStore) says of operations that answer `Ok`, and that each operation
/// is atomic under concurrency: otherwise one code becomes two tokens. What is over is removed with
/// [`VerifierStore::remove_expired`](super::VerifierStore::remove_expired).
pub trait OpenIdProviderStore: Send + Sync {
    /// Stores a pushed request.
    fn insert_pushed_request(&self, record: PushedRequestRecord) -> StoreFuture<'_, Insertion>;

    /// Takes a pushed request out: of several who ask at once, one gets it.
    fn take_pushed_request<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a PushedRequestId,
    ) -> StoreFuture<'a, Option<PushedRequestRecord>>;

    /// Stores a sign-in that has begun.
    fn insert_sign_in(&self, record: SignInRecord) -> StoreFuture<'_, Insertion>;

    /// The sign-in with this identifier, until it is over.
    fn sign_in<'a>(&'a self, tenant: &'a TenantId, id: &'a SignInId)
    -> StoreFuture<'a, Option<SignInRecord>>;

    /// Ends a sign-in, and stores what it has brought: atomically, and only if it is still under way. [`Replacement::Changed`] says that it is
    /// not, and then nothing is stored.
    fn end_sign_in<'a>(
        &'a self,
        tenant: &'a TenantId,
        id: &'a SignInId,
        grant: Option<GrantRecord>,
    ) -> StoreFuture<'a, Replacement>;

    /// The grant with this identifier.
    fn grant<'a>(&'a self, tenant: &'a TenantId, id: &'a GrantId) -> StoreFuture<'a, Option<GrantRecord>>;

    /// Replaces a grant: atomically, and only if `expected` is still what is stored.
    fn replace_grant<'a>(
        &'a self,
        tenant: &'a TenantId,
        expected: GrantRecord,
        next: GrantRecord,
    ) -> StoreFuture<'a, Replacement>;
}
