#include "checkpoint/config_file.hpp"

#include <nlohmann/json.hpp>

#include "checkpoint/checkpoint.hpp"
#include "core/json_fields.hpp"
#include "core/open_file.hpp"

namespace blip {

std::string read_architecture(const JsonFields& fields) {
  const nlohmann::json* architectures = fields.find("architectures");
  if (architectures == nullptr) return {};
  const bool is_list = architectures->is_array();
  if (!is_list || (!architectures->empty() && !architectures->front().is_string())) {
    fields.fail("architectures", "must be a list of names");
  }
  return architectures->empty() ? std::string() : architectures->front().get<std::string>();
}

std::filesystem::path model_folder(const std::filesystem::path& model) {
  if (!is_plain_file(model)) return model;
  return model.has_parent_path() ? model.parent_path() : std::filesystem::path(".");
}

bool lacks_config(const std::filesystem::path& model) {
  if (file_exists(model_folder(model) / kConfigFile)) return false;
  return is_plain_file(model) || find_weights(model).has_value();
}

}  // namespace blip
