/* A critic of a picture's patches (PatchGAN, arXiv 1611.07004): it learns to tell real pictures from a decoder's, and its
 * gradient tells the decoder what gives it away, blur above all. */
#ifndef XDI_TRAIN_CRITIC_H
#define XDI_TRAIN_CRITIC_H

#include "train/archive.h"
#include "xdomain/shape.h"

typedef struct xdi_critic xdi_critic;

/* For batches of `parts` parts of up to `rows` pictures of that shape. */
xd_status xdi_critic_open(xdi_critic **out, xd_context *context, xd_shape picture, uint32_t rows,
                          uint32_t parts, uint64_t seed);
void xdi_critic_close(xdi_critic *critic); /* NULL is legal */

/* Takes a part of a batch in, `count` real and as many drawn pictures on the device. */
xd_status xdi_critic_see(xdi_critic *critic, uint32_t part, xd_slice real, xd_slice drawn, uint32_t count);

/* One update on the parts that it has seen. *loss gets the mean over their patches of softplus(-real) +
 * softplus(drawn), which is 2 log 2 where it cannot tell them apart. */
xd_status xdi_critic_learn(xdi_critic *critic, double *loss, float learning_rate);

/* gradient[count][picture], host memory: of the drawn pictures' mean softplus(-critic). */
xd_status xdi_critic_blame(xdi_critic *critic, float *gradient, xd_slice drawn, uint32_t count);

void xdi_critic_archive(xdi_critic *critic, xdi_archive *archive);

#endif
