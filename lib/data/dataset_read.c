/* Many pictures or labels of a set at once, copied to the caller's memory. */
#include <string.h>

#include "data/dataset.h"

/* One call's arguments; indices NULL: pictures 0 to count - 1. */
typedef struct request {
  const char *who;
  const xd_dataset *set;
  const uint32_t *indices;
  uint32_t count;
} request;

static uint32_t place_of(const request *asked, uint32_t i) {
  return xdi_dataset_place(asked->set, asked->indices ? asked->indices[i] : i);
}

static const uint8_t *pixels_of(const request *asked, uint32_t i) {
  return asked->set->store->pixels + asked->set->store->step * place_of(asked, i);
}

static xd_status check(xd_context *context, const request *asked, const void *to) {
  if (!context)
    return XD_ERROR_INVALID_ARGUMENT;
  if (!asked->set || (asked->count && !to))
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: %s is NULL", asked->who,
                    asked->set ? "to" : "set");
  if (!asked->indices && asked->count > asked->set->count)
    return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: count is %u of %u pictures", asked->who,
                    asked->count, asked->set->count);
  for (uint32_t i = 0; asked->indices && i < asked->count; i++)
    if (asked->indices[i] >= asked->set->count)
      return xdi_fail(context, XD_ERROR_INVALID_ARGUMENT, "%s: indices[%u] is %u of %u pictures", asked->who,
                      i, asked->indices[i], asked->set->count);
  return xdi_check_cancelled(context);
}

xd_status xd_dataset_read(const xd_dataset *set, xd_context *context, float *to, const uint32_t *indices,
                          uint32_t count) {
  const request asked = {"xd_dataset_read", set, indices, count};
  xd_status status = check(context, &asked, to);
  for (uint32_t i = 0; i < count && status == XD_OK; i++, to += set->store->step) {
    const uint8_t *from = pixels_of(&asked, i);
    status = xdi_check_cancelled(context);
    for (size_t k = 0; k < set->store->step; k++)
      to[k] = (float)from[k] / 255.0f;
  }
  return status;
}

xd_status xd_dataset_read_bytes(const xd_dataset *set, xd_context *context, uint8_t *to,
                                const uint32_t *indices, uint32_t count) {
  const request asked = {"xd_dataset_read_bytes", set, indices, count};
  xd_status status = check(context, &asked, to);
  for (uint32_t i = 0; i < count && status == XD_OK; i++, to += set->store->step) {
    memcpy(to, pixels_of(&asked, i), set->store->step);
    status = xdi_check_cancelled(context);
  }
  return status;
}

xd_status xd_dataset_read_labels(const xd_dataset *set, xd_context *context, uint32_t *to,
                                 const uint32_t *indices, uint32_t count) {
  const request asked = {"xd_dataset_read_labels", set, indices, count};
  const xd_status status = check(context, &asked, to);
  for (uint32_t i = 0; i < count && status == XD_OK; i++)
    to[i] = set->store->labels[place_of(&asked, i)];
  return status;
}
