/* Each filter is one plain loop over a row, which compilers turn into vectors: the pixel before a row's first is 0 and
 * has memory of its own. */
#include "image/png_filter.h"

#include <string.h>

typedef struct rows {
  const unsigned char *here, *left, *above, *above_left;
} rows;

typedef uint32_t filter_function(unsigned char *restrict to, const rows *of, size_t count);

/* A byte is a number about zero: 255 is -1. */
static inline unsigned char magnitude(unsigned char byte) {
  const unsigned char negated = (unsigned char)-byte;
  return byte < negated ? byte : negated;
}

static uint32_t sum_magnitudes(const unsigned char *bytes, size_t count) {
  uint32_t sum = 0;
  for (size_t i = 0; i < count; i++)
    sum += magnitude(bytes[i]);
  return sum;
}

static uint32_t filter_none(unsigned char *restrict to, const rows *of, size_t count) {
  memcpy(to, of->here, count);
  return sum_magnitudes(to, count);
}

static uint32_t filter_sub(unsigned char *restrict to, const rows *of, size_t count) {
  const unsigned char *here = of->here, *left = of->left;
  for (size_t i = 0; i < count; i++)
    to[i] = (unsigned char)(here[i] - left[i]);
  return sum_magnitudes(to, count);
}

static uint32_t filter_up(unsigned char *restrict to, const rows *of, size_t count) {
  const unsigned char *here = of->here, *above = of->above;
  for (size_t i = 0; i < count; i++)
    to[i] = (unsigned char)(here[i] - above[i]);
  return sum_magnitudes(to, count);
}

static uint32_t filter_average(unsigned char *restrict to, const rows *of, size_t count) {
  const unsigned char *here = of->here, *left = of->left, *above = of->above;
  for (size_t i = 0; i < count; i++)
    to[i] = (unsigned char)(here[i] - ((left[i] + above[i]) >> 1));
  return sum_magnitudes(to, count);
}

static inline int16_t absolute(int16_t value) {
  return value < 0 ? (int16_t)-value : value;
}

static uint32_t filter_paeth(unsigned char *restrict to, const rows *of, size_t count) {
  const unsigned char *here = of->here, *left = of->left, *above = of->above, *above_left = of->above_left;
  for (size_t i = 0; i < count; i++) {
    const int16_t by_left = (int16_t)(above[i] - above_left[i]),
                  by_above = (int16_t)(left[i] - above_left[i]);
    const int16_t to_left = absolute(by_left), to_above = absolute(by_above),
                  to_both = absolute((int16_t)(by_left + by_above));
    const int16_t second = to_above <= to_both ? above[i] : above_left[i];
    const int16_t least = to_above < to_both ? to_above : to_both;
    to[i] = (unsigned char)(here[i] - (to_left <= least ? left[i] : second));
  }
  return sum_magnitudes(to, count);
}

static filter_function *const filters[5] = {filter_none, filter_sub, filter_up, filter_average, filter_paeth};

/* Two rows with a pixel before them, and two results. */
size_t xdi_png_filter_room(uint32_t row_bytes, uint32_t channels) {
  return 2 * ((size_t)row_bytes + channels) + 2 * (size_t)row_bytes;
}

void xdi_png_filter(unsigned char *to, const unsigned char *pixels, uint32_t row_bytes, uint32_t count,
                    uint32_t channels, unsigned char *room) {
  unsigned char *above = room, *here = above + row_bytes + channels, *best = here + row_bytes + channels,
                *other = best + row_bytes;
  memset(room, 0, 2 * ((size_t)row_bytes + channels));
  for (uint32_t y = 0; y < count; y++, to += (size_t)row_bytes + 1) {
    memcpy(here + channels, pixels + (size_t)y * row_bytes, row_bytes);
    const rows of = {here + channels, here, above + channels, above};
    uint32_t least = UINT32_MAX;
    for (unsigned char i = 0; i < 5; i++) {
      const uint32_t sum = filters[i](other, &of, row_bytes);
      if (sum < least) {
        unsigned char *const swapped = best;
        best = other;
        other = swapped;
        least = sum;
        to[0] = i;
      }
    }
    memcpy(to + 1, best, row_bytes);
    unsigned char *const swapped = above;
    above = here;
    here = swapped;
  }
}
