//! HTTP as every server and the command line share it.
//!
//! - [`fetch`]: the guarded fetcher. Every outbound request goes through it.
//! - [`openapi`]: routers that cannot be built without their description.
//! - [`representation`]: what many read and few change: validated, compressed once, in ranges.
//! - [`serve`]: the listener, its limits and header fields, and the guard of the administration interface.
//! - [`vcalm`]: what the VCALM endpoints of all three roles share.
//!
//! With the feature `testing`, `testing` has what the tests of several servers share.

pub mod fetch;
pub mod openapi;
pub mod representation;
pub mod serve;
#[cfg(feature = "testing")]
pub mod testing;
pub mod vcalm;
