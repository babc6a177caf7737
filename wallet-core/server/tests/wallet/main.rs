//! The headless holder over real HTTP on loopback.

mod deriving;
mod presenting;
mod world;
