// download_model when the bytes of a file do not come as they should.
#include <gmock/gmock.h>

#include <atomic>
#include <fstream>

#include "tests/hub/broken_hub.hpp"

namespace blip::testing {
namespace {

namespace fs = std::filesystem;

class BrokenTransfer : public BrokenHub {};

TEST_F(BrokenTransfer, ADroppedConnectionIsResumedWhereItBroke) {
  std::atomic<int> requests = 0;
  hub_.spoil_storage = [&](const ServerRequest&, ServerReply& reply) {
    if (++requests <= 3) reply.break_off_after = 100'000;
  };
  EXPECT_EQ(pulled_weights(), weights_);
  const auto seen = hub_.storage_requests();
  ASSERT_EQ(seen.size(), 4U);
  EXPECT_EQ(seen[0].header("range"), "");
  EXPECT_EQ(seen[1].header("range"), "bytes=100000-");
  EXPECT_EQ(seen[3].header("range"), "bytes=300000-");
}

TEST_F(BrokenTransfer, AnEarlierProcesssPartIsResumed) {
  leave_partial(weights_.substr(0, 250'000));
  EXPECT_EQ(pulled_weights(), weights_);
  EXPECT_EQ(hub_.storage_requests().front().header("range"), "bytes=250000-");
  EXPECT_FALSE(fs::exists(partial()));
}

TEST_F(BrokenTransfer, AnEarlierPartThatIsWrongIsThrownAway) {
  leave_partial(std::string(250'000, 'x'));
  EXPECT_EQ(pulled_weights(), weights_);
  EXPECT_EQ(hub_.storage_requests().size(), 2U);
}

TEST_F(BrokenTransfer, AnEarlierPartThatIsTooLongOrWholeIsHandled) {
  leave_partial(weights_ + "more");
  EXPECT_EQ(pulled_weights(), weights_);
  fs::remove_all(quiet_.cache());
  leave_partial(weights_);
  EXPECT_EQ(pulled_weights(), weights_);
  EXPECT_EQ(hub_.storage_requests().size(), 1U);  // of the first
}

TEST_F(BrokenTransfer, AServerWithoutRangesStartsAnew) {
  leave_partial(weights_.substr(0, 250'000));
  hub_.spoil_storage = [&](const ServerRequest&, ServerReply& reply) {
    reply = {.body = weights_};
  };
  EXPECT_EQ(pulled_weights(), weights_);
}

TEST_F(BrokenTransfer, GivesUpOnAConnectionThatAlwaysBreaks) {
  hub_.spoil_storage = [](const ServerRequest&, ServerReply& reply) { reply.break_off_after = 10; };
  expect_refused(ErrorCode::network, "org/tiny: model.safetensors: localhost: ");
  EXPECT_EQ(hub_.storage_requests().size(), 6U);
  EXPECT_EQ(fs::file_size(partial()), 60U);  // and keeps what it has
}

TEST_F(BrokenTransfer, OverloadIsWaitedOut) {
  std::atomic<int> hub_requests = 0;
  std::atomic<int> storage_requests = 0;
  hub_.spoil_hub = [&](const ServerRequest&, ServerReply& reply) {
    if (++hub_requests <= 2) reply = {.status = 503};
  };
  hub_.spoil_storage = [&](const ServerRequest&, ServerReply& reply) {
    ++storage_requests;
    if (storage_requests == 1) reply = {.status = 429, .headers = {{"Retry-After", "0"}}};
    if (storage_requests == 2) reply = {.status = 500, .body = "an explanation"};
  };
  EXPECT_EQ(pulled_weights(), weights_);
}

TEST_F(BrokenTransfer, OverloadForEverIsGivenUp) {
  hub_.spoil_hub = [](const ServerRequest&, ServerReply& reply) { reply = {.status = 503}; };
  expect_refused(ErrorCode::network, "answers 503 for config.json");
  EXPECT_EQ(hub_.hub_requests().size(), 6U);
}

TEST_F(BrokenTransfer, ALinkThatExpiredIsRenewed) {
  std::atomic<int> requests = 0;
  hub_.spoil_storage = [&](const ServerRequest&, ServerReply& reply) {
    ++requests;
    if (requests == 1) reply.break_off_after = 200'000;
    if (requests == 2) reply = {.status = 403};
  };
  EXPECT_EQ(pulled_weights(), weights_);
  EXPECT_EQ(requests, 3);
}

TEST_F(BrokenTransfer, AShortBodyIsNotTaken) {
  hub_.spoil_storage = [&](const ServerRequest&, ServerReply& reply) {
    reply = {.body = weights_.substr(0, 1000)};
  };
  expect_refused(ErrorCode::network, "sends less than promised (1000 of 400000 bytes are there)");
}

TEST_F(BrokenTransfer, ALongBodyIsNotTaken) {
  hub_.spoil_storage = [&](const ServerRequest&, ServerReply& reply) {
    reply = {.body = weights_ + "x"};
  };
  expect_refused(ErrorCode::malformed, "sends more than the 400000 bytes promised");
}

TEST_F(BrokenTransfer, AWrongPartIsNotTaken) {
  leave_partial(weights_.substr(0, 1000));
  hub_.spoil_storage = [](const ServerRequest&, ServerReply& reply) {
    reply.headers = {{"Content-Range", "bytes 999-399999/400000"}};
  };
  expect_refused(ErrorCode::malformed, "sends another part than asked");
}

TEST_F(BrokenTransfer, AWrongHashIsNotTaken) {
  hub_.spoil_storage = [&](const ServerRequest&, ServerReply& reply) {
    reply = {.body = std::string(weights_.size(), 'x')};
  };
  expect_refused(ErrorCode::malformed, "model.safetensors: SHA-256 is ");
  EXPECT_EQ(fs::file_size(partial()), 0U);
}

TEST_F(BrokenTransfer, AWrongHashOfASmallFileIsNotTaken) {
  hub_.spoil_hub = [](const ServerRequest& request, ServerReply& reply) {
    if (request.method == "GET") reply.body.back() = '!';
  };
  expect_refused(ErrorCode::malformed, "config.json: git hash is ");
}

TEST_F(BrokenTransfer, AGiantIsRefusedBeforeItComes) {
  hub_.spoil_hub = [](const ServerRequest& request, ServerReply& reply) {
    if (!request.path.ends_with("vocab.txt")) return;
    reply.headers.emplace_back("X-Linked-Size", "33554433");
  };
  expect_refused(ErrorCode::limit_exceeded, "vocab.txt: larger than the 33554432 bytes allowed");
}

TEST_F(BrokenTransfer, ATransferThatStallsIsBrokenOff) {
  options_.stall_timeout = std::chrono::seconds(1);
  std::atomic<int> requests = 0;
  hub_.spoil_storage = [&](const ServerRequest&, ServerReply& reply) {
    if (++requests > 1) return;
    reply.piece = 100'000;
    reply.pause = std::chrono::seconds(60);
  };
  EXPECT_EQ(pulled_weights(), weights_);
  EXPECT_EQ(requests, 2);
}

}  // namespace
}  // namespace blip::testing
