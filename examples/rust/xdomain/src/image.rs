//! Views on pixels, and pictures from files.

use crate::context::c_path;
use crate::{Context, Error, Result};
use std::marker::PhantomData;
use std::path::Path;
use std::ptr::NonNull;
use xdomain_sys as sys;

/// How a sample is stored: `u8`, `u16` or `f32` (0..1).
pub trait Sample: Copy + private::Kind {}
impl Sample for u8 {}
impl Sample for u16 {}
impl Sample for f32 {}

mod private {
    pub trait Kind {
        const KIND: u32;
    }
    impl Kind for u8 {
        const KIND: u32 = xdomain_sys::XD_SAMPLE_U8;
    }
    impl Kind for u16 {
        const KIND: u32 = xdomain_sys::XD_SAMPLE_U16;
    }
    impl Kind for f32 {
        const KIND: u32 = xdomain_sys::XD_SAMPLE_F32;
    }
}

/// Which samples a pixel has, in this order.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Layout {
    /// Grey.
    Grey = sys::XD_LAYOUT_GREY,
    /// Grey and alpha.
    GreyAlpha = sys::XD_LAYOUT_GREY_ALPHA,
    /// Red, green, blue.
    Rgb = sys::XD_LAYOUT_RGB,
    /// Red, green, blue, alpha.
    Rgba = sys::XD_LAYOUT_RGBA,
    /// Blue, green, red.
    Bgr = sys::XD_LAYOUT_BGR,
    /// Blue, green, red, alpha.
    Bgra = sys::XD_LAYOUT_BGRA,
}

impl Layout {
    /// How many samples a pixel has.
    pub fn channels(self) -> usize {
        unsafe { sys::xd_layout_channels(self as u32) as usize }
    }
}

/// What becomes of alpha when a picture is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum AlphaPolicy {
    /// The colours as they are.
    Ignore = sys::XD_ALPHA_IGNORE,
    /// The colours laid over black, as in training.
    Composite = sys::XD_ALPHA_COMPOSITE,
    /// A result with alpha takes it.
    Carry = sys::XD_ALPHA_CARRY,
}

/// How a picture fits into one of another size.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u32)]
pub enum Fit {
    /// It must have that size.
    Exact = sys::XD_FIT_EXACT,
    /// Each axis by itself.
    Stretch = sys::XD_FIT_STRETCH,
    /// The whole picture in the middle.
    Pad = sys::XD_FIT_PAD,
    /// The largest middle part of the wanted shape.
    Crop = sys::XD_FIT_CROP,
}

fn describe(pixels: *mut (), kind: u32, width: u32, height: u32, layout: Layout) -> sys::xd_image {
    let mut image: sys::xd_image = unsafe { std::mem::zeroed() };
    let size = std::mem::size_of_val(&image);
    unsafe { sys::xd_image_init(&mut image, size, pixels.cast(), width, height, kind, layout as u32) };
    image
}

/// Checks that `length` samples hold `height` rows of `width` pixels, `stride` samples from row to row.
fn room(length: usize, stride: usize, width: u32, height: u32, layout: Layout) -> Result<()> {
    let row = (width as usize).checked_mul(layout.channels());
    let needed = row.and_then(|row| {
        let before = stride.checked_mul((height as usize).checked_sub(1)?)?;
        (stride >= row || height == 1).then_some(before.checked_add(row)?)
    });
    match needed {
        Some(needed) if needed <= length => Ok(()),
        _ => Err(Error::mismatch(format!(
            "{length} samples, {stride} from row to row, hold no {width} x {height} pixels of {} samples",
            layout.channels()
        ))),
    }
}

/// Pixels that are read: the caller's memory as it lies.
#[derive(Clone, Copy)]
#[repr(transparent)]
pub struct ImageRef<'a> {
    pub(crate) raw: sys::xd_image,
    pixels: PhantomData<&'a [u8]>,
}

impl<'a> ImageRef<'a> {
    /// Rows one after another.
    pub fn new<S: Sample>(pixels: &'a [S], width: u32, height: u32, layout: Layout) -> Result<Self> {
        ImageRef::with_stride(pixels, width as usize * layout.channels(), width, height, layout)
    }

    /// Rows that begin `stride` samples after one another.
    pub fn with_stride<S: Sample>(
        pixels: &'a [S],
        stride: usize,
        width: u32,
        height: u32,
        layout: Layout,
    ) -> Result<Self> {
        room(pixels.len(), stride, width, height, layout)?;
        let mut raw = describe(pixels.as_ptr().cast_mut().cast(), S::KIND, width, height, layout);
        raw.row_stride = (stride * std::mem::size_of::<S>()) as isize;
        Ok(ImageRef { raw, pixels: PhantomData })
    }

    /// What becomes of its alpha; [`AlphaPolicy::Composite`] where nothing is said.
    pub fn alpha(mut self, policy: AlphaPolicy) -> Self {
        self.raw.policy = policy as u32;
        self
    }

    /// Its size in pixels.
    pub fn size(&self) -> (u32, u32) {
        (self.raw.width, self.raw.height)
    }
}

/// Pixels that are written, where they belong.
#[repr(transparent)]
pub struct ImageMut<'a> {
    pub(crate) raw: sys::xd_image,
    pixels: PhantomData<&'a mut [u8]>,
}

impl<'a> ImageMut<'a> {
    /// Rows one after another.
    pub fn new<S: Sample>(pixels: &'a mut [S], width: u32, height: u32, layout: Layout) -> Result<Self> {
        ImageMut::with_stride(pixels, width as usize * layout.channels(), width, height, layout)
    }

    /// Rows that begin `stride` samples after one another.
    pub fn with_stride<S: Sample>(
        pixels: &'a mut [S],
        stride: usize,
        width: u32,
        height: u32,
        layout: Layout,
    ) -> Result<Self> {
        room(pixels.len(), stride, width, height, layout)?;
        let mut raw = describe(pixels.as_mut_ptr().cast(), S::KIND, width, height, layout);
        raw.row_stride = (stride * std::mem::size_of::<S>()) as isize;
        Ok(ImageMut { raw, pixels: PhantomData })
    }

    /// Fits another picture into this one, resizing and converting where that is needed.
    pub fn fit(&mut self, context: &Context, from: &ImageRef<'_>, fit: Fit) -> Result<()> {
        context.call(|context| unsafe { sys::xd_image_fit(context, &self.raw, &from.raw, fit as u32) })
    }
}

/// A picture that was read from a file.
pub struct Picture(NonNull<sys::xd_picture>);

// Nothing of it changes after it was read.
unsafe impl Send for Picture {}
unsafe impl Sync for Picture {}

impl Picture {
    /// Reads PNG, JPEG, BMP or PNM.
    pub fn load(context: &Context, path: impl AsRef<Path>) -> Result<Self> {
        let path = c_path(path.as_ref())?;
        let made = context.make(|out, context| unsafe { sys::xd_picture_load(out, context, path.as_ptr()) })?;
        Ok(Picture(NonNull::new(made).expect("the library gives what it made")))
    }

    /// Its pixels.
    pub fn view(&self) -> ImageRef<'_> {
        let mut raw: sys::xd_image = unsafe { std::mem::zeroed() };
        raw.struct_size = std::mem::size_of_val(&raw);
        unsafe { sys::xd_picture_view(self.0.as_ptr(), &mut raw) };
        ImageRef { raw, pixels: PhantomData }
    }

    /// Its layout, and its samples' bytes in tight rows from the top down.
    pub fn bytes(&self) -> (u32, &[u8]) {
        let raw = self.view().raw;
        let size = raw.height as usize * raw.row_stride.unsigned_abs();
        (raw.layout, unsafe { std::slice::from_raw_parts(raw.pixels.cast(), size) })
    }
}

impl Drop for Picture {
    fn drop(&mut self) {
        unsafe { sys::xd_picture_destroy(self.0.as_ptr()) }
    }
}
