// Turn: captions and answers are written, step by step together.
#include <exception>
#include <string>
#include <utility>

#include "blip/error.hpp"
#include "serve/engine/generation_defaults.hpp"
#include "serve/engine/picture_tasks.hpp"
#include "serve/engine/text_tasks.hpp"
#include "serve/engine/turn.hpp"

namespace blip::serve {
namespace {

// One task that fills the decoder alone would keep all others waiting.
Writing within_rows(Writing writing, std::size_t max_rows) {
  const std::size_t rows = rows_of(writing.generation);
  if (rows <= max_rows) return writing;
  throw Error(ErrorCode::limit_exceeded, "num_beams and num_return_sequences may be at most " +
                                             std::to_string(max_rows) + " here, not " +
                                             std::to_string(rows));
}

}  // namespace

void Turn::join() {
  while (true) {
    JobPointer job;
    {
      const std::lock_guard lock(state_.mutex);
      const std::size_t rows = (model_.captions ? model_.captions->rows() : 0) +
                               (model_.answers ? model_.answers->rows() : 0);
      if (rows >= state_.options.max_rows) return;
      job = take(model_.ready_texts);
    }
    if (!job) return;
    try {
      begin_writing(job);
    } catch (...) {
      state_.finish_admitted(job, failure_of_model(std::current_exception()));
    }
  }
}

void Turn::begin_writing(const JobPointer& job) {
  const GenerationOptions& defaults = state_.options.generation;
  const std::size_t max_rows = state_.options.max_rows;
  if (const auto* answer = std::get_if<AnswerTask>(&job->task.input)) {
    const AnswererPart& part = *parts_.answerer;
    if (!model_.answers) model_.answers.emplace(part.model.start_session(), *part.tokenizer);
    model_.answers->join(job, within_rows(writing_of(*answer, part, defaults), max_rows),
                         state_.context);
    return;
  }
  const CaptionerPart& part = *parts_.captioner;
  if (!model_.captions) model_.captions.emplace(part.model.start_session(), *part.tokenizer);
  const auto* caption = std::get_if<CaptionTask>(&job->task.input);
  Writing writing = caption != nullptr
                        ? writing_of(*caption, part, defaults)
                        : writing_of(std::get<ExplainTask>(job->task.input), defaults);
  model_.captions->join(job, within_rows(std::move(writing), max_rows), state_.context);
}

void Turn::write() {
  write(model_.captions);
  write(model_.answers);
  const std::lock_guard lock(state_.mutex);
  model_.writing = (model_.captions ? model_.captions->size() : 0) +
                   (model_.answers ? model_.answers->size() : 0);
}

void Turn::write(std::optional<GenerationLane>& lane) {
  if (!lane || lane->size() == 0) return;
  const std::size_t together = lane->size();
  std::vector<Written> left;
  try {
    left = lane->step(state_.context);
  } catch (...) {
    // What concerns all of them, such as damaged weights: it would again.
    left = lane->abandon(std::current_exception());
  }
  {
    const std::lock_guard lock(state_.mutex);
    state_.metrics.text_batch.observe(static_cast<double>(together));
  }
  for (Written& written : left) {
    const JobPointer job = written.job;
    try {
      finish(std::move(written));
    } catch (...) {
      state_.finish_admitted(job, failure_of_model(std::current_exception()));
    }
  }
}

void Turn::finish(Written written) {
  const JobPointer& job = written.job;
  if (written.error) {
    state_.finish_admitted(job, failure_of_model(written.error));
    return;
  }
  const bool is_answer = job->kind == TaskKind::answer;
  const Tokenizer& tokenizer =
      is_answer ? *parts_.answerer->tokenizer : *parts_.captioner->tokenizer;
  TextResult result = text_result_of(
      written, tokenizer,
      is_answer ? parts_.answerer->model.config() : parts_.captioner->model.config());
  {
    const std::lock_guard lock(state_.mutex);
    for (const auto& text : result.texts) state_.metrics.tokens += text.tokens;
  }
  if (job->kind == TaskKind::explain) {
    paint(job, explain_caption(*job, result.texts.front().text, written.sequences.front().ids,
                               *parts_.captioner, state_.context));
    return;
  }
  if (written.stream) job->tell(written.stream->rest(result.texts.front().text));
  done(job, std::move(result));
}

}  // namespace blip::serve
