// What `blip eval search` asks, and what it should find.
#pragma once

#include <string>
#include <vector>

namespace blip::cli {

struct Wanted {
  std::string name;  ///< a path, or the end of one; of a catalogue the id of an item
  double grade = 1;  ///< how well it fits, above 0
};

struct JudgedQuery {
  std::string text{};   ///< a text, a photo, or both
  std::string photo{};  ///< the name of a picture; relative to the file of queries
  std::vector<Wanted> wanted{};
};

/// JSON lines: {"query": …, "photo": …} with "path", "paths", or "items", a list or an object of
/// grades. Throws UsageError if the file cannot be read, malformed for a line that is not so.
std::vector<JudgedQuery> read_judged_queries(const std::string& file);

}  // namespace blip::cli
