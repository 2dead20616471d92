/* Runs one network on one context's backend: its memory, forward and backward.
 *
 * Inference reads the network's parameters where they are (a copy, where the backend needs one) and prepared
 * weights; an activation's memory is used again once its readers are done. Training has its own parameters and their
 * gradients, and keeps every activation. All memory is taken at creation. */
#ifndef XDI_LAYER_EXECUTOR_H
#define XDI_LAYER_EXECUTOR_H

#include "layer/network.h"
#include "tensor/device.h"

typedef enum xdi_executor_mode { XDI_INFERENCE, XDI_TRAINING } xdi_executor_mode;

typedef struct xdi_executor xdi_executor;

/* The network is retained. For inference its parameters are to stay as they are. */
xd_status xdi_executor_create(xdi_executor **out, xd_context *context, const xd_network *network,
                              uint32_t max_batch, xdi_executor_mode mode);
void xdi_executor_destroy(xdi_executor *executor); /* NULL is legal */

/* Where the batch's input is to be written and its output stands, row after row. In inference a forward
 * call consumes the input: its memory is used again. */
xd_slice xdi_executor_input(const xdi_executor *executor);
xd_slice xdi_executor_output(const xdi_executor *executor);

/* What the last layer read in the last forward call: a judge's features. */
xd_slice xdi_executor_last_input(const xdi_executor *executor);

/* Runs the first `batch` rows of the input. In training mode `seed` and `stream` key the dropout of
 * this call (each layer adds its index to the stream's low half, so callers count in steps of
 * XDI_LAYER_LIMIT), and `drop` turns it on. */
xd_status xdi_executor_forward(xdi_executor *executor, uint32_t batch, bool drop, uint64_t seed,
                               uint64_t stream);

/* Training: after forward, and after the caller wrote the gradient before the last layer's activation into
 * output_gradient. Overwrites gradients (if want_parameters) and input_gradient (if want_input), and also
 * the output gradient, whose memory it uses again; input_gradient stands until then. */
xd_status xdi_executor_backward(xdi_executor *executor, uint32_t batch, bool want_parameters,
                                bool want_input);
xd_slice xdi_executor_output_gradient(const xdi_executor *executor);
xd_slice xdi_executor_input_gradient(const xdi_executor *executor);

/* The parameter block on the backend and its gradients, block_count floats laid out as the network's. */
xd_slice xdi_executor_parameters(const xdi_executor *executor);
xd_slice xdi_executor_gradients(const xdi_executor *executor);

/* From now on layer `index`, one with XD_LAYER_SPECTRAL, counts its weights as weights / sigma (see xd_dense); 0: as
 * they are. */
void xdi_executor_normalise(xdi_executor *executor, uint32_t index, double sigma);

/* Copies the parameters of a network of the same layers to the backend. Inference executors keep prepared weights and
 * are never written. */
xd_status xdi_executor_write_parameters(xdi_executor *executor, const xd_network *from);

#endif
