/* A strict reader of small JSON files, which may come from anywhere (json.c). */
#ifndef XDOMAIN_JSON_H
#define XDOMAIN_JSON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef enum json_kind {
  JSON_NULL,
  JSON_FALSE,
  JSON_TRUE,
  JSON_NUMBER,
  JSON_TEXT,
  JSON_LIST,
  JSON_OBJECT
} json_kind;

/* A value; `name` is that of a member of an object. Texts are UTF-8, without zero bytes. */
typedef struct json_value {
  json_kind kind;
  const char *name, *text;
  double number;
  uint32_t first, next; /* values by their numbers; 0: none */
} json_value;

typedef struct json_document {
  char *bytes;
  json_value *values; /* [1] is the whole; NULL where nothing was read */
  uint32_t count, room;
} json_document;

/* Reads a file; an exit code, whose reason was printed. The document is to be freed either way. */
int read_json(json_document *out, const char *path);
void free_json(json_document *document);

/* Reads a text and its quotes at *at in its place: escapes become UTF-8, and it ends in a zero. What is wrong with it, or
 * NULL (json_text.c). */
const char *read_json_text(char **at, const char *end, const char **out);

/* All take and answer NULL for what is not there. */
const json_value *json_whole(const json_document *document);
const json_value *json_member(const json_document *document, const json_value *object, const char *name);
const json_value *json_first(const json_document *document, const json_value *list);
const json_value *json_next(const json_document *document, const json_value *value);

/* NaN where there is no number of that name. */
double json_number(const json_document *document, const json_value *object, const char *name);

#endif
