// Names of models as clients write them.
#pragma once

#include <string>
#include <string_view>

namespace blip::serve {

/// What two names of one model have in common: small letters, '-' for '_', without ":latest".
[[nodiscard]] std::string plain_model_name(std::string_view name);

}  // namespace blip::serve
