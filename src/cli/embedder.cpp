#include "cli/embedder.hpp"

#include <utility>

#include "cli/input/model_download.hpp"
#include "cli/matcher.hpp"
#include "cli/options/command_line.hpp"
#include "tasks/embedding.hpp"

namespace blip::cli {
namespace {

std::variant<BlipForImageTextRetrieval, BlipModel> load(const std::filesystem::path& model,
                                                        const RetrievalOptions& options) {
  const LoadOptions load_options = {.weight_type = options.model.weight_type};
  if (BlipConfig::from_pretrained(model).architecture != "BlipModel") {
    return BlipForImageTextRetrieval::from_pretrained(model, load_options);
  }
  if (options.style == TextStyle::original) {
    throw UsageError("--style original: BlipModel exists in transformers only");
  }
  return BlipModel::from_pretrained(model, load_options);
}

// features: [R, D] → R rows of unit length
std::vector<Embedding> unit_rows(Tensor features) {
  normalize_rows(features);
  std::vector<Embedding> rows;
  for (std::size_t i = 0; i < static_cast<std::size_t>(features.shape.front()); ++i) {
    const auto row = row_of(features, i);
    rows.emplace_back(row.begin(), row.end());
  }
  return rows;
}

}  // namespace

Embedder::Embedder(const RetrievalOptions& options)
    : Embedder(options, find_model(options.model.name, options.output.quiet)) {}

Embedder::Embedder(const RetrievalOptions& options, const std::filesystem::path& model)
    : style_(options.style),
      reader_(model, options.model.image_size, options.inputs.pictures),
      model_(load(model, options)),
      context_({.num_threads = options.model.threads}) {}

std::vector<Embedding> Embedder::embed(Images images) {
  std::vector<Embedding> all;
  for (const Images run : runs_that_fit_together(images)) {
    Tensor features = std::visit(
        [&](const auto& model) {
          const auto encoded = model.encode_images(stacked_pixels(run), context_);
          return model.get_image_features(encoded, context_);
        },
        model_);
    for (Embedding& row : unit_rows(std::move(features))) all.push_back(std::move(row));
  }
  return all;
}

std::vector<Embedding> Embedder::embed(const std::vector<std::string>& texts) {
  const std::vector<Tokens> tokens =
      tokens_in_style(reader_.processor().tokenizer(), texts, style_);
  if (const auto* model = std::get_if<BlipModel>(&model_)) {
    return unit_rows(model->get_text_features(tokens, context_));
  }
  return unit_rows(
      std::get<BlipForImageTextRetrieval>(model_).get_text_features(tokens, style_, context_));
}

}  // namespace blip::cli
