//! Trainings and evaluations.

use crate::context::{c_text, text};
use crate::{Context, Dataset, Direction, Judge, Model, Options, Pairing, Result};
use std::any::Any;
use std::ffi::{c_int, c_void, CString};
use std::marker::PhantomData;
use std::ops::ControlFlow;
use std::panic::{catch_unwind, resume_unwind, AssertUnwindSafe};
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

    fn read(raw: *const sys::xd_values) -> Self {
        let count = unsafe { sys::xd_values_count(raw) };
        let one =
            |index| unsafe { (text(sys::xd_values_name(raw, index)).to_string(), sys::xd_values_number(raw, index)) };
        Values((0..count).map(one).collect())
    }
}

struct RawValues(NonNull<sys::xd_values>);

impl RawValues {
    fn new(context: &Context) -> Result<Self> {
        let made = context.make(|out, context| unsafe { sys::xd_values_create(out, context) })?;
        Ok(RawValues(NonNull::new(made).expect("the library gives what it made")))
    }

    fn as_ptr(&self) -> *mut sys::xd_values {
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
    /// One of a newer library.
    Other(u32),
}

/// What a training's closure hears after each step.
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
}

/// A closure that C calls: a panic waits until the library has returned.
struct Hook<F> {
    closure: F,
    panic: Option<Box<dyn Any + Send>>,
}

impl<F> Hook<F> {
    fn new(closure: F) -> Self {
        Hook { closure, panic: None }
    }

    fn call(&mut self, ask: impl FnOnce(&mut F) -> Flow) -> c_int {
        let closure = &mut self.closure;
        match catch_unwind(AssertUnwindSafe(|| ask(closure))) {
            Ok(ControlFlow::Continue(())) => 0,
            Ok(ControlFlow::Break(())) => 1,
            Err(panic) => {
                self.panic = Some(panic);
                1
            }
        }
    }

    fn finish(self) {
        if let Some(panic) = self.panic {
            resume_unwind(panic);
        }
    }
}

unsafe extern "C" fn progress_hook<F: FnMut(&Progress<'_>) -> Flow>(
    user: *mut c_void,
    progress: *const sys::xd_progress,
) -> c_int {
    let hook = &mut *user.cast::<Hook<F>>();
    let progress = Progress { raw: &*progress };
    hook.call(|closure| closure(&progress))
}

/// What is trained on and with.
pub struct TrainInput<'a> {
    raw: sys::xd_train_input,
    names: [Option<CString>; 2],
    borrowed: PhantomData<&'a Dataset>,
}

impl<'a> TrainInput<'a> {
    /// The pictures of both domains, and which classes belong together.
    pub fn new(domain1: &'a Dataset, domain2: &'a Dataset, pairing: &'a Pairing) -> Self {
        let mut raw: sys::xd_train_input = unsafe { std::mem::zeroed() };
        unsafe { sys::xd_train_input_init(&mut raw, std::mem::size_of_val(&raw)) };
        raw.set = [domain1.as_ptr(), domain2.as_ptr()];
        raw.pairing = pairing.as_ptr();
        TrainInput { raw, names: [None, None], borrowed: PhantomData }
    }

    /// Pictures that are not trained on.
    pub fn validation(mut self, domain1: &'a Dataset, domain2: &'a Dataset) -> Self {
        self.raw.validation = [domain1.as_ptr(), domain2.as_ptr()];
        self
    }

    /// The judges of each domain as a target; a direction is validated where its target has one.
    pub fn judges(mut self, domain1: Option<&'a Judge>, domain2: Option<&'a Judge>) -> Self {
        self.raw.judge = [domain1, domain2].map(|judge| judge.map_or(ptr::null(), |judge| judge.as_ptr()));
        self
    }

    /// The domains' names, for the model.
    pub fn names(mut self, domain1: &str, domain2: &str) -> Result<Self> {
        self.names = [Some(c_text(domain1)?), Some(c_text(domain2)?)];
        Ok(self)
    }

    /// Calls with the struct as C has it, the closure hooked in.
    fn with<F: FnMut(&Progress<'_>) -> Flow>(
        &self,
        progress: F,
        call: impl FnOnce(&sys::xd_train_input, &sys::xd_run) -> i32,
    ) -> i32 {
        let mut hook = Hook::new(progress);
        let mut raw = self.raw;
        for (to, name) in raw.name.iter_mut().zip(&self.names) {
            *to = name.as_ref().map_or(ptr::null(), |name| name.as_ptr());
        }
        let mut run: sys::xd_run = unsafe { std::mem::zeroed() };
        unsafe { sys::xd_run_init(&mut run, std::mem::size_of_val(&run)) };
        run.callback = Some(progress_hook::<F>);
        run.user = ptr::addr_of_mut!(hook).cast();
        let status = call(&raw, &run);
        hook.finish();
        status
    }
}

/// Trains both VAEs and the mappings between them; the closure hears of every step. Gives the model, and the report of
/// how it came about. A panic of the closure stops the training and goes on here.
///
/// ```no_run
/// # use std::ops::ControlFlow;
/// # use xdomain::*;
/// # fn main() -> Result<()> {
/// let context = Context::builder().threads(4).build()?;
/// let cats = Dataset::from_folder(&context, "cats", Shape::default())?;
/// let dogs = Dataset::from_folder(&context, "dogs", Shape::default())?;
/// let pairing = Pairing::new(&context, "0:0,1:1")?;
/// let options = Options::new(Group::Train).number("steps", 4000.0);
/// let (model, report) = train(&context, &TrainInput::new(&cats, &dogs, &pairing), &options, |progress| {
///     println!("{:.0} %", 100.0 * progress.overall());
///     ControlFlow::Continue(())
/// })?;
/// model.save(&context, "cats-dogs.xdm", SaveOptions::default())?;
/// # Ok(())
/// # }
/// ```
pub fn train(
    context: &Context,
    input: &TrainInput<'_>,
    options: &Options,
    progress: impl FnMut(&Progress<'_>) -> Flow,
) -> Result<(Model, Values)> {
    let (options, report) = (options.build(context)?, RawValues::new(context)?);
    let made = context.make(|out, context| {
        input.with(progress, |raw, run| unsafe {
            sys::xd_train(out, context, report.as_ptr(), raw, run, options.as_ptr())
        })
    })?;
    Ok((Model::adopt(made), Values::read(report.as_ptr())))
}

/// Trains only the mappings, on the VAEs of a model, which the result shares.
pub fn map(
    context: &Context,
    model: &Model,
    input: &TrainInput<'_>,
    options: &Options,
    progress: impl FnMut(&Progress<'_>) -> Flow,
) -> Result<(Model, Values)> {
    let (options, report) = (options.build(context)?, RawValues::new(context)?);
    let made = context.make(|out, context| {
        input.with(progress, |raw, run| unsafe {
            sys::xd_map(out, context, report.as_ptr(), model.as_ptr(), raw, run, options.as_ptr())
        })
    })?;
    Ok((Model::adopt(made), Values::read(report.as_ptr())))
}

/// Trains a judge of a set's classes.
pub fn train_judge(context: &Context, set: &Dataset, options: &Options) -> Result<(Judge, Values)> {
    let (options, report) = (options.build(context)?, RawValues::new(context)?);
    let made = context.make(|out, context| unsafe {
        sys::xd_judge_train(out, context, report.as_ptr(), set.as_ptr(), ptr::null(), options.as_ptr())
    })?;
    Ok((Judge::adopt(made), Values::read(report.as_ptr())))
}

/// What is measured, and with what.
#[allow(missing_docs)]
pub struct Evaluation<'a> {
    pub model: &'a Model,
    pub direction: Direction,
    /// Knows the domain that the direction enters.
    pub judge: &'a Judge,
    /// Pictures of the domain that the direction leaves.
    pub source: &'a Dataset,
    /// Real pictures of the domain that it enters.
    pub target: &'a Dataset,
    pub pairing: &'a Pairing,
}

/// Measures a mapping: "acc", "div", "ediv", "fd" and more; the closure hears of every batch.
pub fn evaluate<F: FnMut(&Progress<'_>) -> Flow>(
    context: &Context,
    what: &Evaluation<'_>,
    options: &Options,
    progress: F,
) -> Result<Values> {
    let (options, measures) = (options.build(context)?, RawValues::new(context)?);
    let mut hook = Hook::new(progress);
    let mut raw: sys::xd_evaluation_input = unsafe { std::mem::zeroed() };
    unsafe { sys::xd_evaluation_input_init(&mut raw, std::mem::size_of_val(&raw)) };
    raw.judge = what.judge.as_ptr();
    raw.source = what.source.as_ptr();
    raw.target = what.target.as_ptr();
    raw.pairing = what.pairing.as_ptr();
    raw.callback = Some(progress_hook::<F>);
    raw.user = ptr::addr_of_mut!(hook).cast();
    let status = unsafe {
        sys::xd_evaluate(
            context.as_ptr(),
            measures.as_ptr(),
            what.model.as_ptr(),
            what.direction as u32,
            &raw,
            options.as_ptr(),
        )
    };
    hook.finish();
    context.check(status)?;
    Ok(Values::read(measures.as_ptr()))
}
