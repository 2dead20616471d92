/* A packer for filtered pictures, whose bytes are mostly noise about zero: one hash chain, looked at a few links deep,
 * and codes made for each block. Where nothing repeats it looks ever more rarely.
 *
 * A token is a literal byte, or length << 16 | distance. */
#include "image/deflate.h"

#include <string.h>

#include "image/huffman.h"

#define WINDOW 32768u
#define SHORTEST 4u /* of the matches that are looked for */
#define LONGEST 258u
#define BLOCK_TOKENS 8192u
#define HASH_BITS_LEAST 8u
#define HASH_BITS_MOST 14u
#define LINKS 8           /* of a chain that are looked at */
#define GOOD_LENGTH 32u   /* a match that is not bettered */
#define PATIENCE 5        /* 2^5 literals in a row make the next steps longer by 1, */
#define MISSES_MOST 1023u /* up to 32 */
#define STORED_MOST 65535u
#define LITERALS 286u
#define END_OF_BLOCK 256u
#define DISTANCES 30u
#define ADLER 65521u
#define ADLER_RUN 5552u /* bytes whose sums stay below 2^32 */

/* What a block's tokens are written with. */
typedef struct coding {
  uint8_t literal_lengths[XDI_HUFFMAN_MOST], distance_lengths[DISTANCES];
  uint16_t literal_codes[XDI_HUFFMAN_MOST], distance_codes[DISTANCES];
} coding;

/* Where bits go. Loops keep a copy of their own, which compilers hold in registers. */
typedef struct writer {
  unsigned char *to;
  uint64_t bits; /* that are not yet written, the first lowest */
  unsigned bit_count;
} writer;

struct xdi_deflater {
  const unsigned char *from, *end;
  writer out;
  unsigned hash_bits;
  uint32_t token_count;
  uint32_t literal_counts[LITERALS], distance_counts[DISTANCES];
  uint32_t tokens[BLOCK_TOKENS];
  uint32_t heads[1 << HASH_BITS_MOST]; /* the last place of a hash, and 1 */
  uint16_t links[WINDOW];              /* how far before a place lies the one of the same hash; 0: none */
};

xdi_deflater *xdi_deflater_create(const xd_allocator *allocator) {
  return xdi_allocate(allocator, 1, sizeof(xdi_deflater));
}

size_t xdi_deflate_room(size_t size) {
  return size + 6 * (size / STORED_MOST + size / BLOCK_TOKENS) + 32;
}

/* ---- bits ---- */

/* At most 56 bits wait between two calls of `flush`. */
static inline void add_bits(writer *out, uint32_t bits, unsigned count) {
  out->bits |= (uint64_t)bits << out->bit_count;
  out->bit_count += count;
}

/* Writes the whole bytes that wait, and, without a question, what may follow them. */
static inline void flush(writer *out) {
  for (unsigned i = 0; i < 8; i++)
    out->to[i] = (unsigned char)(out->bits >> 8 * i);
  out->to += out->bit_count >> 3;
  out->bits >>= out->bit_count & ~7u;
  out->bit_count &= 7;
}

static void put_bits(writer *out, uint32_t bits, unsigned count) {
  add_bits(out, bits, count);
  flush(out);
}

/* Fills the byte that was begun. */
static void align(writer *out) {
  out->bit_count = (out->bit_count + 7) & ~7u;
  flush(out);
}

/* ---- symbols ---- */

/* The number of the highest bit. */
static unsigned find_top(uint32_t value) {
  unsigned top = 0;
  while (value >>= 1)
    top++;
  return top;
}

typedef struct symbol {
  unsigned number, extra_bits;
  uint32_t extra;
} symbol;

/* Lengths and distances, less their least, fall into classes: `steps` of them double what they span. */
static inline symbol classify(uint32_t value, unsigned step_bits) {
  if (value < 2u << step_bits)
    return (symbol){value, 0, 0};
  const unsigned extra_bits = find_top(value) - step_bits;
  return (symbol){(extra_bits << step_bits) + (value >> extra_bits), extra_bits,
                  value & ((1u << extra_bits) - 1)};
}

static inline symbol find_length_symbol(uint32_t length) {
  if (length == LONGEST)
    return (symbol){285, 0, 0};
  symbol found = classify(length - 3, 2);
  found.number += 257;
  return found;
}

static inline symbol find_distance_symbol(uint32_t distance) {
  return classify(distance - 1, 1);
}

/* ---- blocks ---- */

/* Lengths of codes as they are told: 0 to 15, or a run's symbol with its extra bits above. */
typedef struct telling {
  uint16_t items[LITERALS + DISTANCES];
  uint32_t count, literals, distances, orders;
  uint8_t lengths[19];
  uint16_t codes[19];
} telling;

static const uint8_t telling_order[19] = {16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15};
static const uint8_t run_bits[3] = {2, 3, 7}; /* of 16, 17 and 18 */

static uint32_t count_run(const uint8_t *lengths, uint32_t left) {
  uint32_t run = 1;
  while (run < left && lengths[run] == lengths[0])
    run++;
  return run;
}

static void tell_run(telling *t, uint32_t length, uint32_t run) {
  if (length) {
    t->items[t->count++] = (uint16_t)length;
    run--;
  }
  while (run >= 3) {
    const uint32_t most = length ? 6 : run <= 10 ? 10 : 138, taken = run < most ? run : most;
    const uint32_t item = length ? 16 : most == 10 ? 17 : 18;
    t->items[t->count++] = (uint16_t)(item | (taken - (item == 18 ? 11 : 3)) << 8);
    run -= taken;
  }
  for (; run > 0; run--)
    t->items[t->count++] = (uint16_t)length;
}

/* Returns the bits of it all. */
static uint32_t prepare_telling(telling *t, const coding *with) {
  uint8_t all[LITERALS + DISTANCES];
  uint32_t counts[19] = {0}, bits = 14;
  t->count = 0;
  for (t->literals = LITERALS; t->literals > 257 && !with->literal_lengths[t->literals - 1];)
    t->literals--;
  for (t->distances = DISTANCES; t->distances > 1 && !with->distance_lengths[t->distances - 1];)
    t->distances--;
  memcpy(all, with->literal_lengths, t->literals);
  memcpy(all + t->literals, with->distance_lengths, t->distances);
  for (uint32_t i = 0, run; i < t->literals + t->distances; i += run) {
    run = count_run(all + i, t->literals + t->distances - i);
    tell_run(t, all[i], run);
  }
  for (uint32_t i = 0; i < t->count; i++)
    counts[t->items[i] & 31]++;
  xdi_huffman_find_lengths(t->lengths, counts, 19, 7);
  xdi_huffman_find_codes(t->codes, t->lengths, 19);
  for (t->orders = 19; t->orders > 4 && !t->lengths[telling_order[t->orders - 1]];)
    t->orders--;
  for (uint32_t i = 0; i < 19; i++)
    bits += counts[i] * (t->lengths[i] + (i >= 16 ? run_bits[i - 16] : 0u));
  return bits + 3 * t->orders;
}

static void put_telling(writer *out, const telling *t) {
  put_bits(out, t->literals - 257, 5);
  put_bits(out, t->distances - 1, 5);
  put_bits(out, t->orders - 4, 4);
  for (uint32_t i = 0; i < t->orders; i++)
    put_bits(out, t->lengths[telling_order[i]], 3);
  for (uint32_t i = 0; i < t->count; i++) {
    const uint32_t item = t->items[i] & 31;
    put_bits(out, t->codes[item], t->lengths[item]);
    if (item >= 16)
      put_bits(out, t->items[i] >> 8, run_bits[item - 16]);
  }
}

static void make_fixed(coding *out) {
  for (uint32_t i = 0; i < XDI_HUFFMAN_MOST; i++)
    out->literal_lengths[i] = i < 144 ? 8 : i < 256 ? 9 : i < 280 ? 7 : 8;
  memset(out->distance_lengths, 5, DISTANCES);
}

static void make_fitting(coding *out, const xdi_deflater *d) {
  xdi_huffman_find_lengths(out->literal_lengths, d->literal_counts, LITERALS, 15);
  xdi_huffman_find_lengths(out->distance_lengths, d->distance_counts, DISTANCES, 15);
}

/* The bits of a block's tokens. */
static uint64_t weigh(const xdi_deflater *d, const coding *with) {
  uint64_t bits = 0;
  for (uint32_t i = 0; i < LITERALS; i++) {
    const uint32_t extra_bits = i < 265 || i == 285 ? 0 : (i - 261) >> 2;
    bits += (uint64_t)d->literal_counts[i] * (with->literal_lengths[i] + extra_bits);
  }
  for (uint32_t i = 0; i < DISTANCES; i++)
    bits += (uint64_t)d->distance_counts[i] * (with->distance_lengths[i] + (i < 4 ? 0 : (i - 2) >> 1));
  return bits;
}

static inline void add_symbol(writer *out, const uint16_t *codes, const uint8_t *lengths, symbol what) {
  add_bits(out, codes[what.number], lengths[what.number]);
  add_bits(out, what.extra, what.extra_bits);
}

static void put_tokens(xdi_deflater *d, const coding *with) {
  writer out = d->out;
  for (uint32_t i = 0; i < d->token_count; i++) {
    const uint32_t token = d->tokens[i], length = token >> 16;
    if (length) {
      add_symbol(&out, with->literal_codes, with->literal_lengths, find_length_symbol(length));
      add_symbol(&out, with->distance_codes, with->distance_lengths, find_distance_symbol(token & 0xFFFF));
    } else {
      add_bits(&out, with->literal_codes[token], with->literal_lengths[token]);
    }
    flush(&out);
  }
  put_bits(&out, with->literal_codes[END_OF_BLOCK], with->literal_lengths[END_OF_BLOCK]);
  d->out = out;
}

static void put_stored(writer *out, const unsigned char *from, size_t size, bool last) {
  do {
    const uint32_t piece = size < STORED_MOST ? (uint32_t)size : STORED_MOST;
    put_bits(out, last && piece == size, 3);
    align(out);
    put_bits(out, piece | (piece ^ 0xFFFF) << 16, 32);
    memcpy(out->to, from, piece);
    out->to += piece;
    from += piece;
    size -= piece;
  } while (size > 0);
}

/* The shortest of the three kinds. */
static void end_block(xdi_deflater *d, const unsigned char *from, const unsigned char *end, bool last) {
  coding fixed, fitting;
  telling told;
  const size_t size = (size_t)(end - from);
  d->literal_counts[END_OF_BLOCK] = 1;
  make_fixed(&fixed);
  make_fitting(&fitting, d);
  const uint64_t stored_bits = 8 * (uint64_t)size + 40 * (size / STORED_MOST + 1);
  const uint64_t fixed_bits = weigh(d, &fixed),
                 fitting_bits = prepare_telling(&told, &fitting) + weigh(d, &fitting);
  const bool fits = fitting_bits < fixed_bits;
  if (stored_bits <= (fits ? fitting_bits : fixed_bits)) {
    put_stored(&d->out, from, size, last);
  } else {
    coding *with = fits ? &fitting : &fixed;
    put_bits(&d->out, last | (fits ? 2u : 1u) << 1, 3);
    if (fits)
      put_telling(&d->out, &told);
    xdi_huffman_find_codes(with->literal_codes, with->literal_lengths, fits ? LITERALS : XDI_HUFFMAN_MOST);
    xdi_huffman_find_codes(with->distance_codes, with->distance_lengths, DISTANCES);
    put_tokens(d, with);
  }
}

static void begin_block(xdi_deflater *d) {
  d->token_count = 0;
  memset(d->literal_counts, 0, sizeof d->literal_counts);
  memset(d->distance_counts, 0, sizeof d->distance_counts);
}

/* ---- matches ---- */

typedef struct match {
  uint32_t length, distance; /* 0: none */
} match;

static uint32_t read_four(const unsigned char *from) {
  return from[0] | (uint32_t)from[1] << 8 | (uint32_t)from[2] << 16 | (uint32_t)from[3] << 24;
}

/* Enters a place that has four bytes; the place before of the same hash, or NULL. */
static inline const unsigned char *enter(xdi_deflater *d, const unsigned char *at) {
  const uint32_t place = (uint32_t)(at - d->from);
  uint32_t *head = &d->heads[read_four(at) * 0x9E3779B1u >> (32 - d->hash_bits)];
  const uint32_t distance = *head ? place + 1 - *head : 0;
  *head = place + 1;
  d->links[place % WINDOW] = (uint16_t)(distance < WINDOW ? distance : 0);
  return distance && distance < WINDOW ? at - distance : NULL;
}

static uint32_t measure(const unsigned char *at, const unsigned char *before, uint32_t most) {
  uint32_t length = 0;
  while (length + 8 <= most && memcmp(at + length, before + length, 8) == 0)
    length += 8;
  while (length < most && at[length] == before[length])
    length++;
  return length;
}

/* Short matches pay only where they are near. */
static bool pays(uint32_t length, uint32_t distance) {
  return length > 5 || (length == 5 && distance <= 1024) || (length == 4 && distance <= 64);
}

static match find_match(const xdi_deflater *d, const unsigned char *at, const unsigned char *before) {
  const size_t left = (size_t)(d->end - at);
  const uint32_t most = left < LONGEST ? (uint32_t)left : LONGEST;
  match best = {0, 0};
  for (int i = 0; i < LINKS && before; i++) {
    const uint32_t distance = (uint32_t)(at - before);
    if (best.length == 0 || before[best.length] == at[best.length]) {
      const uint32_t length = measure(at, before, most);
      if (length > best.length && pays(length, distance))
        best = (match){length, distance};
      if (length >= GOOD_LENGTH || length == most)
        break;
    }
    const uint32_t step = d->links[(uint32_t)(before - d->from) % WINDOW];
    before = step && distance + step < WINDOW ? before - step : NULL;
  }
  return best;
}

static void take_match(xdi_deflater *d, match found) {
  d->tokens[d->token_count++] = found.length << 16 | found.distance;
  d->literal_counts[find_length_symbol(found.length).number]++;
  d->distance_counts[find_distance_symbol(found.distance).number]++;
}

/* The best match at a place, which is entered. */
static match look(xdi_deflater *d, const unsigned char *at) {
  return d->end - at >= (ptrdiff_t)SHORTEST ? find_match(d, at, enter(d, at)) : (match){0, 0};
}

/* Places within a match are entered, too. */
static void enter_all(xdi_deflater *d, const unsigned char *at, const unsigned char *stop) {
  for (; at < stop && d->end - at >= (ptrdiff_t)SHORTEST; at++)
    enter(d, at);
}

static const unsigned char *take_literals(xdi_deflater *d, const unsigned char *at, size_t count) {
  const size_t left = (size_t)(d->end - at), room = BLOCK_TOKENS - d->token_count;
  count = count < left ? count : left;
  count = count < room ? count : room;
  for (const unsigned char *const stop = at + count; at < stop; at++) {
    d->tokens[d->token_count++] = *at;
    d->literal_counts[*at]++;
  }
  return at;
}

static void pack(xdi_deflater *d) {
  const unsigned char *at = d->from, *block = at;
  match found = {0, 0};
  uint32_t misses = 0;
  bool looked = false;
  begin_block(d);
  while (at < d->end) {
    if (!looked)
      found = look(d, at);
    looked = false;
    if (found.length == 0) {
      const unsigned char *const before = at;
      at = take_literals(d, at, 1 + (misses >> PATIENCE));
      misses += (uint32_t)(at - before);
      misses = misses < MISSES_MOST ? misses : MISSES_MOST;
    } else {
      match next = {0, 0};
      misses = 0;
      if (found.length < GOOD_LENGTH && at + 1 < d->end)
        next = look(d, at + 1);
      if (next.length > found.length) {
        at = take_literals(d, at, 1);
        found = next;
        looked = true;
      } else {
        take_match(d, found);
        enter_all(d, at + (found.length < GOOD_LENGTH ? 2 : 1), at + found.length);
        at += found.length;
      }
    }
    if (d->token_count == BLOCK_TOKENS && at < d->end) {
      end_block(d, block, at, false);
      begin_block(d);
      block = at;
    }
  }
  end_block(d, block, at, true);
}

/* ---- the stream ---- */

static uint32_t find_adler(const unsigned char *from, size_t size) {
  uint32_t low = 1, high = 0;
  while (size > 0) {
    const size_t run = size < ADLER_RUN ? size : ADLER_RUN;
    for (size_t i = 0; i < run; i++) {
      low += from[i];
      high += low;
    }
    low %= ADLER;
    high %= ADLER;
    from += run;
    size -= run;
  }
  return high << 16 | low;
}

size_t xdi_deflate(xdi_deflater *d, unsigned char *to, const unsigned char *from, size_t size) {
  const uint32_t adler = find_adler(from, size);
  d->from = from;
  d->end = from + size;
  d->out = (writer){to, 0, 0};
  for (d->hash_bits = HASH_BITS_LEAST; d->hash_bits < HASH_BITS_MOST && (size_t)1 << d->hash_bits < size;)
    d->hash_bits++;
  memset(d->heads, 0, sizeof *d->heads << d->hash_bits);
  put_bits(&d->out, 0x0178, 16); /* a window of 32 KiB, packed fast */
  pack(d);
  align(&d->out);
  for (int i = 0; i < 4; i++)
    *d->out.to++ = (unsigned char)(adler >> (24 - 8 * i));
  return (size_t)(d->out.to - to);
}
