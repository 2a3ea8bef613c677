#include "checkpoint/config_file.hpp"

#include <nlohmann/json.hpp>
#include <system_error>

#include "checkpoint/checkpoint.hpp"
#include "core/json_fields.hpp"
#include "core/open_file.hpp"

namespace blip {

std::string read_model_type(const JsonFields& fields) {
  return fields.string("model_type").value_or("");
}

std::string read_architecture(const JsonFields& fields) {
  const nlohmann::json* architectures = fields.find("architectures");
  if (architectures == nullptr) return {};
  const bool is_list = architectures->is_array();
  if (!is_list || (!architectures->empty() && !architectures->front().is_string())) {
    fields.fail("architectures", "must be a list of names");
  }
  return architectures->empty() ? std::string() : architectures->front().get<std::string>();
}

bool lacks_config(const std::filesystem::path& model) {
  std::error_code ignored;
  if (std::filesystem::is_regular_file(model, ignored)) return true;
  return !file_exists(model / kConfigFile) && find_weights(model).has_value();
}

}  // namespace blip
