/* Many pictures at once (lanes.c): the library decodes and encodes a picture on the thread that asks. */
#ifndef XDOMAIN_LANES_H
#define XDOMAIN_LANES_H

#include <pthread.h>

#include "command.h"

#define LANES_MOST 64

/* Silent contexts, one a thread. */
typedef struct lanes {
  xd_context *contexts[LANES_MOST];
  uint32_t count;
} lanes;

/* As many lanes as the runtime has threads, fewer without memory; none is legal. */
void open_lanes(lanes *l, const runtime *r);
void close_lanes(lanes *l);

/* Calls task(user, context, i) for each i in [0, count), in any order, and returns when all have ended. After a signal, and
 * without lanes, it calls it for none: what a lane did not do or could not, its caller does again on the runtime's
 * context, one after the other, which says what is wrong as if there were no lanes. */
typedef void (*lane_task)(void *user, xd_context *context, uint32_t index);
void run_lanes(const lanes *l, lane_task task, void *user, uint32_t count);

/* Starts a thread that leaves signals to the others; false if the system has none. */
bool start_thread(pthread_t *out, void *(*body)(void *), void *argument);

#endif
