// Database and Statement: SQLite with typed columns and blip::Error. The only files that know
// sqlite3.h are this one's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <utility>

struct sqlite3;
struct sqlite3_stmt;

namespace blip::search {

class Database;

/// A compiled statement. The database must outlive it. A file is hostile: a column that has another
/// type than the one that is asked for throws malformed. Every function may throw Error.
class Statement {
 public:
  Statement(Database& database, std::string_view sql);
  ~Statement();
  Statement(Statement&& other) noexcept;
  Statement& operator=(Statement&&) = delete;
  Statement(const Statement&) = delete;
  Statement& operator=(const Statement&) = delete;

  // Parameters are numbered from 1. They are copied, and stay until they are bound anew.
  Statement& bind(int parameter, std::int64_t value);
  Statement& bind(int parameter, double value);
  Statement& bind_text(int parameter, std::string_view text);
  Statement& bind_blob(int parameter, std::span<const std::byte> bytes);
  Statement& bind_null(int parameter);

  /// To the next row. False after the last one; the statement can then be run again.
  bool step();
  /// For a statement without rows.
  void run();
  /// Back before the first row.
  void reset();

  // Of the present row. Columns are numbered from 0.

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  /// Valid until the next step.
  [[nodiscard]] std::span<const std::byte> blob(int column) const;
  [[nodiscard]] bool is_null(int column) const;
  [[nodiscard]] std::optional<std::string> optional_text(int column) const;
  /// A finite number.
  [[nodiscard]] std::optional<double> optional_real(int column) const;

 private:
  void require_type(int column, int type) const;
  void check(int code) const;

  Database& database_;
  sqlite3_stmt* statement_ = nullptr;
};

enum class Access {
  read,   ///< the file has to exist, and stays as it is
  write,  ///< the file is made if it does not exist
};

/// Not synchronised. Other processes may use the file at the same time: whoever finds it locked
/// waits for up to a minute.
class Database {
 public:
  /// Throws not_found, unreadable, or malformed for what is no SQLite file.
  Database(const std::filesystem::path& path, Access access);
  /// An empty one in memory.
  Database();
  ~Database();
  Database(const Database&) = delete;
  Database& operator=(const Database&) = delete;

  /// One statement, or several with ';' between them.
  void execute(const std::string& sql);
  /// The first column of the only row.
  [[nodiscard]] std::int64_t number(std::string_view sql);
  [[nodiscard]] std::int64_t last_insert_id() const;
  /// The size of the file, 0 of none.
  [[nodiscard]] std::uint64_t file_bytes() const;

  /// `code` of SQLite, as an Error that names the file.
  [[noreturn]] void fail(int code) const;
  /// Throws malformed, naming the file.
  [[noreturn]] void damaged(const std::string& what) const;

  /// As it was named.
  [[nodiscard]] const std::string& name() const noexcept { return name_; }
  [[nodiscard]] sqlite3* handle() const noexcept { return handle_.get(); }

 private:
  void open(const std::string& file, int flags);

  struct Close {
    void operator()(sqlite3* handle) const noexcept;
  };

  std::string name_;
  std::unique_ptr<sqlite3, Close> handle_;
};

/// Everything between its construction and `commit` is in the file together, or not at all.
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

/// Between its construction and its end, all reading sees the file as it is at one moment, whatever
/// others write.
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
