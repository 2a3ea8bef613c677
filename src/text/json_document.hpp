// A parsed JSON file of a checkpoint.
#pragma once

#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "core/json_fields.hpp"

namespace blip {

struct JsonDocument {
  nlohmann::json root;                 ///< an object
  std::vector<std::string> key_order;  ///< of the root, as in the file, which Python keeps
  std::string name;                    ///< the file, for messages

  [[nodiscard]] JsonFields fields() const { return {root, name}; }
};

}  // namespace blip
