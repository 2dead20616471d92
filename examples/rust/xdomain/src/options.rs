//! The options of trainings and evaluations: the library's own table.

use crate::context::{c_text, text};
use crate::{Context, Result};
use std::ffi::CString;
use std::ptr::NonNull;
use xdomain_sys as sys;

/// What options belong to.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[allow(missing_docs)]
pub enum Group {
    Train,
    Vae,
    Mapping,
    Judge,
    Evaluation,
}

impl Group {
    fn name(self) -> CString {
        let name = match self {
            Group::Train => "train",
            Group::Vae => "vae",
            Group::Mapping => "mapping",
            Group::Judge => "judge",
            Group::Evaluation => "evaluation",
        };
        CString::new(name).expect("no zero byte")
    }
}

enum Setting {
    Preset(String),
    Number(String, f64),
    Text(String, String),
    Assignments(String),
}

/// The options of a group: the defaults, and what is said here, in this order. They are checked where they are used.
///
/// ```
/// use xdomain::{Group, Options};
///
/// let options = Options::new(Group::Train).preset("mnist").number("steps", 4000.0).text("vae2.likelihood", "bernoulli");
/// # let context = xdomain::Context::new().unwrap();
/// assert_eq!(options.value(&context, "vae1.latent_dim").unwrap(), options.value(&context, "vae2.latent_dim").unwrap());
/// assert_eq!(options.value(&context, "steps").unwrap(), 4000.0);
/// ```
pub struct Options {
    group: Group,
    settings: Vec<Setting>,
}

impl Options {
    /// The defaults of a group.
    pub fn new(group: Group) -> Self {
        Options { group, settings: Vec::new() }
    }

    /// The numbers of a known experiment.
    pub fn preset(mut self, name: &str) -> Self {
        self.settings.push(Setting::Preset(name.to_string()));
        self
    }

    /// One option's number; switches are 0 or 1.
    pub fn number(mut self, name: &str, value: f64) -> Self {
        self.settings.push(Setting::Number(name.to_string(), value));
        self
    }

    /// One option's value as text, such as a choice's name.
    pub fn text(mut self, name: &str, value: &str) -> Self {
        self.settings.push(Setting::Text(name.to_string(), value.to_string()));
        self
    }

    /// Assignments as a file has them: "steps = 4000 seed = 7".
    pub fn read(mut self, assignments: &str) -> Self {
        self.settings.push(Setting::Assignments(assignments.to_string()));
        self
    }

    /// What an option's number is with all that was said.
    pub fn value(&self, context: &Context, name: &str) -> Result<f64> {
        let (raw, name) = (self.build(context)?, c_text(name)?);
        let mut number = 0.0;
        context
            .call(|context| unsafe { sys::xd_options_get_number(raw.as_ptr(), context, &mut number, name.as_ptr()) })?;
        Ok(number)
    }

    /// What options a group has.
    pub fn list(group: Group) -> Vec<OptionInfo> {
        let name = group.name();
        let count = unsafe { sys::xd_options_count(name.as_ptr()) };
        (0..count).filter_map(|index| OptionInfo::ask(&name, index)).collect()
    }

    pub(crate) fn build(&self, context: &Context) -> Result<RawOptions> {
        let group = self.group.name();
        let made = context.make(|out, context| unsafe { sys::xd_options_create(out, context, group.as_ptr()) })?;
        let raw = RawOptions(NonNull::new(made).expect("the library gives what it made"));
        for setting in &self.settings {
            let options = raw.0.as_ptr();
            match setting {
                Setting::Preset(name) => {
                    let name = c_text(name)?;
                    context.call(|on| unsafe { sys::xd_options_apply_preset(options, on, name.as_ptr()) })
                }
                Setting::Number(name, value) => {
                    let name = c_text(name)?;
                    context.call(|on| unsafe { sys::xd_options_set_number(options, on, name.as_ptr(), *value) })
                }
                Setting::Text(name, value) => {
                    let (name, value) = (c_text(name)?, c_text(value)?);
                    context.call(|on| unsafe { sys::xd_options_set_text(options, on, name.as_ptr(), value.as_ptr()) })
                }
                Setting::Assignments(text) => {
                    let text = c_text(text)?;
                    context.call(|on| unsafe { sys::xd_options_read(options, on, text.as_ptr()) })
                }
            }?;
        }
        Ok(raw)
    }
}

pub(crate) struct RawOptions(NonNull<sys::xd_options>);

impl RawOptions {
    pub(crate) fn as_ptr(&self) -> *const sys::xd_options {
        self.0.as_ptr()
    }
}

impl Drop for RawOptions {
    fn drop(&mut self) {
        unsafe { sys::xd_options_destroy(self.0.as_ptr()) }
    }
}

/// How an option's value is to be read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum OptionKind {
    /// A whole number.
    Integer,
    /// Any number.
    Real,
    /// 0 or 1.
    Switch,
    /// One of the names in the unit, with bars between them.
    Choice,
}

/// One option, as the library describes it.
#[derive(Clone, Debug)]
#[allow(missing_docs)]
pub struct OptionInfo {
    pub name: &'static str,
    pub unit: &'static str,
    pub help: &'static str,
    pub least: f64,
    pub most: f64,
    pub default: f64,
    pub kind: OptionKind,
}

impl OptionInfo {
    fn ask(group: &CString, index: u32) -> Option<Self> {
        let mut raw: sys::xd_option_info = unsafe { std::mem::zeroed() };
        unsafe { sys::xd_option_info_init(&mut raw, std::mem::size_of_val(&raw)) };
        let status = unsafe { sys::xd_options_describe(std::ptr::null_mut(), &mut raw, group.as_ptr(), index) };
        (status == sys::XD_OK).then(|| OptionInfo {
            name: text(raw.name),
            unit: text(raw.unit),
            help: text(raw.help),
            least: raw.least,
            most: raw.most,
            default: raw.initial,
            kind: match raw.kind {
                sys::XD_OPTION_INTEGER => OptionKind::Integer,
                sys::XD_OPTION_SWITCH => OptionKind::Switch,
                sys::XD_OPTION_CHOICE => OptionKind::Choice,
                _ => OptionKind::Real,
            },
        })
    }
}
