// The server over real sockets of this machine: requests, responses, streams and limits.
#include <gtest/gtest.h>
#include <unistd.h>

#include <chrono>
#include <string>
#include <thread>
#include <vector>

#include "test_server.hpp"

namespace blip::serve {
namespace {

using std::chrono::milliseconds;

bool has(const std::string& text, const std::string& part) {
  return text.find(part) != std::string::npos;
}

TEST(HttpServer, AnswersAndKeepsTheConnection) {
  TestServer server;
  TestClient client = server.connect();
  for (const std::string body : {"one", "", "three"}) {
    client.send(post("/echo", body));
    const TestResponse response = client.read_response();
    EXPECT_EQ(response.status, 200);
    EXPECT_EQ(response.body, body);
    EXPECT_TRUE(has(response.head, "\r\nDate: ")) << response.head;
    EXPECT_TRUE(has(response.head, "\r\nX-Request-Id: ")) << response.head;
    EXPECT_FALSE(has(response.head, "Connection: close")) << response.head;
  }
  client.send(post("/echo", "last", "Connection: close\r\n"));
  EXPECT_TRUE(has(client.read_response().head, "\r\nConnection: close\r\n"));
  EXPECT_EQ(client.read_all(), "");
}

TEST(HttpServer, KeepsPipelinedRequestsInOrder) {
  TestServer server;
  TestClient client = server.connect();
  std::string requests;
  for (int i = 0; i < 50; ++i) requests += post("/echo", std::to_string(i)) + get("/livez");
  requests += post("/caption", "x") + post("/echo", "behind the caption");
  client.send(requests);
  for (int i = 0; i < 50; ++i) {
    EXPECT_EQ(client.read_response().body, std::to_string(i));
    EXPECT_EQ(client.read_response().body, "ok\n");
  }
  server.engine.wait_for_tasks(1);
  server.engine.finish(FakeEngine::text_result("a dog"));
  EXPECT_EQ(client.read_response().body, "a dog");
  EXPECT_EQ(client.read_response().body, "behind the caption");
}

TEST(HttpServer, SpeaksHttp10) {
  TestServer server;
  EXPECT_TRUE(has(server.ask("GET /livez HTTP/1.0\r\n\r\n").head, "Connection: close"));
  EXPECT_TRUE(has(server.ask("GET /livez HTTP/1.0\r\nConnection: keep-alive\r\n\r\n").head,
                  "Connection: keep-alive"));
}

TEST(HttpServer, AnswersHeadWithoutABody) {
  TestServer server;
  TestClient client = server.connect();
  client.send("HEAD / HTTP/1.1\r\nHost: localhost\r\n\r\n");
  EXPECT_TRUE(has(client.read_response(true).head, "Content-Length: 17\r\n"));
  client.send(get("/"));
  EXPECT_EQ(client.read_response().body, "Ollama is running");
}

TEST(HttpServer, ContinuesABodyThatWaitsForIt) {
  TestServer server;
  TestClient client = server.connect();
  client.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n"
      "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_response().status, 100);
  client.send("hello");
  EXPECT_EQ(client.read_response().body, "hello");
  // What is too large is refused instead.
  client.send(
      "POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 99999999\r\n"
      "Expect: 100-continue\r\n\r\n");
  EXPECT_EQ(client.read_response().status, 413);
  EXPECT_EQ(server.ask(post("/echo", "x", "Expect: miracles\r\n")).status, 417);
}

TEST(HttpServer, RefusesBeforeTheBodyAndLetsTheClientReadIt) {
  TestServer server;
  TestClient client = server.connect();
  client.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 67108865\r\n\r\n");
  // Still sent while nobody reads it.
  client.send(std::string(1 << 20, 'x'));
  const TestResponse response = client.read_response();
  EXPECT_EQ(response.status, 413);
  EXPECT_TRUE(has(response.body, "test_error")) << response.body;  // in the family's words
  EXPECT_TRUE(has(response.head, "Connection: close"));
}

TEST(HttpServer, ReadsAnUploadByteByByte) {
  TestServer server;
  TestClient client = server.connect();
  for (const char c : post("/echo", "slowly")) client.send(std::string(1, c));
  EXPECT_EQ(client.read_response().body, "slowly");
}

TEST(HttpServer, EndsSlowLorisAndSlowBodies) {
  // Long enough for this thread to send what it wants to send, on a machine that others use too.
  constexpr milliseconds kPatience{1000};
  ServerOptions options;
  options.limits.header_time = kPatience;
  options.limits.body_time = kPatience;
  options.limits.idle_time = kPatience;
  TestServer server(std::move(options));
  TestClient silent = server.connect();
  TestClient head = server.connect();
  head.send("GET / HTTP/1.1\r\nHost: local");
  TestClient body = server.connect();
  body.send("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 5\r\n\r\nhe");
  TestClient kept = server.connect();
  kept.send(get("/livez"));
  EXPECT_EQ(silent.read_all(), "");
  EXPECT_EQ(head.read_response().status, 408);
  EXPECT_EQ(body.read_response().status, 408);
  EXPECT_EQ(kept.read_response().status, 200);
  EXPECT_EQ(kept.read_all(), "");  // closed when it has been idle for long enough
}

TEST(HttpServer, BoundsWhatAllUploadsTake) {
  ServerOptions options;
  options.limits.buffered_bytes = 100;
  TestServer server(std::move(options));
  EXPECT_EQ(server.ask(post("/echo", std::string(100, 'x'))).status, 200);
  // 101 bytes of 200, so that it has to wait for the others.
  const TestResponse response =
      server.ask("POST /echo HTTP/1.1\r\nHost: localhost\r\nContent-Length: 200\r\n\r\n" +
                 std::string(101, 'x'));
  EXPECT_EQ(response.status, 503);
  EXPECT_TRUE(has(response.head, "Retry-After: 1"));
  EXPECT_EQ(server.ask(post("/echo", std::string(100, 'x'))).status, 200);  // given back
}

TEST(HttpServer, UnpacksBodiesWithinTheLimit) {
  ServerOptions options;
  options.limits.body_bytes = 1000;
  TestServer server(std::move(options));
  // gzip and zlib of "hello", and gzip of 100,000 zeros (python3's gzip and zlib)
  const std::string gzip(
      "\x1f\x8b\x08\x00\x00\x00\x00\x00\x02\xff\xcb\x48\xcd\xc9\xc9\x07\x00\x86"
      "\xa6\x10\x36\x05\x00\x00\x00",
      25);
  const std::string zlib("\x78\x9c\xcb\x48\xcd\xc9\xc9\x07\x00\x06\x2c\x02\x15", 13);
  EXPECT_EQ(server.ask(post("/echo", gzip, "Content-Encoding: gzip\r\n")).body, "hello");
  EXPECT_EQ(server.ask(post("/echo", zlib, "Content-Encoding: deflate\r\n")).body, "hello");
  EXPECT_EQ(server.ask(post("/echo", zlib.substr(2, 7), "Content-Encoding: deflate\r\n")).body,
            "hello");
  EXPECT_EQ(server.ask(post("/echo", "hello", "Content-Encoding: identity\r\n")).body, "hello");
  EXPECT_EQ(server.ask(post("/echo", gzip.substr(0, 20), "Content-Encoding: gzip\r\n")).status,
            400);
  EXPECT_EQ(server.ask(post("/echo", "x", "Content-Encoding: br\r\n")).status, 415);
}

TEST(HttpServer, CapsConnections) {
  ServerOptions options;
  options.limits.connections = 2;
  TestServer server(std::move(options));
  TestClient first = server.connect();
  first.send(get("/livez"));
  EXPECT_EQ(first.read_response().status, 200);
  TestClient second = server.connect();
  second.send(get("/livez"));
  EXPECT_EQ(second.read_response().status, 200);
  EXPECT_EQ(server.connect().read_response().status, 503);
  first.close();
  // Whether the server has seen that yet is not known: it is asked until it has.
  int status = 0;
  while (status != 200) {
    TestClient again = server.connect();
    again.send(get("/livez"));
    status = again.read_response().status;
    ASSERT_TRUE(status == 200 || status == 503 || status == 0) << status;
  }
}

TEST(HttpServer, ListensAtAUnixSocketAndReplacesAStaleOne) {
  const std::string path = ::testing::TempDir() + "blip-serve-test.sock";
  for (int i = 0; i < 2; ++i) {
    ServerOptions options;
    options.listeners = {{ListenAddress::parse("unix:" + path)}};
    const TestServer server(std::move(options));
    TestClient client(path);
    client.send("GET /livez HTTP/1.1\r\nHost: whatever\r\n\r\n");
    EXPECT_EQ(client.read_response().status, 200);
  }
  unlink(path.c_str());
}

TEST(HttpServer, TellsWhoHasLeft) {
  TestServer server;
  TestClient reset = server.connect();
  reset.send(post("/caption", "x"));
  server.engine.wait_for_tasks(1);
  reset.reset();
  server.engine.wait_for_cancellations(1);

  TestClient closed = server.connect();
  closed.send(post("/caption", "x"));
  server.engine.wait_for_tasks(2);
  closed.close();
  server.engine.wait_for_cancellations(2);

  TestClient streaming = server.connect();
  streaming.send(post("/stream", "x"));
  server.engine.wait_for_tasks(3);
  server.engine.say("a");
  streaming.read_until("piece a");
  streaming.reset();
  server.engine.wait_for_cancellations(3);
  EXPECT_EQ(server.engine.num_waiting(), 0U);
}

TEST(HttpServer, AnswersAClientThatHasClosedItsSide) {
  TestServer server;
  TestClient client = server.connect();
  client.send(post("/echo", "one") + post("/caption", "x") + post("/echo", "three"));
  client.shutdown_send();
  EXPECT_EQ(client.read_response().body, "one");
  server.engine.wait_for_tasks(1);
  TestResponse response = client.read_response();
  // Asked in the meantime whether it is there still.
  EXPECT_EQ(response.status, 102);
  server.engine.finish(FakeEngine::text_result("a cat"));
  response = client.read_response();
  EXPECT_EQ(response.body, "a cat");
  EXPECT_EQ(client.read_response().body, "three");
  EXPECT_EQ(client.read_all(), "");
}

TEST(HttpServer, StreamsPieces) {
  TestServer server;
  TestClient client = server.connect();
  client.send(post("/stream", "x") + get("/livez"));
  server.engine.wait_for_tasks(1);
  server.engine.say("a");
  // Each is there before the next one is said.
  EXPECT_TRUE(has(client.read_until("piece a\n"), "begin\n"));
  server.engine.say(" cat");
  client.read_until("piece  cat\n");
  server.engine.finish(FakeEngine::text_result("a cat"));
  client.read_until("end a cat\n");
  client.read_until("0\r\n\r\n");
  EXPECT_EQ(client.read_response().body, "ok\n");
}

TEST(HttpServer, StreamsToHttp10UntilTheEnd) {
  TestServer server;
  TestClient client = server.connect();
  client.send("POST /stream HTTP/1.0\r\nContent-Length: 1\r\n\r\nx");
  server.engine.wait_for_tasks(1);
  server.engine.say("a");
  server.engine.finish(FakeEngine::text_result("a"));
  const std::string all = client.read_all();
  EXPECT_TRUE(all.ends_with("\r\n\r\nbegin\npiece a\nend a\n")) << all;
  EXPECT_FALSE(has(all, "chunked")) << all;
}

TEST(HttpServer, AStreamThatFailsAtOnceHasAStatus) {
  TestServer server;
  TestClient client = server.connect();
  client.send(post("/stream", "x"));
  server.engine.wait_for_tasks(1);
  server.engine.finish(TaskFailure{FailureKind::queue_full, "full"});
  const TestResponse response = client.read_response();
  EXPECT_EQ(response.status, 429);
  EXPECT_EQ(response.body, "full");
}

TEST(HttpServer, AStreamWithoutPiecesIsAStreamAllTheSame) {
  TestServer server;
  server.engine.answers_at_once = true;
  const TestResponse response = server.ask(post("/stream", "x"));
  EXPECT_EQ(response.status, 200);
  EXPECT_EQ(response.body, "begin\nend a cat\n");
  EXPECT_TRUE(has(response.head, "Content-Type: application/x-ndjson"));
}

TEST(HttpServer, KeepsASilentStreamAlive) {
  ServerOptions options;
  options.limits.keep_alive_time = milliseconds(20);
  TestServer server(std::move(options));
  TestClient client = server.connect();
  client.send(post("/stream", "x"));
  client.read_until("begin\n");
  client.read_until("ping\n");
  client.read_until("ping\n");
  server.engine.wait_for_tasks(1);
  server.engine.finish(TaskFailure{FailureKind::internal, "broken"});
  client.read_until("end failed: broken\n");
}

TEST(HttpServer, LetsGoOfAReaderThatTakesNothing) {
  ServerOptions options;
  options.limits.write_time = milliseconds(100);
  options.limits.unread_bytes = 1 << 20;
  TestServer server(std::move(options));
  TestClient client = server.connect();
  client.set_receive_buffer(4096);
  client.send(post("/stream", "x"));
  server.engine.wait_for_tasks(1);
  const std::string piece(1 << 20, 'x');
  for (int i = 0; i < 16; ++i) {
    if (server.engine.num_waiting() == 0) break;
    server.engine.say(piece);
  }
  server.engine.wait_for_cancellations(1);
}

}  // namespace
}  // namespace blip::serve
