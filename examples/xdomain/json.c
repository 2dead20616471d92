/* JSON (RFC 8259) into a table of values: nothing but that, no more than DEPTH_MOST deep and SIZE_MOST long. */
#include "json.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"

enum { DEPTH_MOST = 16, SIZE_MOST = 8 << 20 };

typedef struct reader {
  json_document *to;
  char *at, *end; /* a zero stands there */
  int depth;
  unsigned line;
} reader;

static bool read_value(reader *r, uint32_t number);

/* ---- Characters ---- */

static void skip_blanks(reader *r) {
  for (; *r->at && strchr(" \t\r\n", *r->at); r->at++)
    r->line += *r->at == '\n';
}

static bool take(reader *r, char wanted) {
  if (*r->at != wanted)
    return false;
  r->at++;
  return true;
}

static bool take_word(reader *r, const char *word) {
  const size_t length = strlen(word);
  if (strncmp(r->at, word, length))
    return false;
  r->at += length;
  return true;
}

static bool read_text(reader *r, const char **out) {
  return !read_json_text(&r->at, r->end, out);
}

/* ---- Numbers ---- */

static bool take_digits(reader *r) {
  const size_t count = strspn(r->at, "0123456789");
  r->at += count;
  return count > 0;
}

/* By its grammar, since strtod takes more. Numbers too large for a double are refused. */
static bool read_number(reader *r, double *out) {
  const char *from = r->at;
  (void)take(r, '-');
  if (!take(r, '0') && !take_digits(r)) /* what follows a leading zero is no digit, or ends the reading */
    return false;
  if (take(r, '.') && !take_digits(r))
    return false;
  if (take(r, 'e') || take(r, 'E')) {
    (void)(take(r, '+') || take(r, '-'));
    if (!take_digits(r))
      return false;
  }
  *out = strtod(from, NULL);
  return isfinite(*out);
}

/* ---- Values ---- */

/* The number of a new value; 0 without memory. */
static uint32_t add_value(json_document *d) {
  if (d->count == d->room) {
    const uint32_t room = d->room ? 2 * d->room : 256;
    json_value *values = realloc(d->values, room * sizeof *values);
    if (!values)
      return 0;
    d->values = values;
    d->room = room;
  }
  d->values[d->count] = (json_value){.kind = JSON_NULL};
  return d->count++;
}

static bool read_name(reader *r, uint32_t number) {
  const char *name;
  if (!read_text(r, &name))
    return false;
  r->to->values[number].name = name;
  skip_blanks(r);
  return take(r, ':');
}

/* What stands between the brackets of a list or an object; the opening one was taken. */
static bool read_members(reader *r, uint32_t owner, bool named, char closing) {
  uint32_t before = 0;
  skip_blanks(r);
  bool more = !take(r, closing);
  if (++r->depth > DEPTH_MOST)
    return false;
  while (more) {
    skip_blanks(r);
    const uint32_t number = add_value(r->to);
    if (!number || (named && !read_name(r, number)) || !read_value(r, number))
      return false;
    *(before ? &r->to->values[before].next : &r->to->values[owner].first) = number;
    before = number;
    skip_blanks(r);
    more = take(r, ',');
    if (!more && !take(r, closing))
      return false;
  }
  r->depth--;
  return true;
}

static bool read_value(reader *r, uint32_t number) {
  json_value *value = &r->to->values[number];
  skip_blanks(r);
  switch (*r->at) {
  case '{':
    value->kind = JSON_OBJECT;
    return take(r, '{') && read_members(r, number, true, '}');
  case '[':
    value->kind = JSON_LIST;
    return take(r, '[') && read_members(r, number, false, ']');
  case '"':
    value->kind = JSON_TEXT;
    return read_text(r, &value->text);
  case 'n':
    return take_word(r, "null");
  case 't':
    value->kind = JSON_TRUE;
    return take_word(r, "true");
  case 'f':
    value->kind = JSON_FALSE;
    return take_word(r, "false");
  default:
    value->kind = JSON_NUMBER;
    return read_number(r, &value->number);
  }
}

/* ---- Files ---- */

int read_json(json_document *out, const char *path) {
  size_t size;
  *out = (json_document){.bytes = (char *)read_whole_file(path, SIZE_MOST - 1, &size)};
  if (!out->bytes)
    return failure("cannot read '%s': %s", path, strerror(errno));
  reader r = {.to = out, .at = out->bytes, .end = out->bytes + size, .line = 1};
  (void)add_value(out); /* no value has number 0 */
  const uint32_t whole = add_value(out);
  if (!whole)
    return failure("out of memory");
  const bool read = read_value(&r, whole);
  skip_blanks(&r);
  return read && r.at == out->bytes + size ? EXIT_DONE
                                           : failure("'%s' is no JSON: see line %u", path, r.line);
}

void free_json(json_document *document) {
  free(document->bytes);
  free(document->values);
  *document = (json_document){.bytes = NULL};
}

/* ---- Looking things up ---- */

static const json_value *value_at(const json_document *document, uint32_t number) {
  return number ? &document->values[number] : NULL;
}

const json_value *json_whole(const json_document *document) {
  return document->values ? &document->values[1] : NULL;
}

const json_value *json_first(const json_document *document, const json_value *list) {
  return list ? value_at(document, list->first) : NULL;
}

const json_value *json_next(const json_document *document, const json_value *value) {
  return value ? value_at(document, value->next) : NULL;
}

const json_value *json_member(const json_document *document, const json_value *object, const char *name) {
  const json_value *member = object && object->kind == JSON_OBJECT ? json_first(document, object) : NULL;
  while (member && strcmp(member->name, name))
    member = json_next(document, member);
  return member;
}

double json_number(const json_document *document, const json_value *object, const char *name) {
  const json_value *member = json_member(document, object, name);
  return member && member->kind == JSON_NUMBER ? member->number : NAN;
}
