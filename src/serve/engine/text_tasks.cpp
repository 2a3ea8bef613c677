#include "serve/engine/text_tasks.hpp"

#include <string>
#include <utility>

#include "app/answerer.hpp"
#include "app/banned_words.hpp"
#include "app/text_score.hpp"
#include "serve/engine/generation_defaults.hpp"

namespace blip::serve {
namespace {

// The only picture of its list, as `blip caption photo.jpg` has it.
GenerationOptions for_one_picture(const GenerationOptions& task,
                                  const GenerationOptions& defaults) {
  GenerationOptions options = with_defaults(task, defaults);
  if (!options.image_offset) options.image_offset = 0;
  return options;
}

std::size_t without_special_tokens(const std::vector<TokenId>& tokens) {
  return tokens.size() < 2 ? 0 : tokens.size() - 2;
}

}  // namespace

Writing writing_of(const CaptionTask& task, const CaptionerPart& part,
                   const GenerationOptions& defaults) {
  Writing writing{.edits = task.edits, .generation = for_one_picture(task.generation, defaults)};
  app::ban_words(task.banned_words, *part.tokenizer, writing.generation);
  if (!task.prompt.empty()) {
    writing.prompt = app::caption_prompt(*part.tokenizer, task.prompt);
    writing.text = writing.prompt.tokens;
  }
  return writing;
}

Writing writing_of(const ExplainTask& /*task*/, const GenerationOptions& defaults) {
  return {.generation = for_one_picture({}, defaults)};
}

Writing writing_of(const AnswerTask& task, const AnswererPart& part,
                   const GenerationOptions& defaults) {
  return {.text = app::question_tokens(*part.tokenizer, task.question, TextStyle::hf),
          .generation = for_one_picture(task.generation, defaults)};
}

TextResult text_result_of(const Written& written, const Tokenizer& tokenizer,
                          const BlipConfig& config) {
  const Writing& writing = written.writing;
  const std::size_t given = writing.prompt.given();
  TextResult result;
  result.prompt_tokens = without_special_tokens(writing.text);
  for (const GeneratedSequence& sequence : written.sequences) {
    result.texts.push_back(
        {.text = app::finished_caption(app::generated_text(tokenizer, sequence.ids), writing.prompt,
                                       writing.edits),
         .score = app::score_of(sequence),
         .tokens = sequence.ids.size() - given,
         .stopped = sequence.ids.back() == config.text_config.sep_token_id});
  }
  return result;
}

}  // namespace blip::serve
