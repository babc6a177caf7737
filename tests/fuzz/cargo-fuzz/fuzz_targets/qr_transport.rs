#![no_main]

symbolon_cargo_fuzz::run!("qr_transport");
