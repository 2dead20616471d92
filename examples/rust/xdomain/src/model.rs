//! Models and judges.

use crate::context::{c_path, c_text, counted, text};
use crate::{Context, Dataset, Result};
use std::path::Path;
use xdomain_sys as sys;

/// Which way pictures are translated.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[repr(u32)]
pub enum Direction {
    /// A picture of domain 1 becomes one of domain 2.
    #[default]
    Forwards = sys::XD_DIRECTION_1TO2,
    /// The way back.
    Backwards = sys::XD_DIRECTION_2TO1,
}

/// The size of a domain's pictures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[allow(missing_docs)]
pub struct Shape {
    pub width: u32,
    pub height: u32,
    pub channels: u32,
}

impl Shape {
    pub(crate) fn ask(question: impl FnOnce(*mut sys::xd_shape)) -> Self {
        let mut raw = sys::xd_shape { width: 0, height: 0, channels: 0 };
        question(&mut raw);
        Shape { width: raw.width, height: raw.height, channels: raw.channels }
    }

    /// How many numbers a picture is.
    pub fn len(&self) -> usize {
        self.width as usize * self.height as usize * self.channels as usize
    }

    /// Whether it is no picture at all.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

counted! {
    /// Two VAEs and the mappings between their codes.
    Model, xd_model, xd_model_retain, xd_model_release
}

/// How a model file is written.
#[derive(Clone, Copy, Debug, Default)]
pub struct SaveOptions {
    /// Weights as 16-bit floats.
    pub half: bool,
    /// Weights as bytes with a scale for each output channel; not with `half`.
    pub int8: bool,
    /// Without the discriminators, which only training reads.
    pub inference_only: bool,
}

impl Model {
    /// Reads a model file (.xdm).
    pub fn load(context: &Context, path: impl AsRef<Path>) -> Result<Self> {
        let path = c_path(path.as_ref())?;
        context.make(|out, context| unsafe { sys::xd_model_load(out, context, path.as_ptr()) }).map(Model::adopt)
    }

    /// Reads a model file's bytes; messages call them by the name.
    pub fn from_bytes(context: &Context, bytes: &[u8], name: &str) -> Result<Self> {
        let name = c_text(name)?;
        let mut source: sys::xd_source = unsafe { std::mem::zeroed() };
        unsafe { sys::xd_source_init(&mut source, std::mem::size_of_val(&source)) };
        source.name = name.as_ptr();
        source.data = bytes.as_ptr().cast();
        source.size = bytes.len();
        context.make(|out, context| unsafe { sys::xd_model_load_source(out, context, &source) }).map(Model::adopt)
    }

    /// Writes a model file: a crash leaves the old file or the new one.
    pub fn save(&self, context: &Context, path: impl AsRef<Path>, options: SaveOptions) -> Result<()> {
        let path = c_path(path.as_ref())?;
        let mut raw: sys::xd_save_options = unsafe { std::mem::zeroed() };
        unsafe { sys::xd_save_options_init(&mut raw, std::mem::size_of_val(&raw)) };
        raw.half = options.half.into();
        raw.int8 = options.int8.into();
        raw.inference_only = options.inference_only.into();
        context.call(|context| unsafe { sys::xd_model_save(self.as_ptr(), context, path.as_ptr(), &raw) })
    }

    /// The size of a domain's pictures; the domain is 1 or 2.
    pub fn shape(&self, domain: u32) -> Shape {
        Shape::ask(|out| unsafe { sys::xd_model_picture_shape(self.as_ptr(), domain, out) })
    }

    /// The size of a domain's codes.
    pub fn latent_dim(&self, domain: u32) -> u32 {
        unsafe { sys::xd_model_latent_dim(self.as_ptr(), domain) }
    }

    /// A domain's name; "" where it has none.
    pub fn name(&self, domain: u32) -> &str {
        text(unsafe { sys::xd_model_name(self.as_ptr(), domain) })
    }

    /// Which classes belong together, such as "0:5,1:6"; "" without a mapping.
    pub fn pairing(&self) -> &str {
        text(unsafe { sys::xd_model_pairing(self.as_ptr()) })
    }

    /// Whether it translates that way.
    pub fn translates(&self, direction: Direction) -> bool {
        !unsafe { sys::xd_model_generator(self.as_ptr(), direction as u32) }.is_null()
    }

    /// The VAE of a domain; None where the domain holds conditions.
    pub fn vae(&self, domain: u32) -> Option<Vae> {
        let encoder = unsafe { sys::xd_model_encoder(self.as_ptr(), domain) };
        let decoder = unsafe { sys::xd_model_decoder(self.as_ptr(), domain) };
        (!encoder.is_null())
            .then(|| unsafe { Vae::adopt(sys::xd_encoder_retain(encoder), sys::xd_decoder_retain(decoder)) })
    }

    /// The names of a domain's classes, by their numbers.
    pub fn class_names(&self, domain: u32) -> Vec<&str> {
        let count = unsafe { sys::xd_model_class_count(self.as_ptr(), domain) };
        (0..count).map(|label| text(unsafe { sys::xd_model_class_name(self.as_ptr(), domain, label) })).collect()
    }

    /// What the model tells of how it came about.
    pub fn property(&self, key: &str) -> Option<&str> {
        let key = c_text(key).ok()?;
        let value = unsafe { sys::xd_model_property(self.as_ptr(), key.as_ptr()) };
        (!value.is_null()).then(|| text(value))
    }
}

counted! {
    Encoder, xd_encoder, xd_encoder_retain, xd_encoder_release
}

counted! {
    Decoder, xd_decoder, xd_decoder_retain, xd_decoder_release
}

/// The encoder and the decoder of a domain's pictures; clones are further owners of the same ones.
#[derive(Clone)]
pub struct Vae {
    encoder: Encoder,
    decoder: Decoder,
}

impl Vae {
    pub(crate) fn adopt(encoder: *mut sys::xd_encoder, decoder: *mut sys::xd_decoder) -> Self {
        Vae { encoder: Encoder::adopt(encoder), decoder: Decoder::adopt(decoder) }
    }

    pub(crate) fn parts(&self) -> (*const sys::xd_encoder, *const sys::xd_decoder) {
        (self.encoder.as_ptr(), self.decoder.as_ptr())
    }

    /// The size of its codes.
    pub fn latent_dim(&self) -> u32 {
        unsafe { sys::xd_encoder_latent_dim(self.encoder.as_ptr()) }
    }
}

counted! {
    /// A classifier of real pictures that says how good translated ones are.
    Judge, xd_judge, xd_judge_retain, xd_judge_release
}

impl Judge {
    /// Reads a judge file (.xdc).
    pub fn load(context: &Context, path: impl AsRef<Path>) -> Result<Self> {
        let path = c_path(path.as_ref())?;
        context.make(|out, context| unsafe { sys::xd_judge_load(out, context, path.as_ptr()) }).map(Judge::adopt)
    }

    /// Writes a judge file.
    pub fn save(&self, context: &Context, path: impl AsRef<Path>) -> Result<()> {
        let path = c_path(path.as_ref())?;
        context.call(|context| unsafe { sys::xd_judge_save(self.as_ptr(), context, path.as_ptr()) })
    }

    /// The share of a set's pictures whose class it tells.
    pub fn accuracy(&self, context: &Context, set: &Dataset) -> Result<f64> {
        let mut accuracy = 0.0;
        context
            .call(|context| unsafe { sys::xd_judge_accuracy(self.as_ptr(), context, &mut accuracy, set.as_ptr()) })?;
        Ok(accuracy)
    }
}
