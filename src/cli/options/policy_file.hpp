// The file of a moderation policy.
#pragma once

#include <string>

#include "app/moderation/policy.hpp"

namespace blip::cli {

/// Says, unless `quiet`, which rules never act before they are calibrated. Throws Error.
app::Policy read_policy_file(const std::string& file, bool quiet);

}  // namespace blip::cli
