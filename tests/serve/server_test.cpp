// The server as its operator and its clients see it: routes, keys, hosts, health, metrics, logs,
// draining.
#include "serve/server.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <string>
#include <thread>

#include "blip/error.hpp"
#include "test_server.hpp"

namespace blip::serve {
namespace {

bool holds(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(Server, RefusesInTheFamilysWords) {
  const TestServer server;
  EXPECT_EQ(server.ask(post("/bad", "")).body, R"({"test_error":"bad on purpose"})");
  EXPECT_EQ(server.ask(post("/bad", "")).status, 400);
  const TestResponse method = server.ask(get("/echo"));
  EXPECT_EQ(method.status, 405);
  EXPECT_TRUE(holds(method.head, "\r\nAllow: POST\r\n")) << method.head;
  const TestResponse nowhere = server.ask(get("/nowhere"));
  EXPECT_EQ(nowhere.status, 404);
  EXPECT_EQ(nowhere.body, R"({"error":"there is nothing at this path"})");
  // Also what cannot be read: the path tells whose words it is refused in.
  const TestResponse encoded = server.ask(get("/bad?text=%zz"));
  EXPECT_EQ(encoded.status, 400);
  EXPECT_TRUE(holds(encoded.body, R"({"test_error":")")) << encoded.body;
  const TestResponse longer = server.ask(get("/bad?text=" + std::string(9000, 'a')));
  EXPECT_EQ(longer.status, 414);
  EXPECT_TRUE(holds(longer.body, R"({"test_error":")")) << longer.body;
}

TEST(Server, SaysHowItIs) {
  TestServer server;
  for (const char* path : {"/livez", "/healthz", "/readyz", "/health", "/v1/health"}) {
    EXPECT_EQ(server.ask(get(path)).status, 200) << path;
  }
  server.engine.queued = 10;
  EXPECT_EQ(server.ask(get("/readyz")).body, "full\n");
  EXPECT_EQ(server.ask(get("/health")).status, 200);
  server.engine.ready = false;
  const TestResponse loading = server.ask(get("/health"));
  EXPECT_EQ(loading.status, 503);
  EXPECT_TRUE(holds(loading.body, "Loading model"));
  EXPECT_TRUE(holds(loading.head, "Retry-After: 1"));
  EXPECT_EQ(server.ask(get("/readyz")).status, 503);
  EXPECT_EQ(server.ask(get("/livez")).status, 200);
}

TEST(Server, HealthDoesNotWaitForTasks) {
  TestServer server;
  std::vector<TestClient> waiting;
  for (std::size_t i = 0; i < 100; ++i) {
    waiting.push_back(server.connect());
    waiting.back().send(post("/caption", "x"));
  }
  server.engine.wait_for_tasks(100);
  EXPECT_EQ(server.ask(get("/livez")).status, 200);
  EXPECT_TRUE(holds(server.ask(get("/metrics")).body, "blip_connections 101\n"));
}

TEST(Server, CountsWhatItDoes) {
  TestServer server;
  server.engine.answers_at_once = true;
  EXPECT_EQ(server.ask(post("/caption", "x")).body, "a cat");
  const TestResponse metrics = server.ask(get("/metrics"));
  EXPECT_TRUE(holds(metrics.head, "Content-Type: text/plain; version=0.0.4; charset=utf-8"));
  for (const char* line :
       {"blip_requests_total{api=\"test\",task=\"caption\",code=\"200\"} 1\n",
        "blip_request_duration_seconds_count{api=\"test\"} 1\n", "blip_queue_size 0\n",
        "blip_inflight 0\n", "blip_tokens_total 0\n", "# TYPE blip_batch_size histogram\n",
        "blip_rejected_total{reason=\"queue_full\"} 0\n", "blip_build_info{version=\"",
        "process_resident_memory_bytes ", "process_start_time_seconds "}) {
    EXPECT_TRUE(holds(metrics.body, line)) << line << metrics.body;
  }
  EXPECT_FALSE(holds(metrics.body, "127.0.0.1"));
}

TEST(Server, CountsWhatItRefusesUnread) {
  TestServer server;
  server.engine.answers_at_once = true;
  server.engine.queued = 10;  // all that it takes
  const std::string picture(20'000, 'x');
  EXPECT_EQ(server.ask(post("/caption", picture)).status, 429);
  EXPECT_EQ(server.ask(post("/nowhere", picture)).status, 404);
  EXPECT_EQ(server.ask(post("/caption", "small")).status, 200);
  const TestResponse metrics = server.ask(get("/metrics"));
  EXPECT_TRUE(holds(metrics.body, "blip_rejected_total{reason=\"queue_full\"} 1\n"))
      << metrics.body;
}

TEST(Server, NamesRequestsAndTraces) {
  const TestServer server;
  EXPECT_TRUE(holds(server.ask(get("/livez", "X-Request-Id: my-1.2_3\r\n")).head,
                    "\r\nX-Request-Id: my-1.2_3\r\n"));
  EXPECT_FALSE(holds(server.ask(get("/livez", "X-Request-Id: a b\r\n")).head, "a b"));
  EXPECT_FALSE(holds(
      server.ask(get("/livez", "X-Request-Id: " + std::string(65, 'a') + "\r\n")).head, "aaaaa"));
  const std::string trace = "0af7651916cd43dd8448eb211c80319c";
  const TestResponse traced =
      server.ask(get("/livez", "traceparent: 00-" + trace + "-b7ad6b7169203331-01\r\n"));
  EXPECT_TRUE(holds(traced.head, "\r\ntraceparent: 00-" + trace + "-")) << traced.head;
  EXPECT_FALSE(holds(traced.head, "b7ad6b7169203331"));
  EXPECT_FALSE(holds(server.ask(get("/livez", "traceparent: 00-0-0-0\r\n")).head, "traceparent"));
}

TEST(Server, LogsALineOfJson) {
  TestServer server;
  server.engine.answers_at_once = true;
  EXPECT_EQ(server.ask(post("/caption?secret=1", "x", "X-Request-Id: id-1\r\n")).status, 200);
  server.server->drain();  // nothing is logged behind that
  server.server.reset();
  const auto lines = server.log_lines();
  ASSERT_EQ(lines.size(), 1U);
  const auto line = nlohmann::json::parse(lines.front());
  EXPECT_EQ(line["request_id"], "id-1");
  EXPECT_EQ(line["status"], 200);
  EXPECT_EQ(line["api"], "test");
  EXPECT_EQ(line["task"], "caption");
  EXPECT_EQ(line["model"], "fake");
  EXPECT_EQ(line["route"], "/caption");
  EXPECT_EQ(line["images"], 1);
  EXPECT_EQ(line["bytes_in"], 1);
  EXPECT_FALSE(holds(lines.front(), "secret"));
}

TEST(Server, AsksForAKey) {
  ServerOptions options;
  options.access.keys = {"first", "second"};
  options.listeners = {{ListenAddress::parse("127.0.0.1:0")},
                       {ListenAddress::parse("127.0.0.1:0"), /*asks_no_key=*/true}};
  TestServer server(std::move(options));
  server.engine.answers_at_once = true;
  TestResponse response = server.ask(post("/echo", "x"));
  EXPECT_EQ(response.status, 401);
  EXPECT_TRUE(holds(response.head, "\r\nWWW-Authenticate: Bearer\r\n"));
  EXPECT_TRUE(holds(response.body, "test_error"));
  // Before the body.
  TestClient client = server.connect();
  client.send("POST /echo HTTP/1.1\r\nHost: h\r\nContent-Length: 9\r\n\r\n");
  EXPECT_EQ(client.read_response().status, 401);
  for (const char* field : {"Authorization: Bearer second\r\n", "authorization: bearer first\r\n",
                            "X-Api-Key: first\r\n", "Authorization: Basic dXNlcjpzZWNvbmQ=\r\n"}) {
    EXPECT_EQ(server.ask(post("/echo", "x", field)).status, 200) << field;
  }
  for (const char* field :
       {"Authorization: Bearer third\r\n", "Authorization: Bearer \r\n", "X-Api-Key: firs\r\n",
        "X-Api-Key: firstfirst\r\n", "Authorization: Basic c2Vjb25k\r\n",
        "Authorization: second\r\n", "Authorization: Basic !!\r\n"}) {
    EXPECT_EQ(server.ask(post("/echo", "x", field)).status, 401) << field;
  }
  for (const char* path : {"/livez", "/readyz", "/health", "/metrics", "/"}) {
    EXPECT_EQ(server.ask(get(path)).status, 200) << path;
  }
  TestClient open(server.server->addresses().at(1).port);
  open.send(post("/echo", "x"));
  EXPECT_EQ(open.read_response().status, 200);
  // Keys may change while it runs.
  server.server->reload({.keys = {"third"}, .allowed_hosts = {}, .cors_origins = {}}, {});
  EXPECT_EQ(server.ask(post("/echo", "x", "X-Api-Key: first\r\n")).status, 401);
  EXPECT_EQ(server.ask(post("/echo", "x", "X-Api-Key: third\r\n")).status, 200);
}

TEST(Server, TellsClientsApartByKeyOrAddress) {
  ServerOptions options;
  options.access.keys = {"a", "b"};
  TestServer server(std::move(options));
  TestClient client = server.connect();
  client.send(post("/caption", "x", "X-Api-Key: b\r\n"));
  server.engine.wait_for_tasks(1);
  EXPECT_EQ(server.engine.oldest_task().client, "key 2");
  EXPECT_TRUE(server.engine.oldest_task().deadline.has_value());
  TestServer open;
  TestClient other = open.connect();
  other.send(post("/caption", "x"));
  open.engine.wait_for_tasks(1);
  EXPECT_EQ(open.engine.oldest_task().client, "127.0.0.1");
}

TEST(Server, DoesNotAnswerToNamesOfOthers) {
  ServerOptions options;
  options.access.allowed_hosts = {"photos.example"};
  const TestServer server(std::move(options));
  const auto status = [&](const std::string& host) {
    return server.ask("GET /livez HTTP/1.1\r\nHost: " + host + "\r\n\r\n").status;
  };
  for (const char* host : {"localhost", "LOCALHOST:8080", "127.0.0.1", "[::1]:8080", "10.0.0.1:80",
                           "photos.example", "Photos.Example:8080"}) {
    EXPECT_EQ(status(host), 200) << host;
  }
  for (const char* host : {"evil.example", "localhost.evil.example", "127.0.0.1.evil.example",
                           "photos.example.evil", "127.1", ""}) {
    EXPECT_EQ(status(host), 403) << host;
  }
}

TEST(Server, RefusesPagesOfOthers) {
  const TestServer closed;
  EXPECT_EQ(closed.ask(post("/echo", "x", "Origin: https://evil.example\r\n")).status, 403);
  EXPECT_EQ(closed.ask(post("/echo", "x", "Origin: null\r\n")).status, 403);
  EXPECT_EQ(closed.ask(post("/echo", "x", "Origin: http://localhost\r\n")).status, 200);
  EXPECT_EQ(closed
                .ask("OPTIONS /echo HTTP/1.1\r\nHost: localhost\r\n"
                     "Origin: https://evil.example\r\n"
                     "Access-Control-Request-Method: POST\r\n\r\n")
                .status,
            403);
  ServerOptions options;
  options.access.cors_origins = {"https://app.example"};
  const TestServer open(std::move(options));
  TestResponse response = open.ask(post("/echo", "x", "Origin: https://app.example\r\n"));
  EXPECT_EQ(response.status, 200);
  EXPECT_TRUE(holds(response.head, "Access-Control-Allow-Origin: https://app.example\r\n"));
  EXPECT_TRUE(holds(response.head, "Vary: Origin\r\n"));
  EXPECT_FALSE(holds(response.head, "Allow-Credentials"));
  response = open.ask(
      "OPTIONS /echo HTTP/1.1\r\nHost: localhost\r\nOrigin: https://app.example\r\n"
      "Access-Control-Request-Method: POST\r\n"
      "Access-Control-Request-Headers: content-type\r\n\r\n");
  EXPECT_EQ(response.status, 204);
  EXPECT_TRUE(holds(response.head, "Access-Control-Allow-Headers: content-type\r\n"));
}

TEST(Server, ShowsThePageToBrowsersWithoutAKey) {
  ServerOptions options;
  options.access.keys = {"key"};
  options.page = [](const HttpRequest& request) -> std::optional<HttpResponse> {
    if (request.path != "/" || request.headers.find("Accept") != "text/html") return std::nullopt;
    return HttpResponse::text(200, "<html>");
  };
  const TestServer server(std::move(options));
  EXPECT_EQ(server.ask(get("/", "Accept: text/html\r\n")).body, "<html>");
  EXPECT_EQ(server.ask(get("/")).body, "Ollama is running");
}

TEST(Server, FetchesNothingUnlessItIsAllowedTo) {
  TestServer server;
  const TestResponse response = server.ask(post("/caption", "url http://127.0.0.1/cat.jpg"));
  EXPECT_EQ(response.status, 422);
  EXPECT_TRUE(holds(response.body, "--fetch-images")) << response.body;
}

TEST(Server, ReadsAPictureOfSeveralTasksOnce) {
  const std::filesystem::path root = std::filesystem::path(::testing::TempDir()) / "one-picture";
  std::filesystem::create_directories(root);
  std::ofstream(root / "a.jpg") << "a picture";
  ServerOptions options;
  options.media_root = root;
  TestServer server(std::move(options));
  TestClient client = server.connect();
  client.send(post("/two", "a.jpg"));
  server.engine.wait_for_tasks(2);
  std::vector<PictureBytes> pictures;
  for (int i = 0; i < 2; ++i) {
    const Task task = server.engine.oldest_task();
    pictures.push_back(std::get<PictureBytes>(std::get<CaptionTask>(task.input).picture));
    server.engine.finish(FakeEngine::text_result("a cat"));
  }
  EXPECT_EQ(client.read_response(false).status, 200);
  EXPECT_EQ(pictures[0].bytes, "a picture");
  EXPECT_EQ(pictures[0].owner, pictures[1].owner);
  // What cannot be read fails all of them.
  EXPECT_NE(server.ask(post("/two", "none.jpg")).status, 200);
}

TEST(Server, ListensForOneDialect) {
  ServerOptions options;
  options.listeners = {{ListenAddress::parse("test=127.0.0.1:0")}};
  const TestServer server(std::move(options));
  EXPECT_EQ(server.ask(post("/echo", "x")).body, "x");
  EXPECT_EQ(server.ask(get("/")).status, 404);
  EXPECT_EQ(server.ask(get("/nowhere")).body, R"({"test_error":"there is nothing at this path"})");
  ServerOptions unknown;
  unknown.listeners = {{ListenAddress::parse("klingon=127.0.0.1:0")}};
  EXPECT_THROW(TestServer{std::move(unknown)}, Error);
}

TEST(Server, DrainsWhatItHasAccepted) {
  TestServer server;
  TestClient idle = server.connect();
  idle.send(get("/livez"));
  EXPECT_EQ(idle.read_response().status, 200);
  TestClient busy = server.connect();
  busy.send(post("/caption", "x"));
  server.engine.wait_for_tasks(1);
  std::jthread draining([&] { server.server->drain(); });
  EXPECT_EQ(idle.read_all(), "");  // closed
  server.engine.finish(FakeEngine::text_result("a cat"));
  const TestResponse response = busy.read_response();
  EXPECT_EQ(response.body, "a cat");
  EXPECT_TRUE(holds(response.head, "Connection: close"));
}

TEST(Server, EndsStreamsThatOutlastTheDrain) {
  ServerOptions options;
  options.drain_timeout = std::chrono::milliseconds(50);
  TestServer server(std::move(options));
  TestClient stream = server.connect();
  stream.send(post("/stream", "x"));
  TestClient waiting = server.connect();
  waiting.send(post("/caption", "x"));
  server.engine.wait_for_tasks(2);
  server.engine.say("a");
  stream.read_until("piece a\n");
  server.server->drain();
  EXPECT_TRUE(holds(stream.read_all(), "end failed: the server stops\n"));
  EXPECT_TRUE(holds(waiting.read_all(), "the server stops"));
  EXPECT_EQ(server.engine.num_waiting(), 0U);
}

TEST(Server, IsNotReadyWhileItDrainsButStillAnswers) {
  ServerOptions options;
  options.drain_delay = std::chrono::hours(1);
  TestServer server(std::move(options));
  std::jthread draining([&] { server.server->drain(); });
  while (server.ask(get("/readyz")).status == 200) std::this_thread::yield();
  EXPECT_EQ(server.ask(get("/readyz")).body, "draining\n");
  EXPECT_EQ(server.ask(get("/livez")).status, 200);
  EXPECT_EQ(server.ask(post("/echo", "x")).status, 200);
  server.server->stop();  // the second signal: at once
}

TEST(ListenAddress, IsReadAndWritten) {
  const auto text = [](const char* given) {
    const ListenAddress address = ListenAddress::parse(given);
    return address.dialect + "|" + address.text();
  };
  EXPECT_EQ(text("127.0.0.1:8080"), "|127.0.0.1:8080");
  EXPECT_EQ(text("ollama=[::1]:11434"), "ollama|[::1]:11434");
  EXPECT_EQ(text("immich=*:3003"), "immich|0.0.0.0:3003");
  EXPECT_EQ(text("unix:/run/a=b.sock"), "|unix:/run/a=b.sock");
  EXPECT_EQ(text("tei=unix:/run/tei"), "tei|unix:/run/tei");
  for (const char* bad : {"", "8080", ":8080", "host", "host:", "host:70000", "host:80x", "::1:80",
                          "unix:", "=host:80"}) {
    EXPECT_THROW((void)ListenAddress::parse(bad), Error) << bad;
  }
  EXPECT_TRUE(is_loopback(ListenAddress::parse("[::1]:1")));
  EXPECT_FALSE(is_loopback(ListenAddress::parse("0.0.0.0:1")));
}

}  // namespace
}  // namespace blip::serve
