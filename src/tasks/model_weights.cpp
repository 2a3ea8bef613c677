#include "tasks/model_weights.hpp"

#include <memory>
#include <optional>
#include <utility>

#include "architectures/registry.hpp"
#include "blip/error.hpp"
#include "model/merged_adapter.hpp"
#include "model/shared_weights.hpp"

namespace blip {
namespace {

std::string with_purpose(std::string_view name, const Architecture* architecture) {
  std::string text = "a " + std::string(name);
  if (architecture != nullptr) text += std::string(", which ") + architecture->purpose;
  return text;
}

// Of the weights that an adapter changes. What becomes another type is rounded once, from float32.
std::optional<DType> type_of_merged(WeightType type) {
  return type == WeightType::stored ? std::nullopt : std::optional(DType::f32);
}

}  // namespace

std::shared_ptr<SharedWeights> make_shared_weights() {
  return std::make_shared<SharedWeights>();
}

WeightsOpener::WeightsOpener(const ModelSource& source, const LoadOptions& options)
    : path_(source.model),
      checkpoint_(open_tensors(source, type_of_merged(options.weight_type))),
      loader_(checkpoint_, options.weight_type, converted_, options.shared) {}

void WeightsOpener::require(const Architecture& wanted, std::string_view named) const {
  if (named.empty() || named == wanted.name) return;
  const Architecture* known = find_architecture(named);
  const bool marker_suffices =
      wanted.marker_suffices && (known == nullptr || known->marker_suffices);
  if (marker_suffices && loader_.contains(wanted.marker)) return;
  throw Error(ErrorCode::unsupported, path_.string() + ": is " + with_purpose(named, known) +
                                          "; this needs " + with_purpose(wanted.name, &wanted));
}

ModelWeights WeightsOpener::finish() {
  std::vector<std::string> ignored = loader_.unused();
  return {checkpoint_, std::move(converted_), std::move(ignored)};
}

}  // namespace blip
