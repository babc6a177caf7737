#![no_main]

symbolon_cargo_fuzz::run!("revocation_list");
