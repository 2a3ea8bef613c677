// Database, Statement, Transaction and Snapshot: where an index is kept, an SQLite file or a
// PostgreSQL server, behind one face. Both take the same SQL but for what Dialect has.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>
#include <variant>

#include "search/access.hpp"
#include "search/dialect.hpp"
#include "search/postgresql.hpp"
#include "search/sqlite.hpp"

namespace blip::search {

/// Not synchronised. Others may use what it opens at the same time: whoever finds it locked waits
/// for up to a minute.
class Database {
 public:
  /// `place`: a file, or the address of a server (is_server_address). Throws not_found, unreadable,
  /// network, or malformed for what is no database.
  Database(const std::filesystem::path& place, Access access);
  /// An empty one of SQLite in memory.
  Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// One statement, or several with ';' between them.
  void execute(const std::string& sql);
  /// The first column of the only row.
  [[nodiscard]] std::int64_t number(std::string_view sql);
  /// The size of the file; 0 of none, and of a server.
  [[nodiscard]] std::uint64_t file_bytes() const;
  /// Throws malformed, naming the file or the server.
  [[noreturn]] void damaged(const std::string& what) const;

  /// As it was named, without a password.
  [[nodiscard]] const std::string& name() const noexcept;
  [[nodiscard]] const Dialect& dialect() const noexcept;
  [[nodiscard]] bool is_server() const noexcept;
  /// What becomes of a text that bind_text gets.
  [[nodiscard]] std::string kept_text(std::string_view text) const;

  /// The one it is; nullptr if it is the other one.
  [[nodiscard]] SqliteDatabase* sqlite() noexcept { return std::get_if<SqliteDatabase>(&backend_); }
  [[nodiscard]] PostgresqlDatabase* postgresql() noexcept {
    return std::get_if<PostgresqlDatabase>(&backend_);
  }

 private:
  friend class Statement;
  friend class Transaction;
  friend class Snapshot;
  using Backend = std::variant<SqliteDatabase, PostgresqlDatabase>;
  static Backend opened(const std::filesystem::path& place, Access access);

  Backend backend_;
};

/// The database must outlive it. What is read is hostile: a column that has another type than the
/// one that is asked for throws malformed. Every function may throw Error.
class Statement {
 public:
  /// A parameter is `?`, or `?1`, `?2`…
  Statement(Database& database, std::string_view sql);
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Parameters are numbered from 1. They are copied, and stay until they are bound anew.
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, double value);
  /// What is no UTF-8 may be replaced by U+FFFD.
  Statement& bind_text(int parameter, std::string_view text);
  Statement& bind_blob(int parameter, std::span<const std::byte> bytes);
  Statement& bind_vector(int parameter, std::span<const float> vector);
  Statement& bind_null(int parameter);

  /// To the next row. False after the last one; the statement can then be run again.
  bool step();
  /// For a statement without rows.
  void run();
  /// For `INSERT … RETURNING id`: that id.
  std::int64_t inserted();
  /// Back before the first row.
  void reset();

  // Of the present row. Columns are numbered from 0.

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  /// Valid until the next step.
  [[nodiscard]] std::span<const std::byte> blob(int column) const;
  /// vector: of the length that it has to have
  void read_vector(int column, std::span<float> vector) const;
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::optional<std::string> optional_text(int column) const;
  /// A finite number.
  [[nodiscard]] std::optional<double> optional_real(int column) const;

 private:
  using Backend = std::variant<SqliteStatement, PostgresqlStatement>;
  static Backend prepared(Database& database, std::string_view sql);

  Database& database_;
  Backend backend_;
};

/// Everything between its construction and `commit` is in the index together, or not at all. There
/// is one at a time, of all processes on all machines.
class Transaction {
 public:
  explicit Transaction(Database& database);
  /// Takes back what was not committed.
  ~Transaction();
  Transaction(Transaction&& other) noexcept
      : database_(other.database_), open_(std::exchange(other.open_, false)) {}
  Transaction& operator=(Transaction&&) = delete;
  Transaction(const Transaction&) = delete;
  Transaction& operator=(const Transaction&) = delete;

  void commit();

 private:
  Database& database_;
  bool open_ = true;
};

/// Between its construction and its end, all reading sees the index as it is at one moment,
/// whatever others write.
class Snapshot {
 public:
  explicit Snapshot(Database& database);
  ~Snapshot();
  Snapshot(const Snapshot&) = delete;
  Snapshot& operator=(const Snapshot&) = delete;

 private:
  Database& database_;
};

}  // namespace blip::search
