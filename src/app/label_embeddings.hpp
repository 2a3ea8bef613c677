// Labels as vectors, so that a dual encoder classifies by names it was not trained on.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "app/embedder.hpp"
#include "blip/context.hpp"
#include "blip/tensor.hpp"

namespace blip::app {

/// What the zero-shot-image-classification pipeline of transformers makes of a label.
inline constexpr std::string_view kPipelineTemplate = "This is a photo of {}.";

struct LabelSet {
  std::vector<std::string> labels;
  std::vector<std::string> templates = {std::string(kPipelineTemplate)};
};

/// `pattern` with each "{}" replaced by the label. Throws invalid_argument if there is none.
std::string filled_template(std::string_view pattern, std::string_view label);

/// A label is put into every template; its vector is the mean of the texts' unit vectors, made a
/// unit vector again (open_clip's zero-shot classifier). → [labels, D]. Throws invalid_argument
/// without labels or templates, or blip::Error of the model.
Tensor embed_labels(const Embedder& embedder, const LabelSet& set, Context& context,
                    const Pause& pause = {});

/// The same, kept between runs: a file in `directory` named by a hash of the files of the model,
/// its adapter and its processor (their names, sizes and times), the style of texts, labels and
/// templates. An empty `directory` keeps nothing; a file that cannot be read or written is as good
/// as none.
Tensor kept_label_embeddings(const Embedder& embedder, const ModelOptions& model,
                             const LabelSet& set, const std::filesystem::path& directory,
                             Context& context, const Pause& pause = {});

}  // namespace blip::app
