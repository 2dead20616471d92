/* libxdomain: options, named numbers in.
 *
 * What shapes a network, a training or an evaluation is a set of named numbers. Each belongs to one
 * of these groups:
 *
 *   "vae"         an encoder, its decoder and how both are trained
 *   "mapping"     a latent generator, its pair discriminator and how both are trained
 *   "judge"       a judge and how it is trained
 *   "evaluation"  how a mapping is measured
 *   "train"       a whole training: numbers of its own, and those of two VAEs and two mappings
 *
 * An xd_options holds a value for every option of its group. It begins with the defaults; numbers
 * and texts change it; trainers, networks and schedules read it and keep nothing of it:
 *
 *   xd_options *options;
 *   xd_options_create(&options, context, "train");
 *   xd_options_apply_preset(options, context, "mnist");
 *   xd_options_set_number(options, context, "vae2.latent_dim", 64);
 *   xd_options_read(options, context, "steps = 4000  # of both mappings\nseed = 7\n");
 *
 * Names in the group "train": vae1.NAME and vae2.NAME are the options NAME of the VAEs of domains 1
 * and 2, mapping1.NAME those of the mapping from 1 to 2, mapping2.NAME those of the way back.
 * vae.NAME and mapping.NAME mean both. A bare NAME is the group's own option; else, where either
 * VAEs or mappings have an option of that name, both VAEs' or both mappings'; where VAEs and
 * mappings have it, it is refused with both names. The seed of a whole training is its own: the
 * scoped parts have none.
 *
 * Numbers are doubles: whole numbers up to 2^53, reals (used as float), switches 0 or 1, and
 * choices as the index of their name. As text a number has a decimal point in any locale, a switch
 * is 0 or 1, and a choice is its name.
 *
 * Options of another group than a call reads are XD_ERROR_INVALID_ARGUMENT everywhere.
 *
 * Threads: an xd_options belongs to no context. Any number of threads may read one that nobody
 * changes; what there is (the last part) may be asked from any thread. The context of a call only
 * receives the message; where a function says so it may be NULL. */
#ifndef XDOMAIN_OPTIONS_H
#define XDOMAIN_OPTIONS_H

#include <stddef.h>
#include <stdint.h>

#include "context.h"
#include "export.h"
#include "status.h"

XD_BEGIN_DECLS

/* A value for every option of one group. */
typedef struct xd_options xd_options;

/* ---- Making and changing ---- */

/* Makes the options of a group with their default values; the caller destroys *out.
 * XD_ERROR_NOT_FOUND: no such group. XD_ERROR_INVALID_ARGUMENT: a pointer is NULL.
 * XD_ERROR_OUT_OF_MEMORY. */
XD_API xd_status xd_options_create(xd_options **out, xd_context *context, const char *group);

/* Makes a copy; the caller destroys it. */
XD_API xd_status xd_options_clone(xd_options **out, xd_context *context, const xd_options *options);

/* Makes the options of one part of a whole training: `scope` is "vae1", "vae2", "mapping1" or
 * "mapping2", the result one of group "vae" or "mapping" with the values that `options` has there;
 * its seed is the default. The caller destroys it. XD_ERROR_NOT_FOUND: no such scope in the
 * group. */
XD_API xd_status xd_options_clone_scope(xd_options **out, xd_context *context,
                                        const xd_options *options, const char *scope);

/* NULL is legal. The options may be destroyed before or after their context. */
XD_API void xd_options_destroy(xd_options *options);

/* The group's name; "" of NULL. Borrowed, valid for good. */
XD_API const char *xd_options_group(const xd_options *options);

/* Sets one option (or two, by vae.NAME and the like); on failure none. The context may be NULL.
 * XD_ERROR_NOT_FOUND: no option of that name. XD_ERROR_INVALID_ARGUMENT: the name means several
 * options; or the value lies outside the option's range, is no whole number where one is needed, or
 * is not finite. The message names the option and its range. */
XD_API xd_status xd_options_set_number(xd_options *options, xd_context *context, const char *name,
                                       double number);

/* The same from text; blanks around it are passed over. XD_ERROR_INVALID_ARGUMENT also for a text
 * that is no number, that is digits alone which a double would round, as 2^53 + 1, or that is no
 * name of a choice. */
XD_API xd_status xd_options_set_text(xd_options *options, xd_context *context, const char *name,
                                     const char *text);

/* Gives one value; 0 on failure. XD_ERROR_INVALID_ARGUMENT also where the name means two options
 * (vae.NAME and the like) whose values differ. The context may be NULL. */
XD_API xd_status xd_options_get_number(const xd_options *options, xd_context *context, double *out,
                                       const char *name);

/* Room for any option's value as text, its final zero included. */
#define XD_OPTION_TEXT_SIZE 64

/* The same as text, in the fewest digits that read as the same number. XD_ERROR_TOO_LARGE: `size`
 * has no room for it; XD_OPTION_TEXT_SIZE always has. `to` is "" on failure, if it has room for
 * that. */
XD_API xd_status xd_options_get_text(const xd_options *options, xd_context *context, char *to,
                                     size_t size, const char *name);

/* ---- Texts and files ---- */

/* Reads assignments `name = value`, one or several on a line, with or without blanks around the
 * "=". What follows a "#" is a comment to the line's end. Later ones win. Either all of them are
 * taken or, on failure, none; the message names the line. XD_ERROR_BAD_DATA: the text is not made
 * of assignments. Otherwise as xd_options_set_text. The context may be NULL. */
XD_API xd_status xd_options_read(xd_options *options, xd_context *context, const char *text);

/* The same from a file of at most 1 MiB; the message names file and line. XD_ERROR_NOT_FOUND and
 * XD_ERROR_IO: the file cannot be read; XD_ERROR_BAD_DATA: it has a zero byte;
 * XD_ERROR_TOO_LARGE; XD_ERROR_CANCELLED. */
XD_API xd_status xd_options_load(xd_options *options, xd_context *context, const char *path);

/* Writes what differs from the defaults as a text that xd_options_read reads, one assignment a
 * line; "" where nothing differs. *length, where not NULL, receives its bytes without the final
 * zero, also when `to` is NULL (with size 0, to ask for the length). XD_ERROR_TOO_LARGE: `size` is
 * not more than *length; `to` is "" then. The context may be NULL. */
XD_API xd_status xd_options_write(const xd_options *options, xd_context *context, char *to,
                                  size_t size, size_t *length);

/* ---- Presets ---- */

/* The numbers in which a known experiment differs from the defaults, as a text that xd_options_read
 * reads: applying a preset sets what the text names and leaves the rest. Group "train" has
 *   mnist    digits to digits
 *   fashion  domain 1 MNIST, domain 2 Fashion-MNIST
 *   svhn     domain 1 SVHN in colour, domain 2 MNIST
 *   paper    the letter of arXiv 1805.10130
 *   quick    the defaults with a third of their steps
 *   best     the defaults with three times their steps
 * see docs/method.md; the other groups have none. XD_ERROR_NOT_FOUND: no such preset. The context
 * may be NULL. */
XD_API xd_status xd_options_apply_preset(xd_options *options, xd_context *context,
                                         const char *name);

/* ---- What there is ---- */

/* How an option's value is to be read. */
typedef uint32_t xd_option_kind;
enum {
  /* A whole number. */
  XD_OPTION_INTEGER = 1,
  /* Any number, used as float. */
  XD_OPTION_REAL = 2,
  /* 0 or 1. */
  XD_OPTION_SWITCH = 3,
  /* The index of one of the names in `unit`. */
  XD_OPTION_CHOICE = 4
};

/* One option of a group. Texts are borrowed and valid for good. */
typedef struct xd_option_info {
  /* sizeof(xd_option_info), set by the caller. */
  size_t struct_size;
  /* In group "train" with its scope: "vae.NAME" where each VAE has it, "mapping.NAME" likewise. */
  const char *name;
  /* What its number counts: "steps", "pixels", "" for a plain number. Of a choice, its names with
   * bars between them: "gaussian|bernoulli". */
  const char *unit;
  /* One line on what it does. */
  const char *help;
  /* The range, both ends included, and the default. */
  double least;
  double most;
  double initial;
  xd_option_kind kind;
  uint32_t reserved;
} xd_option_info;

#define XD_OPTION_INFO_INIT \
  { sizeof(xd_option_info), NULL, NULL, NULL, 0.0, 0.0, 0.0, 0, 0 }
/* Sets the same bytes as the macro, as far as a struct of struct_size bytes reaches. */
XD_API void xd_option_info_init(xd_option_info *info, size_t struct_size);

/* The groups' names, in order; NULL beyond the last. */
XD_API const char *xd_options_group_name(uint32_t index);

/* How many options a group has (each of vae.NAME and mapping.NAME once); 0 where there is no such
 * group. */
XD_API uint32_t xd_options_count(const char *group);

/* Describes option `index` of a group. XD_ERROR_NOT_FOUND: no such group, or beyond its last
 * option. XD_ERROR_INVALID_ARGUMENT: out is NULL or its struct_size wrong. The context may be
 * NULL. */
XD_API xd_status xd_options_describe(xd_context *context, xd_option_info *out, const char *group,
                                     uint32_t index);

/* The names of a group's presets, in order; NULL beyond the last. */
XD_API const char *xd_options_preset_name(const char *group, uint32_t index);

XD_END_DECLS

#endif
