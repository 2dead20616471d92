/* Texts of JSON, read in their place: they become shorter there, as an escape is never shorter than what it means. */
#include <string.h>

#include "command.h"
#include "json.h"

typedef struct reader {
  char *at;
  const char *end;
} reader;

static const char half[] = "a text in it has half a character";

static bool read_unit(reader *r, uint32_t *out) {
  static const char digits[] = "0123456789abcdef";
  *out = 0;
  for (int i = 0; i < 4; i++, r->at++) {
    const char c = r->at < r->end ? *r->at : '\0';
    const char lower = c >= 'A' && c <= 'F' ? (char)(c + 'a' - 'A') : c;
    const char *digit = lower ? strchr(digits, lower) : NULL;
    if (!digit)
      return false;
    *out = *out << 4 | (uint32_t)(digit - digits);
  }
  return true;
}

/* The character of \uXXXX behind the u, or of two of them that are one. */
static const char *read_point(reader *r, uint32_t *out) {
  static const char wrong[] = "a text in it has a wrong \\u";
  uint32_t low;
  if (!read_unit(r, out))
    return wrong;
  if (*out == 0 || (*out >= 0xDC00 && *out < 0xE000))
    return "a text in it has a character that is none";
  if (*out < 0xD800 || *out >= 0xE000)
    return NULL;
  if (r->end - r->at < 2 || r->at[0] != '\\' || r->at[1] != 'u')
    return half;
  r->at += 2;
  if (!read_unit(r, &low))
    return wrong;
  if (low < 0xDC00 || low >= 0xE000)
    return half;
  *out = 0x10000 + ((*out - 0xD800) << 10) + (low - 0xDC00);
  return NULL;
}

static char *write_point(char *to, uint32_t point) {
  static const uint32_t marks[] = {0, 0xC0, 0xE0, 0xF0};
  const int more = point < 0x80 ? 0 : point < 0x800 ? 1 : point < 0x10000 ? 2 : 3;
  *to++ = (char)(marks[more] | point >> (6 * more));
  for (int i = more; i-- > 0;)
    *to++ = (char)(0x80 | (point >> (6 * i) & 0x3F));
  return to;
}

/* What stands behind a backslash. */
static const char *read_escape(reader *r, char **to) {
  static const char marks[] = "\"\\/bfnrt", meanings[] = "\"\\/\b\f\n\r\t";
  const char mark = r->at < r->end ? *r->at++ : '\0';
  const char *found = mark ? strchr(marks, mark) : NULL;
  uint32_t point;
  if (found) {
    *(*to)++ = meanings[found - marks];
    return NULL;
  }
  const char *why = mark == 'u' ? read_point(r, &point) : "a text in it has an unknown escape";
  if (!why)
    *to = write_point(*to, point);
  return why;
}

static const char *copy_character(reader *r, char **to) {
  uint32_t point;
  const size_t length = read_character((const unsigned char *)r->at, &point);
  if (length == 0 || length > (size_t)(r->end - r->at) || point < 0x20)
    return "a text in it is no UTF-8, or has a control character";
  memmove(*to, r->at, length);
  *to += length;
  r->at += length;
  return NULL;
}

const char *read_json_text(char **at, const char *end, const char **out) {
  reader r = {*at, end};
  char *to = r.at;
  const char *why = r.at < end && *r.at++ == '"' ? NULL : "it is not the JSON that it should be";
  *out = to;
  while (!why && r.at < end && *r.at != '"') {
    if (*r.at == '\\') {
      r.at++;
      why = read_escape(&r, &to);
    } else {
      why = copy_character(&r, &to);
    }
  }
  if (!why && r.at == end)
    why = "it ends within a text";
  *at = why ? r.at : r.at + 1;
  if (!why)
    *to = '\0';
  return why;
}
