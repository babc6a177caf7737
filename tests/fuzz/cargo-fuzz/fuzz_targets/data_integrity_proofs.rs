#![no_main]

symbolon_cargo_fuzz::run!("data_integrity_proofs");
