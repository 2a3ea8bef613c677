#include "test_server.hpp"

#include <algorithm>
#include <utility>

#include "blip/error.hpp"
#include "serve/dialects/refusal.hpp"

namespace blip::serve {
namespace {

std::string text_of(std::span<const TaskOutcome> outcomes) {
  const auto* result = std::get_if<TaskResult>(&outcomes.front());
  if (result == nullptr) return "failed: " + std::get<TaskFailure>(outcomes.front()).message;
  return std::get<TextResult>(result->value).texts.front().text;
}

HttpResponse respond_with_text(std::span<const TaskOutcome> outcomes) {
  const auto* failure = std::get_if<TaskFailure>(&outcomes.front());
  if (failure == nullptr) return HttpResponse::text(200, text_of(outcomes));
  return HttpResponse::text(failure->kind == FailureKind::queue_full ? 429 : 422, failure->message);
}

std::optional<Plan> plan_test_request(const HttpRequest& request, const ServerView& server) {
  if (request.method != "POST" && request.path != "/caption") return std::nullopt;
  if (request.path == "/echo") return HttpResponse::text(200, *request.body);
  if (request.path == "/bad") throw Error(ErrorCode::invalid_argument, "bad on purpose");
  if (request.path != "/caption" && request.path != "/two" && request.path != "/stream") {
    return std::nullopt;
  }
  if (is_refused_unread(request, server.engine)) return HttpResponse::text(429, "full");
  Work work;
  Picture picture = PictureBytes{.owner = request.body, .bytes = *request.body};
  if (request.body->starts_with("url ")) picture = PictureUrl{request.body->substr(4)};
  if (request.path == "/two") {
    picture = PicturePath{*request.body};
    work.tasks.push_back({.input = CaptionTask{.picture = picture}});
  }
  work.tasks.push_back({.input = CaptionTask{.picture = std::move(picture)}});
  work.respond = respond_with_text;
  if (request.path == "/stream") {
    Stream stream;
    stream.headers = {{"Content-Type", "application/x-ndjson"}};
    stream.begin = [] { return std::string("begin\n"); };
    stream.piece = [](std::string_view piece) { return "piece " + std::string(piece) + "\n"; };
    stream.end = [](std::span<const TaskOutcome> outcomes) {
      return "end " + text_of(outcomes) + "\n";
    };
    stream.keep_alive = "ping\n";
    work.stream = std::move(stream);
  }
  return work;
}

}  // namespace

Dialect test_dialect() {
  return {
      .name = "test",
      .plan = plan_test_request,
      .error =
          [](int status, std::string_view message) {
            return HttpResponse::json(status, "{\"test_error\":\"" + std::string(message) + "\"}");
          },
      .prefixes = {"/echo", "/caption", "/stream", "/bad"},
      .methods =
          [](std::string_view path) {
            const bool known =
                path == "/echo" || path == "/caption" || path == "/stream" || path == "/bad";
            return known ? std::vector<std::string_view>{"POST"} : std::vector<std::string_view>{};
          }};
}

TestServer::TestServer(ServerOptions options) {
  if (options.listeners.empty()) options.listeners = {{ListenAddress::parse("127.0.0.1:0")}};
  options.dialects.push_back(test_dialect());
  options.log_sink = [this](std::string_view line) {
    const std::lock_guard lock(mutex_);
    lines_.emplace_back(line);
  };
  server = std::make_unique<Server>(std::move(options), engine);
  server->start();
}

TestResponse TestServer::ask(const std::string& request) const {
  TestClient client = connect();
  client.send(request);
  return client.read_response(request.starts_with("HEAD"));
}

std::vector<std::string> TestServer::log_lines() const {
  const std::lock_guard lock(mutex_);
  return lines_;
}

std::string get(const std::string& path, const std::string& fields) {
  return "GET " + path + " HTTP/1.1\r\nHost: localhost\r\n" + fields + "\r\n";
}

std::string post(const std::string& path, const std::string& body, const std::string& fields) {
  return "POST " + path +
         " HTTP/1.1\r\nHost: localhost\r\nContent-Length: " + std::to_string(body.size()) + "\r\n" +
         fields + "\r\n" + body;
}

}  // namespace blip::serve
