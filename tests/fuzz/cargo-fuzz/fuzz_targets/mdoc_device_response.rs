#![no_main]

symbolon_cargo_fuzz::run!("mdoc_device_response");
