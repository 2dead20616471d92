/* Numbers of a training's state, both ways. */
#include "train/archive.h"

#include <string.h>

#include "base/memory.h"
#include "tensor/device.h"

/* What was read last must have been there. */
static void check(xdi_archive *archive) {
  if (archive->status == XD_OK && xdi_archive_reads(archive) && archive->from->failed)
    archive->status = xdi_fail(archive->context, XD_ERROR_BAD_DATA, "a checkpoint's state ends too early");
}

void xdi_archive_u32(xdi_archive *archive, uint32_t *value) {
  if (archive->status != XD_OK)
    return;
  if (xdi_archive_reads(archive))
    *value = xdi_get_u32(archive->from);
  else
    xdi_put_u32(archive->to, *value);
  check(archive);
}

void xdi_archive_f64(xdi_archive *archive, double *value) {
  uint64_t bits = 0;
  if (archive->status != XD_OK)
    return;
  memcpy(&bits, value, sizeof bits);
  if (xdi_archive_reads(archive))
    bits = xdi_get_u64(archive->from);
  else
    xdi_put_u64(archive->to, bits);
  memcpy(value, &bits, sizeof bits);
  check(archive);
}

static void put_floats(xdi_bytes *to, const float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    uint32_t bits;
    memcpy(&bits, &values[i], sizeof bits);
    xdi_put_u32(to, bits);
  }
}

static void get_floats(xdi_cursor *from, float *values, size_t count) {
  for (size_t i = 0; i < count; i++) {
    const uint32_t bits = xdi_get_u32(from);
    memcpy(&values[i], &bits, sizeof bits);
  }
}

/* Their number stands before them. */
static bool count_fits(xdi_archive *archive, size_t count) {
  if (!xdi_archive_reads(archive)) {
    xdi_put_u64(archive->to, count);
    return true;
  }
  if (xdi_get_u64(archive->from) != count)
    archive->from->failed = true;
  check(archive);
  return archive->status == XD_OK;
}

void xdi_archive_floats(xdi_archive *archive, xd_slice place, size_t count) {
  xd_context *context = archive->context;
  if (archive->status != XD_OK || !count_fits(archive, count) || count == 0)
    return;
  float *values = xdi_allocate(&context->allocator, count, sizeof *values);
  if (!values) {
    archive->status = xdi_fail_memory(context, "keeping a training's state");
    return;
  }
  if (xdi_archive_reads(archive)) {
    get_floats(archive->from, values, count);
    check(archive);
    if (archive->status == XD_OK)
      archive->status = xdi_device_write(context, place, values, count);
  } else {
    archive->status = xdi_device_read(context, values, place, count);
    put_floats(archive->to, values, count);
  }
  xdi_release(&context->allocator, values);
}

static char *get_name(xdi_archive *archive) {
  bool memory = true;
  char *name = xdi_get_text(archive->from, &archive->context->allocator, &memory);
  check(archive);
  if (!memory)
    archive->status = xdi_fail_memory(archive->context, "reading a checkpoint");
  return name;
}

static void get_value(xdi_archive *archive, xd_values *values) {
  double number = 0.0;
  char *name = get_name(archive);
  xdi_archive_f64(archive, &number);
  if (archive->status == XD_OK)
    archive->status = xdi_values_set(values, archive->context, name, number);
  xdi_release(&archive->context->allocator, name);
}

static void put_value(xdi_archive *archive, const xd_values *values, uint32_t index) {
  double number = xd_values_number(values, index);
  xdi_put_text(archive->to, xd_values_name(values, index));
  xdi_archive_f64(archive, &number);
}

void xdi_archive_values(xdi_archive *archive, xd_values *values) {
  uint32_t count = xd_values_count(values);
  xdi_archive_u32(archive, &count);
  for (uint32_t i = 0; archive->status == XD_OK && i < count; i++)
    if (xdi_archive_reads(archive))
      get_value(archive, values);
    else
      put_value(archive, values, i);
}

xd_status xdi_archive_end(const xdi_archive *archive) {
  if (archive->status == XD_OK && archive->to && archive->to->failed)
    return xdi_fail_memory(archive->context, "keeping a training's state");
  return archive->status;
}
