#include "search/postgresql.hpp"

#include <libpq-fe.h>

#include <array>
#include <utility>

#include "blip/error.hpp"
#include "core/in_quotes.hpp"
#include "search/postgresql_address.hpp"

namespace blip::search {
namespace {

constexpr int kLeastVersion = 130'000;  // gen_random_uuid, and what pgvector needs

// What every session has, whatever the server's administrator has set. Locks are waited for as long
// as those of a file. Queries are short: compiling them would take longer than they do.
constexpr std::string_view kSession =
    "SET client_min_messages = error; SET lock_timeout = 60000; SET statement_timeout = 0; "
    "SET standard_conforming_strings = on; SET jit = off; SET search_path = blip; "
    "SET idle_in_transaction_session_timeout = 0; "
    "SELECT set_config('transaction_timeout', '0', false) WHERE "
    "current_setting('transaction_timeout', true) IS NOT NULL; ";

// The writers of all machines take turns at the one row of `library`. What a machine that has gone
// dark has begun ends after two minutes; nobody else leaves a transaction idle for long.
constexpr const char* kBeginWriting =
    "BEGIN ISOLATION LEVEL READ COMMITTED READ WRITE; "
    "SET LOCAL idle_in_transaction_session_timeout = 120000; "
    "LOCK TABLE library IN SHARE ROW EXCLUSIVE MODE";

void ignore_notice(void* /*unused*/, const char* /*message*/) {}

// A message of the server or of libpq, in one line: what is in its first one, after the part that
// says which server it was.
std::string reason_of(const char* message) {
  std::string_view text = message != nullptr ? message : "";
  text = text.substr(0, text.find('\n'));
  for (const std::string_view before : {"failed: ", "FATAL:  ", "ERROR:  "}) {
    const std::size_t at = text.find(before);
    if (at != std::string_view::npos) text.remove_prefix(at + before.size());
  }
  return in_quotes(text);
}

}  // namespace

void ClearPostgresqlResult::operator()(pg_result* result) const noexcept {
  PQclear(result);
}

void PostgresqlDatabase::Close::operator()(pg_conn* connection) const noexcept {
  PQfinish(connection);
}

PostgresqlDatabase::PostgresqlDatabase(std::string address, Access access)
    : address_(std::move(address)), access_(access), name_(shown_address(address_)) {
  connect();
}

PostgresqlDatabase::~PostgresqlDatabase() = default;

void PostgresqlDatabase::connect() {
  // What comes later counts more. Whoever no longer answers is given up after a minute.
  constexpr std::array<const char*, 7> kKeywords = {"connect_timeout",
                                                    "keepalives_idle",
                                                    "tcp_user_timeout",
                                                    "fallback_application_name",
                                                    "dbname",
                                                    "client_encoding",
                                                    nullptr};
  const std::array<const char*, 7> values = {"10",   "60",   "60000", "blip", address_.c_str(),
                                             "UTF8", nullptr};
  reading_ = nullptr;
  connection_.reset(PQconnectdbParams(kKeywords.data(), values.data(), /*expand_dbname=*/1));
  if (PQstatus(connection_.get()) != CONNECTION_OK) {
    throw Error(ErrorCode::network, name_ + ": cannot connect to this server: " +
                                        reason_of(PQerrorMessage(connection_.get())));
  }
  try {
    begin_session();
  } catch (...) {
    connection_.reset();  // no statement is to run without what the session needs
    throw;
  }
}

void PostgresqlDatabase::begin_session() {
  PQsetNoticeProcessor(connection_.get(), ignore_notice, nullptr);
  if (PQserverVersion(connection_.get()) < kLeastVersion) {
    throw Error(ErrorCode::unsupported, name_ + ": this server is older than PostgreSQL 13");
  }
  const char* const encoding = PQparameterStatus(connection_.get(), "server_encoding");
  if (encoding == nullptr || std::string_view(encoding) != "UTF8") {
    throw Error(ErrorCode::unsupported,
                name_ + ": this database has another encoding than UTF8; make one that has it");
  }
  std::string session(kSession);
  if (access_ == Access::read) session += "SET default_transaction_read_only = on";
  check(PostgresqlResult(PQexec(connection_.get(), session.c_str())).get());
  find_pgvector();
}

bool PostgresqlDatabase::find_pgvector() {
  vector_type_ = 0;
  PostgresqlStatement row(
      *this,
      "SELECT t.oid::bigint, set_config('search_path', 'blip, ' || quote_ident(n.nspname), false) "
      "FROM pg_extension e JOIN pg_namespace n ON n.oid = e.extnamespace JOIN pg_type t ON "
      "t.typnamespace = n.oid AND t.typname = 'vector' WHERE e.extname = 'vector'");
  if (row.step()) vector_type_ = static_cast<unsigned>(row.integer(0));
  return vector_type_ != 0;
}

void PostgresqlDatabase::require_connection() {
  make_free();
  // Whether the server has ended it since: first its last words are read, then the end.
  for (int i = 0; i < 2; ++i) static_cast<void>(PQconsumeInput(connection_.get()));
  if (PQstatus(connection_.get()) == CONNECTION_OK) return;
  if (in_transaction_) fail_connection();
  connect();
}

void PostgresqlDatabase::make_free() {
  if (reading_ != nullptr) reading_->keep_rest();
}

void PostgresqlDatabase::execute(const std::string& sql) {
  require_connection();
  const PostgresqlResult result(PQexec(connection_.get(), sql.c_str()));
  check(result.get());
}

void PostgresqlDatabase::check(const pg_result* result) {
  const ExecStatusType status = PQresultStatus(result);
  if (status == PGRES_COMMAND_OK || status == PGRES_TUPLES_OK) return;
  if (status == PGRES_COPY_IN || status == PGRES_COPY_OUT || status == PGRES_COPY_BOTH) {
    connection_.reset();
    damaged("an answer to something else");
  }
  fail(result);
}

void PostgresqlDatabase::begin(const char* how) {
  try {
    execute(how);
  } catch (...) {
    roll_back();  // it may have begun
    throw;
  }
  in_transaction_ = true;
}

void PostgresqlDatabase::begin_writing() {
  begin(kBeginWriting);
}

void PostgresqlDatabase::begin_reading() {
  begin("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY");
}

void PostgresqlDatabase::commit() {
  require_connection();
  const PostgresqlResult result(
      PQexec(connection_.get(), "UPDATE library SET changes = changes + 1; COMMIT"));
  check(result.get());
  in_transaction_ = false;
  // After a failure, COMMIT takes back what was done, and says so only here.
  if (std::string_view(PQcmdStatus(const_cast<pg_result*>(result.get()))) != "COMMIT") {
    throw Error(ErrorCode::unreadable, name_ + ": the server has taken back what was written");
  }
}

void PostgresqlDatabase::roll_back() noexcept {
  in_transaction_ = false;
  try {
    make_free();
  } catch (...) {  // it is about to end, whatever was wrong with it
  }
  const PostgresqlResult result(PQexec(connection_.get(), "ROLLBACK"));
}

void PostgresqlDatabase::fail(const pg_result* result) {
  const char* const field = PQresultErrorField(result, PG_DIAG_SQLSTATE);
  const std::string_view state = field != nullptr ? field : "";
  if (state.empty() || PQstatus(connection_.get()) != CONNECTION_OK) fail_connection();
  const std::string reason = reason_of(PQresultErrorField(result, PG_DIAG_MESSAGE_PRIMARY));
  if (state == "55P03") {
    throw Error(ErrorCode::unreadable,
                name_ + ": another program has kept this index locked for a minute");
  }
  if (state == "53100") {
    throw Error(ErrorCode::unreadable, name_ + ": no space left to write this index");
  }
  if (state == "42501") {
    throw Error(ErrorCode::unreadable, name_ + ": this user may not do that there: " + reason);
  }
  if (state == "25006") {
    throw Error(ErrorCode::unreadable, name_ + ": this server or user may only read");
  }
  // Our statements are right, so the tables that they find are not.
  if (state.starts_with("42") || state.starts_with("22")) damaged(reason);
  throw Error(ErrorCode::unreadable, name_ + ": cannot use this index: " + reason);
}

void PostgresqlDatabase::fail_connection() {
  const std::string reason = reason_of(PQerrorMessage(connection_.get()));
  throw Error(ErrorCode::network, name_ + ": the connection to this server was lost: " + reason);
}

void PostgresqlDatabase::damaged(const std::string& what) const {
  throw Error(ErrorCode::malformed, name_ + ": this index is damaged: " + what);
}

}  // namespace blip::search
