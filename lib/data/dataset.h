/* A set of labelled pictures: what readers build and selections share. */
#ifndef XDI_DATA_DATASET_H
#define XDI_DATA_DATASET_H

#include <stdbool.h>

#include "base/context.h"
#include "base/owners.h"
#include "data/origin.h"
#include "tensor/shape.h"
#include "xdomain/dataset.h"

#define XDI_PIXEL_BYTES_LIMIT ((size_t)2 << 30)

/* Pixels and labels, shared by a set and the selections made from it. */
typedef struct xdi_store {
  xdi_owners references;
  xd_allocator allocator;
  void *memory;             /* the block that holds the pixels; NULL where they are the parent's */
  struct xdi_store *parent; /* whose pixels these are, under other labels; or NULL */
  const uint8_t *pixels;
  uint8_t *labels;
  xdi_origin *origin;               /* of the pictures; NULL: not known */
  char *names;                      /* class names, each ended by a zero byte; "" stands first */
  uint32_t name_at[XD_CLASS_LIMIT]; /* where a class's name begins in `names` */
  uint32_t count, width, height, channels;
  bool labelled; /* the labels were given, not all taken to be 0 */
  size_t step;   /* bytes of a picture */
} xdi_store;

struct xd_dataset {
  xdi_owners references;
  xd_allocator allocator;
  xdi_store *store;
  uint32_t *index; /* which pictures of the store; NULL: all of them */
  uint32_t count;
  uint32_t class_sizes[XD_CLASS_LIMIT];
};

/* A set while it is read. Blocks come from the context's allocator. */
typedef struct xdi_draft {
  uint32_t count, width, height, channels;
  void *memory;             /* the block under the pixels; NULL until it is known */
  uint8_t *pixels;          /* [count][height][width][channels] */
  uint8_t *labels;          /* [count] */
  const char *const *names; /* [XD_CLASS_LIMIT], borrowed, NULL where there is none; NULL: the numbers */
  bool labelled;            /* labels were given */
  xdi_origin *origin;       /* of the pictures; NULL: not known */
} xdi_draft;

/* Bytes of all pictures of the draft; `name` is the file, for messages. Sides outside 1..65535 and
 * channels other than 1 and 3 are XD_ERROR_BAD_DATA, over 2 GiB is XD_ERROR_TOO_LARGE. */
xd_status xdi_draft_size(xd_context *context, const xdi_draft *draft, const char *name, size_t *bytes);

/* Allocate what the sizes ask for. Labels are zeroed. XD_ERROR_OUT_OF_MEMORY. */
xd_status xdi_draft_make_pixels(xd_context *context, xdi_draft *draft, size_t bytes);
xd_status xdi_draft_make_labels(xd_context *context, xdi_draft *draft);

/* Releases the blocks of a draft that came to nothing, or that is finished: finish empties it. */
void xdi_draft_discard(xd_context *context, xdi_draft *draft);

/* The draft's blocks become a set, which takes them over. */
xd_status xdi_draft_finish(xd_dataset **out, xd_context *context, xdi_draft *draft);

/* A set of pictures index[0..count) of the store of `set`; takes over `index`, which comes from the
 * context's allocator, on success. */
xd_status xdi_dataset_share(xd_dataset **out, xd_context *context, const xd_dataset *set, uint32_t *index,
                            uint32_t count);

/* A set of the same pictures with other labels and names: a picture of label l gets to[l], and is left out where
 * that is XDI_NO_CLASS. `to` and `names` have XD_CLASS_LIMIT elements; NULL names are the numbers. One picture at
 * least must stay. */
#define XDI_NO_CLASS 0xFFFFFFFFu
xd_status xdi_dataset_relabel(xd_dataset **out, xd_context *context, const xd_dataset *set,
                              const uint32_t *to, const char *const *names);

/* The same with labels[i] of picture i. */
xd_status xdi_dataset_label(xd_dataset **out, xd_context *context, const xd_dataset *set,
                            const uint32_t *labels, const char *const *names);

/* Whether a class's name is its number, which is what a class without a name of its own is called. */
bool xdi_is_class_number(const char *name, uint32_t label);

/* Names of the caller's, NULL where a class has none: not too many, and UTF-8. */
xd_status xdi_check_class_names(xd_context *context, const char *const *names, uint32_t count,
                                const char *who);

/* Whether both hold the same pictures in the same order, whatever their labels. */
bool xdi_dataset_is_same(const xd_dataset *first, const xd_dataset *second);

/* Those names by class, NULL for "" too and for classes beyond them: such are called by their numbers. */
void xdi_place_class_names(const char *to[XD_CLASS_LIMIT], const char *const *names, uint32_t count);

static inline xd_shape xdi_set_shape(const xd_dataset *set) {
  return (xd_shape){
      .width = xd_dataset_width(set), .height = xd_dataset_height(set), .channels = xd_dataset_channels(set)};
}

/* A picture's number in the store. */
static inline uint32_t xdi_dataset_place(const xd_dataset *set, uint32_t index) {
  return set->index ? set->index[index] : index;
}

#endif
