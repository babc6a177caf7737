mod container;
mod freshness;
mod frozen;
mod signers;
mod world;
