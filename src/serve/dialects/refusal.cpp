#include "serve/dialects/refusal.hpp"

#include <utility>

#include "blip/error.hpp"

namespace blip::serve {
namespace {

// Requests without a picture are smaller, and cost little: they are read, and may need no model.
constexpr std::size_t kSmallRequest = std::size_t{16} << 10;

}  // namespace

bool is_refused_unread(const HttpRequest& request, const EngineStatus& engine) {
  return request.method == "POST" && request.body->size() > kSmallRequest &&
         engine.queue_limit > 0 && engine.queued >= engine.queue_limit;
}

void refuse_unread_if_full(const HttpRequest& request, const ServerView& server) {
  if (!is_refused_unread(request, server.engine)) return;
  throw Refusal(FailureKind::queue_full, "the queue is full; try again later");
}

std::optional<Plan> plan_or_refusal(const FailureResponse& response,
                                    const std::function<std::optional<Plan>()>& plan) {
  try {
    return plan();
  } catch (const Refusal& refusal) {
    return response(refusal.failure());
  } catch (const Error& error) {
    return response({.kind = FailureKind::bad_request, .message = error.what()});
  }
}

int status_of(FailureKind kind, int full) {
  switch (kind) {
    case FailureKind::bad_request:
    case FailureKind::not_supported:
      return 400;
    case FailureKind::bad_image:
      return 422;
    case FailureKind::too_large:
      return 413;
    case FailureKind::model_not_found:
      return 404;
    case FailureKind::queue_full:
      return full;
    case FailureKind::loading:
    case FailureKind::draining:
      return 503;
    case FailureKind::timed_out:
      return 504;
    case FailureKind::cancelled:
    case FailureKind::internal:
      break;
  }
  return 500;
}

HttpResponse with_retry_after(HttpResponse response, FailureKind kind) {
  if (kind == FailureKind::queue_full) response.headers.set("Retry-After", "1");
  // A model that is loaded from a disk, or the other replicas that a load balancer knows.
  if (kind == FailureKind::loading || kind == FailureKind::draining) {
    response.headers.set("Retry-After", "5");
  }
  return response;
}

const TaskFailure* first_failure(std::span<const TaskOutcome> outcomes) {
  for (const auto& outcome : outcomes) {
    if (const auto* failure = std::get_if<TaskFailure>(&outcome)) return failure;
  }
  return nullptr;
}

}  // namespace blip::serve
