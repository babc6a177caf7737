//! The headless holder over real HTTP on loopback.

#[cfg(test)]
mod deriving;
#[cfg(test)]
mod presenting;
#[cfg(test)]
mod world;
