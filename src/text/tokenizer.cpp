#include "blip/tokenizer.hpp"

#include <new>
#include <utility>

#include "blip/error.hpp"
#include "text/tokenizer_files.hpp"
#include "text/tokenizer_pipeline.hpp"

namespace blip {

struct BertTokenizer::Vocabulary {
  explicit Vocabulary(TokenizerSpec spec) : pipeline(std::move(spec)) {}

  TokenizerPipeline pipeline;
};

BertTokenizer::BertTokenizer(std::shared_ptr<const Vocabulary> vocabulary)
    : vocabulary_(std::move(vocabulary)) {}

BertTokenizer BertTokenizer::from_pretrained(const std::filesystem::path& model_directory) {
  try {
    TokenizerSpec spec = make_tokenizer_spec(read_tokenizer_files(model_directory));
    return BertTokenizer(std::make_shared<const Vocabulary>(std::move(spec)));
  } catch (const std::bad_alloc&) {
    throw Error(ErrorCode::limit_exceeded,
                model_directory.string() + ": not enough memory for the tokenizer");
  }
}

std::vector<TokenId> BertTokenizer::encode(std::string_view text,
                                           const EncodeOptions& options) const {
  return vocabulary_->pipeline.encode(text, options);
}

std::string BertTokenizer::decode(std::span<const TokenId> ids,
                                  const DecodeOptions& options) const {
  return vocabulary_->pipeline.decode(ids, options);
}

std::size_t BertTokenizer::vocab_size() const noexcept {
  return vocabulary_->pipeline.vocab_size();
}

SpecialTokens BertTokenizer::special_tokens() const noexcept {
  return {.unk = unk_token_id(),
          .sep = sep_token_id(),
          .pad = pad_token_id(),
          .cls = cls_token_id(),
          .mask = mask_token_id()};
}

std::size_t BertTokenizer::model_max_length() const noexcept {
  return vocabulary_->pipeline.spec().model_max_length;
}

TokenId BertTokenizer::pad_token_id() const noexcept {
  return vocabulary_->pipeline.id_of(vocabulary_->pipeline.spec().pad_token);
}

TokenId BertTokenizer::unk_token_id() const noexcept {
  return vocabulary_->pipeline.unk_id();
}

TokenId BertTokenizer::cls_token_id() const noexcept {
  return vocabulary_->pipeline.id_of(vocabulary_->pipeline.spec().cls_token);
}

TokenId BertTokenizer::sep_token_id() const noexcept {
  return vocabulary_->pipeline.id_of(vocabulary_->pipeline.spec().sep_token);
}

TokenId BertTokenizer::mask_token_id() const noexcept {
  return vocabulary_->pipeline.id_of(vocabulary_->pipeline.spec().mask_token);
}

}  // namespace blip
