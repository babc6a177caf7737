mod authentic;
mod card;
mod holder;
mod offline;
mod status;
mod trusted;
mod type_metadata;
pub(crate) mod world;
