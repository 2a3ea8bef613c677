#include "hub/model_type.hpp"

#include "core/json_fields.hpp"

namespace blip {

std::string read_model_type(const JsonFields& fields) {
  const auto model_type = fields.string("model_type");
  if (!model_type && fields.object("pretrained_cfg")) return kTimmType;
  return model_type.value_or("");
}

}  // namespace blip
