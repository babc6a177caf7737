#![no_main]

symbolon_cargo_fuzz::run!("w3c_tokens");
