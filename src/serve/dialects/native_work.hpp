// What the paths of the native API have in common: a request's pictures and fields, errors,
// answers.
#pragma once

#include <cstddef>
#include <functional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "serve/dialects/dialect.hpp"
#include "serve/dialects/native_request.hpp"
#include "serve/dialects/request_json.hpp"

namespace blip::serve {

using NativeJson = nlohmann::ordered_json;
using TaskOutcomes = std::span<const TaskOutcome>;
using NativeAnswer = std::function<NativeJson(TaskOutcomes outcomes)>;

[[nodiscard]] HttpResponse native_error(int status, std::string_view message);
[[nodiscard]] HttpResponse native_failure(const TaskFailure& failure);

/// The pictures and fields of a request, and the tasks that are made of them. All throw
/// blip::Error.
struct NativeWork {
  const HttpRequest* http;
  const ServerView* server;
  NativeRequest request = read_native_request(*http);
  JsonFields fields{request.fields, kRequestName};

  [[nodiscard]] Picture only_picture();
  /// `one` or `many`; throws if there is neither and it is `needed`.
  [[nodiscard]] std::vector<std::string> texts(const char* one, const char* many,
                                               bool needed = true) const;
  [[nodiscard]] std::vector<std::string> list(const char* key) const;
  [[nodiscard]] std::size_t top(std::size_t otherwise) const;
  [[nodiscard]] Task task(TaskInput input) const;
};

/// An answer with the model's name, for more fields.
[[nodiscard]] NativeJson native_answer_of(TaskOutcomes outcomes);
[[nodiscard]] Work native_work(std::vector<Task> tasks, NativeAnswer answer);
/// With a stream if the request asks for it.
[[nodiscard]] Work native_text_work(const NativeWork& work, std::vector<Task> tasks,
                                    const NativeAnswer& answer);

// native_texts.cpp
Plan native_caption(const HttpRequest& http, const ServerView& server);
Plan native_ask(const HttpRequest& http, const ServerView& server);

// native_comparisons.cpp
Plan native_match(const HttpRequest& http, const ServerView& server);
Plan native_embed(const HttpRequest& http, const ServerView& server);
Plan native_rank(const HttpRequest& http, const ServerView& server);
Plan native_classify(const HttpRequest& http, const ServerView& server);
Plan native_tag(const HttpRequest& http, const ServerView& server);

// native_moderation.cpp
Plan native_moderate(const HttpRequest& http, const ServerView& server);

}  // namespace blip::serve
