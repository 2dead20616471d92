/* How a convolution's pictures are cut: each into bands of rows, where it is large or there are few of them;
 * the bands of all pictures into shards; and a shard into groups that are computed together, whole pictures or
 * one band. The cut follows from the shape alone. */
#ifndef XDI_NATIVE_BANDS_H
#define XDI_NATIVE_BANDS_H

#include "backend/native/native_state.h"

/* What the cut is chosen by. */
typedef struct xdi_demand {
  size_t batch, rows; /* pictures, and the rows of each that may be cut apart */
  size_t bands;       /* a picture has at least so many, for the caches' sake; 0 is as good as 1 */
  size_t group;       /* whole pictures that are best computed together; 0 is as good as 1 */
  double work, grain; /* multiply-adds in all, and those that are worth a shard */
  size_t most_shards;
} xdi_demand;

typedef struct xdi_bands {
  size_t batch, rows, bands;
  size_t most_rows; /* of the largest band */
  size_t group;     /* pictures at most; 1 where a picture has several bands */
  uint32_t shards;
} xdi_bands;

/* What is computed together: rows begin .. end of each of some pictures. */
typedef struct xdi_band {
  size_t picture, pictures;
  size_t begin, end;
} xdi_band;

xdi_bands xdi_plan_bands(const xdi_demand *demand);

/* A shard's way through its bands. */
typedef struct xdi_walk {
  const xdi_bands *bands;
  size_t next, end; /* bands, counted through all pictures */
} xdi_walk;

xdi_walk xdi_walk_shard(const xdi_bands *bands, uint32_t shard);

/* The next group; false when there is none. */
bool xdi_walk_next(xdi_walk *walk, xdi_band *out);

#endif
