// Refusals: why a request is not done, and what its client is told.
#pragma once

#include <functional>
#include <optional>
#include <span>
#include <stdexcept>
#include <string>
#include <string_view>

#include "serve/dialects/dialect.hpp"
#include "serve/engine/task.hpp"
#include "serve/http/message.hpp"

namespace blip::serve {

/// Thrown while a request is planned, and answered by the family it came from.
class Refusal : public std::runtime_error {
 public:
  Refusal(FailureKind kind, const std::string& message)
      : std::runtime_error(message), kind_(kind) {}
  [[nodiscard]] TaskFailure failure() const { return {.kind = kind_, .message = what()}; }

 private:
  FailureKind kind_;
};

/// How a family tells of a task that failed.
using FailureResponse = std::function<HttpResponse(const TaskFailure& failure)>;

/// Whether a request that may make tasks is refused before its body is parsed: its picture could
/// not wait anyway, and parsing is most of what a refusal would cost. So the server stays quick
/// when it is asked far more than it can do.
[[nodiscard]] bool is_refused_unread(const HttpRequest& request, const EngineStatus& engine);

/// Throws the Refusal of such a request.
void refuse_unread_if_full(const HttpRequest& request, const ServerView& server);

/// What `plan` returns, or the family's response to what it threw: a Refusal, or blip::Error, which
/// is a bad request.
std::optional<Plan> plan_or_refusal(const FailureResponse& response,
                                    const std::function<std::optional<Plan>()>& plan);

/// 400 for a bad request and what a model cannot do, 422 for a bad image, 413, 404, 503 while
/// loading and draining, 504, 500. `full`: if the queue is full, 429 or 503; what a family's
/// clients try again (docs/serving.md).
int status_of(FailureKind kind, int full = 429);

/// Adds Retry-After if the same request may succeed soon.
HttpResponse with_retry_after(HttpResponse response, FailureKind kind);

/// The first one that failed, or null.
const TaskFailure* first_failure(std::span<const TaskOutcome> outcomes);

/// What came of a task that has not failed, of a kind that its input tells.
template <typename Result>
const Result& result_of(const TaskOutcome& outcome) {
  return std::get<Result>(std::get<TaskResult>(outcome).value);
}

}  // namespace blip::serve
