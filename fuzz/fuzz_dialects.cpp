// Any bytes as a request of any family: not its business, an answer, or tasks whose outcomes make
// an answer. The first line is the method and the path, the second one the content type.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <memory>
#include <nlohmann/json.hpp>
#include <string>
#include <string_view>
#include <type_traits>
#include <utility>
#include <variant>
#include <vector>

#include "blip/error.hpp"
#include "expectations.hpp"
#include "serve/dialects/dialect.hpp"

namespace {

using blip::fuzz::require;

using namespace blip::serve;

ServerView server_of_the_fuzzer() {
  ServerView server;
  server.version = "1.2.3";
  server.any_model = true;
  server.engine.ready = true;
  ModelStatus model;
  model.name = "blip";
  model.architecture = "BlipForConditionalGeneration";
  model.tasks = {TaskKind::caption,  TaskKind::answer, TaskKind::match,  TaskKind::embed,
                 TaskKind::classify, TaskKind::tag,    TaskKind::explain};
  model.embedding_size = 2;
  model.max_tokens = 77;
  server.engine.models = {model};
  return server;
}

// What a model could have made of the task.
TaskOutcome outcome_of(const Task& task, bool fails) {
  if (fails) return TaskFailure{.kind = FailureKind::queue_full, .message = "full"};
  TaskResult result{.model = "blip", .value = TextResult{}};
  std::visit(
      [&](const auto& input) {
        using Input = std::decay_t<decltype(input)>;
        if constexpr (std::is_same_v<Input, CaptionTask> || std::is_same_v<Input, AnswerTask>) {
          TextResult texts;
          texts.texts.push_back({.text = "a cat\xFF", .score = {}, .tokens = 2});
          result.value = texts;
        } else if constexpr (std::is_same_v<Input, MatchTask>) {
          require(!input.texts.empty());
          result.value = MatchResult{std::vector<MatchResult::Match>(input.texts.size())};
        } else if constexpr (std::is_same_v<Input, EmbedImageTask>) {
          result.value = EmbeddingResult{.embeddings = {.shape = {1, 2}, .data = {0.6F, 0.8F}}};
        } else if constexpr (std::is_same_v<Input, EmbedTextsTask>) {
          require(!input.texts.empty());
          const auto rows = input.texts.size();
          result.value =
              EmbeddingResult{.embeddings = {.shape = {static_cast<std::int64_t>(rows), 2},
                                             .data = std::vector<float>(rows * 2, 0.5F)}};
        } else if constexpr (std::is_same_v<Input, ExplainTask>) {
          ExplainResult explained;
          explained.text = "cat";
          explained.words = {"cat"};
          explained.maps = {.shape = {1, 1, 1}, .data = {1}};
          explained.overlay_png = "\x89PNG";
          result.value = explained;
        } else {
          result.value = LabelsResult{{{"cat", 0.5F}}};
        }
      },
      task.input);
  return result;
}

void check(const HttpResponse& response) {
  require(response.status >= 200 && response.status < 600);
  if (response.headers.find("Content-Type") == "application/json") {
    require(nlohmann::json::accept(response.body));
  }
}

void run(const Work& work, bool fails) {
  require(!work.tasks.empty());
  std::vector<TaskOutcome> outcomes;
  for (const Task& task : work.tasks) {
    outcomes.push_back(outcome_of(task, fails && outcomes.empty()));
  }
  check(work.respond(outcomes));
  if (!work.stream || fails) return;
  (void)work.stream->begin();
  (void)work.stream->piece("a cat");
  (void)work.stream->end(outcomes);
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const ServerView server = server_of_the_fuzzer();
  static const std::vector<Dialect> dialects = all_dialects();
  std::string_view body(reinterpret_cast<const char*>(data), size);
  const auto line = [&body] {
    const std::string_view first = body.substr(0, body.find('\n'));
    body.remove_prefix(std::min(first.size() + 1, body.size()));
    return first;
  };
  HttpRequest request;
  const std::string_view head = line();
  request.method = head.substr(0, head.find(' '));
  request.path = head.substr(std::min(request.method.size() + 1, head.size()));
  request.headers.add("Content-Type", std::string(line()));
  request.body = std::make_shared<const std::string>(body);
  for (const Dialect& dialect : dialects) {
    (void)dialect.methods(request.path);
    try {
      const auto plan = dialect.plan(request, server);
      if (!plan) continue;
      if (const auto* response = std::get_if<HttpResponse>(&*plan)) {
        check(*response);
      } else {
        run(std::get<Work>(*plan), false);
        run(std::get<Work>(*plan), true);
      }
    } catch (const blip::Error& error) {
      require(std::string_view(error.what()).find('\n') == std::string_view::npos);
      check(dialect.error(400, error.what()));
    }
  }
  return 0;
}
