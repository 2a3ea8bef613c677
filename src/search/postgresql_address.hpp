// The address of a PostgreSQL server: whether a name is one, and what may be shown of it.
#pragma once

#include <string>
#include <string_view>

namespace blip::search {

/// "postgresql://user@host/database", or with "postgres:" before it.
bool is_server_address(std::string_view name);

/// user, host, port and database of it, as "postgresql://user@host:5432/database": no password and
/// no other parameter. Throws invalid_argument, without showing it, for what libpq takes for none,
/// and where a part of a password may have become something else.
std::string shown_address(const std::string& address);

}  // namespace blip::search
