#include "tasks/dual_encoder.hpp"

#include <limits>
#include <memory>
#include <string>
#include <utility>

#include "architectures/registry.hpp"
#include "blip/error.hpp"
#include "checkpoint/model_source.hpp"

namespace blip {

int DualEncoder::max_tokens(TextStyle /*style*/) const {
  return std::numeric_limits<int>::max();
}

std::size_t DualEncoder::context_length() const {
  return static_cast<std::size_t>(max_tokens(TextStyle::hf));
}

namespace {

[[noreturn]] void refuse_texts(const DualEncoder& encoder) {
  throw Error(ErrorCode::unsupported,
              "a " + std::string(encoder.architecture()) + " reads no texts");
}

}  // namespace

const Tokenizer& DualEncoder::tokenizer() const {
  refuse_texts(*this);
}

std::vector<TokenId> DualEncoder::tokens(std::string_view /*text*/, TextStyle /*style*/) const {
  refuse_texts(*this);
}

Tensor DualEncoder::embed_texts(std::span<const std::vector<TokenId>> /*texts*/,
                                TextStyle /*style*/, Context& /*context*/) const {
  refuse_texts(*this);
}

std::vector<Matching> DualEncoder::match(const EncodedImage& /*image*/,
                                         std::span<const std::vector<TokenId>> /*texts*/,
                                         TextStyle /*style*/, Context& /*context*/) const {
  throw Error(ErrorCode::unsupported,
              "a " + std::string(architecture()) + " has no image-text matching head");
}

GradCam DualEncoder::grad_cam(const EncodedImage& /*image*/, const std::vector<TokenId>& /*text*/,
                              TextStyle /*style*/, const GradCamOptions& /*options*/,
                              Context& /*context*/) const {
  throw Error(ErrorCode::unsupported,
              "a " + std::string(architecture()) + " has no image-text matching head");
}

std::shared_ptr<const DualEncoder> open_dual_encoder(const std::filesystem::path& model,
                                                     const LoadOptions& options,
                                                     MatchingHead matching_head,
                                                     const std::filesystem::path& processor) {
  const ModelSource source =
      resolve_source(model.native(), options.adapter.native(), options.progress, options.hub);
  const std::filesystem::path& path = source.model;
  const ModelFamily& family = family_of(path);
  if (family.open_dual_encoder == nullptr) {
    const Architecture& architecture = family.architecture_of(path);
    throw Error(ErrorCode::unsupported, path.string() + ": is a " + architecture.name +
                                            ", which does not embed images and texts");
  }
  LoadOptions resolved = options;
  resolved.adapter = source.adapter;
  // A model of images alone reads no texts.
  std::shared_ptr<const Tokenizer> tokenizer;
  if (family.open_tokenizer != nullptr) {
    tokenizer = open_tokenizer(path, processor.empty() ? source.tokenizer() : processor);
  }
  auto encoder = family.open_dual_encoder(path, std::move(tokenizer), resolved, matching_head);
  if (matching_head == MatchingHead::required && !encoder->has_matching_head()) {
    throw Error(ErrorCode::unsupported, path.string() + ": is a " +
                                            std::string(encoder->architecture()) +
                                            ", which has no image-text matching head");
  }
  return encoder;
}

}  // namespace blip
