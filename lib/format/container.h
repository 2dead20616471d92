/* The container of model, judge and checkpoint files: a header, a table of chunks, the chunks.
 * docs/model-format.md is its specification. */
#ifndef XDI_FORMAT_CONTAINER_H
#define XDI_FORMAT_CONTAINER_H

#include "format/wire.h"
#include "xdomain/model.h"

#define XDI_FORMAT_MAJOR 1u
#define XDI_FORMAT_MINOR 0u
#define XDI_CHUNK_LIMIT 32u
#define XDI_FILE_LIMIT ((size_t)1 << 30)
#define XDI_CHUNK_ALIGNMENT 64u

#define XDI_KIND_MODEL XD_TAG('M', 'O', 'D', 'L')
#define XDI_KIND_JUDGE XD_TAG('J', 'U', 'D', 'G')

#define XDI_CHUNK_DOMAINS XD_TAG('D', 'O', 'M', 'S')
#define XDI_CHUNK_NETWORKS XD_TAG('N', 'E', 'T', 'S')
#define XDI_CHUNK_TENSORS XD_TAG('T', 'E', 'N', 'S')
#define XDI_CHUNK_DATA XD_TAG('D', 'A', 'T', 'A')
#define XDI_CHUNK_PROVENANCE XD_TAG('P', 'R', 'O', 'V')

typedef struct xdi_chunk_entry {
  uint32_t tag, version;
  bool required;
  uint64_t offset, length, checksum;
} xdi_chunk_entry;

/* A file's bytes with a header and table that were checked; the chunks' contents are checked when
 * they are opened. `name` is what messages call the file. */
typedef struct xdi_container {
  const char *name;
  const unsigned char *data;
  size_t size;
  uint32_t kind, major, minor, count;
  xdi_chunk_entry chunks[XDI_CHUNK_LIMIT];
} xdi_container;

/* Checks header, version, table, bounds and table checksum; `data` is borrowed. */
xd_status xdi_container_open(xdi_container *out, xd_context *context, const char *name, const void *data,
                             size_t size);

/* Refuses a file of another kind, and required chunks that are not in tags[count]. */
xd_status xdi_container_expect(const xdi_container *container, xd_context *context, uint32_t kind,
                               const uint32_t *tags, uint32_t count);

bool xdi_chunk_intact(const xdi_container *container, const xdi_chunk_entry *chunk);

/* A cursor over chunk `tag`, its version and checksum checked. A missing chunk is XD_ERROR_BAD_DATA, or,
 * if `optional`, an empty cursor with data NULL. */
xd_status xdi_container_chunk(const xdi_container *container, xd_context *context, uint32_t tag, bool optional,
                              xdi_cursor *out);

/* The standard message about a chunk whose contents contradict themselves. */
xd_status xdi_chunk_damaged(const xdi_container *container, xd_context *context, uint32_t tag, const char *what);

/* One chunk to be written. */
typedef struct xdi_chunk_source {
  uint32_t tag;
  bool required;
  const xdi_bytes *bytes;
} xdi_chunk_source;

/* Composes and writes the file (temporary file, sync, rename). */
xd_status xdi_container_write(xd_context *context, const char *path, uint32_t kind,
                              const xdi_chunk_source *chunks, uint32_t count);

#endif
