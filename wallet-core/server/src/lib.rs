#![doc = include_str!("../README.md")]

mod agent;
mod documents;
mod holder;
mod http;
mod keys;
mod presentable;
mod server;

pub use agent::{
    Agent, AgentError, AgentSetup, Answered, AskedCredentialEntry, Brought, CALLBACK_PATH, ComparisonCode,
    Decision, Ended, Permission, TransactionEntry, WaitingEntry, WaitingKind,
};
pub use documents::{DocumentError, Forgotten, HeldDocuments, Kept, NotAnObjectId, ObjectId};
pub use holder::{DeriveRefused, Holder, Made, PresentRefused, Setup};
pub use http::agent::{
    BroughtLink, DamagedPages, DecisionOrder, Ordered, Outcome, OutcomeBody, RequestBudget, WaitingList,
};
pub use http::description::description;
pub use keys::{HolderKey, HolderKeyError};
pub use presentable::NotPresentable;
pub use server::{Attending, Listening, Running, Server, StartError};
