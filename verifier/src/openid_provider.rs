//! The verifier as a provider of OpenID Connect: a bank's client sends a browser, the person shows credentials from a wallet, and the client
//! gets an ID token with who that is to this bank alone.
//!
//! ```text
//! OpenIdClientDocument::compile   a client of a relying party's file, held against its policies
//! OpenIdClient::begin             whether this request may begin a sign-in, and by which policy
//! OpenIdClient::outcome           what the answer of the wallet makes of it
//! GrantRecord::redeem             whether a code becomes tokens
//! GrantRecord::user_info          whether an access token opens the claims
//! metadata                        what the provider says of itself
//! ```
//!
//! Nobody has an account here: each sign-in is a presentation, and the provider knows a person by nothing but what that holds. The
//! subject is derived ([`SubjectKey`]) and stored nowhere but in the grant, which lives minutes.

mod begin;
mod browser;
mod claims;
mod client;
mod discovery;
mod grant;
mod outcome;
mod record;
mod subject;

pub use self::begin::{BeginRefusal, Begun, RequestPath};
pub use self::browser::UsedOnce;
pub use self::client::{
    ClientKeys, DeviceFlow, OpenIdClient, OpenIdClientDocument, OpenIdClientProblem, OpenIdScope,
    OpenIdScopeDocument, SignedResponseAlgorithm,
};
pub use self::discovery::{ProviderAddresses, metadata};
pub use self::grant::{
    ACCESS_TOKEN_LIFETIME, CODE_LIFETIME, CodeRedemption, GrantRefusal, ID_TOKEN_LIFETIME, MadeCode,
    PUSHED_REQUEST_LIFETIME, RedeemedGrant, UserInfoRefusal, grant_of_code, grant_of_token,
    pushed_request_id,
};
pub use self::outcome::{SignInAnswer, SignInRefusal, SignedIn};
pub use self::record::{
    GrantId, GrantRecord, GrantStage, PushedRequestId, PushedRequestRecord, SignInId, SignInRecord,
    SignInRequest,
};
pub use self::subject::{Sector, SubjectKey};
