// LabelVectors: lists of labels as vectors, remembered between tasks.
#pragma once

#include <cstddef>
#include <filesystem>
#include <list>
#include <memory>
#include <string>

#include "app/embedder.hpp"
#include "app/label_embeddings.hpp"

namespace blip::serve {

/// For one thread at a time.
class LabelVectors {
 public:
  /// → [labels, D]. `kept`: the directory of app::kept_label_embeddings, empty for lists that
  /// clients send: they would fill the disk. Throws blip::Error.
  /// `pause` must not ask for vectors.
  std::shared_ptr<const Tensor> of(const app::Embedder& embedder, const app::ModelOptions& model,
                                   const app::LabelSet& set, const std::filesystem::path& kept,
                                   Context& context, const app::Pause& pause = {});

  /// Of vectors. The lists that were used last are remembered.
  static constexpr std::size_t kMostBytes = std::size_t{32} << 20;

 private:
  struct Entry {
    std::string hash;
    std::shared_ptr<const Tensor> vectors;
  };
  std::list<Entry> entries_;  // last used first
  std::size_t bytes_ = 0;
};

}  // namespace blip::serve
