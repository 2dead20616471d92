/* The container of model, judge and checkpoint files: a header, a table of chunks, the chunks.
 * docs/model-format.md is its specification. */
#ifndef XDI_FORMAT_CONTAINER_H
#define XDI_FORMAT_CONTAINER_H

#define XXH_INLINE_ALL
#include <xxhash.h>

#include "base/content.h"
#include "base/file.h"
#include "format/wire.h"
#include "xdomain/judge.h"
#include "xdomain/model.h"

#define XDI_FORMAT_MAJOR 1u
#define XDI_FORMAT_MINOR 3u
#define XDI_CHUNK_LIMIT 32u
#define XDI_FILE_LIMIT ((size_t)1 << 30)
#define XDI_CHUNK_ALIGNMENT 64u

#define XDI_KIND_MODEL XD_TAG('M', 'O', 'D', 'L')
#define XDI_KIND_JUDGE XD_TAG('J', 'U', 'D', 'G')
#define XDI_KIND_CHECKPOINT XD_TAG('C', 'K', 'P', 'T')

#define XDI_CHUNK_DOMAINS XD_TAG('D', 'O', 'M', 'S')
#define XDI_CHUNK_NETWORKS XD_TAG('N', 'E', 'T', 'S')
#define XDI_CHUNK_TENSORS XD_TAG('T', 'E', 'N', 'S')
#define XDI_CHUNK_DATA XD_TAG('D', 'A', 'T', 'A')
#define XDI_CHUNK_PROVENANCE XD_TAG('P', 'R', 'O', 'V')
#define XDI_CHUNK_CONDITION XD_TAG('C', 'O', 'N', 'D') /* of models whose domain 1 holds conditions */
#define XDI_CHUNK_SCALES XD_TAG('S', 'C', 'A', 'L')    /* of weights that are bytes */
#define XDI_CHUNK_CLASSES XD_TAG('C', 'L', 'S', 'S')   /* of judges */

typedef struct xdi_chunk_entry {
  uint32_t tag, version;
  bool required;
  uint64_t offset, length, checksum;
} xdi_chunk_entry;

/* A file, or its bytes in memory, with a header and table that were checked. The chunks' contents are
 * checked as they are read. `name` is what messages call it. */
typedef struct xdi_container {
  const char *name;
  const unsigned char *data; /* NULL: the bytes lie in `file` */
  xdi_file file;
  xdi_content content; /* what `data` belongs to */
  size_t size;
  uint32_t kind, major, minor, count;
  xdi_chunk_entry chunks[XDI_CHUNK_LIMIT];
} xdi_container;

/* Check header, version, table, bounds and table checksum; path and source are borrowed. Only what was opened
 * need be closed. `who` is the function that was called, for messages. */
xd_status xdi_container_open(xdi_container *out, xd_context *context, const char *path);
xd_status xdi_container_open_source(xdi_container *out, xd_context *context, const xd_source *source,
                                    const char *who);
void xdi_container_close(xdi_container *container, xd_context *context);

/* Refuses a file of another kind, and required chunks that are not in tags[count]. */
xd_status xdi_container_expect(const xdi_container *container, xd_context *context, uint32_t kind,
                               const uint32_t *tags, uint32_t count);

/* Chunk `tag`, its version checked. A missing one is XD_ERROR_BAD_DATA, or, if `optional`, NULL. */
xd_status xdi_container_find(const xdi_container *container, xd_context *context, uint32_t tag, bool optional,
                             const xdi_chunk_entry **out);

/* A chunk that is read from its start to its end, straight to where its bytes belong, and whose checksum
 * is known only then. */
typedef struct xdi_chunk_reader {
  const xdi_container *container;
  const xdi_chunk_entry *chunk;
  size_t position;
  XXH3_state_t checksum;
} xdi_chunk_reader;

void xdi_chunk_begin(xdi_chunk_reader *out, const xdi_container *container, const xdi_chunk_entry *chunk);
size_t xdi_chunk_left(const xdi_chunk_reader *reader);
xd_status xdi_chunk_take(xdi_chunk_reader *reader, xd_context *context, void *to,
                         size_t size); /* <= what is left */

/* Passes over what is left; whether the chunk's checksum is right. */
xd_status xdi_chunk_check(xdi_chunk_reader *reader, xd_context *context, bool *intact);

/* The same; XD_ERROR_BAD_DATA when it is wrong. */
xd_status xdi_chunk_end(xdi_chunk_reader *reader, xd_context *context);

/* The whole of a chunk, checked; the caller releases the cursor's data. `optional` as above: then data is
 * NULL. */
xd_status xdi_container_chunk(const xdi_container *container, xd_context *context, uint32_t tag,
                              bool optional, xdi_cursor *out);

/* Of a call that does not know the file it works for, and failed: the same with the file's name, and the file to
 * blame where the status blames the caller. Memory is no file's fault. */
xd_status xdi_container_blame(const xdi_container *container, xd_context *context, xd_status status);

/* The judge in a container that stays open; a model: format/model_file.h. */
xd_status xdi_judge_from(xd_judge **out, xd_context *context, const xdi_container *container);

/* The standard message about a chunk whose contents contradict themselves. */
xd_status xdi_chunk_damaged(const xdi_container *container, xd_context *context, uint32_t tag,
                            const char *what);

/* One chunk to be written. */
typedef struct xdi_chunk_source {
  uint32_t tag;
  bool required;
  const xdi_bytes *bytes;
} xdi_chunk_source;

/* Composes the file and writes it. */
xd_status xdi_container_write(xd_context *context, const xdi_target *target, uint32_t kind,
                              const xdi_chunk_source *chunks, uint32_t count);

#endif
