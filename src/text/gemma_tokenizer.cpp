#include "blip/gemma_tokenizer.hpp"

#include <new>
#include <utility>

#include "blip/error.hpp"
#include "text/gemma_tokenizer_files.hpp"
#include "text/tokenizer_pipeline.hpp"

namespace blip {

struct GemmaTokenizer::Vocabulary {
  explicit Vocabulary(TokenizerSpec spec) : pipeline(std::move(spec)) {}

  TokenizerPipeline pipeline;
};

GemmaTokenizer::GemmaTokenizer(std::shared_ptr<const Vocabulary> vocabulary)
    : vocabulary_(std::move(vocabulary)) {}

GemmaTokenizer GemmaTokenizer::from_pretrained(const std::filesystem::path& model_directory) {
  try {
    TokenizerSpec spec = make_gemma_tokenizer_spec(read_gemma_tokenizer_files(model_directory));
    return GemmaTokenizer(std::make_shared<const Vocabulary>(std::move(spec)));
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::limit_exceeded,
                model_directory.string() + ": not enough memory for the tokenizer");
  }
}

std::vector<TokenId> GemmaTokenizer::encode(std::string_view text,
                                            const EncodeOptions& options) const {
  return vocabulary_->pipeline.encode(text, options);
}

std::string GemmaTokenizer::decode(std::span<const TokenId> ids,
                                   const DecodeOptions& options) const {
  return vocabulary_->pipeline.decode(ids, options);
}

std::size_t GemmaTokenizer::vocab_size() const noexcept {
  return vocabulary_->pipeline.vocab_size();
}

SpecialTokens GemmaTokenizer::special_tokens() const noexcept {
  const TokenizerPipeline& pipeline = vocabulary_->pipeline;
  const TokenizerSpec& spec = pipeline.spec();
  return {.bos = pipeline.id_of(spec.bos_token),
          .eos = pipeline.id_of(spec.eos_token),
          .unk = pipeline.unk_id(),
          .pad = pipeline.id_of(spec.pad_token),
          .mask = pipeline.id_of(spec.mask_token)};
}

std::size_t GemmaTokenizer::model_max_length() const noexcept {
  return vocabulary_->pipeline.spec().model_max_length;
}

}  // namespace blip
