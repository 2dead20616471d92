//! Sets of labelled pictures, and which classes are paired.

use crate::context::{c_path, c_text, counted, text};
use crate::{Context, Error, Fit, Result, Shape};
use std::borrow::Cow;
use std::ffi::{c_char, CStr, CString};
use std::path::Path;
use std::ptr;
use xdomain_sys as sys;

counted! {
    /// Pictures of one size as bytes, each with a label 0..255.
    Dataset, xd_dataset, xd_dataset_retain, xd_dataset_release
}

impl Dataset {
    /// A folder of picture files, with a sub-folder a class.
    pub fn from_folder(context: &Context, path: impl AsRef<Path>, options: &ReadOptions) -> Result<Self> {
        let (path, raw) = (c_path(path.as_ref())?, options.raw());
        context
            .make(|out, context| unsafe { sys::xd_dataset_load_folder(out, context, path.as_ptr(), &raw) })
            .map(Dataset::adopt)
    }

    /// One line of text as the tool takes it: "idx:IMAGES,LABELS;classes=0-4", "dir:PATH". Its language is outside
    /// the library's promise (docs/abi.md): another minor version may change it.
    pub fn from_spec(context: &Context, spec: &str) -> Result<Self> {
        let spec = c_text(spec)?;
        context
            .make(|out, context| unsafe { sys::xd_dataset_load(out, context, spec.as_ptr(), ptr::null()) })
            .map(Dataset::adopt)
    }

    /// Bytes `[count][height][width][channels]`, copied, with a label for each picture or none.
    pub fn from_pixels(context: &Context, pixels: &[u8], labels: Option<&[u32]>, shape: Shape) -> Result<Self> {
        let count = pixels.len().checked_div(shape.len()).unwrap_or(0);
        let labels_fit = labels.map_or(true, |labels| labels.len() == count);
        if count == 0 || count * shape.len() != pixels.len() || !labels_fit {
            return Err(Error::mismatch("a set's pixels, labels and shape do not fit together"));
        }
        let count = u32::try_from(count).map_err(|_| Error::invalid("more pictures than a set holds"))?;
        let labels = labels.map_or(ptr::null(), |labels| labels.as_ptr());
        context
            .make(|out, context| unsafe {
                sys::xd_dataset_create(
                    out,
                    context,
                    pixels.as_ptr(),
                    labels,
                    count,
                    shape.width,
                    shape.height,
                    shape.channels,
                )
            })
            .map(Dataset::adopt)
    }

    /// The rest and a part: a fraction of each class, drawn by the seed.
    pub fn split(&self, context: &Context, fraction: f64, seed: u64) -> Result<(Self, Self)> {
        let (mut rest, mut part) = (ptr::null_mut(), ptr::null_mut());
        context.call(|context| unsafe {
            sys::xd_dataset_split(&mut rest, &mut part, context, self.as_ptr(), fraction, seed)
        })?;
        Ok((Dataset::adopt(rest), Dataset::adopt(part)))
    }

    /// How many pictures there are.
    pub fn len(&self) -> usize {
        unsafe { sys::xd_dataset_count(self.as_ptr()) as usize }
    }

    /// Never: a set has pictures.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// The size of every picture.
    pub fn shape(&self) -> Shape {
        let set = self.as_ptr();
        unsafe {
            Shape {
                width: sys::xd_dataset_width(set),
                height: sys::xd_dataset_height(set),
                channels: sys::xd_dataset_channels(set),
            }
        }
    }

    /// A picture's label and bytes.
    pub fn get(&self, index: usize) -> Option<(u32, &[u8])> {
        let index = u32::try_from(index).ok()?;
        let pixels = unsafe { sys::xd_dataset_pixels(self.as_ptr(), index) };
        if pixels.is_null() {
            return None;
        }
        let label = unsafe { sys::xd_dataset_label(self.as_ptr(), index) };
        Some((label, unsafe { std::slice::from_raw_parts(pixels, self.shape().len()) }))
    }

    /// Whether the pictures were given labels.
    pub fn has_labels(&self) -> bool {
        unsafe { sys::xd_dataset_has_labels(self.as_ptr()) != 0 }
    }

    /// The label of each picture; all 0 where they have none.
    pub fn labels(&self, context: &Context) -> Result<Vec<u32>> {
        let mut labels = vec![0; self.len()];
        context.call(|context| unsafe {
            sys::xd_dataset_read_labels(self.as_ptr(), context, labels.as_mut_ptr(), ptr::null(), self.len() as u32)
        })?;
        Ok(labels)
    }

    /// A copy of all pictures, `[count][height][width][channels]`.
    pub fn pixels(&self, context: &Context) -> Result<Vec<u8>> {
        let mut pixels = vec![0; self.len() * self.shape().len()];
        context.call(|context| unsafe {
            sys::xd_dataset_read_bytes(self.as_ptr(), context, pixels.as_mut_ptr(), ptr::null(), self.len() as u32)
        })?;
        Ok(pixels)
    }

    /// The same pictures in another size or with another number of channels; 0 keeps what the set has.
    pub fn fitted(&self, context: &Context, size: Shape, fit: Fit) -> Result<Self> {
        let raw = ReadOptions { size, fit, skip_bad: false }.raw();
        context
            .make(|out, context| unsafe { sys::xd_dataset_fit(out, context, self.as_ptr(), &raw) })
            .map(Dataset::adopt)
    }

    /// The same pictures with the labels of the classes of the same names, as of a model: so a folder more or fewer
    /// shifts no label. Pictures of other classes are left out.
    pub fn matched(&self, context: &Context, names: &[&str]) -> Result<Self> {
        let names = CTexts::new(names)?;
        context
            .make(|out, context| unsafe {
                sys::xd_dataset_match_classes(out, context, self.as_ptr(), names.as_ptr(), names.len())
            })
            .map(Dataset::adopt)
    }

    /// What was left out when a folder was read: files that are no pictures by their names, pictures beside the folders
    /// of classes, and, with `skip_bad`, a sentence on each picture that could not be read. What of a name is no UTF-8 is
    /// U+FFFD.
    pub fn left_out(&self) -> Vec<Cow<'_, str>> {
        [sys::XD_LEFT_OUT_OTHER_TYPE, sys::XD_LEFT_OUT_BESIDE_CLASSES, sys::XD_LEFT_OUT_BAD]
            .into_iter()
            .flat_map(|why| {
                let count = unsafe { sys::xd_dataset_left_out_count(self.as_ptr(), why) };
                (0..count).map(move |index| unsafe {
                    CStr::from_ptr(sys::xd_dataset_left_out(self.as_ptr(), why, index)).to_string_lossy()
                })
            })
            .collect()
    }

    /// The name of a class; "" where no picture has that label.
    pub fn class_name(&self, label: u32) -> &str {
        text(unsafe { sys::xd_dataset_class_name(self.as_ptr(), label) })
    }
}

/// How pictures are read.
#[derive(Clone, Copy, Debug)]
pub struct ReadOptions {
    /// What every picture is brought to; numbers that are 0: as the pictures have it.
    pub size: Shape,
    /// How pictures of another size are brought to it.
    pub fit: Fit,
    /// Pictures that cannot be read are left out; otherwise the first of them is an error.
    pub skip_bad: bool,
}

impl Default for ReadOptions {
    fn default() -> Self {
        ReadOptions { size: Shape::default(), fit: Fit::Stretch, skip_bad: false }
    }
}

impl ReadOptions {
    fn raw(&self) -> sys::xd_dataset_options {
        let mut raw: sys::xd_dataset_options = unsafe { std::mem::zeroed() };
        unsafe { sys::xd_dataset_options_init(&mut raw, std::mem::size_of_val(&raw)) };
        (raw.width, raw.height, raw.channels) = (self.size.width, self.size.height, self.size.channels);
        raw.fit = self.fit as u32;
        raw.skip_bad = self.skip_bad.into();
        raw
    }
}

/// Texts as C takes them.
struct CTexts {
    _texts: Vec<CString>,
    pointers: Vec<*const c_char>,
}

impl CTexts {
    fn new(texts: &[&str]) -> Result<Self> {
        let texts = texts.iter().map(|text| c_text(text)).collect::<Result<Vec<_>>>()?;
        let pointers = texts.iter().map(|text| text.as_ptr()).collect();
        Ok(CTexts { _texts: texts, pointers })
    }

    fn as_ptr(&self) -> *const *const c_char {
        self.pointers.as_ptr()
    }

    fn len(&self) -> u32 {
        self.pointers.len() as u32
    }
}

counted! {
    /// Which class of domain 1 is translated into which of domain 2, and back.
    Pairing, xd_pairing, xd_pairing_retain, xd_pairing_release
}

impl Pairing {
    /// From "0:5,1:6", or "*:*" for all with all.
    pub fn new(context: &Context, pairs: &str) -> Result<Self> {
        let pairs = c_text(pairs)?;
        context.make(|out, context| unsafe { sys::xd_pairing_create(out, context, pairs.as_ptr()) }).map(Pairing::adopt)
    }

    /// From "cat:dog,2:wolf", where a class is also given by its name: by its place in the names of each domain.
    pub fn named(context: &Context, pairs: &str, names1: &[&str], names2: &[&str]) -> Result<Self> {
        let (pairs, names1, names2) = (c_text(pairs)?, CTexts::new(names1)?, CTexts::new(names2)?);
        context
            .make(|out, context| unsafe {
                sys::xd_pairing_create_named(
                    out,
                    context,
                    pairs.as_ptr(),
                    names1.as_ptr(),
                    names1.len(),
                    names2.as_ptr(),
                    names2.len(),
                )
            })
            .map(Pairing::adopt)
    }
}
