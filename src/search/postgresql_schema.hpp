// The tables of an index on a PostgreSQL server.
#pragma once

#include "search/database.hpp"

namespace blip::search {

/// open_schema for a server. The tables are in a schema "blip" of the database, so that nothing
/// else there has their names. Throws unsupported where there is no pgvector.
void open_postgresql_schema(Database& database, Access access);

}  // namespace blip::search
