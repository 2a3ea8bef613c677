// Answers of chat APIs: text about pictures, as it is or in the JSON that the client asks for.
#pragma once

#include <functional>
#include <span>
#include <vector>

#include "serve/dialects/answer_shape.hpp"
#include "serve/dialects/description.hpp"

namespace blip::serve {

struct StructuredAnswer {
  std::vector<Task> tasks;
  bool streams = false;  ///< the pieces of the first task's text are the beginning of the answer's
  TextFilter filter;     ///< of the pieces
  /// None of the tasks has failed. `choice`: which text, if each task makes several.
  std::function<Description(std::span<const TaskOutcome> outcomes, std::size_t choice)> of;
};

/// Throws as description_tasks() and label_tasks() do.
StructuredAnswer structured_answer(AnswerShape shape, DescriptionRequest request, TextFilter filter,
                                   const HttpRequest& http, const ServerView& server);

}  // namespace blip::serve
