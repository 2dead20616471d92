/* libxdomain: the model, both VAEs and the mapping networks together.
 *
 * A model is immutable and reference-counted; any number of threads and contexts
 * share one. It needs no mapping: VAEs alone are a valid model, and giving a model a
 * mapping makes a new model that shares its VAEs (the method's point: a mapping is
 * trained in minutes and never touches a VAE).
 *
 * Domain 1 may hold conditions instead of pictures: a class's label or any vector, from which G1
 * makes codes of domain 2 (xd_train_generator trains it). Such a model has no encoder and no
 * decoder of domain 1, and no way back; xd_model_latent_dim of domain 1 is the length of a
 * condition, and its class names are those of the labels, at most as many as a condition has
 * values. A translator's xd_translator_generate and xd_translator_decode make pictures with it.
 *
 * Files (.xdm) are specified in docs/model-format.md. */
#ifndef XDOMAIN_MODEL_H
#define XDOMAIN_MODEL_H

#include "decoder.h"
#include "encoder.h"
#include "latent_generator.h"
#include "pair_discriminator.h"
#include "stream.h"

XD_BEGIN_DECLS

/* Two domains' VAEs and what maps between them. */
typedef struct xd_model xd_model;

/* Which way a mapping goes. */
typedef uint32_t xd_direction;
enum {
  /* a picture of domain 1 becomes one of domain 2: f1, G1, g2; judged by D2 */
  XD_DIRECTION_1TO2 = 1,
  /* the way back: f2, G2, g1; judged by D1 */
  XD_DIRECTION_2TO1 = 2
};

/* "1to2" or "2to1"; "" of what is none. Callable from any thread. */
XD_API const char *xd_direction_name(xd_direction direction);

/* The direction of that name. XD_ERROR_NOT_FOUND: there is none, and *out is left alone;
 * XD_ERROR_INVALID_ARGUMENT. Callable from any thread. */
XD_API xd_status xd_direction_from_name(xd_direction *out, const char *name);

/* What a model is made of. All parts are borrowed during the call; the model becomes a further
 * owner of the networks, which are frozen by it. Texts are copied. */
typedef struct xd_model_parts {
  /* sizeof(xd_model_parts) */
  size_t struct_size;
  /* required, but for conditions; [0] is domain 1 */
  const xd_encoder *encoder[2];
  /* required where there is an encoder */
  const xd_decoder *decoder[2];
  /* [0] is G1 (1 to 2), [1] is G2 (2 to 1); each may be NULL */
  const xd_latent_generator *generator[2];
  /* [0] is D1, [1] is D2; each may be NULL */
  const xd_pair_discriminator *discriminator[2];
  /* the domains' names, or NULL */
  const char *name[2];
  /* as in xd_pairing_create, or NULL */
  const char *pairing;
  /* class_count[i] names, or NULL */
  const char *const *class_names[2];
  uint32_t class_count[2];
  /* key, value, key, value...: how the model came about */
  const char *const *properties;
  /* pairs */
  uint32_t property_count;
  /* 0 */
  uint32_t reserved;
} xd_model_parts;

#define XD_MODEL_PARTS_INIT \
  { \
    sizeof(xd_model_parts), {NULL, NULL}, {NULL, NULL}, {NULL, NULL}, {NULL, NULL}, {NULL, NULL}, \
        NULL, {NULL, NULL}, {0, 0}, NULL, 0, 0 \
  }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_model_parts_init(xd_model_parts *parts, size_t struct_size);

/* Makes a model of networks and texts; the networks are frozen when it succeeds. The caller owns
 * *out. XD_ERROR_SHAPE_MISMATCH names the two parts that do not fit, or says that there are more
 * class names than a condition has values; XD_ERROR_INVALID_ARGUMENT (an encoder or decoder is
 * missing; of conditions, there is no G1, or a G2 or D1; a text is NULL or no UTF-8; a property's
 * key stands twice), XD_ERROR_TOO_LARGE (too many or too long texts), XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_model_create(xd_model **out, xd_context *context, const xd_model_parts *parts);

/* A model with the VAEs of `model` and other mapping networks: of `parts` only generator,
 * discriminator, pairing and properties are read (a property of the same key replaces the old one).
 * A NULL generator drops that direction. */
XD_API xd_status xd_model_with_mapping(xd_model **out, xd_context *context, const xd_model *model,
                                       const xd_model_parts *parts);

/* One more owner; returns the model. Callable from any thread; NULL is legal. */
XD_API xd_model *xd_model_retain(const xd_model *model);
/* One owner less; NULL is legal. */
XD_API void xd_model_release(const xd_model *model);

/* The encoder of a domain, 1 or 2, borrowed for the life of the model (retain it to keep it
 * longer). NULL of NULL and for another number; so are the other parts, and those that are not
 * there. */
XD_API const xd_encoder *xd_model_encoder(const xd_model *model, uint32_t domain);

/* The decoder of a domain; likewise. */
XD_API const xd_decoder *xd_model_decoder(const xd_model *model, uint32_t domain);

/* The generator of a direction, G1 or G2; likewise. */
XD_API const xd_latent_generator *xd_model_generator(const xd_model *model, xd_direction direction);

/* The discriminator of a domain's codes, D1 or D2; likewise. */
XD_API const xd_pair_discriminator *xd_model_discriminator(const xd_model *model, uint32_t domain);

/* The shape of a domain's pictures; zeros of conditions, of NULL and of another number than 1 and
 * 2. */
XD_API void xd_model_picture_shape(const xd_model *model, uint32_t domain, xd_shape *out);

/* The size of a domain's codes, or of its conditions; 0 of NULL and of another number than 1 and
 * 2. */
XD_API uint32_t xd_model_latent_dim(const xd_model *model, uint32_t domain);
/* A domain's name, borrowed; "" if it has none. */
XD_API const char *xd_model_name(const xd_model *model, uint32_t domain);
/* The pairing that it was made with, as xd_pairing_create takes it, borrowed; "" if it has none. */
XD_API const char *xd_model_pairing(const xd_model *model);

/* How many class names a domain has; 0 where it has none. */
XD_API uint32_t xd_model_class_count(const xd_model *model, uint32_t domain);
/* The name of a class of a domain, borrowed; "" beyond the last. */
XD_API const char *xd_model_class_name(const xd_model *model, uint32_t domain, uint32_t label);

/* How many properties it has: texts on how it came about, each under a key. docs/model-format.md
 * lists those of trainings. */
XD_API uint32_t xd_model_property_count(const xd_model *model);
/* The key of a property, in the order of the file, borrowed; NULL beyond the last. */
XD_API const char *xd_model_property_key(const xd_model *model, uint32_t index);
/* The value under a key, borrowed; NULL where there is none. */
XD_API const char *xd_model_property(const xd_model *model, const char *key);

/* How a model is written. */
typedef struct xd_save_options {
  /* sizeof(xd_save_options) */
  size_t struct_size;
  /* 1: weights as f16 (half the size); biases stay f32 [0] */
  uint32_t half;
  /* 1: without the discriminators [0] */
  uint32_t inference_only;
  /* 1: weights as bytes with a scale for each output channel (a quarter of the size), each to the
   * nearest of 255 values; biases stay f32; not with half [0] */
  uint32_t int8;
  /* 0 */
  uint32_t reserved;
} xd_save_options;

#define XD_SAVE_OPTIONS_INIT \
  { sizeof(xd_save_options), 0, 0, 0, 0 }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_save_options_init(xd_save_options *options, size_t struct_size);

/* Writes the model to a path, through a temporary file, sync and rename: a crash leaves the old
 * file or the new one; or to a sink (stream.h), in one piece, and then what the sink took before a
 * failure is worth nothing. The same model gives the same bytes, whatever the road. NULL options
 * are the defaults. The whole file is composed in memory first. XD_ERROR_INVALID_ARGUMENT (NULL, a
 * switch that is neither 0 nor 1, half and int8), XD_ERROR_IO, XD_ERROR_NOT_FOUND (no such folder),
 * XD_ERROR_NUMERIC (f16: a weight is beyond its range), XD_ERROR_TOO_LARGE (over 1 GiB),
 * XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_model_save(const xd_model *model, xd_context *context, const char *path,
                               const xd_save_options *options);

/* The same into a sink (stream.h). */
XD_API xd_status xd_model_save_sink(const xd_model *model, xd_context *context, const xd_sink *sink,
                                    const xd_save_options *options);

/* Reads a model whole, from a path or from a source (stream.h); nothing stays open, mapped or
 * borrowed. What a source's function gives is gathered in memory first: a model then needs twice
 * its size while it loads. The file is checked before it is believed: XD_ERROR_NOT_FOUND,
 * XD_ERROR_IO, XD_ERROR_BAD_DATA (not a model, damaged, inconsistent), XD_ERROR_TRUNCATED,
 * XD_ERROR_VERSION_TOO_NEW (a newer major version), XD_ERROR_UNSUPPORTED (a required chunk or layer
 * this library does not know), XD_ERROR_TOO_LARGE (also networks that cost more than the context
 * allows), XD_ERROR_CANCELLED, XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_model_load(xd_model **out, xd_context *context, const char *path);

/* The same from a source (stream.h). */
XD_API xd_status xd_model_load_source(xd_model **out, xd_context *context, const xd_source *source);

/* What lies in a model or judge file, without loading it. */
typedef struct xd_chunk {
  /* sizeof(xd_chunk), set by the caller */
  size_t struct_size;
  /* four characters and zeros */
  char tag[8];
  uint32_t version;
  /* 1: a reader that does not know it must refuse the file */
  uint32_t required;
  uint64_t offset, length;
  /* XXH3-64 as stored */
  uint64_t checksum;
  /* 1: the contents have that checksum */
  uint32_t intact;
  uint32_t reserved;
} xd_chunk;

#define XD_CHUNK_INIT \
  { sizeof(xd_chunk), {0}, 0, 0, 0, 0, 0, 0, 0 }
/* Sets the same bytes as the macro. */
XD_API void xd_chunk_init(xd_chunk *chunk, size_t struct_size);

/* What xd_file_inspect tells. */
typedef struct xd_file_info {
  /* sizeof(xd_file_info), set by the caller */
  size_t struct_size;
  /* "model", "judge", "checkpoint" or "unknown" */
  char kind[16];
  uint32_t major, minor;
  uint64_t size;
  uint32_t chunk_count;
  uint32_t reserved;
} xd_file_info;

#define XD_FILE_INFO_INIT \
  { sizeof(xd_file_info), {0}, 0, 0, 0, 0, 0 }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_file_info_init(xd_file_info *info, size_t struct_size);

/* Fills *info and the first `capacity` of chunks (may be NULL with 0), whose elements all have the
 * struct_size that the first one states. A damaged chunk is reported by `intact`, a damaged header
 * by the status, as in xd_model_load; XD_ERROR_CANCELLED. */
XD_API xd_status xd_file_inspect(xd_context *context, xd_file_info *info, xd_chunk *chunks,
                                 uint32_t capacity, const char *path);

/* The same from a source (stream.h). */
XD_API xd_status xd_file_inspect_source(xd_context *context, xd_file_info *info, xd_chunk *chunks,
                                        uint32_t capacity, const xd_source *source);

/* Everything that can be checked of a model or judge file: checksums, those of unknown chunks
 * too, structure, and that it loads; of a checkpoint its checksums. Errors as of xd_model_load
 * and xd_judge_load. */
XD_API xd_status xd_file_verify(xd_context *context, const char *path);

/* The same from a source (stream.h). */
XD_API xd_status xd_file_verify_source(xd_context *context, const xd_source *source);

XD_END_DECLS

#endif
