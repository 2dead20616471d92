/* libxdomain: turns a picture of one domain into a picture of another.
 *
 * A tour, from the simplest use to the deepest:
 *
 *   status.h, context.h    what calls answer; one thread's runtime
 *   model.h, translator.h  load a model file, translate pictures      <- most programs need no more
 *   image.h                views on the host's pixels; load, save, resize
 *   stream.h               memory and functions of the host's in the place of files
 *   dataset.h, train.h     labelled pictures, pairings; whole trainings
 *   run.h                  watching, stopping and resuming what trains
 *   judge.h, evaluation.h  the judge, and the measures acc, div, ediv, FD
 *   encoder.h, decoder.h, latent_generator.h, pair_discriminator.h, network.h   the parts by hand
 *   options.h, values.h    named numbers in, which shape networks and trainings, and out
 *   progress.h             what long calls tell of themselves
 *   xdomain.hpp            all this for C++17, in classes that own what they hold
 * Outside the promise of docs/abi.md, and not included here:
 *   sys/backend.h, sys/layer.h   tables for plug-ins, which have versions of their own
 *   unstable/                    what may change with a minor version: single steps of training,
 *                                prices of networks, texts of presets and sets, MATLAB files,
 *                                contact sheets
 *
 * Translate one picture:
 *
 *   xd_context *context;
 *   xd_model *model = NULL;
 *   xd_translator *translator = NULL;
 *   if (xd_context_create(&context, NULL)) return 1;
 *   if (xd_model_load(&model, context, "digits.xdm") ||
 *       xd_translator_create(&translator, context, model, NULL) ||
 *       xd_translator_run(translator, &output, NULL, &input, 1))
 *     report(xd_context_message(context));
 *   xd_translator_destroy(translator);
 *   xd_model_release(model);
 *   xd_context_destroy(context);
 *
 * Conventions, everywhere:
 * - Functions that can fail return xd_status. A handle that is created comes back through the
 *   first parameter, or right after the trainer that made it, NULL on failure. Releasing or
 *   destroying NULL is legal.
 * - create, load, select, retain: the caller owns the result. Other pointers that come back are
 *   borrowed, and live as long as what they came from, unless it is stated otherwise.
 * - What asks takes NULL and answers as of nothing, 0, "", NULL or zeros, where it is not stated
 *   otherwise; retaining NULL gives NULL.
 * - Text is UTF-8 and ends in a zero; paths go to the system as they are.
 * - Memory of the caller's that a call writes to overlaps nothing else that it is given, unless it
 *   is stated otherwise (image.h: views may be worked on in place).
 * - Networks, models, judges, datasets, pairings and pools are shared by any number of threads;
 *   what asks about them, retains or releases them is callable from any thread.
 * - Callbacks return to the library: no exception and no longjmp passes through it. Of their
 *   context they may ask for the message and cancel; they make no other calls on it.
 * - Reserved fields are 0, and others are refused where they are read.
 * - The order of parameters is: the handle (or the place for the one that is created), the
 *   context, outputs, inputs, counts, options. Sizes are width, height, channels, in this order.
 * - Structs that may grow start with struct_size; initialise them with the _INIT macro, or with
 *   the function and the size that the program was built with:
 *   xd_save_options_init(&options, sizeof options). NULL in place of options, structs or
 *   xd_options, means the defaults, where these are enough (not for sizes that must be given).
 * - Numbers that shape networks and trainings lie in an xd_options, by name; losses and measures
 *   come back in an xd_values, by name.
 * - Tensors are float32, [batch][height][width][channels] for pictures in 0..1 and
 *   [batch][latent_dim] for codes.
 * - The library never prints, exits or aborts, has no mutable globals, and never changes the
 *   floating-point mode or OpenBLAS's settings. */
#ifndef XDOMAIN_XDOMAIN_H
#define XDOMAIN_XDOMAIN_H

#include "context.h"
#include "dataset.h"
#include "decoder.h"
#include "encoder.h"
#include "evaluation.h"
#include "export.h"
#include "image.h"
#include "judge.h"
#include "latent_generator.h"
#include "model.h"
#include "network.h"
#include "options.h"
#include "pair_discriminator.h"
#include "progress.h"
#include "run.h"
#include "shape.h"
#include "status.h"
#include "stream.h"
#include "train.h"
#include "translator.h"
#include "values.h"
#include "version.h"

#endif
