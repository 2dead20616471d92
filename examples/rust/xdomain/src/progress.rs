//! What long calls tell of themselves, and how they run.

use crate::context::{c_path, text};
use crate::{Context, Model, Result};
use std::any::Any;
use std::ffi::{c_int, c_void};
use std::ops::ControlFlow;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
use std::path::{Path, PathBuf};
use std::ptr::{self, NonNull};
use xdomain_sys as sys;

/// What a closure answers: `ControlFlow::Break(())` stops the call with
/// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled).
pub type Flow = ControlFlow<()>;

/// Named numbers: losses, measures, reports.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Values(Vec<(String, f64)>);

impl Values {
    /// The number of that name.
    pub fn get(&self, name: &str) -> Option<f64> {
        self.0.iter().find(|(other, _)| other == name).map(|(_, number)| *number)
    }

    /// All, in the library's order.
    pub fn iter(&self) -> impl Iterator<Item = (&str, f64)> {
        self.0.iter().map(|(name, number)| (name.as_str(), *number))
    }

    pub(crate) fn read(raw: *const sys::xd_values) -> Self {
        let count = unsafe { sys::xd_values_count(raw) };
        let one =
            |index| unsafe { (text(sys::xd_values_name(raw, index)).to_string(), sys::xd_values_number(raw, index)) };
        Values((0..count).map(one).collect())
    }
}

pub(crate) struct RawValues(NonNull<sys::xd_values>);

impl RawValues {
    pub(crate) fn new(context: &Context) -> Result<Self> {
        let made = context.make(|out, context| unsafe { sys::xd_values_create(out, context) })?;
        Ok(RawValues(NonNull::new(made).expect("the library gives what it made")))
    }

    pub(crate) fn as_ptr(&self) -> *mut sys::xd_values {
        self.0.as_ptr()
    }
}

impl Drop for RawValues {
    fn drop(&mut self) {
        unsafe { sys::xd_values_destroy(self.0.as_ptr()) }
    }
}

/// What part of a training runs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Stage {
    /// The VAE of domain 1.
    Vae1,
    /// The VAE of domain 2.
    Vae2,
    /// Encoding both sets.
    Codes,
    /// The mapping from 1 to 2.
    MappingForwards,
    /// The way back.
    MappingBackwards,
    /// A judge.
    Judge,
    /// Measuring a mapping.
    Evaluation,
    /// Reading or converting a set.
    Set,
    /// A translator's call.
    Translation,
    /// One of a newer library.
    Other(u32),
}

/// What a closure hears, of a training after each step.
pub struct Progress<'a> {
    raw: &'a sys::xd_progress,
}

impl Progress<'_> {
    /// What part of the training runs.
    pub fn stage(&self) -> Stage {
        match self.raw.stage {
            sys::XD_STAGE_VAE1 => Stage::Vae1,
            sys::XD_STAGE_VAE2 => Stage::Vae2,
            sys::XD_STAGE_CODES => Stage::Codes,
            sys::XD_STAGE_MAPPING1 => Stage::MappingForwards,
            sys::XD_STAGE_MAPPING2 => Stage::MappingBackwards,
            sys::XD_STAGE_JUDGE => Stage::Judge,
            sys::XD_STAGE_EVALUATION => Stage::Evaluation,
            sys::XD_STAGE_SET => Stage::Set,
            sys::XD_STAGE_TRANSLATION => Stage::Translation,
            other => Stage::Other(other),
        }
    }

    /// The step within the stage, from 1, and how many there are.
    pub fn step(&self) -> (u32, u32) {
        (self.raw.step, self.raw.steps)
    }

    /// Share of all the work that is done, 0..1.
    pub fn overall(&self) -> f64 {
        self.raw.overall
    }

    /// The losses of this step.
    pub fn losses(&self) -> Values {
        Values::read(self.raw.losses)
    }

    /// What was measured after this step, if anything was.
    pub fn validation(&self) -> Option<Values> {
        (!self.raw.validation.is_null()).then(|| Values::read(self.raw.validation))
    }

    /// With a validation, the VAEs and the mapping that was measured, for previews by a translator with a context of its
    /// own; while sets are encoded, the VAEs.
    pub fn model(&self) -> Option<Model> {
        (!self.raw.model.is_null()).then(|| Model::adopt(unsafe { sys::xd_model_retain(self.raw.model) }))
    }
}

/// A closure that hears of a call.
pub(crate) type Callback<'a> = Box<dyn FnMut(&Progress<'_>) -> Flow + 'a>;

/// A closure that C calls: a panic waits until the library has returned.
#[derive(Default)]
pub(crate) struct Hook<'a> {
    pub(crate) callback: Option<Callback<'a>>,
    panic: Option<Box<dyn Any + Send>>,
}

impl<'a> Hook<'a> {
    pub(crate) fn new(callback: Option<Callback<'a>>) -> Self {
        Hook { callback, panic: None }
    }

    /// After the call: a panic goes on.
    pub(crate) fn finish(&mut self) {
        if let Some(panic) = self.panic.take() {
            resume_unwind(panic);
        }
    }
}

/// The callback of C's whose `user` is a [`Hook`].
pub(crate) unsafe extern "C" fn progress_hook(user: *mut c_void, progress: *const sys::xd_progress) -> c_int {
    let hook = &mut *user.cast::<Hook<'_>>();
    let progress = Progress { raw: &*progress };
    let Some(callback) = hook.callback.as_mut() else { return 0 };
    match catch_unwind(AssertUnwindSafe(|| callback(&progress))) {
        Ok(ControlFlow::Continue(())) => 0,
        Ok(ControlFlow::Break(())) => 1,
        Err(panic) => {
            std::mem::forget(hook.panic.replace(panic)); // dropping an earlier one may panic
            1
        }
    }
}

/// How a training runs: who hears of it, and where its state is kept.
///
/// ```no_run
/// # use std::ops::ControlFlow;
/// let run = xdomain::Run::new().checkpoint("training.xdt").on_progress(|progress| {
///     println!("{:.0} %", 100.0 * progress.overall());
///     ControlFlow::Continue(())
/// });
/// ```
#[derive(Default)]
pub struct Run<'a> {
    callback: Option<Callback<'a>>,
    checkpoint: Option<PathBuf>,
    resume: bool,
}

impl<'a> Run<'a> {
    /// Nobody hears of it, and nothing is kept.
    pub fn new() -> Self {
        Run::default()
    }

    /// The closure hears of every step. A panic of it stops the training and goes on in the caller.
    pub fn on_progress(mut self, closure: impl FnMut(&Progress<'_>) -> Flow + 'a) -> Self {
        self.callback = Some(Box::new(closure));
        self
    }

    /// A file that keeps the whole state: written once a minute, after each stage, and where the training is stopped. A
    /// path where a file is is refused, unless [`resume`](Run::resume) goes on from it.
    pub fn checkpoint(mut self, path: impl AsRef<Path>) -> Self {
        self.checkpoint = Some(path.as_ref().to_path_buf());
        self
    }

    /// Goes on from the checkpoint, to the result of a training that was never stopped, byte for byte.
    pub fn resume(mut self) -> Self {
        self.resume = true;
        self
    }

    /// Calls with the struct as C has it.
    pub(crate) fn with(self, call: impl FnOnce(&sys::xd_run) -> Result<()>) -> Result<()> {
        let checkpoint = self.checkpoint.as_deref().map(c_path).transpose()?;
        let mut hook = Hook::new(self.callback);
        let mut raw: sys::xd_run = unsafe { std::mem::zeroed() };
        unsafe { sys::xd_run_init(&mut raw, std::mem::size_of_val(&raw)) };
        raw.callback = Some(progress_hook);
        raw.user = ptr::addr_of_mut!(hook).cast();
        raw.checkpoint = checkpoint.as_ref().map_or(ptr::null(), |path| path.as_ptr());
        raw.resume = self.resume.into();
        let done = call(&raw);
        hook.finish();
        done
    }
}
