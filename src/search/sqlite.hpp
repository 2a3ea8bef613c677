// SqliteDatabase and SqliteStatement: SQLite with typed columns and blip::Error. Beside
// index_schema.cpp, the only files that know sqlite3.h are this one's.
#pragma once

#include <cstddef>
#include <cstdint>
#include <filesystem>
#include <memory>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "core/locked_files.hpp"
#include "search/access.hpp"

struct sqlite3;
struct sqlite3_stmt;

namespace blip::search {

class SqliteDatabase;

/// A compiled statement. The database must outlive it. A file is hostile: a column that has another
/// type than the one that is asked for throws malformed. Every function may throw Error.
class SqliteStatement {
 public:
  SqliteStatement(SqliteDatabase& database, std::string_view sql);
  ~SqliteStatement();
  SqliteStatement(const SqliteStatement&) = delete;
  SqliteStatement& operator=(const SqliteStatement&) = delete;

  // Parameters are numbered from 1. They are copied, and stay until they are bound anew.
  void bind(int parameter, std::int64_t value);
  void bind(int parameter, double value);
  void bind_text(int parameter, std::string_view text);
  void bind_blob(int parameter, std::span<const std::byte> bytes);
  void bind_vector(int parameter, std::span<const float> vector);
  void bind_null(int parameter);

  /// To the next row. False after the last one; the statement can then be run again.
  bool step();
  /// Back before the first row.
  void reset();

  // Of the present row. Columns are numbered from 0.

  [[nodiscard]] std::int64_t integer(int column) const;
  [[nodiscard]] std::string text(int column) const;
  /// Valid until the next step.
  [[nodiscard]] std::span<const std::byte> blob(int column) const;
  /// vector: as long as what is there has to be
  void read_vector(int column, std::span<float> vector) const;
  [[nodiscard]] bool is_null(int column) const;
  /// Any number that is no integer.
  [[nodiscard]] double real(int column) const;

 private:
  void require_type(int column, int type) const;
  void check(int code) const;

  SqliteDatabase& database_;
  sqlite3_stmt* statement_ = nullptr;
};

/// Not synchronised. Other processes may use the file at the same time: whoever finds it locked
/// waits for up to a minute.
class SqliteDatabase {
 public:
  /// Throws not_found, unreadable, or malformed for what is no SQLite file.
  SqliteDatabase(const std::filesystem::path& path, Access access);
  /// An empty one in memory.
  SqliteDatabase();
  ~SqliteDatabase();
  SqliteDatabase(const SqliteDatabase&) = delete;
  SqliteDatabase& operator=(const SqliteDatabase&) = delete;

  /// One statement, or several with ';' between them.
  void execute(const std::string& sql);
  void begin_writing();
  void begin_reading();
  void commit();
  void roll_back() noexcept;
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
  std::optional<LockedFile> locked_;  // until the handle is closed
  std::unique_ptr<sqlite3, Close> handle_;
};

}  // namespace blip::search
