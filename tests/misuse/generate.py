#!/usr/bin/env python3
"""Writes calls of every function that the public headers declare: one with good arguments, then with each
pointer NULL and each number at its extremes, each time with the context cancelled and not.

usage: generate.py PROTOTYPES OUTPUT      PROTOTYPES as tests/prototypes.sh prints them

What is good stands in the tables below, by function and parameter, by type and parameter, or by type. A type that
is in none of them is an error: whoever adds one says here what a good value of it is. The names of C are those of
misuse.c.
"""

import re
import sys

# ---- what is good: expressions of C ----

# By function and parameter.
OF_PARAMETER = {
    ("xd_backend_builtin", "name"): '"reference"',
    ("xd_backend_library_open", "path"): '"nowhere.so"',
    ("xd_context_create", "options"): "f.context_options",
    ("xd_dataset_load", "spec"): "f.spec",
    ("xd_dataset_spec_path", "spec"): "f.spec",
    ("xd_dataset_spec_path", "size"): "4096",
    ("xd_dataset_load_folder", "path"): "f.picture_folder",
    ("xd_dataset_create_views", "images"): "f.inputs",
    ("xd_dataset_create_views", "name_count"): "2",
    ("xd_dataset_load_idx", "images"): "f.idx_path",
    ("xd_dataset_load_idx", "labels"): "NULL",
    ("xd_dataset_load_mat", "path"): '"nowhere.mat"',
    ("xd_train_recover", "checkpoint"): '"nowhere.xdk"',
    ("xd_dataset_split", "fraction"): "0.5",
    ("xd_encoder_create", "options"): "f.vae_options",
    ("xd_evaluate", "options"): "NULL",
    ("xd_decoder_create", "options"): "f.vae_options",
    ("xd_decoder_create_layers", "layers"): "&f.decoder_layers",
    ("xd_has_feature", "name"): '"gzip"',
    ("xd_image_crop", "to"): "scratch_view()",
    ("xd_image_orient", "to"): "scratch_view()",
    ("xd_image_orient", "orientation"): "6",
    ("xd_image_save_png", "path"): "f.out_path",
    ("xd_judge_accuracy", "set"): "f.target_set",
    ("xd_judge_create", "options"): "f.judge_options",
    ("xd_judge_load", "path"): "f.judge_path",
    ("xd_judge_load_source", "source"): "&f.judge_source",
    ("xd_judge_save", "path"): "f.out_path",
    ("xd_judge_train", "options"): "f.judge_options",
    ("xd_judge_trainer_create", "options"): "f.judge_options",
    ("xd_latent_generator_create", "options"): "f.mapping_options",
    ("xd_layer_builtin", "tag"): "XD_TAG('D', 'N', 'S', 'E')",
    ("xd_mapping_trainer_create", "options"): "f.mapping_options",
    ("xd_model_property", "key"): '"train.seed"',
    ("xd_model_save", "path"): "f.out_path",
    ("xd_network_get", "name"): "f.tensor.name",
    ("xd_network_get", "count"): "f.tensor.count",
    ("xd_network_set", "name"): "f.tensor.name",
    ("xd_network_set", "count"): "f.tensor.count",
    ("xd_options_apply_preset", "name"): '"mnist"',
    ("xd_options_apply_preset", "options"): "f.train_options",
    ("xd_options_clone_scope", "options"): "f.train_options",
    ("xd_options_load", "path"): "f.options_path",
    ("xd_options_preset_name", "group"): '"train"',
    ("xd_options_preset_text", "group"): '"train"',
    ("xd_options_preset_text", "name"): '"mnist"',
    ("xd_options_read", "text"): '"latent_dim = 3"',
    ("xd_options_set_number", "number"): "3",
    ("xd_options_set_text", "text"): '"3"',
    ("xd_pair_discriminator_create", "options"): "f.mapping_options",
    ("xd_pair_discriminator_create_layers", "layers"): "&f.discriminator_layers",
    ("xd_pairing_create", "text"): '"0:0,1:1"',
    ("xd_pairing_create_named", "text"): '"0:0,1:1"',
    ("xd_picture_load", "path"): "f.picture_path",
    ("xd_picture_load_source", "source"): "&f.picture_source",
    ("xd_train", "options"): "f.train_options",
    ("xd_train_steps", "options"): "f.train_options",
    ("xd_train_vae", "options"): "f.vae_options",
    ("xd_map", "options"): "f.train_options",
    ("xd_train_generator", "options"): "f.mapping_options",
    ("xd_vae_trainer_create", "options"): "f.vae_options",
    ("xd_values_find", "name"): '"loss"',
    ("xd_fit_from_name", "name"): '"pad"',
    ("xd_direction_from_name", "name"): '"1to2"',
    ("xd_image_convert", "to"): "&f.target",
    ("xd_image_fit", "to"): "&f.target",
    ("xd_image_from_floats", "to"): "&f.target",
    ("xd_image_resize", "to"): "&f.target",
    ("xd_translator_run", "outputs"): "f.outputs",
    ("xd_translator_run", "inputs"): "f.inputs",
    ("xd_translator_encode", "inputs"): "f.inputs",
    ("xd_translator_decode", "outputs"): "f.outputs",
    ("xd_vae_trainer_create", "encoder"): "NULL",
    ("xd_vae_trainer_create", "decoder"): "NULL",
    ("xd_mapping_trainer_create", "generator"): "NULL",
    ("xd_mapping_trainer_create", "discriminator"): "NULL",
    ("xd_judge_trainer_create", "judge"): "NULL",
}

# By type and name of the parameter.
OF_TYPE_AND_NAME = {
    ("const char *", "group"): '"vae"',
    ("const char *", "name"): '"latent_dim"',
    ("const char *", "path"): "f.model_path",
    ("const char *", "scope"): '"vae1"',
    ("float *", "to"): "area()",
    ("uint32_t", "count"): "2",
    ("uint32_t", "count1"): "2",
    ("uint32_t", "count2"): "2",
    ("uint32_t", "domain"): "1",
    ("uint32_t", "index"): "0",
    ("uint32_t", "channels"): "1",
    ("uint32_t", "width"): "4",
    ("uint32_t", "height"): "4",
    ("uint32_t", "capacity"): "2",
    ("uint32_t", "threads"): "2",
    ("size_t", "struct_size"): "sizeof(%s)",  # of the first parameter's type
}

# By type alone.
OF_TYPE = {
    "char *": "text_area()",
    "const char *const *": "f.names",
    "const char *": '"text"',
    "double": "0.5",
    "double *": "area()",
    "float": "0.5f",
    "float *": "area()",
    "const float *": "area()",
    "size_t": "64",
    "size_t *": "area()",
    "uint32_t": "1",
    "uint32_t *": "area()",
    "const uint32_t *": "area()",
    "uint64_t": "1",
    "uint64_t *": "area()",
    "uint8_t *": "area()",
    "const uint8_t *": "area()",
    "void *": "NULL",
    "xd_backend **": "&out.backend",
    "xd_backend_library *": "NULL",
    "const xd_backend_library *": "NULL",
    "xd_chunk *": "chunks()",
    "xd_context *": "f.context",
    "const xd_generator_input *": "&f.generator_input",
    "const xd_context_options *": "f.context_options",
    "const xd_dataset *const *": "f.sets",
    "const xd_dataset_options *": "&f.dataset_options",
    "const xd_dataset_selection *": "&f.selection",
    "xd_direction": "XD_DIRECTION_1TO2",
    "const xd_evaluation_input *": "&f.evaluation_input",
    "xd_file_info *": "file_info()",
    "xd_fit": "XD_FIT_STRETCH",
    "xd_image *": "scratch_view()",
    "const xd_image *": "&f.image",
    "xd_layer_spec *": "area()",
    "xd_layout": "XD_LAYOUT_RGB",
    "xd_left_out": "XD_LEFT_OUT_BAD",
    "const xd_mapping_batch *": "&f.mapping_batch",
    "const xd_model_parts *": "&f.parts",
    "const xd_network_layers *": "&f.layers",
    "xd_option_info *": "option_info()",
    "xd_sample": "XD_SAMPLE_U8",
    "xd_progress_callback": "NULL",
    "const xd_save_options *": "&f.save_options",
    "xd_direction *": "area()",
    "xd_fit *": "area()",
    "xd_rectangle *": "area()",
    "xd_shape *": "area()",
    "xd_sink *": "sink()",
    "const xd_sink *": "&f.sink",
    "xd_source *": "source()",
    "const xd_source *": "&f.model_source",
    "xd_stage": "XD_STAGE_CODES",
    "xd_status": "XD_ERROR_IO",
    "xd_tensor *": "tensor()",
    "const xd_train_input *": "&f.train_input",
    "const xd_run *": "&f.run",
    "const xd_translator_options *": "&f.translator_options",
    "const xd_allocator *": "NULL",
    "const xd_reduce *": "NULL",
}

# Handles, in and out: what is in the fixture, and how one that was made goes.
HANDLES = {
    "xd_backend_library": "close",
    "xd_blob": "destroy",
    "xd_context": "destroy",
    "xd_dataset": "release",
    "xd_decoder": "release",
    "xd_encoder": "release",
    "xd_judge": "release",
    "xd_judge_trainer": "destroy",
    "xd_latent_generator": "release",
    "xd_mapping_trainer": "destroy",
    "xd_model": "release",
    "xd_network": None,
    "xd_options": "destroy",
    "xd_pair_discriminator": "release",
    "xd_pairing": "release",
    "xd_picture": "destroy",
    "xd_pool": "release",
    "xd_translator": "destroy",
    "xd_vae_trainer": "destroy",
    "xd_values": "destroy",
}

# Who takes one of these has a context to say why it failed.
HEARD = {"f.context", "f.translator", "f.vae_trainer", "f.mapping_trainer", "f.judge_trainer"}

# ---- what is bad ----

EXTREMES = {
    "uint32_t": ["0", "1", "2", "3", "255", "256", "257", "65535", "65536", "0x7FFFFFFFu", "0x80000000u",
                 "0xFFFFFFFEu", "UINT32_MAX"],
    "uint64_t": ["0", "1", "UINT32_MAX", "UINT64_MAX"],
    "size_t": ["0", "1", "7", "8", "4096", "4104", "UINT32_MAX", "SIZE_MAX / 2", "SIZE_MAX"],
    "double": ["0", "-0.0", "-1", "1", "1e300", "-1e300", "NAN", "INFINITY", "-INFINITY"],
    "float": ["0", "-0.0f", "-1", "1", "1e38f", "-1e38f", "NAN", "INFINITY", "-INFINITY"],
    "xd_status": ["0", "-1", "-14", "-15", "1", "INT32_MAX", "INT32_MIN"],
}
TEXTS = ['""', "f.long_text", '"\\xFF\\xFE\\n\\x1B[2J"', '"%s%n%d"']
# A struct whose size was forgotten.
FORGOTTEN = "zeros()"

# Numbers that say how much memory lies behind a pointer: what is beyond it would be the caller's fault alone,
# unless the call stops before it looks. So only a cancelled call is given them, and what cannot be cancelled is not.
COUNTS = {"count", "count1", "count2", "rows", "columns", "latent_dim"}
SMALL = {"0", "1", "2", "3"}
NEVER_CANCELLED = {
    ("xd_latent_noise", "count"), ("xd_latent_noise", "latent_dim"),
    # The array is looked at whole before anything is done.
    ("xd_dataset_create", "count"), ("xd_dataset_join", "count"), ("xd_dataset_read", "count"),
    ("xd_dataset_read_bytes", "count"), ("xd_dataset_read_labels", "count"),
    ("xd_dataset_match_classes", "count"), ("xd_dataset_check_classes", "count"), ("xd_dataset_classify_files", "count"),
    ("xd_dataset_create_views", "count"), ("xd_dataset_create_views", "name_count"),
    ("xd_dataset_with_class_names", "count"), ("xd_judge_with_class_names", "count"), ("xd_pairing_create_named", "count1"),
    ("xd_pairing_create_named", "count2"),
    ("xd_translator_run", "count"), ("xd_translator_encode", "count"), ("xd_translator_decode", "count"),
    ("xd_picture_create_sheet", "columns"), ("xd_picture_create_sheet", "rows"),
    ("xd_picture_create_sheet", "width"), ("xd_picture_create_sheet", "height"),
    ("xd_dataset_create", "width"), ("xd_dataset_create", "height"),
}
# How much a caller's buffer holds: more than it does would be a lie.
ROOMS = {("xd_dataset_spec_path", "size"), ("xd_options_write", "size"), ("xd_options_get_text", "size"), ("xd_backend_library_open", "why_size")}
# What is good is refused all the same, as what it names is not there.
REFUSED = {"xd_backend_library_open", "xd_dataset_load_mat", "xd_dataset_pair_files", "xd_train_recover", "xd_values_find"}
# Whole trainings: only cancelled.
LONG = {"xd_train", "xd_map", "xd_train_generator", "xd_train_vae", "xd_judge_train"}


def parse(line):
    match = re.match(r"(.*[ *])(xd_\w+) ?\((.*)\)$", line.strip())
    result, name, rest = match.group(1).strip(), match.group(2), match.group(3)
    parameters = []
    for text in [] if rest == "void" else rest.split(","):
        part = re.match(r"(.*?[ *])(\w+)$", text.strip())
        parameters.append((re.sub(r"\s*(\*+)", r" \1", part.group(1)).strip(), part.group(2)))
    return result, name, parameters


def plain(kind):
    return kind.replace("const ", "").replace("*", "").strip()


def is_out_handle(kind):
    return kind.endswith("**") and plain(kind) in HANDLES and not kind.startswith("const")


def is_number(kind):
    return "*" not in kind and not kind.endswith("callback")


def good(function, kind, name, parameters):
    if (function, name) in OF_PARAMETER:
        return OF_PARAMETER[function, name]
    if (kind, name) in OF_TYPE_AND_NAME:
        value = OF_TYPE_AND_NAME[kind, name]
        return value % plain(parameters[0][0]) if "%s" in value else value
    if function.endswith("_init") and (kind, name) == parameters[0]:
        return "area()"
    if is_out_handle(kind):
        return "&out.%s" % plain(kind)[3:] + ("2" if name in ("part",) else "")
    if kind in OF_TYPE:
        return OF_TYPE[kind]
    if kind.count("*") == 1 and plain(kind) in HANDLES:
        return "f.%s" % plain(kind)[3:]
    sys.exit("generate.py: %s: no good value is known for '%s %s': say one in its tables" % (function, kind, name))


def extremes(kind):
    return EXTREMES.get(kind, EXTREMES["uint32_t"])


# Pairs of an argument and whether it may go to a call that is not cancelled.
def bad(function, kind, name):
    if kind == "const char *":
        return [("NULL", True)] + [(text, True) for text in TEXTS]
    if not is_number(kind):
        values = [("NULL", True)]
        if kind.count("*") == 1 and plain(kind) not in HANDLES and re.match(r"(const )?xd_", kind):
            if plain(kind) not in ("xd_shape", "xd_rectangle", "xd_layer_spec", "xd_fit", "xd_direction"):
                values.append((FORGOTTEN, True))
        return values
    if (function, name) in ROOMS:
        return [("0", True), ("1", True), ("7", True)]
    lying = name in COUNTS or (function, name) in NEVER_CANCELLED
    return [(value, not lying or value in SMALL) for value in extremes(kind)
            if (function, name) not in NEVER_CANCELLED or value in SMALL]


def call(function, result, arguments, parameters, cancelled, is_good=False):
    lines = ["  BEGIN(%s, %s);" % (quote("%s(%s)" % (function, ", ".join(arguments))), "true" if cancelled else "false")]
    text = "%s(%s)" % (function, ", ".join(arguments))
    outs = [argument[1:] for argument, (kind, _) in zip(arguments, parameters)
            if is_out_handle(kind) and argument != "NULL"]
    if result == "xd_status":
        lines.append("  const xd_status status = %s;" % text)
        for out in outs:
            lines.append("  CHECK_NULL_UNLESS_OK(status, %s);" % out)
        heard = any(argument in HEARD for argument in arguments)
        lines.append("  CHECK_STATUS(status, %s);" % ("true" if heard else "false"))
        if is_good:
            lines.append("  CHECK_OK(status);")
    elif function.endswith("_retain"):
        lines.append("  %s_release(%s);" % (function[: -len("_retain")], text))
    else:
        lines.append("  (void)%s;" % text if result != "void" else "  %s;" % text)
    for out, (kind, _) in zip(outs, [p for a, p in zip(arguments, parameters) if is_out_handle(p[0]) and a != "NULL"]):
        lines.append("  %s_%s(%s);" % (plain(kind), HANDLES[plain(kind)], out))
        lines.append("  %s = NULL;" % out)
    lines.append("  END();")
    return "{\n%s\n}" % "\n".join(lines)


def quote(text):
    return '"%s"' % text.replace("\\", "\\\\").replace('"', '\\"')


# What ends a handle's life gets none.
def is_end(function, parameters):
    return re.search(r"_(destroy|release|close)$", function) and len(parameters) == 1


def calls(function, result, parameters):
    base = [good(function, kind, name, parameters) for kind, name in parameters]
    if is_end(function, parameters):
        yield call(function, result, ["NULL"], parameters, False)
        return
    for cancelled in (False, True):
        if cancelled or function not in LONG:
            yield call(function, result, base, parameters, cancelled, not cancelled and function not in REFUSED)
        for place, (kind, name) in enumerate(parameters):
            for value, honest in bad(function, kind, name):
                if value == base[place] or (not cancelled and (not honest or function in LONG)):
                    continue
                arguments = list(base)
                arguments[place] = value
                yield call(function, result, arguments, parameters, cancelled)


def main():
    functions = [parse(line) for line in open(sys.argv[1]) if line.strip()]
    with open(sys.argv[2], "w") as to:
        to.write("/* Written by generate.py. */\n")
        for result, function, parameters in functions:
            to.write("static void misuse_%s(void) {\n" % function)
            for text in calls(function, result, parameters):
                to.write(text + "\n")
            to.write("}\n\n")
        to.write("static const misuse functions[] = {\n")
        for _, function, _ in functions:
            to.write("{%s, misuse_%s},\n" % (quote(function), function))
        to.write("};\n")


main()
