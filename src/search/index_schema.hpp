// The tables of an index file: made in a new one, and checked in one that is there.
#pragma once

#include "search/sqlite.hpp"

namespace blip::search {

/// Tells an index from other SQLite files: "blip".
inline constexpr std::int64_t kApplicationId = 0x626C6970;
inline constexpr std::int64_t kSchemaVersion = 1;

/// Makes the tables in an empty file. Throws malformed for a file with other tables, unsupported
/// for one of a later version. `access`: with read, an empty file is none either.
void open_schema(Database& database, Access access);

}  // namespace blip::search
