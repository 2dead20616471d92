/* What tells apart two pieces of data, when one of them is not at hand any more. */
#ifndef XDI_FORMAT_DIGEST_H
#define XDI_FORMAT_DIGEST_H

#include <stddef.h>
#include <stdint.h>

/* XXH3-64 of some bytes; the digest of what came before is the seed of what follows. */
uint64_t xdi_digest(const void *data, size_t size, uint64_t seed);

/* The same of `count` numbers of 32 bits, as they would lie in a file: little-endian on every machine. */
uint64_t xdi_digest_words(const void *words, size_t count, uint64_t seed);

#endif
