#include "serve/engine/label_vectors.hpp"

#include <algorithm>
#include <utility>

#include "hub/checksum.hpp"

namespace blip::serve {
namespace {

std::string hash_of_labels(const app::LabelSet& set) {
  std::string fields;
  const auto add = [&fields](const std::vector<std::string>& texts) {
    fields += std::to_string(texts.size()) + ':';
    for (const std::string& text : texts) fields += std::to_string(text.size()) + ':' + text;
  };
  add(set.labels);
  add(set.templates);
  return hub::sha256(fields);
}

std::size_t bytes_of_vectors(const Tensor& vectors) {
  return vectors.data.size() * sizeof(float);
}

}  // namespace

std::shared_ptr<const Tensor> LabelVectors::of(const app::Embedder& embedder,
                                               const app::ModelOptions& model,
                                               const app::LabelSet& set,
                                               const std::filesystem::path& kept, Context& context,
                                               const app::Pause& pause) {
  std::string hash = hash_of_labels(set);
  const auto found = std::find_if(entries_.begin(), entries_.end(),
                                  [&](const Entry& entry) { return entry.hash == hash; });
  if (found != entries_.end()) {
    entries_.splice(entries_.begin(), entries_, found);
    return found->vectors;
  }
  auto vectors = std::make_shared<const Tensor>(
      app::kept_label_embeddings(embedder, model, set, kept, context, pause));
  entries_.push_front({std::move(hash), vectors});
  bytes_ += bytes_of_vectors(*vectors);
  while (bytes_ > kMostBytes && !entries_.empty()) {
    bytes_ -= bytes_of_vectors(*entries_.back().vectors);
    entries_.pop_back();
  }
  return vectors;
}

}  // namespace blip::serve
