#include "search/sqlite.hpp"

#include <sqlite3.h>

#include <cstring>
#include <system_error>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "core/open_file.hpp"

namespace blip::search {
namespace {

// Longer than any batch takes to be written.
constexpr int kBusyMilliseconds = 60'000;
// Of a value or a row: the longest vector (kMaxDims floats) with room to spare.
constexpr int kMaxValueBytes = 1 << 20;

}  // namespace

SqliteStatement::SqliteStatement(SqliteDatabase& database, std::string_view sql)
    : database_(database) {
  const int code = sqlite3_prepare_v2(database.handle(), sql.data(), static_cast<int>(sql.size()),
                                      &statement_, nullptr);
  if (code != SQLITE_OK) database.fail(code);
}

SqliteStatement::~SqliteStatement() {
  sqlite3_finalize(statement_);
}

void SqliteStatement::check(int code) const {
  if (code != SQLITE_OK) database_.fail(code);
}

void SqliteStatement::bind(int parameter, std::int64_t value) {
  check(sqlite3_bind_int64(statement_, parameter, value));
}

void SqliteStatement::bind(int parameter, double value) {
  check(sqlite3_bind_double(statement_, parameter, value));
}

void SqliteStatement::bind_text(int parameter, std::string_view text) {
  // An empty view may have no address, which would bind NULL.
  check(sqlite3_bind_text64(statement_, parameter, text.empty() ? "" : text.data(), text.size(),
                            SQLITE_TRANSIENT, SQLITE_UTF8));
}

void SqliteStatement::bind_blob(int parameter, std::span<const std::byte> bytes) {
  check(sqlite3_bind_blob64(statement_, parameter,
                            bytes.empty() ? static_cast<const void*>("") : bytes.data(),
                            bytes.size(), SQLITE_TRANSIENT));
}

void SqliteStatement::bind_null(int parameter) {
  check(sqlite3_bind_null(statement_, parameter));
}

bool SqliteStatement::step() {
  const int code = sqlite3_step(statement_);
  if (code == SQLITE_ROW) return true;
  if (code != SQLITE_DONE) {
    sqlite3_reset(statement_);
    database_.fail(code);
  }
  reset();
  return false;
}

void SqliteStatement::reset() {
  sqlite3_reset(statement_);
}

void SqliteStatement::require_type(int column, int type) const {
  if (sqlite3_column_type(statement_, column) != type) {
    database_.damaged("a value of the wrong type in column " +
                      in_quotes(sqlite3_column_name(statement_, column)));
  }
}

std::int64_t SqliteStatement::integer(int column) const {
  require_type(column, SQLITE_INTEGER);
  return sqlite3_column_int64(statement_, column);
}

std::string SqliteStatement::text(int column) const {
  require_type(column, SQLITE_TEXT);
  const unsigned char* text = sqlite3_column_text(statement_, column);
  if (text == nullptr) database_.fail(SQLITE_NOMEM);
  return {reinterpret_cast<const char*>(text),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

std::span<const std::byte> SqliteStatement::blob(int column) const {
  require_type(column, SQLITE_BLOB);
  const void* bytes = sqlite3_column_blob(statement_, column);
  return {static_cast<const std::byte*>(bytes),
          static_cast<std::size_t>(sqlite3_column_bytes(statement_, column))};
}

void SqliteStatement::bind_vector(int parameter, std::span<const float> vector) {
  bind_blob(parameter, std::as_bytes(vector));
}

void SqliteStatement::read_vector(int column, std::span<float> vector) const {
  const std::span<const std::byte> bytes = blob(column);
  if (bytes.size() != vector.size_bytes()) database_.damaged("the length of a vector");
  std::memcpy(vector.data(), bytes.data(), bytes.size());
}

bool SqliteStatement::is_null(int column) const {
  return sqlite3_column_type(statement_, column) == SQLITE_NULL;
}

double SqliteStatement::real(int column) const {
  require_type(column, SQLITE_FLOAT);
  return sqlite3_column_double(statement_, column);
}

SqliteDatabase::SqliteDatabase(const std::filesystem::path& path, Access access)
    : name_(path.string()) {
  // Not by opening it: another connection of this process may have locked it (see there), without
  // which another process takes itself for the last one and removes the write-ahead log.
  if (access == Access::read || file_exists(path)) require_readable_file(path);
  const int flags =
      access == Access::read ? SQLITE_OPEN_READONLY : SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE;
  locked_.emplace(path);
  // SQLite takes some relative names for something else ("file:…").
  open(std::filesystem::absolute(path).string(), flags);
}

SqliteDatabase::SqliteDatabase() : name_("memory") {
  open(":memory:", SQLITE_OPEN_READWRITE);
}

void SqliteDatabase::open(const std::string& file, int flags) {
  sqlite3* handle = nullptr;
  const int code = sqlite3_open_v2(file.c_str(), &handle,
                                   flags | SQLITE_OPEN_NOMUTEX | SQLITE_OPEN_EXRESCODE, nullptr);
  handle_.reset(handle);
  if (!handle_) throw Error(ErrorCode::limit_exceeded, name_ + ": not enough memory");
  if (code != SQLITE_OK) fail(code);
  sqlite3_busy_timeout(handle_.get(), kBusyMilliseconds);
  // The file may be from a stranger: nothing in its schema is run, and its pages are checked.
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_DEFENSIVE, 1, nullptr);
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_TRUSTED_SCHEMA, 0, nullptr);
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_ENABLE_TRIGGER, 0, nullptr);
  sqlite3_db_config(handle_.get(), SQLITE_DBCONFIG_ENABLE_VIEW, 0, nullptr);
  sqlite3_limit(handle_.get(), SQLITE_LIMIT_LENGTH, kMaxValueBytes);
  execute("PRAGMA cell_size_check = ON; PRAGMA mmap_size = 0");
}

void SqliteDatabase::Close::operator()(sqlite3* handle) const noexcept {
  sqlite3_close(handle);
}

SqliteDatabase::~SqliteDatabase() = default;

void SqliteDatabase::execute(const std::string& sql) {
  const int code = sqlite3_exec(handle_.get(), sql.c_str(), nullptr, nullptr, nullptr);
  if (code != SQLITE_OK) fail(code);
}

std::uint64_t SqliteDatabase::file_bytes() const {
  std::error_code error;
  const auto size = std::filesystem::file_size(name_, error);
  return error ? 0 : size;
}

void SqliteDatabase::fail(int code) const {
  const std::string reason = sqlite3_errstr(code);
  switch (code & 0xFF) {
    case SQLITE_NOTADB:
      throw Error(ErrorCode::malformed, name_ + ": is no index of blip");
    case SQLITE_CORRUPT:
    case SQLITE_ERROR:  // our statements are right, so the tables that they find are not
    case SQLITE_MISMATCH:
    case SQLITE_TOOBIG:
      damaged(reason);
    case SQLITE_BUSY:
    case SQLITE_LOCKED:
      throw Error(ErrorCode::unreadable,
                  name_ + ": another program has kept this index locked for a minute");
    case SQLITE_FULL:
      throw Error(ErrorCode::unreadable, name_ + ": no space left to write this index");
    case SQLITE_NOMEM:
      throw Error(ErrorCode::limit_exceeded, name_ + ": not enough memory");
    default:
      throw Error(ErrorCode::unreadable, name_ + ": cannot use this index: " + reason);
  }
}

void SqliteDatabase::damaged(const std::string& what) const {
  throw Error(ErrorCode::malformed, name_ + ": this index is damaged: " + what);
}

void SqliteDatabase::begin_writing() {
  // At once for writing: one that began by reading could not wait for a lock later.
  execute("BEGIN IMMEDIATE");
}

void SqliteDatabase::begin_reading() {
  execute("BEGIN");
}

void SqliteDatabase::commit() {
  execute("COMMIT");
}

void SqliteDatabase::roll_back() noexcept {
  sqlite3_exec(handle_.get(), "ROLLBACK", nullptr, nullptr, nullptr);
}

}  // namespace blip::search
