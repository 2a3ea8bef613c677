// Captions and answers.
#include <cmath>
#include <cstdint>
#include <limits>
#include <memory>
#include <optional>
#include <span>
#include <stop_token>
#include <string>
#include <utility>
#include <vector>

#include "app/captions/caption_prompt.hpp"
#include "app/captions/streamed_text.hpp"
#include "boundary.hpp"
#include "handles.hpp"

namespace blip::c {
namespace {

constexpr int32_t kUnset = std::numeric_limits<int32_t>::min();

std::optional<int> set_integer(int32_t value) {
  return value == kUnset ? std::nullopt : std::optional<int>(value);
}

std::optional<float> set_number(float value) {
  return std::isnan(value) ? std::nullopt : std::optional<float>(value);
}

GenerationOptions generation_options_of(const blip_generation_options& options) {
  GenerationOptions result;
  result.max_length = set_integer(options.max_length);
  result.max_new_tokens = set_integer(options.max_new_tokens);
  result.min_length = set_integer(options.min_length);
  result.min_new_tokens = set_integer(options.min_new_tokens);
  result.num_beams = set_integer(options.num_beams);
  result.num_return_sequences = set_integer(options.num_return_sequences);
  result.no_repeat_ngram_size = set_integer(options.no_repeat_ngram_size);
  if (options.do_sample != kUnset) result.do_sample = options.do_sample != 0;
  result.top_k = set_integer(options.top_k);
  result.top_p = set_number(options.top_p);
  result.temperature = set_number(options.temperature);
  result.length_penalty = set_number(options.length_penalty);
  result.repetition_penalty = set_number(options.repetition_penalty);
  if (options.seed >= 0) result.seed = static_cast<std::uint64_t>(options.seed);
  result.output_scores = true;
  return result;
}

// The caller's callbacks around a text that grows.
class Listener {
 public:
  Listener(const blip_generation_options& options, const Tokenizer& tokenizer,
           app::CaptionPrompt prompt)
      : options_(options), text_(tokenizer, std::move(prompt), {}) {}

  GenerationCallbacks callbacks() {
    GenerationCallbacks callbacks;
    if (options_.on_text != nullptr) {
      callbacks.on_token = [this](const GeneratedToken& token) {
        if (token.sequence == 0) tell(text_.add(token.token));
      };
    }
    if (options_.should_cancel != nullptr) {
      callbacks.on_progress = [this](const GenerationProgress&) {
        if (options_.should_cancel(options_.user_data) != 0) stop_.request_stop();
      };
      callbacks.stop = stop_.get_token();
    }
    return callbacks;
  }

  void finish(const std::string& text) {
    if (options_.on_text != nullptr) tell(text_.rest(text));
  }

 private:
  void tell(const std::string& piece) {
    if (!piece.empty()) options_.on_text(options_.user_data, piece.data(), piece.size());
  }

  const blip_generation_options& options_;
  app::StreamedText text_;
  std::stop_source stop_;
};

std::unique_ptr<blip_texts> texts_of(const Tokenizer& tokenizer,
                                     std::span<const GeneratedSequence> sequences) {
  auto texts = std::make_unique<blip_texts>();
  for (const GeneratedSequence& sequence : sequences) {
    texts->texts.push_back({.text = app::generated_text(tokenizer, sequence.ids),
                            .log_probability = sequence.log_probability()});
  }
  return texts;
}

}  // namespace
}  // namespace blip::c

using blip::c::guarded;
using blip::c::known_fields;
using blip::c::required;

blip_generation_options blip_generation_options_default(void) {
  blip_generation_options options{};
  options.struct_size = sizeof(options);
  for (int32_t* field : {&options.max_length, &options.max_new_tokens, &options.min_length,
                         &options.min_new_tokens, &options.num_beams, &options.num_return_sequences,
                         &options.no_repeat_ngram_size, &options.do_sample, &options.top_k}) {
    *field = blip::c::kUnset;
  }
  for (float* field : {&options.top_p, &options.temperature, &options.length_penalty,
                       &options.repetition_penalty}) {
    *field = std::numeric_limits<float>::quiet_NaN();
  }
  options.seed = -1;
  return options;
}

blip_status blip_caption(const blip_model* model, const blip_encoded_image* image,
                         const char* prompt, const blip_generation_options* options,
                         blip_context* context, blip_texts** captions, blip_error** error) {
  return guarded(error, [&] {
    const blip::c::OpenModel& open = *required(model, "model").model;
    required(captions, "captions");
    if (!open.captioner) {
      throw blip::Error(blip::ErrorCode::unsupported,
                        "a " + open.architecture + " writes no captions");
    }
    const auto known = known_fields(options, blip_generation_options_default());
    blip::app::CaptionPrompt begin;
    if (prompt != nullptr && *prompt != '\0') {
      begin = blip::app::caption_prompt(*open.tokenizer, prompt);
    }
    std::vector<std::vector<blip::TokenId>> prompts;
    if (!begin.tokens.empty()) prompts.push_back(begin.tokens);
    blip::c::Listener listener(known, *open.tokenizer, std::move(begin));
    const auto sequences = open.captioner->generate_sequences(
        std::span(&blip::c::encoded_by_tower(model, image), 1), prompts,
        blip::c::generation_options_of(known), required(context, "context").context,
        listener.callbacks());
    auto texts = blip::c::texts_of(*open.tokenizer, sequences);
    listener.finish(texts->texts.front().text);
    *captions = texts.release();
  });
}

blip_status blip_answer(const blip_model* model, const blip_encoded_image* image,
                        const char* question, const blip_generation_options* options,
                        blip_context* context, blip_texts** answers, blip_error** error) {
  return guarded(error, [&] {
    const blip::c::OpenModel& open = *required(model, "model").model;
    required(answers, "answers");
    if (!open.answerer) {
      throw blip::Error(blip::ErrorCode::unsupported,
                        "a " + open.architecture + " answers no questions");
    }
    const auto known = known_fields(options, blip_generation_options_default());
    const std::vector<blip::TokenId> asked =
        open.tokenizer->encode(blip::c::required_text(question, "question"));
    blip::c::Listener listener(known, *open.tokenizer, {});
    const auto sequences = open.answerer->generate_sequences(
        std::span(&blip::c::encoded_by_tower(model, image), 1), std::span(&asked, 1),
        blip::c::generation_options_of(known), blip::TextStyle::hf,
        required(context, "context").context, listener.callbacks());
    auto texts = blip::c::texts_of(*open.tokenizer, sequences);
    listener.finish(texts->texts.front().text);
    *answers = texts.release();
  });
}

size_t blip_texts_count(const blip_texts* texts) {
  return texts == nullptr ? 0 : texts->texts.size();
}

const char* blip_texts_get(const blip_texts* texts, size_t index) {
  return index < blip_texts_count(texts) ? texts->texts[index].text.c_str() : nullptr;
}

float blip_texts_log_probability(const blip_texts* texts, size_t index) {
  return index < blip_texts_count(texts) ? texts->texts[index].log_probability
                                         : std::numeric_limits<float>::quiet_NaN();
}

void blip_texts_free(blip_texts* texts) {
  const std::unique_ptr<blip_texts> owner(texts);
}
