// Any bytes as a policy of moderation: read, written and read again to the same, or refused.
#include <cstddef>
#include <cstdint>
#include <nlohmann/json.hpp>
#include <string_view>

#include "app/moderation/policy_fitting.hpp"
#include "expectations.hpp"

namespace {

using blip::fuzz::require;
using blip::fuzz::try_to;

using namespace blip::app;

void read_and_write(std::string_view bytes) {
  const Policy policy = parse_policy(bytes, "policy");
  const std::string written = policy_json(policy).dump();
  require(policy_json(parse_policy(written, "again")).dump() == written);
  for (const Rule& rule : policy.rules) {
    Evidence evidence{.score = 0.5};
    decide(rule, evidence);
    if (evidence.probability) require(*evidence.probability >= 0 && *evidence.probability <= 1);
    if (const auto* words = std::get_if<WordsRule>(&rule.by)) (void)word_in(words->words, bytes);
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  try_to([&] { read_and_write(bytes); });
  try_to([&] { (void)read_labelled(bytes, "labelled", Policy{}); });
  return 0;
}
