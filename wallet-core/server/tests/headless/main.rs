//! The headless wallet over real HTTP, between the issuer and the verifier of the core's own tests: what strangers reach, and what they must
//! not be able to do by it.

#[cfg(test)]
mod attacks;
#[cfg(test)]
mod bringing;
#[cfg(test)]
mod copies;
#[cfg(test)]
mod killed;
#[cfg(test)]
mod limits;
mod meanwhile;
#[cfg(test)]
mod sign_in;
#[cfg(test)]
#[path = "../../../tests/flows/support/mod.rs"]
#[expect(dead_code, reason = "the tests of the core use more of it")]
mod support;
#[cfg(test)]
mod world;
