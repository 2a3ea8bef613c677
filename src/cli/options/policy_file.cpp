#include "cli/options/policy_file.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "cli/output/console.hpp"
#include "core/open_file.hpp"

namespace blip::cli {

app::Policy read_policy_file(const std::string& file, bool quiet) {
  app::Policy policy = app::parse_policy(read_text_file(file, app::kMaxPolicyBytes), file);
  const auto categories = policy.uncalibrated_categories();
  if (!quiet && !categories.empty()) {
    print_message(
        printable(fmt::format("{}: rules without \"review\" and \"block\" allow everything ({}); "
                              "`blip moderate calibrate` finds both",
                              file, fmt::join(categories, ", "))));
  }
  return policy;
}

}  // namespace blip::cli
