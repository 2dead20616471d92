/* Every struct of the public headers that begins with its size: its type, its macro, and the last field that its
 * first version had. tests/sized_structs.sh holds the list to the headers.
 *
 * IN: a caller's, read; OUT: filled by the library. */
#ifndef XD_TESTS_SIZED_STRUCTS_H
#define XD_TESTS_SIZED_STRUCTS_H

#include "xdomain/unstable/mapping_trainer.h"
#include "xdomain/unstable/reduce.h"
#include "xdomain/xdomain.h"

#define SIZED_STRUCTS(ROW) \
  ROW(xd_allocator, XD_ALLOCATOR_INIT, release, IN) \
  ROW(xd_runner, XD_RUNNER_INIT, reserved, IN) \
  ROW(xd_generator_input, XD_GENERATOR_INPUT_INIT, name, IN) \
  ROW(xd_context_options, XD_CONTEXT_OPTIONS_INIT, should_stop_user, IN) \
  ROW(xd_dataset_options, XD_DATASET_OPTIONS_INIT, user, IN) \
  ROW(xd_dataset_selection, XD_DATASET_SELECTION_INIT, skip, IN) \
  ROW(xd_evaluation_input, XD_EVALUATION_INPUT_INIT, user, IN) \
  ROW(xd_image, XD_IMAGE_INIT, reserved, IN) \
  ROW(xd_mapping_batch, XD_MAPPING_BATCH_INIT, style_dim, IN) \
  ROW(xd_model_parts, XD_MODEL_PARTS_INIT, reserved, IN) \
  ROW(xd_picture_decoder, XD_PICTURE_DECODER_INIT, reserved, IN) \
  ROW(xd_save_options, XD_SAVE_OPTIONS_INIT, inference_only, IN) \
  ROW(xd_chunk, XD_CHUNK_INIT, reserved, OUT) \
  ROW(xd_file_info, XD_FILE_INFO_INIT, reserved, OUT) \
  ROW(xd_tensor, XD_TENSOR_INIT, layer, OUT) \
  ROW(xd_network_layers, XD_NETWORK_LAYERS_INIT, reserved, IN) \
  ROW(xd_option_info, XD_OPTION_INFO_INIT, reserved, OUT) \
  ROW(xd_source, XD_SOURCE_INIT, user, IN) \
  ROW(xd_sink, XD_SINK_INIT, user, IN) \
  ROW(xd_train_input, XD_TRAIN_INPUT_INIT, unlabelled, IN) \
  ROW(xd_run, XD_RUN_INIT, resume, IN) \
  ROW(xd_reduce, XD_REDUCE_INIT, ranks, IN) \
  ROW(xd_translator_options, XD_TRANSLATOR_OPTIONS_INIT, user, IN)

/* Filled by the library and handed to callbacks, never read: not probed. */
#define UNPROBED_STRUCTS "xd_progress"

#endif
