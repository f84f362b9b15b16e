//! A step left out or swapped does not compile.

#[test]
fn a_step_left_out_or_swapped_does_not_compile() {
    trybuild::TestCases::new().compile_fail("tests/ui/*.rs");
}
