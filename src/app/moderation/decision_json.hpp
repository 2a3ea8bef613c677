// A decision as JSON, for `blip moderate` and the server.
#pragma once

#include <nlohmann/json_fwd.hpp>

#include "app/moderation/decision.hpp"
#include "app/moderation/policy.hpp"

namespace blip::app {

/// {"action", "categories": those that are not allowed, "evidence": of each rule, "caption"}
nlohmann::ordered_json decision_json(const Policy& policy, const Decision& decision);

}  // namespace blip::app
