/* Position, networks and texts of a checkpoint: the model as far as it is. */
#ifndef XDI_TRAIN_CHECKPOINT_MODEL_H
#define XDI_TRAIN_CHECKPOINT_MODEL_H

#include "format/network_file.h"
#include "train/archive.h"
#include "train/training.h"

/* The chunks of a checkpoint, in order. */
enum {
  XDI_CHECKPOINT_FINGERPRINT,
  XDI_CHECKPOINT_POSITION,
  XDI_CHECKPOINT_REPORT,
  XDI_CHECKPOINT_TEXTS,
  XDI_CHECKPOINT_NETWORKS,
  XDI_CHECKPOINT_TENSORS,
  XDI_CHECKPOINT_DATA,
  XDI_CHECKPOINT_STATE,
  XDI_CHECKPOINT_CHUNKS
};

extern const uint32_t xdi_checkpoint_tags[XDI_CHECKPOINT_CHUNKS];

/* Where the training is. */
xd_status xdi_archive_position(xdi_position *at, xdi_archive *archive);

/* Lists the finished networks and the best of the mapping in progress, borrowed; their number. */
uint32_t xdi_checkpoint_roles(xdi_role roles[XDI_NETWORK_LIMIT], const xdi_training *training);

/* Names, classes and pairing, and how the VAEs came about as far as that is known. */
xd_status xdi_checkpoint_put_texts(const xdi_training *training, xdi_bytes *to);

/* Gives the training the networks of a file. */
xd_status xdi_checkpoint_get_parts(xdi_training *training, const xdi_container *container);

#endif
