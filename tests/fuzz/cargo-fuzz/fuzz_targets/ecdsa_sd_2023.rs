#![no_main]

symbolon_cargo_fuzz::run!("ecdsa_sd_2023");
