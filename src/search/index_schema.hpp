// The tables of an index: made in a new one, and checked in one that is there.
#pragma once

#include "search/database.hpp"

namespace blip::search {

/// Tells an index from other SQLite files: "blip".
inline constexpr std::int64_t kApplicationId = 0x626C6970;
inline constexpr std::int64_t kSchemaVersion = 2;

/// Makes the tables in an empty file or on an empty server, and brings those of version 1 up to
/// date. Throws malformed for a file with other tables, unsupported for one of another version.
/// `access`: with read, an empty file is none either, and one of version 1 is unsupported.
void open_schema(Database& database, Access access);

}  // namespace blip::search
