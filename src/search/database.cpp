#include "search/database.hpp"

#include <cmath>
#include <exception>

#include "search/postgresql_address.hpp"
#include "search/postgresql_values.hpp"

namespace blip::search {

Database::Backend Database::opened(const std::filesystem::path& place, Access access) {
  if (is_server_address(place.string())) {
    return Backend(std::in_place_type<PostgresqlDatabase>, place.string(), access);
  }
  return Backend(std::in_place_type<SqliteDatabase>, place, access);
}

Database::Database(const std::filesystem::path& place, Access access)
    : backend_(opened(place, access)) {}

Database::Database() : backend_(std::in_place_type<SqliteDatabase>) {}

void Database::execute(const std::string& sql) {
  std::visit([&](auto& backend) { backend.execute(sql); }, backend_);
}

std::int64_t Database::number(std::string_view sql) {
  Statement statement(*this, sql);
  if (!statement.step()) damaged("an answer is missing");
  return statement.integer(0);
}

std::uint64_t Database::file_bytes() const {
  const auto* file = std::get_if<SqliteDatabase>(&backend_);
  return file != nullptr ? file->file_bytes() : 0;
}

void Database::damaged(const std::string& what) const {
  std::visit([&](const auto& backend) { backend.damaged(what); }, backend_);
  std::terminate();  // each has thrown
}

const std::string& Database::name() const noexcept {
  if (const auto* server = std::get_if<PostgresqlDatabase>(&backend_)) return server->name();
  return std::get_if<SqliteDatabase>(&backend_)->name();
}

const Dialect& Database::dialect() const noexcept {
  return is_server() ? kPostgresqlDialect : kSqliteDialect;
}

bool Database::is_server() const noexcept {
  return std::holds_alternative<PostgresqlDatabase>(backend_);
}

std::string Database::kept_text(std::string_view text) const {
  return is_server() ? postgresql_text(text) : std::string(text);
}

Statement::Backend Statement::prepared(Database& database, std::string_view sql) {
  if (auto* server = database.postgresql()) {
    return Backend(std::in_place_type<PostgresqlStatement>, *server, sql);
  }
  return Backend(std::in_place_type<SqliteStatement>, *database.sqlite(), sql);
}

Statement::Statement(Database& database, std::string_view sql)
    : database_(database), backend_(prepared(database, sql)) {}

Statement& Statement::bind(int parameter, std::int64_t value) {
  std::visit([&](auto& backend) { backend.bind(parameter, value); }, backend_);
  return *this;
}

Statement& Statement::bind(int parameter, double value) {
  std::visit([&](auto& backend) { backend.bind(parameter, value); }, backend_);
  return *this;
}

Statement& Statement::bind_text(int parameter, std::string_view text) {
  std::visit([&](auto& backend) { backend.bind_text(parameter, text); }, backend_);
  return *this;
}

Statement& Statement::bind_blob(int parameter, std::span<const std::byte> bytes) {
  std::visit([&](auto& backend) { backend.bind_blob(parameter, bytes); }, backend_);
  return *this;
}

Statement& Statement::bind_vector(int parameter, std::span<const float> vector) {
  std::visit([&](auto& backend) { backend.bind_vector(parameter, vector); }, backend_);
  return *this;
}

Statement& Statement::bind_null(int parameter) {
  std::visit([&](auto& backend) { backend.bind_null(parameter); }, backend_);
  return *this;
}

bool Statement::step() {
  return std::visit([](auto& backend) { return backend.step(); }, backend_);
}

void Statement::run() {
  step();
  reset();
}

std::int64_t Statement::inserted() {
  if (!step()) database_.damaged("an answer is missing");
  const std::int64_t id = integer(0);
  reset();
  return id;
}

void Statement::reset() {
  std::visit([](auto& backend) { backend.reset(); }, backend_);
}

std::int64_t Statement::integer(int column) const {
  return std::visit([&](const auto& backend) { return backend.integer(column); }, backend_);
}

std::string Statement::text(int column) const {
  return std::visit([&](const auto& backend) { return backend.text(column); }, backend_);
}

std::span<const std::byte> Statement::blob(int column) const {
  return std::visit([&](const auto& backend) { return backend.blob(column); }, backend_);
}

void Statement::read_vector(int column, std::span<float> vector) const {
  std::visit([&](const auto& backend) { backend.read_vector(column, vector); }, backend_);
}

bool Statement::is_null(int column) const {
  return std::visit([&](const auto& backend) { return backend.is_null(column); }, backend_);
}

std::optional<std::string> Statement::optional_text(int column) const {
  if (is_null(column)) return std::nullopt;
  return text(column);
}

std::optional<double> Statement::optional_real(int column) const {
  if (is_null(column)) return std::nullopt;
  const double value =
      std::visit([&](const auto& backend) { return backend.real(column); }, backend_);
  if (!std::isfinite(value)) database_.damaged("a number that is not finite");
  return value;
}

Transaction::Transaction(Database& database) : database_(database) {
  std::visit([](auto& backend) { backend.begin_writing(); }, database.backend_);
}

Transaction::~Transaction() {
  if (!open_) return;
  std::visit([](auto& backend) { backend.roll_back(); }, database_.backend_);
}

void Transaction::commit() {
  std::visit([](auto& backend) { backend.commit(); }, database_.backend_);
  open_ = false;
}

Snapshot::Snapshot(Database& database) : database_(database) {
  std::visit([](auto& backend) { backend.begin_reading(); }, database.backend_);
}

Snapshot::~Snapshot() {
  std::visit([](auto& backend) { backend.roll_back(); }, database_.backend_);
}

}  // namespace blip::search
