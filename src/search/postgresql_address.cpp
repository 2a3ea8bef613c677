#include "search/postgresql_address.hpp"

#include <libpq-fe.h>

#include <algorithm>
#include <memory>

#include "blip/error.hpp"

namespace blip::search {
namespace {

struct FreeOptions {
  void operator()(PQconninfoOption* options) const noexcept { PQconninfoFree(options); }
};

// Of several hosts, the ports have commas between them.
bool is_port(std::string_view text) {
  return text.find_first_not_of("0123456789,") == std::string_view::npos;
}

}  // namespace

bool is_server_address(std::string_view name) {
  return name.starts_with("postgresql://") || name.starts_with("postgres://");
}

std::string shown_address(const std::string& address) {
  const std::unique_ptr<PQconninfoOption, FreeOptions> options(
      PQconninfoParse(address.c_str(), nullptr));
  std::string user;
  std::string host;
  std::string port;
  std::string database;
  for (const PQconninfoOption* each = options.get(); each != nullptr && each->keyword != nullptr;
       ++each) {
    if (each->val == nullptr) continue;
    const std::string_view keyword = each->keyword;
    if (keyword == "user") user = each->val;
    if (keyword == "host") host = each->val;
    if (keyword == "port") port = each->val;
    if (keyword == "dbname") database = each->val;
  }
  // "u:a/b@host/db" is taken for a host "u", a port "a" and a database "b@host/db".
  const bool is_plain = options && is_port(port) && database.find('@') == std::string::npos &&
                        host.find('@') == std::string::npos && user.find(':') == std::string::npos;
  if (!is_plain) {
    throw Error(ErrorCode::invalid_argument,
                "the index is no address of a PostgreSQL server; write "
                "postgresql://USER@HOST/DATABASE, and in a password %40 for @ and %2F for /");
  }
  std::string shown = "postgresql://";
  if (!user.empty()) shown += user + "@";
  shown += host;
  if (!port.empty()) shown += ":" + port;
  shown += "/" + database;
  // An encoded line break is none in a message.
  std::replace_if(
      shown.begin(), shown.end(),
      [](char c) { return static_cast<unsigned char>(c) < 0x20 || c == 0x7F; }, '?');
  return shown;
}

}  // namespace blip::search
