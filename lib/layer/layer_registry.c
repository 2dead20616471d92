/* Which layers there are. A host's layer of the same tag wins over a built-in one; the host's tables were
 * checked, version and slots, when the context was created. */
#include "layer/layer_registry.h"

#include "layer/builtin.h"

static const xd_layer_table *const builtin_layers[] = {
    &xdi_dense_layer,      &xdi_conv2d_layer,   &xdi_conv_transpose2d_layer, &xdi_reshape_layer,
    &xdi_activation_layer, &xdi_dropout_layer,  &xdi_linear_skip_layer,      &xdi_window_normalise_layer,
    &xdi_group_norm_layer, &xdi_upsample_layer, &xdi_residual_add_layer,     &xdi_upsample_conv2d_layer,
};

const xd_layer_table *xd_layer_builtin(uint32_t tag) {
  for (size_t i = 0; i < sizeof builtin_layers / sizeof *builtin_layers; i++)
    if (builtin_layers[i]->tag == tag)
      return builtin_layers[i];
  return NULL;
}

void xdi_tag_text(uint32_t tag, char text[5]) {
  for (uint32_t i = 0; i < 4; i++) {
    const uint32_t character = tag >> (8 * i) & 0xFF;
    text[i] = character >= 0x20 && character < 0x7F ? (char)character : '?';
  }
  text[4] = '\0';
}

xd_status xdi_layer_find(xd_context *context, uint32_t tag, const xd_layer_table **out) {
  char text[5];
  xdi_tag_text(tag, text);
  *out = NULL;
  for (uint32_t i = 0; i < context->layer_count && !*out; i++)
    if (context->layers[i]->tag == tag)
      *out = context->layers[i];
  if (!*out)
    *out = xd_layer_builtin(tag);
  if (!*out)
    return xdi_fail(context, XD_ERROR_UNSUPPORTED, "there is no layer \"%s\" in this library or the context",
                    text);
  return XD_OK;
}
