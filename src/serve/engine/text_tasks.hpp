// Captions and answers: what of a task the model is given, and what its client gets of what the
// model wrote.
#pragma once

#include "blip/config.hpp"
#include "serve/engine/generation_lane.hpp"
#include "serve/engine/model_parts.hpp"
#include "serve/engine/task.hpp"

namespace blip::serve {

// Throw blip::Error for what cannot be done. `defaults`: of the server.

[[nodiscard]] Writing writing_of(const CaptionTask& task, const CaptionerPart& part,
                                 const GenerationOptions& defaults);
/// A caption that is to be explained.
[[nodiscard]] Writing writing_of(const ExplainTask& task, const GenerationOptions& defaults);
[[nodiscard]] Writing writing_of(const AnswerTask& task, const AnswererPart& part,
                                 const GenerationOptions& defaults);

/// `written` has no error.
[[nodiscard]] TextResult text_result_of(const Written& written, const Tokenizer& tokenizer,
                                        const BlipConfig& config);

}  // namespace blip::serve
