mod annex_d;
mod ble;
mod channel;
mod dialogue;
mod engagement;
mod reader_authentication;
mod world;

use super::*;
