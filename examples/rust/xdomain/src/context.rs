//! One thread's runtime, pools, and what all handles have in common.

use crate::{Error, Result};
use std::cell::Cell;
use std::ffi::{c_char, c_int, c_void, CStr, CString};
use std::panic::{catch_unwind, AssertUnwindSafe};
use std::path::Path;
use std::ptr::{self, NonNull};
use std::sync::Arc;
use xdomain_sys as sys;

/// Borrowed text of the library's, "" for NULL.
pub(crate) fn text<'a>(from: *const c_char) -> &'a str {
    if from.is_null() {
        return "";
    }
    unsafe { CStr::from_ptr(from) }.to_str().unwrap_or("")
}

pub(crate) fn c_text(from: &str) -> Result<CString> {
    CString::new(from).map_err(|_| Error::invalid(format!("{from:?} has a zero byte")))
}

#[cfg(unix)]
pub(crate) fn c_path(path: &Path) -> Result<CString> {
    use std::os::unix::ffi::OsStrExt;
    CString::new(path.as_os_str().as_bytes()).map_err(|_| Error::invalid(format!("{} has a zero byte", path.display())))
}

#[cfg(not(unix))]
pub(crate) fn c_path(path: &Path) -> Result<CString> {
    c_text(path.to_str().ok_or_else(|| Error::invalid("the path is not Unicode"))?)
}

/// How much a line of the log matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[non_exhaustive]
pub enum LogLevel {
    /// Something failed.
    Error = sys::XD_LOG_ERROR as isize,
    /// Something is other than was asked for, and the call goes on.
    Warning = sys::XD_LOG_WARNING as isize,
    /// What is chosen.
    Info = sys::XD_LOG_INFO as isize,
    /// The rest.
    Debug = sys::XD_LOG_DEBUG as isize,
}

/// Whether a call is to stop.
type Question = Box<dyn FnMut() -> bool + Send>;
/// Hears the log.
type Listener = Box<dyn FnMut(LogLevel, &str) + Send>;

struct Core {
    raw: *mut sys::xd_context,
    _should_stop: Option<Lent<Question>>,
    _log: Option<Lent<Listener>>,
}

/// What C holds a pointer to.
struct Lent<T>(NonNull<T>);

impl<T> Lent<T> {
    fn new(value: T) -> Self {
        Lent(NonNull::from(Box::leak(Box::new(value))))
    }

    fn as_user(&self) -> *mut c_void {
        self.0.as_ptr().cast()
    }
}

impl<T> Drop for Lent<T> {
    fn drop(&mut self) {
        drop(unsafe { Box::from_raw(self.0.as_ptr()) });
    }
}

/// What a closure answers that C calls; None where it panics. What it panics with is not dropped: that may panic again.
pub(crate) fn caught<R>(closure: impl FnOnce() -> R) -> Option<R> {
    catch_unwind(AssertUnwindSafe(closure)).map_err(std::mem::forget).ok()
}

unsafe extern "C" fn ask(user: *mut c_void) -> c_int {
    let question = &mut *user.cast::<Question>();
    caught(question).unwrap_or(true).into()
}

unsafe extern "C" fn tell(user: *mut c_void, level: sys::xd_log_level, message: *const c_char) {
    let listener = &mut *user.cast::<Listener>();
    let level = match level {
        sys::XD_LOG_ERROR => LogLevel::Error,
        sys::XD_LOG_WARNING => LogLevel::Warning,
        sys::XD_LOG_INFO => LogLevel::Info,
        _ => LogLevel::Debug,
    };
    caught(|| listener(level, text(message)));
}

// Of a core that several have, only what the library allows from any thread is called but by its Context; the closures
// are Send.
unsafe impl Send for Core {}
unsafe impl Sync for Core {}

impl Drop for Core {
    fn drop(&mut self) {
        unsafe { sys::xd_context_destroy(self.raw) }
    }
}

/// One thread's runtime: the backend that computes, its threads, and the message of the last failure. Closures that hear
/// of its calls need a context of their own for what they call; with this one it fails with
/// [`ErrorKind::InvalidArgument`](crate::ErrorKind::InvalidArgument).
pub struct Context {
    core: Arc<Core>,
    // Whether a call runs, whose closures may have the context at hand. The cell keeps it to one thread at a time.
    busy: Cell<bool>,
}

impl Context {
    /// The fastest backend here, on the calling thread alone.
    pub fn new() -> Result<Self> {
        Context::builder().build()
    }

    /// A context of one's own choices.
    pub fn builder<'a>() -> ContextBuilder<'a> {
        ContextBuilder::default()
    }

    /// The backend's name, such as "native".
    pub fn backend(&self) -> &str {
        text(unsafe { sys::xd_context_backend_name(self.core.raw) })
    }

    /// How many threads its work may use.
    pub fn threads(&self) -> u32 {
        unsafe { sys::xd_context_threads(self.core.raw) }
    }

    /// What stops this context's calls from other threads.
    pub fn canceller(&self) -> Canceller {
        Canceller(self.core.clone())
    }

    /// Takes back what a [`Canceller`] asked for.
    pub fn clear_cancel(&self) {
        unsafe { sys::xd_context_clear_cancel(self.core.raw) }
    }

    /// Calls with the context as C has it. A call within another one, from a closure that hears of it, is refused.
    pub(crate) fn call(&self, call: impl FnOnce(*mut sys::xd_context) -> i32) -> Result<()> {
        if self.busy.replace(true) {
            return Err(Error::invalid("the context is in a call, of which this closure hears: take another context"));
        }
        let status = call(self.core.raw);
        self.busy.set(false);
        self.check(status)
    }

    pub(crate) fn check(&self, status: i32) -> Result<()> {
        if status == sys::XD_OK {
            return Ok(());
        }
        Err(Error::new(status, text(unsafe { sys::xd_context_message(self.core.raw) })))
    }

    /// The pointer that `create(&mut out, context)` gives.
    pub(crate) fn make<T>(&self, create: impl FnOnce(*mut *mut T, *mut sys::xd_context) -> i32) -> Result<*mut T> {
        let mut out = ptr::null_mut();
        self.call(|context| create(&mut out, context))?;
        Ok(out)
    }
}

/// Stops a context's calls from any thread; they fail with [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled), and
/// so do later ones until [`Context::clear_cancel`].
#[derive(Clone)]
pub struct Canceller(Arc<Core>);

impl Canceller {
    /// Asks the call that runs, and those that come, to stop.
    pub fn cancel(&self) {
        unsafe { sys::xd_context_cancel(self.0.raw) }
    }
}

/// What a context is to be like.
#[derive(Default)]
pub struct ContextBuilder<'a> {
    backend: Option<&'a str>,
    threads: u32,
    pool: Option<&'a Pool>,
    should_stop: Option<Question>,
    log: Option<(LogLevel, Listener)>,
}

impl<'a> ContextBuilder<'a> {
    /// A backend by its name, such as "native" or "reference".
    pub fn backend(mut self, name: &'a str) -> Self {
        self.backend = Some(name);
        self
    }

    /// Threads of its own, the caller's counted; 0 or 1: the caller's alone.
    pub fn threads(mut self, count: u32) -> Self {
        self.threads = count;
        self
    }

    /// Threads that it shares with other contexts.
    pub fn pool(mut self, pool: &'a Pool) -> Self {
        self.pool = Some(pool);
        self
    }

    /// The closure is asked, thousands of times a second while a call works, whether that call is to stop: so it can
    /// look at a flag or a clock, and has to answer fast. `true`, or a panic, stops the call with
    /// [`ErrorKind::Cancelled`](crate::ErrorKind::Cancelled), and no later one.
    pub fn should_stop(mut self, closure: impl FnMut() -> bool + Send + 'static) -> Self {
        self.should_stop = Some(Box::new(closure));
        self
    }

    /// The closure hears the log, up to that level, on the thread that uses the context: what a call does otherwise than
    /// was asked for, such as a training that goes on without a new checkpoint, or classes that are left out. A panic in
    /// it is as if it returned.
    pub fn on_log(mut self, level: LogLevel, closure: impl FnMut(LogLevel, &str) + Send + 'static) -> Self {
        self.log = Some((level, Box::new(closure)));
        self
    }

    /// Makes the context.
    pub fn build(self) -> Result<Context> {
        let mut message = [0u8; 512];
        let backend = self.backend.map(c_text).transpose()?;
        let mut options: sys::xd_context_options = unsafe { std::mem::zeroed() };
        unsafe { sys::xd_context_options_init(&mut options, std::mem::size_of_val(&options)) };
        options.backend = backend.as_ref().map_or(ptr::null(), |name| name.as_ptr());
        options.threads = self.threads;
        options.pool = self.pool.map_or(ptr::null(), |pool| pool.as_ptr());
        options.message = message.as_mut_ptr().cast();
        options.message_size = message.len();
        let question = self.should_stop.map(Lent::new);
        if let Some(question) = &question {
            options.should_stop = Some(ask);
            options.should_stop_user = question.as_user();
        }
        let listener = self.log.map(|(level, closure)| {
            options.log_level = level as u32;
            Lent::new(closure)
        });
        if let Some(listener) = &listener {
            options.log = Some(tell);
            options.log_user = listener.as_user();
        }
        let mut out = ptr::null_mut();
        let status = unsafe { sys::xd_context_create(&mut out, &options) };
        if status != sys::XD_OK {
            return Err(Error::new(status, text(message.as_ptr().cast())));
        }
        let core = Core { raw: out, _should_stop: question, _log: listener };
        Ok(Context { core: Arc::new(core), busy: Cell::new(false) })
    }
}

/// A reference-counted handle of the library's: a clone is one more owner.
macro_rules! counted {
    ($(#[$words:meta])* $name:ident, $raw:ident, $retain:ident, $release:ident) => {
        $(#[$words])*
        pub struct $name(std::ptr::NonNull<xdomain_sys::$raw>);

        // The library counts owners atomically, and what they own does not change.
        unsafe impl Send for $name {}
        unsafe impl Sync for $name {}

        impl $name {
            pub(crate) fn adopt(pointer: *mut xdomain_sys::$raw) -> Self {
                $name(std::ptr::NonNull::new(pointer).expect("the library gives what it made"))
            }

            pub(crate) fn as_ptr(&self) -> *const xdomain_sys::$raw {
                self.0.as_ptr()
            }
        }

        impl Clone for $name {
            fn clone(&self) -> Self {
                $name::adopt(unsafe { xdomain_sys::$retain(self.as_ptr()) })
            }
        }

        impl Drop for $name {
            fn drop(&mut self) {
                unsafe { xdomain_sys::$release(self.as_ptr()) }
            }
        }
    };
}
pub(crate) use counted;

counted! {
    /// Threads that several contexts share.
    Pool, xd_pool, xd_pool_retain, xd_pool_release
}

impl Pool {
    /// A pool of 1 to 256 threads, of which one is the thread that calls.
    pub fn new(threads: u32) -> Result<Self> {
        let mut out = ptr::null_mut();
        match unsafe { sys::xd_pool_create(&mut out, threads, ptr::null()) } {
            sys::XD_OK => Ok(Pool::adopt(out)),
            status => Err(Error::new(status, "")),
        }
    }

    /// How many threads it has.
    pub fn threads(&self) -> u32 {
        unsafe { sys::xd_pool_threads(self.as_ptr()) }
    }
}
