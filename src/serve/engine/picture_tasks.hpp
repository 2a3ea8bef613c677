// Tasks that are done in one go once their picture is encoded: all but captions and answers in the
// model's own words.
#pragma once

#include <variant>

#include "app/explain/explanation.hpp"
#include "blip/context.hpp"
#include "serve/engine/engine_options.hpp"
#include "serve/engine/job.hpp"
#include "serve/engine/model_catalog.hpp"
#include "serve/engine/model_parts.hpp"

namespace blip::serve {

/// What a task is answered with, or an explanation that is yet to be painted.
using PictureTaskValue = std::variant<decltype(TaskResult::value), app::Explanation>;

/// `pause` is called between parts of long lists of texts. Throws blip::Error, and what `pause`
/// throws.
[[nodiscard]] PictureTaskValue do_picture_task(const Job& job, const ModelParts& parts,
                                               const CatalogModel& model,
                                               const EngineOptions& options, Context& context,
                                               const app::Pause& pause);

/// Whether the task is done without a pause, and asks for no vectors of labels.
[[nodiscard]] bool is_short(const TaskInput& input);

/// Where a captioning model looked for the words that it wrote.
[[nodiscard]] app::Explanation explain_caption(const Job& job, const std::string& caption,
                                               const std::vector<TokenId>& ids,
                                               const CaptionerPart& part, Context& context);

/// The mean map over the photo, which is read once more. Throws blip::Error.
[[nodiscard]] ExplainResult painted(const PictureBytes& picture, const app::PictureOptions& options,
                                    const app::Explanation& explanation);

/// Of a list in a task: labels, texts, answers.
inline constexpr std::size_t kMostTexts = 10'000;
/// Throws invalid_argument or limit_exceeded for a task that makes no sense whatever its model is.
void require_sound(const TaskInput& input);

}  // namespace blip::serve
