#![doc = include_str!("../README.md")]

mod documents;
mod holder;
mod http;
mod keys;
mod presentable;
mod server;

pub use documents::{DocumentError, Forgotten, HeldDocuments, Kept, NotAnObjectId, ObjectId};
pub use holder::{DeriveRefused, Holder, Made, PresentRefused, Setup};
pub use http::description::description;
pub use keys::{HolderKey, HolderKeyError};
pub use presentable::NotPresentable;
pub use server::{Listening, Running, Server};
