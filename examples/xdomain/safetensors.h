/* Files of safetensors: named tensors of floats, and texts, their metadata (safetensors.c). docs/exchange.md says what
 * a model is in one. */
#ifndef XDOMAIN_SAFETENSORS_H
#define XDOMAIN_SAFETENSORS_H

#include "networks.h"

typedef struct safetensor {
  const char *name;
  uint32_t shape[4], rank;
  size_t count;
  uint64_t begin, end;  /* within the data */
  const uint8_t *bytes; /* `count` floats, lowest byte first, at any address */
  bool taken;           /* for who reads them all */
} safetensor;

typedef struct safetensors_text {
  const char *key, *value;
} safetensors_text;

typedef struct safetensors {
  uint8_t *file; /* all its bytes and a zero, in which texts and numbers lie */
  size_t size;
  safetensor *tensors;
  safetensors_text *texts;
  uint32_t tensor_count, text_count;
} safetensors;

/* Reads a file whole, or prints why it is none; what it read is to be freed, whatever the answer. */
bool read_safetensors(safetensors *out, const char *path);
void free_safetensors(safetensors *s);

/* The same of bytes that were read; messages call them by a path. */
bool parse_safetensors(safetensors *s, const char *path);

/* NULL where there is none. */
safetensor *find_safetensor(const safetensors *s, const char *name);
const char *find_safetensors_text(const safetensors *s, const char *key);

/* ---- A model in such a file (safetensors_model.c) ---- */

/* Writes all networks and texts of a model; what the library refused, or XD_ERROR_IO with errno. */
xd_status write_safetensors(FILE *to, const runtime *run, const xd_model *model);

/* Makes a model of what was read; NULL where the reason was printed. */
xd_model *make_model(const runtime *run, safetensors *from);

#endif
