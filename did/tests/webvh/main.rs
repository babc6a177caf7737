//! did:webvh through its public interface: published logs first, then a log for each rule that a resolver must not forget.

#[cfg(test)]
mod controller;
#[cfg(test)]
mod places;
#[cfg(test)]
mod refusals;
#[cfg(test)]
mod vectors;
#[cfg(test)]
mod witnesses;
