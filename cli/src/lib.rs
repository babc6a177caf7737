//! The one binary, `symbolon`: it assembles the suite and hands in what the rest takes as arguments.
//!
//! - [`arguments`]: what the command line accepts.
//! - [`commands`]: what each command does.
//! - [`configuration`]: the one configuration file and its environment variables.
//! - [`installation`]: what stands in the folder of an installation, and how it gets there.
//! - [`services`], [`register`]: issuer and verifier put together, and the issuer as the command line administers it.
//! - [`demo`]: the whole story on loopback.
//! - [`pictures`]: files that may be pictures of QR codes.
//! - [`holder`]: the wallet that the command line drives.
//! - [`shop`]: a reader of packs, with the pack in force.
//! - [`nearby`]: the line between a wallet and a reader that stands for Bluetooth.
//! - [`edge`]: the real clock, randomness and environment.

pub mod arguments;
pub mod commands;
pub mod configuration;
pub mod demo;
pub mod edge;
pub mod holder;
pub mod installation;
pub mod nearby;
pub mod pictures;
pub mod register;
pub mod services;
pub mod shop;
mod stamp;
pub mod trust_sources;
