#include "architectures/config_limits.hpp"

#include <nlohmann/json.hpp>
#include <string>

namespace blip {

void require_even_heads(const JsonFields& fields, int hidden_size, int heads) {
  if (hidden_size % heads == 0) return;
  fields.fail("hidden_size", std::to_string(hidden_size) + " is not a multiple of the " +
                                 std::to_string(heads) + " num_attention_heads");
}

int read_square_size(const JsonFields& fields, const char* key, int fallback) {
  const nlohmann::json* value = fields.find(key);
  if (value == nullptr) return fallback;
  if (!value->is_array()) return fields.as_integer(*value, key, kPixelSizes);
  if (value->size() != 2) fields.fail(key, "must be a number or [height, width]");
  const int height = fields.as_integer((*value)[0], key, kPixelSizes);
  const int width = fields.as_integer((*value)[1], key, kPixelSizes);
  if (height != width) fields.fail(key, "must be square to be supported", ErrorCode::unsupported);
  return height;
}

void require_patches(const JsonFields& fields, int image_size, int patch_size) {
  if (image_size < patch_size) {
    fields.fail("image_size", std::to_string(image_size) + " is smaller than the patch_size " +
                                  std::to_string(patch_size));
  }
  if (fields.integer("num_channels", {1, 65'536}).value_or(3) != 3) {
    fields.fail("num_channels", "must be 3 to be supported", ErrorCode::unsupported);
  }
}

}  // namespace blip
