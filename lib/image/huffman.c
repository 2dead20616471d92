/* Lengths by Moffat and Katajainen ("In-place calculation of minimum-redundancy codes", 1995), then shortened to the
 * limit: what is too long gets the limit's length, and while the codes so are too many, the longest of those that are
 * shorter is made longer. */
#include "image/huffman.h"

#include <stdbool.h>
#include <string.h>

#define LENGTH_MOST 15u
#define DIGIT_BITS 7 /* two digits hold a count */

typedef struct leaf {
  uint32_t count; /* later a parent's place, a depth, and the code's length */
  uint32_t symbol;
} leaf;

/* ---- lengths ---- */

static void sort_by_digit(leaf *to, const leaf *from, uint32_t used, unsigned shift) {
  uint32_t starts[1 << DIGIT_BITS] = {0};
  const uint32_t mask = (1 << DIGIT_BITS) - 1;
  for (uint32_t i = 0; i < used; i++)
    starts[from[i].count >> shift & mask]++;
  for (uint32_t digit = 0, start = 0; digit <= mask; digit++) {
    const uint32_t next = start + starts[digit];
    starts[digit] = start;
    start = next;
  }
  for (uint32_t i = 0; i < used; i++)
    to[starts[from[i].count >> shift & mask]++] = from[i];
}

/* The symbols that get a code, the rarest first. */
static uint32_t gather(leaf *leaves, const uint32_t *counts, uint32_t symbols) {
  leaf found[XDI_HUFFMAN_MOST], half_sorted[XDI_HUFFMAN_MOST];
  uint32_t used = 0;
  for (uint32_t symbol = 0; symbol < symbols; symbol++)
    if (counts[symbol])
      found[used++] = (leaf){counts[symbol], symbol};
  for (uint32_t symbol = 0; used < 2; symbol++)
    if (!counts[symbol])
      found[used++] = (leaf){1, symbol};
  sort_by_digit(half_sorted, found, used, 0);
  sort_by_digit(leaves, half_sorted, used, DIGIT_BITS);
  return used;
}

/* Joins the two rarest again and again: leaves[i].count becomes the place of i's parent, for all but the root. */
static void join(leaf *leaves, uint32_t used) {
  uint32_t next_leaf = 0, next_node = 0;
  for (uint32_t made = 0; made + 1 < used; made++) {
    uint32_t sum = 0;
    for (int child = 0; child < 2; child++) {
      const bool takes_leaf =
          next_leaf < used && (next_node >= made || leaves[next_leaf].count <= leaves[next_node].count);
      if (takes_leaf) {
        sum += leaves[next_leaf++].count;
      } else {
        sum += leaves[next_node].count;
        leaves[next_node++].count = made;
      }
    }
    leaves[made].count = sum;
  }
}

/* How many codes have each length, from the nodes' parents. */
static void count_lengths(uint32_t *of_length, leaf *leaves, uint32_t used, uint32_t limit) {
  uint32_t open = 1, inner = used - 1, depth = 0; /* `open` nodes at this depth, inner ones or leaves */
  leaves[used - 2].count = 0;
  for (uint32_t i = used - 2; i-- > 0;)
    leaves[i].count = leaves[leaves[i].count].count + 1;
  while (open > 0) {
    uint32_t parents = 0;
    while (inner > 0 && leaves[inner - 1].count == depth) {
      inner--;
      parents++;
    }
    of_length[depth < limit ? depth : limit] += open - parents;
    open = 2 * parents;
    depth++;
  }
}

/* Kraft's sum is brought back to 1: a code of the limit's length goes, and one that is shorter makes room for two. */
static void shorten(uint32_t *of_length, uint32_t limit) {
  uint32_t sum = 0;
  for (uint32_t length = 1; length <= limit; length++)
    sum += of_length[length] << (limit - length);
  for (; sum > 1u << limit; sum--) {
    uint32_t length = limit - 1;
    while (of_length[length] == 0)
      length--;
    of_length[limit]--;
    of_length[length]--;
    of_length[length + 1] += 2;
  }
}

void xdi_huffman_find_lengths(uint8_t *lengths, const uint32_t *counts, uint32_t symbols, uint32_t limit) {
  leaf leaves[XDI_HUFFMAN_MOST];
  uint32_t of_length[LENGTH_MOST + 1] = {0};
  uint32_t at = gather(leaves, counts, symbols);
  join(leaves, at);
  count_lengths(of_length, leaves, at, limit);
  shorten(of_length, limit);
  memset(lengths, 0, symbols);
  for (uint32_t length = 1; length <= limit; length++)
    for (uint32_t i = 0; i < of_length[length]; i++)
      lengths[leaves[--at].symbol] = (uint8_t)length;
}

/* ---- codes ---- */

static uint32_t turn_around(uint32_t code, uint32_t length) {
  uint32_t turned = 0;
  for (uint32_t i = 0; i < length; i++)
    turned |= (code >> i & 1) << (length - 1 - i);
  return turned;
}

void xdi_huffman_find_codes(uint16_t *codes, const uint8_t *lengths, uint32_t symbols) {
  uint32_t of_length[LENGTH_MOST + 2] = {0}, next[LENGTH_MOST + 2] = {0};
  for (uint32_t symbol = 0; symbol < symbols; symbol++)
    of_length[lengths[symbol]]++;
  of_length[0] = 0;
  for (uint32_t length = 1; length <= LENGTH_MOST; length++)
    next[length] = (next[length - 1] + of_length[length - 1]) << 1;
  for (uint32_t symbol = 0; symbol < symbols; symbol++)
    if (lengths[symbol])
      codes[symbol] = (uint16_t)turn_around(next[lengths[symbol]]++, lengths[symbol]);
}
