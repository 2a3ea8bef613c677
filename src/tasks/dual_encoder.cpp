#include "tasks/dual_encoder.hpp"

#include <memory>
#include <string>
#include <utility>

#include "architectures/registry.hpp"
#include "blip/error.hpp"
#include "checkpoint/model_directory.hpp"

namespace blip {

std::vector<Matching> DualEncoder::match(const EncodedImage& /*image*/,
                                         std::span<const std::vector<TokenId>> /*texts*/,
                                         TextStyle /*style*/, Context& /*context*/) const {
  throw Error(ErrorCode::unsupported,
              "a " + std::string(architecture()) + " has no image-text matching head");
}

std::shared_ptr<const DualEncoder> open_dual_encoder(const std::filesystem::path& model,
                                                     const LoadOptions& options,
                                                     MatchingHead matching_head,
                                                     const std::filesystem::path& processor) {
  const std::filesystem::path path = resolve_model(model.native(), options.progress, options.hub);
  const ModelFamily& family = family_of(path);
  if (family.open_dual_encoder == nullptr) {
    const Architecture& architecture = family.architecture_of(path);
    throw Error(ErrorCode::unsupported, path.string() + ": is a " + architecture.name +
                                            ", which does not embed images and texts");
  }
  // A model of images alone reads no texts.
  std::shared_ptr<const Tokenizer> tokenizer;
  if (family.open_tokenizer != nullptr) tokenizer = open_tokenizer(path, processor);
  auto encoder = family.open_dual_encoder(path, std::move(tokenizer), options, matching_head);
  if (matching_head == MatchingHead::required && !encoder->has_matching_head()) {
    throw Error(ErrorCode::unsupported, path.string() + ": is a " +
                                            std::string(encoder->architecture()) +
                                            ", which has no image-text matching head");
  }
  return encoder;
}

}  // namespace blip
