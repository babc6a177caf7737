//! Writes the bindings of a built library: `symbolon-mobile-bindgen generate --library LIBRARY --language kotlin --out-dir FOLDER`.

fn main() {
    uniffi::uniffi_bindgen_main();
}
