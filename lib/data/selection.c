/* Sets made from sets: some classes, the first or a drawn part, or a share of every class split off.
 * Draws depend on the seed and the pictures concerned alone: a class is split the same way whatever
 * other classes the set has. */
#include <string.h>

#include "base/memory.h"
#include "base/random.h"
#include "base/sized.h"
#include "data/dataset.h"

void xd_dataset_selection_init(xd_dataset_selection *selection, size_t struct_size) {
  const xd_dataset_selection defaults = XD_DATASET_SELECTION_INIT;
  xdi_sized_write(selection, struct_size, &defaults, sizeof defaults);
}

static uint32_t *make_indices(xd_context *context, uint32_t count) {
  uint32_t *indices = xdi_allocate(&context->allocator, count, sizeof *indices);
  if (!indices)
    xdi_fail(context, XD_ERROR_OUT_OF_MEMORY, "out of memory for a selection of %u pictures", count);
  return indices;
}

/* ---- selections ---- */

static xd_status find_kept(xd_context *context, const xd_dataset *set, const xd_dataset_selection *selection,
                           bool kept[XD_CLASS_LIMIT]) {
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    kept[label] = !selection->classes;
  for (uint32_t i = 0; selection->classes && i < selection->class_count; i++) {
    uint32_t label = selection->classes[i];
    if (label >= XD_CLASS_LIMIT)
      return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "selection: classes[%u] is %u, not below %u", i,
                      label, XD_CLASS_LIMIT);
    if (set->class_sizes[label] == 0)
      return xdi_fail(context, XD_ERROR_NOT_FOUND, "selection: the set has no picture of class %u", label);
    kept[label] = true;
  }
  return XD_OK;
}

/* The positions in `set` of the classes that are kept. */
static uint32_t list_kept(uint32_t *to, const xd_dataset *set, const bool kept[XD_CLASS_LIMIT]) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < set->count; i++)
    if (kept[set->store->labels[xdi_dataset_place(set, i)]])
      to[count++] = i;
  return count;
}

/* Leaves of list[0..total) those whose place in the shuffled order is in [skip, skip + count). */
static xd_status draw(xd_context *context, uint32_t *list, uint32_t total, uint32_t skip, uint32_t count,
                      uint64_t seed) {
  uint32_t *order = xdi_allocate(&context->allocator, total, sizeof *order);
  uint8_t *drawn = xdi_allocate_zeroed(&context->allocator, total, 1);
  if (order && drawn) {
    uint32_t written = 0;
    xdi_random_permutation(order, total, seed, xdi_stream_id(XDI_STREAM_SUBSET, 0));
    for (uint32_t i = 0; i < count; i++)
      drawn[order[skip + i]] = 1;
    for (uint32_t i = 0; i < total; i++)
      if (drawn[i])
        list[written++] = list[i];
  }
  bool done = order && drawn;
  xdi_release(&context->allocator, order);
  xdi_release(&context->allocator, drawn);
  return done ? XD_OK : xdi_fail_memory(context, "drawing a selection");
}

/* Cuts list[0..*count) down, and turns positions into places of the store. */
static xd_status narrow(xd_context *context, const xd_dataset *set, const xd_dataset_selection *selection,
                        uint32_t *list, uint32_t *count) {
  uint32_t total = *count, skip = selection->skip;
  if (skip >= total)
    return xdi_fail(context, XD_ERROR_NOT_FOUND, "selection: nothing is left of %u pictures after %u", total,
                    skip);
  uint32_t left = total - skip;
  uint32_t taken = selection->count && selection->count < left ? selection->count : left;
  if (!selection->shuffled) {
    memmove(list, list + skip, taken * sizeof *list);
  } else if (taken < total) {
    xd_status status = draw(context, list, total, skip, taken, selection->seed);
    if (status != XD_OK)
      return status;
  }
  for (uint32_t i = 0; i < taken; i++)
    list[i] = xdi_dataset_place(set, list[i]);
  *count = taken;
  return XD_OK;
}

xd_status xd_dataset_select(xd_dataset **out, xd_context *context, const xd_dataset *set,
                            const xd_dataset_selection *selection) {
  xd_dataset_selection chosen = XD_DATASET_SELECTION_INIT;
  bool kept[XD_CLASS_LIMIT];
  if (out)
    *out = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!out || !set)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_select: %s is NULL", out ? "set" : "out");
  xd_status status = xdi_sized_read(context, &chosen, selection, XDI_SIZED(xd_dataset_selection, skip));
  if (status == XD_OK)
    status = xdi_check_switch(context, "xd_dataset_selection.shuffled", chosen.shuffled);
  if (status == XD_OK)
    status = find_kept(context, set, &chosen, kept);
  if (status != XD_OK)
    return status;
  uint32_t *list = make_indices(context, set->count);
  if (!list)
    return XD_ERROR_OUT_OF_MEMORY;
  uint32_t count = list_kept(list, set, kept);
  status = narrow(context, set, &chosen, list, &count);
  if (status == XD_OK)
    status = xdi_dataset_share(out, context, set, list, count);
  if (status != XD_OK)
    xdi_release(&context->allocator, list);
  return status;
}

/* ---- splits ---- */

static uint32_t share_of(uint32_t size, double fraction) {
  uint32_t share = (uint32_t)((double)size * fraction + 0.5);
  if (size == 0)
    return 0;
  return share < size ? share : size - 1;
}

/* Marks the share of one class; `order` has room for its pictures. */
static void mark_share(const xd_dataset *set, uint32_t label, double fraction, uint64_t seed, uint32_t *order,
                       uint8_t *marked) {
  uint32_t size = set->class_sizes[label], share = share_of(size, fraction), met = 0;
  uint8_t *of_class = (uint8_t *)(order + size); /* behind the permutation */
  if (share == 0)
    return;
  xdi_random_permutation(order, size, seed, xdi_stream_id(XDI_STREAM_SPLIT, label));
  memset(of_class, 0, size);
  for (uint32_t i = 0; i < share; i++)
    of_class[order[i]] = 1;
  for (uint32_t i = 0; i < set->count; i++)
    if (set->store->labels[xdi_dataset_place(set, i)] == label)
      marked[i] = of_class[met++];
}

static xd_status mark_all(xd_context *context, const xd_dataset *set, double fraction, uint64_t seed,
                          uint8_t *marked) {
  uint32_t largest = 0;
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    largest = set->class_sizes[label] > largest ? set->class_sizes[label] : largest;
  uint32_t *order = xdi_allocate(&context->allocator, largest, sizeof *order + 1);
  if (!order)
    return xdi_fail_memory(context, "splitting a set");
  for (uint32_t label = 0; label < XD_CLASS_LIMIT; label++)
    mark_share(set, label, fraction, seed, order, marked);
  xdi_release(&context->allocator, order);
  return XD_OK;
}

/* The pictures whose mark is `mark`. */
static xd_status gather(xd_dataset **out, xd_context *context, const xd_dataset *set, const uint8_t *marked,
                        uint8_t mark) {
  uint32_t count = 0;
  for (uint32_t i = 0; i < set->count; i++)
    count += marked[i] == mark;
  if (count == 0)
    return xdi_fail(context, XD_ERROR_NOT_FOUND,
                    "xd_dataset_split: no class is large enough to give a picture");
  uint32_t *index = make_indices(context, count);
  if (!index)
    return XD_ERROR_OUT_OF_MEMORY;
  for (uint32_t i = 0, written = 0; i < set->count; i++)
    if (marked[i] == mark)
      index[written++] = xdi_dataset_place(set, i);
  xd_status status = xdi_dataset_share(out, context, set, index, count);
  if (status != XD_OK)
    xdi_release(&context->allocator, index);
  return status;
}

xd_status xd_dataset_split(xd_dataset **rest, xd_dataset **part, xd_context *context, const xd_dataset *set,
                           double fraction, uint64_t seed) {
  if (rest)
    *rest = NULL;
  if (part)
    *part = NULL;
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!rest || !part)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_split: %s is NULL",
                    rest ? "part" : "rest");
  if (!set)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "xd_dataset_split: set is NULL");
  if (!(fraction > 0.0 && fraction < 1.0))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT,
                    "xd_dataset_split: fraction is %g, not between 0 and 1", fraction);
  uint8_t *marked = xdi_allocate_zeroed(&context->allocator, set->count, 1);
  if (!marked)
    return xdi_fail_memory(context, "splitting a set");
  xd_status status = mark_all(context, set, fraction, seed, marked);
  if (status == XD_OK)
    status = gather(part, context, set, marked, 1);
  if (status == XD_OK)
    status = gather(rest, context, set, marked, 0);
  if (status != XD_OK) {
    xd_dataset_release(*part);
    *part = NULL;
  }
  xdi_release(&context->allocator, marked);
  return status;
}
