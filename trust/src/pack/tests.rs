mod bitstring;
mod container;
mod freshness;
mod frozen;
mod memory;
mod signers;
mod world;
