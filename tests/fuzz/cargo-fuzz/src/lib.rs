//! The targets of `symbolon-fuzz`, driven by libFuzzer.

#[doc(hidden)]
pub use libfuzzer_sys::fuzz_target;
#[doc(hidden)]
pub use symbolon_fuzz::target;

/// The whole of a fuzz target.
#[macro_export]
macro_rules! run {
    ($name:literal) => {
        $crate::fuzz_target!(|input: &[u8]| {
            let target = $crate::target($name).expect("the target exists");
            let _ = (target.run)(input);
        });
    };
}
