// Inference by KServe v2: which task the tensors of a request ask for, and what its outcome is as
// tensors.
#pragma once

#include <string_view>

#include "serve/dialects/dialect.hpp"
#include "serve/dialects/refusal.hpp"

namespace blip::serve {

/// All models have this version alone.
inline constexpr const char* kKserveVersion = "1";

/// Pictures in `image` (BYTES [N]) are captioned, with `question` they are answered, with `text`
/// matched, with `labels` classified; `prompt` is a question or the beginning of captions. Outputs
/// that the request names decide before that. `text` alone is embedded. name: of `model`, as the
/// client has it. Throws Refusal and blip::Error.
Work kserve_inference(const ModelStatus& model, std::string_view name, const HttpRequest& http,
                      const ServerView& server, const FailureResponse& failure_response);

}  // namespace blip::serve
