//! Translators.

use crate::context::c_path;
use crate::progress::{progress_hook, Hook};
use crate::{Context, Direction, Error, Fit, Flow, ImageMut, ImageRef, Model, Progress, Result, Shape};
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
    /// What becomes of inputs of another size.
    pub fit: Fit,
}

impl Default for TranslatorOptions {
    fn default() -> Self {
        TranslatorOptions { direction: Direction::Forwards, max_batch: 256, fit: Fit::Exact }
    }
}

/// Turns pictures of one domain into pictures of the other. It owns its context: where several are to share threads,
/// give their contexts one [`Pool`](crate::Pool).
pub struct Translator {
    raw: NonNull<sys::xd_translator>,
    // Which C holds a pointer to.
    hook: NonNull<Hook<'static>>,
    context: Context,
    // For each label whether the model's conditions have that class, where they are known.
    classes: Option<Vec<bool>>,
}

// It goes with its context, and nothing else has that; its closure is Send.
unsafe impl Send for Translator {}

impl Translator {
    /// A translator of a model, which it shares.
    pub fn new(context: Context, model: &Model, options: &TranslatorOptions) -> Result<Self> {
        let mut made = Translator::make(context, options, |out, context, options| unsafe {
            sys::xd_translator_create(out, context, model.as_ptr(), options)
        })?;
        made.classes = Some(model.class_names(1).iter().map(|name| !name.is_empty()).collect());
        Ok(made)
    }

    /// A translator from a model file, of which only what its direction needs is read.
    pub fn load(context: Context, path: impl AsRef<Path>, options: &TranslatorOptions) -> Result<Self> {
        let path = c_path(path.as_ref())?;
        Translator::make(context, options, |out, context, options| unsafe {
            sys::xd_translator_load(out, context, path.as_ptr(), options)
        })
    }

    fn make(
        context: Context,
        options: &TranslatorOptions,
        create: impl FnOnce(*mut *mut sys::xd_translator, *mut sys::xd_context, *const sys::xd_translator_options) -> i32,
    ) -> Result<Self> {
        let hook: NonNull<Hook<'static>> = NonNull::from(Box::leak(Box::default()));
        let mut raw: sys::xd_translator_options = unsafe { std::mem::zeroed() };
        unsafe { sys::xd_translator_options_init(&mut raw, std::mem::size_of_val(&raw)) };
        raw.direction = options.direction as u32;
        raw.max_batch = options.max_batch;
        raw.fit = options.fit as u32;
        raw.callback = Some(progress_hook);
        raw.user = hook.as_ptr().cast();
        match context.make(|out, context| create(out, context, &raw)) {
            Ok(made) => {
                let raw = NonNull::new(made).expect("the library gives what it made");
                Ok(Translator { raw, hook, context, classes: None })
            }
            Err(error) => {
                drop(unsafe { Box::from_raw(hook.as_ptr()) });
                Err(error)
            }
        }
    }

    /// The closure hears of each batch of a call, when its outputs are written; it stops the call by
    /// `ControlFlow::Break(())`, and a panic of it goes on in the caller.
    pub fn on_progress(mut self, closure: impl FnMut(&Progress<'_>) -> Flow + Send + 'static) -> Self {
        unsafe { self.hook.as_mut() }.callback = Some(Box::new(closure));
        self
    }

    /// What a status of this translator's calls means, after a closure's panic.
    fn check(&mut self, status: i32) -> Result<()> {
        unsafe { self.hook.as_mut() }.finish();
        self.context.check(status)
    }

    /// Its context, for calls beside the translations.
    pub fn context(&self) -> &Context {
        &self.context
    }

    /// How pictures are drawn from here on: picture i of a call has the noise of (seed, first + i); temperature scales
    /// the noise, 0..4: less gives more typical pictures.
    pub fn set_noise(&mut self, seed: u64, first: u64, temperature: f32) -> Result<()> {
        let status = unsafe { sys::xd_translator_set_noise(self.raw.as_ptr(), seed, first, temperature) };
        self.check(status)
    }

    /// Translates as many inputs as there are outputs.
    pub fn run(&mut self, outputs: &mut [ImageMut<'_>], inputs: &[ImageRef<'_>]) -> Result<()> {
        let count = same_count(outputs.len(), inputs.len())?;
        // Both are transparent around an xd_image.
        let status = unsafe {
            sys::xd_translator_run(
                self.raw.as_ptr(),
                outputs.as_ptr().cast(),
                ptr::null_mut(),
                inputs.as_ptr().cast(),
                count,
            )
        };
        self.check(status)
    }

    /// The same on floats, `[count][height][width][channels]` in 0..1.
    pub fn run_floats(&mut self, outputs: &mut [f32], inputs: &[f32]) -> Result<()> {
        let read = rows(inputs, self.input_shape().len())?;
        let count = same_count(rows(outputs, self.output_shape().len())?, read)?;
        let status = unsafe {
            sys::xd_translator_run_floats(
                self.raw.as_ptr(),
                outputs.as_mut_ptr(),
                ptr::null_mut(),
                inputs.as_ptr(),
                count,
            )
        };
        self.check(status)
    }

    /// The posterior means of pictures, `[count][source_dim]`.
    pub fn encode(&mut self, inputs: &[ImageRef<'_>]) -> Result<Vec<f32>> {
        let count = same_count(inputs.len(), inputs.len())?;
        let mut codes = vec![0.0; inputs.len() * self.source_dim()];
        let status =
            unsafe { sys::xd_translator_encode(self.raw.as_ptr(), codes.as_mut_ptr(), inputs.as_ptr().cast(), count) };
        self.check(status)?;
        Ok(codes)
    }

    /// Codes of the target domain, `[count][target_dim]`, of source codes and the translator's own noise, or noise
    /// that is given, `[count][target_dim]`.
    pub fn generate(&mut self, source_codes: &[f32], noise: Option<&[f32]>) -> Result<Vec<f32>> {
        let width = self.target_dim();
        let count = rows(source_codes, self.source_dim())?;
        let given = noise.map_or(Ok(count), |noise| rows(noise, width))?;
        let known = same_count(count, given)?;
        let mut codes = vec![0.0; count * width];
        let status = unsafe {
            sys::xd_translator_generate(
                self.raw.as_ptr(),
                codes.as_mut_ptr(),
                noise.map_or(ptr::null(), <[f32]>::as_ptr),
                source_codes.as_ptr(),
                known,
            )
        };
        self.check(status)?;
        Ok(codes)
    }

    /// The pictures of codes of the target domain.
    pub fn decode(&mut self, outputs: &mut [ImageMut<'_>], codes: &[f32]) -> Result<()> {
        let count = same_count(outputs.len(), rows(codes, self.target_dim())?)?;
        let status =
            unsafe { sys::xd_translator_decode(self.raw.as_ptr(), outputs.as_ptr().cast(), codes.as_ptr(), count) };
        self.check(status)
    }

    /// New pictures by class, of a model whose domain 1 holds classes ([`train_generator`](crate::train_generator)): one
    /// of each class, with the noise of the translator. Where the translator came from a file ([`Translator::load`]) it
    /// is not known which classes the model was trained on: others, or the places of vectors, give meaningless pictures.
    pub fn draw(&mut self, outputs: &mut [ImageMut<'_>], classes: &[u32]) -> Result<()> {
        let width = self.source_dim();
        if !self.input_shape().is_empty() {
            return Err(Error::new(
                sys::XD_ERROR_UNSUPPORTED,
                "this model translates pictures and draws none by class",
            ));
        }
        let mut vectors = vec![0.0; classes.len() * width];
        for (vector, &class) in vectors.chunks_exact_mut(width).zip(classes) {
            if self.classes.as_ref().is_some_and(|known| known.get(class as usize) != Some(&true)) {
                return Err(Error::invalid(format!("the model was trained on no class {class}")));
            }
            *vector
                .get_mut(class as usize)
                .ok_or_else(|| Error::invalid(format!("{class} is none of {width} classes")))? = 1.0;
        }
        let codes = self.generate(&vectors, None)?;
        self.decode(outputs, &codes)
    }

    /// The size of the codes that it encodes, or of the conditions.
    pub fn source_dim(&self) -> usize {
        unsafe { sys::xd_translator_source_dim(self.raw.as_ptr()) as usize }
    }

    /// The size of its noise, and of the codes that it generates and decodes.
    pub fn target_dim(&self) -> usize {
        unsafe { sys::xd_translator_target_dim(self.raw.as_ptr()) as usize }
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
        unsafe { sys::xd_translator_destroy(self.raw.as_ptr()) };
        drop(unsafe { Box::from_raw(self.hook.as_ptr()) });
    }
}

/// The code at `position`, 0..1, of the way from one code to another on the great circle.
pub fn interpolate(context: &Context, from: &[f32], towards: &[f32], position: f64) -> Result<Vec<f32>> {
    let width = same_count(towards.len(), from.len())?;
    let mut out = vec![0.0; from.len()];
    context.call(|context| unsafe {
        sys::xd_latent_interpolate(context, out.as_mut_ptr(), from.as_ptr(), towards.as_ptr(), width, position)
    })?;
    Ok(out)
}

fn rows(floats: &[f32], width: usize) -> Result<usize> {
    if width == 0 {
        return Err(Error::new(
            sys::XD_ERROR_UNSUPPORTED,
            "the source domain holds conditions: it has no pictures to translate",
        ));
    }
    if floats.len() % width != 0 {
        return Err(Error::mismatch(format!("{} numbers are no rows of {width}", floats.len())));
    }
    Ok(floats.len() / width)
}

fn same_count(outputs: usize, inputs: usize) -> Result<u32> {
    if outputs != inputs {
        return Err(Error::mismatch(format!("{inputs} cannot go into {outputs}")));
    }
    u32::try_from(inputs).map_err(|_| Error::invalid("more than a call takes"))
}
