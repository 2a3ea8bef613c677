// Any bytes as what a PostgreSQL server sends, as an address of one, and as words for it.
#include <cstddef>
#include <cstdint>
#include <span>
#include <string>
#include <string_view>
#include <vector>

#include "blip/error.hpp"
#include "core/unicode.hpp"
#include "expectations.hpp"
#include "search/dialect.hpp"
#include "search/postgresql_address.hpp"
#include "search/postgresql_values.hpp"

using blip::fuzz::require;
using blip::fuzz::try_to;

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::span<const std::byte> bytes = std::as_bytes(std::span(data, size));
  const std::string text(reinterpret_cast<const char*>(data), size);
  for (const unsigned type : {blip::search::kPostgresqlBool, blip::search::kPostgresqlInt4,
                              blip::search::kPostgresqlInt8, blip::search::kPostgresqlText}) {
    (void)blip::search::decoded_integer(type, bytes);
  }
  (void)blip::search::decoded_real(blip::search::kPostgresqlFloat8, bytes);
  std::vector<float> vector(size / sizeof(float));
  if (blip::search::decode_vector(bytes, vector)) {
    require(blip::search::postgresql_vector(vector) ==
            text.substr(0, 2) + std::string(2, '\0') + text.substr(4));
  }
  const std::string kept = blip::search::postgresql_text(text);
  require(blip::is_valid_utf8(kept) && kept.find('\0') == std::string::npos);
  for (const char c : blip::search::kPostgresqlDialect.word_query(text)) {
    require(c != '\\' && c != '&' && c != ':');
  }
  (void)blip::search::numbered_parameters(text);
  try_to([&] {
    require(blip::search::shown_address("postgresql://" + text).find('\n') == std::string::npos);
  });
  return 0;
}
