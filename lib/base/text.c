/* UTF-8 that comes from outside. Shown text is made of units: a whole character, or one byte that is written
 * as \xNN; so it is cut between units and never within one. */
#include "base/text.h"

#include <stdint.h>
#include <string.h>

#define ELLIPSIS "..."
#define ESCAPED 4 /* bytes of \xNN */

static size_t follow(const unsigned char *text, size_t size, size_t length) {
  if (size < length)
    return 0;
  for (size_t i = 1; i < length; i++)
    if ((text[i] & 0xC0) != 0x80)
      return 0;
  return length;
}

size_t xdi_utf8_length(const char *text, size_t size) {
  const unsigned char *bytes = (const unsigned char *)text;
  if (size == 0)
    return 0;
  if (bytes[0] < 0x80)
    return 1;
  if (bytes[0] >= 0xC2 && bytes[0] <= 0xDF)
    return follow(bytes, size, 2);
  if (size < 2)
    return 0;
  const unsigned second = bytes[1];
  if (bytes[0] >= 0xE0 && bytes[0] <= 0xEF) {
    const bool overlong = bytes[0] == 0xE0 && second < 0xA0, surrogate = bytes[0] == 0xED && second > 0x9F;
    return overlong || surrogate ? 0 : follow(bytes, size, 3);
  }
  if (bytes[0] >= 0xF0 && bytes[0] <= 0xF4) {
    const bool overlong = bytes[0] == 0xF0 && second < 0x90, beyond = bytes[0] == 0xF4 && second > 0x8F;
    return overlong || beyond ? 0 : follow(bytes, size, 4);
  }
  return 0;
}

bool xdi_utf8_valid(const char *text, size_t size) {
  for (size_t at = 0, length; at < size; at += length) {
    length = xdi_utf8_length(text + at, size - at);
    if (length == 0)
      return false;
  }
  return true;
}

static char lower(char letter) {
  return letter >= 'A' && letter <= 'Z' ? (char)(letter - 'A' + 'a') : letter;
}

bool xdi_text_alike(const char *first, const char *second, size_t length) {
  for (size_t i = 0; i < length; i++) {
    if (lower(first[i]) != lower(second[i]))
      return false;
    if (first[i] == '\0')
      return true;
  }
  return true;
}

/* C0, DEL and, as two bytes, C1: a terminal may obey them. */
static bool is_control(const char *text, size_t length) {
  const unsigned char *bytes = (const unsigned char *)text;
  return length == 1 ? bytes[0] < 0x20 || bytes[0] == 0x7F
                     : length == 2 && bytes[0] == 0xC2 && bytes[1] < 0xA0;
}

/* The unit at text: its bytes there, and in *shown those it takes in the line. */
static size_t measure_unit(const char *text, size_t size, size_t *shown) {
  const size_t length = xdi_utf8_length(text, size);
  const bool plain = length > 0 && !is_control(text, length);
  *shown = plain ? length : ESCAPED;
  return plain ? length : 1;
}

static char *write_unit(char *to, const char *text, size_t length, size_t shown) {
  static const char digits[] = "0123456789ABCDEF";
  const unsigned char byte = (unsigned char)*text;
  if (shown == length) {
    memcpy(to, text, length);
    return to + length;
  }
  *to++ = '\\';
  *to++ = 'x';
  *to++ = digits[byte >> 4];
  *to++ = digits[byte & 15];
  return to;
}

static size_t measure(const char *text, size_t size) {
  size_t total = 0, shown;
  for (size_t at = 0; at < size; total += shown)
    at += measure_unit(text + at, size - at, &shown);
  return total;
}

/* Writes the units that lie before `head` and from `tail` on, counted in shown bytes. */
static void write_ends(char *to, const char *text, size_t size, size_t head, size_t tail) {
  bool cut = false;
  size_t place = 0, shown;
  for (size_t at = 0, length; at < size; at += length, place += shown) {
    length = measure_unit(text + at, size - at, &shown);
    if (place + shown <= head || place >= tail) {
      to = write_unit(to, text + at, length, shown);
    } else if (!cut) {
      memcpy(to, ELLIPSIS, sizeof ELLIPSIS - 1);
      to += sizeof ELLIPSIS - 1;
      cut = true;
    }
  }
  *to = '\0';
}

void xdi_text_show(char *to, size_t room, const char *text, size_t size) {
  const size_t total = measure(text, size);
  if (room == 0)
    return;
  if (total < room) {
    write_ends(to, text, size, total, total);
  } else if (room <= sizeof ELLIPSIS) {
    *to = '\0';
  } else {
    const size_t kept = room - sizeof ELLIPSIS;
    const size_t head = kept / 3;
    write_ends(to, text, size, head, total - (kept - head));
  }
}
