#![no_main]

symbolon_cargo_fuzz::run!("proximity_session");
