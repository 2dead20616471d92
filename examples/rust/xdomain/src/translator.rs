//! Translators.

use crate::context::c_path;
use crate::{Context, Direction, Error, ImageMut, ImageRef, Model, Result, Shape};
use std::path::Path;
use std::ptr::{self, NonNull};
use xdomain_sys as sys;

/// How a translator works.
#[derive(Clone, Copy, Debug)]
pub struct TranslatorOptions {
    /// Which way it translates.
    pub direction: Direction,
    /// Pictures that pass through the networks together, 1..4096.
    pub max_batch: u32,
}

impl Default for TranslatorOptions {
    fn default() -> Self {
        TranslatorOptions { direction: Direction::Forwards, max_batch: 256 }
    }
}

/// Turns pictures of one domain into pictures of the other. It owns its context: where several are to share threads,
/// give their contexts one [`Pool`](crate::Pool).
pub struct Translator {
    raw: NonNull<sys::xd_translator>,
    context: Context,
}

// It goes with its context, and nothing else has that.
unsafe impl Send for Translator {}

impl Translator {
    /// A translator of a model, which it shares.
    pub fn new(context: Context, model: &Model, options: &TranslatorOptions) -> Result<Self> {
        let raw = describe(options);
        let made =
            context.make(|out, context| unsafe { sys::xd_translator_create(out, context, model.as_ptr(), &raw) });
        Ok(Translator { raw: NonNull::new(made?).expect("the library gives what it made"), context })
    }

    /// A translator from a model file, of which only what its direction needs is read.
    pub fn load(context: Context, path: impl AsRef<Path>, options: &TranslatorOptions) -> Result<Self> {
        let raw = describe(options);
        let path = c_path(path.as_ref())?;
        let made = context.make(|out, context| unsafe { sys::xd_translator_load(out, context, path.as_ptr(), &raw) });
        Ok(Translator { raw: NonNull::new(made?).expect("the library gives what it made"), context })
    }

    /// Its context, for calls beside the translations.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// How pictures are drawn from here on: picture i of a call has the noise of (seed, first + i); temperature scales
    /// the noise, 0..4: less gives more typical pictures.
    pub fn set_noise(&mut self, seed: u64, first: u64, temperature: f32) -> Result<()> {
        self.context.check(unsafe { sys::xd_translator_set_noise(self.raw.as_ptr(), seed, first, temperature) })
    }

    /// Translates as many inputs as there are outputs.
    pub fn run(&mut self, outputs: &mut [ImageMut<'_>], inputs: &[ImageRef<'_>]) -> Result<()> {
        let count = same_count(outputs.len(), inputs.len())?;
        // Both are transparent around an xd_image.
        self.context.check(unsafe {
            sys::xd_translator_run(
                self.raw.as_ptr(),
                outputs.as_ptr().cast(),
                ptr::null_mut(),
                inputs.as_ptr().cast(),
                count,
            )
        })
    }

    /// The same on floats, `[count][height][width][channels]` in 0..1.
    pub fn run_floats(&mut self, outputs: &mut [f32], inputs: &[f32]) -> Result<()> {
        let (from, to) = (self.input_shape().len(), self.output_shape().len());
        let (read, written) = (inputs.len() / from, outputs.len() / to);
        if inputs.len() % from != 0 || outputs.len() % to != 0 {
            return Err(Error::mismatch("outputs and inputs are not whole pictures"));
        }
        let count = same_count(written, read)?;
        self.context.check(unsafe {
            sys::xd_translator_run_floats(
                self.raw.as_ptr(),
                outputs.as_mut_ptr(),
                ptr::null_mut(),
                inputs.as_ptr(),
                count,
            )
        })
    }

    /// The size of what goes in.
    pub fn input_shape(&self) -> Shape {
        Shape::ask(|out| unsafe { sys::xd_translator_input_shape(self.raw.as_ptr(), out) })
    }

    /// The size of what comes out.
    pub fn output_shape(&self) -> Shape {
        Shape::ask(|out| unsafe { sys::xd_translator_output_shape(self.raw.as_ptr(), out) })
    }
}

impl Drop for Translator {
    fn drop(&mut self) {
        unsafe { sys::xd_translator_destroy(self.raw.as_ptr()) }
    }
}

fn describe(options: &TranslatorOptions) -> sys::xd_translator_options {
    let mut raw: sys::xd_translator_options = unsafe { std::mem::zeroed() };
    unsafe { sys::xd_translator_options_init(&mut raw, std::mem::size_of_val(&raw)) };
    raw.direction = options.direction as u32;
    raw.max_batch = options.max_batch;
    raw
}

fn same_count(outputs: usize, inputs: usize) -> Result<u32> {
    if outputs != inputs {
        return Err(Error::mismatch(format!("{inputs} pictures cannot go into {outputs}")));
    }
    u32::try_from(inputs).map_err(|_| Error::invalid("more pictures than a call takes"))
}
