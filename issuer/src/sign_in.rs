//! Who the resident is that stands before the authorize page: a one-time code sent to the contact that the record holds, or
//! the word of an OpenID Provider.
//!
//! The rules that matter are about strangers, because everybody may type everybody's number:
//!
//! - **Nothing tells whether a record exists.** Every step does the same work and shows the same page for a number that
//!   nobody has ([`SignIn::ask`]).
//! - **A stranger cannot lock a resident out.** Wrong tries count against the sign-in in which they were made, never against
//!   the record. What is bounded per record is the number of messages, and where that bound is reached a resident can still
//!   sign in, with the longer code of the last message ([`SendBudget`], `docs/adr/0008`).
//! - **A stranger cannot flood a resident** with messages, and cannot guess: every code has few tries with growing waits.
//! - **Nothing depends on a network address**, which many residents share.

mod budget;
mod code;
mod destination;
mod guard;
mod label;
mod number;
pub mod openid_provider;
mod outcome;
mod send;
mod session;

pub use budget::{BUDGET_MEMORY, SHARED_CODE_LIFETIMES, SendBudget, Sending};
pub use code::{CodeLength, OneTimeCode};
pub use destination::{Channel, Destination, MaskedDestination};
pub use guard::{CODE_LIFETIME, MAX_CODE_FAILURES};
pub use label::RequestLabel;
pub use number::{NotANumber, ResidentNumber};
pub use outcome::{
    Ask, AskRefusal, Asked, DueMessage, Entered, Entry, EntryRefusal, SignInMethod, SignInPage,
};
pub use send::{CodeMessage, SendCode, SendFuture, SendRefused};
pub use session::{MAX_ASKS, SIGN_IN_LIFETIME, SignIn};

#[cfg(test)]
mod tests;
