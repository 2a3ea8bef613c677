// Embedder: a loaded model that turns images and texts into vectors of unit length.
#pragma once

#include <filesystem>
#include <string>
#include <variant>
#include <vector>

#include "blip/image_text_retrieval.hpp"
#include "blip/model.hpp"
#include "cli/input/image_batch.hpp"
#include "cli/input/picture_reader.hpp"
#include "cli/options/retrieval_options.hpp"

namespace blip::cli {

using Embedding = std::vector<float>;

/// Of BlipForImageTextRetrieval or, if the model is one, BlipModel, whose own features are not of
/// unit length.
class Embedder {
 public:
  /// Loads the model. Throws blip::Error, or UsageError for a style that it does not have.
  explicit Embedder(const RetrievalOptions& options);

  /// Decodes and resizes one picture. Safe to call from many threads at once. Throws blip::Error.
  [[nodiscard]] BlipInputs prepare(const std::filesystem::path& picture) const {
    return reader_(picture);
  }

  /// Of images none of which may have failed to load. Throws blip::Error.
  std::vector<Embedding> embed(Images images);
  /// Throws blip::Error.
  std::vector<Embedding> embed(const std::vector<std::string>& texts);

  [[nodiscard]] int num_threads() const noexcept { return context_.num_threads(); }

 private:
  Embedder(const RetrievalOptions& options, const std::filesystem::path& model);

  TextStyle style_;
  PictureReader reader_;
  std::variant<BlipForImageTextRetrieval, BlipModel> model_;
  Context context_;
};

}  // namespace blip::cli
