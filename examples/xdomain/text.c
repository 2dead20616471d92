/* Text on a terminal, in JSON, in HTML and for a shell: names and messages come from files and command lines, and may
 * hold anything. Control bytes could move a terminal's cursor and forge lines, so they are written as \xNN, and so is
 * what is no UTF-8. */
#include <ctype.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "command.h"
#include "sharing.h"

size_t read_character(const unsigned char *text, uint32_t *point) {
  static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
  const size_t length = text[0] < 0x80             ? 1
                        : (text[0] & 0xE0) == 0xC0 ? 2
                        : (text[0] & 0xF0) == 0xE0 ? 3
                        : (text[0] & 0xF8) == 0xF0 ? 4
                                                   : 0;
  if (length == 0)
    return 0;
  uint32_t value = length == 1 ? text[0] : text[0] & (0x7Fu >> length);
  for (size_t i = 1; i < length; i++) {
    if ((text[i] & 0xC0) != 0x80)
      return 0;
    value = value << 6 | (text[i] & 0x3Fu);
  }
  const bool surrogate = value >= 0xD800 && value < 0xE000;
  *point = value;
  return value < least[length] || value > 0x10FFFF || surrogate ? 0 : length;
}

/* Control characters, the line and paragraph separators, and those that turn the direction of writing. */
static bool controls(uint32_t point) {
  return point < 0x20 || (point >= 0x7F && point < 0xA0) || (point >= 0x2028 && point <= 0x202E) ||
         (point >= 0x2066 && point <= 0x2069) || point == 0x200E || point == 0x200F;
}

/* The length of the character at `text`; 0 where its first byte is not to be shown. */
static size_t measure_shown(const char *text) {
  uint32_t point = 0;
  const size_t length = read_character((const unsigned char *)text, &point);
  return controls(point) ? 0 : length;
}

void print_text(FILE *to, const char *text) {
  while (*text) {
    const size_t length = measure_shown(text);
    if (length)
      fwrite(text, 1, length, to);
    else
      fprintf(to, "\\x%02X", (unsigned char)*text);
    text += length ? length : 1;
  }
}

void print_json_text(FILE *to, const char *text) {
  const unsigned char *at = (const unsigned char *)text;
  fputc('"', to);
  while (*at) {
    uint32_t point = 0;
    const size_t length = read_character(at, &point);
    if (length == 0)
      fputs("\\ufffd", to);
    else if (point == '"' || point == '\\')
      fprintf(to, "\\%c", (int)point);
    else if (controls(point))
      fprintf(to, "\\u%04x", point);
    else
      fwrite(at, 1, length, to);
    at += length ? length : 1;
  }
  fputc('"', to);
}

static const char *html_entity(uint32_t point) {
  switch (point) {
  case '&':
    return "&amp;";
  case '<':
    return "&lt;";
  case '>':
    return "&gt;";
  case '"':
    return "&quot;";
  case '\'':
    return "&#39;";
  default:
    return NULL;
  }
}

void print_html_text(FILE *to, const char *text) {
  const unsigned char *at = (const unsigned char *)text;
  while (*at) {
    uint32_t point = 0;
    const size_t length = read_character(at, &point);
    const char *entity = html_entity(point);
    if (length == 0 || controls(point) || point == 0xFFFE || point == 0xFFFF)
      fputs("\xEF\xBF\xBD", to);
    else if (entity)
      fputs(entity, to);
    else
      fwrite(at, 1, length, to);
    at += length ? length : 1;
  }
}

/* ---- Words of a shell ---- */

static bool is_plain(const char *word) {
  static const char plain[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_./:,=@%+-";
  return word[0] && strspn(word, plain) == strlen(word);
}

static bool is_shown(const char *word) {
  size_t length = 1;
  for (; *word && length; word += length)
    length = measure_shown(word);
  return length > 0;
}

/* Between quotes, where a quote alone has a meaning. */
static char *quote_shown(char *to, const char *word) {
  for (; *word; word++)
    if (*word == '\'')
      to = stpcpy(to, "'\\''");
    else
      *to++ = *word;
  return to;
}

/* Between $' and a quote, with the bytes that are not to be shown as numbers. */
static char *quote_hidden(char *to, const char *word) {
  while (*word) {
    const size_t length = measure_shown(word);
    if (!length)
      to += sprintf(to, "\\%03o", (unsigned char)*word);
    if (*word == '\'' || *word == '\\')
      *to++ = '\\';
    memcpy(to, word, length);
    to += length;
    word += length ? length : 1;
  }
  return to;
}

char *quote_word(const char *word) {
  char *quoted = malloc(4 * strlen(word) + 4);
  if (!quoted || is_plain(word))
    return quoted ? strcpy(quoted, word) : NULL;
  const bool shown = is_shown(word);
  char *to = stpcpy(quoted, shown ? "'" : "$'");
  to = shown ? quote_shown(to, word) : quote_hidden(to, word);
  strcpy(to, "'");
  return quoted;
}

/* ---- Messages ---- */

char *make_message(const char *format, va_list arguments) {
  va_list again;
  va_copy(again, arguments);
  const int length = vsnprintf(NULL, 0, format, again);
  va_end(again);
  char *message = length < 0 ? NULL : malloc((size_t)length + 1);
  if (message)
    vsnprintf(message, (size_t)length + 1, format, arguments);
  return message;
}

static void print_message(FILE *to, const char *format, va_list arguments) {
  char *message = make_message(format, arguments);
  fputs("xdomain: ", to);
  if (!is_first_rank())
    fprintf(to, "rank %u of %u: ", get_sharing()->rank, get_sharing()->ranks);
  print_text(to, message ? message : "out of memory");
  fputc('\n', to);
  fflush(to);
  free(message);
}

void notice(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_message(stderr, format, arguments);
  va_end(arguments);
}

int failure(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_message(get_sharing()->failures ? get_sharing()->failures : stderr, format, arguments);
  va_end(arguments);
  return EXIT_FAILED;
}

/* The command that usage errors point to. */
static const char *command_name = "COMMAND";

void set_command_name(const char *name) {
  command_name = name;
}

int usage_error(const char *format, ...) {
  va_list arguments;
  va_start(arguments, format);
  print_message(stderr, format, arguments);
  va_end(arguments);
  fprintf(stderr, "Try 'xdomain %s --help'.\n", command_name);
  return EXIT_USAGE;
}

bool ends_with(const char *text, const char *ending) {
  const size_t length = strlen(text), tail = strlen(ending);
  if (length < tail)
    return false;
  for (size_t i = 0; i < tail; i++)
    if (tolower((unsigned char)text[length - tail + i]) != tolower((unsigned char)ending[i]))
      return false;
  return true;
}

char *path_beside(const char *path, const char *ending, const char *tail) {
  char *stem = ends_with(path, ending) ? strndup(path, strlen(path) - strlen(ending)) : strdup(path);
  char *whole = stem ? join_texts(stem, tail, "") : NULL;
  free(stem);
  return whole;
}

char *join_texts(const char *first, const char *second, const char *third) {
  const size_t a = strlen(first), b = strlen(second), c = strlen(third);
  char *joined = malloc(a + b + c + 1);
  if (!joined)
    return NULL;
  memcpy(joined, first, a);
  memcpy(joined + a, second, b);
  memcpy(joined + a + b, third, c + 1);
  return joined;
}
