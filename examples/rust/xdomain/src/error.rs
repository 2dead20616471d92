//! Failures.

use std::fmt;
use xdomain_sys as sys;

/// Why a call failed: the library's status, and its sentence with the file, field and value at fault.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Error {
    status: i32,
    message: String,
}

/// What kind of failure it is; a newer library may know more.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum ErrorKind {
    /// A value out of range, or calls in the wrong order.
    InvalidArgument,
    /// Sizes that do not fit together.
    ShapeMismatch,
    /// No such file, class, option or backend.
    NotFound,
    /// The system refused to read or write.
    Io,
    /// A file or picture is damaged or not what it claims to be; pixels that are not finite.
    BadData,
    /// A file ends before what its header promises.
    Truncated,
    /// A size beyond the library's limits.
    TooLarge,
    /// Written by a newer major version.
    VersionTooNew,
    /// Known, but not in this build or not for this object.
    Unsupported,
    /// No memory.
    OutOfMemory,
    /// NaN or infinity where a finite number must be; a training diverged.
    Numeric,
    /// The context was cancelled, or a closure asked to stop.
    Cancelled,
    /// A training produced nearly one picture a class and was stopped.
    Collapsed,
    /// A bug in the library, or a status of a newer one.
    Internal,
}

impl Error {
    pub(crate) fn new(status: i32, message: impl Into<String>) -> Self {
        let message = message.into();
        if message.is_empty() {
            let text = crate::context::text(unsafe { sys::xd_status_text(status) });
            return Error { status, message: text.to_string() };
        }
        Error { status, message }
    }

    pub(crate) fn invalid(message: impl Into<String>) -> Self {
        Error::new(sys::XD_ERROR_INVALID_ARGUMENT, message)
    }

    pub(crate) fn mismatch(message: impl Into<String>) -> Self {
        Error::new(sys::XD_ERROR_SHAPE_MISMATCH, message)
    }

    /// The library's number, for logs.
    pub fn status(&self) -> i32 {
        self.status
    }

    /// What kind of failure it is.
    pub fn kind(&self) -> ErrorKind {
        match self.status {
            sys::XD_ERROR_INVALID_ARGUMENT => ErrorKind::InvalidArgument,
            sys::XD_ERROR_SHAPE_MISMATCH => ErrorKind::ShapeMismatch,
            sys::XD_ERROR_NOT_FOUND => ErrorKind::NotFound,
            sys::XD_ERROR_IO => ErrorKind::Io,
            sys::XD_ERROR_BAD_DATA => ErrorKind::BadData,
            sys::XD_ERROR_TRUNCATED => ErrorKind::Truncated,
            sys::XD_ERROR_TOO_LARGE => ErrorKind::TooLarge,
            sys::XD_ERROR_VERSION_TOO_NEW => ErrorKind::VersionTooNew,
            sys::XD_ERROR_UNSUPPORTED => ErrorKind::Unsupported,
            sys::XD_ERROR_OUT_OF_MEMORY => ErrorKind::OutOfMemory,
            sys::XD_ERROR_NUMERIC => ErrorKind::Numeric,
            sys::XD_ERROR_CANCELLED => ErrorKind::Cancelled,
            sys::XD_ERROR_COLLAPSED => ErrorKind::Collapsed,
            _ => ErrorKind::Internal,
        }
    }
}

impl fmt::Display for Error {
    fn fmt(&self, to: &mut fmt::Formatter<'_>) -> fmt::Result {
        to.write_str(&self.message)
    }
}

impl std::error::Error for Error {}
