#include "serve/dialects/native_work.hpp"

#include <utility>

#include "blip/error.hpp"
#include "serve/dialects/event_stream.hpp"
#include "serve/dialects/model_names.hpp"
#include "serve/dialects/refusal.hpp"

namespace blip::serve {
namespace {

constexpr int kMaxNativeTop = 4096;

NativeJson native_error_body(std::string_view code, std::string_view message) {
  return {{"error", {{"code", std::string(code)}, {"message", std::string(message)}}}};
}

}  // namespace

HttpResponse native_error(int status, std::string_view message) {
  std::string_view code = "bad_request";
  if (status == 401 || status == 403) code = "unauthorized";
  if (status == 404) code = "not_found";
  if (status == 405) code = "method_not_allowed";
  if (status == 413) code = "too_large";
  if (status == 422) code = "bad_image";
  if (status == 429) code = "queue_full";
  if (status == 503) code = "draining";
  if (status == 408 || status == 504) code = "timed_out";
  if (status == 500) code = "internal";
  return HttpResponse::json(status, json_text_of(native_error_body(code, message)));
}

HttpResponse native_failure(const TaskFailure& failure) {
  const NativeJson body = native_error_body(name_of(failure.kind), failure.message);
  return with_retry_after(HttpResponse::json(status_of(failure.kind), json_text_of(body)),
                          failure.kind);
}

Picture NativeWork::only_picture() {
  if (request.pictures.size() != 1) {
    throw Error(ErrorCode::invalid_argument, "request: one image is needed, there are " +
                                                 std::to_string(request.pictures.size()));
  }
  return std::move(request.pictures.front());
}

std::vector<std::string> NativeWork::texts(const char* one, const char* many, bool needed) const {
  auto list = text_list(fields, many).value_or(std::vector<std::string>());
  if (const auto text = fields.string(one)) list.insert(list.begin(), *text);
  if (list.empty() && needed) {
    throw Error(ErrorCode::invalid_argument,
                std::string("request: ") + one + " or " + many + " is needed");
  }
  return list;
}

std::vector<std::string> NativeWork::list(const char* key) const {
  return text_list(fields, key).value_or(std::vector<std::string>());
}

std::size_t NativeWork::top(std::size_t otherwise) const {
  const auto value = whole_number(fields, "top", {0, kMaxNativeTop});
  return value ? static_cast<std::size_t>(*value) : otherwise;
}

Task NativeWork::task(TaskInput input) const {
  const TaskKind kind = kind_of(input);
  return {.model = model_for(*server, fields.string("model").value_or(""), kind),
          .input = std::move(input),
          .client = http->client};
}

NativeJson native_answer_of(TaskOutcomes outcomes) {
  return {{"model", std::get<TaskResult>(outcomes.front()).model}};
}

Work native_work(std::vector<Task> tasks, NativeAnswer answer) {
  return {.tasks = std::move(tasks), .respond = [answer](TaskOutcomes outcomes) {
            if (const auto* failure = first_failure(outcomes)) return native_failure(*failure);
            return HttpResponse::json(200, json_text_of(answer(outcomes)));
          }};
}

Work native_text_work(const NativeWork& work, std::vector<Task> tasks, const NativeAnswer& answer) {
  Work planned = native_work(std::move(tasks), answer);
  if (!work.fields.boolean("stream").value_or(false)) return planned;
  planned.stream = Stream{
      .headers = event_stream_headers(),
      .begin = [] { return std::string(); },
      .piece =
          [](std::string_view piece) {
            return server_sent_event("token", json_text_of({{"text", std::string(piece)}}));
          },
      .end =
          [answer](TaskOutcomes outcomes) {
            if (const auto* failure = first_failure(outcomes)) {
              const NativeJson body = native_error_body(name_of(failure->kind), failure->message);
              return server_sent_event("error", json_text_of(body));
            }
            return server_sent_event("done", json_text_of(answer(outcomes)));
          },
      .keep_alive = std::string(kEventPing)};
  return planned;
}

}  // namespace blip::serve
