// Where the objects of a JSON list lie in a file, so that each can be read alone.
#pragma once

#include <cstddef>
#include <cstdint>
#include <vector>

#include "dataset/byte_source.hpp"

namespace blip::dataset {

/// Seven times COCO, Visual Genome, SBU, CC3M and CC12M together; the table takes 16 bytes a row.
inline constexpr std::size_t kMaxJsonRows = 100'000'000;

struct JsonRow {
  std::uint64_t offset = 0;
  std::uint32_t size = 0;
};

/// The objects of `[{…}, {…}]`, or of JSON lines (`{…}` after `{…}`), found by their brackets in
/// one pass over the file. What is in them is not looked at: parse each. Throws malformed, naming
/// the file and the byte, and limit_exceeded for an object beyond kMaxAnnotationBytes.
std::vector<JsonRow> index_json_rows(const ByteSource& source);

}  // namespace blip::dataset
