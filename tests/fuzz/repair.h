/* Checksums made right again, so that changed bytes reach what lies behind them. Both change `data` in
 * place and stop where its structure ends to make sense. */
#ifndef XD_TESTS_FUZZ_REPAIR_H
#define XD_TESTS_FUZZ_REPAIR_H

#include <stddef.h>
#include <stdint.h>

/* A model or judge file: its size, the checksums of its chunks and that of its header and table. */
void repair_container(uint8_t *data, size_t size);

/* A PNG: the CRC of each chunk. */
void repair_png(uint8_t *data, size_t size);

#endif
