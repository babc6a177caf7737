#![no_main]

symbolon_cargo_fuzz::run!("n_quads");
