//! VCALM over HTTP: what the W3C's test suites send to `/credentials/issue`, and what they and the specification expect.

mod coordinator;
mod issued;
mod refused;
mod status;
