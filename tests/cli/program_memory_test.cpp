// The program's operator new where the system gives no memory. This test program has it, too.
#include <gtest/gtest.h>

#include <cstddef>
#include <cstdlib>
#include <new>
#include <nlohmann/json.hpp>
#include <string>
#include <vector>

#include "tests/core/rationed_addresses.hpp"

namespace blip {
namespace {

// While it is there, malloc has nothing to give, however little is asked for.
class NoMemory {
 public:
  NoMemory() {
    for (std::size_t bytes = std::size_t{16} << 20; bytes >= sizeof(Piece); bytes /= 2) {
      while (void* const place = std::malloc(bytes)) last_ = ::new (place) Piece{last_};
    }
  }
  ~NoMemory() {
    while (last_ != nullptr) {
      Piece* const before = last_->before;
      std::free(last_);
      last_ = before;
    }
  }
  NoMemory(const NoMemory&) = delete;
  NoMemory& operator=(const NoMemory&) = delete;

 private:
  struct Piece {
    Piece* before;
  };
  Piece* last_ = nullptr;
  RationedAddresses none_{0};
};

struct Outcome {
  bool none_from_malloc = false;
  bool large_refused = false;
  std::size_t message_size = 0;
};

TEST(ProgramMemory, SmallPiecesAreHadWhereThereIsNone) {
  std::vector<nlohmann::json> values(20, nlohmann::json::parse(R"({"a":[1,[2,{"b":3}]],"c":"d"})"));
  Outcome outcome;
  {
    const NoMemory none;
    void* const place = std::malloc(64);
    outcome.none_from_malloc = place == nullptr;
    std::free(place);
    try {
      ::operator delete(::operator new (std::size_t{1} << 20));
    } catch (const std::bad_alloc&) {
      outcome.large_refused = true;
    }
    values.clear();  // ends a program that has no list for what is in them
    outcome.message_size = std::string(1000, 'x').size();
  }
  EXPECT_TRUE(outcome.none_from_malloc);
  EXPECT_TRUE(outcome.large_refused);
  EXPECT_EQ(outcome.message_size, 1000);
}

TEST(ProgramMemory, WhatWasHadThenMayBeFreedLater) {
  for (int round = 0; round < 3; ++round) {
    std::vector<std::string> texts(50);
    {
      const NoMemory none;
      for (std::string& text : texts) text.assign(60'000, 'x');
    }
    for (const std::string& text : texts) EXPECT_EQ(text, std::string(60'000, 'x'));
  }
}

}  // namespace
}  // namespace blip
