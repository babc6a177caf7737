//! Tests of the credential formats through their public interface: published figures first, then refusals, then
//! properties. One binary, because linking costs more than running.

mod claim169;
mod properties;
mod recognised;
mod rfc9901;
mod sd_jwt_refusals;
mod sd_jwt_vc;
mod support;
