// PostgresqlDatabase and PostgresqlStatement: a PostgreSQL server with typed columns and
// blip::Error. Beside postgresql_address.cpp, the only files that know libpq are this one's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <exception>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "search/access.hpp"

struct pg_conn;
struct pg_result;

namespace blip::search {

struct ClearPostgresqlResult {
  void operator()(pg_result* result) const noexcept;
};
using PostgresqlResult = std::unique_ptr<pg_result, ClearPostgresqlResult>;

class PostgresqlDatabase;

/// As SqliteStatement. Rows come one by one, so a long answer takes no memory; when another
/// statement is run meanwhile, what is left of the answer is read and kept.
class PostgresqlStatement {
 public:
  PostgresqlStatement(PostgresqlDatabase& database, std::string_view sql);
  ~PostgresqlStatement();
  PostgresqlStatement(const PostgresqlStatement&) = delete;
  PostgresqlStatement& operator=(const PostgresqlStatement&) = delete;

  void bind(int parameter, std::int64_t value);
  void bind(int parameter, double value);
  void bind_text(int parameter, std::string_view text);
  void bind_blob(int parameter, std::span<const std::byte> bytes);
  void bind_vector(int parameter, std::span<const float> vector);
  void bind_null(int parameter);

  bool step();
  void reset();

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  [[nodiscard]] std::span<const std::byte> blob(int column) const;
  void read_vector(int column, std::span<float> vector) const;
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] double real(int column) const;

 private:
  friend class PostgresqlDatabase;

  struct Parameter {
    unsigned type = 0;  // 0: what the statement makes of it
    std::optional<std::string> bytes{};
  };

  void set(int parameter, unsigned type, std::optional<std::string> bytes);
  void send();
  // The next row out of the connection, whose turn it has to be; nothing after the last one.
  PostgresqlResult receive();
  void keep_rest();
  [[nodiscard]] unsigned type_of(int column) const;
  [[nodiscard]] std::span<const std::byte> value(int column) const;
  [[noreturn]] void wrong_type(int column) const;

  PostgresqlDatabase& database_;
  std::string sql_;
  std::vector<Parameter> parameters_;
  bool is_run_ = false;
  PostgresqlResult row_;
  std::deque<PostgresqlResult> kept_;
  std::exception_ptr failure_;  // behind what is kept
};

/// Not synchronised. A connection that was lost is made anew before the next statement, but not
/// within a transaction.
class PostgresqlDatabase {
 public:
  /// Throws network, or unsupported for a server that is too old or keeps no UTF-8.
  PostgresqlDatabase(std::string address, Access access);
  ~PostgresqlDatabase();
  PostgresqlDatabase(const PostgresqlDatabase&) = delete;
  PostgresqlDatabase& operator=(const PostgresqlDatabase&) = delete;

  /// One statement, or several with ';' between them.
  void execute(const std::string& sql);
  /// Writing is one transaction after the other, whoever does it.
  void begin_writing();
  void begin_reading();
  void commit();
  void roll_back() noexcept;

  [[noreturn]] void damaged(const std::string& what) const;

  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  /// Whether pgvector is in this database. It is looked for when connecting, and by this.
  bool find_pgvector();

 private:
  friend class PostgresqlStatement;

  struct Close {
    void operator()(pg_conn* connection) const noexcept;
  };

  void connect();
  void begin_session();
  void begin(const char* how);
  void require_connection();
  void make_free();
  void check(const pg_result* result);
  [[noreturn]] void fail(const pg_result* result);
  [[noreturn]] void fail_connection();

  std::string address_;
  Access access_;
  std::string name_;
  std::unique_ptr<pg_conn, Close> connection_;
  PostgresqlStatement* reading_ = nullptr;  // whose rows are coming in
  bool in_transaction_ = false;
  unsigned vector_type_ = 0;  // the number of pgvector's type here; 0: there is none
};

}  // namespace blip::search
