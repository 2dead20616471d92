/* Sets described by one line of text: each part is loaded and cut down as it says, then all are joined. All
 * options are read before anything is loaded, so that a wrong word costs nothing. */
#include <string.h>

#include "base/tell.h"
#include "data/spec.h"
#include "xdomain/unstable/mat.h"
#include "xdomain/unstable/spec.h"

/* A fixed split: its parts are the same pictures whatever else the line says of seeds. */
static const uint64_t holdout_seed = 0;

/* Replaces *set by what `next` was made of it. */
static void replace(xd_dataset **set, xd_dataset *next) {
  xd_dataset_release(*set);
  *set = next;
}

static xd_status load_kind(const xdi_spec *spec, xd_dataset **set) {
  if (strcmp(spec->kind, "dir") == 0)
    return xd_dataset_load_folder(set, spec->context, spec->path, &spec->options);
  const xd_status status = strcmp(spec->kind, "idx") == 0
                               ? xd_dataset_load_idx(set, spec->context, spec->path, spec->labels)
                               : xd_dataset_load_mat(set, spec->context, spec->path);
  const uint32_t count = xd_dataset_count(*set);
  return status == XD_OK ? xdi_tell_step(spec->context, spec->options.callback, spec->options.user,
                                         XD_STAGE_SET, count, count, NULL)
                         : status;
}

static xd_status keep_first(const xdi_spec *spec, xd_dataset **set) {
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  xd_dataset *next;
  if (!spec->class_count && !spec->first)
    return XD_OK;
  selection.classes = spec->class_count ? spec->classes : NULL;
  selection.class_count = spec->class_count;
  selection.count = spec->first;
  xd_status status = xd_dataset_select(&next, spec->context, *set, &selection);
  if (status == XD_OK)
    replace(set, next);
  return status;
}

static xd_status keep_part(const xdi_spec *spec, xd_dataset **set) {
  xd_dataset *rest, *held_out;
  if (spec->part == XDI_SPEC_WHOLE)
    return XD_OK;
  xd_status status =
      xd_dataset_split(&rest, &held_out, spec->context, *set, spec->holdout / 100.0, holdout_seed);
  if (status != XD_OK)
    return status;
  replace(set, spec->part == XDI_SPEC_TRAIN ? rest : held_out);
  xd_dataset_release(spec->part == XDI_SPEC_TRAIN ? held_out : rest);
  return XD_OK;
}

static xd_status keep_subset(const xdi_spec *spec, xd_dataset **set) {
  xd_dataset_selection selection = XD_DATASET_SELECTION_INIT;
  xd_dataset *next;
  if (!spec->subset)
    return XD_OK;
  selection.count = spec->subset;
  selection.seed = spec->seed;
  selection.shuffled = 1;
  xd_status status = xd_dataset_select(&next, spec->context, *set, &selection);
  if (status == XD_OK)
    replace(set, next);
  return status;
}

/* The caller heard of the pictures when they were read. */
static xd_status reshape(const xdi_spec *spec, xd_dataset **set) {
  xd_dataset *next;
  xd_dataset_options to = spec->options;
  to.callback = NULL;
  const xd_status status = xd_dataset_fit(&next, spec->context, *set, &to);
  if (status == XD_OK)
    replace(set, next);
  return status;
}

static xd_status load(const xdi_spec *spec, xd_dataset **set) {
  xd_status status = load_kind(spec, set);
  if (status == XD_OK)
    status = keep_first(spec, set);
  if (status == XD_OK)
    status = keep_part(spec, set);
  if (status == XD_OK)
    status = keep_subset(spec, set);
  if (status == XD_OK)
    status = reshape(spec, set);
  if (status != XD_OK)
    replace(set, NULL);
  return status;
}

static xd_status load_parts(xd_dataset **out, const xdi_spec *parts, uint32_t count) {
  xd_dataset *sets[XDI_SPEC_PART_LIMIT] = {NULL};
  xd_status status = XD_OK;
  for (uint32_t i = 0; i < count && status == XD_OK; i++)
    status = load(&parts[i], &sets[i]);
  if (status == XD_OK && count == 1) {
    *out = sets[0];
    return XD_OK;
  }
  if (status == XD_OK)
    status = xd_dataset_join(out, parts->context, (const xd_dataset *const *)sets, count);
  for (uint32_t i = 0; i < count; i++)
    xd_dataset_release(sets[i]);
  return status;
}

xd_status xd_dataset_load(xd_dataset **out, xd_context *context, const char *text,
                          const xd_dataset_options *options) {
  xd_dataset_options chosen;
  xdi_spec_line line;
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !text)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_load: %s is NULL", out ? "spec" : "out");
  xd_status status = xdi_dataset_options_read(context, &chosen, options);
  if (status != XD_OK)
    return status;
  status = xdi_spec_open(&line, context, text, &chosen);
  if (status == XD_OK)
    status = load_parts(out, line.parts, line.count);
  xdi_spec_close(&line, context);
  return status;
}
