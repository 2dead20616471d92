/* What the bench's sources share. */
#ifndef XD_TESTS_BENCH_H
#define XD_TESTS_BENCH_H

#include <xdomain/sys/backend.h>
#include <xdomain/xdomain.h>

double seconds_now(void);

/* Numbers in [0, 1), the same each time; the caller frees them. Ends the program where there is no memory. */
float *make_numbers(size_t count);

/* Ends the program with the context's message unless status is XD_OK. */
void must(xd_context *context, xd_status status, const char *what);

/* The options of a group, changed by a text; the caller destroys them. */
xd_options *make_options(xd_context *context, const char *group, const char *text);

/* Saves a model of a kind of networks: "recipe", "own" (the defaults) or "residual". */
void save_model(xd_context *context, const char *path, const char *kind, uint32_t side, uint32_t channels);

/* GFLOP/s of one kernel of the recipe on a context's backend. Ends the program for an unknown name. */
double measure_kernel(xd_context *context, const char *kernel, const char *pass, double seconds);

#endif
