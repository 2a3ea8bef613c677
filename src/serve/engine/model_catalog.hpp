// ModelCatalog: which models there are, what each can do, and which of them does a task.
#pragma once

#include <cstddef>
#include <optional>
#include <span>
#include <string>
#include <variant>
#include <vector>

#include "app/model_options.hpp"
#include "serve/engine/engine.hpp"
#include "serve/engine/engine_options.hpp"
#include "serve/engine/model_parts.hpp"

namespace blip::serve {

struct CatalogModel {
  ModelStatus status;  ///< as far as the files tell
  app::ModelOptions options;
  std::vector<Part> parts;
  bool compares_texts = false;  ///< it embeds pictures and texts in one space
  bool has_matching_head = false;
  bool preload = false;
};

/// Immutable.
class ModelCatalog {
 public:
  /// Reads what the models' files say, not their weights. Throws blip::Error.
  explicit ModelCatalog(const EngineOptions& options);

  [[nodiscard]] std::span<const CatalogModel> models() const noexcept { return models_; }

  struct Choice {
    std::size_t model = 0;
    Part part{};
  };
  [[nodiscard]] std::variant<Choice, TaskFailure> choose(const Task& task) const;

 private:
  std::vector<CatalogModel> models_;
};

}  // namespace blip::serve
