#include <libpq-fe.h>

#include <exception>
#include <utility>

#include "core/in_quotes.hpp"
#include "search/postgresql.hpp"
#include "search/postgresql_values.hpp"

namespace blip::search {
namespace {

// Of a value: the longest vector (kMaxDims floats) with room to spare, as of SQLite's.
constexpr std::size_t kMostValueBytes = 1 << 20;
constexpr int kBinary = 1;
// Rows that nobody wants any more: beyond these, a new connection is cheaper.
constexpr int kMostLeft = 1000;

}  // namespace

PostgresqlStatement::PostgresqlStatement(PostgresqlDatabase& database, std::string_view sql)
    : database_(database), sql_(numbered_parameters(sql)) {}

PostgresqlStatement::~PostgresqlStatement() {
  try {
    reset();
  } catch (...) {  // whoever runs the next statement meets the same
  }
}

void PostgresqlStatement::set(int parameter, unsigned type, std::optional<std::string> bytes) {
  const auto index = static_cast<std::size_t>(parameter - 1);
  if (parameters_.size() <= index) parameters_.resize(index + 1);
  parameters_[index] = {.type = type, .bytes = std::move(bytes)};
}

void PostgresqlStatement::bind(int parameter, std::int64_t value) {
  set(parameter, kPostgresqlInt8, postgresql_integer(value));
}

void PostgresqlStatement::bind(int parameter, double value) {
  set(parameter, kPostgresqlFloat8, postgresql_real(value));
}

void PostgresqlStatement::bind_text(int parameter, std::string_view text) {
  set(parameter, kPostgresqlText, postgresql_text(text));
}

void PostgresqlStatement::bind_blob(int parameter, std::span<const std::byte> bytes) {
  set(parameter, kPostgresqlBytes,
      std::string(reinterpret_cast<const char*>(bytes.data()), bytes.size()));
}

void PostgresqlStatement::bind_vector(int parameter, std::span<const float> vector) {
  set(parameter, database_.vector_type_, postgresql_vector(vector));
}

void PostgresqlStatement::bind_null(int parameter) {
  set(parameter, 0, std::nullopt);
}

void PostgresqlStatement::send() {
  database_.require_connection();
  std::vector<Oid> types;
  std::vector<const char*> values;
  std::vector<int> lengths;
  const std::vector<int> formats(parameters_.size(), kBinary);
  for (const Parameter& each : parameters_) {
    types.push_back(each.type);
    values.push_back(each.bytes ? each.bytes->data() : nullptr);
    lengths.push_back(each.bytes ? static_cast<int>(each.bytes->size()) : 0);
  }
  const int sent = PQsendQueryParams(database_.connection_.get(), sql_.c_str(),
                                     static_cast<int>(parameters_.size()), types.data(),
                                     values.data(), lengths.data(), formats.data(), kBinary);
  if (sent == 0) database_.fail_connection();
  database_.reading_ = this;
  if (PQsetSingleRowMode(database_.connection_.get()) == 0) database_.fail_connection();
}

PostgresqlResult PostgresqlStatement::receive() {
  pg_conn* const connection = database_.connection_.get();
  PostgresqlResult failure;
  while (PostgresqlResult result{PQgetResult(connection)}) {
    switch (PQresultStatus(result.get())) {
      case PGRES_SINGLE_TUPLE:
        if (!failure) return result;
        break;
      case PGRES_TUPLES_OK:  // behind the last row
      case PGRES_COMMAND_OK:
        break;
      case PGRES_COPY_IN:
      case PGRES_COPY_OUT:
      case PGRES_COPY_BOTH:  // nobody asked for that, and it would have no end
        database_.reading_ = nullptr;
        database_.connection_.reset();
        database_.damaged("an answer to something else");
      default:
        if (!failure) failure = std::move(result);
    }
  }
  database_.reading_ = nullptr;
  if (failure) database_.fail(failure.get());
  return nullptr;
}

void PostgresqlStatement::keep_rest() {
  try {
    while (PostgresqlResult row = receive()) kept_.push_back(std::move(row));
  } catch (...) {
    failure_ = std::current_exception();  // this one's reader is told, after the rows before it
  }
}

bool PostgresqlStatement::step() {
  if (!is_run_) {
    send();
    is_run_ = true;
  }
  row_.reset();
  if (!kept_.empty()) {
    row_ = std::move(kept_.front());
    kept_.pop_front();
  } else if (failure_) {
    is_run_ = false;
    std::rethrow_exception(std::exchange(failure_, nullptr));
  } else if (database_.reading_ == this) {
    is_run_ = false;  // if it fails
    row_ = receive();
  }
  is_run_ = row_ != nullptr;
  return is_run_;
}

void PostgresqlStatement::reset() {
  is_run_ = false;
  row_.reset();
  kept_.clear();
  failure_ = nullptr;
  for (int left = 0; database_.reading_ == this && receive(); ++left) {
    if (left < kMostLeft) continue;
    database_.reading_ = nullptr;
    database_.connection_.reset();  // a transaction ends with it
  }
}

unsigned PostgresqlStatement::type_of(int column) const {
  return row_ && PQfformat(row_.get(), column) == kBinary ? PQftype(row_.get(), column) : 0;
}

bool PostgresqlStatement::is_null(int column) const {
  return !row_ || PQgetisnull(row_.get(), 0, column) != 0;
}

std::span<const std::byte> PostgresqlStatement::value(int column) const {
  if (is_null(column)) wrong_type(column);
  const auto length = static_cast<std::size_t>(PQgetlength(row_.get(), 0, column));
  if (length > kMostValueBytes) database_.damaged("a value that is too long");
  return std::as_bytes(std::span(PQgetvalue(row_.get(), 0, column), length));
}

void PostgresqlStatement::wrong_type(int column) const {
  const char* const name = row_ ? PQfname(row_.get(), column) : nullptr;
  database_.damaged("a value of the wrong type in column " +
                    in_quotes(name != nullptr ? name : "?"));
}

std::int64_t PostgresqlStatement::integer(int column) const {
  const auto number = decoded_integer(type_of(column), value(column));
  if (!number) wrong_type(column);
  return *number;
}

double PostgresqlStatement::real(int column) const {
  const auto number = decoded_real(type_of(column), value(column));
  if (!number) wrong_type(column);
  return *number;
}

std::string PostgresqlStatement::text(int column) const {
  const std::span<const std::byte> bytes = value(column);
  if (type_of(column) != kPostgresqlText) wrong_type(column);
  return {reinterpret_cast<const char*>(bytes.data()), bytes.size()};
}

std::span<const std::byte> PostgresqlStatement::blob(int column) const {
  const std::span<const std::byte> bytes = value(column);
  if (type_of(column) != kPostgresqlBytes) wrong_type(column);
  return bytes;
}

void PostgresqlStatement::read_vector(int column, std::span<float> vector) const {
  const std::span<const std::byte> bytes = value(column);
  if (type_of(column) == 0 || type_of(column) != database_.vector_type_) wrong_type(column);
  if (!decode_vector(bytes, vector)) database_.damaged("the length of a vector");
}

}  // namespace blip::search
