//! The C interface of libxdomain as it is: types, constants and functions, declared from the headers of the library
//! that is linked. The headers are the manual; the crate `xdomain` is the safe side of it.
//!
//! The build script takes headers and library from the folders `XDOMAIN_INCLUDE_DIR` and `XDOMAIN_LIB_DIR` where they
//! are in the environment, otherwise from what `pkg-config` says.
#![no_std]
#![allow(non_camel_case_types)]

include!(concat!(env!("OUT_DIR"), "/declarations.rs"));
