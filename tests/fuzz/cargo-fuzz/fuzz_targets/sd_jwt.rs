#![no_main]

symbolon_cargo_fuzz::run!("sd_jwt");
