//! The operations: the one table of them, of which each row makes a module here and, in
//! `crates/wasm/src/ops`, a module and its match arms.

/// Gives the table to a macro. A row has the family whose binaries have the operation, the name of
/// its module in both crates, and its codes in the head of a task, each with the type that runs it.
#[macro_export]
macro_rules! operations {
    ($read:ident) => {
        $read! {
            "core" signature: 1 => Signature;
            "core" combine: 2 => Combine;
            "core" vjp: 3 => SignatureVjp;
            "core" log_signature: 4 => LogSignature, 5..=8 => LogRows;
            "core" select: 9 => Select, 10 => SelectVjp;
            "core" sliding: 11 => SlidingWindows;
            "core" intervals: 12 => Intervals;
            "core" growing: 13 => Growing;
            "algebra" algebra: 16..=23 => Algebra;
            "kernels" signature_kernel: 32..=33 => SignatureKernel;
            "kernels" random_signature_features: 34 => RandomSignatureFeatures;
        }
    };
}

macro_rules! modules {
    ($($family:literal $module:ident: $($codes:pat => $arm:ident),+;)+) => { $(pub mod $module;)+ };
}

operations!(modules);
