//! The binary `narthex`: flags, wiring, exit codes.

fn main() {}
