/* Reading safetensors: eight bytes, the length of the header; the header, one JSON object of a fixed form; the data.
 * Nothing in such a file is believed: the header is parsed in place, names are looked for once more before they are
 * taken, and the tensors must lie in the data side by side, without holes. */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include "json.h"
#include "little_endian.h"
#include "safetensors.h"

#define HEADER_MOST 100000000u /* the limit of the format's own package */
#define FILE_MOST ((size_t)HEADER_MOST + ((size_t)1 << 30))
#define TENSORS_MOST 4096u
#define TEXTS_MOST 8192u

void free_safetensors(safetensors *s) {
  free(s->file);
  free(s->tensors);
  free(s->texts);
}

safetensor *find_safetensor(const safetensors *s, const char *name) {
  for (uint32_t i = 0; i < s->tensor_count; i++)
    if (!strcmp(s->tensors[i].name, name))
      return &s->tensors[i];
  return NULL;
}

const char *find_safetensors_text(const safetensors *s, const char *key) {
  for (uint32_t i = 0; i < s->text_count; i++)
    if (!strcmp(s->texts[i].key, key))
      return s->texts[i].value;
  return NULL;
}

/* ---- JSON ---- */

typedef struct parser {
  char *at, *end;
  const char *why;    /* the first thing that was wrong, or NULL */
  const char *tensor; /* at which it was, or NULL */
  safetensors *to;
} parser;

static bool refuse(parser *p, const char *why) {
  if (!p->why)
    p->why = why;
  return false;
}

static void skip_space(parser *p) {
  while (p->at < p->end && strchr(" \t\r\n", *p->at) && *p->at)
    p->at++;
}

static bool take_if(parser *p, char mark) {
  skip_space(p);
  if (p->at == p->end || *p->at != mark)
    return false;
  p->at++;
  return true;
}

static bool take(parser *p, char mark) {
  return take_if(p, mark) || refuse(p, "its header is not the JSON that it should be");
}

static bool read_text(parser *p, const char **out) {
  skip_space(p);
  const char *why = read_json_text(&p->at, p->end, out);
  return !why || refuse(p, why);
}

static bool read_number(parser *p, uint64_t *out) {
  skip_space(p);
  char *begin = p->at;
  for (*out = 0; p->at < p->end && *p->at >= '0' && *p->at <= '9'; p->at++) {
    if (p->at - begin == 18)
      return refuse(p, "a number in its header is too large");
    *out = 10 * *out + (uint64_t)(*p->at - '0');
  }
  return p->at > begin || refuse(p, "its header is not the JSON that it should be");
}

/* ---- The header ---- */

/* Room for one more of `items`, which has 2^n of them; NULL without memory. */
static void *grow(void *items, uint32_t count, size_t size) {
  return count & (count - 1) ? items : realloc(items, (count ? 2 * (size_t)count : 1) * size);
}

static bool read_metadata(parser *p) {
  safetensors *to = p->to;
  if (!take(p, '{') || take_if(p, '}'))
    return !p->why;
  do {
    safetensors_text text, *texts;
    if (!read_text(p, &text.key) || !take(p, ':') || !read_text(p, &text.value))
      return false;
    if (to->text_count == TEXTS_MOST)
      return refuse(p, "there are too many texts");
    if (find_safetensors_text(to, text.key))
      return refuse(p, "a text stands in its header twice");
    if (!(texts = grow(to->texts, to->text_count, sizeof text)))
      return refuse(p, "out of memory");
    to->texts = texts;
    texts[to->text_count++] = text;
  } while (take_if(p, ','));
  return take(p, '}');
}

static bool read_shape(parser *p, safetensor *t) {
  t->count = 1;
  if (!take(p, '['))
    return false;
  if (take_if(p, ']'))
    return refuse(p, "it has no sides");
  do {
    uint64_t side;
    if (!read_number(p, &side))
      return false;
    if (t->rank == 4 || side == 0 || side > UINT32_MAX || side > (FILE_MOST / 4) / t->count)
      return refuse(p, "it has more than four sides, or one that is 0 or too large");
    t->shape[t->rank++] = (uint32_t)side;
    t->count *= (size_t)side;
  } while (take_if(p, ','));
  return take(p, ']');
}

static bool read_offsets(parser *p, safetensor *t) {
  return take(p, '[') && read_number(p, &t->begin) && take(p, ',') && read_number(p, &t->end) && take(p, ']');
}

/* {"dtype":"F32","shape":[...],"data_offsets":[begin,end]}, in any order. */
static bool read_tensor(parser *p, safetensor *t) {
  const char *key, *type = NULL;
  if (!take(p, '{'))
    return false;
  do {
    if (!read_text(p, &key) || !take(p, ':'))
      return false;
    const bool first = !strcmp(key, "dtype")          ? !type && read_text(p, &type)
                       : !strcmp(key, "shape")        ? !t->rank && read_shape(p, t)
                       : !strcmp(key, "data_offsets") ? !t->end && read_offsets(p, t)
                                                      : false;
    if (!first)
      return refuse(p, "it is described by something else than dtype, shape and data_offsets, each once");
  } while (take_if(p, ','));
  if (!take(p, '}'))
    return false;
  if (!type || strcmp(type, "F32") != 0)
    return refuse(p, "its dtype is not F32");
  return t->rank && t->begin <= t->end && t->end - t->begin == 4 * (uint64_t)t->count
             ? true
             : refuse(p, "its data_offsets do not fit its shape");
}

static bool add_tensor(parser *p, const char *name) {
  safetensors *to = p->to;
  safetensor tensor = {.name = name, .shape = {1, 1, 1, 1}}, *tensors;
  p->tensor = name;
  if (!read_tensor(p, &tensor))
    return false;
  if (to->tensor_count == TENSORS_MOST)
    return refuse(p, "there are too many tensors");
  if (find_safetensor(to, name))
    return refuse(p, "it stands there twice");
  if (!(tensors = grow(to->tensors, to->tensor_count, sizeof tensor)))
    return refuse(p, "out of memory");
  to->tensors = tensors;
  tensors[to->tensor_count++] = tensor;
  p->tensor = NULL;
  return true;
}

static bool read_entries(parser *p) {
  bool has_metadata = false;
  if (!take(p, '{') || take_if(p, '}'))
    return !p->why;
  do {
    const char *name;
    if (!read_text(p, &name) || !take(p, ':'))
      return false;
    const bool metadata = !strcmp(name, "__metadata__");
    if (metadata && has_metadata)
      return refuse(p, "a text stands in its header twice");
    has_metadata |= metadata;
    if (!(metadata ? read_metadata(p) : add_tensor(p, name)))
      return false;
  } while (take_if(p, ','));
  return take(p, '}');
}

static bool read_header(parser *p) {
  if (!read_entries(p))
    return false;
  skip_space(p);
  return p->at == p->end ? true : refuse(p, "its header goes on behind its end");
}

/* ---- The file ---- */

static int compare_places(const void *a, const void *b) {
  const safetensor *one = a, *other = b;
  return (one->begin > other->begin) - (one->begin < other->begin);
}

/* Side by side, from the data's first byte to its last. */
static bool place_tensors(parser *p, const uint8_t *data, uint64_t size) {
  uint64_t end = 0;
  if (p->to->tensor_count)
    qsort(p->to->tensors, p->to->tensor_count, sizeof *p->to->tensors, compare_places);
  for (uint32_t i = 0; i < p->to->tensor_count; i++) {
    safetensor *t = &p->to->tensors[i];
    if (t->begin != end || t->end > size)
      return refuse(p, "its tensors do not lie side by side in its data");
    t->bytes = data + t->begin;
    end = t->end;
  }
  return end == size ? true : refuse(p, "its tensors end before its data");
}

bool parse_safetensors(safetensors *s, const char *path) {
  parser p = {.to = s};
  const uint64_t length = s->size < 8 ? UINT64_MAX : read_little(s->file, 8);
  if (s->size < 8 || length > HEADER_MOST || length > s->size - 8)
    refuse(&p, "it is shorter than its header");
  else {
    p.at = (char *)s->file + 8;
    p.end = p.at + length;
    if (read_header(&p))
      place_tensors(&p, s->file + 8 + length, s->size - 8 - length);
  }
  if (p.why && p.tensor)
    failure("'%s' cannot be read as safetensors: '%s': %s", path, p.tensor, p.why);
  else if (p.why)
    failure("'%s' cannot be read as safetensors: %s", path, p.why);
  return !p.why;
}

bool read_safetensors(safetensors *out, const char *path) {
  *out = (safetensors){.file = NULL};
  out->file = read_whole_file(path, FILE_MOST, &out->size);
  if (!out->file && errno == EFBIG)
    failure("'%s' is too large for a model", path);
  else if (!out->file)
    failure("cannot read '%s': %s", path, strerror(errno));
  return out->file && parse_safetensors(out, path);
}
