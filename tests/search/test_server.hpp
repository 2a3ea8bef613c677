// TestServer: a PostgreSQL server with pgvector that tests may use, if there is one.
#pragma once

#include <cstdlib>
#include <optional>
#include <string>

#include "blip/error.hpp"
#include "search/postgresql.hpp"

namespace blip::search {

class TestServer {
 public:
  static constexpr const char* kHowTo =
      "BLIP_TEST_POSTGRESQL names no server: postgresql://user@host/blip_test, whose schema blip "
      "is "
      "deleted";

  static std::optional<TestServer> find() {
    const char* const address = std::getenv("BLIP_TEST_POSTGRESQL");
    if (address == nullptr) return std::nullopt;
    return TestServer(address);
  }

  [[nodiscard]] const std::string& address() const { return address_; }

  /// Behind the index's back, as whoever runs the server may.
  void execute(const std::string& sql) const {
    PostgresqlDatabase database(address_, Access::write);
    database.execute(sql);
  }

  /// No index is there any more. Not done to a database that is none for tests.
  void clear() const {
    if (address_.find("/blip_test") == std::string::npos) {
      throw Error(ErrorCode::invalid_argument, "BLIP_TEST_POSTGRESQL is no .../blip_test");
    }
    execute("DROP SCHEMA IF EXISTS blip CASCADE");
  }

 private:
  explicit TestServer(std::string address) : address_(std::move(address)) {}

  std::string address_;
};

}  // namespace blip::search
