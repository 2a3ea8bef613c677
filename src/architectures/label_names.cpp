#include "architectures/label_names.hpp"

#include <nlohmann/json.hpp>

namespace blip {
namespace {

// id2label: {"0": "tench", "1": "goldfish", …}, each number once.
std::vector<std::string> named_labels(const JsonFields& fields, const nlohmann::json& names) {
  if (!names.is_object() || names.empty() || names.size() > kMaxLabels) {
    fields.fail("id2label", "must name 1 to " + std::to_string(kMaxLabels) + " classes");
  }
  std::vector<std::string> labels(names.size());
  for (std::size_t i = 0; i < labels.size(); ++i) {
    const auto name = names.find(std::to_string(i));
    if (name == names.end() || !name->is_string()) {
      fields.fail("id2label", "has " + std::to_string(labels.size()) +
                                  " classes, but no name of class " + std::to_string(i));
    }
    labels[i] = name->get<std::string>();
  }
  return labels;
}

}  // namespace

std::vector<std::string> numbered_labels(int count) {
  std::vector<std::string> labels;
  labels.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) labels.push_back("LABEL_" + std::to_string(i));
  return labels;
}

std::vector<std::string> read_labels(const JsonFields& fields) {
  const auto count = fields.integer("num_labels", {1, kMaxLabels});
  const nlohmann::json* names = fields.find("id2label");
  if (names == nullptr) return numbered_labels(count.value_or(2));
  std::vector<std::string> labels = named_labels(fields, *names);
  if (count && *count != std::ssize(labels)) {
    fields.fail("num_labels", "is " + std::to_string(*count) + ", but id2label names " +
                                  std::to_string(labels.size()) + " classes");
  }
  return labels;
}

}  // namespace blip
