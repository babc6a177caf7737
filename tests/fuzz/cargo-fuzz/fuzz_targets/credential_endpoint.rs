#![no_main]

symbolon_cargo_fuzz::run!("credential_endpoint");
