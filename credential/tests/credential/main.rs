//! Tests of the credential formats through their public interface: published figures first, then refusals, then
//! properties. One binary, because linking costs more than running.

#[cfg(test)]
mod claim169;
#[cfg(test)]
mod mdoc;
#[cfg(test)]
mod properties;
#[cfg(test)]
mod recognised;
#[cfg(test)]
mod rfc9901;
#[cfg(test)]
mod sd_jwt_json;
#[cfg(test)]
mod sd_jwt_refusals;
#[cfg(test)]
mod sd_jwt_vc;
#[cfg(test)]
mod support;
