//! Evaluations.

use crate::progress::{progress_hook, Flow, Hook, RawValues};
use crate::{Context, Dataset, Direction, Judge, Model, Options, Pairing, Progress, Result, Values};
use std::ptr;
use xdomain_sys as sys;

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
pub fn evaluate(
    context: &Context,
    what: &Evaluation<'_>,
    options: &Options,
    progress: impl FnMut(&Progress<'_>) -> Flow,
) -> Result<Values> {
    let (options, measures) = (options.build(context)?, RawValues::new(context)?);
    let mut hook = Hook::new(Some(Box::new(progress)));
    let mut raw: sys::xd_evaluation_input = unsafe { std::mem::zeroed() };
    unsafe { sys::xd_evaluation_input_init(&mut raw, std::mem::size_of_val(&raw)) };
    raw.judge = what.judge.as_ptr();
    raw.source = what.source.as_ptr();
    raw.target = what.target.as_ptr();
    raw.pairing = what.pairing.as_ptr();
    raw.callback = Some(progress_hook);
    raw.user = ptr::addr_of_mut!(hook).cast();
    let done = context.call(|context| unsafe {
        sys::xd_evaluate(context, measures.as_ptr(), what.model.as_ptr(), what.direction as u32, &raw, options.as_ptr())
    });
    hook.finish();
    done?;
    Ok(Values::read(measures.as_ptr()))
}
