#![no_main]

symbolon_cargo_fuzz::run!("trust_sources");
