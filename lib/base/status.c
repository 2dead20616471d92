/* Names and sentences of the status codes. The codes run from 0 downwards without gaps, so that
 * both tables are indexed by -status. */
#include "xdomain/status.h"

#include <stddef.h>

typedef struct status_entry {
  const char *name;
  const char *text;
} status_entry;

#define ENTRY(code, text) [-(code)] = {#code, text}

static const status_entry entries[] = {
    ENTRY(XD_OK, "success"),
    ENTRY(XD_ERROR_INVALID_ARGUMENT,
          "an argument is missing, out of range, or given in the wrong order of calls"),
    ENTRY(XD_ERROR_SHAPE_MISMATCH, "sizes do not fit together"),
    ENTRY(XD_ERROR_NOT_FOUND, "there is no file, class, parameter, backend or layer of that name"),
    ENTRY(XD_ERROR_IO, "the system refused to read or write"),
    ENTRY(XD_ERROR_BAD_DATA, "the data are damaged or not what they claim to be"),
    ENTRY(XD_ERROR_TRUNCATED, "the data end before what their header promises"),
    ENTRY(XD_ERROR_TOO_LARGE, "a size is beyond the limits of this library"),
    ENTRY(XD_ERROR_VERSION_TOO_NEW, "written for a newer version than this library knows"),
    ENTRY(XD_ERROR_UNSUPPORTED, "not supported by this build, machine or object"),
    ENTRY(XD_ERROR_OUT_OF_MEMORY, "out of memory"),
    ENTRY(XD_ERROR_NUMERIC, "a number is not finite where it must be"),
    ENTRY(XD_ERROR_CANCELLED, "cancelled on request"),
    ENTRY(XD_ERROR_COLLAPSED, "training collapsed to nearly one picture a class and was stopped"),
    ENTRY(XD_ERROR_INTERNAL, "an internal error of this library or of a plug-in"),
};

static const status_entry unknown = {"XD_ERROR_UNKNOWN", "an unknown status code"};

static const status_entry *find(xd_status status) {
  const xd_status count = (xd_status)(sizeof entries / sizeof entries[0]);
  return status <= 0 && status > -count ? &entries[-status] : &unknown;
}

const char *xd_status_name(xd_status status) {
  return find(status)->name;
}

const char *xd_status_text(xd_status status) {
  return find(status)->text;
}
