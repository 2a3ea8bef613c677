// GenerationLane: texts of many jobs, generated together by one model.
#pragma once

#include <cstddef>
#include <exception>
#include <map>
#include <memory>
#include <vector>

#include "app/captions/caption_edits.hpp"
#include "app/captions/caption_prompt.hpp"
#include "app/captions/streamed_text.hpp"
#include "blip/generation_session.hpp"
#include "serve/engine/job.hpp"

namespace blip::serve {

/// What a job has the model write.
struct Writing {
  std::vector<TokenId> text = {};  ///< what BlipGenerationSession::add takes
  app::CaptionPrompt prompt = {};  ///< of captions
  app::CaptionEdits edits = {};
  GenerationOptions generation = {};
};

struct Written {
  JobPointer job;
  Writing writing;
  std::vector<GeneratedSequence> sequences = {};  ///< none: `error`
  std::exception_ptr error = nullptr;
  std::unique_ptr<app::StreamedText> stream = nullptr;  ///< null: nobody listens
};

/// For one thread.
class GenerationLane {
 public:
  /// `tokenizer` outlives it.
  GenerationLane(BlipGenerationSession session, const Tokenizer& tokenizer);

  /// From the next step on. Throws what BlipGenerationSession::add throws.
  void join(JobPointer job, Writing writing, Context& context);
  /// One step for all. Returns the jobs that have left: finished, failed or, where they are over,
  /// stopped. Where memory is wanting, the last one to come fails, and the others go on.
  std::vector<Written> step(Context& context);

  /// All of them fail with this error.
  std::vector<Written> abandon(const std::exception_ptr& error);

  [[nodiscard]] std::size_t size() const noexcept { return running_.size(); }
  /// Of the decoder in a step.
  [[nodiscard]] std::size_t rows() const noexcept { return rows_; }

 private:
  Written leave(RequestId id);

  BlipGenerationSession session_;
  const Tokenizer* tokenizer_;
  std::map<RequestId, Written> running_;
  std::size_t rows_ = 0;
};

}  // namespace blip::serve
