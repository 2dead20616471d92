//! Trainings.

use crate::context::{c_path, c_text};
use crate::progress::RawValues;
use crate::{Context, Dataset, Error, Judge, Model, Options, Pairing, Result, Run, Vae, Values};
use std::ffi::CString;
use std::marker::PhantomData;
use std::path::Path;
use std::ptr;
use xdomain_sys as sys;

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

    /// Further pictures of each domain, whose labels are not read: with them, ten labelled ones of a class can be enough.
    pub fn unlabelled(mut self, domain1: Option<&'a Dataset>, domain2: Option<&'a Dataset>) -> Self {
        self.raw.unlabelled = [domain1, domain2].map(|set| set.map_or(ptr::null(), |set| set.as_ptr()));
        self
    }

    /// The struct as C has it.
    fn raw(&self) -> sys::xd_train_input {
        let mut raw = self.raw;
        for (to, name) in raw.name.iter_mut().zip(&self.names) {
            *to = name.as_ref().map_or(ptr::null(), |name| name.as_ptr());
        }
        raw
    }
}

/// Trains both VAEs and the mappings between them. Gives the model, and the report of how it came about.
///
/// ```no_run
/// # use std::ops::ControlFlow;
/// # use xdomain::*;
/// # fn main() -> Result<()> {
/// let context = Context::builder().threads(4).build()?;
/// let cats = Dataset::from_folder(&context, "cats", &ReadOptions::default())?;
/// let dogs = Dataset::from_folder(&context, "dogs", &ReadOptions::default())?;
/// let pairing = Pairing::new(&context, "0:0,1:1")?;
/// let options = Options::new(Group::Train).number("steps", 4000.0);
/// let run = Run::new().checkpoint("cats-dogs.xdt").on_progress(|progress| {
///     println!("{:.0} %", 100.0 * progress.overall());
///     ControlFlow::Continue(())
/// });
/// let (model, report) = train(&context, &TrainInput::new(&cats, &dogs, &pairing), &options, run)?;
/// model.save(&context, "cats-dogs.xdm", SaveOptions::default())?;
/// # Ok(())
/// # }
/// ```
pub fn train(context: &Context, input: &TrainInput<'_>, options: &Options, run: Run<'_>) -> Result<(Model, Values)> {
    let raw = input.raw();
    run_call(context, options, run, |out, context, report, run, options| unsafe {
        sys::xd_train(out, context, report, &raw, run, options)
    })
}

/// Trains only the mappings, on the VAEs of a model, which the result shares.
pub fn map(
    context: &Context,
    model: &Model,
    input: &TrainInput<'_>,
    options: &Options,
    run: Run<'_>,
) -> Result<(Model, Values)> {
    let raw = input.raw();
    run_call(context, options, run, |out, context, report, run, options| unsafe {
        sys::xd_map(out, context, report, model.as_ptr(), &raw, run, options)
    })
}

/// The model that a training's checkpoint already holds: both VAEs and, of each mapping, the finished networks or the
/// best of the validated steps.
pub fn recover(context: &Context, checkpoint: impl AsRef<Path>) -> Result<Model> {
    let path = c_path(checkpoint.as_ref())?;
    context.make(|out, context| unsafe { sys::xd_train_recover(out, context, path.as_ptr()) }).map(Model::adopt)
}

/// Trains one VAE on a set's pictures, without their labels; the options are of [`Group::Vae`](crate::Group::Vae).
pub fn train_vae(context: &Context, set: &Dataset, options: &Options, run: Run<'_>) -> Result<(Vae, Values)> {
    let (options, report) = (options.build(context)?, RawValues::new(context)?);
    let (mut encoder, mut decoder) = (ptr::null_mut(), ptr::null_mut());
    run.with(|run| {
        context.call(|context| unsafe {
            sys::xd_train_vae(&mut encoder, &mut decoder, context, report.as_ptr(), set.as_ptr(), run, options.as_ptr())
        })
    })?;
    Ok((Vae::adopt(encoder, decoder), Values::read(report.as_ptr())))
}

/// What a generator from conditions is trained on and with.
pub struct GeneratorInput<'a> {
    raw: sys::xd_generator_input,
    name: Option<CString>,
    pictures: usize,
    borrowed: PhantomData<&'a Dataset>,
}

impl<'a> GeneratorInput<'a> {
    /// A VAE, and pictures of its domain, whose labels are the conditions.
    pub fn new(vae: &'a Vae, set: &'a Dataset) -> Self {
        let mut raw: sys::xd_generator_input = unsafe { std::mem::zeroed() };
        unsafe { sys::xd_generator_input_init(&mut raw, std::mem::size_of_val(&raw)) };
        (raw.encoder, raw.decoder) = vae.parts();
        raw.set = set.as_ptr();
        GeneratorInput { raw, name: None, pictures: set.len(), borrowed: PhantomData }
    }

    /// Conditions of one's own: a row of numbers of the order of 1 for each picture, all of one length.
    pub fn vectors(mut self, rows: &'a [f32]) -> Result<Self> {
        let width = rows.len() / self.pictures;
        if width == 0 || width * self.pictures != rows.len() {
            return Err(Error::mismatch(format!("{} numbers are no rows for {} pictures", rows.len(), self.pictures)));
        }
        self.raw.vectors = rows.as_ptr();
        self.raw.vector_dim = u32::try_from(width).map_err(|_| Error::invalid("longer rows than a condition has"))?;
        Ok(self)
    }

    /// The domain's name, for the model.
    pub fn name(mut self, name: &str) -> Result<Self> {
        self.name = Some(c_text(name)?);
        Ok(self)
    }
}

/// Trains a generator of pictures from conditions, with options of [`Group::Mapping`](crate::Group::Mapping); it takes
/// little time and has no checkpoints. A translator of the model [draws](crate::Translator::draw) by class.
pub fn train_generator(
    context: &Context,
    input: &GeneratorInput<'_>,
    options: &Options,
    run: Run<'_>,
) -> Result<(Model, Values)> {
    let mut raw = input.raw;
    raw.name = input.name.as_ref().map_or(ptr::null(), |name| name.as_ptr());
    run_call(context, options, run, |out, context, report, run, options| unsafe {
        sys::xd_train_generator(out, context, report, &raw, run, options)
    })
}

/// Trains a judge of a set's classes.
pub fn train_judge(context: &Context, set: &Dataset, options: &Options, run: Run<'_>) -> Result<(Judge, Values)> {
    let (options, report) = (options.build(context)?, RawValues::new(context)?);
    let mut out = ptr::null_mut();
    run.with(|run| {
        context.call(|context| unsafe {
            sys::xd_judge_train(&mut out, context, report.as_ptr(), set.as_ptr(), run, options.as_ptr())
        })
    })?;
    Ok((Judge::adopt(out), Values::read(report.as_ptr())))
}

/// A call that trains a model, and its report.
fn run_call(
    context: &Context,
    options: &Options,
    run: Run<'_>,
    call: impl FnOnce(
        *mut *mut sys::xd_model,
        *mut sys::xd_context,
        *mut sys::xd_values,
        *const sys::xd_run,
        *const sys::xd_options,
    ) -> i32,
) -> Result<(Model, Values)> {
    let (options, report) = (options.build(context)?, RawValues::new(context)?);
    let mut out = ptr::null_mut();
    run.with(|run| context.call(|context| call(&mut out, context, report.as_ptr(), run, options.as_ptr())))?;
    Ok((Model::adopt(out), Values::read(report.as_ptr())))
}
