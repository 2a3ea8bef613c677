// gzip files and deflate streams, unpacked in memory.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace blip {

/// What the gzip file `bytes` holds. Throws malformed (no gzip file, damaged, cut short, or bytes
/// after its end) or limit_exceeded (more than `max_bytes`); `name` is the file.
[[nodiscard]] std::string unpack_gzip(std::string_view bytes, std::size_t max_bytes,
                                      const std::string& name);

/// The same of a stream of "deflate" as HTTP has it: in zlib's wrapping or, as some send it, bare.
[[nodiscard]] std::string unpack_deflate(std::string_view bytes, std::size_t max_bytes,
                                         const std::string& name);

}  // namespace blip
