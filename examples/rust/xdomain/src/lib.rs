//! Turns pictures of one domain into pictures of another, and learns to do so: libxdomain for Rust.
//!
//! ```no_run
//! use xdomain::{Context, ImageMut, ImageRef, Layout, Translator};
//!
//! # fn main() -> Result<(), xdomain::Error> {
//! let mut translator = Translator::load(Context::new()?, "digits.xdm", &Default::default())?;
//! let picture = [0u8; 28 * 28];
//! let mut result = [0u8; 28 * 28];
//! translator.set_noise(1, 0, 1.0)?;
//! translator.run(
//!     &mut [ImageMut::new(&mut result, 28, 28, Layout::Grey)?],
//!     &[ImageRef::new(&picture, 28, 28, Layout::Grey)?],
//! )?;
//! # Ok(())
//! # }
//! ```
//!
//! Ownership: what is made is given back when it is dropped. [`Model`], [`Vae`], [`Judge`], [`Dataset`], [`Pairing`] and
//! [`Pool`] are reference-counted: clones are further owners of the same one, shared by any number of threads.
//!
//! Threads: a [`Context`] is one thread's runtime. It can move to another thread, and so can a [`Translator`] with
//! the context that it owns, but two threads cannot use one:
//!
//! ```compile_fail,E0277
//! fn shared_by_threads<T: Sync>() {}
//! shared_by_threads::<xdomain::Context>();
//! ```
//! ```compile_fail,E0277
//! fn shared_by_threads<T: Sync>() {}
//! shared_by_threads::<xdomain::Translator>();
//! ```
//! ```
//! fn moved<T: Send>() {}
//! fn shared_by_threads<T: Send + Sync>() {}
//! moved::<xdomain::Context>();
//! moved::<xdomain::Translator>();
//! shared_by_threads::<xdomain::Model>();
//! shared_by_threads::<xdomain::Dataset>();
//! shared_by_threads::<xdomain::Canceller>();
//! ```
#![warn(missing_docs)]

mod context;
mod data;
mod error;
mod evaluation;
mod image;
mod model;
mod options;
mod progress;
mod training;
mod translator;

pub use context::{Canceller, Context, ContextBuilder, LogLevel, Pool};
pub use data::{Dataset, Pairing, ReadOptions};
pub use error::{Error, ErrorKind};
pub use evaluation::{evaluate, Evaluation};
pub use image::{AlphaPolicy, Fit, ImageMut, ImageRef, Layout, Picture, Sample};
pub use model::{Direction, Judge, Model, SaveOptions, Shape, Vae};
pub use options::{Group, OptionInfo, OptionKind, Options};
pub use progress::{Flow, Progress, Run, Stage, Values};
pub use training::{map, recover, train, train_generator, train_judge, train_vae, GeneratorInput, TrainInput};
pub use translator::{interpolate, Translator, TranslatorOptions};

/// What a call gives, or why it failed.
pub type Result<T> = std::result::Result<T, Error>;

/// The version of the library that is linked.
///
/// ```
/// assert!(xdomain::version().starts_with("1."));
/// ```
pub fn version() -> &'static str {
    context::text(unsafe { xdomain_sys::xd_version_string() })
}

/// What the README shows is compiled.
#[cfg(doctest)]
#[doc = include_str!("../../README.md")]
struct Readme;
