#include "tasks/model_files.hpp"

#include <algorithm>
#include <array>
#include <utility>

#include "blip/error.hpp"
#include "checkpoint/model_directory.hpp"

namespace blip {
namespace {

struct Purpose {
  std::string_view architecture;
  std::string_view does;
};

constexpr std::array kPurposes = {
    Purpose{"BlipForConditionalGeneration", "describes images"},
    Purpose{"BlipForQuestionAnswering", "answers questions about images"},
    Purpose{"BlipForImageTextRetrieval", "matches images and texts"},
    Purpose{"BlipForNLVR", "judges statements about two images"},
    Purpose{"BlipModel", "embeds images and texts"},
};

std::string with_purpose(std::string_view architecture) {
  const auto* known = std::find_if(kPurposes.begin(), kPurposes.end(), [&](const Purpose& purpose) {
    return purpose.architecture == architecture;
  });
  std::string text = "a " + std::string(architecture);
  if (known != kPurposes.end()) text += ", which " + std::string(known->does);
  return text;
}

}  // namespace

ModelOpener::ModelOpener(const std::filesystem::path& model, const LoadOptions& options,
                         std::string_view architecture, const std::string& marker)
    : path_(resolve_model(model.native())),
      config_(BlipConfig::from_pretrained(path_)),
      checkpoint_(Checkpoint::open(path_)),
      loader_(checkpoint_, options.weight_type, converted_) {
  if (config_.architecture.empty() || config_.architecture == architecture) return;
  // A pretraining checkpoint serves several classes. But a decoder that answers reads a question's
  // states and one that captions an image's: the tensors are the same, the text would be nonsense.
  constexpr std::string_view kAnswers = "BlipForQuestionAnswering";
  const bool answers = config_.architecture == kAnswers || architecture == kAnswers;
  if (!answers && loader_.contains(marker)) return;
  throw Error(ErrorCode::unsupported, path_.string() + ": is " +
                                          with_purpose(config_.architecture) + "; this needs " +
                                          with_purpose(architecture));
}

ModelFiles ModelOpener::finish() {
  std::vector<std::string> ignored = loader_.unused();
  return {std::move(config_), checkpoint_, std::move(converted_), std::move(ignored)};
}

}  // namespace blip
