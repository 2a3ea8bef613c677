#include "architectures/image_processor_fields.hpp"

#include <algorithm>
#include <nlohmann/json.hpp>

#include "checkpoint/config_file.hpp"
#include "core/json_text.hpp"
#include "core/open_file.hpp"

namespace blip {

bool is_on(const JsonFields& fields, const char* key, bool otherwise) {
  return !fields.is_null(key) && fields.boolean(key).value_or(otherwise);
}

void refuse_step(const JsonFields& fields, const char* key) {
  if (!fields.boolean(key).value_or(false)) return;
  fields.fail(key, "is not supported", ErrorCode::unsupported);
}

void read_channels(const JsonFields& fields, const char* key, JsonFields::FloatRange range,
                   std::array<float, 3>& channels) {
  const nlohmann::json* value = fields.find(key);
  if (value == nullptr) return;
  if (!value->is_array()) {
    channels.fill(static_cast<float>(fields.as_number(*value, key, range)));
    return;
  }
  if (value->size() != channels.size()) fields.fail(key, "must be 3 numbers");
  std::transform(value->begin(), value->end(), channels.begin(), [&](const nlohmann::json& item) {
    return static_cast<float>(fields.as_number(item, key, range));
  });
}

bool with_image_processor_fields(const std::filesystem::path& directory,
                                 const std::function<void(const JsonFields&)>& read) {
  const std::filesystem::path shared = directory / "processor_config.json";
  if (file_exists(shared)) {
    const nlohmann::json document =
        parse_json_object(read_text_file(shared, kMaxConfigBytes), shared.string());
    if (const auto fields = JsonFields(document, shared.string()).object("image_processor")) {
      read(*fields);
      return true;
    }
  }
  const std::filesystem::path own = directory / "preprocessor_config.json";
  if (!file_exists(own)) return false;
  const nlohmann::json document =
      parse_json_object(read_text_file(own, kMaxConfigBytes), own.string());
  read(JsonFields(document, own.string()));
  return true;
}

}  // namespace blip
